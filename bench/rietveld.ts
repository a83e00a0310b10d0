/**
 * Refining one pattern after another: 256 seeded patterns of 1500 points, four phases (CeO2, NMC532, graphite, Cu), 16
 * refined parameters (scales, cells, six Chebyshev terms), starts 0.1 % off (../shared/bench/gen_rietveld.py).
 *
 * Timed per pattern, from counts in memory to values with esds, one thread, CPU time, least and median of the repeats:
 *   fit       createPatternFit from cells 0.1 % off, scales and background from the truth's mean
 *   map, ...  createVoxelRefiner as the map runs it, weights from sigma or from the model, from the sum or a neighbour
 * With each the errors of the cells over the patterns, their pulls, and the limit: the Cramer-Rao bound at the truth.
 * Then what the model itself adds, from the generator's patterns without noise, and the same from eight draws of them.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import type { Structure } from "../src/crystal/index.ts";
import { readCif } from "../src/files/cif.ts";
import { createPatternCalculator } from "../src/pattern/calculator.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { createPatternFit, ModelConfig, resolveModel } from "../src/refinement/index.ts";
import {
  createRietveldPlan,
  createVoxelRefiner,
  type RietveldBlockResult,
  RietveldMapConfig,
} from "../src/stages/map/index.ts";
import { shared } from "../tests/shared.ts";
import { benchData, median, readF32, report, time } from "./common.ts";

const GENERATOR = "gen_rietveld.py";
const POINTS = 1500;
const PHASES = ["CeO2", "NMC532", "graphite", "Cu"] as const;
type PhaseName = (typeof PHASES)[number];
/** rms over the patterns that GSAS-II reaches, its asymmetry clamp taken out (ppm), and what it takes a pattern */
const GSAS_PPM: Record<string, number> = {
  "CeO2/a": 36,
  "NMC532/a": 56,
  "NMC532/c": 101,
  "graphite/a": 189,
  "graphite/c": 90,
  "Cu/a": 56,
};
const GSAS_CPU_MS = 560;
const CELLS = Object.keys(GSAS_PPM);

interface Truth {
  readonly unit: Record<PhaseName, number>;
  readonly patterns: readonly { frac: Record<PhaseName, number>; cells: Record<PhaseName, [number, number]> }[];
}
let counts: Float32Array = readF32("rietveld/all.raw", GENERATOR);
/** The generator's stream once more, without its noise; then eight draws of another seed. */
const EXACT = `
import sys; sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
import numpy as np, json
import gen_rietveld as g
unit = json.load(open(sys.argv[2] + "/truth.json"))["unit"]
u = 2 * (g.tth - g.tth[0]) / (g.tth[-1] - g.tth[0]) - 1
rng = np.random.Generator(np.random.PCG64(5320)); Y = []
for i in range(256):
    share = {n: float(rng.uniform(.15, 1)) for n in g.PH}; y = np.zeros(g.NP)
    for n, ph in g.PH.items():
        a = ph["cell"][0] * (1 + rng.uniform(-.002, .002))
        c = a if ph["cubic"] else ph["cell"][2] * (1 + rng.uniform(-.003, .003))
        y += share[n] * unit[n] * g.phase_pattern(ph, a, c)[0]
    y += np.polynomial.chebyshev.chebval(u, [150 * rng.uniform(.8, 1.2), -80, 40, -15, 6, -2]) + 80
    rng.poisson(y); Y.append(y)
other = np.random.default_rng(77)
np.concatenate([[Y], other.poisson(Y, (8, 256, g.NP))]).astype("<f4").tofile(sys.argv[2] + "/exact.raw")`;
const truth: Truth = JSON.parse(readFileSync(benchData("rietveld/truth.json"), "utf8"));
const patterns = truth.patterns.length;
const trueCell = (i: number, name: string): number => {
  const [phase, key] = name.split("/") as [PhaseName, "a" | "c"];
  return truth.patterns[i]!.cells[phase][key === "a" ? 0 : 1];
};

