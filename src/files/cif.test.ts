import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { referenceStructures } from "../../tests/reference-structures.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { density, reflections } from "../crystal/index.ts";
import { readCif } from "./cif.ts";

const LINES = {
  cell: "_cell_length_a 2.464(2)\n_cell_length_b 2.464(2)\n_cell_length_c 6.711(4)\n_cell_angle_alpha 90\n_cell_angle_beta 90.\n_cell_angle_gamma 120",
  group: "_space_group_name_H-M_alt 'P 63/m m c'",
  atoms:
    "loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_U_iso_or_equiv\nC1 0 0 0.25 0.0076\nC2 0.3333 .6667 2.5E-1 0.0076(3)",
};
const cif = (changes: Partial<typeof LINES> = {}): string =>
  `data_graphite\n# a comment\n_title\n;\nloop_ in a text\n;\n${Object.values({ ...LINES, ...changes }).join("\n")}\n`;
const codeOf = (text: string): unknown => {
  try {
    readCif(text, "test.cif");
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

describe.skipIf(!hasShared)("CIFs of independent programs (needs ../shared)", () => {
  it.each(hasShared ? referenceStructures().map((s) => [s.name, s] as const) : [])("%s", (name, want) => {
    const [got] = readCif(readFileSync(shared(`reference/cif/${name}.cif`), "utf8"), name);
    expect(new Set(got!.operations)).toEqual(new Set(want.operations));
    // the CIFs hold eight digits of a third or a sixth
    const [read, given] = [reflections(got!, 1), reflections(want, 1)];
    const strongest = Math.max(...given.map(({ fSquared }) => fSquared));
    expect(read.length).toBe(given.length);
    read.forEach((r, i) => {
      expect(Math.abs(r.fSquared - given[i]!.fSquared) / strongest).toBeLessThan(1e-6);
    });
  });

  const measured = hasShared ? readdirSync(shared("data/cif")).filter((file) => file.endsWith(".cif")) : [];
  const DENSITY: Record<string, number> = { CeO2: 7.22, Si: 2.33, Ni: 8.91, alpha_fe: 7.87, CaF2: 3.18, lab6: 4.71 };
  it.each(measured)("%s from the wild has its density", (file) => {
    const [structure] = readCif(readFileSync(shared(`data/cif/${file}`), "latin1"), file);
    const known = Object.entries(DENSITY).find(([key]) => file.startsWith(key))?.[1] ?? 2.26;
    expect(density(structure!) / known).toBeCloseTo(1, 1.5);
  });
});

describe("readCif", () => {
  it("reads values with uncertainties, U, text blocks and the operations of the symbol", () => {
    const [graphite] = readCif(cif(), "test.cif");
    expect(graphite).toMatchObject({ name: "graphite", cell: { a: 2.464, c: 6.711, gamma: 120 } });
    expect(graphite!.operations).toHaveLength(24);
    expect(graphite!.sites[1]).toMatchObject({ scatterer: "C2", y: 0.6667, z: 0.25, occupancy: 1 });
    expect(graphite!.sites[0]!.bIso).toBeCloseTo(8 * Math.PI ** 2 * 0.0076, 12);
    expect(density(graphite!)).toBeCloseTo(2.26, 2);
  });
  it("takes the trace of an anisotropic tensor on orthogonal axes, and the listed operations first", () => {
    const text = `data_x\n_cell_length_a 3\n_cell_length_b 4\n_cell_length_c 5\n_cell_angle_alpha 90\n_cell_angle_beta 90
_cell_angle_gamma 90\n_symmetry_space_group_name_H-M 'P -1'\nloop_\n_symmetry_equiv_pos_as_xyz\n-x,-y,-z\n"x, y, z"
loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_U_iso_or_equiv
Fe1 Fe3+ 0.1 0.2 0.3 ?\nloop_\n_atom_site_aniso_label\n_atom_site_aniso_U_11\n_atom_site_aniso_U_22\n_atom_site_aniso_U_33
_atom_site_aniso_U_23\n_atom_site_aniso_U_13\n_atom_site_aniso_U_12\nFe1 0.01 0.02 0.03 0.001 0.002 0.003\n`;
    const [structure] = readCif(text, "x.cif");
    expect(structure!.operations).toEqual(["x,y,z", "-x,-y,-z"]);
    expect(structure!.sites[0]!.bIso).toBeCloseTo(8 * Math.PI ** 2 * 0.02, 12);
  });
  it("notes what it had to assume", () => {
    const atoms =
      "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\nNi1 Ni4+ 0 0 0";
    expect(readCif(cif({ atoms }), "test.cif")[0]!.notes).toEqual([
      expect.stringContaining("B = 0.5"),
      expect.stringContaining("Ni4+ by Ni"),
    ]);
  });
  it.each([
    ["no cell", cif({ cell: "" }), "cif-no-structure"],
    ["an angle missing", cif({ cell: LINES.cell.replace("_cell_angle_gamma 120", "") }), "cif-bad-value"],
    ["an unknown group", cif({ group: "_space_group_name_H-M_alt 'P 63/z m c'" }), "unknown-space-group"],
    ["no group", cif({ group: "" }), "cif-no-symmetry"],
    ["a group of other axes than the cell", cif({ group: "_space_group_IT_number 225" }), "cif-symmetry-mismatch"],
    ["two origins", cif({ group: "_space_group_name_H-M_alt 'F d -3 m'" }), "ambiguous-origin"],
    ["a coordinate that is no number", cif({ atoms: LINES.atoms.replace("0.25 ", "a ") }), "cif-bad-value"],
    ["a row too short", cif({ atoms: `${LINES.atoms}\nC3 0` }), "cif-syntax"],
    ["an unknown atom", cif({ atoms: LINES.atoms.replace("C1", "Qq1") }), "unknown-scatterer"],
    ["an open text block", `${cif()}_x\n;\nabc`, "cif-syntax"],
    ["nothing", "", "cif-no-structure"],
  ])("refuses %s", (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });
  it("gives a structure or an InputError for damaged files", () => {
    const decoder = new TextDecoder("latin1");
    expectOnlyInputErrors(
      new TextEncoder().encode(cif()),
      (bytes) => readCif(decoder.decode(bytes), "damaged.cif"),
      200,
    );
  });
});
