/**
 * The Jacobian's columns of what is global, as sinograms, each for one unit of its unknown. Scales are exact; cells,
 * widths, rotation axis and distance are central differences.
 */

import type { WeightedParcels } from "../../projector/index.ts";
import { weightedParcels } from "./forward-model.ts";
import type { DepthMix, ForwardJob } from "./runner.ts";
import { frameOf, type SolverWorkspace } from "./solver-workspace.ts";
import type { PhaseResponse } from "./types.ts";
import { type GlobalUnknown, isActive, type PhaseState, type SolverState } from "./unknowns.ts";

/** Half widths of the differences. */
const CELL_STEP = 2e-4;
const WIDTH_STEP = 0.02;
const AXIS_STEP = 0.1;
const LN_DISTANCE_STEP = 0.01;

/** Fills the columns of the unknowns that are active; leaves the state placed as it was. */
export async function fillColumns(w: SolverWorkspace, state: SolverState): Promise<void> {
  for (const [i, global] of w.unknowns.globals.entries()) {
    if (!isActive(global, state)) continue;
    const column = w.columns[i]!;
    if (global.kind === "rotation-axis" || global.kind === "distance") {
      await geometryColumn(w, state, global, column);
    } else if (w.phases[global.phase]!.uniform) await uniformColumn(w, state, global, column);
    else if (global.kind === "scale") await spatialScaleColumn(w, state, global, column);
    else if (global.kind === "width") await spatialWidthColumn(w, state, global, column);
  }
}

type PhaseGlobal = Extract<GlobalUnknown, { phase: number }>;

async function uniformColumn(
  w: SolverWorkspace,
  state: SolverState,
  global: PhaseGlobal,
  column: Float32Array,
): Promise<void> {
  const { uniform, part } = w.phases[global.phase]!;
  const { depthRays, nodes, patterns, slope } = uniform!;
  const phase = state.phases[global.phase]!;
  slope.set(global.kind === "scale" ? patterns : patternSlope(part.phase.response, phase, global));
  for (let i = 0; i < slope.length; i++) slope[i] = global.unit * slope[i]!;
  await project(w, state, [], [{ rays: depthRays, nodes, patterns: slope }], column);
}

/** [depth, K] derivative of the pattern by a cell parameter or the width. */
function patternSlope(
  response: PhaseResponse,
  { cells, width, lnScale }: PhaseState,
  global: PhaseGlobal,
): Float32Array {
  const at = (side: number): Float32Array => {
    if (global.kind !== "cell") return response.direct(cells, width + side * WIDTH_STEP);
    const moved = cells.slice();
    moved[global.parameter] = cells[global.parameter]! * (1 + side * CELL_STEP);
    return response.direct(moved, width);
  };
  const step = global.kind === "cell" ? CELL_STEP * cells[global.parameter]! : WIDTH_STEP;
  // copies: a response may hand out the same array each time
  const after = at(1).slice();
  const before = at(-1);
  return after.map((x, i) => (Math.exp(lnScale) * (x - before[i]!)) / (2 * step));
}

/** The phase's own rays: a frozen map of cells that differ. */
async function spatialScaleColumn(
  w: SolverWorkspace,
  state: SolverState,
  { phase, unit }: PhaseGlobal,
  column: Float32Array,
): Promise<void> {
  const { parcels, weights } = w.phases[phase]!;
  await project(w, state, [{ ...parcels, weights }], [], column);
  for (let i = 0; i < column.length; i++) column[i] = unit * column[i]!;
}

async function spatialWidthColumn(
  w: SolverWorkspace,
  state: SolverState,
  { phase, unit }: PhaseGlobal,
  column: Float32Array,
): Promise<void> {
  const { parcels, weights, part } = w.phases[phase]!;
  const { cells, width } = state.phases[phase]!;
  const projectAt = async (side: number, out: Float32Array): Promise<void> => {
    part.phase.response.retabulate({ width: width + side * WIDTH_STEP });
    part.phase.response.place(cells);
    await project(w, state, [{ ...parcels, weights }], [], out);
  };
  await projectAt(1, column);
  await projectAt(-1, w.out);
  takeDifference(column, w.out, unit / (2 * WIDTH_STEP));
  part.phase.response.retabulate({ width });
  part.phase.response.place(cells);
}

async function geometryColumn(
  w: SolverWorkspace,
  state: SolverState,
  { kind, unit }: GlobalUnknown,
  column: Float32Array,
): Promise<void> {
  const step = kind === "rotation-axis" ? AXIS_STEP : LN_DISTANCE_STEP;
  const moved = (side: number): SolverState =>
    kind === "rotation-axis"
      ? { ...state, rotationAxis: state.rotationAxis + side * AXIS_STEP }
      : { ...state, distanceMm: state.distanceMm * Math.exp(side * LN_DISTANCE_STEP) };
  await project(w, moved(1), weightedParcels(w, true), [], column);
  await project(w, moved(-1), weightedParcels(w, true), [], w.out);
  takeDifference(column, w.out, unit / (2 * step));
}

async function project(
  w: SolverWorkspace,
  state: SolverState,
  parcels: WeightedParcels[],
  mixes: DepthMix[],
  out: Float32Array,
): Promise<void> {
  const job: ForwardJob = {
    op: "forward",
    frame: frameOf(w, state),
    parcels,
    mixes,
    raw: w.raw,
    out,
    side: w.options.side,
  };
  await w.run(job);
}

/** after <- factor (after - before). */
function takeDifference(after: Float32Array, before: Float32Array, factor: number): void {
  for (let i = 0; i < after.length; i++) after[i] = factor * (after[i]! - before[i]!);
}