/** xorshift, so that every run starts from the same cells */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const structures = new Map<string, readonly Structure[]>(
  PHASES.map((name) => {
    const file = benchData(`rietveld/${name}.cif`);
    return [`${name}.cif`, readCif(readFileSync(file, "utf8"), file)];
  }),
);
const config = ModelConfig.parse({
  wavelength: 0.11979,
  // as the patterns were made
  anomalous: false,
  // GSAS-II's W = 1.60 sigma^2 in centidegrees, X = 0.50 centidegrees
  profile: { W: 8 * Math.LN2 * 1.6e-4, X: 0.5e-2 },
  background: 6,
  zero: 0,
  phases: PHASES.map((name) => ({ name, cif: `${name}.cif` })),
});
const resolved = resolveModel(config, { structures });
const twoThetaDeg = Float64Array.from({ length: POINTS }, (_, i) => 1 + 0.005 * i);
const kernels = loadKernels({});

/** Calculator and fit with the model's profile; scales as the mean of the truth, in our unit. */
function createFit() {
  const calculator = createPatternCalculator(kernels, { ...resolved.model, holdsWidths: true }, 0.11979, twoThetaDeg);
  const { values, parameters, indexOf } = calculator;
  for (const [name, { value }] of resolved.settings) {
    const i = parameters.findIndex((parameter) => parameter.name === name);
    if (value !== undefined && i >= 0) values[i] = value;
  }
  for (const name of PHASES) values[indexOf(`${name}/scale`)] = meanScale(name);
  const background = [230, -80, 40, -15, 6, -2];
  background.forEach((value, k) => {
    values[indexOf(`background/${k}`)] = value;
  });
  const names = [...PHASES.map((name) => `${name}/scale`), ...CELLS, ...background.map((_, k) => `background/${k}`)];
  const refined = names.map(indexOf);
  const lower = Float64Array.from(parameters, ({ min }) => min);
  const upper = Float64Array.from(parameters, ({ max }) => max);
  return { calculator, fit: createPatternFit(kernels, calculator, { refined, lower, upper }), names };
}
/** The generator's intensities are per square of the cell's volume. */
function meanScale(name: PhaseName): number {
  const [a, c] = [0, 1].map((k) => truth.patterns.reduce((sum, { cells }) => sum + cells[name][k]!, 0) / patterns);
  const isCubic = name === "CeO2" || name === "Cu";
  const volume = isCubic ? a! ** 3 : (a! ** 2 * c! * Math.sqrt(3)) / 2;
  const share = truth.patterns.reduce((sum, { frac }) => sum + frac[name], 0) / patterns;
  return (share * truth.unit[name]) / volume ** 2;
}

interface Errors {
  /** [cell][pattern] */
  readonly errors: number[][];
  readonly esds: number[][];
  readonly rwp: number[];
  readonly chi2: number[];
}
const emptyErrors = (): Errors => ({ errors: CELLS.map(() => []), esds: CELLS.map(() => []), rwp: [], chi2: [] });

function judge(label: string, { errors, esds, rwp, chi2 }: Errors): void {
  CELLS.forEach((name, c) => {
    const size = trueCell(0, name);
    const pulls = errors[c]!.map((error, i) => error / esds[c]![i]!);
    const mean = pulls.reduce((a, b) => a + b, 0) / pulls.length;
    const sd = Math.sqrt(pulls.reduce((a, b) => a + (b - mean) ** 2, 0) / (pulls.length - 1));
    const rms = (values: readonly number[]): number =>
      (Math.sqrt(values.reduce((a, b) => a + b * b, 0) / values.length) / size) * 1e6;
    report({
      bench: `rietveld, ${label}`,
      cell: name,
      patterns: pulls.length,
      rms_ppm: Number(rms(errors[c]!).toFixed(1)),
      limit_ppm: Number(rms(limits[c]!).toFixed(1)),
      gsas_ppm: GSAS_PPM[name]!,
      pull_mean: Number(mean.toFixed(3)),
      pull_sd: Number(sd.toFixed(3)),
      within_1_esd: Number((pulls.filter((pull) => Math.abs(pull) < 1).length / pulls.length).toFixed(3)),
      within_2_esd: Number((pulls.filter((pull) => Math.abs(pull) < 2).length / pulls.length).toFixed(3)),
    });
  });
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  report({
    bench: `rietveld, ${label}`,
    rwp_percent: Number((100 * mean(rwp)).toFixed(3)),
    reduced_chi2: Number(mean(chi2).toFixed(4)),
  });
}

