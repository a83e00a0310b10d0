/** What CIFs in the wild look like. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ATOMS, CELL, HEX, NMC, nmc, one, pattern } from "../../tests/nmc-cif.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { unzip } from "../../tests/unzip.ts";
import { B_PER_U, cellContent, type Structure } from "../crystal/index.ts";
import { InputError } from "../data/index.ts";
import { readCif } from "./cif.ts";

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
