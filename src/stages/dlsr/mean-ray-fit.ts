/**
 * Widths and mean cells of phases from the mean ray, the depth of the sample in the model. What a mean pattern shows as
 * strain is mostly depth, so widths are found again here; and a phase that is eliminated ray by ray must have the width
 * and the place that it has.
 *
 *   mean = background + sum over phases of S_p P_p(width_p, (1 + shift_p) cells)
 */
import { createNormalWorkspace, factoriseDamped, solveFactorised } from "../../fit/normal-matrix.ts";
import { dot } from "./conjugate-gradients.ts";
import { meanRingProfiles, type SlicePhase } from "./mean-profile.ts";
import { type BackgroundKnots, createNuisanceSpace } from "./nuisance.ts";
import { norm, projectOff } from "./orthonormal.ts";
import type { PhaseLines } from "./phase-lines.ts";
import type { DlsrGeometry } from "./types.ts";

export interface MeanRayFit {
  /** [phase] factor on the widths given */
  readonly widths: Float64Array;
  /** [phase] relative, of all lengths of the cell alike */
  readonly shifts: Float64Array;
}

export interface MeanRayFitOptions {
  /** [channel] */
  readonly mean: Float64Array;
  /** [channel] up to a factor; a channel that is not a positive number does not count */
  readonly sigma: Float64Array;
  readonly geometry: DlsrGeometry;
  readonly phases: readonly SlicePhase[];
  readonly background?: BackgroundKnots;
}

const ANGLES = 24;
const STEPS = 6;
/** Steps of the differences. */
const [WIDTH_STEP, SHIFT_STEP] = [0.02, 5e-5] as const;
/** How far widths and cells are expected from what is given: standard deviations of priors, and the longest step. */
const PRIORS = [0.3, 3e-4] as const;
const CAPS = [0.2, 3e-4] as const;
const [NARROWEST, WIDEST] = [0.6, 2.5] as const;
const SETTLED = 1e-3;

export function fitMeanRay({ mean, sigma, geometry, phases, background = {} }: MeanRayFitOptions): MeanRayFit {
  const weight = sigma.map((value, j) => (value > 0 && value < Infinity && Number.isFinite(mean[j]!) ? 1 / value : 0));
  const lines = phases[0]!.lines;
  const fwhm = Math.min(
    ...phases.map((phase) =>
      phase.lines.lineCount > 0 ? phase.lines.fwhmOf(0, lines.twoTheta[mean.length >> 1]!) : Infinity,
    ),
  );
  const splines = createNuisanceSpace(lines.twoTheta, weight, background, [], 0, Number.isFinite(fwhm) ? fwhm : 0);
  const prepared = (row: Float64Array): Float64Array => {
    for (let j = 0; j < row.length; j++) row[j]! *= weight[j]!;
    projectOff(row, splines.columns, splines.count);
    return row;
  };
  const target = prepared(mean.map((value, j) => (weight[j]! > 0 ? value : 0)));
  const used = weight.reduce((count, value) => count + (value > 0 ? 1 : 0), 0) - splines.count;
  const total = (phase: SlicePhase, width: number, shift: number): Float64Array => {
    const cells = shiftedCells(phase.lines, phase.cells, shift);
    const row = new Float64Array(mean.length);
    for (const ring of meanRingProfiles({ ...phase, width: phase.width * width, cells }, geometry, ANGLES)) {
      for (let j = 0; j < row.length; j++) row[j]! += ring[j]!;
    }
    return prepared(row);
  };

  const count = phases.length;
  const widths = new Float64Array(count).fill(1);
  const shifts = new Float64Array(count);
  for (let step = 0; step < STEPS; step++) {
    const rows = phases.map((phase, p) => total(phase, widths[p]!, shifts[p]!));
    const scales = fitAmounts(rows, target);
    const left = target.slice();
    rows.forEach((row, p) => {
      for (let j = 0; j < left.length; j++) left[j]! -= scales[p]! * row[j]!;
    });
    const variance = Math.max(norm(left) ** 2 / Math.max(1, used - 3 * count), 1e-12);
    // by phase: amount, width, shift
    const columns = phases.flatMap((phase, p) => {
      const wider = total(phase, widths[p]! * (1 + WIDTH_STEP), shifts[p]!);
      const moved = total(phase, widths[p]!, shifts[p]! + SHIFT_STEP);
      const slope = (row: Float64Array, by: number): Float64Array =>
        row.map((value, j) => (scales[p]! * (value - rows[p]![j]!)) / by);
      return [rows[p]!, slope(wider, WIDTH_STEP), slope(moved, SHIFT_STEP)];
    });
    const change = solveStep(columns, left, (i) => {
      const [phase, kind] = [Math.floor(i / 3), i % 3];
      if (kind === 0) return [1e-9 * dot(rows[phase]!, rows[phase]!) + 1e-30, 0];
      const prior = PRIORS[kind - 1]!;
      const now = kind === 1 ? Math.log(widths[phase]!) : shifts[phase]!;
      return [variance / prior ** 2, -now];
    });
    let largest = 0;
    for (let p = 0; p < count; p++) {
      const capped = [1, 2].map((kind) => {
        const cap = CAPS[kind - 1]!;
        return Math.max(-cap, Math.min(cap, change[3 * p + kind]!));
      });
      widths[p] = Math.min(WIDEST, Math.max(NARROWEST, widths[p]! * Math.exp(capped[0]!)));
      shifts[p]! += capped[1]!;
      largest = Math.max(largest, Math.abs(capped[0]!), Math.abs(capped[1]!) * 1e2);
    }
    if (largest < SETTLED) break;
  }
  return { widths, shifts };
}

