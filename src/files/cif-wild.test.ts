/** What CIFs in the wild look like, and what is wrong with some. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasShared, shared } from "../../tests/shared.ts";
import { unzip } from "../../tests/unzip.ts";
import { B_PER_U, cellContent, reflections, type Structure } from "../crystal/index.ts";
import { InputError } from "../data/index.ts";
import { readCif } from "./cif.ts";

const CELL = (a: number, b: number, c: number, alpha = 90, beta = 90, gamma = 90): string =>
  `_cell_length_a ${a}\n_cell_length_b ${b}\n_cell_length_c ${c}\n_cell_angle_alpha ${alpha}\n_cell_angle_beta ${beta}\n_cell_angle_gamma ${gamma}`;
const HEX = CELL(2.87, 2.87, 14.25, 90, 90, 120);
const ATOMS =
  "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\n_atom_site_B_iso_or_equiv";
const NMC = [
  "Ni1 Ni 0 0 0 0.5 0.4",
  "Mn1 Mn 0 0 0 0.3 0.4",
  "Co1 Co 0 0 0 0.2 0.4",
  "Li1 Li 0 0 0.5 1 1.2",
  "O1 O 0 0 0.2585 1 0.8",
];
const nmc = (changes: { cell?: string; group?: string; rows?: string[]; head?: string; atoms?: string } = {}): string =>
  `${changes.head ?? "data_NMC"}\n${changes.cell ?? HEX}\n${changes.group ?? "_symmetry_space_group_name_H-M 'R -3 m'"}\n${changes.atoms ?? ATOMS}\n${(changes.rows ?? NMC).join("\n")}\n`;
const one = (text: string): Structure => readCif(text, "wild.cif")[0]!;
const errorOf = (text: string): { code: string; message: string } | undefined => {
  try {
    readCif(text, "wild.cif");
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  return undefined;
};
const pattern = (structure: Structure): string[] =>
  reflections(structure, 1).map((r) => `${r.dA.toFixed(8)} ${r.multiplicity} ${r.fSquared.toFixed(5)}`);

describe("the same structure written in other ways", () => {
  const plain = pattern(one(nmc()));
  const CRLF = nmc().replaceAll("\n", "\r\n");
  it.each([
    ["CRLF", CRLF],
    ["old Macintosh lines", nmc().replaceAll("\n", "\r")],
    ["a byte-order mark", `\uFEFF${nmc()}`],
    ["tags in capitals", nmc().replace(/_(cell|atom|symmetry)\S+/g, (tag) => tag.toUpperCase())],
    ["tags with dots", nmc().replaceAll("_cell_", "_cell.").replaceAll("_atom_site_", "_atom_site.")],
    ["the Hall symbol alone", nmc({ group: "_space_group_name_Hall '-R 3 2\"'" })],
    ["a Hall symbol of no table, moved by a whole cell", nmc({ group: "_space_group_name_Hall '-R 3 2\" (0 0 12)'" })],
    ["the number alone", nmc({ group: "_symmetry_Int_Tables_number 166" })],
    ["R-3m:H", nmc({ group: "_space_group_name_H-M_alt R-3m:H" })],
    ["R -3 m H", nmc({ group: "_space_group_name_H-M_alt 'R -3 m H'" })],
    [
      "an unknown value before the symbol in use",
      nmc({ group: "_space_group_name_H-M_alt ?\n_symmetry_space_group_name_H-M 'R-3m'" }),
    ],
    ["a tag without a value", nmc({ head: "data_NMC\n_journal_year\n_journal_volume" })],
    [
      "apostrophes and text blocks",
      nmc({ head: "data_NMC\n_publ 'a dog's life'\n_text\n;\n_cell_length_a 9\nloop_\n;\n" }),
    ],
    [
      "uncertainties",
      nmc({ cell: HEX.replace("2.87\n", "2.87(1)\n").replace("14.25", "14.25(12)").replace("120", "120.(0)") }),
    ],
    [
      "upper-case elements and ions of the label",
      nmc({ rows: NMC.map((row) => row.replace(" Ni ", " NI ").replace(" Li ", " LI ")) }),
    ],
    [
      "a third as a fraction in the operations",
      nmc({
        group:
          "loop_\n_symmetry_equiv_pos_as_xyz\n" +
          one(nmc())
            .operations.map((o) => `' ${o.toUpperCase().replaceAll(",", ", ")} '`)
            .join("\n"),
      }),
    ],
    [
      "operations with 0.333 and ids",
      nmc({
        group:
          "loop_\n_space_group_symop_id\n_space_group_symop_operation_xyz\n" +
          one(nmc())
            .operations.map((o, i) => `${i + 1} '${o.replaceAll("1/3", ".333").replaceAll("2/3", "0.6667")}'`)
            .join("\n"),
      }),
    ],
    [
      "operations without quotes",
      nmc({
        group:
          "loop_\n_symmetry_equiv_pos_as_xyz\n" +
          one(nmc())
            .operations.map((o) => o.replaceAll(",", ", "))
            .join("\n"),
      }),
    ],
    ["another block before, with a cell and no atoms", `data_global\n_title 'x'\n_cell_length_a 3\n${nmc()}`],
    [
      "CIF 2 with lists and triple quotes",
      `#\\#CIF_2.0\n${nmc({ head: "data_NMC\n_list [1 2 [ 'a]' 3]\n4]\n_table {'k':1}\n_text '''it's\n_cell_length_a 9'''\n_next \"\"\"x\"\"\"" })}`,
    ],
    [
      "dummy atoms",
      nmc({
        atoms: `${ATOMS}\n_atom_site_calc_flag`,
        rows: [...NMC.map((row) => `${row} d`), "X1 Li 0.1 0.2 0.3 1 1 dum"],
      }),
    ],
  ])("%s", (_, text) => {
    expect(pattern(one(text))).toEqual(plain);
  });
  it("latin-1 read as UTF-8 does no harm outside the numbers", () => {
    expect(pattern(one(nmc({ head: "data_NMC\n_author 'M\uFFFDller'" })))).toEqual(plain);
  });
  it("0.333 and 0.667 stand for thirds", () => {
    const graphite = (third: string, two: string): string =>
      `data_g\n${CELL(2.464, 2.464, 6.711, 90, 90, 120)}\n_symmetry_space_group_name_H-M 'P 63/m m c'\n${ATOMS}\nC1 C 0 0 0.25 1 0.6\nC2 C ${third} ${two} 1/4 1 0.6\n`;
    expect(pattern(one(graphite("0.333", "0.667")))).toEqual(pattern(one(graphite("1/3", "2/3"))));
  });
  it("takes every block that holds a structure", () => {
    expect(readCif(`${nmc()}\n${nmc({ head: "data_second" })}`, "x").map(({ name }) => name)).toEqual([
      "NMC",
      "second",
    ]);
  });
});

describe("displacement parameters", () => {
  const rows = ["Fe1 Fe 0.1 0.2 0.3"];
  const atoms =
    "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z";
  const U = [0.011, 0.017, 0.023, 0.004, -0.003, 0.002] as const;
  const cell = CELL(4, 5, 6, 81, 97, 103);
  const tensor = (letter: string, values: readonly number[]): string =>
    `${cell}\n_space_group_name_H-M_alt 'P -1'\nloop_\n_atom_site_aniso_label\n${["11", "22", "33", "12", "13", "23"].map((ij) => `_atom_site_aniso_${letter}_${ij}`).join("\n")}\nFe1 ${values.join(" ")}`;
  const withTensor = (block: string): Structure => one(`data_x\n${block}\n${atoms}\n${rows.join("\n")}\n`);
  it("U, B = 8 pi^2 U and beta = 2 pi^2 a*a* U are one tensor", () => {
    const direct = withTensor(tensor("U", U));
    expect(direct.sites[0]!.uAniso).toEqual(U);
    const asB = withTensor(
      tensor(
        "B",
        U.map((u) => u * B_PER_U),
      ),
    );
    const s = [4, 5, 6].map((edge, i) => {
      const [alpha, beta, gamma] = [81, 97, 103].map((angle) => (angle * Math.PI) / 180) as [number, number, number];
      const v = Math.sqrt(
        1 -
          Math.cos(alpha) ** 2 -
          Math.cos(beta) ** 2 -
          Math.cos(gamma) ** 2 +
          2 * Math.cos(alpha) * Math.cos(beta) * Math.cos(gamma),
      );
      return Math.sin([alpha, beta, gamma][i]!) / (edge * v);
    }) as [number, number, number];
    const pairs = [
      [0, 0],
      [1, 1],
      [2, 2],
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const;
    const asBeta = withTensor(
      tensor(
        "beta",
        U.map((u, m) => 2 * Math.PI ** 2 * u * s[pairs[m]![0]] * s[pairs[m]![1]]),
      ),
    );
    for (const other of [asB, asBeta]) {
      other.sites[0]!.uAniso!.forEach((u, i) => expect(u).toBeCloseTo(U[i]!, 12));
      expect(other.sites[0]!.bIso).toBeCloseTo(direct.sites[0]!.bIso, 10);
    }
  });
  it("takes the isotropic value where the type says so", () => {
    const text = `data_x\n${tensor("U", U)}\n${atoms}\n_atom_site_adp_type\n_atom_site_U_iso_or_equiv\nFe1 Fe 0.1 0.2 0.3 Uiso 0.01\n`;
    expect(one(text).sites[0]).toMatchObject({ bIso: expect.closeTo(0.01 * B_PER_U, 10) });
    expect(one(text).sites[0]!.uAniso).toBeUndefined();
  });
  it("notes a tensor that is negative along a direction, and a negative B", () => {
    const notes = withTensor(tensor("U", [0.01, 0.01, 0.01, 0.02, 0, 0])).notes ?? [];
    expect(notes).toEqual([expect.stringContaining("negative along some direction")]);
    expect(one(nmc({ rows: NMC.map((row) => row.replace("1 0.8", "1 -0.1")) })).notes).toEqual([
      expect.stringContaining("negative displacement parameter of O1"),
    ]);
  });
});

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

describe.skipIf(!hasShared)("CuCr2O4 and CuO of GSAS-II's tutorial (needs ../shared)", () => {
  it("operations of a third origin of F d d d are taken as listed", () => {
    const files = unzip(readFileSync(shared("data/powder/gsas2_cucr2o4_sequence_11bm/SeqTut.zip")));
    const find = (name: string): Structure => {
      const { data } = files.find((member) => member.name.endsWith(name))!;
      return readCif(data.toString("latin1"), name)[0]!;
    };
    const spinel = find("CuCr2O4.cif");
    expect(Object.fromEntries(cellContent(spinel))).toEqual({ Cu: 8, Cr: 16, O: 32 });
    expect(Object.fromEntries(cellContent(find("CuO.cif")))).toEqual({ Cu: 4, O: 4 });
  });
});

describe("readCif never fails but with an InputError", () => {
  const lines = nmc({ head: "data_NMC\n_space_group_IT_number 166\n_chemical_formula_sum 'Li O2'" }).split("\n");
  const WORDS = [
    "loop_",
    "data_x",
    "_cell_length_a",
    "_atom_site_fract_x",
    "?",
    ".",
    "'",
    '"',
    ";",
    "0",
    "-1e9",
    "1/0",
    "1e400",
    "x,y,z",
    "-x,y,z",
    "'R -3 m'",
    "Ni4+",
    "save_",
    "#",
    "[",
    "{",
    "'''",
    "_space_group_name_Hall",
    "_atom_site_aniso_label",
    "NaN",
  ];
  const calm = (text: string): void => {
    try {
      for (const structure of readCif(text, "fuzz.cif")) expect(structure.sites.length).toBeGreaterThan(0);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  };
  it("for lines dropped, doubled, swapped and words put in", () => {
    const change = fc.tuple(fc.nat({ max: lines.length - 1 }), fc.nat({ max: 5 }), fc.constantFrom(...WORDS));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean(), (changes, isCif2) => {
        const damaged = [...lines];
        for (const [at, kind, word] of changes) {
          if (at >= damaged.length) continue;
          const words = damaged[at]!.split(" ");
          if (kind === 0) damaged.splice(at, 1);
          else if (kind === 1) damaged.splice(at, 0, damaged[at]!);
          else if (kind === 2) damaged.splice(at, 0, word);
          else damaged[at] = words.with(kind % words.length, word).join(" ");
        }
        calm((isCif2 ? "#\\#CIF_2.0\n" : "") + damaged.join("\n"));
      }),
      { numRuns: 400 },
    );
  });
  it("for words in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...WORDS, "\n", ...lines), { maxLength: 60 }), (words) =>
        calm(words.join("\n")),
      ),
      { numRuns: 300 },
    );
  });
});