/** Cramer-Rao: esds at the true cells with the fitted scales, weights from the calculated pattern. */
function cramerRao(): number[][] {
  const { calculator, fit, names } = createFit();
  const { values, indexOf } = calculator;
  const start = values.slice();
  const out = CELLS.map((): number[] => []);
  for (let i = 0; i < patterns; i++) {
    values.set(start);
    for (const name of CELLS) values[indexOf(name)] = trueCell(i, name);
    load(fit, i);
    fit.solve({ active: names.flatMap((name, j) => (CELLS.includes(name) ? [] : [j])), keepsColumns: true });
    for (let k = 0; k < POINTS; k++) {
      fit.observed[k] = calculator.calculated[k]!;
      fit.weight[k] = 1 / calculator.calculated[k]!;
    }
    fit.solve({ keepsColumns: true, lastStepEsd: 0.05 });
    const { esd } = fit.covariance();
    for (const [c, name] of CELLS.entries()) out[c]!.push(esd[names.indexOf(name)]!);
  }
  return out;
}

/** Counts with sigma^2 = counts, as in the generator's .xye. */
function load({ observed, weight }: ReturnType<typeof createFit>["fit"], i: number): number {
  let total = 0;
  for (let k = 0; k < POINTS; k++) {
    const y = counts[i * POINTS + k]!;
    observed[k] = y;
    weight[k] = 1 / Math.max(y, 1);
    total += weight[k]! * y * y;
  }
  return total;
}

interface Fits {
  readonly result: Errors;
  readonly linearisations: number;
  readonly failed: number;
}

/** All patterns one after another, each from cells 0.1 % off. */
function fitAll({ calculator, fit, names }: ReturnType<typeof createFit>, start: Float64Array): Fits {
  const { values, indexOf } = calculator;
  const at = CELLS.map((name) => [indexOf(name), names.indexOf(name)] as const);
  const random = seeded(5320);
  const result = emptyErrors();
  let [linearisations, failed] = [0, 0];
  for (let i = 0; i < patterns; i++) {
    values.set(start);
    at.forEach(([v], c) => {
      values[v] = trueCell(i, CELLS[c]!) * (1 + (random() < 0.5 ? -1e-3 : 1e-3));
    });
    const total = load(fit, i);
    const summary = fit.solve({ keepsColumns: true, lastStepEsd: 0.05, damping: 1e-5 });
    const { esd } = fit.covariance();
    linearisations += summary.linearisations;
    if (summary.status !== "converged") failed++;
    at.forEach(([v, j], c) => {
      result.errors[c]!.push(values[v]! - trueCell(i, CELLS[c]!));
      result.esds[c]!.push(esd[j]!);
    });
    result.rwp.push(Math.sqrt(summary.finalCost / total));
    result.chi2.push(summary.finalCost / (POINTS - summary.freeCount));
  }
  return { result, linearisations, failed };
}

async function timeFit(): Promise<void> {
  const made = createFit();
  const start = made.calculator.values.slice();
  let fits: Fits | undefined;
  const timing = await time(() => {
    fits = fitAll(made, start);
  }, 15);
  tell("fit", timing.cpuMs, fits!.linearisations, fits!.failed);
  judge("fit", fits!.result);
}

