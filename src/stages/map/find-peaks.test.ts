import { describe, expect, it } from "vitest";
import type { Axis, Pattern } from "../../data/index.ts";
import { pseudoVoigt } from "../../pattern/pseudo-voigt.ts";
import { createPeakPlan, findPeaks, type KnownReflection, regionsOf } from "./index.ts";

const bins = 1200;
const axis: Axis = { unit: "q", values: Float64Array.from({ length: bins }, (_, i) => 1 + 0.004 * i) };
const TRUE_PEAKS = [
  { area: 4, position: 1.5013, fwhm: 0.022, eta: 0.5 },
  { area: 1, position: 2.203, fwhm: 0.025, eta: 0.3 },
  { area: 2, position: 2.2684, fwhm: 0.025, eta: 0.3 },
  { area: 0.8, position: 4.4, fwhm: 0.04, eta: 0.7 },
];

/** A broad hump, a slope, peaks, and normal noise of the given sigma (seeded). */
function pattern(peaks: typeof TRUE_PEAKS, sigma: number): Pattern {
  let state = 12345;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const intensity = axis.values.map((x) => {
    const noise = sigma * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const smooth = 100 - 9 * x + 60 * Math.exp(-(((x - 2.4) / 0.7) ** 2));
    return smooth + peaks.reduce((sum, peak) => sum + pseudoVoigt(x, peak), 0) + noise;
  });
  return { axis, intensity };
}

describe("findPeaks", () => {
  const found = findPeaks(pattern(TRUE_PEAKS, 0.5));

  it("finds the peaks and nothing else, strongest first", () => {
    expect(found.length).toBe(TRUE_PEAKS.length);
    expect(found[0]!.position).toBeCloseTo(1.5013, 2);
    const places = found.map(({ position }) => position).sort();
    TRUE_PEAKS.forEach(({ position, fwhm }, i) => {
      expect(Math.abs(places[i]! - position)).toBeLessThan(fwhm / 5);
    });
  });

  it("estimates widths well enough to start a fit", () => {
    for (const { position, fwhm } of found) {
      const truth = TRUE_PEAKS.find((peak) => Math.abs(peak.position - position) < peak.fwhm / 2)!;
      expect(fwhm / truth.fwhm).toBeGreaterThan(0.6);
      expect(fwhm / truth.fwhm).toBeLessThan(1.6);
    }
  });

  it("finds nothing in noise on a hump", () => {
    expect(findPeaks(pattern([], 0.5))).toEqual([]);
  });

  it("uses sigma where it is given: ten times the sigma, a tenth of the significance", () => {
    const { intensity } = pattern(TRUE_PEAKS, 0.5);
    const with10 = findPeaks({ axis, intensity, sigma: new Float64Array(bins).fill(5) });
    const with1 = findPeaks({ axis, intensity, sigma: new Float64Array(bins).fill(0.5) });
    expect(with1[0]!.significance / with10[0]!.significance).toBeCloseTo(10, 6);
  });

  it("leaves missing bins alone", () => {
    const { intensity } = pattern(TRUE_PEAKS, 0.5);
    intensity.fill(Number.NaN, 700, 760);
    const near = findPeaks({ axis, intensity }).filter(({ position }) => position > 3.7 && position < 4.1);
    expect(near).toEqual([]);
  });
});

describe("indexing and regions", () => {
  const reflection = (h: number, k: number, l: number, q: number): KnownReflection => ({
    ...{ phase: "X", h, k, l },
    dA: (2 * Math.PI) / q,
  });
  const reflections = [reflection(0, 0, 3, 1.5), reflection(1, 0, 1, 2.204), reflection(0, 0, 6, 3)];
  const measured = pattern(TRUE_PEAKS, 0.5);
  const found = findPeaks(measured, { reflections });

  it("gives each peak the reflections near it, and d", () => {
    const byPlace = (q: number) => found.find(({ position }) => Math.abs(position - q) < 0.02)!;
    expect(byPlace(1.5).reflections.map(({ l }) => l)).toEqual([3]);
    expect(byPlace(2.203).reflections.map(({ h, k, l }) => `${h}${k}${l}`)).toEqual(["101"]);
    expect(byPlace(4.4).reflections).toEqual([]);
    expect(byPlace(4.4).dA).toBeCloseTo((2 * Math.PI) / 4.4, 2);
  });

  it("makes regions that can be fitted: neighbours together", () => {
    const regions = regionsOf(found, measured);
    expect(regions.map(({ peaks }) => peaks.map(({ name }) => name))).toEqual([
      ["003"],
      ["101", expect.stringMatching(/^2\.2/)],
      [expect.stringMatching(/^4\.[34]/)],
    ]);
    const plan = createPeakPlan({ regions }, axis, { summedPattern: measured });
    const starts = plan.regions.flatMap(({ peaks }) => peaks.map(({ start }) => start));
    TRUE_PEAKS.forEach((truth, i) => {
      expect(Math.abs(starts[i]!.position - truth.position)).toBeLessThan(truth.fwhm / 20);
      expect(Math.abs(starts[i]!.area / truth.area - 1)).toBeLessThan(0.15);
    });
  });
});
