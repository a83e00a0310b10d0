/** What is wrong with a CIF is told in one message, what looks wrong is noted. */
import { describe, expect, it } from "vitest";
import { ATOMS, CELL, errorOf, HEX, NMC, nmc, one, pattern } from "../../tests/nmc-cif.ts";

describe("what is wrong is told, in one message", () => {
  it.each([
    ["no cell", nmc({ cell: "" }), "cif-no-structure", "atoms but no cell"],
    ["no atoms", nmc({ atoms: "", rows: [] }), "cif-no-structure", "a cell but no atoms"],
    ["an empty loop of atoms", nmc({ rows: [] }), "cif-no-structure", "a cell but no atoms"],
    [
      "Cartesian atoms",
      nmc({ atoms: ATOMS.replaceAll("fract_", "Cartn_"), cell: "" }),
      "cif-no-structure",
      "Cartesian",
    ],
    ["an unknown group", nmc({ group: "_symmetry_space_group_name_H-M 'R -3 q'" }), "unknown-space-group", "R -3 q"],
    [
      "two origins",
      nmc({
        cell: CELL(5.43, 5.43, 5.43),
        group: "_symmetry_space_group_name_H-M 'F d -3 m'",
        rows: ["Si Si 0 0 0 1 0.5"],
      }),
      "ambiguous-origin",
      "F d -3 m:2",
    ],
    ["two atoms in one place", nmc({ rows: [...NMC, "Ni2 Ni 0 0 0.5 0.3 0.4"] }), "cif-overlapping-sites", "Li1, Ni2"],
    [
      "two sites of 1.3 in one place",
      nmc({ rows: NMC.map((row) => row.replace("0.5 0.4", "0.8 0.4")) }),
      "cif-overlapping-sites",
      "Ni1, Mn1, Co1",
    ],
    [
      "a position beside a special one",
      nmc({ rows: [...NMC.slice(0, 4), "O1 O 0.01 0.02 0.2585 1 0.8"] }),
      "cif-overlapping-sites",
      "its own image",
    ],
    [
      "an occupancy of 6",
      nmc({ rows: NMC.map((row) => row.replace("1 1.2", "6 1.2")) }),
      "cif-bad-value",
      "occupancy 6",
    ],
    [
      "a mixed type",
      nmc({ rows: ["M1 Ni0.5Mn0.5 0 0 0 1 0.4", ...NMC.slice(3)] }),
      "cif-bad-value",
      "more than one element",
    ],
    [
      "a mixed type with a stroke",
      nmc({ rows: ["M1 Ni/Mn 0 0 0 1 0.4", ...NMC.slice(3)] }),
      "cif-bad-value",
      "more than one element",
    ],
    ["an atom without a place", nmc({ rows: [...NMC, "H1 H ? ? ? 1 1"] }), "cif-bad-value", "of H1"],
    ["a decimal comma", nmc({ cell: HEX.replace("14.25", "14,25") }), "cif-bad-value", "14,25"],
    [
      "part of the operations",
      nmc({
        group: "_symmetry_space_group_name_H-M 'R -3 m'\nloop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n-y,x-y,z\n-x+y,-x,z",
      }),
      "cif-symmetry-mismatch",
      "lists 3 of the 36",
    ],
    [
      "operations that are no group",
      nmc({ group: "loop_\n_symmetry_equiv_pos_as_xyz\nx,y,z\n-y,x-y,z" }),
      "cif-symmetry-mismatch",
      "no group",
    ],
    [
      "operations of other axes",
      nmc({ group: "_symmetry_space_group_name_H-M 'R -3 m:R'" }),
      "cif-symmetry-mismatch",
      "do not leave its cell unchanged",
    ],
    [
      "a magnetic structure",
      nmc({ group: "loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1" }),
      "cif-magnetic-or-modulated",
      "magnetic",
    ],
    ["a modulated structure", nmc({ group: "_cell_modulation_dimension 1" }), "cif-magnetic-or-modulated", "modulated"],
    [
      "a superspace group",
      nmc({ group: "_space_group_ssg_name 'R-3m(00g)'" }),
      "cif-magnetic-or-modulated",
      "modulated",
    ],
    ["a list never closed", `#\\#CIF_2.0\n${nmc()}_x [1 2`, "cif-syntax", "[ that is never closed"],
    ["text that is no CIF", "a b c", "cif-syntax", "before any data_"],
    ["a bad Hall symbol alone", nmc({ group: "_space_group_name_Hall 'Q 9'" }), "bad-hall-symbol", "Q 9"],
  ])("%s", (_, text, code, part) => {
    expect(errorOf(text)).toMatchObject({ code, message: expect.stringContaining(part) });
  });
});

