/**
 * How sure a solution is, per number |z - m|^2 / g of chi2: what the fit does not explain counts as noise.
 *
 *   diagonal  inverse of a voxel's own block of J^T J + lambda L: as if its neighbours were known
 *   probing   spread of solutions of noise of the data's variance and of the detail that smoothness stands for: with all
 *             correlations, a conjugate gradient solution a probe (Orieux, Feron & Giovannelli, IEEE Signal Process.
 *             Lett. 19 (2012) 251-254)
 *   scaled    diagonal, times the median ratio of probes to it
 */
import { median } from "../../fit/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { measureMisfit, placeState, projectModel, tieOf } from "./forward-model.ts";
import { type SolverOptions, solveStep } from "./gauss-newton.ts";
import { type Linearisation, linearise, pushOfNoise, TYPICAL_SHARE } from "./linearisation.ts";
import { createPreconditioner } from "./preconditioner.ts";
import { fillRandomSigns, randomSign } from "./random-signs.ts";
import type { ProductRunner } from "./runner.ts";
import { createSolverWorkspace, type SolverWorkspace } from "./solver-workspace.ts";
import type { DlsrProblem } from "./types.ts";
import type { SolverState } from "./unknowns.ts";

export interface UncertaintyOptions {
  readonly method: "diagonal" | "scaled" | "probing";
  /** solutions of noise, for "probing"; "scaled" takes two */
  readonly probes: number;
  readonly seed: number;
  /** false: noise alone, which is how much a solution would change with other counts; left out: true */
  readonly withDetail?: boolean;
  readonly isCancelled?: () => boolean;
}

export interface PhaseUncertainty {
  /** esd of cells: [voxel, n] spatial, [n] global; NaN of what rests on a bound, 0 of what is fixed */
  readonly cells: Float64Array;
  /** [voxel] esd of a scale map that is refined; 0 of a frozen one */
  readonly scale: Float64Array;
  readonly lnScale: number;
  readonly width: number;
  /** by unknown of a voxel (spatial cells, then scale): what the diagonal estimate was multiplied by */
  readonly factors: readonly number[];
}

export interface DlsrUncertainty {
  readonly phases: readonly PhaseUncertainty[];
  /** steps and mm; 0 where not refined */
  readonly rotationAxis: number;
  readonly distanceMm: number;
  readonly chi2: number;
  readonly method: UncertaintyOptions["method"];
  /** false: esd of what is global are as if maps were known, and so too small; for a large scan */
  readonly isGlobalSolved: boolean;
}

const SCALING_PROBES = 2;
/** Ratios of so many voxels need one probe only. */
const MANY_VOXELS = 5000;
/** Voxels times angles up to which what is global is solved for: a column costs as much as a probe. */
const MOST_PAIRS = 4e6;
/** Probes are solved a little better than steps: an unfinished solution is too small. */
const PROBE_STEPS = 40;
const PROBE_TOLERANCE = 0.02;
/** Median of |x| of a normal variable of spread 1. */
const NORMAL_MEDIAN = 0.6745;

/** @param state a solution: its penalties are those of the solve */
export async function estimateUncertainty(
  runner: ProductRunner,
  kernels: Kernels,
  problem: DlsrProblem,
  options: SolverOptions,
  state: SolverState,
  { method, probes, seed, withDetail = true, isCancelled }: UncertaintyOptions,
): Promise<DlsrUncertainty> {
  const mark = kernels.arena.mark();
  try {
    const w = createSolverWorkspace(kernels, runner, problem, options);
    await placeState(w, state);
    await projectModel(w, state, w.model);
    const { chi2 } = await measureMisfit(w, w.model);
    const lin = await linearise(w, state, options.smoothness);
    const esd = createPreconditioner(w, lin, 0).variances().map(Math.sqrt);
    const factors = w.phases.map(({ part }) => new Array<number>(part.perVoxel).fill(1));
    const voxels = w.phases.reduce((sum, { part }) => sum + part.phase.voxels.count, 0);
    const isGlobalSolved = method !== "diagonal" && voxels * problem.geometry.omegaDeg.length <= MOST_PAIRS;
    if (method !== "diagonal") {
      const count = method === "probing" ? Math.max(2, probes) : voxels > MANY_VOXELS ? 1 : SCALING_PROBES;
      const samples: Float64Array[] = [];
      for (let i = 0; i < count && !isCancelled?.(); i++) {
        samples.push(await probe(w, lin, seed + i, withDetail, isCancelled));
      }
      if (samples.length === count) {
        if (method === "probing") replaceBySpread(w, esd, samples);
        else scaleByProbes(w, esd, samples, factors);
        if (isGlobalSolved) await solveGlobals(w, lin, esd, isCancelled);
      }
    }
    return { ...gathered(w, lin, esd, factors, chi2), method, isGlobalSolved };
  } finally {
    kernels.arena.release(mark);
  }
}

async function probe(
  w: SolverWorkspace,
  lin: Linearisation,
  seed: number,
  withDetail: boolean,
  isCancelled?: () => boolean,
): Promise<Float64Array> {
  const push = await pushOfNoise(w, lin, (rays) => fillRandomSigns(rays, w.problem.terms, w.inverseVariance, seed));
  if (withDetail) addDetail(w, lin, push, seed);
  const accuracy = { innerSteps: PROBE_STEPS, innerTolerance: PROBE_TOLERANCE };
  return (await solveStep(w, lin, 0, accuracy, isCancelled, push)).x;
}

