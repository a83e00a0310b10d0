/** Wrong models, structures and patterns: one message that says what to do, or a result that names the fault. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { refineCommand } from "../src/cli/refine.ts";
import { createPatternCalculator } from "../src/pattern/calculator.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { applySettings, ModelConfig, resolveModel } from "../src/refinement/index.ts";
import { poisson, seededRandom } from "./seeded-random.ts";
import { tempFolder } from "./temp-folder.ts";

const folder = tempFolder();
const at = (name: string): string => join(folder, name);
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(at(name), content);
  return at(name);
};

/** Copper, and copper with as much nickel of nearly its cell, as counts of 600 points, 5 to 11 degrees at 0.2 angstrom. */
const points: [number, number][] = [];
const both: [number, number][] = [];
beforeAll(() => {
  points.push(...simulate("Cu"));
  const nickel = simulate("Ni", { a: { value: 3.6175, max: 3.7 } });
  both.push(...points.map(([x, y], i): [number, number] => [x, y + nickel[i]![1]]));
});

function simulate(structure: string, cell: object = {}): [number, number][] {
  const twoTheta = Float64Array.from({ length: 600 }, (_, i) => 5 + i / 100);
  const config = ModelConfig.parse({
    wavelength: 0.2,
    profile: { W: 9e-4, X: 0.01 },
    background: { chebyshev: [300] },
    phases: [{ structure, scale: 1e-4, cell }],
  });
  const resolved = resolveModel(config, { structures: new Map() });
  const calculator = createPatternCalculator(loadKernels(), resolved.model, resolved.wavelengthA, twoTheta);
  applySettings(calculator, resolved);
  calculator.evaluate(false);
  const random = seededRandom(4);
  return [...twoTheta].map((x, i) => [x, poisson(calculator.calculated[i]!, random)]);
}

const xy = (rows: readonly (readonly (number | string)[])[]): string =>
  `# two_theta_deg intensity\n${rows.map((row) => row.join(" ")).join("\n")}\n`;

/** The model of the pattern; the lines of a case come after it or stand in for it. */
const GOOD = `
wavelength: 0.2
background: 2
profile: {W: {value: 9.0e-4, refine: true}, X: 0.01}
phases: [{structure: Cu}]
`;

interface Ran {
  readonly code: number;
  readonly message: string;
  // biome-ignore lint/suspicious/noExplicitAny: the JSON that the command prints
  readonly json: any;
  readonly left: readonly string[];
}

afterEach(() => {
  vi.restoreAllMocks();
});

/** The command as main.ts runs it, in this process: exit code, message, JSON, files left. */
async function run(model: string, pattern?: string): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => out.push(String(text)) > 0);
  vi.spyOn(process.stderr, "write").mockImplementation((text) => err.push(String(text)) > 0);
  const before = process.exitCode;
  process.exitCode = undefined;
  mkdirSync(at("out"), { recursive: true });
  const outputs = ["-o", at("out/r.json"), "--figure", at("out/r.svg"), "--json"];
  const args = [pattern ?? write("good.xy", xy(points)), "--model", write("model.yaml", model), ...outputs];
  await refineCommand().exitOverride().parseAsync(args, { from: "user" });
  const code = Number(process.exitCode ?? 0);
  process.exitCode = before;
  vi.restoreAllMocks();
  const left = readdirSync(at("out"));
  rmSync(at("out"), { recursive: true });
  const json = JSON.parse(out.join(""));
  if (process.env["SHOW"])
    console.log(code, err.join("") || [json.status, json.reason, ...json.warnings, ...json.notes]);
  return { code, message: json.error?.message ?? "", json, left };
}

const CU = (more = ""): string => `data_copper
_cell_length_a 3.615
_cell_length_b 3.615
_cell_length_c 3.615
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_space_group_name_H-M_alt 'F m -3 m'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
Cu1 Cu 0 0 0
${more}`;
const withCif = (text: string): string => {
  write("phase.cif", text);
  return GOOD.replace("{structure: Cu}", "{cif: phase.cif}");
};
const withPhase = (phase: string): string => GOOD.replace("{structure: Cu}", phase);

it("the model and pattern that the cases spoil are fine", async () => {
  const { code, json } = await run(GOOD);
  expect(code).toBe(0);
  expect(json.status).toBe("converged");
  expect(json.warnings).toEqual([]);
  expect(json.statistics.gof).toBeLessThan(1.1);
});

