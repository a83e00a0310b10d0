import { describe, expect, it } from "vitest";
import { FILTERS } from "./config.ts";
import { filterWindow, planFourier, rampKernel, rampSpectrum } from "./filter.ts";

describe("planFourier", () => {
  it.each([
    [549, 1152],
    [2, 3],
    [64, 128],
    [640, 1296],
  ])("takes rows of %i into a transform of %i", (translations, length) => {
    const plan = planFourier(translations);
    expect(plan.length).toBe(length);
    expect(plan.radices.reduce((product, radix) => product * radix, 1)).toBe(length);
    expect([...plan.order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, k) => k));
  });
});

describe("the ramp", () => {
  it("is the frequency, but for the mean", () => {
    const spectrum = rampSpectrum("ram-lak", 1, 512, 1024);
    for (const k of [50, 200, 400]) expect(spectrum[k]).toBeCloseTo(k / 1024, 4);
    // 1/4 = 2 sum 1 / (pi n)^2 over all odd n, so what 512 terms leave is 1 / (2 pi^2 512) to first order.
    expect(spectrum[0]! * (2 * Math.PI ** 2 * 512)).toBeCloseTo(2, 1);
    expect(rampKernel(4)[1]).toBeCloseTo(-1 / Math.PI ** 2, 12);
  });

  it.each(FILTERS)("window %s starts at 1 and ends at the cut-off", (name) => {
    expect(filterWindow(name, 0)).toBe(1);
    expect(filterWindow(name, 1.01)).toBe(0);
    expect(filterWindow(name, 0.5)).toBeGreaterThan(filterWindow(name, 1) - 1e-12);
  });
});
