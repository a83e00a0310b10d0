import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasShared, shared } from "../../../tests/shared.ts";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { builtInStructure, reflections, type Structure } from "../../crystal/index.ts";
import type { Pattern } from "../../data/index.ts";
import { readCif } from "../../files/cif.ts";
import { readGsasExp } from "../../files/gsas-exp.ts";
import { parseInstprm, readInstrument } from "../../files/instprm.ts";
import { parsePattern } from "../../files/pattern-text.ts";
import { parseTopasInp, readTopasInp } from "../../files/topas-inp.ts";
import { parseYaml } from "../../files/yaml.ts";
import { linearFit } from "../../fit/index.ts";
import { createReferenceKernels } from "../../kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "../../pattern/calculator.ts";
import { emptyLineShape, thompsonCoxHastings } from "../../pattern/line-width.ts";
import { ModelConfig, type ModelConfigInput } from "../../refinement/model-config.ts";
import { applySettings, resolveModel } from "../../refinement/resolve-model.ts";
import { handOverFiles, handOverFolder } from "./hand-over.ts";
import { importGsasExp, importInstrument, importTopas, writeImportedModel } from "./import.ts";

type Structures = ReadonlyMap<string, readonly Structure[]>;
const PYTHON = "/usr/bin/python3";
const hasGemmi = spawnSync(PYTHON, ["-c", "import gemmi"]).status === 0;

/** Calculator of a model at its own starts. */
function calculatorOf(input: ModelConfigInput, structures: Structures, twoTheta: ArrayLike<number>): PatternCalculator {
  const resolved = resolveModel(ModelConfig.parse(input), { structures });
  const calculator = createPatternCalculator(createReferenceKernels(), resolved.model, resolved.wavelengthA, twoTheta);
  applySettings(calculator, resolved);
  calculator.prepare([]);
  expect(calculator.evaluate(false)).toBe(true);
  return calculator;
}

const twoTheta = Float64Array.from({ length: 1801 }, (_, i) => 2 + i * 0.01);
const pattern: Pattern = {
  axis: { unit: "two-theta", values: twoTheta },
  intensity: twoTheta.map((x) => 100 + x),
  sigma: twoTheta.map(() => 3),
};

/** Every kind of parameter, tied, on special positions and in several settings. */
const MODEL: ModelConfigInput = {
  title: "a voxel",
  wavelength: { value: 0.2, refine: true },
  range: [3, 19],
  exclude: [[5, 5.2]],
  zero: { value: 0.01, refine: true },
  polarization: 0.3,
  displacement: {
    geometry: "bragg-brentano",
    lengthMm: 200,
    value: { value: 0.05, refine: false },
    transparency: { value: 0.004, refine: true },
  },
  profile: { U: 0.002, V: -0.001, W: { value: 0.0008, refine: true }, X: 0.004, Y: 0.02, Z: 0.001 },
  background: { chebyshev: [50, -4, 2] },
  peaks: [{ name: "separator", position: 4.3, fwhm: { value: 0.2, refine: true }, eta: 0.4, area: 30 }],
  phases: [
    {
      structure: "Al2O3",
      scale: { value: 2e-3, refine: true },
      size: { value: 80, refine: true },
      strain: 0.0004,
      overallB: 0.1,
    },
    {
      structure: "NMC532",
      scale: 1e-3,
      gaussianSize: 200,
      gaussianStrain: 0.0003,
      texture: [{ hkl: [0, 0, 1], r: { value: 0.8, refine: true } }],
    },
    { structure: "Si", scale: 3e-3, cell: false },
    { name: "rutile", cif: "rutile.cif", scale: 1e-3, sites: { O1: { x: true } } },
  ],
  constraints: ["Al2O3/Al1/b = Al2O3/O2/b"],
};
// x, x, 0: the second coordinate follows from the first
const RUTILE = `data_rutile
_cell_length_a 4.594
_cell_length_b 4.594
_cell_length_c 2.959
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_name_H-M_alt 'P 42/m n m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_B_iso_or_equiv
Ti1 Ti4+ 0 0 0 0.4
O1 O2- 0.305 0.305 0 0.6
`;
const structures: Structures = new Map([["rutile.cif", readCif(RUTILE, "rutile.cif")]]);
/** As a refinement would leave them: away from the structures' own. */
const values = new Map(
  Object.entries({
    "Al2O3/a": 4.7621,
    "Al2O3/c": 12.998,
    "Al2O3/Al1/z": 0.3525,
    "Al2O3/O2/x": 0.3071,
    "Al2O3/Al1/b": 0.28,
    "NMC532/Ni1/occupancy": 0.48,
    "rutile/O1/x": 0.3061,
    "rutile/a": 4.6,
    "Si/Si1/b": 0.61,
    zero: 0.0123,
  }).map(([name, value]) => [name, { value, esd: Math.abs(value) * 1e-4 }]),
);
const source = { pattern, config: ModelConfig.parse(MODEL), values, structures };