/** What form factors, tails that end and held widths do: errors from patterns without noise, over the esds of counts. */
function judgeExact(): void {
  const folder = benchData("rietveld");
  // a file, because the generator starts Python anew by its name
  writeFileSync(`${folder}/exact.py`, EXACT);
  execFileSync("/usr/bin/python3", [`${folder}/exact.py`, shared("bench"), folder]);
  const all = readF32("rietveld/exact.raw", GENERATOR);
  const made = createFit();
  const start = made.calculator.values.slice();
  const rms = (values: readonly number[]): number => Math.sqrt(values.reduce((a, b) => a + b * b, 0) / values.length);
  const draws = Array.from({ length: all.length / counts.length }, (_, draw) => {
    counts = all.subarray(draw * patterns * POINTS, (draw + 1) * patterns * POINTS);
    return fitAll(made, start).result;
  });
  CELLS.forEach((name, c) => {
    const pulls = draws.map(({ errors, esds }) => errors[c]!.map((error, i) => error / esds[c]![i]!));
    const size = trueCell(0, name) * 1e-6;
    report({
      bench: "rietveld, without noise, and eight draws",
      cell: name,
      model_error_in_esd: Number(rms(pulls[0]!).toFixed(4)),
      model_error_ppm: Number((rms(draws[0]!.errors[c]!) / size).toFixed(2)),
      draws_rms_ppm: Number((rms(draws.slice(1).flatMap(({ errors }) => errors[c]!)) / size).toFixed(1)),
      limit_ppm: Number((rms(limits[c]!) / size).toFixed(1)),
      draws_pull_rms: Number(rms(pulls.slice(1).flat()).toFixed(3)),
    });
  });
}

function tell(label: string, cpuMs: readonly number[], linearisations: number, failed: number): void {
  const least = Math.min(...cpuMs) / patterns;
  report({
    bench: `rietveld, ${label}`,
    cpu_ms_a_pattern: Number(least.toFixed(3)),
    median: Number((median(cpuMs) / patterns).toFixed(3)),
    linearisations: Number((linearisations / patterns).toFixed(2)),
    failed,
    times_gsas: Number((GSAS_CPU_MS / least).toFixed(0)),
  });
}

async function timeMap(weights: "sigma" | "poisson" | "uniform", start: "sum" | "neighbour"): Promise<void> {
  const { calculator, names } = createFit();
  const plan = createRietveldPlan({
    config: RietveldMapConfig.parse({ model: "model.yaml", weights, start }),
    model: resolved.model,
    wavelengthA: 0.11979,
    parameters: calculator.parameters.map(({ name, unit }, i) => ({ name, unit, value: calculator.values[i]! })),
    refined: names,
    bounds: [],
    constraints: [],
    bins: Int32Array.from({ length: POINTS }, (_, i) => i),
    twoThetaDeg,
    hasSigma: weights === "sigma",
  });
  const refiner = createVoxelRefiner(kernels, plan);
  const sigma = Float32Array.from(counts, (y) => Math.sqrt(Math.max(y, 1)));
  let found: RietveldBlockResult | undefined;
  const timing = await time(() => {
    found = refiner.refine({ patterns: counts, ...(weights === "sigma" && { sigma }) });
  }, 9);
  refiner.close();
  const { parameters, status, linearisations } = found!;
  const good = [...status["fit"]!.keys()].filter((i) => CELLS.every((name) => parameters[name]!.values[i]! > 0));
  const label = `map, ${weights} weights, from the ${start}`;
  tell(label, timing.cpuMs, linearisations, patterns - good.length);
  const gof = parameters["gof"] ?? parameters["residual"];
  judge(label, {
    errors: CELLS.map((name) => good.map((i) => parameters[name]!.values[i]! - trueCell(i, name))),
    esds: CELLS.map((name) => good.map((i) => parameters[name]!.esd![i]!)),
    rwp: good.map((i) => parameters["rwp"]!.values[i]!),
    chi2: good.map((i) => gof!.values[i]! ** 2),
  });
}

const limits = cramerRao();
await timeFit();
await timeMap("sigma", "sum");
await timeMap("poisson", "sum");
await timeMap("poisson", "neighbour");
await timeMap("uniform", "sum");
judgeExact();
