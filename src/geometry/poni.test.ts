import { describe, expect, it } from "vitest";
import { hasShared, sharedJson } from "../../tests/shared.ts";
import { chiRad, type Poni, placement, polarizationFactor, twoThetaMap, twoThetaRad } from "./poni.ts";

interface ReferencePixel {
  i: number;
  j: number;
  two_theta_own: number;
  chi_own: number;
  solid_angle_own: number;
  xyz: [number, number, number];
  polarization_own: Record<string, number>;
}
interface Reference {
  pixel_m: number;
  geometries: Record<string, { parameters: Omit<Poni, "pixel1" | "pixel2">; pixels: ReferencePixel[] }>;
}

describe.skipIf(!hasShared)("placement against pyFAI's formulas at 50 pixels (needs ../shared)", () => {
  const reference = hasShared ? sharedJson<Reference>("reference/integration/pyfai_geometry.json") : undefined;
  it.each(Object.keys(reference?.geometries ?? {}))("%s", (name) => {
    const { parameters, pixels } = reference!.geometries[name]!;
    const poni: Poni = { ...parameters, pixel1: reference!.pixel_m, pixel2: reference!.pixel_m };
    const place = placement(poni, { rows: 1679, cols: 1475 });
    const t = new Float64Array(3);
    for (const pixel of pixels) {
      place(pixel.i + 0.5, pixel.j + 0.5, t);
      expect(twoThetaRad(t)).toBeCloseTo(pixel.two_theta_own, 13);
      expect(chiRad(t)).toBeCloseTo(pixel.chi_own, 12);
      expect((poni.dist / Math.hypot(t[0]!, t[1]!, t[2]!)) ** 3).toBeCloseTo(pixel.solid_angle_own, 13);
      for (const [p, factor] of Object.entries(pixel.polarization_own)) {
        expect(polarizationFactor(twoThetaRad(t), chiRad(t), Number(p))).toBeCloseTo(factor, 13);
      }
    }
  });
});

describe("orientation", () => {
  const shape = { rows: 3, cols: 5 };
  const poni: Poni = {
    dist: 0.1,
    poni1: 0.001,
    poni2: 0.0007,
    rot1: 0.1,
    rot2: -0.05,
    rot3: 0.2,
    pixel1: 1e-3,
    pixel2: 1e-3,
  };
  const at = (orientation: 1 | 2 | 3 | 4, row: number, col: number) =>
    twoThetaMap({ ...poni, orientation }, shape)[row * shape.cols + col]!;
  it("3 is the file as it is, 2 flips rows, 4 flips columns, 1 both", () => {
    expect(at(3, 0, 1)).toBe(twoThetaMap(poni, shape)[1]);
    expect(at(2, 0, 1)).toBeCloseTo(at(3, 2, 1), 14);
    expect(at(4, 0, 1)).toBeCloseTo(at(3, 0, 3), 14);
    expect(at(1, 0, 1)).toBeCloseTo(at(3, 2, 3), 14);
  });
});
