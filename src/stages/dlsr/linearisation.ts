/**
 * The problem around a state: the slope of the objective and products with J^T J.
 *
 *   objective = sum over rays |z - kappa m|^2 / g + hold (kappa - 1)^2 + sum of penalties lambda omega (x_i - x_j)^2
 *
 * kappa, the factor of a ray, is always the best one (variable projection), so the Jacobian of a ray's residual is
 * kappa J less what lies along its model m. Everything is half of the derivative: push = J^T r - lambda L x.
 *
 * Source: Golub & Pereyra, SIAM J. Numer. Anal. 10 (1973) 413-432; Kaufman, BIT 15 (1975) 49-57.
 */
import { median } from "../../fit/index.ts";
import { type Misfit, measureMisfit, penalisedMap, rayFactor, tieOf, totalRoughness } from "./forward-model.ts";
import { fillColumns } from "./global-columns.ts";
import { addLaplacian, reweighted } from "./regularisation.ts";
import type { Weighing } from "./runner.ts";
import { frameOf, type PhaseWork, type SolverWorkspace } from "./solver-workspace.ts";
import { blockBound, isActive, type SolverState } from "./unknowns.ts";

export interface SmoothnessOptions {
  /** in medians of the curvature; auto: more for the parameter that is best determined, less for larger voxels */
  readonly cell: "auto" | number;
  readonly scale: number;
  /** by phase: [cell parameter], instead of `cell` */
  readonly cellByPhase?: Readonly<Record<string, readonly number[]>>;
  /** units: differences of cells beyond it count in proportion */
  readonly huber?: number;
}

export interface Linearisation {
  readonly state: SolverState;
  readonly misfit: Misfit;
  readonly objective: number;
  /** [unknown] minus half the slope of the objective */
  readonly push: Float64Array;
  /** [unknown] 0: stays where it is */
  readonly free: Uint8Array;
  /** indices of the global unknowns that take part */
  readonly active: readonly number[];
  /** [active, active] */
  readonly globalGram: Float64Array;
  readonly penalties: readonly (readonly number[])[];
  /** by phase, by unknown of a voxel: [edge] weights of the graph */
  readonly edgeWeights: readonly (readonly Float64Array[])[];
  /** by phase, by unknown of a voxel: mean diagonal of J^T J */
  readonly meanDiagonals: readonly (readonly number[])[];
}

/** After so many steps lines lie where they belong, and the curvature no longer depends on the start. */
const SETTLING_STEPS = 6;
/** Angles that the diagonal blocks are summed over, at least. */
const GRAM_ANGLES = 100;

/** Around a state that is placed and whose model is in `w.model`. */
export async function linearise(
  w: SolverWorkspace,
  state: SolverState,
  smoothness: SmoothnessOptions,
): Promise<Linearisation> {
  const misfit = await measureMisfit(w, w.model);
  weighRays(w);
  for (const [p, work] of w.phases.entries()) fillJacobian(work, state, p);
  await fillColumns(w, state);
  const active = w.unknowns.globals.flatMap((global, i) => (isActive(global, state) ? [i] : []));
  const isSettled = state.penalties !== null && state.step >= SETTLING_STEPS;
  const penalties = isSettled ? state.penalties! : await presentPenalties(w, state, smoothness);
  await fillGram(w, state);
  const globalGram = await columnGram(w, state, active);
  const edgeWeights = w.phases.map(({ graph, part }, p) =>
    Array.from({ length: part.perVoxel }, (_, u) =>
      reweighted(graph, penalisedMap(w, state, p, u), u < part.cellCount ? smoothness.huber : undefined),
    ),
  );
  const meanDiagonals = w.phases.map((work) =>
    Array.from({ length: work.part.perVoxel }, (_, u) => meanOf(diagonal(work, u))),
  );
  const push = await pushOf(w, state, active, penalties, edgeWeights);
  const free = new Uint8Array(w.unknowns.count).fill(1);
  blockBound(free, state, w.unknowns, push);
  w.unknowns.globals.forEach((_, i) => {
    const at = active.indexOf(i);
    // nothing in the data depends on it, as on the scale of a map that is empty
    if (at < 0 || !(globalGram[at * active.length + at]! > 0)) free[w.unknowns.firstGlobal + i] = 0;
  });
  const objective = misfit.squares + misfit.hold + totalRoughness(w, state, penalties, smoothness.huber);
  return { state, misfit, objective, push, free, active, globalGram, penalties, edgeWeights, meanDiagonals };
}

