/** Models and patterns that nobody would write: each ends in an InputError or in a result of numbers. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { InputError, type Pattern } from "../src/data/index.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { type LoadedModel, parseModel } from "../src/pipeline/refine/load-model.ts";
import { type RefinementResult, refinementReport, refinePattern } from "../src/stages/refine/index.ts";
import { simulatePattern, WAVELENGTH_A } from "./simulated-pattern.ts";

const SEED = Number(process.env["FUZZ_SEED"] ?? 3);
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 40);
const kernels = loadKernels();
const whole = simulatePattern([{ name: "Ni", scale: 2e-4 }], { seed: 2 });
/** 5 to 9 degrees: three lines of nickel. */
const part: Pattern = {
  axis: { unit: "two-theta", values: whole.axis.values.slice(200, 600) },
  intensity: whole.intensity.slice(200, 600),
  sigma: whole.sigma!.slice(200, 600),
};

const MODEL = {
  wavelength: WAVELENGTH_A,
  background: 3,
  range: [5, 9],
  zero: { value: 0, refine: true, min: -0.1, max: 0.1 },
  profile: { W: { value: 6e-4, refine: true }, X: 0.008 },
  peaks: [{ name: "halo", position: { value: 7, refine: true }, fwhm: 0.5, area: 10 }],
  stages: [["background/*", "*/scale"], ["*"]],
  constraints: ["Cu/size = 2 * Ni/size"],
  weights: "auto",
  esd: "plain",
  phases: [
    {
      structure: "Ni",
      cell: { a: { value: 3.523, min: 3.4, max: 3.6, refine: true } },
      size: { value: 80, refine: true },
      texture: [{ hkl: [0, 0, 1] }],
      overallB: 0.3,
    },
    { structure: "Cu", kind: "rietveld", size: { value: 160, refine: true } },
  ],
};

/** What has nothing to be divided by: no intensity above the background, no residuals. */
const MAY_BE_NAN = new Set(["rwpNoBackground", "durbinWatson"]);

/** A result holds numbers; what cannot be calculated is null in JSON, and only where the type says so. */
function expectNumbers(result: RefinementResult): void {
  for (const { name, value } of result.parameters) expect(Number.isFinite(value), name).toBe(true);
  for (const values of [result.pattern.calculated, result.pattern.background, result.pattern.observed])
    expect(values.every(Number.isFinite)).toBe(true);
  for (const [name, value] of Object.entries(result.statistics)) {
    if (typeof value === "number" && !MAY_BE_NAN.has(name))
      expect([name, Number.isFinite(value)]).toEqual([name, true]);
  }
  expect(refinementReport(result).join("\n")).not.toMatch(/NaN|Infinity|undefined/);
}

function attempt(model: () => LoadedModel, pattern: Pattern): "refused" | RefinementResult {
  try {
    const { config, files } = model();
    const result = refinePattern(kernels, config, files, pattern, "fuzz.xye");
    expectNumbers(result);
    // each stage may take so many steps, twice; a search that does not end would never come here
    expect(result.stages.length).toBeLessThan(20);
    for (const { iterations } of result.stages) expect(iterations).toBeLessThan(500);
    return result;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message.length).toBeGreaterThan(20);
    return "refused";
  }
}

type Path = readonly (string | number)[];
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...path, key]))];
}
function changed(model: object, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy = (Array.isArray(model) ? [...model] : { ...model }) as Record<string | number, unknown>;
  copy[key] = changed((copy[key] ?? {}) as object, rest, value);
  return copy;
}

const at = (path: Path): unknown =>
  path.reduce((one, key) => (one as Record<string | number, unknown>)[key], MODEL as unknown);
