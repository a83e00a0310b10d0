/** CIFs in varied groups and settings, against cctbx and against each other. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasShared, shared } from "../../tests/shared.ts";
import { cifOf, VARIED, variedStructure } from "../../tests/varied-groups.ts";
import {
  type Cell,
  createStructureFactors,
  inverseDSquared,
  type Reflection,
  reciprocalMetric,
  reflections,
  type Structure,
  spaceGroupTriplets,
  unitCellAtoms,
} from "../crystal/index.ts";
import { readCif } from "./cif.ts";

interface Computed {
  d_min: number;
  structures: { name: string; count: number; strongest: [number, number, number, number, number, number][] }[];
}
const fixture = (name: string): Computed =>
  JSON.parse(readFileSync(new URL(`../../tests/fixtures/${name}.json`, import.meta.url), "utf8")) as Computed;
const read = (text: string): Structure => readCif(text, "made.cif")[0]!;

/** d, multiplicity and |F|^2 of each: reflections of equal d have no order, and each program shows another equivalent. */
function expectSame(got: readonly Reflection[], want: Computed["structures"][number]): void {
  expect(got.length).toBe(want.count);
  const largest = want.strongest[0]![5];
  const left = [...got];
  for (const [h, k, l, d, multiplicity, fSquared] of want.strongest) {
    const at = left.findIndex(
      (r) =>
        Math.abs(r.dA - d) < 1e-6 &&
        r.multiplicity === multiplicity &&
        Math.abs(r.fSquared - fSquared) < 1e-6 * largest,
    );
    expect({ hkl: [h, k, l], found: at >= 0 }).toEqual({ hkl: [h, k, l], found: true });
    left.splice(at, 1);
  }
}

describe("made-up structures with an anisotropic atom against cctbx 2022.9", () => {
  const { d_min, structures } = fixture("varied-groups");
  it.each(VARIED.map(([group, cell], i) => [group, cell, i] as const))("%s", (group, cell, i) => {
    const structure = read(cifOf(variedStructure(group, cell, i + 1)));
    expectSame(reflections(structure, d_min), structures[i]!);
  });
});

describe.skipIf(!hasShared)("phases without a reference list against cctbx 2022.9 (needs ../shared)", () => {
  const { d_min, structures } = fixture("unlisted-phases");
  it.each(structures.map((want) => [want.name, want] as const))("%s", (name, want) => {
    const text = readFileSync(shared(`reference/cif/${name}.cif`), "utf8");
    expectSame(reflections(read(text), d_min), want);
  });
});

describe("every atom written out in P 1 gives the same pattern", () => {
  it.each(VARIED.map(([group, cell], i) => [group, cell, i] as const))("%s", (group, cell, i) => {
    const made = variedStructure(group, cell, i + 1);
    // the tensor turns with each image, so isotropic here
    const structure = { ...made, sites: made.sites.map(({ uAniso: _, ...site }) => site) };
    const sites = unitCellAtoms(structure).flatMap(({ site, positions }) =>
      Array.from({ length: positions.length / 3 }, (_, m) => ({
        ...site,
        x: positions[3 * m]!,
        y: positions[3 * m + 1]!,
        z: positions[3 * m + 2]!,
      })),
    );
    const everything = reflections({ ...structure, operations: ["x,y,z"], sites }, 2);
    const grouped = reflections(structure, 2);
    const total = (list: readonly Reflection[]): number =>
      list.reduce((sum, { multiplicity, fSquared }) => sum + multiplicity * fSquared, 0);
    // nothing lost by absences and nothing counted twice by multiplicities
    expect(total(grouped) / total(everything)).toBeCloseTo(1, 10);
    const largest = Math.max(...everything.map(({ fSquared }) => fSquared));
    for (const { dA, fSquared } of grouped) {
      const mate = everything.some(
        (r) => Math.abs(r.dA - dA) < 1e-9 && Math.abs(r.fSquared - fSquared) < 1e-9 * largest,
      );
      expect(mate).toBe(true);
    }
  });
});

/** x' = M x + shift for the atoms; the cell and the group as given. */
function inOtherAxes(
  structure: Structure,
  group: string,
  cell: Cell,
  m: readonly number[],
  shift: readonly number[] = [0, 0, 0],
): Structure {
  return {
    name: group,
    cell,
    operations: spaceGroupTriplets(group),
    sites: structure.sites.map(({ uAniso: _, ...site }) => {
      const [x, y, z] = [0, 3, 6].map(
        (row, i) => m[row]! * site.x + m[row + 1]! * site.y + m[row + 2]! * site.z + shift[i]!,
      ) as [number, number, number];
      return { ...site, x, y, z };
    }),
  };
}
function expectSamePattern(p: Structure, q: Structure, volumes = 1): void {
  const [one, two] = [reflections(p, 1.3), reflections(q, 1.3)];
  expect(two.length).toBe(one.length);
  const row = (r: Reflection, scale: number): string =>
    `${r.dA.toFixed(7)} ${r.multiplicity} ${(r.fSquared * scale).toFixed(4)}`;
  expect(two.map((r) => row(r, volumes ** 2)).sort()).toEqual(one.map((r) => row(r, 1)).sort());
}