/** From the moments last taken, which are those of the model. */
function weighRays(w: SolverWorkspace): void {
  const { inverseVariance, power, rayScaleHold, kappa, normalFactors, gradientFactors, projection } = w;
  for (let ray = 0; ray < w.rays; ray++) {
    const inverse = inverseVariance[ray]!;
    const factor = rayFactor(w, ray);
    const below = inverse * power[ray]! + rayScaleHold;
    kappa[ray] = factor;
    normalFactors[ray] = factor * factor * inverse;
    gradientFactors[ray] = factor * inverse;
    projection[ray] = below > 0 ? inverse / below : 0;
  }
}

function fillJacobian({ part, parcels, jacobian, uniform }: PhaseWork, state: SolverState, p: number): void {
  const { phase, cellCount, hasScale, cellUnits, scaleUnit } = part;
  const { scale, lnScale } = state.phases[p]!;
  const { voxels, stencil } = parcels;
  const factor = Math.exp(lnScale);
  for (let i = 0; i < cellCount; i++) {
    const slope = phase.response.slopes[i]!;
    for (let v = 0; v < voxels; v++) {
      const share = factor * scale[v]! * cellUnits[i]!;
      for (let q = v * stencil; q < (v + 1) * stencil; q++) jacobian[i * voxels * stencil + q] = share * slope[q]!;
    }
  }
  if (!hasScale) return;
  const first = cellCount * voxels * stencil;
  const unit = factor * scaleUnit;
  // of one cell the table holds the factor already, and every weight is 1
  if (uniform) jacobian.fill(scaleUnit, first, first + voxels);
  else for (let q = 0; q < voxels * stencil; q++) jacobian[first + q] = unit * phase.response.value[q]!;
}

async function fillGram(w: SolverWorkspace, state: SolverState): Promise<void> {
  const frame = frameOf(w, state);
  for (const { part, parcels, jacobian, gram } of w.phases) {
    if (part.perVoxel === 0 || parcels.voxels === 0) continue;
    await w.run({
      op: "gram",
      frame,
      parcels,
      weights: jacobian,
      unknowns: part.perVoxel,
      rayWeights: w.normalFactors,
      angleStep: Math.max(1, Math.floor(frame.angles / GRAM_ANGLES)),
      out: gram,
    });
  }
}

/** [voxel] of J^T J. */
export function diagonal({ part: { perVoxel }, parcels: { voxels }, gram }: PhaseWork, unknown: number): Float64Array {
  return Float64Array.from({ length: voxels }, (_, v) => gram[(v * perVoxel + unknown) * perVoxel + unknown]!);
}

const meanOf = (values: Float64Array): number =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;

/** A voxel of less than this share of the typical scale tells little of its cell. */
export const TYPICAL_SHARE = 0.3;
/** Smoothness of the best determined parameter and of the others (flat from 0.03 to 0.1: docs/decisions/0011). */
const AUTO_SMOOTHNESS = { best: 0.1, others: 0.05 } as const;

/** By the curvature with all rays' factors at 1: how badly the start fits must not decide how smooth maps become. */
async function presentPenalties(
  w: SolverWorkspace,
  state: SolverState,
  smoothness: SmoothnessOptions,
): Promise<readonly (readonly number[])[]> {
  const factors = w.normalFactors.slice();
  w.normalFactors.set(w.inverseVariance);
  await fillGram(w, state);
  w.normalFactors.set(factors);
  return w.phases.map((work) => penaltiesOf(work, smoothness));
}

