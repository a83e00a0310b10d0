/** A grid over one to three cell parameters, close enough for cubic interpolation of lines that move with them. */
import { InputError } from "../../data/index.ts";
import { cubicSlopes, cubicWeights } from "./cubic-interpolation.ts";
import { lineSharpness } from "./line-sharpness.ts";
import type { PhaseLines } from "./phase-lines.ts";

export interface CellGrid {
  readonly range: readonly (readonly [lower: number, upper: number])[];
  /** [n] */
  readonly first: Float64Array;
  readonly step: Float64Array;
  readonly counts: Int32Array;
  readonly nodes: number;
  /** [4^n] nodes of a cell, from its first */
  readonly offsets: Int32Array;
  /** [n] cell parameters of a node */
  cellOf(node: number): Float64Array;
}

/** Shift of the line that moves most, in standard deviations, from node to node; and the most that is allowed. */
const STEP = 0.3;
const LARGEST_STEP = 0.65;

/**
 * @param width factor on the widths of the lines
 * @param most nodes; steps grow until there are no more
 * @throws InputError "dlsr-table" where steps would grow too large
 */
export function createCellGrid(
  lines: PhaseLines,
  range: readonly (readonly [lower: number, upper: number])[],
  width: number,
  most: number,
): CellGrid {
  const n = range.length;
  const perSigma = lines.cellNames.map((_, q) => valuePerSigma(lines, q) * width);
  const countsAt = (step: number): number[] =>
    range.map(([low, high], q) => Math.max(4, Math.ceil((high - low) / (step * perSigma[q]!)) + 3));
  const nodesAt = (step: number): number => countsAt(step).reduce((product, count) => product * count, 1);
  let step = STEP;
  while (nodesAt(step) > most && step < LARGEST_STEP) step *= 1.05;
  if (nodesAt(step) > most) {
    throw new InputError(
      "dlsr-table",
      `The table of ${lines.phase} over ${lines.cellNames.map((name, q) => `${name} ${range[q]![0].toFixed(4)} to ${range[q]![1].toFixed(4)}`).join(", ")} would have ${nodesAt(step)} cells, above the ${Math.floor(most)} that fit: give a smaller range.`,
    );
  }
  const counts = Int32Array.from(countsAt(step));
  // the range ends a node within the grid, so that every cell has two nodes to each side
  const steps = Float64Array.from(range, ([low, high], q) => (high - low) / (counts[q]! - 3));
  const first = Float64Array.from(range, ([low], q) => low - steps[q]!);
  const strides = Array.from(counts, (_, q) => counts.slice(q + 1).reduce((product, count) => product * count, 1));
  const offsets = Int32Array.from({ length: 4 ** n }, (_, point) => {
    let at = 0;
    for (let q = 0; q < n; q++) at += strides[q]! * (Math.floor(point / 4 ** (n - 1 - q)) % 4);
    return at;
  });
  return {
    range,
    first,
    step: steps,
    counts,
    nodes: counts.reduce((product, count) => product * count, 1),
    offsets,
    cellOf: (node) =>
      Float64Array.from(counts, (count, q) => first[q]! + steps[q]! * (Math.floor(node / strides[q]!) % count)),
  };
}

/** Change of a cell parameter that moves the most sensitive line of some strength by its standard deviation. */
function valuePerSigma(lines: PhaseLines, q: number): number {
  const change = 1e-5 * lines.cell[q]!;
  const here = new Float64Array(lines.lineCount);
  const there = new Float64Array(lines.lineCount);
  const moved = lines.cell.slice();
  moved[q]! += change;
  lines.tangentsOf(lines.cell, here);
  lines.tangentsOf(moved, there);
  const strongest = lines.lineIntensity.reduce((top, value) => Math.max(top, value), 0);
  const last = lines.twoTheta[lines.twoTheta.length - 1]!;
  let least = Infinity;
  here.forEach((tangent, line) => {
    const x = lines.apparentDeg(tangent, 0);
    if (!(lines.lineIntensity[line]! > 1e-2 * strongest) || !(x < last)) return;
    const shift = Math.abs(lines.apparentDeg(there[line]!, 0) - x);
    if (shift > 0) least = Math.min(least, (lineSharpness(lines, line, x) * change) / shift);
  });
  return Math.min(least, 1e-2 * lines.cell[q]!);
}

/**
 * Nodes and weights of every voxel. A cell outside of the range is placed at its end.
 *
 * @param cells  [voxel, n]
 * @param nodes  [voxel] filled
 * @param value  [voxel, 4^n] filled
 * @param slopes [n][voxel, 4^n] filled
 */
export function placeOnGrid(
  grid: CellGrid,
  cells: Float64Array,
  voxels: number,
  nodes: Int32Array,
  value: Float32Array,
  slopes: readonly Float32Array[],
): void {
  const { counts, first, step, range } = grid;
  const n = counts.length;
  const stencil = 4 ** n;
  const weights = Array.from({ length: n }, () => new Float64Array(4));
  const changes = Array.from({ length: n }, () => new Float64Array(4));
  const digit = Array.from({ length: n }, (_, q) =>
    Int32Array.from({ length: stencil }, (_, point) => Math.floor(point / 4 ** (n - 1 - q)) % 4),
  );
  for (let v = 0; v < voxels; v++) {
    let node = 0;
    for (let q = 0; q < n; q++) {
      const inside = Math.min(range[q]![1], Math.max(range[q]![0], cells[v * n + q]!));
      const u = (inside - first[q]!) / step[q]!;
      const at = Math.min(counts[q]! - 4, Math.max(0, Math.floor(u) - 1));
      cubicWeights(u - at - 1, weights[q]!);
      cubicSlopes(u - at - 1, changes[q]!);
      for (let i = 0; i < 4; i++) changes[q]![i]! /= step[q]!;
      node = node * counts[q]! + at;
    }
    nodes[v] = node;
    for (let point = 0; point < stencil; point++) {
      let product = 1;
      for (let q = 0; q < n; q++) product *= weights[q]![digit[q]![point]!]!;
      value[v * stencil + point] = product;
      for (let p = 0; p < n; p++) {
        let slope = 1;
        for (let q = 0; q < n; q++) slope *= (q === p ? changes[q]! : weights[q]!)[digit[q]![point]!]!;
        slopes[p]![v * stencil + point] = slope;
      }
    }
  }
}
