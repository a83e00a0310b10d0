import { describe, expect, it } from "vitest";
import {
  displacementShift,
  emptyBraggAngle,
  lorentzPolarization,
  setBraggAngle,
  transparencyShift,
} from "./line-position.ts";

const RAD = Math.PI / 180;
const out = new Float64Array(3);

describe("displacementShift", () => {
  it.each([20, 90, 140])("Bragg-Brentano at %d degrees: -2 s cos theta / R", (twoTheta) => {
    displacementShift({ geometry: "bragg-brentano", lengthMm: 200 }, twoTheta, 0.1, out);
    expect(out[0]).toBeCloseTo((-2 * 0.1 * Math.cos((twoTheta / 2) * RAD)) / 200 / RAD, 12);
  });

  it.each([5, 40, 120])("flat detector at %d degrees: tan 2theta' = (1 - t/L) tan 2theta", (twoTheta) => {
    displacementShift({ geometry: "detector", lengthMm: 1000 }, twoTheta, 20, out);
    expect(Math.tan((twoTheta + out[0]!) * RAD) / Math.tan(twoTheta * RAD)).toBeCloseTo(0.98, 12);
    expect(Math.abs(out[0]!)).toBeLessThan(1);
  });
});

it.each([20, 90, 140])("transparencyShift at %d degrees is that of the mean depth of a thick sample", (twoTheta) => {
  // a ray to the depth t is 2 mu t / sin theta weaker, and its line displaced by t: -2 t cos theta / R
  const [mu, radius] = [4, 200];
  const sine = Math.sin((twoTheta / 2) * RAD);
  const [steps, most] = [20000, (20 * sine) / mu];
  let [sum, total] = [0, 0];
  for (let i = 0; i < steps; i++) {
    const depth = ((i + 0.5) / steps) * most;
    const weight = Math.exp((-2 * mu * depth) / sine);
    displacementShift({ geometry: "bragg-brentano", lengthMm: radius }, twoTheta, depth, out);
    sum += weight * out[0]!;
    total += weight;
  }
  transparencyShift(twoTheta, 90 / (Math.PI * mu * radius), out);
  expect(out[0]! / (sum / total)).toBeCloseTo(1, 4);
});

describe("lorentzPolarization", () => {
  const at = emptyBraggAngle();
  /** spacing that a wavelength of 1 shows at the angle */
  const factorAt = (twoTheta: number, lorentz: "azimuthal-mean" | "ring-sum", polarization: number): number => {
    expect(setBraggAngle((2 * Math.sin((twoTheta / 2) * RAD)) ** 2, 1, at)).toBe(true);
    expect(at.twoThetaDeg).toBeCloseTo(twoTheta, 10);
    return lorentzPolarization({ lorentz, polarization }, at, out);
  };

  it("is 1/(sin^2 theta cos theta) of a mean, 1/sin theta of a sum", () => {
    expect(factorAt(60, "azimuthal-mean", 0)).toBeCloseTo(4 / Math.cos(30 * RAD), 12);
    expect(factorAt(60, "ring-sum", 0)).toBeCloseTo(2, 12);
  });

  it("is (1 + cos^2 2theta)/2 times that without a monochromator", () => {
    expect(factorAt(60, "azimuthal-mean", 0.5)).toBeCloseTo((4 / Math.cos(30 * RAD)) * ((1 + 0.25) / 2), 12);
  });

  it.each([3, 60, 90, 120, 170])("has its derivative at %d degrees", (twoTheta) => {
    for (const lorentz of ["azimuthal-mean", "ring-sum"] as const) {
      for (const polarization of [0, 0.4, 1]) {
        const h = 1e-4;
        const want =
          (factorAt(twoTheta + h, lorentz, polarization) - factorAt(twoTheta - h, lorentz, polarization)) / (2 * h);
        const factor = factorAt(twoTheta, lorentz, polarization);
        expect(Math.abs(out[0]! - want)).toBeLessThan(1e-6 * Math.max(Math.abs(want), factor, 1e-3));
      }
    }
  });
});

it("a spacing that the wavelength cannot reach is refused", () => {
  expect(setBraggAngle(4.0001, 1, emptyBraggAngle())).toBe(false);
});