function penaltiesOf(work: PhaseWork, smoothness: SmoothnessOptions): number[] {
  const { part } = work;
  const { scale, name } = part.phase;
  const curvatures = Array.from({ length: part.perVoxel }, (_, u) => {
    const well = diagonal(work, u).filter((_, v) => scale[v]! > TYPICAL_SHARE * part.typicalScale);
    return well.length > 0 ? median(well) : 0;
  });
  const cells = curvatures.slice(0, part.cellCount);
  return curvatures.map((curvature, u) => {
    if (u === part.cellCount) return smoothness.scale * curvature;
    const given = smoothness.cellByPhase?.[name]?.[u] ?? smoothness.cell;
    if (given !== "auto") return given * curvature;
    return AUTO_SMOOTHNESS[curvature === Math.max(...cells) ? "best" : "others"] * curvature;
  });
}

function weighingOf(
  w: SolverWorkspace,
  active: readonly number[],
  factors: Float32Array,
  isProjected: boolean,
): Weighing {
  return {
    model: w.model,
    factors,
    ...(isProjected && { projection: w.projection }),
    columns: active.map((i) => w.columns[i]!),
    dots: w.columnDots,
  };
}

async function columnGram(w: SolverWorkspace, state: SolverState, active: readonly number[]): Promise<Float64Array> {
  const n = active.length;
  const sum = new Float64Array(n * n);
  if (n === 0) return sum;
  const frame = frameOf(w, state);
  const weighing = weighingOf(w, active, w.normalFactors, w.options.rayScale);
  await w.run({ op: "column-gram", frame, weighing, out: w.columnGram });
  addRows(sum, w.columnGram, frame.angles);
  return sum;
}

function addRows(out: Float64Array, rows: Float64Array, count: number): void {
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < out.length; i++) out[i] = out[i]! + rows[row * out.length + i]!;
  }
}

async function pushOf(
  w: SolverWorkspace,
  state: SolverState,
  active: readonly number[],
  penalties: Linearisation["penalties"],
  edgeWeights: Linearisation["edgeWeights"],
): Promise<Float64Array> {
  const push = new Float64Array(w.unknowns.count);
  await w.run({
    op: "weigh",
    frame: frameOf(w, state),
    // at the best factors the residual's slope needs no projection
    weighing: weighingOf(w, active, w.gradientFactors, false),
    residual: { data: w.problem.data, kappa: w.kappa },
    raw: w.raw,
    out: w.out,
    side: w.options.side,
  });
  await gather(w, state, active, push);
  w.phases.forEach(({ part, graph }, p) => {
    const count = part.phase.voxels.count;
    for (let u = 0; u < part.perVoxel; u++) {
      const at = part.first + u * count;
      const map = penalisedMap(w, state, p, u);
      addLaplacian(graph, edgeWeights[p]![u]!, map, -penalties[p]![u]!, push.subarray(at, at + count));
      const tie = penalties[p]![u]! * tieOf(w, part, u);
      for (let v = 0; v < count; v++) push[at + v] = push[at + v]! - tie * map[v]!;
    }
  });
  return push;
}

/**
 * out = J^T of rays of noise of the data's variance, what lies along the model taken out as it is from residuals.
 *
 * @param noise fills rays with noise of the rays' standard deviations
 */
export async function pushOfNoise(
  w: SolverWorkspace,
  { state, active }: Linearisation,
  noise: (rays: Float32Array) => void,
): Promise<Float64Array> {
  const push = new Float64Array(w.unknowns.count);
  noise(w.out);
  const weighing = weighingOf(w, active, w.gradientFactors, w.options.rayScale);
  const { raw, out, options } = w;
  await w.run({ op: "weigh", frame: frameOf(w, state), weighing, raw, out, side: options.side });
  await gather(w, state, active, push);
  return push;
}

