/** What a solution came to in every voxel of a phase, and its maps on the grid. */
import { STATUS } from "../../data/index.ts";
import type { DlsrSolution } from "./gauss-newton.ts";
import type { DlsrProblem } from "./types.ts";
import type { DlsrUncertainty } from "./uncertainty.ts";
import { createUnknowns, type GeometryChoice, type PhaseState, type PhaseUnknowns } from "./unknowns.ts";

/** A scale below this many esd is nothing. */
const SIGNIFICANCE = 2;
/** Standard deviation of a number of which no more is known than its range. */
const KNOWING_NOTHING = 1 / Math.sqrt(12);

export interface PhaseMaps {
  readonly name: string;
  /** by cell parameter: [y, x], NaN outside the mask; of a cell for all, the same everywhere */
  readonly cells: readonly Float64Array[];
  readonly cellEsd: readonly Float64Array[];
  /** [y, x] with the factor of a frozen map; NaN outside the mask */
  readonly scale: Float64Array;
  readonly scaleEsd: Float64Array;
  /** [y, x] of STATUS */
  readonly status: Uint8Array;
}

/**
 * notFitted: outside the mask; noSignal: the scale is 0 or not significant; atBound: a cell rests on the table's edge;
 * undetermined: an esd is as large as that of knowing the range alone; notConverged: the last step was longer than the
 * esd. The first that applies.
 */
export function phaseMaps(
  problem: DlsrProblem,
  geometry: GeometryChoice,
  { state, status: outcome }: Pick<DlsrSolution, "state" | "status">,
  uncertainty: DlsrUncertainty,
): PhaseMaps[] {
  const { size } = problem.geometry;
  const unknowns = createUnknowns(problem, geometry);
  const onGrid = (index: Int32Array, value: (v: number) => number): Float64Array => {
    const map = new Float64Array(size * size).fill(Number.NaN);
    index.forEach((at, v) => {
      map[at] = value(v);
    });
    return map;
  };
  return problem.phases.map((phase, p) => {
    const { cells, scale, lnScale } = state.phases[p]!;
    const esd = uncertainty.phases[p]!;
    const { index } = phase.voxels;
    const n = phase.response.cellNames.length;
    const at = (v: number, i: number): number => (phase.cell === "spatial" ? v * n + i : i);
    const factor = Math.exp(lnScale);
    const status = new Uint8Array(size * size).fill(STATUS.notFitted);
    const judge = createJudge(unknowns.phases[p]!, state.phases[p]!, state.lastStep, outcome, esd);
    index.forEach((place, v) => {
      status[place] = judge(v);
    });
    const names = phase.response.cellNames;
    return {
      name: phase.name,
      cells: names.map((_, i) => onGrid(index, (v) => cells[at(v, i)]!)),
      cellEsd: names.map((_, i) => onGrid(index, (v) => esd.cells[at(v, i)]!)),
      scale: onGrid(index, (v) => factor * scale[v]!),
      scaleEsd: onGrid(index, (v) => Math.hypot(factor * esd.scale[v]!, factor * scale[v]! * esd.lnScale)),
      status,
    };
  });
}

function createJudge(
  { phase, first, cellCount, cellUnits, hasScale }: PhaseUnknowns,
  { cells, scale }: PhaseState,
  lastStep: Float64Array | null,
  outcome: DlsrSolution["status"],
  esd: DlsrUncertainty["phases"][number],
): (v: number) => number {
  return (v) => {
    if (!(scale[v]! > 0) || (hasScale && scale[v]! < SIGNIFICANCE * esd.scale[v]!)) return STATUS.noSignal;
    const parameters = Array.from({ length: cellCount }, (_, i) => v * cellCount + i);
    const ranges = phase.response.range;
    if (parameters.some((at, i) => cells[at]! <= ranges[i]![0] || cells[at]! >= ranges[i]![1])) return STATUS.atBound;
    const knowsNothing = (at: number, i: number): boolean =>
      !(esd.cells[at]! <= KNOWING_NOTHING * (ranges[i]![1] - ranges[i]![0]));
    if (parameters.some(knowsNothing)) return STATUS.undetermined;
    if (outcome === "converged") return STATUS.converged;
    const count = phase.voxels.count;
    const isMoving = (at: number, i: number): boolean =>
      lastStep === null || Math.abs(lastStep[first + i * count + v]!) * cellUnits[i]! > esd.cells[at]!;
    return parameters.some(isMoving) ? STATUS.notConverged : STATUS.converged;
  };
}
