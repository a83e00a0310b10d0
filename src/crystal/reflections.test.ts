import { describe, expect, it } from "vitest";
import { referenceStructures } from "../../tests/reference-structures.ts";
import { hasShared, sharedJson } from "../../tests/shared.ts";
import { dSpacing, inverseDSquared, reciprocalMetric } from "./cell.ts";
import { reflections } from "./reflections.ts";
import { spaceGroupTriplets } from "./space-group.ts";
import type { Structure } from "./structure.ts";

interface ReferenceList {
  d_min_A: number;
  reflections: { hkl: [number, number, number]; d: number; multiplicity: number; F2_wk1995: number }[];
}

const structures = hasShared ? referenceStructures() : [];

describe.skipIf(!hasShared)("reflections against cctbx and gemmi (needs ../shared)", () => {
  const names = hasShared ? Object.keys(sharedJson<object>("reference/reflections/_agreement.json")) : [];
  const listed = structures.filter(({ name }) => names.includes(name) && hasList(name));
  it("covers all 22 lists", () => expect(listed.length).toBe(22));

  it.each(listed.map((structure) => [structure.name, structure] as const))("%s", (name, structure) => {
    const want = sharedJson<ReferenceList>(`reference/reflections/${name}.json`);
    const got = reflections(structure, want.d_min_A);
    const strongest = Math.max(...want.reflections.map(({ F2_wk1995 }) => F2_wk1995));
    const left = [...got];
    for (const { hkl, d, multiplicity, F2_wk1995 } of want.reflections) {
      // reflections of equal d have no order of their own, and each program shows another of the equivalents
      const at = left.findIndex(
        (r) =>
          Math.abs(r.dA - d) < 1e-6 &&
          r.multiplicity === multiplicity &&
          Math.abs(r.fSquared - F2_wk1995) < 1e-6 * strongest,
      );
      expect({ hkl, found: at >= 0 }).toEqual({ hkl, found: true });
      left.splice(at, 1);
    }
    expect(left).toEqual([]);
  });
});

function hasList(name: string): boolean {
  try {
    sharedJson(`reference/reflections/${name}.json`);
    return true;
  } catch {
    return false;
  }
}

const primitive: Structure = {
  name: "one iron atom",
  cell: { a: 4, b: 5, c: 6, alpha: 81, beta: 97, gamma: 103 },
  operations: ["x,y,z"],
  sites: [{ label: "Fe", scatterer: "Fe", x: 0.1, y: 0.2, z: 0.3, occupancy: 1, bIso: 0 }],
};

describe("reflections", () => {
  it("lists every point of the triclinic half-sphere once, with multiplicity 2", () => {
    const list = reflections(primitive, 1);
    const metric = reciprocalMetric(primitive.cell);
    let count = 0;
    for (let h = -8; h <= 8; h++)
      for (let k = -8; k <= 8; k++)
        for (let l = -8; l <= 8; l++) {
          const inverse = inverseDSquared(metric, h, k, l);
          if (inverse > 0 && inverse <= 1) count++;
        }
    expect(list.reduce((sum, { multiplicity }) => sum + multiplicity, 0)).toBe(count);
    expect(new Set(list.map(({ h, k, l }) => [h, k, l].join())).size).toBe(list.length);
  });
  it("keeps inequivalent reflections of equal d apart: 333 and 511 of an F lattice", () => {
    const copper: Structure = { ...primitive, cell: cubic(3.6), operations: spaceGroupTriplets("F m -3 m") };
    const site = { ...primitive.sites[0]!, x: 0, y: 0, z: 0 };
    const list = reflections({ ...copper, sites: [site] }, 3.6 / Math.sqrt(27.5));
    expect(list.filter(({ dA }) => Math.abs(dA - 3.6 / Math.sqrt(27)) < 1e-9)).toMatchObject([
      { h: 5, k: 1, l: 1, multiplicity: 24 },
      { h: 3, k: 3, l: 3, multiplicity: 8 },
    ]);
    // an F cell holds four atoms: |F| = 4 f for every allowed reflection, and mixed indices are absent
    expect(list.every(({ h, k, l }) => (h + k) % 2 === 0 && (k + l) % 2 === 0)).toBe(true);
  });
  it("0.3333 stands for a third", () => {
    const graphite = (third: number, twoThirds: number): Structure => ({
      name: "graphite",
      cell: { a: 2.464, b: 2.464, c: 6.711, alpha: 90, beta: 90, gamma: 120 },
      operations: spaceGroupTriplets("P 63/m m c"),
      sites: [
        { label: "C1", scatterer: "C", x: 0, y: 0, z: 0.25, occupancy: 1, bIso: 0.6 },
        { label: "C2", scatterer: "C", x: third, y: twoThirds, z: 0.25, occupancy: 1, bIso: 0.6 },
      ],
    });
    const exact = reflections(graphite(1 / 3, 2 / 3), 0.9);
    reflections(graphite(0.3333, 0.6667), 0.9).forEach((r, i) => {
      expect(r.fSquared).toBeCloseTo(exact[i]!.fSquared, 6);
    });
  });
  it.each([0, -1, Number.NaN, 1e-4])("refuses d_min = %d", (dMin) => {
    expect(() => reflections(primitive, dMin)).toThrow(expect.objectContaining({ code: "bad-d-min" }));
  });
  it("refuses a cell without volume", () => {
    expect(() => dSpacing({ ...cubic(4), gamma: 200, alpha: 30 }, 1, 0, 0)).toThrow(
      expect.objectContaining({ code: "bad-cell" }),
    );
  });
});

function cubic(a: number) {
  return { a, b: a, c: a, alpha: 90, beta: 90, gamma: 90 };
}
