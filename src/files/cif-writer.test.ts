import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { referenceStructures } from "../../tests/reference-structures.ts";
import { hasShared } from "../../tests/shared.ts";
import { tempFolder } from "../../tests/temp-folder.ts";
import { builtInStructure, PHASE_NAMES, reflections, type Structure, settingOfOperations } from "../crystal/index.ts";
import { readCif } from "./cif.ts";
import { formatCif } from "./cif-writer.ts";

/** Debian's python3-gemmi: an independent reader. */
const PYTHON = "/usr/bin/python3";
const hasGemmi = spawnSync(PYTHON, ["-c", "import gemmi"]).status === 0;
const GEMMI = `
import sys, json, gemmi
out = {}
for path in sys.argv[1:]:
    s = gemmi.read_small_structure(path)
    out[s.name] = [s.find_spacegroup().hm if s.find_spacegroup() else "", s.cell.volume, len(s.get_all_unit_cell_sites())]
print(json.dumps(out))
`;

const named: [string, Structure][] = [
  ...PHASE_NAMES.map((name): [string, Structure] => [name, builtInStructure(name)]),
  ...(hasShared ? referenceStructures().map((s): [string, Structure] => [`${s.name} of ../shared`, s]) : []),
];

describe("a CIF that is written", () => {
  const folder = tempFolder();
  it.each(named)("gives the same |F|^2 back: %s", (_, structure) => {
    const [back] = readCif(formatCif(structure, ["a comment"]), "written.cif");
    expect(back!.cell).toEqual(structure.cell);
    expect(new Set(back!.operations)).toEqual(new Set(structure.operations));
    const [want, got] = [reflections(structure, 1), reflections(back!, 1)];
    expect(got.length).toBe(want.length);
    const strongest = Math.max(...want.map(({ fSquared }) => fSquared));
    // U goes into the file and B = 8 pi^2 U comes back, with one rounding
    got.forEach(({ fSquared }, i) => {
      expect(Math.abs(fSquared - want[i]!.fSquared)).toBeLessThan(1e-12 * strongest);
    });
  });

  it("finds the setting of a group's operations, and none where nobody has it", () => {
    expect(settingOfOperations(builtInStructure("Si").operations)).toMatchObject({ number: 227, extension: "2" });
    expect(settingOfOperations(["x,y,z", "-x+1/8,-y,-z"])).toBeUndefined();
  });

  it("keeps operations that no setting has, without a symbol", () => {
    const copper = builtInStructure("Cu");
    const shifted: Structure = {
      ...copper,
      operations: ["x,y,z", "-x+1/8,-y,-z"],
      sites: [{ ...copper.sites[0]!, x: 0.4, y: 0.3, z: 0.2 }],
    };
    const text = formatCif(shifted);
    expect(text).not.toMatch(/H-M/);
    expect(readCif(text, "x")[0]!.operations).toEqual(["x,y,z", "-x+1/8,-y,-z"]);
  });

  it.skipIf(!hasGemmi)("is read by gemmi (needs Debian's python3-gemmi)", () => {
    const names = PHASE_NAMES.map((name) => {
      const path = join(folder, `${name}.cif`);
      writeFileSync(path, formatCif(builtInStructure(name)));
      return path;
    });
    const { stdout } = spawnSync(PYTHON, ["-c", GEMMI, ...names], { encoding: "utf8" });
    const read = JSON.parse(stdout) as Record<string, [string, number, number]>;
    // atoms in the cell: fcc 4, bcc 2, graphite 4, corundum 30, diamond 8
    expect(read["Cu"]).toEqual(["F m -3 m", expect.closeTo(3.61496 ** 3, 6), 4]);
    expect(read["Fe"]?.[2]).toBe(2);
    expect(read["Si"]).toEqual(["F d -3 m", expect.closeTo(5.431179 ** 3, 6), 8]);
    expect(read["Al2O3"]?.[2]).toBe(30);
    expect(read["graphite"]?.slice(0, 1).concat(read["graphite"]?.[2] as never)).toEqual(["P 63/m m c", 4]);
  });
});
