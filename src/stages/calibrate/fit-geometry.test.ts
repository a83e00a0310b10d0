import { describe, expect, it } from "vitest";
import { normal, seededRandom } from "../../../tests/seeded-random.ts";
import { correlations } from "../../fit/index.ts";
import { detectorAxes, detectorPosition, type Poni } from "../../geometry/index.ts";
import { fitGeometry } from "./fit-geometry.ts";
import { GEOMETRY_PARAMETERS, geometryVector, ringTwoTheta } from "./ring-geometry.ts";
import { pixelAngle, type RingPoint } from "./ring-points.ts";

const px = 172e-6;
const truth: Poni = { dist: 0.3, poni1: 0.09, poni2: 0.06, rot1: 0.02, rot2: -0.03, rot3: 0, pixel1: px, pixel2: px };
const energyKeV = 40;
const dA = [3.1, 2.7, 1.9, 1.6, 1.2, 1.0];
const near: Poni = { ...truth, dist: 0.305, poni1: 0.0905, rot1: 0, rot2: 0 };
const free = { tilt: true, energy: false };

/** Points with errors of two-theta of esdPx (which they know of) and scatterPx (which they do not), in pixels. */
function points(seed: number, esdPx: number, scatterPx = 0): RingPoint[] {
  const random = seededRandom(seed);
  const axes = detectorAxes(truth.rot1, truth.rot2, truth.rot3);
  return dA.flatMap((d, ring) =>
    Array.from({ length: 36 }, (_, i) => {
      const chi = -3.1 + (6.2 * i) / 36;
      const twoTheta = ringTwoTheta(d, energyKeV);
      const pixel = pixelAngle(truth, twoTheta);
      const error = normal(random) * esdPx + normal(random) * scatterPx;
      const [row, col] = detectorPosition(truth, axes, twoTheta + error * pixel, chi);
      return { ring, row, col, chi, twoTheta, esdTwoTheta: esdPx * pixel, fwhm: 3 * pixel, significance: 50 };
    }),
  );
}

describe("uncertainties", () => {
  it("pulls of every parameter are standard normal over 150 experiments", () => {
    const pulls: number[] = [];
    for (let seed = 1; seed <= 150; seed++) {
      const fit = fitGeometry(points(seed, 0.1), dA, near, energyKeV, free);
      const found = geometryVector(fit.poni, fit.energyKeV);
      const wanted = geometryVector(truth, energyKeV);
      for (let j = 0; j < 5; j++) pulls.push((found[j]! - wanted[j]!) / Math.sqrt(fit.covariance[j * 7 + j]!));
    }
    const mean = pulls.reduce((a, b) => a + b) / pulls.length;
    const rms = Math.sqrt(pulls.reduce((a, b) => a + b * b, 0) / pulls.length);
    // 150 independent experiments: the mean is known to 0.08, the rms to 0.06.
    expect(Math.abs(mean)).toBeLessThan(0.25);
    expect(rms).toBeGreaterThan(0.85);
    expect(rms).toBeLessThan(1.15);
  });

  it("scatter that counting does not explain is found, and widens the esd", () => {
    const quiet = fitGeometry(points(3, 0.02), dA, near, energyKeV, free);
    const noisy = fitGeometry(points(3, 0.02, 0.3), dA, near, energyKeV, free);
    expect(quiet.scatterPx).toBeLessThan(0.01);
    expect(noisy.scatterPx).toBeGreaterThan(0.25);
    expect(noisy.scatterPx).toBeLessThan(0.35);
    expect(noisy.covariance[0]! / quiet.covariance[0]!).toBeGreaterThan(50);
    expect(Math.abs(noisy.poni.dist - truth.dist)).toBeLessThan(4 * Math.sqrt(noisy.covariance[0]!));
  });
});

describe("robustness", () => {
  it("points on a spot of something else are outliers and move nothing", () => {
    const clean = points(5, 0.05);
    const spoilt = clean.map((point, i) =>
      i % 9 === 0 ? { ...point, row: point.row + 4, col: point.col - 3 } : point,
    );
    const fit = fitGeometry(spoilt, dA, near, energyKeV, free);
    expect(Math.abs(fit.poni.dist - truth.dist)).toBeLessThan(4 * Math.sqrt(fit.covariance[0]!));
    expect(fit.kept.filter((k) => k === 0).length).toBeGreaterThan(18);
  });

  it("rings left out get a residual but no weight", () => {
    const moved = points(6, 0.05).map((point) => (point.ring === 2 ? { ...point, row: point.row * 1.01 } : point));
    const fit = fitGeometry(moved, dA, near, energyKeV, free, new Set([2]));
    moved.forEach((point, i) => {
      if (point.ring === 2) expect(fit.kept[i]).toBe(0);
    });
    expect(Math.abs(fit.poni.dist - truth.dist)).toBeLessThan(4 * Math.sqrt(fit.covariance[0]!));
  });

  it("energy and distance are one parameter where only inner rings are seen, and two where outer ones are", () => {
    const correlationOf = (rings: number): number => {
      const few = points(7, 0.1).filter((point) => point.ring < rings);
      const { covariance } = fitGeometry(few, dA, near, energyKeV, { tilt: true, energy: true });
      return correlations(covariance)[GEOMETRY_PARAMETERS.indexOf("energyKeV")]!;
    };
    expect(correlationOf(2)).toBeGreaterThan(0.9999);
    expect(correlationOf(6)).toBeLessThan(0.9998);
  });
});
