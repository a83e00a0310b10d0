/** The rays that a state's maps would give, and how far the data are from them. */

import type { WeightedParcels } from "../../projector/index.ts";
import { roughness } from "./regularisation.ts";
import { frameOf, type PhaseWork, type SolverWorkspace } from "./solver-workspace.ts";
import { type PhaseState, type PhaseUnknowns, type SolverState, unknownMap } from "./unknowns.ts";

/** Puts tables, nodes and weights where a state has them. */
export async function placeState(w: SolverWorkspace, state: SolverState): Promise<void> {
  for (const [p, work] of w.phases.entries()) {
    const phase = state.phases[p]!;
    if (work.uniform) await placeUniform(w, work, phase, state);
    else placeSpatial(work, phase);
  }
}

function placeSpatial(work: PhaseWork, { cells, scale, lnScale, width }: PhaseState): void {
  const { response, voxels } = work.part.phase;
  if (response.width !== width) response.retabulate({ width });
  response.place(cells);
  const factor = Math.exp(lnScale);
  const { stencil } = work.parcels;
  for (let v = 0; v < voxels.count; v++) {
    const share = factor * scale[v]!;
    for (let q = v * stencil; q < (v + 1) * stencil; q++) work.weights[q] = share * response.value[q]!;
  }
}

async function placeUniform(
  w: SolverWorkspace,
  work: PhaseWork,
  { cells, scale, lnScale, width }: PhaseState,
  state: SolverState,
): Promise<void> {
  const { response } = work.part.phase;
  const uniform = work.uniform!;
  const factor = Math.exp(lnScale);
  uniform.patterns.set(response.direct(cells, width).map((x) => factor * x));
  work.weights.set(scale);
  const { rotationAxis, distanceMm } = state;
  const { made } = uniform;
  if (made?.scale === scale && made.rotationAxis === rotationAxis && made.distanceMm === distanceMm) return;
  await w.run({
    op: "forward",
    frame: { ...frameOf(w, state), terms: uniform.nodes },
    parcels: [{ ...work.parcels, table: uniform.unitTable, weights: work.weights }],
    mixes: [],
    raw: uniform.depthRays,
    out: uniform.depthRays,
    side: 0,
  });
  uniform.made = { scale, rotationAxis, distanceMm };
}

/** The model's parcels as they are placed; `all`: those of one cell too, which otherwise come by depth node. */
export const weightedParcels = (w: SolverWorkspace, all: boolean): WeightedParcels[] =>
  w.phases.filter(({ uniform }) => all || !uniform).map(({ parcels, weights }) => ({ ...parcels, weights }));

/** Fills `out` with the rays of a state that is placed. */
export async function projectModel(w: SolverWorkspace, state: SolverState, out: Float32Array): Promise<void> {
  await w.run({
    op: "forward",
    frame: frameOf(w, state),
    parcels: weightedParcels(w, false),
    mixes: w.phases.flatMap(({ uniform }) =>
      uniform ? [{ rays: uniform.depthRays, nodes: uniform.nodes, patterns: uniform.patterns }] : [],
    ),
    raw: w.raw,
    out,
    side: w.options.side,
  });
}

export interface Misfit {
  /** sum over rays of |data - kappa model|^2 / variance */
  readonly squares: number;
  /** what holds the rays' factors to 1 */
  readonly hold: number;
  /** squares over the numbers that were fitted, less one a ray where it has a factor */
  readonly chi2: number;
}

/** @param rays [ray] filled, where given, with each ray's squares */
export async function measureMisfit(w: SolverWorkspace, model: Float32Array, rays?: Float64Array): Promise<Misfit> {
  const { problem, cross, power, inverseVariance, dataPower, options } = w;
  const frame = frameOf(w, problem.geometry);
  await w.run({ op: "moments", frame, data: problem.data, model, cross, power });
  let [squares, hold] = [0, 0];
  for (let ray = 0; ray < w.rays; ray++) {
    const inverse = inverseVariance[ray]!;
    const kappa = rayFactor(w, ray);
    const square = inverse * Math.max(0, dataPower[ray]! - 2 * kappa * cross[ray]! + kappa * kappa * power[ray]!);
    squares += square;
    if (inverse > 0) hold += w.rayScaleHold * (kappa - 1) ** 2;
    if (rays) rays[ray] = square;
  }
  const numbers = w.usedRays * (problem.terms - (options.rayScale ? 1 : 0));
  return { squares, hold, chi2: numbers > 0 ? squares / numbers : Number.NaN };
}

/** kappa, the factor of a ray that fits best, from the moments last taken; 1 where rays have none. */
export function rayFactor(
  { options, inverseVariance, cross, power, rayScaleHold }: SolverWorkspace,
  ray: number,
): number {
  if (!options.rayScale) return 1;
  const inverse = inverseVariance[ray]!;
  const below = inverse * power[ray]! + rayScaleHold;
  return inverse > 0 && below > 0 ? (inverse * cross[ray]! + rayScaleHold) / below : 1;
}

/** The sum of all penalties of a state. */
export function totalRoughness(
  w: SolverWorkspace,
  state: SolverState,
  penalties: readonly (readonly number[])[],
  huber?: number,
): number {
  let sum = 0;
  w.phases.forEach(({ graph, part }, p) => {
    for (let u = 0; u < part.perVoxel; u++) {
      const weight = penalties[p]![u]!;
      if (!(weight > 0)) continue;
      const map = penalisedMap(w, state, p, u);
      // edges of Huber's kind are for cells
      sum += weight * roughness(graph, map, u < part.cellCount ? huber : undefined);
      sum += weight * tieOf(w, part, u) * map.reduce((squares, x) => squares + x * x, 0);
    }
  });
  return sum;
}

/**
 * The map that is to be smooth. Where rays have free factors the data say little of a phase's scale: then what is
 * smooth, and small, is the change from the start, or the penalty would wash the start's map out and noise fill it.
 */
export function penalisedMap(w: SolverWorkspace, state: SolverState, phase: number, unknown: number): Float64Array {
  const { part } = w.phases[phase]!;
  const reference = w.options.rayScale ? part.phase.scale : undefined;
  return unknownMap(state.phases[phase]!, part, unknown, reference);
}

/** Weight of a penalised map's squares beside those of its differences. */
export const tieOf = ({ options }: SolverWorkspace, { cellCount }: PhaseUnknowns, unknown: number): number =>
  options.rayScale && unknown === cellCount ? 1 : 0;
