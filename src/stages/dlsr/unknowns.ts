/**
 * The unknowns of a DLSR problem as one vector in units, and the state that the vector moves.
 *
 *   [phase][cell parameters that are spatial, then scale where it is refined][voxel], then what is global
 *
 * Units make unknowns alike in size: 0.001 of the mean of a cell parameter, 0.1 of a phase's typical scale, 0.1 in a
 * ln scale or width factor, 0.01 in ln distance, one translation step for the rotation axis.
 */
import type { DlsrPhase, DlsrProblem } from "./types.ts";

export interface PhaseUnknowns {
  readonly phase: DlsrPhase;
  /** its first element of the vector */
  readonly first: number;
  /** spatial cell parameters */
  readonly cellCount: number;
  readonly hasScale: boolean;
  readonly perVoxel: number;
  /** by cell parameter, spatial or global: angstrom or degrees */
  readonly cellUnits: readonly number[];
  /** mean of the start's scale, weighted with itself */
  readonly typicalScale: number;
  readonly scaleUnit: number;
}

export type GlobalUnknown =
  | { readonly kind: "scale"; readonly phase: number; readonly unit: number }
  | { readonly kind: "width"; readonly phase: number; readonly unit: number }
  | { readonly kind: "cell"; readonly phase: number; readonly parameter: number; readonly unit: number }
  | { readonly kind: "rotation-axis"; readonly unit: number }
  | { readonly kind: "distance"; readonly unit: number };

export interface Unknowns {
  readonly phases: readonly PhaseUnknowns[];
  readonly globals: readonly GlobalUnknown[];
  readonly firstGlobal: number;
  readonly count: number;
}

export interface GeometryChoice {
  readonly rotationAxis: boolean;
  readonly distance: boolean;
}

/** What is solved for, of one phase. */
export interface PhaseState {
  /** [voxel, n] spatial, [n] else */
  readonly cells: Float64Array;
  /** [voxel] */
  readonly scale: Float64Array;
  /** ln of the factor on a frozen scale map */
  readonly lnScale: number;
  readonly width: number;
  /** its last step was too small to be worth another tabulation */
  readonly isWidthSettled: boolean;
}

/** Plain data: a solve that goes on from a state gives the bits of one that was never stopped. */
export interface SolverState {
  readonly phases: readonly PhaseState[];
  readonly rotationAxis: number;
  readonly distanceMm: number;
  /** outer steps done */
  readonly step: number;
  /** Levenberg and Marquardt's mu, in mean diagonals */
  readonly damping: number;
  /** by phase: [unknown of a voxel] weight of the roughness penalty, from the first linearisation; null before it */
  readonly penalties: readonly (readonly number[])[] | null;
  /** the vector of the step before, in units; null at the start */
  readonly lastStep: Float64Array | null;
}

const CELL_UNIT = 1e-3;
const LN_UNIT = 0.1;
const DISTANCE_UNIT = 0.01;
/** Width factors beyond these are no longer the model's line. */
const WIDTH_RANGE = [0.4, 2.5] as const;
/** A width that moved less than this stays. */
const WIDTH_SETTLED = 1e-3;
/** Longest step of an unknown, in units. */
const STEP_CAP = 3;

export function createUnknowns({ phases }: DlsrProblem, geometry: GeometryChoice): Unknowns {
  const parts: PhaseUnknowns[] = [];
  const globals: GlobalUnknown[] = [];
  let first = 0;
  phases.forEach((phase, at) => {
    const n = phase.response.cellNames.length;
    const cellCount = phase.cell === "spatial" ? n : 0;
    const hasScale = phase.scaleMap === "refined";
    const perVoxel = cellCount + (hasScale ? 1 : 0);
    const typicalScale = selfWeightedMean(phase.scale);
    const cellUnits = meanCell(phase).map((value) => CELL_UNIT * Math.abs(value));
    const scaleUnit = typicalScale > 0 ? LN_UNIT * typicalScale : 1;
    parts.push({ phase, first, cellCount, hasScale, perVoxel, cellUnits, typicalScale, scaleUnit });
    first += perVoxel * phase.voxels.count;
    // a factor on a map that is refined anyway would say nothing
    if (phase.hasGlobalScale && !hasScale) globals.push({ kind: "scale", phase: at, unit: LN_UNIT });
    if (phase.cell === "global") {
      cellUnits.forEach((unit, parameter) => globals.push({ kind: "cell", phase: at, parameter, unit }));
    }
    if (phase.refinesWidth) globals.push({ kind: "width", phase: at, unit: LN_UNIT });
  });
  if (geometry.rotationAxis) globals.push({ kind: "rotation-axis", unit: 1 });
  if (geometry.distance) globals.push({ kind: "distance", unit: DISTANCE_UNIT });
  return { phases: parts, globals, firstGlobal: first, count: first + globals.length };
}

/** The start that the problem gives. */
export function startState({ phases, geometry }: DlsrProblem, damping: number): SolverState {
  return {
    phases: phases.map(({ cells, scale, response }) => ({
      cells: withinRange(cells, response.range),
      scale: scale.map((w) => (w > 0 ? w : 0)),
      lnScale: 0,
      width: response.width,
      isWidthSettled: false,
    })),
    rotationAxis: geometry.rotationAxis,
    distanceMm: geometry.distanceMm,
    step: 0,
    damping,
    penalties: null,
    lastStep: null,
  };
}

/** A step of which no unknown is longer than the cap. */
export const cappedStep = (step: Float64Array): Float64Array =>
  step.map((x) => Math.max(-STEP_CAP, Math.min(STEP_CAP, x)));

