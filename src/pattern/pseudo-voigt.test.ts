import { describe, expect, it } from "vitest";
import { type PseudoVoigt, pseudoVoigt, pseudoVoigtDerivatives, pseudoVoigtHeight } from "./pseudo-voigt.ts";

const peak: PseudoVoigt = { area: 3, position: 10, fwhm: 0.05, eta: 0.35 };

describe("pseudoVoigt", () => {
  it.each([0, 0.3, 1])("is half its height one half-width from the position (eta = %d)", (eta) => {
    const height = pseudoVoigt(10, { ...peak, eta });
    expect(pseudoVoigtHeight({ ...peak, eta })).toBeCloseTo(height, 10);
    expect(pseudoVoigt(10.025, { ...peak, eta }) / height).toBeCloseTo(0.5, 12);
  });

  it.each([0, 0.3, 1])("has the area asked for, less the Lorentzian tails outside ±1 (eta = %d)", (eta) => {
    const step = 1e-4;
    let sum = 0;
    for (let x = 9 + step / 2; x < 11; x += step) sum += step * pseudoVoigt(x, { ...peak, eta });
    expect(sum).toBeCloseTo(3 * (eta * (2 / Math.PI) * Math.atan(2 / 0.05) + (1 - eta)), 6);
  });

  it.each([9.9, 9.98, 10, 10.013, 10.2])("has the derivatives of finite differences at x = %d", (x) => {
    const got = pseudoVoigtDerivatives(x, peak);
    for (const name of ["area", "position", "fwhm", "eta"] as const) {
      const h = 1e-6 * (name === "position" ? 0.05 : 1);
      const moved = (by: number) => pseudoVoigt(x, { ...peak, [name]: peak[name] + by });
      const want = (moved(h) - moved(-h)) / (2 * h);
      expect(Math.abs(got[name] - want)).toBeLessThan(1e-6 * Math.max(1, Math.abs(want)));
    }
  });
});
