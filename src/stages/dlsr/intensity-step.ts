/**
 * Intensities of all rings from the mean ray, with every voxel's cell and depth in the model: what is wrong in the
 * structures, in texture or in the integration is put right before cells are read from line positions.
 *
 *   mean = background + sum over phases, rings of S_p x_r P_r,    x_r about 1, >= 0
 *
 * P_r is what the maps as they stand give the mean ray. Rings that overlap share by the prior of their factors.
 */
import { createBoundedStep } from "../../fit/bounded-step.ts";
import { firstAtOrAbove } from "../../pattern/line-list.ts";
import { meanRingProfiles, type SlicePhase } from "./mean-profile.ts";
import { type BackgroundKnots, createNuisanceSpace } from "./nuisance.ts";
import { norm, projectOff } from "./orthonormal.ts";
import type { PhaseLines } from "./phase-lines.ts";
import type { DlsrGeometry } from "./types.ts";

export interface IntensityStepOptions {
  /** [channel] mean over all rays, NaN where masked */
  readonly mean: Float64Array;
  /** [channel] up to a factor; a channel that is not a positive number does not count */
  readonly sigma: Float64Array;
  readonly geometry: DlsrGeometry;
  /** all that diffract, also those that are eliminated ray by ray */
  readonly phases: readonly SlicePhase[];
  readonly background?: BackgroundKnots;
  /** angles taken of the scan's */
  readonly angles?: number;
  /** how far factors are expected from 1: standard deviation of the prior */
  readonly spread?: number;
}

export interface IntensityStep {
  /** [phase][ring] on the intensities of the lines given; 1 where the mean ray says nothing of them */
  readonly factors: readonly Float64Array[];
  /** [phase] factor that its scale map lacks; NaN where the phase gives nothing to the mean ray */
  readonly scales: readonly number[];
  /** [channel] fitted mean ray, background included; 0 where a channel does not count */
  readonly calculated: Float64Array;
  /** root of the weighted sum of squares left over, of that without the background: before and after */
  readonly misfitBefore: number;
  readonly misfit: number;
}

const ANGLES = 24;
const SPREAD = 0.3;
/** The misfit, which says how far factors may be trusted, and the factors settle together. */
const ROUNDS = 4;
/** A ring below this share of the strongest ring's weighted length is left as it is. */
const LEAST_RING = 1e-6;

/** Relative error that the shapes of lines are allowed: a weak ring under a strong one keeps its intensity. */
const SHAPE_ERROR = 0.01;

/** One ring that can be seen. */
interface Column {
  readonly phase: number;
  readonly ring: number;
  /** [channel] weighted, off the background */
  readonly row: Float64Array;
  /** its top is in a channel that counts: of others the tails say nothing that a background would not */
  readonly isFree: boolean;
}

export function intensityStep(options: IntensityStepOptions): IntensityStep {
  const { mean, sigma, geometry, phases, background = {}, angles = ANGLES, spread = SPREAD } = options;
  const n = mean.length;
  const weight = sigma.map((value, j) => (value > 0 && value < Infinity && Number.isFinite(mean[j]!) ? 1 / value : 0));
  const used = weight.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
  const twoTheta = phases[0]!.lines.twoTheta;
  const fwhm = Math.min(
    ...phases.map(({ lines }) => (lines.lineCount > 0 ? lines.fwhmOf(0, twoTheta[n >> 1]!) : Infinity)),
  );
  const splines = createNuisanceSpace(twoTheta, weight, background, [], 0, Number.isFinite(fwhm) ? fwhm : 0);
  const data = mean.map((value, j) => (weight[j]! > 0 ? value * weight[j]! : 0));
  const target = data.slice();
  projectOff(target, splines.columns, splines.count);

  const columns = visibleColumns(phases, geometry, angles, weight, splines.columns);
  const scales = fitScales(columns, phases.length, target);
  const scaled = columns.map((column) => ({
    ...column,
    row: column.row.map((value) => value * scales[column.phase]!),
  }));
  const x = fitFactors(scaled, target, spread, Math.max(1, used - splines.count - columns.length));
  const factors = phases.map(({ lines }) => new Float64Array(lines.ringCount).fill(1));
  columns.forEach(({ phase, ring }, i) => {
    factors[phase]![ring] = x[i]!;
  });
  const left = leftOver(scaled, x, target);
  normalise(columns, factors, scales);
  return {
    factors,
    scales: scales.map((value, p) => (columns.some(({ phase }) => phase === p) ? value : Number.NaN)),
    // what is left over has no part in the background's space: the rest is the fit
    calculated: data.map((value, j) => (weight[j]! > 0 ? (value - left[j]!) / weight[j]! : 0)),
    misfitBefore: norm(leftOver(scaled, new Float64Array(columns.length).fill(1), target)) / norm(target),
    misfit: norm(left) / norm(target),
  };
}

function visibleColumns(
  phases: readonly SlicePhase[],
  geometry: DlsrGeometry,
  angles: number,
  weight: Float64Array,
  background: Float64Array,
): Column[] {
  const isSeen = phases.map(({ lines }) => seenRings(lines, weight));
  const all = phases.flatMap((phase, p) =>
    meanRingProfiles(phase, geometry, angles).map((row, ring) => {
      for (let j = 0; j < row.length; j++) row[j]! *= weight[j]!;
      projectOff(row, background, background.length / row.length);
      return { phase: p, ring, row, isFree: isSeen[p]![ring]! > 0, length: norm(row) };
    }),
  );
  const strongest = phases.map((_, p) =>
    all.reduce((most, { phase, length }) => (phase === p ? Math.max(most, length) : most), 0),
  );
  return all.filter(({ phase, length }) => length > LEAST_RING * strongest[phase]!);
}