const paths = pathsOf(MODEL).filter((path) => path.length > 0);
const numbers = paths.filter((path) => typeof at(path) === "number");
const factor = fc.constantFrom(0.5, 0.999, 1.001, 2, -1, 0, 1e3, 1e-6);
const odd = fc.oneof(
  fc.constantFrom<unknown>(0, -1, 1e-300, 1e300, -1e300, 1e9, 0.5, 7, "", "Ni", "*", null, true, false, [], {}, [[]]),
  fc.constantFrom<unknown>({ refine: true }, { value: 1e12, refine: true }, { value: -5, refine: true, min: -10 }),
  fc.constantFrom<unknown>(
    "pawley",
    "le-bail",
    "counts",
    "uniform",
    "model",
    "berar-lelann",
    "gof",
    [[0, 0, 0]],
    [9, 5],
  ),
  fc.constantFrom<unknown>(["weight(Ni) = 2"], ["Ni/a = Cu/a"], ["Ni/scale = -1 * Cu/scale"], ["Ni/size = 0"]),
  fc.double({ noNaN: true }),
  fc.jsonValue({ maxDepth: 1 }),
);

describe("models", () => {
  it("with numbers that are a little or far off", () => {
    let refined = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...numbers), factor), { minLength: 1, maxLength: 2 }),
        (changes) => {
          const model = changes.reduce<object>(
            (one, [path, by]) => changed(one, path, (at(path) as number) * by) as object,
            MODEL,
          );
          if (attempt(() => parseModel(stringify(model), "model.yaml", "."), part) !== "refused") refined++;
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
    expect(refined).toBeGreaterThan(RUNS / 4);
  });

  it("with one to three settings replaced by something else", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...paths), odd), { minLength: 1, maxLength: 3 }), (changes) => {
        const model = changes.reduce<object>((one, [path, value]) => {
          try {
            return changed(one, path, value) as object;
          } catch {
            return one; // a path into what an earlier change took away
          }
        }, MODEL);
        attempt(() => parseModel(stringify(model), "model.yaml", "."), part);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it("with characters of their text lost, doubled or replaced", () => {
    const text = stringify(MODEL);
    const place = fc.nat({ max: text.length - 1 });
    const edit = fc.tuple(place, fc.nat({ max: 3 }), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const bad = edits.reduce((one, [at, lost, put]) => one.slice(0, at) + put + one.slice(at + lost), text);
        attempt(() => parseModel(bad, "model.yaml", "."), part);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

describe("patterns", () => {
  const good = parseModel(stringify({ ...MODEL, constraints: [], stages: undefined }), "model.yaml", ".");
  const open = parseModel(stringify({ wavelength: WAVELENGTH_A, phases: ["Ni", "Cu"] }), "model.yaml", ".");
  const number = fc.oneof(
    fc.double({ noNaN: true, min: 0, max: 1e4 }),
    fc.constantFrom(0, -1, 1, 1e30, 1e-30, Number.NaN, 1e6),
  );
  const shape = fc.record({
    points: fc.integer({ min: 0, max: 120 }),
    from: fc.double({ noNaN: true, min: 0.1, max: 12 }),
    step: fc.constantFrom(1e-9, 0.001, 0.02, 0.1, 1),
    level: fc.constantFrom(0, 1, 1e-20, 1e4, 1e20),
    own: fc.array(fc.tuple(fc.nat({ max: 119 }), number), { maxLength: 40 }),
    sigma: fc.constantFrom("none", "root", "zero", "tiny", "odd"),
  });
  it.each([
    ["a model with starts", good],
    ["a model without", open],
  ])("of any shape, with %s", (_, model) => {
    fc.assert(
      fc.property(shape, ({ points, from, step, level, own, sigma }) => {
        const values = Float64Array.from({ length: points }, (_, i) => from + i * step);
        const intensity = new Float64Array(points).fill(level);
        for (const [i, value] of own) if (i < points) intensity[i] = value;
        const sigmas = intensity.map((y, i) =>
          sigma === "root"
            ? Math.sqrt(Math.abs(y) + 1)
            : sigma === "tiny"
              ? 1e-200
              : sigma === "odd"
                ? (own[i % 7]?.[1] ?? -1)
                : 0,
        );
        const pattern: Pattern = {
          axis: { unit: "two-theta", values },
          intensity,
          ...(sigma !== "none" && { sigma: sigmas }),
        };
        attempt(() => model, pattern);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