describe("one structure in several settings has one pattern", () => {
  const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const orthorhombic: Cell = { a: 5.1, b: 6.3, c: 7.2, alpha: 90, beta: 90, gamma: 90 };
  const plain = (group: string, cell: Cell, seed: number): Structure =>
    inOtherAxes(variedStructure(group, cell, seed), group, cell, IDENTITY);

  // International Tables A, table 4.3.2.1: which old axis the new a, b, c are
  it.each([
    ["P b n m", [2, 0, 1]],
    ["P m c n", [1, 2, 0]],
    ["P n a m", [0, 2, 1]],
    ["P m n b", [1, 0, 2]],
    ["P c m n", [2, 1, 0]],
  ] as const)("P n m a as %s", (group, axes) => {
    const structure = plain("P n m a", orthorhombic, 3);
    const lengths = [orthorhombic.a, orthorhombic.b, orthorhombic.c];
    const [a, b, c] = axes.map((axis) => lengths[axis]!) as [number, number, number];
    const m = axes.flatMap((axis) => [0, 1, 2].map((col) => (col === axis ? 1 : 0)));
    expectSamePattern(structure, inOtherAxes(structure, group, { ...orthorhombic, a, b, c }, m));
  });
  it("P 21/c as P 21/n (c' = a + c) and with c unique", () => {
    const cell: Cell = { a: 5.1, b: 6.3, c: 7.2, alpha: 90, beta: 103, gamma: 90 };
    const structure = plain("P 1 21/c 1", cell, 4);
    const cosine = Math.cos((103 * Math.PI) / 180);
    const c = Math.sqrt(5.1 ** 2 + 7.2 ** 2 + 2 * 5.1 * 7.2 * cosine);
    const beta = (Math.acos((5.1 + 7.2 * cosine) / c) * 180) / Math.PI;
    // r = x a + z c = (x - z) a + z (a + c)
    expectSamePattern(
      structure,
      inOtherAxes(structure, "P 1 21/n 1", { ...cell, c, beta }, [1, 0, -1, 0, 1, 0, 0, 0, 1]),
    );
    // the cyclic change a b c to b c a: what was b, unique, is c
    const cyclic: Cell = { a: 7.2, b: 5.1, c: 6.3, alpha: 90, beta: 90, gamma: 103 };
    expectSamePattern(structure, inOtherAxes(structure, "P 1 1 21/a", cyclic, [0, 0, 1, 1, 0, 0, 0, 1, 0]));
  });
  it.each([
    ["I 41/a m d", { a: 7.6, b: 7.6, c: 9.3, alpha: 90, beta: 90, gamma: 90 }, [0, 0.25, -0.125]],
    ["F d -3 m", { a: 12.9, b: 12.9, c: 12.9, alpha: 90, beta: 90, gamma: 90 }, [-0.125, -0.125, -0.125]],
  ] as const)("%s at both origins", (group, cell, shift) => {
    const structure = plain(`${group}:1`, cell, 5);
    expectSamePattern(structure, inOtherAxes(structure, `${group}:2`, cell, IDENTITY, shift));
  });
  it("R -3 m on hexagonal and rhombohedral axes: a third of the cell, a ninth of |F|^2", () => {
    const hexagonal: Cell = { a: 5.4, b: 5.4, c: 8.7, alpha: 90, beta: 90, gamma: 120 };
    const structure = plain("R -3 m:H", hexagonal, 6);
    const a = Math.sqrt(hexagonal.a ** 2 / 3 + hexagonal.c ** 2 / 9);
    const angle = (2 * Math.asin(hexagonal.a / (2 * a)) * 180) / Math.PI;
    const cell: Cell = { a, b: a, c: a, alpha: angle, beta: angle, gamma: angle };
    // obverse: x_R = x + z, y_R = -x + y + z, z_R = -y + z
    const rhombohedral = inOtherAxes(structure, "R -3 m:R", cell, [1, 0, 1, -1, 1, 1, 0, -1, 1]);
    expectSamePattern(structure, rhombohedral, 3);
  });
  it("an extension, a suffix, no spaces and printers' signs all name the setting", () => {
    const structure = plain("F d -3 m:2", { a: 12.9, b: 12.9, c: 12.9, alpha: 90, beta: 90, gamma: 90 }, 7);
    for (const name of [
      "Fd-3m:2",
      "F d -3 m Z",
      "Fd-3mZ",
      "F d 3 m :2",
      "F d \u22123 m:2",
      "F d -3 m (origin 2)",
      "Fd-3mO2",
    ]) {
      expect(spaceGroupTriplets(name)).toEqual(structure.operations);
    }
    expect(spaceGroupTriplets("P6(3)/mmc")).toEqual(spaceGroupTriplets("P 63/m m c"));
    expect(spaceGroupTriplets("P6_3/mmc")).toEqual(spaceGroupTriplets("P 63/m m c"));
    expect(spaceGroupTriplets("R-3mH")).toEqual(spaceGroupTriplets("R -3 m:H"));
    expect(spaceGroupTriplets("C m c e")).toEqual(spaceGroupTriplets("C m c a"));
    expect(spaceGroupTriplets("P 21/b")).toEqual(spaceGroupTriplets("P 1 1 21/b"));
  });
  it("each |F|^2 is that of its own spacing", () => {
    const structure = variedStructure("P 61 2 2", { a: 5.4, b: 5.4, c: 8.7, alpha: 90, beta: 90, gamma: 120 }, 8);
    const list = reflections(structure, 1.5);
    const metric = reciprocalMetric(structure.cell);
    const out = new Float64Array(list.length);
    const s2 = Float64Array.from(list, ({ h, k, l }) => inverseDSquared(metric, h, k, l) / 4);
    createStructureFactors(structure, list).evaluate(s2, out, null);
    list.forEach(({ fSquared }, i) => expect(fSquared / out[i]!).toBeCloseTo(1, 10));
  });
});
