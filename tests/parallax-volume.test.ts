/** Reconstruction with parallax undone, on grains far from the axis whose patterns our own simulator made. */
import { beforeAll, describe, expect, it } from "vitest";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { type FittedPeak, fitGrains, mean, reconstructGrains, rmsFrom, scanGrains } from "./off-centre-grains.ts";

const kernels = loadKernels();

describe.each([
  [180, false],
  [180, true],
  [360, false],
  [360, true],
] as const)("over %d degrees, noise: %s", (arcDeg, isNoisy) => {
  let [flat, plain, undone]: FittedPeak[] = [];
  let truth: { position: number; fwhm: number; area: number };
  beforeAll(() => {
    const options = { arcDeg, isNoisy, translations: 31, angles: arcDeg / 5, bins: 236 };
    const config = { method: "cgls", iterations: 30 } as const;
    const seen = scanGrains({ ...options, parallax: true });
    const without = scanGrains({ ...options, parallax: false, isNoisy: false });
    // what the same method makes of data without parallax
    flat = fitGrains(kernels, without, reconstructGrains(kernels, config, without));
    truth = { position: mean(flat.position), fwhm: mean(flat.fwhm), area: mean(flat.area) };
    plain = fitGrains(kernels, seen, reconstructGrains(kernels, config, seen));
    undone = fitGrains(kernels, seen, reconstructGrains(kernels, { ...config, parallax: true }, seen));
  });

  it("errors of peak positions are at least 3 times smaller than plain cgls leaves them", () => {
    expect(undone!.position.length).toBeGreaterThan(15);
    expect(rmsFrom(undone!.position, truth.position)).toBeLessThan(rmsFrom(plain!.position, truth.position) / 3);
  });

  it("errors of peak widths are at least 3 times smaller than plain cgls leaves them", () => {
    expect(rmsFrom(undone!.fwhm, truth.fwhm)).toBeLessThan(rmsFrom(plain!.fwhm, truth.fwhm) / 3);
    // and small at all: plain cgls is off by a third to the whole of the width
    expect(Math.abs(mean(undone!.fwhm) / truth.fwhm - 1)).toBeLessThan(0.02);
  });

  it("areas come out whole", () => {
    expect(Math.abs(mean(undone!.area) / truth.area - 1)).toBeLessThan(0.02);
  });
});
