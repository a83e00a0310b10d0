/** The examples run, and find what they put in. */
import { expect, it } from "vitest";
import { calibrateAndIntegrate } from "../examples/calibrate-and-integrate.ts";
import { reconstructDisc } from "../examples/reconstruct-slice.ts";

it("calibrate-and-integrate finds the geometry and the lattice spacings of CeO2", () => {
  const { calibration, pattern, peaks, truth } = calibrateAndIntegrate();
  expect(calibration.status).toBe("converged");
  expect(calibration.poni.dist * 1e3).toBeCloseTo(truth.distanceMm, 1);
  expect((calibration.poni.rot1 * 180) / Math.PI).toBeCloseTo(truth.rot1Deg, 1);
  expect((calibration.poni.rot2 * 180) / Math.PI).toBeCloseTo(truth.rot2Deg, 1);
  // a bin without a single count has no spread to show
  expect(pattern.intensity.every((value, i) => !(value > 0) || pattern.sigma![i]! > 0)).toBe(true);
  const strongest = peaks.slice(0, 5);
  expect(strongest.every(({ reflections }) => reflections.length > 0)).toBe(true);
  // a cubic cell: a = d sqrt(h^2 + k^2 + l^2); a tenth of a bin of the pattern is 3e-4 of the innermost spacing
  for (const { dA, reflections } of strongest) {
    const { h, k, l } = reflections[0]!;
    expect(Math.abs((dA! * Math.hypot(h, k, l)) / truth.aA - 1)).toBeLessThan(3e-4);
  }
});

it("reconstruct-slice finds the disc's value, with fewer streaks by least squares", () => {
  const fbp = reconstructDisc({ method: "fbp" });
  const cgls = reconstructDisc({ method: "cgls" });
  expect(fbp.mean).toBeCloseTo(fbp.truth, 1);
  expect(cgls.mean).toBeCloseTo(cgls.truth, 1);
  expect(cgls.streaks).toBeLessThan(fbp.streaks / 2);
});
