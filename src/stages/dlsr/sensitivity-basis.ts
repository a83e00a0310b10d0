/**
 * The few combinations of channels that hold what the wanted numbers change in a pattern: leading directions of
 * derivatives and patterns over the prior range of cells and depths.
 *
 * A basis of the patterns themselves would spend half of its directions on what is the same everywhere.
 */
import { halton } from "./low-discrepancy.ts";
import type { NuisanceSpace } from "./nuisance.ts";
import { norm, projectOff } from "./orthonormal.ts";
import type { PhaseLines } from "./phase-lines.ts";
import { leadingDirections, symmetricEigen } from "./singular-values.ts";

/** A phase that is in the model of the rays. */
export interface KeptPhase {
  readonly lines: PhaseLines;
  /** spatial: every voxel has its cell; global: one for all */
  readonly cell: "spatial" | "global";
  /**
   * Where cells are expected: [lower, upper] of each free parameter. A range that is too small costs precision outside
   * of it and biases nothing. Default: 0.15 % to each side of the model's for a spatial cell, 0.05 % for a global one.
   */
  readonly range?: readonly (readonly [lower: number, upper: number])[] | undefined;
  /** [sample, n] cells of voxels found by a conventional fit, from which the samples are drawn instead */
  readonly examples?: Float64Array | undefined;
}

/** How much of the precision in all channels the reduced rays keep: sigma in all channels over sigma in K numbers. */
export interface RetainedPrecision {
  readonly phase: string;
  /** "a", ... or "scale" */
  readonly parameter: string;
  readonly share: number;
  /** what eliminating phases leaves of the precision that one free amount of each would: it costs where lines overlap */
  readonly eliminationShare: number;
}

const SPATIAL_SAMPLES = 320;
const GLOBAL_SAMPLES = 48;
/** Weights of the blocks: pattern, cell, width; what a global cell needs is one number for all rays. */
const SPATIAL_WEIGHTS = { pattern: 0.5, cell: 1, width: 0.3 };
const GLOBAL_WEIGHTS = { pattern: 0.3, cell: 0.1, width: 0.1 };
/** Relative steps of the differences: lines move by a hundredth of their width. */
const CELL_STEP = 2e-5;
const WIDTH_STEP = 2e-3;

/** What a phase does to a pattern in one state, in weighted channels off the nuisances. */
interface Sensitivities {
  readonly pattern: Float64Array;
  /** by ln of each free cell parameter */
  readonly cell: readonly Float64Array[];
  readonly width: Float64Array;
}

/**
 * @param weight [channel] 1 / sigma, 0 where a channel does not count
 * @param nuisance [count, channel] orthonormal
 * @param depth largest |tau|
 * @returns [terms, channel] orthonormal and off the nuisances
 */
export function sensitivityBasis(
  phases: readonly KeptPhase[],
  weight: Float64Array,
  nuisance: Float64Array,
  depth: number,
  terms: number,
): Float64Array {
  const n = weight.length;
  const blocks: Float64Array[] = [];
  const block = (rows: readonly Float64Array[], share: number): void => {
    const mean = rows.reduce((sum, row) => sum + norm(row), 0) / rows.length;
    if (!(mean > 0)) return;
    const factor = share / mean / Math.sqrt(rows.length);
    for (const row of rows) blocks.push(row.map((value) => value * factor));
  };
  for (const phase of phases) {
    const weights = phase.cell === "spatial" ? SPATIAL_WEIGHTS : GLOBAL_WEIGHTS;
    const count = phase.cell === "spatial" ? SPATIAL_SAMPLES : GLOBAL_SAMPLES;
    const states = Array.from({ length: count }, (_, s) => {
      const { cell, tau } = sampleState(phase, s, count, depth);
      return sensitivitiesOf(phase.lines, cell, tau, weight, nuisance);
    });
    block(
      states.map(({ pattern }) => pattern),
      weights.pattern,
    );
    for (let q = 0; q < phase.lines.cell.length; q++) {
      block(
        states.map(({ cell }) => cell[q]!),
        weights.cell,
      );
    }
    block(
      states.map(({ width }) => width),
      weights.width,
    );
  }
  const rows = new Float64Array(blocks.length * n);
  blocks.forEach((row, r) => rows.set(row, r * n));
  return leadingDirections(rows, n, terms).vectors;
}

/** Cell and depth of a sample, spread evenly over the range of the phase and all depths. */
function sampleState(phase: KeptPhase, s: number, count: number, depth: number): { cell: Float64Array; tau: number } {
  const { lines, examples } = phase;
  const free = lines.cell.length;
  const tau = depth * (2 * halton(s, 0) - 1);
  if (examples && examples.length >= free) {
    const many = Math.floor(examples.length / free);
    const from = Math.min(many - 1, Math.floor(((s + 0.5) * many) / count));
    const cell = examples.slice(from * free, (from + 1) * free);
    return { cell: cell.every(Number.isFinite) ? cell : lines.cell, tau };
  }
  const range = cellRange(phase);
  return { cell: Float64Array.from(range, ([low, high], q) => low + (high - low) * halton(s, q + 1)), tau };
}

/** The range of a kept phase, given or default. */
export function cellRange({ lines, cell, range }: KeptPhase): readonly (readonly [number, number])[] {
  const half = cell === "spatial" ? 1.5e-3 : 5e-4;
  return range ?? Array.from(lines.cell, (value) => [value * (1 - half), value * (1 + half)] as const);
}

