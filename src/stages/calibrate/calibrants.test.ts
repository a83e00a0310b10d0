import { describe, expect, it } from "vitest";
import { hasShared, sharedJson } from "../../../tests/shared.ts";
import { type CalibrantName, calibrantRings } from "./calibrants.ts";

/** h^2 + k^2 + l^2 of the first rings, by the extinction rules of the lattice. */
const SQUARES: [CalibrantName, number, number[]][] = [
  ["CeO2", 5.411651, [3, 4, 8, 11, 12, 16, 19, 20, 24, 27, 32]],
  ["LaB6", 4.156826, [1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12]],
  ["Si", 5.431179, [3, 8, 11, 16, 19, 24, 27, 32]],
  ["Ni", 3.52387, [3, 4, 8, 11, 12]],
  ["Cu", 3.61496, [3, 4, 8, 11, 12]],
];

describe("rings of the standards", () => {
  it.each(SQUARES)("%s: those that its lattice allows", (name, a, squares) => {
    const dA = squares.map((n) => a / Math.sqrt(n));
    const rings = calibrantRings(name, dA.at(-1)! * 0.9999);
    expect(rings.length).toBe(dA.length);
    rings.forEach((ring, i) => expect(ring.dA).toBeCloseTo(dA[i]!, 9));
  });

  it("Al2O3: 012, 104, 110, 006, 113, 202, 024, 116 and no 003 or 101", () => {
    const [a, c] = [4.759091, 12.991779];
    const d = (h: number, k: number, l: number): number =>
      1 / Math.sqrt(((4 / 3) * (h * h + h * k + k * k)) / a ** 2 + (l * l) / c ** 2);
    const wanted = [d(0, 1, 2), d(1, 0, 4), d(1, 1, 0), d(0, 0, 6), d(1, 1, 3), d(2, 0, 2), d(0, 2, 4), d(1, 1, 6)];
    const rings = calibrantRings("Al2O3", 1.59);
    expect(rings.map((ring) => ring.dA.toFixed(6))).toEqual(wanted.map((value) => value.toFixed(6)));
  });

  it("a list is sorted, merged and cut", () => {
    const list = { name: "mine", dA: [1, 3, 2, 3, 0.5] };
    expect(calibrantRings(list, 0.9)).toEqual([
      { dA: 3, intensity: 1 },
      { dA: 2, intensity: 0.5 },
      { dA: 1, intensity: 0.5 },
    ]);
  });

  it.each([
    [{ name: "bad", dA: [3, -1] }, "Spacing 2"],
    [{ name: "bad", dA: [3, 2], intensity: [1] }, "2 spacings but 1 intensities"],
  ])("refuses %j", (list, text) => {
    expect(() => calibrantRings(list, 0.5)).toThrow(
      expect.objectContaining({ code: "calibrate-calibrant", message: expect.stringContaining(text) }),
    );
  });
});

interface ReferenceReflections {
  readonly cell: number[];
  readonly reflections: { d: number; multiplicity: number; F2_wk1995: number }[];
}

describe.skipIf(!hasShared)("against structure factors by other programs (needs ../shared)", () => {
  it.each(["CeO2", "LaB6", "Si", "Ni", "Cu"] as const)("%s: the same rings, intensities to 1 %", (name) => {
    const { cell, reflections } = sharedJson<ReferenceReflections>(`reference/reflections/${name}.json`);
    const list = {
      name,
      dA: reflections.map((r) => r.d),
      intensity: reflections.map((r) => r.multiplicity * r.F2_wk1995 * r.d ** 2),
    };
    const wanted = calibrantRings(list, 0.9).filter((ring) => ring.intensity > 0.02);
    const rings = calibrantRings(name, 0.9);
    for (const { dA, intensity } of wanted) {
      const ring = rings.find((r) => Math.abs(r.dA / dA - 1) < 1e-4);
      expect(ring, `${name} ${dA}`).toBeDefined();
      // other displacement factors and tables of form factors
      expect(Math.abs(Math.log(ring!.intensity / intensity))).toBeLessThan(0.01);
    }
    expect(cell[0]).toBeCloseTo(rings[0]!.dA * Math.sqrt(name === "LaB6" ? 1 : 3), 3);
  });
});