function settledPattern(): { calculator: PatternCalculator; y: Float64Array } {
  const calculator = calculatorOf(MODEL, structures, used);
  for (const [name, { value }] of values) calculator.values[calculator.indexOf(name)] = value;
  expect(calculator.evaluate(false)).toBe(true);
  return { calculator, y: calculator.calculated.slice(0, used.length) };
}
const used = twoTheta.filter((x) => x >= 3 && x <= 19 && !(x >= 5 && x <= 5.2));
const largestDifference = (p: Float64Array, q: Float64Array): number =>
  p.reduce((most, y, i) => Math.max(most, Math.abs(y - q[i]!)), 0) / p.reduce((most, y) => Math.max(most, y), 0);

describe("a hand-over", () => {
  const { files, notes } = handOverFiles(source);
  const { y } = settledPattern();

  it("writes a TOPAS input that reads back as the same pattern", () => {
    const text = files.get("model.inp")!;
    const input = parseTopasInp(text, "model.inp");
    const { config, structures: read } = importTopas(input);
    const back = calculatorOf({ ...config, cutoff: 1e-4 }, read, used);
    // digits are those of doubles; equations in Th are recognised to within 1e-10
    expect(largestDifference(y, back.calculated.subarray(0, used.length))).toBeLessThan(1e-8);
    expect(input.notes).toEqual([]);
    expect(input.unread.filter(({ matters }) => matters)).toEqual([]);
  });

  it("keeps what is refined, and ties, in the TOPAS input", () => {
    const { config, structures: read } = importTopas(parseTopasInp(files.get("model.inp")!, "model.inp"));
    const refinedOf = (input: ModelConfigInput, of: Structures): string[] => {
      const calculator = calculatorOf(input, of, used);
      const resolved = resolveModel(ModelConfig.parse(input), { structures: of });
      const names = applySettings(calculator, resolved).refined.map((i) => calculator.parameters[i]!.name);
      // free peaks are numbered there; an equation of U V W does not say which of them are refined
      return names
        .map((name) => name.replace("peaks/separator", "peaks/peak1"))
        .filter((name) => !/^[UVW]$|fwhm/.test(name))
        .sort();
    };
    expect(refinedOf(config, read)).toEqual(refinedOf(MODEL, structures));
    expect(files.get("model.inp")).toContain("beq = Al2O3_O2_b;");
    expect(files.get("model.inp")).toMatch(/y = 1 rutile_O1_x/);
  });

  it("writes its own model that starts at the settled pattern", () => {
    const config = parseYaml(files.get("model.yaml")!, "model.yaml", ModelConfig);
    const own = new Map(
      [...files].flatMap(([name, text]) => (/^[^/]+\.cif$/.test(name) ? [[name, readCif(text, name)] as const] : [])),
    );
    const resolved = resolveModel(config, { structures: own });
    const calculator = createPatternCalculator(createReferenceKernels(), resolved.model, resolved.wavelengthA, used);
    applySettings(calculator, resolved);
    calculator.prepare([]);
    expect(calculator.evaluate(false)).toBe(true);
    expect(largestDifference(y, calculator.calculated.subarray(0, used.length))).toBeLessThan(1e-10);
  });

  it("writes GSAS-II's instrument in GSAS-II's units", () => {
    const [instrument] = parseInstprm(files.get("gsas2/instrument.instprm")!, "instrument.instprm");
    expect(instrument).toMatchObject({
      lines: [{ wavelengthA: 0.2 }],
      zeroDeg: 0.0123,
      polarization: expect.closeTo(0.3, 10),
      geometry: "bragg-brentano",
      radiusMm: 200,
    });
    for (const [key, value] of Object.entries({ U: 0.002, V: -0.001, W: 0.0008, X: 0.004, Y: 0.02, Z: 0.001 })) {
      expect(instrument![key as "U"]).toBeCloseTo(value, 11);
    }
  });

  it("writes CIFs of the settled structures for GSAS-II", () => {
    const [rutile] = readCif(files.get("gsas2/rutile.cif")!, "rutile.cif");
    expect(rutile!.cell).toMatchObject({ a: 4.6, b: 4.6, c: 2.959 });
    expect(rutile!.sites[1]).toMatchObject({ x: 0.3061, y: 0.3061, z: 0 });
    const [corundum] = readCif(files.get("gsas2/Al2O3.cif")!, "Al2O3.cif");
    // overallB 0.1 goes into each site
    const original = builtInStructure("Al2O3");
    expect(corundum!.sites.map(({ bIso }) => Number(bIso.toFixed(10)))).toEqual([0.38, original.sites[1]!.bIso + 0.1]);
  });

  it("writes a script for GSAS-II that Python can read, with each value in its place", () => {
    const folder = tempFolderOnce();
    const { files: written } = handOverFolder({ ...source, out: join(folder, "voxel 3,4") });
    const script = written.find((path) => path.endsWith("gsas2_start.py"))!;
    expect(written.every((path) => existsSync(path))).toBe(true);
    const compiled = spawnSync(PYTHON, ["-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", script], {
      encoding: "utf8",
    });
    expect(compiled.stderr).toBe("");
    const text = readFileSync(script, "utf8");
    // s f = 200 S V, size = size / 900 um, mustrain = 4e6 e
    const volume = 4.7621 ** 2 * 12.998 * Math.sin((120 * Math.PI) / 180);
    const total = Number(/\["Scale"\] = \[([\d.e-]+), False\]/.exec(text)![1]);
    const fraction = Number(/hap\["Scale"\] = \[([\d.e-]+), True\]/.exec(text)![1]);
    expect(total * fraction).toBeCloseTo(200 * 2e-3 * volume, 8);
    expect(text).toContain(`hap["Size"][:4] = ["isotropic", [${80 / 900},${80 / 900},1], [True,False,False], [0,0,1]]`);
    expect(text).toContain('hap["Mustrain"][:4] = ["isotropic", [1600,1600,1]');
    expect(text).toContain('hist.data["Sample Parameters"]["Shift"] = [50, False]  # um');
    expect(text).toContain('hist.set_refinements({"Limits": [3,19]})');
    expect(text).toContain("hist.Excluded([[5,5.2]])");
    expect(text).toContain('phase.set_refinements({"Cell": True, "Atoms": {"O1":"X"}})');
    expect(text).toContain('hist.set_refinements({"Instrument Parameters": ["W","Zero","Lam"]})');
    expect(text).toContain('hap["Pref.Ori."][:4] = ["MD", 0.8, True, [0,0,1]]');
  });

  const tempFolderOnce = (() => {
    const folder = tempFolder();
    return () => folder;
  })();

  it("writes the pattern in three plain columns", () => {
    const text = files.get("pattern.xye")!;
    expect(text.startsWith("2 102 3\n")).toBe(true);
    const back = parsePattern(text, "pattern.xye");
    expect(back.axis.values).toEqual(twoTheta.map((x) => Number(x.toPrecision(12))));
  });

  it("says what the other programs have no equivalent for", () => {
    expect(notes.topas).toEqual([]);
    expect(notes.gsas2.join("\n")).not.toMatch(/f' and f''/);
    const real = { ...source, config: ModelConfig.parse({ ...MODEL, anomalous: false }) };
    expect(handOverFiles(real).notes.gsas2.join("\n")).toMatch(/f' and f''/);
    expect(notes.gsas2.join("\n")).toContain('the constraint "Al2O3/Al1/b = Al2O3/O2/b"');
    const asymmetric = { ...source, config: ModelConfig.parse({ ...MODEL, profile: { W: 0.001, SL: 0.01 } }) };
    expect(handOverFiles(asymmetric).notes.topas.join()).toMatch(/axial divergence S\/L = 0.01/);
  });

  it("refuses a voxel without a result", () => {
    const none = { ...source, values: new Map([["Si/scale", { value: Number.NaN }]]) };
    expect(() => handOverFiles(none)).toThrow(expect.objectContaining({ code: "hand-over-value" }));
  });

  it.skipIf(!hasGemmi)("gives gemmi the same cells (needs Debian's python3-gemmi)", () => {
    const folder = tempFolderOnce();
    const { files: written } = handOverFolder({ ...source, out: join(folder, "gemmi") });
    const cifs = written.filter((path) => /gsas2\/.*\.cif$/.test(path));
    const code = `import sys, json, gemmi
out = []
for path in sys.argv[1:]:
    s = gemmi.read_small_structure(path)
    g = s.find_spacegroup()
    out.append([s.cell.volume, g.number, len(s.get_all_unit_cell_sites())])
print(json.dumps(out))`;
    const { stdout } = spawnSync(PYTHON, ["-c", code, ...cifs], { encoding: "utf8" });
    const read = JSON.parse(stdout) as [number, number, number][];
    const expected = cifs.map((path) => {
      const [structure] = readCif(readFileSync(path, "utf8"), path);
      return structure!;
    });
    expect(read.map(([, number]) => number)).toEqual([167, 166, 227, 136]);
    // corundum 12 Al + 18 O; layered oxide 3 each of Ni, Mn, Co, Li and 6 O; silicon 8; rutile 2 Ti + 4 O
    expect(read.map(([, , atoms]) => atoms)).toEqual([30, 18, 8, 6]);
    expected.forEach((structure, i) => {
      expect(reflections(structure, 1.5).length).toBeGreaterThan(0);
      expect(read[i]![0]).toBeGreaterThan(0);
    });
  });
});

describe("other kinds of models", () => {
  const backOf = (model: ModelConfigInput, map: Structures = new Map()) => {
    const { files, notes } = handOverFiles({
      pattern,
      config: ModelConfig.parse(model),
      values: new Map(),
      structures: map,
    });
    const input = parseTopasInp(files.get("model.inp")!, "model.inp");
    const imported = importTopas(input);
    const [before, after] = [
      calculatorOf(model, map, twoTheta),
      calculatorOf(imported.config, imported.structures, twoTheta),
    ];
    const n = twoTheta.length;
    return {
      files,
      notes,
      config: imported.config,
      difference: largestDifference(before.calculated.slice(0, n), after.calculated.subarray(0, n)),
    };
  };

  it("a pseudo-Voigt with a width for each phase, ring sums, a sample moved along the beam", () => {
    const { difference, config } = backOf({
      wavelength: 0.2,
      lorentz: "ring-sum",
      displacement: { geometry: "detector", lengthMm: 850, value: 0.7 },
      profile: { shape: "pseudo-voigt", U: 0.001, V: -0.0004, W: 0.0012, eta0: 0.3, eta1: 0.01 },
      background: 0,
      phases: [
        { structure: "Ni", scale: 1, width: 1.3 },
        { structure: "Cu", scale: 2, width: { value: 0.8, refine: true } },
      ],
    });
    expect(difference).toBeLessThan(1e-8);
    expect(config.displacement).toMatchObject({
      geometry: "detector",
      value: { value: expect.closeTo((1000 * 0.7) / 850, 8) },
    });
  });

  it("a tube with its doublet, monochromator and axial divergence", () => {
    const { difference, files } = backOf({
      radiation: "MoKa",
      monochromatorDeg: 26.4,
      zero: -0.02,
      profile: { W: 0.01, Y: 0.05, SL: { value: 0.02, refine: true } },
      background: 2,
      phases: [{ structure: "LaB6", scale: 1, strain: 0.001 }],
    });
    expect(difference).toBeLessThan(1e-8);
    expect(files.get("gsas2/instrument.instprm")).toContain("SH/L:0.04\n");
    expect(parseYaml(files.get("model.yaml")!, "m", ModelConfig).profile.HL).toBeUndefined();
  });

  it("Howard's asymmetry: kept here, named where it is left out", () => {
    const profile = { W: 0.01, Y: 0.05, asym: { value: -0.013, refine: true } };
    const config = ModelConfig.parse({ wavelength: 0.2, profile, phases: [{ structure: "LaB6", scale: 1 }] });
    const { files, notes } = handOverFiles({ pattern, config, values: new Map(), structures: new Map() });
    expect(notes.topas.join()).toMatch(/Howard's asymmetry, -0.013 degrees, is left out/);
    expect(notes.gsas2.join()).toMatch(/Howard's asymmetry, -0.013 degrees, is not in GSAS-II/);
    expect(files.get("gsas2/instrument.instprm")).toContain("SH/L:0\n");
    const kept = parseYaml(files.get("model.yaml")!, "m", ModelConfig).profile;
    expect(kept).toMatchObject({ asym: { value: -0.013, refine: true } });
    expect(kept.SL).toBeUndefined();
  });

  it("Pawley and Le Bail phases keep their cell, group and kind", () => {
    const { config } = backOf({
      wavelength: 0.2,
      profile: { W: 0.001 },
      background: 1,
      phases: [
        { structure: "Si", kind: "pawley" },
        { structure: "graphite", kind: "le-bail" },
      ],
    });
    expect(config.phases).toMatchObject([
      { name: "Si", kind: "pawley", cell: { a: { refine: true } } },
      { name: "graphite", kind: "le-bail", cell: { a: { refine: true }, c: { refine: true } } },
    ]);
  });

  it("widths of a pseudo-Voigt as those of a Voigt for GSAS-II, within 2 % over the range", () => {
    const { files } = backOf({
      wavelength: 0.2,
      profile: { shape: "pseudo-voigt", U: 0.001, V: -0.0002, W: 0.0012, eta0: 0.4 },
      background: 0,
      phases: [{ structure: "Ni", scale: 1 }],
    });
    const [{ U, V, W, X, Y, Z }] = parseInstprm(files.get("gsas2/instrument.instprm")!, "x") as [
      ReturnType<typeof parseInstprm>[number],
    ];
    for (const angle of [3, 8, 15, 19]) {
      const t = Math.tan((angle * Math.PI) / 360);
      const gauss2 = (U * t + V) * t + W;
      const lorentz = X / Math.cos((angle * Math.PI) / 360) + Y * t + Z;
      const shape = emptyLineShape();
      thompsonCoxHastings(gauss2, lorentz, shape);
      expect(shape.fwhm / Math.sqrt((0.001 * t - 0.0002) * t + 0.0012)).toBeCloseTo(1, 2);
      expect(shape.eta).toBeCloseTo(0.4, 2);
    }
  });
});

describe("settings that other programs do not have", () => {
  const shiftedOperations = (structure: Structure): Structure => ({
    ...structure,
    // origin at 1/8 along x: no table has it
    operations: ["x,y,z", "-x+1/4,-y,-z"],
    sites: [{ ...structure.sites[0]!, x: 0.31, y: 0.2, z: 0.1 }],
  });

  it("go as P 1 with every atom, and give the same pattern", () => {
    const odd = shiftedOperations({ ...builtInStructure("Cu"), name: "odd" });
    const map: Structures = new Map([["odd.cif", [odd]]]);
    const model: ModelConfigInput = {
      wavelength: 0.2,
      profile: { W: 0.001 },
      background: 0,
      phases: [{ cif: "odd.cif", scale: 1, cell: false }],
    };
    const { files, notes } = handOverFiles({
      pattern,
      config: ModelConfig.parse(model),
      values: new Map(),
      structures: map,
    });
    expect(notes.topas.join()).toMatch(/P 1/);
    expect(notes.gsas2.join()).toMatch(/P 1/);
    const { config, structures: read } = importTopas(parseTopasInp(files.get("model.inp")!, "model.inp"));
    const [before, after] = [calculatorOf(model, map, twoTheta), calculatorOf(config, read, twoTheta)];
    const n = twoTheta.length;
    // lines that are absent by symmetry are there with nothing in them, and the weakest are cut off
    expect(largestDifference(before.calculated.slice(0, n), after.calculated.subarray(0, n))).toBeLessThan(1e-6);
  });

  it("and a background of points as Chebyshev terms, with how far they are from it", () => {
    const model: ModelConfigInput = {
      wavelength: 0.2,
      profile: { W: 0.001 },
      background: {
        points: [
          [2, 100],
          [11, 60],
          [20, 80],
        ],
      },
      phases: [{ structure: "Cu", scale: 1 }],
    };
    const { files, notes } = handOverFiles({
      pattern,
      config: ModelConfig.parse(model),
      values: new Map(),
      structures: new Map(),
    });
    const error = Number(/at most ([\d.]+) from it/.exec(notes.topas.join())![1]);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(2);
    expect(files.get("model.yaml")).toMatch(/points/);
  });
});

describe("imports", () => {
  it("take an instrument as a model that refines nothing of it", () => {
    const text = handOverFiles(source).files.get("gsas2/instrument.instprm")!;
    const { config } = importInstrument(parseInstprm(text, "x.instprm")[0]!);
    const parsed = ModelConfig.parse({ ...config, phases: ["Si"] });
    const { settings, wavelengthA } = resolveModel(parsed, { structures: new Map() });
    expect(wavelengthA).toBe(0.2);
    expect(settings.get("W")).toMatchObject({ value: expect.closeTo(0.0008, 11), refine: false });
    expect(settings.get("wavelength")).toMatchObject({ refine: false });
  });

  it("write a folder that reads again", () => {
    const folder = tempFolder();
    const imported = importTopas(parseTopasInp(handOverFiles(source).files.get("model.inp")!, "model.inp"));
    const [yaml, ...cifs] = writeImportedModel(imported, "some/model.inp", folder);
    const config = parseYaml(readFileSync(yaml!, "utf8"), yaml!, ModelConfig);
    const read = new Map(
      cifs.map((path) => [path.slice(folder.length + 1), readCif(readFileSync(path, "utf8"), path)]),
    );
    expect(() => resolveModel(config, { structures: read })).not.toThrow();
  });
});

describe.skipIf(!hasShared)("models of other programs at their own values (needs ../shared)", () => {
  /** Rwp and the factor on the scale, background and scale fitted again or not. */
  function agreement(calculator: PatternCalculator, y: Float64Array, weight: Float64Array, refined: string[]) {
    const indices = refined.map((name) => calculator.indexOf(name));
    calculator.prepare(indices);
    calculator.evaluate(true);
    const n = y.length;
    const rows = Array.from(y, (_, i) => indices.map((__, j) => calculator.columns[j * calculator.stride + i]!));
    const rest = y.map((observed, i) => observed - calculator.calculated[i]!);
    const steps = linearFit(rows, rest, weight)!.values;
    let [sum, all] = [0, 0];
    for (let i = 0; i < n; i++) {
      const left = rest[i]! - rows[i]!.reduce((total, x, j) => total + x * steps[j]!, 0);
      sum += weight[i]! * left * left;
      all += weight[i]! * y[i]! ** 2;
    }
    const scale = indices.findIndex((_, j) => refined[j]!.endsWith("/scale"));
    return { rwp: Math.sqrt(sum / all), scaleFactor: 1 + steps[scale]! / calculator.values[indices[scale]!]! };
  }

  it("TOPAS's FeSb: its Rwp of 4.095 % within 0.1, its scale within 0.5 %, with nothing refined but the scale", () => {
    const {
      config,
      structures: read,
      notes,
    } = importTopas(readTopasInp(shared("data/powder/guillemot_topas/FeSb_19RBM.out")));
    expect(notes.join()).toMatch(/Simple_Axial_Model of 10 mm/);
    const measured = parsePattern(
      readFileSync(shared("data/powder/guillemot_topas/FeSb_19RBM.xy"), "utf8"),
      "FeSb.xy",
      { axis: "two-theta" },
    );
    const from = measured.axis.values.findIndex((x) => x >= 29);
    const x = measured.axis.values.slice(from);
    const y = Float64Array.from(measured.intensity.slice(from));
    const calculator = calculatorOf(config, read, x);
    const { rwp, scaleFactor } = agreement(
      calculator,
      y,
      y.map((counts) => 1 / Math.max(1, counts)),
      ["FeSb/scale"],
    );
    expect(rwp).toBeLessThan(0.042);
    expect(Math.abs(scaleFactor - 1)).toBeLessThan(0.005);
  });

  it("LaB6 at 74.5 keV: the scales that TOPAS and GSAS-II refined, within 0.2 % and 1 %", () => {
    const folder = "data/powder/powderline_lab6_28ID1_0.1665A";
    const { config, structures: read } = importTopas(readTopasInp(shared(`${folder}/example_LaB6.inp`)));
    const measured = parsePattern(readFileSync(shared(`${folder}/example_LaB6.xye`), "utf8"), "LaB6.xye");
    // from 2 degrees on: the hump of the beam stop is below
    const from = measured.axis.values.findIndex((x) => x >= 2);
    const to = measured.axis.values.findIndex((x) => x > 15);
    const x = measured.axis.values.slice(from, to);
    const y = Float64Array.from(measured.intensity.slice(from, to));
    const weight = Float64Array.from(measured.sigma!.slice(from, to), (sigma) => 1 / sigma ** 2);
    const table = (file: string): Map<string, number> =>
      new Map(
        readFileSync(shared(`${folder}/${file}`), "utf8")
          .split("\n")
          .map((line) => line.split(","))
          .map((fields) => [fields[0]!, Number(fields.length > 5 ? fields[6] : fields[1])]),
      );
    const [topas, gsas] = [table("topas_example_LaB6_results.csv"), table("gsas2_refined_parameters.csv")];
    const k = (8 * Math.LN2) / 1e4;
    const scaleOf = (values: (key: string) => number, others: Record<string, number>): number => {
      const { peaks: _, ...model } = config;
      const calculator = calculatorOf({ ...model, background: 10, cutoff: 0 }, read, x);
      const set = (name: string, value: number): void => {
        calculator.values[calculator.indexOf(name)] = value;
      };
      for (const key of ["U", "V", "W"]) set(key, values(key) * k);
      for (const key of ["X", "Y", "Z"]) set(key, values(key) / 100);
      for (const [name, value] of Object.entries(others)) set(name, value);
      const terms = Array.from({ length: 10 }, (__, i) => `background/${i}`);
      const { scaleFactor } = agreement(calculator, y, weight, ["LaB6/scale", ...terms]);
      return scaleFactor * calculator.values[calculator.indexOf("LaB6/scale")]!;
    };
    const ofTopas = scaleOf((key) => topas.get(`inst_${key}`)!, {});
    expect(Math.abs(ofTopas / topas.get("LaB6_scale")! - 1)).toBeLessThan(0.002);
    // what GSAS-II has where nothing is said: 1 um and mustrain 1000; s f = 200 S V
    const ofGsas = scaleOf((key) => gsas.get(`:0:${key}`)!, { "LaB6/size": 900, "LaB6/strain": 1000 / 4e6 });
    expect(Math.abs((200 * ofGsas * 4.15682 ** 3) / gsas.get("0:0:Scale")! - 1)).toBeLessThan(0.01);
  });

  it("GSAS's fluorapatite gives a model", () => {
    const { config, structures: read } = importGsasExp(readGsasExp(shared("data/powder/gsas_lab_refined/FAP.EXP")));
    const { model } = resolveModel(ModelConfig.parse(config), { structures: read });
    expect(config.range).toEqual([15, 129.98]);
    expect(model.phases.map(({ name }) => name)).toEqual(["fap"]);
    expect(model.radiation[1]!.ratio).toBeCloseTo(1.5443 / 1.5405, 12);
  });

  it("GSAS's asymmetry and sample shift come along: alpha-Si3N4", () => {
    const { config, notes } = importGsasExp(readGsasExp(shared("data/powder/gsas_lab_refined/A_SI3N4X.EXP")));
    expect(config.profile!.asym).toEqual({ value: -0.0130255, refine: false });
    const { lengthMm, value } = ModelConfig.parse(config).displacement!;
    // shft = 1.51 centidegrees of cos theta is 2 s / R in radians
    expect((2 * value.value!) / lengthMm).toBeCloseTo((0.0151 * Math.PI) / 180, 12);
    expect(notes.join()).toMatch(/radius is not given; 200 mm is taken/);
  });

  it("11-BM's old .prm gives a model", () => {
    const { config, notes } = importInstrument(
      readInstrument(shared("data/powder/aps11bm_si640d_al2o3_676a/11bmb_8341.prm"))[0]!,
    );
    expect(notes).toEqual([]);
    expect(ModelConfig.safeParse({ ...config, phases: ["Si", "Al2O3"] }).success).toBe(true);
  });
});