/** out = J^T of what is in `raw`, and of the products with the columns that came with it. */
async function gather(
  w: SolverWorkspace,
  state: SolverState,
  active: readonly number[],
  out: Float64Array,
): Promise<void> {
  const frame = frameOf(w, state);
  out.fill(0);
  for (const { part, parcels, jacobian, gathered } of w.phases) {
    if (part.perVoxel === 0 || parcels.voxels === 0) continue;
    await w.run({ op: "adjoint", frame, parcels, rays: w.raw, out: gathered });
    const { voxels, stencil } = parcels;
    for (let u = 0; u < part.perVoxel; u++) {
      for (let v = 0; v < voxels; v++) {
        let sum = 0;
        const at = (u * voxels + v) * stencil;
        for (let q = 0; q < stencil; q++) sum += jacobian[at + q]! * gathered[v * stencil + q]!;
        out[part.first + u * voxels + v] = sum;
      }
    }
  }
  const sums = new Float64Array(active.length);
  addRows(sums, w.columnDots, frame.angles);
  active.forEach((i, at) => {
    out[w.unknowns.firstGlobal + i] = sums[at]!;
  });
}

/** out = (J^T J + lambda L + damping D) x over the free unknowns, D the mean diagonals. */
export async function applyNormal(
  w: SolverWorkspace,
  lin: Linearisation,
  damping: number,
  x: Float64Array,
  out: Float64Array,
): Promise<void> {
  const { state, active, free, penalties, edgeWeights, meanDiagonals, globalGram } = lin;
  for (const { part, parcels, jacobian, weights } of w.phases) fillStep(part, parcels, jacobian, weights, x);
  await w.run({
    op: "normal",
    forward: {
      op: "forward",
      frame: frameOf(w, state),
      parcels: w.phases
        .filter(({ part }) => part.perVoxel > 0)
        .map(({ parcels, weights }) => ({ ...parcels, weights })),
      mixes: [],
      raw: w.raw,
      out: w.out,
      side: w.options.side,
    },
    weighing: weighingOf(w, active, w.normalFactors, w.options.rayScale),
    coefficients: active.map((i) => x[w.unknowns.firstGlobal + i]!),
  });
  await gather(w, state, active, out);
  w.phases.forEach(({ part, graph }, p) => {
    const count = part.phase.voxels.count;
    for (let u = 0; u < part.perVoxel; u++) {
      const at = part.first + u * count;
      const map = x.subarray(at, at + count);
      addLaplacian(graph, edgeWeights[p]![u]!, map, penalties[p]![u]!, out.subarray(at, at + count));
      const added = damping * meanDiagonals[p]![u]! + penalties[p]![u]! * tieOf(w, part, u);
      for (let v = 0; v < count; v++) out[at + v] = out[at + v]! + added * map[v]!;
    }
  });
  active.forEach((i, at) => {
    const global = w.unknowns.firstGlobal + i;
    out[global] = out[global]! + damping * globalGram[at * active.length + at]! * x[global]!;
  });
  for (let i = 0; i < out.length; i++) if (free[i] === 0) out[i] = 0;
}

/** weights[voxel, q] = sum over the voxel's unknowns of x times the Jacobian's weights. */
function fillStep(
  part: PhaseWork["part"],
  { voxels, stencil }: PhaseWork["parcels"],
  jacobian: Float32Array,
  weights: Float32Array,
  x: Float64Array,
): void {
  if (part.perVoxel === 0) return;
  for (let v = 0; v < voxels; v++) {
    for (let q = 0; q < stencil; q++) {
      let sum = 0;
      for (let u = 0; u < part.perVoxel; u++) {
        sum += x[part.first + u * voxels + v]! * jacobian[(u * voxels + v) * stencil + q]!;
      }
      weights[v * stencil + q] = sum;
    }
  }
}