/** [ring] 1 where one of its lines lies in a channel that counts, in the model's cell and at no depth. */
function seenRings(lines: PhaseLines, weight: Float64Array): Uint8Array {
  const { twoTheta } = lines;
  const tangents = new Float64Array(lines.lineCount);
  lines.tangentsOf(lines.cell, tangents);
  const seen = new Uint8Array(lines.ringCount);
  tangents.forEach((tangent, line) => {
    const at = firstAtOrAbove(twoTheta, twoTheta.length, lines.apparentDeg(tangent, 0));
    if (at > 0 && at < twoTheta.length && weight[at]! > 0) seen[lines.ringOf[line]!] = 1;
  });
  return seen;
}

/** [phase] amounts that fit best with the intensities as they are; what would be negative is next to nothing. */
function fitScales(columns: readonly Column[], count: number, target: Float64Array): number[] {
  const sums = Array.from({ length: count }, () => new Float64Array(target.length));
  for (const { phase, row } of columns) for (let j = 0; j < row.length; j++) sums[phase]![j]! += row[j]!;
  const rows = sums.map((row) => ({ row }));
  const start = sums.map((row) => {
    const length = norm(row);
    return length > 0 ? Math.max(0, dot(row, target)) / length ** 2 : 0;
  });
  const ridge = Float64Array.from(sums, (row) => 1e-9 * dot(row, row));
  return Array.from(boundedFit(rows, target, Float64Array.from(start), ridge, start));
}

/** [column] factors with a prior about 1 whose weight is that of the misfit that remains, and more in the shadow of stronger rings. */
function fitFactors(columns: readonly Column[], target: Float64Array, spread: number, freedom: number): Float64Array {
  let x: Float64Array = new Float64Array(columns.length).fill(1);
  // what a small error in the shapes of its neighbours would do to a ring
  const shadow = columns.map(({ row }) => {
    const own = dot(row, row);
    const others = columns.reduce((sum, other) => sum + (other.row === row ? 0 : Math.abs(dot(row, other.row))), 0);
    return own > 0 ? (SHAPE_ERROR * others) ** 2 / own : 0;
  });
  for (let round = 0; round < ROUNDS; round++) {
    const variance = norm(leftOver(columns, x, target)) ** 2 / freedom;
    const ridge = Float64Array.from(shadow, (value) => (Math.max(variance, 1e-12) + value) / spread ** 2);
    x = boundedFit(columns, target, x, ridge, new Float64Array(columns.length).fill(1));
  }
  return x;
}

/** Minimum of |target - sum x row|^2 + sum ridge (x - centre)^2 over x >= 0. */
function boundedFit(
  columns: readonly { readonly row: Float64Array; readonly isFree?: boolean }[],
  target: Float64Array,
  start: Float64Array,
  ridge: Float64Array,
  centre: ArrayLike<number>,
): Float64Array {
  const m = columns.length;
  const normal = new Float64Array(m * m);
  const downhill = new Float64Array(m);
  const left = leftOver(columns, start, target);
  const active = new Uint8Array(m);
  for (let p = 0; p < m; p++) {
    for (let q = 0; q <= p; q++) {
      const product = dot(columns[p]!.row, columns[q]!.row);
      normal[p * m + q] = product;
      normal[q * m + p] = product;
    }
    normal[p * m + p]! += ridge[p]!;
    downhill[p] = dot(columns[p]!.row, left) - ridge[p]! * (start[p]! - centre[p]!);
    active[p] = normal[p * m + p]! > 0 && columns[p]!.isFree !== false ? 1 : 0;
  }
  const solver = createBoundedStep(m);
  const high = new Float64Array(m).fill(Infinity);
  const gain = solver.find({ normal, downhill, active, low: start.map((value) => -value), high, rows: null }, 0);
  return Number.isNaN(gain) ? start : start.map((value, p) => Math.max(0, value + solver.step[p]!));
}

function leftOver(
  columns: readonly { readonly row: Float64Array }[],
  x: ArrayLike<number>,
  target: Float64Array,
): Float64Array {
  const left = target.slice();
  columns.forEach(({ row }, i) => {
    for (let j = 0; j < left.length; j++) left[j]! -= x[i]! * row[j]!;
  });
  return left;
}

/** A factor that all rings of a phase have in common is its scale's. */
function normalise(columns: readonly Column[], factors: readonly Float64Array[], scales: number[]): void {
  factors.forEach((own, p) => {
    let before = 0;
    let after = 0;
    for (const { phase, ring, row, isFree } of columns) {
      if (phase !== p || !isFree) continue;
      const length = norm(row);
      before += length;
      after += length * own[ring]!;
    }
    if (!(before > 0) || !(after > 0)) return;
    const common = after / before;
    for (const { phase, ring, isFree } of columns) if (phase === p && isFree) own[ring]! /= common;
    scales[p]! *= common;
  });
}

function dot(p: Float64Array, q: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < p.length; j++) sum += p[j]! * q[j]!;
  return sum;
}