/** Lengths of cells by a relative shift; angles stay. @param cells [voxel, n] or [n] */
export function shiftedCells({ cellNames }: PhaseLines, cells: Float64Array, shift: number): Float64Array {
  const n = cellNames.length;
  return cells.map((value, i) => (/^[abc]$/.test(cellNames[i % n]!) ? value * (1 + shift) : value));
}

/** Amounts with the shapes as they are, not below 0. */
function fitAmounts(rows: readonly Float64Array[], target: Float64Array): Float64Array {
  let free = rows.map((_, p) => p).filter((p) => dot(rows[p]!, rows[p]!) > 0);
  const amounts = new Float64Array(rows.length);
  while (free.length > 0) {
    const found = solveStep(
      free.map((p) => rows[p]!),
      target,
      (i) => [1e-9 * dot(rows[free[i]!]!, rows[free[i]!]!), 0],
    );
    if (found.every((value) => value >= 0)) {
      free.forEach((p, i) => {
        amounts[p] = found[i]!;
      });
      break;
    }
    free = free.filter((_, i) => found[i]! >= 0);
  }
  return amounts;
}

/** Least squares with a prior for each column: [1 / variance, where it is centred]. */
function solveStep(
  columns: readonly Float64Array[],
  target: Float64Array,
  prior: (column: number) => readonly [number, number],
): Float64Array {
  const m = columns.length;
  const normal = new Float64Array(m * m);
  const right = new Float64Array(m);
  for (let i = 0; i < m; i++) {
    for (let k = 0; k <= i; k++) normal[i * m + k] = normal[k * m + i] = dot(columns[i]!, columns[k]!);
    const [weight, centre] = prior(i);
    normal[i * m + i]! += weight;
    right[i] = dot(columns[i]!, target) + weight * centre;
  }
  const active = new Uint8Array(m).fill(1);
  const workspace = createNormalWorkspace(m);
  const found = new Float64Array(m);
  if (factoriseDamped(normal, active, 1e-9, workspace)) solveFactorised(right, active, workspace, found);
  return found;
}
