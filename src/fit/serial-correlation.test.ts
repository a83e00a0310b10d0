import { describe, expect, it } from "vitest";
import { normal, seededRandom } from "../../tests/seeded-random.ts";
import { berarLelannFactor, durbinWatson, WHITE_NOISE_RUN_FACTOR } from "./index.ts";

const N = 200_000;

/** r_i = rho r_i-1 + noise, of unit variance */
function autoregressive(rho: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const r = new Float64Array(N);
  r[0] = normal(random);
  for (let i = 1; i < N; i++) r[i] = rho * r[i - 1]! + Math.sqrt(1 - rho * rho) * normal(random);
  return r;
}

/** Residuals +1, +1, ..., -1, -1, ... in runs of one length */
const runs = (length: number): number[] => Array.from({ length: 240 }, (_, i) => (Math.floor(i / length) % 2 ? -1 : 1));

describe("berarLelannFactor", () => {
  it("is 1 for white noise", () => {
    // the division by its expectation is what is tested: unclipped, by hand, to the statistics of 200 000 points
    const r = autoregressive(0, 1);
    let squares = 0;
    let [all, run] = [0, 0];
    r.forEach((value) => {
      if (value * run < 0) {
        all += run * run;
        run = 0;
      }
      run += value;
      squares += value * value;
    });
    expect(Math.sqrt(all / squares) / WHITE_NOISE_RUN_FACTOR).toBeCloseTo(1, 1.7);
    expect(berarLelannFactor(r)).toBeLessThan(1.01);
  });
  it.each([3, 10, 40])("is the square root of the length for even runs of %d, over that of white noise", (length) => {
    expect(berarLelannFactor(runs(length))).toBeCloseTo(Math.sqrt(length) / WHITE_NOISE_RUN_FACTOR, 12);
  });
  it("grows with the correlation, as the esd of a mean over an autoregressive series does", () => {
    let before = 1;
    for (const rho of [0.3, 0.6, 0.9]) {
      const factor = berarLelannFactor(autoregressive(rho, 2));
      const ofMean = Math.sqrt((1 + rho) / (1 - rho));
      expect(factor).toBeGreaterThan(before);
      expect(factor / ofMean).toBeGreaterThan(0.6);
      expect(factor / ofMean).toBeLessThan(1.1);
      before = factor;
    }
  });
  it("never narrows, and an excluded point ends a run", () => {
    expect(berarLelannFactor([1, -1, 1, -1])).toBe(1);
    expect(berarLelannFactor([])).toBe(1);
    expect(berarLelannFactor([0, 0])).toBe(1);
    const cut = runs(40).flatMap((r, i) => (i % 20 === 0 ? [Number.NaN, r] : [r]));
    expect(berarLelannFactor(cut)).toBeCloseTo(Math.sqrt(20) / WHITE_NOISE_RUN_FACTOR, 12);
  });
});

describe("durbinWatson", () => {
  it.each([0, 0.5, 0.9, -0.5])("is 2 (1 - rho) for correlation %d between neighbours", (rho) => {
    expect(Math.abs(durbinWatson(autoregressive(rho, 3)) - 2 * (1 - rho))).toBeLessThan(0.02);
  });
  it("is exact for a series written down, and leaves gaps out", () => {
    expect(durbinWatson([1, -2, 3])).toBeCloseTo((9 + 25) / 14, 14);
    expect(durbinWatson([1, -2, Number.NaN, 3])).toBeCloseTo(9 / 14, 14);
    expect(durbinWatson([])).toBeNaN();
  });
});
