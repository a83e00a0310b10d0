import { describe, expect, it } from "vitest";
import { median, medianOfFew, quantile, robustSpread } from "./robust-statistics.ts";

describe("median", () => {
  it("is the middle value, or the mean of the middle two", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([5, 1, 3, 4])).toBe(3.5);
    expect(medianOfFew(Float64Array.of(5, 1, 3, 4, -100), 4)).toBe(3.5);
  });
  it("leaves out what is not finite, and is NaN of nothing", () => {
    expect(median([Number.NaN, 1, Number.POSITIVE_INFINITY, 3])).toBe(2);
    expect(median([Number.NaN])).toBeNaN();
    expect(medianOfFew(new Float64Array(0), 0)).toBeNaN();
  });
});

describe("quantile", () => {
  it("of an even ladder is the share itself, with and without sampling", () => {
    for (const n of [11, 100_001]) {
      const ladder = Float64Array.from({ length: n }, (_, i) => i / (n - 1));
      // a sample of 8192 values or more knows its ranks to 1 / 8192
      for (const share of [0, 0.02, 0.5, 0.995, 1])
        expect(Math.abs(quantile(ladder, share) - share)).toBeLessThan(2e-4);
    }
  });
  it("leaves out what is not finite", () => {
    expect(quantile([Number.NaN, 2, 4], 0.5)).toBe(3);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

it("the robust spread of a normal distribution is its standard deviation, with a tenth of outliers nearly so", () => {
  // the per milles of the standard normal distribution: no chance in the test
  const normal = Array.from({ length: 999 }, (_, i) => Math.SQRT2 * inverseErf((2 * (i + 1)) / 1000 - 1));
  expect(robustSpread(normal)).toBeCloseTo(1, 2);
  expect(robustSpread([...normal, ...new Array(50).fill(1e6), ...new Array(50).fill(-1e6)])).toBeLessThan(1.2);
});

/** Winitzki's approximation, good to 2e-3. */
function inverseErf(x: number): number {
  const log = Math.log(1 - x * x);
  const half = 2 / (Math.PI * 0.147) + log / 2;
  return Math.sign(x) * Math.sqrt(Math.sqrt(half * half - log / 0.147) - half);
}