/** What is refused: a name, the code, the model, words that the message must have. */
const REFUSED: readonly (readonly [string, string, () => string, readonly string[]])[] = [
  ["two atoms on one place", "cif-overlapping", () => withCif(CU("Zn1 Zn 0 0 0")), ["phase.cif", "Cu1, Zn1"]],
  ["a CIF without a cell", "cif-", () => withCif(CU().replace(/^_cell.*\n/gm, "")), ["phase.cif", "_cell_length_a"]],
  [
    "a group that is not known",
    "unknown-space-group",
    () => withCif(CU().replace("F m -3 m", "F q -3 z")),
    ["phase.cif", "F q -3 z"],
  ],
  ["a CIF that is not there", "", () => withPhase("{cif: nowhere.cif}"), ["nowhere.cif"]],
  ["a CIF without atoms", "cif-", () => withCif(CU().split("loop_")[0]!), ["phase.cif"]],
  ["a misspelt key", "", () => `${GOOD}bakground: 3\n`, ["bakground", "model.yaml"]],
  ["a misspelt phase in the program", "", () => withPhase("{structure: Cuu}"), ["Cuu"]],
  ["a misspelt parameter in a constraint", "", () => `${GOOD}constraints: ["Cu/aa = 3.6"]\n`, ["Cu/aa"]],
  ["a constraint that is no equation", "", () => `${GOOD}constraints: ["Cu/a 3.6"]\n`, ["Cu/a 3.6"]],
  ["a tie between what is not there", "", () => `${GOOD}constraints: ["Ni/a = Co/a"]\n`, ["Ni/a"]],
  [
    "a site that is not there",
    "model-parameter",
    () => withPhase("{structure: Cu, sites: {Zn9: {b: true}}}"),
    ["Zn9", "Cu has the sites"],
  ],
  ["a stage that names nothing", "model-stages", () => `${GOOD}stages: [["Cu/scale"], ["Ni/*"]]\n`, ["Ni/*", "Cu/a"]],
  ["no wavelength", "model-wavelength", () => GOOD.replace("wavelength: 0.2", ""), ["wavelength", "0.11979"]],
  ["two wavelengths", "model-wavelength", () => `${GOOD}energyKeV: 60\n`, ["more than once"]],
  ["a range outside of the pattern", "pattern-points", () => `${GOOD}range: [20, 30]\n`, ["20", "30", "5", "10.99"]],
  ["a range the wrong way round", "", () => `${GOOD}range: [10, 6]\n`, ["range", "lower one first"]],
  [
    "an excluded range the wrong way round",
    "config-invalid",
    () => `${GOOD}exclude: [[7, 6]]\n`,
    ["exclude", "lower one first"],
  ],
  ["all excluded", "pattern-points", () => `${GOOD}exclude: [[0, 90]]\n`, ["exclude"]],
  ["one name twice", "model-phase", () => withPhase("{structure: Cu}, {structure: Cu}"), ["Cu", "name:"]],
  ["a phase without a structure", "model-phase", () => withPhase("{name: X}"), ["cif", "structure", "X"]],
  ["bounds crossed", "", () => withPhase("{structure: Cu, cell: {a: {min: 3.7, max: 3.5}}}"), ["Cu/a", "3.7", "3.5"]],
  [
    "a start outside of its bounds",
    "model-bounds",
    () => withPhase("{structure: Cu, cell: {a: {value: 3.6, min: 3.7}}}"),
    ["Cu/a", "3.6,", "3.7"],
  ],
  ["a Gaussian width below 0", "", () => GOOD.replace("{value: 9.0e-4, refine: true}", "-9.0e-4"), ["W", "above 0"]],
  [
    "more parameters than points",
    "model-parameters",
    () => `${GOOD}range: [5, 5.1]\nbackground: 12\n`.replace("background: 2\n", ""),
    ["11", "parameters"],
  ],
  ["no phase, no peak, no background", "", () => "wavelength: 0.2\nbackground: 0\n", ["phases"]],
  ["a phase without a line in the range", "", () => `${GOOD}range: [5, 5.4]\n`, ["Cu", "range"]],
  ["the same structure twice", "", () => withPhase("{structure: Cu, name: A}, {structure: Cu, name: B}"), ["A", "B"]],
  ["a free peak outside of the pattern", "", () => `${GOOD}peaks: [{name: halo, position: 40}]\n`, ["halo"]],
  ["a negative number of background terms", "", () => GOOD.replace("background: 2", "background: -2"), ["background"]],
  ["a text for a number", "", () => GOOD.replace("wavelength: 0.2", "wavelength: short"), ["wavelength"]],
  ["an empty model", "model-", () => "", ["phases"]],
  ["a model that is no YAML", "", () => "wavelength: [0.2\nphases: }", ["model.yaml"]],
];

describe("models that are refused", () => {
  it.each(REFUSED)("%s", async (_, code, model, words) => {
    const ran = await run(model());
    expect(ran.code).toBe(2);
    expect(ran.json.error.code).toMatch(new RegExp(`^${code}`));
    for (const word of words) expect(ran.message).toContain(word);
    expect(ran.left).toEqual([]);
  });
});

describe("structures that are taken with a word", () => {
  it("two phases whose lines coincide: a correlation by name", async () => {
    write("nickel.cif", CU().replaceAll("3.615", "3.6175").replace("Cu1 Cu", "Ni1 Ni"));
    const { json } = await run(
      withPhase("{structure: Cu, scale: 1.0e-4}, {name: Ni, cif: nickel.cif, scale: 1.0e-4}"),
      write("both.xy", xy(both)),
    );
    expect(json.warnings.join()).toMatch(/Cu\/(scale|a) and Ni\/(scale|a) are correlated -?0\.9/);
  });

  it("a phase that is not there is named, and its cell is that of its structure", async () => {
    const { code, json } = await run(withPhase("{structure: Cu}, {structure: Si}"));
    expect(code).toBe(0);
    expect([...json.notes, ...json.warnings].join()).toContain("Si");
    const silicon = json.phases[1];
    expect(silicon.weightFraction).toBeLessThan(5 * silicon.weightFractionEsd + 0.01);
    expect(Math.abs(silicon.cell.a - 5.4311)).toBeLessThan(0.02);
  });
});