/** Differences between neighbours as large as their penalties expect: what the data are not asked about varies so. */
function addDetail(w: SolverWorkspace, lin: Linearisation, push: Float64Array, seed: number): void {
  let stream = mixedSeed(seed);
  w.phases.forEach(({ part, graph }, p) => {
    const voxels = part.phase.voxels.count;
    for (let u = 0; u < part.perVoxel; u++, stream++) {
      const map = push.subarray(part.first + u * voxels, part.first + (u + 1) * voxels);
      const weights = lin.edgeWeights[p]![u]!;
      const penalty = lin.penalties[p]![u]!;
      for (let e = 0; e < weights.length; e++) {
        const size = randomSign(stream, e) * Math.sqrt(penalty * weights[e]!);
        const [i, j] = [graph.edges[2 * e]!, graph.edges[2 * e + 1]!];
        map[i] = map[i]! + size;
        map[j] = map[j]! - size;
      }
      const tie = Math.sqrt(penalty * tieOf(w, part, u));
      if (tie > 0) for (let v = 0; v < voxels; v++) map[v] = map[v]! + randomSign(~stream, v) * tie;
    }
  });
}

/** Streams of seeds that follow each other must not be each other's. */
const mixedSeed = (seed: number): number => Math.imul(seed + 1, 0x632be5ab);

function replaceBySpread(w: SolverWorkspace, esd: Float64Array, samples: readonly Float64Array[]): void {
  for (let i = 0; i < w.unknowns.firstGlobal; i++) {
    let sum = 0;
    for (const sample of samples) sum += sample[i]! ** 2;
    esd[i] = Math.sqrt(sum / samples.length);
  }
}

function scaleByProbes(
  w: SolverWorkspace,
  esd: Float64Array,
  samples: readonly Float64Array[],
  factors: readonly number[][],
): void {
  w.phases.forEach(({ part }, p) => {
    const voxels = part.phase.voxels.count;
    for (let u = 0; u < part.perVoxel; u++) {
      const first = part.first + u * voxels;
      const ratios: number[] = [];
      for (let v = 0; v < voxels; v++) {
        if (!(part.phase.scale[v]! > TYPICAL_SHARE * part.typicalScale) || !(esd[first + v]! > 0)) continue;
        for (const sample of samples) ratios.push(Math.abs(sample[first + v]!) / esd[first + v]!);
      }
      const factor = ratios.length > 0 ? median(ratios) / NORMAL_MEDIAN : 1;
      factors[p]![u] = factor;
      for (let v = 0; v < voxels; v++) esd[first + v] = factor * esd[first + v]!;
    }
  });
}

/** Of what is global the block knows nothing of the voxels, so its column of the inverse is solved for. */
async function solveGlobals(
  w: SolverWorkspace,
  lin: Linearisation,
  esd: Float64Array,
  isCancelled?: () => boolean,
): Promise<void> {
  for (const i of lin.active) {
    const at = w.unknowns.firstGlobal + i;
    if (lin.free[at] === 0) continue;
    const unit = new Float64Array(w.unknowns.count);
    unit[at] = 1;
    const accuracy = { innerSteps: PROBE_STEPS, innerTolerance: PROBE_TOLERANCE };
    const { x, status } = await solveStep(w, lin, 0, accuracy, isCancelled, unit);
    if (status !== "cancelled") esd[at] = Math.max(esd[at]!, Math.sqrt(Math.max(0, x[at]!)));
  }
}

function gathered(
  w: SolverWorkspace,
  lin: Linearisation,
  units: Float64Array,
  factors: readonly (readonly number[])[],
  chi2: number,
): Omit<DlsrUncertainty, "method" | "isGlobalSolved"> {
  const noise = Math.sqrt(chi2);
  const esd = units.map((x, i) => (lin.free[i] === 0 ? Number.NaN : noise * x));
  const phases = w.phases.map(({ part }, p) => {
    const { phase, first, cellCount, hasScale, cellUnits, scaleUnit } = part;
    const count = phase.voxels.count;
    const cells = new Float64Array(lin.state.phases[p]!.cells.length);
    for (let i = 0; i < cellCount; i++) {
      for (let v = 0; v < count; v++) cells[v * cellCount + i] = cellUnits[i]! * esd[first + i * count + v]!;
    }
    const scale = new Float64Array(count);
    if (hasScale) for (let v = 0; v < count; v++) scale[v] = scaleUnit * esd[first + cellCount * count + v]!;
    return { cells, scale, lnScale: 0, width: 0, factors: factors[p]! };
  });
  let [rotationAxis, distanceMm] = [0, 0];
  w.unknowns.globals.forEach((global, i) => {
    const value = global.unit * esd[w.unknowns.firstGlobal + i]!;
    if (global.kind === "rotation-axis") rotationAxis = value;
    else if (global.kind === "distance") distanceMm = value * lin.state.distanceMm;
    else if (global.kind === "cell") phases[global.phase]!.cells[global.parameter] = value;
    else if (global.kind === "scale") phases[global.phase]!.lnScale = value;
    else phases[global.phase]!.width = value;
  });
  return { phases, rotationAxis, distanceMm, chi2 };
}
