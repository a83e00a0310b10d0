import { describe, expect, it } from "vitest";
import { createRandom } from "./random.ts";

describe("poisson", () => {
  // both methods, the change between them at 10, and means far above
  it.each([0.01, 0.5, 3, 9.99, 10, 11, 37, 400, 2e4, 3e6])("has mean and variance %d", (mean) => {
    const random = createRandom(7, Math.round(mean * 100));
    const n = 40_000;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const deviation = random.poisson(mean) - mean;
      sum += deviation;
      squares += deviation ** 2;
    }
    // five standard errors; the variance of the sample variance of a Poisson distribution is (mean + 2 mean^2) / n
    expect(Math.abs(sum / n)).toBeLessThan(5 * Math.sqrt(mean / n));
    expect(Math.abs(squares / n - mean)).toBeLessThan(5 * Math.sqrt((mean + 2 * mean ** 2) / n));
  });

  it.each([4, 12])("has the probabilities of the distribution at mean %d", (mean) => {
    const random = createRandom(3, mean);
    const n = 100_000;
    const seen = new Float64Array(40);
    for (let i = 0; i < n; i++) seen[Math.min(39, random.poisson(mean))]!++;
    let p = Math.exp(-mean);
    let chi2 = 0;
    let cells = 0;
    for (let k = 0; k < 39; k++) {
      if (n * p > 10) {
        chi2 += (seen[k]! - n * p) ** 2 / (n * p);
        cells++;
      }
      p *= mean / (k + 1);
    }
    expect(chi2).toBeLessThan(cells + 5 * Math.sqrt(2 * cells));
  });

  it("is zero for nothing, and NaN for NaN", () => {
    const random = createRandom(1);
    expect([0, -1, Number.NaN].map(random.poisson)).toEqual([0, 0, Number.NaN]);
  });
});

describe("streams", () => {
  const head = (...stream: number[]): number[] => {
    const random = createRandom(...stream);
    return Array.from({ length: 4 }, random.uniform);
  };
  it("are the same for the same name and different for any other", () => {
    expect(head(1, 2, 3)).toEqual(head(1, 2, 3));
    const names = [[1, 2, 3], [1, 2, 4], [1, 3, 2], [2, 1, 3], [1, 2], [1], [0], [-1]];
    expect(new Set(names.map((name) => head(...name).join())).size).toBe(names.length);
  });
  it("are uniform and unrelated between neighbouring lines", () => {
    const n = 2000;
    let sum = 0;
    let product = 0;
    for (let line = 0; line < n; line++) {
      const [p, q] = [head(1, line)[0]! - 0.5, head(1, line + 1)[0]! - 0.5];
      sum += p;
      product += p * q;
    }
    expect(Math.abs(sum / n)).toBeLessThan(5 / Math.sqrt(12 * n));
    expect(Math.abs(product / n)).toBeLessThan(5 / (12 * Math.sqrt(n)));
  });
});