const noise = (): [number, number][] => {
  const random = seededRandom(9);
  return points.map(([x]) => [x, poisson(300, random)]);
};

const emptyFolder = (): string => {
  mkdirSync(at("empty"));
  return at("empty");
};

describe("patterns that are refused", () => {
  const cases: readonly (readonly [string, string, () => string, readonly string[]])[] = [
    ["one that is not there", "", () => at("nowhere.xy"), ["nowhere.xy", "no such file"]],
    ["a folder without patterns", "series-empty", emptyFolder, ["empty"]],
    ["an empty file", "pattern-", () => write("void.xy", ""), ["void.xy", "found nothing"]],
    [
      "bytes",
      "pattern-",
      () =>
        write(
          "bytes.xy",
          Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256),
        ),
      ["bytes.xy", "no text"],
    ],
    [
      "an axis that is not said",
      "pattern-axis",
      () => write("bare.xy", xy(points).replace(/^#.*\n/, "")),
      ["bare.xy", "--axis"],
    ],
    ["one point", "pattern-points", () => write("one.xy", xy(points.slice(0, 1))), ["one.xy", "1 usable"]],
    [
      "one angle twice",
      "pattern-not-ascending",
      () => write("twice.xy", xy([...points.slice(0, 50), ...points.slice(49)])),
      ["twice.xy", "5.49"],
    ],
    [
      "words among the numbers",
      "pattern-not-numbers",
      () => write("words.xy", xy(points.map(([x, y], i) => [x, i % 5 ? y : "high"]))),
      ["words.xy", "high"],
    ],
    [
      "negative values without sigma",
      "pattern-negative",
      () => write("negative.xy", xy(points.map(([x, y]) => [x, y - 310]))),
      ["negative", "weights: model"],
    ],
    [
      "nothing but zeros",
      "pattern-empty",
      () => write("zero.xy", xy(points.map(([x]) => [x, 0]))),
      ["zero.xy", "nothing to fit"],
    ],
    ["infinite counts", "pattern-", () => write("infinite.xy", xy(points.map(([x]) => [x, "1e400"]))), ["infinite.xy"]],
  ];
  it.each(cases)("%s", async (_, code, file, words) => {
    const ran = await run(GOOD, file());
    expect(ran.code).toBe(2);
    expect(ran.json.error.code).toMatch(new RegExp(`^${code}`));
    for (const word of words) expect(ran.message).toContain(word);
    expect(ran.left).toEqual([]);
  });
});

describe("patterns that are taken", () => {
  const a = (json: { phases: { cell: { a: number } }[] }): number => json.phases[0]!.cell.a;
  const asGood = async (file: string, model = GOOD) => {
    const { code, json } = await run(model, file);
    expect(code).toBe(0);
    expect(json.status).toBe("converged");
    expect(Math.abs(a(json) - a((await run(GOOD)).json))).toBeLessThan(2e-4);
    return json;
  };

  it("descending, with decimal commas, with semicolons", async () => {
    await asGood(write("down.xy", xy([...points].reverse())));
    const comma = (value: number): string => String(value).replace(".", ",");
    await asGood(write("comma.xy", xy(points.map((row) => row.map(comma)))));
    await asGood(
      write("semicolon.csv", `2theta;intensity\n${points.map((row) => row.map(comma).join(";")).join("\n")}\n`),
    );
  });

  it("negative values, where the weights are not their own", async () => {
    await asGood(write("below.xye", xy(points.map(([x, y]) => [x, y - 290, Math.sqrt(y)]))));
  });

  it("a column of zeros for sigma: weights from counts, and it says so", async () => {
    expect((await asGood(write("sigma.xye", xy(points.map(([x, y]) => [x, y, 0]))))).weights).toBe("counts");
  });

  it("points that are no number, and points without sigma: left out and counted", async () => {
    const rows = points.map(([x, y], i) => [x, y, i >= 300 && i < 310 ? 0 : Math.sqrt(y)]);
    const json = await asGood(write("gaps.xye", xy(rows)));
    expect(json.notes.join()).toContain("10 points without a standard uncertainty");
    const nan = points.map(([x, y], i) => [x, i === 7 ? "nan" : y]);
    await asGood(write("nan.xy", xy(nan)));
  });

  it.each([
    ["a constant", () => points.map(([x]): [number, number] => [x, 300])],
    ["noise alone", noise],
  ])("%s: the phase is not there, and its cell does not run away", async (_, rows) => {
    const { code, json } = await run(GOOD, write("none.xy", xy(rows())));
    expect(code).toBe(0);
    expect([...json.warnings, ...json.notes].join()).toContain("Cu");
    expect(Math.abs(json.phases[0].cell.a - 3.615)).toBeLessThan(0.02);
  });
});