describe("a group of two origins without a word about which", () => {
  const diamond = (x: number, more: string, column = "", cell = ""): string =>
    `data_Si\n${CELL(5.43, 5.43, 5.43)}\n_symmetry_space_group_name_H-M 'F d -3 m'\n${more}\n${ATOMS}${column}\nSi1 Si ${x} ${x} ${x} 1 0.5${cell}\n`;
  const Z = "_chemical_formula_sum Si\n_cell_formula_units_Z 8";
  const at1 = pattern(one(diamond(0, "").replace("F d -3 m", "F d -3 m:1")));
  it.each([
    ["the formula and Z, first origin", diamond(0, Z), ":1"],
    ["the formula and Z, second origin", diamond(0.125, Z), ":2"],
    ["the multiplicity, first origin", diamond(0, "", "\n_atom_site_symmetry_multiplicity", " 8"), ":1"],
    ["the Wyckoff symbol, second origin", diamond(0.125, "", "\n_atom_site_Wyckoff_symbol", " 8a"), ":2"],
    ["the number alone and Z", diamond(0.125, Z).replace(/_symmetry.*\n/, "_space_group_IT_number 227\n"), ":2"],
  ])("is told by %s", (_, text, extension) => {
    const structure = one(text);
    expect(structure.notes!.join()).toContain(`${extension} was taken`);
    expect(pattern(structure)).toEqual(at1);
  });
  it.each([
    ["nothing else is given", diamond(0, "")],
    ["both would do", diamond(0.03, "_chemical_formula_sum Si\n_cell_formula_units_Z 32")],
    ["neither would do", diamond(0, "_chemical_formula_sum Si\n_cell_formula_units_Z 5")],
  ])("stays refused where %s", (_, text) => {
    expect(errorOf(text)?.code).toBe("ambiguous-origin");
  });
});

describe("what looks wrong is noted", () => {
  it("nothing about a sound structure", () => expect(one(nmc()).notes).toBeUndefined());
  it.each([
    [
      "lithium and metal swapped",
      NMC.map((row) =>
        row.startsWith("Li") ? row.replace("0.5", "0") : row.startsWith("O") ? row : row.replace("0 0 0 ", "0 0 0.5 "),
      ),
      "",
      "Li1 has oxygen at 1.97 Å and a bond-valence sum of 1.5",
    ],
    ["an atom too close", [...NMC.slice(0, 4), "O1 O 0 0 0.2 1 0.8"], "", "Li1"],
    ["occupancies slightly over 1", NMC.map((row) => row.replace("0.2 0.4", "0.22 0.4")), "", "sum to 1.020"],
    ["an occupancy slightly over 1", NMC.map((row) => row.replace("1 1.2", "1.03(4) 1.2")), "", "outside 0 to 1"],
    [
      "a formula of other amounts",
      NMC,
      "_chemical_formula_sum 'Li Ni0.6 Mn0.2 Co0.2 O2'\n_cell_formula_units_Z 3",
      "Ni 1.5, Mn 0.9, but the formula",
    ],
    ["a multiplicity of another setting", NMC, "_x 1", undefined],
    ["an ion without a factor", NMC.map((row) => row.replace(" Ni ", " Ni2.67+ ")), "", "replaced Ni2.67+ by Ni"],
    [
      "the group in two ways",
      NMC,
      "_space_group_name_Hall '-R 3 2\"'\n_symmetry_space_group_name_H-M 'R -3 c'",
      "differ",
    ],
  ])("%s", (_, rows, group, part) => {
    const base = group.includes("Hall") ? group : `_symmetry_space_group_name_H-M 'R -3 m'\n${group}`;
    const notes = one(nmc({ rows, group: base })).notes ?? [];
    if (part === undefined) expect(notes).toEqual([]);
    else expect(notes.some((note) => note.includes(part)) ? part : notes).toBe(part);
  });
  it("says when a listed multiplicity is another", () => {
    const text = nmc({
      atoms: `${ATOMS}\n_atom_site_symmetry_multiplicity`,
      rows: NMC.map((row, i) => `${row} ${i === 4 ? 18 : 3}`),
    });
    expect(one(text).notes).toEqual([expect.stringContaining("O1 has 6 equivalent positions, but the file lists 18")]);
  });
  it("keeps the lithium that shares a metal's place without a word", () => {
    const rows = [
      "Ni1 Ni 0 0 0 0.47 0.4",
      "Li2 Li 0 0 0 0.03 0.4",
      "Mn1 Mn 0 0 0 0.3 0.4",
      "Co1 Co 0 0 0 0.2 0.4",
      "Li1 Li 0 0 0.5 0.97 1.2",
      "Ni2 Ni 0 0 0.5 0.03 1.2",
      "O1 O 0 0 0.2585 1 0.8",
    ];
    expect(one(nmc({ rows })).notes).toBeUndefined();
  });
});
