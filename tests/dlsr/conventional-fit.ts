/**
 * What is done without direct reconstruction: filtered back-projection, then every voxel fitted on its own as if it lay
 * on the rotation axis. Done on the reduced rays, which the channels' patterns and their reconstruction go to alike, so
 * that it costs a second; a fit of all channels differs by the few per cent of precision that the reduction loses.
 */
import type { Kernels } from "../../src/kernels/index.ts";
import type { PhaseLines } from "../../src/stages/dlsr/phase-lines.ts";
import { createReconstructionPlan, reconstructBlock } from "../../src/stages/reconstruct/index.ts";
import type { PhantomScan } from "./phantoms.ts";

export interface ConventionalMaps {
  /** [y, x] */
  readonly scale: Float64Array;
  readonly a: Float64Array;
  readonly c: Float64Array;
  /** by phase of `others`: [y, x] */
  readonly others: Readonly<Record<string, Float64Array>>;
}

export interface ConventionalFitInput {
  readonly kernels: Kernels;
  readonly scan: PhantomScan;
  /** [angle, translation, terms] reduced rays */
  readonly rays: Float32Array;
  /** [channel, terms] */
  readonly matrix: Float32Array;
  readonly terms: number;
  /** of a and c, or of a alone, which then stands for both */
  readonly phase: PhaseLines;
  readonly width?: number;
  readonly range: readonly (readonly [number, number])[];
  /** other phases in the reduced rays, of one cell: their scales are fitted too */
  readonly others?: readonly PhaseLines[];
  readonly rotationAxis?: number;
}

const NODES = 25;
const STEPS = 12;

/** Scale and cell of every voxel; where there is no scale the cell is the middle of the range. */
export function conventionalFit(input: ConventionalFitInput): ConventionalMaps {
  const { kernels, scan, rays, terms, range } = input;
  const { size } = scan.phantom;
  const plan = createReconstructionPlan(
    { method: "fbp" },
    {
      omegaDeg: scan.omegaDeg,
      translations: scan.translations,
      rotationAxis: input.rotationAxis ?? scan.rotationAxis,
      stepMm: scan.stepMm,
    },
  );
  const volume = new Float32Array(size * size * terms);
  const mark = kernels.arena.mark();
  reconstructBlock(kernels, { sinogram: rays, bins: terms, plan }, volume);
  kernels.arena.release(mark);
  const table = tabulate(input);
  const others = input.others ?? [];
  const rows = others.map((lines) => reduced(input, lines, lines.cell));
  const middle = range.map(([low, high]) => (low + high) / 2);
  const maps = {
    scale: new Float64Array(size * size),
    cells: range.map((_, q) => new Float64Array(size * size).fill(middle[q]!)),
    others: others.map(() => new Float64Array(size * size)),
  };
  for (let v = 0; v < size * size; v++) {
    const fit = fitVoxel(volume.subarray(v * terms, (v + 1) * terms), table, rows, input, middle);
    maps.scale[v] = fit.scale;
    fit.cell.forEach((value, q) => {
      maps.cells[q]![v] = value;
    });
    fit.others.forEach((value, k) => {
      maps.others[k]![v] = Math.max(0, value);
    });
  }
  return {
    scale: maps.scale,
    a: maps.cells[0]!,
    c: maps.cells[1] ?? maps.cells[0]!,
    others: Object.fromEntries(others.map(({ phase }, k) => [phase, maps.others[k]!])),
  };
}

/** [term] of a parcel of unit scale on the axis. */
function reduced(
  { scan, matrix, terms, width }: ConventionalFitInput,
  lines: PhaseLines,
  cell: ArrayLike<number>,
): Float64Array {
  const value = new Float64Array(scan.twoThetaDeg.length);
  lines.addPattern(cell, 0, width ?? 1, value);
  const out = new Float64Array(terms);
  for (let j = 0; j < value.length; j++) for (let k = 0; k < terms; k++) out[k]! += value[j]! * matrix[j * terms + k]!;
  return out;
}

