import { describe, expect, it } from "vitest";
import { hasShared, sharedJson } from "../../../tests/shared.ts";
import type { Poni } from "../../geometry/index.ts";
import { createPixelPlace } from "./pixel-place.ts";

interface Reference {
  pixel_m: number;
  geometries: Record<
    string,
    {
      parameters: Omit<Poni, "pixel1" | "pixel2">;
      pixels: { i: number; j: number; two_theta_own: number; chi_own: number }[];
    }
  >;
}

describe.skipIf(!hasShared)("angles of a pixel's middle against pyFAI's (needs ../shared)", () => {
  const reference = hasShared ? sharedJson<Reference>("reference/integration/pyfai_geometry.json") : undefined;
  it.each(Object.keys(reference?.geometries ?? {}))("%s", (name) => {
    const { parameters, pixels } = reference!.geometries[name]!;
    const poni: Poni = { ...parameters, pixel1: reference!.pixel_m, pixel2: reference!.pixel_m };
    const placeOf = createPixelPlace(poni, { rows: 1679, cols: 1475 });
    for (const { i, j, two_theta_own: twoTheta, chi_own: chi } of pixels) {
      const place = placeOf(i + 0.5, j + 0.5);
      expect(place.twoThetaDeg).toBeCloseTo((twoTheta * 180) / Math.PI, 10);
      expect(place.chiDeg).toBeCloseTo((chi * 180) / Math.PI, 9);
    }
  });
});

describe("a pixel in reciprocal space", () => {
  const poni: Poni = { dist: 0.2, poni1: 0, poni2: 0, rot1: 0, rot2: 0, rot3: 0, pixel1: 1e-3, pixel2: 1e-3 };
  it("has d by Bragg's law and q = 2 pi / d", () => {
    const { twoThetaDeg, dA, qInvA } = createPixelPlace({ ...poni, wavelength: 2e-11 }, { rows: 9, cols: 9 })(3, 4);
    expect(twoThetaDeg).toBeCloseTo((Math.atan(0.005 / 0.2) * 180) / Math.PI, 12); // 3, 4, 5
    expect(2 * dA! * Math.sin(Math.atan(0.025) / 2)).toBeCloseTo(0.2, 12);
    expect(qInvA! * dA!).toBeCloseTo(2 * Math.PI, 12);
  });
  it("has angles only, where no wavelength is known", () => {
    const place = createPixelPlace(poni, { rows: 9, cols: 9 })(3, 0);
    expect(place.chiDeg).toBe(90); // along the rows
    expect(place).not.toHaveProperty("dA");
  });
});