/** To begin anew from where a solve ended: with other intensities, more steps, another weight of smoothness. */
export const restarted = (state: SolverState, damping: number): SolverState => ({
  ...state,
  phases: state.phases.map((phase) => ({ ...phase, isWidthSettled: false })),
  step: 0,
  damping,
  penalties: null,
  lastStep: null,
});

/** The state after a step, no unknown moved over a bound. */
export function afterStep(state: SolverState, unknowns: Unknowns, step: Float64Array): SolverState {
  const phases = state.phases.map((old, p) => movedPhase(old, unknowns.phases[p]!, step));
  let { rotationAxis, distanceMm } = state;
  unknowns.globals.forEach((global, i) => {
    const change = step[unknowns.firstGlobal + i]! * global.unit;
    if (global.kind === "rotation-axis") rotationAxis += change;
    else if (global.kind === "distance") distanceMm *= Math.exp(change);
    else phases[global.phase] = movedGlobal(phases[global.phase]!, global, change, unknowns.phases[global.phase]!);
  });
  return { ...state, phases, rotationAxis, distanceMm, lastStep: step };
}

function movedPhase(old: PhaseState, part: PhaseUnknowns, step: Float64Array): PhaseState {
  const { first, cellCount, hasScale, cellUnits, scaleUnit, phase } = part;
  const count = phase.voxels.count;
  let { cells, scale } = old;
  if (cellCount > 0) {
    cells = cells.slice();
    for (let i = 0; i < cellCount; i++) {
      for (let v = 0; v < count; v++) {
        cells[v * cellCount + i] = cells[v * cellCount + i]! + cellUnits[i]! * step[first + i * count + v]!;
      }
    }
    cells = withinRange(cells, phase.response.range);
  }
  if (hasScale) {
    const at = first + cellCount * count;
    scale = scale.map((w, v) => Math.max(0, w + scaleUnit * step[at + v]!));
  }
  return { ...old, cells, scale };
}

function movedGlobal(
  old: PhaseState,
  global: Extract<GlobalUnknown, { phase: number }>,
  change: number,
  part: PhaseUnknowns,
): PhaseState {
  if (global.kind === "scale") return { ...old, lnScale: old.lnScale + change };
  if (global.kind === "width") {
    if (old.isWidthSettled) return old;
    const width = Math.max(WIDTH_RANGE[0], Math.min(WIDTH_RANGE[1], old.width + change));
    return { ...old, width, isWidthSettled: Math.abs(width - old.width) < WIDTH_SETTLED };
  }
  const cells = old.cells.slice();
  cells[global.parameter] = cells[global.parameter]! + change;
  return { ...old, cells: withinRange(cells, part.phase.response.range) };
}

/** Whether a global unknown takes part in the next step. */
export const isActive = (global: GlobalUnknown, state: SolverState): boolean =>
  global.kind !== "width" || !state.phases[global.phase]!.isWidthSettled;

/**
 * Marks in `free` [unknown] with 0 what rests on a bound and is pushed against it.
 *
 * @param push [unknown] the direction in which the objective falls
 */
export function blockBound(free: Uint8Array, state: SolverState, unknowns: Unknowns, push: Float64Array): void {
  unknowns.phases.forEach(({ phase, first, cellCount, hasScale }, p) => {
    const { cells, scale } = state.phases[p]!;
    const count = phase.voxels.count;
    for (let i = 0; i < cellCount; i++) {
      const [lower, upper] = phase.response.range[i]!;
      for (let v = 0; v < count; v++) {
        const cell = cells[v * cellCount + i]!;
        const at = first + i * count + v;
        if ((cell <= lower && push[at]! < 0) || (cell >= upper && push[at]! > 0)) free[at] = 0;
      }
    }
    if (!hasScale) return;
    const at = first + cellCount * count;
    for (let v = 0; v < count; v++) if (scale[v]! <= 0 && push[at + v]! < 0) free[at + v] = 0;
  });
}

/**
 * The map of one unknown of a phase's voxels in units; of the scale, less `scaleReference`.
 *
 * @param unknown 0 to perVoxel - 1: the spatial cell parameters, then the scale
 */
export function unknownMap(
  state: PhaseState,
  part: PhaseUnknowns,
  unknown: number,
  scaleReference?: Float64Array,
): Float64Array {
  const { cellCount, cellUnits, scaleUnit, phase } = part;
  const map = new Float64Array(phase.voxels.count);
  for (let v = 0; v < map.length; v++) {
    if (unknown < cellCount) map[v] = state.cells[v * cellCount + unknown]! / cellUnits[unknown]!;
    else map[v] = (state.scale[v]! - (scaleReference?.[v] ?? 0)) / scaleUnit;
  }
  return map;
}

function withinRange(cells: Float64Array, range: DlsrPhase["response"]["range"]): Float64Array {
  const n = range.length;
  return cells.map((cell, i) => Math.max(range[i % n]![0], Math.min(range[i % n]![1], cell)));
}

function meanCell({ cells, response }: DlsrPhase): number[] {
  const n = response.cellNames.length;
  return response.cellNames.map((_, i) => {
    let sum = 0;
    for (let at = i; at < cells.length; at += n) sum += cells[at]!;
    const mean = sum / (cells.length / n);
    // no voxel, no mean: the middle of the table is as good
    return Number.isFinite(mean) ? mean : (response.range[i]![0] + response.range[i]![1]) / 2;
  });
}

function selfWeightedMean(scale: Float64Array): number {
  let sum = 0;
  let squares = 0;
  for (const w of scale) {
    if (!(w > 0)) continue;
    sum += w;
    squares += w * w;
  }
  return sum > 0 ? squares / sum : 0;
}