/** [a node, c node][term] */
function tabulate(input: ConventionalFitInput): Float64Array[] {
  const node = (q: number, i: number): number => {
    const [low, high] = input.range[q]!;
    return low + ((high - low) * i) / (NODES - 1);
  };
  const hasTwo = input.range.length > 1;
  return Array.from({ length: hasTwo ? NODES * NODES : NODES }, (_, i) =>
    reduced(input, input.phase, hasTwo ? [node(0, Math.floor(i / NODES)), node(1, i % NODES)] : [node(0, i)]),
  );
}

/** Four weights of the cubic through four nodes and of its slope, at u from the first of all nodes. */
function lagrange(u: number): { first: number; weights: number[]; slopes: number[] } {
  const first = Math.max(0, Math.min(NODES - 4, Math.floor(u) - 1));
  const x = u - first;
  const weights: number[] = [];
  const slopes: number[] = [];
  for (let i = 0; i < 4; i++) {
    const rest = [0, 1, 2, 3].filter((k) => k !== i);
    const [p, q, r] = rest as [number, number, number];
    const scale = 1 / ((i - p) * (i - q) * (i - r));
    weights.push(scale * (x - p) * (x - q) * (x - r));
    slopes.push(scale * ((x - q) * (x - r) + (x - p) * (x - r) + (x - p) * (x - q)));
  }
  return { first, weights, slopes };
}

/** A cell of one parameter has no second direction. */
const NO_DIRECTION = { first: 0, weights: [1], slopes: [0] };

function fitVoxel(
  data: Float32Array,
  table: readonly Float64Array[],
  others: readonly Float64Array[],
  { terms, range }: ConventionalFitInput,
  middle: readonly number[],
): { scale: number; cell: readonly number[]; others: readonly number[] } {
  const place = (cell: readonly number[], q: number) => {
    const [low, high] = range[q]!;
    return lagrange(((cell[q]! - low) / (high - low)) * (NODES - 1));
  };
  const hasTwo = range.length > 1;
  let cell = middle;
  let found: { scale: number; others: readonly number[] } = { scale: 0, others: [] };
  for (let step = 0; step < STEPS; step++) {
    const la = place(cell, 0);
    const lc = hasTwo ? place(cell, 1) : NO_DIRECTION;
    const value = new Float64Array(terms);
    const slopes = range.map(() => new Float64Array(terms));
    la.weights.forEach((wa, i) => {
      lc.weights.forEach((wc, j) => {
        const row = table[(la.first + i) * (hasTwo ? NODES : 1) + lc.first + j]!;
        for (let k = 0; k < terms; k++) {
          value[k]! += wa * wc * row[k]!;
          slopes[0]![k]! += la.slopes[i]! * wc * row[k]!;
          if (hasTwo) slopes[1]![k]! += wa * lc.slopes[j]! * row[k]!;
        }
      });
    });
    const isStart = step === 0;
    const x = leastSquares([value, ...others, ...(isStart ? [] : slopes)], data);
    const scale = Math.max(0, x[0]!);
    found = { scale, others: Array.from(x.subarray(1, 1 + others.length)) };
    if (isStart) continue;
    if (scale === 0) return { ...found, cell: middle };
    // no more than one node at a time: a Gauss-Newton step from afar overshoots
    const moves = range.map((_, q) => Math.max(-1, Math.min(1, x[1 + others.length + q]! / scale)));
    cell = cell.map((at, q) => {
      const [low, high] = range[q]!;
      return Math.min(high, Math.max(low, at + (moves[q]! * (high - low)) / (NODES - 1)));
    });
    if (moves.every((move) => Math.abs(move) < 1e-4)) break;
  }
  return { ...found, cell };
}

/** By the normal equations, with Gauss's elimination. */
function leastSquares(columns: readonly Float64Array[], data: ArrayLike<number>): Float64Array {
  const n = columns.length;
  const m = columns.map((p) => [
    ...columns.map((q) => p.reduce((sum, value, k) => sum + value * q[k]!, 0)),
    p.reduce((sum, value, k) => sum + value * data[k]!, 0),
  ]);
  for (let i = 0; i < n; i++) {
    const pivot = m[i]![i]! * (1 + 1e-9);
    if (!(pivot > 0)) continue;
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const factor = m[k]![i]! / pivot;
      for (let j = i; j <= n; j++) m[k]![j]! -= factor * m[i]![j]!;
    }
  }
  return Float64Array.from(m, (row, i) => (row[i]! > 0 ? row[n]! / row[i]! : 0));
}