/** A pattern over sigma, without what the nuisances hold of it. @param row changed in place */
function weighted(row: Float64Array, weight: Float64Array, nuisance: Float64Array): Float64Array {
  for (let j = 0; j < row.length; j++) row[j]! *= weight[j]!;
  projectOff(row, nuisance, nuisance.length / row.length);
  return row;
}

function sensitivitiesOf(
  lines: PhaseLines,
  cell: Float64Array,
  tau: number,
  weight: Float64Array,
  nuisance: Float64Array,
): Sensitivities {
  const at = (values: Float64Array, width: number): Float64Array => {
    const out = new Float64Array(weight.length);
    lines.addPattern(values, tau, width, out);
    return out;
  };
  const difference = (high: Float64Array, low: Float64Array, step: number): Float64Array => {
    const out = high.map((value, j) => (value - low[j]!) / (2 * step));
    return weighted(out, weight, nuisance);
  };
  return {
    pattern: weighted(at(cell, 1), weight, nuisance),
    cell: Array.from(cell, (value, q) => {
      const moved = (side: number): Float64Array => {
        const other = cell.slice();
        other[q] = value * (1 + side * CELL_STEP);
        return at(other, 1);
      };
      return difference(moved(1), moved(-1), CELL_STEP);
    }),
    width: difference(at(cell, 1 + WIDTH_STEP), at(cell, 1 - WIDTH_STEP), WIDTH_STEP),
  };
}

const PENCILS = 12;

/**
 * The precision that the basis keeps for cell parameters and scales of spatial phases, with the nuisances and the
 * amounts of all other phases free: the median over parcels in the range.
 *
 * @param eliminated phases that the nuisances hold
 * @param basis [terms, channel] of sensitivityBasis
 */
export function retainedPrecision(
  phases: readonly KeptPhase[],
  eliminated: readonly PhaseLines[],
  weight: Float64Array,
  nuisance: NuisanceSpace,
  depth: number,
  basis: Float64Array,
): RetainedPrecision[] {
  const n = weight.length;
  const splines = nuisance.columns.subarray(0, nuisance.splines * n);
  const reduced = (row: Float64Array): Float64Array => {
    const out = new Float64Array(basis.length / n);
    for (let k = 0; k < out.length; k++) for (let j = 0; j < n; j++) out[k]! += row[j]! * basis[k * n + j]!;
    return out;
  };
  const patternOf = (lines: PhaseLines, off: Float64Array): Float64Array => {
    const out = new Float64Array(n);
    lines.addPattern(lines.cell, 0, 1, out);
    return weighted(out, weight, off);
  };
  return phases.flatMap((phase) => {
    if (phase.cell !== "spatial") return [];
    const names = [...phase.lines.cellNames, "scale"];
    const shares = names.map(() => [] as number[]);
    const eliminationShares = names.map(() => [] as number[]);
    const others = phases.filter((other) => other !== phase).map(({ lines }) => lines);
    for (let s = 0; s < PENCILS; s++) {
      // points of the sequence that no sample of the basis has taken
      const { cell, tau } = sampleState(phase, phase.examples ? s : SPATIAL_SAMPLES + s, PENCILS, depth);
      const columnsOff = (off: Float64Array, free: readonly PhaseLines[]): Float64Array[] => {
        const own = sensitivitiesOf(phase.lines, cell, tau, weight, off);
        return [...own.cell, own.pattern, ...free.map((lines) => patternOf(lines, off))];
      };
      const columns = columnsOff(nuisance.columns, others);
      const full = variances(columns);
      const kept = variances(columns.map(reduced));
      const free = eliminated.length > 0 ? variances(columnsOff(splines, [...others, ...eliminated])) : full;
      names.forEach((_, q) => {
        shares[q]!.push(Math.sqrt(full[q]! / kept[q]!));
        eliminationShares[q]!.push(Math.sqrt(free[q]! / full[q]!));
      });
    }
    return names.map((parameter, q) => ({
      phase: phase.lines.phase,
      parameter,
      share: median(shares[q]!),
      eliminationShare: median(eliminationShares[q]!),
    }));
  });
}

/** Diagonal of the inverse of the columns' information; columns without signal do not count. */
function variances(columns: readonly Float64Array[]): Float64Array {
  const lengths = columns.map(norm);
  const used = columns.flatMap((_, i) => (lengths[i]! > 0 ? [i] : []));
  const m = used.length;
  const gram = new Float64Array(m * m);
  used.forEach((p, i) =>
    used.forEach((q, k) => {
      let sum = 0;
      for (let j = 0; j < columns[p]!.length; j++) sum += columns[p]![j]! * columns[q]![j]!;
      gram[i * m + k] = sum / (lengths[p]! * lengths[q]!);
    }),
  );
  const { vectors, values } = symmetricEigen(gram, m);
  const out = new Float64Array(columns.length).fill(Infinity);
  used.forEach((p, i) => {
    let sum = 0;
    for (let k = 0; k < m; k++) sum += vectors[i * m + k]! ** 2 / Math.max(values[k]!, 1e-14);
    out[p] = sum / lengths[p]! ** 2;
  });
  return out;
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((p, q) => p - q);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
