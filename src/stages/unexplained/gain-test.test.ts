import { describe, expect, it } from "vitest";
import { testGain, upperTailOfF } from "./gain-test.ts";

describe("upperTailOfF", () => {
  // scipy 1.17.1: scipy.stats.f.sf(f, added, left)
  it.each([
    [4.2, 3, 60, 0.009177961428843596],
    [1, 5, 98, 0.4219482517618367],
    [17, 5, 98.4, 4.372345131603116e-12],
    [2.5, 1, 1.5, 0.2930975067474715],
    [0.02, 7, 900, 0.9999925420645454],
    [1.6, 4, 2500, 0.17156829973384766],
    [60, 6, 30, 2.2876356679755224e-15],
    [9, 12, 4, 0.023762957442103428],
  ])("of %d on %d and %d is scipy's", (f, added, left, expected) => {
    expect(upperTailOfF(f, added, left) / expected).toBeCloseTo(1, 9);
  });

  it("is (1 + 2 f / n)^(-n / 2) on 2 and n degrees of freedom, in closed form", () => {
    for (const [f, n] of [
      [0.3, 7],
      [2, 40],
      [6, 900],
    ] as const)
      expect(upperTailOfF(f, 2, n) / (1 + (2 * f) / n) ** (-n / 2)).toBeCloseTo(1, 10);
  });
});

describe("testGain", () => {
  const before = { chi2: 1300, parameters: 40 };
  const after = { chi2: 1000, parameters: 44, points: 1044 };

  it("is the ratio of what is gained to what is left, per degree of freedom", () => {
    const { f, added, left, chance } = testGain(before, after, 1);
    expect([f, added, left]).toEqual([75, 4, 1000]);
    expect(chance).toBeLessThan(1e-50);
  });

  it("counts for less where neighbouring residuals go together, and for nothing where too few are independent", () => {
    expect(testGain(before, after, 3).f).toBeCloseTo((300 / 4 / 1000) * (1044 / 9 - 44), 10);
    expect(testGain(before, after, 6)).toMatchObject({ f: 0, chance: 1 });
  });

  it("sees no gain in a fit that is no better", () => {
    expect(testGain(before, { ...after, chi2: 1300 }, 1)).toMatchObject({ f: 0, chance: 1 });
    expect(testGain(before, { ...after, chi2: 1310 }, 1)).toMatchObject({ f: 0, chance: 1 });
  });
});
