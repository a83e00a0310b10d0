/**
 * The K numbers of a phase's patterns by cell and depth. Where voxels have their own cells of one to three free
 * parameters: a table over a grid of cells, four nodes in each direction for values and derivatives. Where they have
 * more: the numbers of each voxel's own cell and their derivatives. One cell for all: its numbers alone.
 */
import { InputError } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { type CellGrid, createCellGrid, placeOnGrid } from "./cell-grid.ts";
import { createPeakTable, type PeakTable } from "./peak-table.ts";
import type { PhaseLines } from "./phase-lines.ts";
import type { Reduction } from "./reduction.ts";
import type { DepthNodes, PhaseResponse } from "./types.ts";

export interface PhaseResponseOptions {
  readonly cell: "spatial" | "global";
  /** [lower, upper] of each free cell parameter */
  readonly range: readonly (readonly [lower: number, upper: number])[];
  /** factor on the widths of the model's lines, 1 where not said */
  readonly width?: number;
  /** [ring] factors on the model's intensities */
  readonly intensities?: Float64Array;
  /** most that the table may take, bytes */
  readonly mostBytes?: number;
}

const MOST_BYTES = 96 * 2 ** 20;
const MOST_OWN_BYTES = 800 * 2 ** 20;
const MOST_GRID_PARAMETERS = 3;
/** Relative step of the differences by which voxels with cells of their own get derivatives. */
const CELL_STEP = 2e-5;

/** Gives the K numbers of all depths for one cell. */
interface Evaluator {
  /** out [depth, K] at `at`, assigned. @returns false where the cell has no volume */
  fill(cell: ArrayLike<number>, out: Float32Array, at: number): boolean;
  /** the same, out - other side, times factor */
  fillDifference(high: Float64Array, low: Float64Array, factor: number, out: Float32Array, at: number): void;
}

/**
 * @param voxels how many voxels will be placed
 * @throws InputError "dlsr-table" where the table would be too large for the range
 */
export function createPhaseResponse(
  kernels: Kernels,
  lines: PhaseLines,
  reduction: Reduction,
  depth: DepthNodes,
  voxels: number,
  options: PhaseResponseOptions,
): PhaseResponse {
  const isGrid = options.cell === "spatial" && lines.cell.length <= MOST_GRID_PARAMETERS && lines.cell.length > 0;
  checkRange(lines, options.range);
  const state = createState(lines, reduction, depth, options);
  if (isGrid) return gridResponse(kernels, state, voxels, options);
  return ownResponse(kernels, state, voxels, options);
}

function checkRange(lines: PhaseLines, range: PhaseResponseOptions["range"]): void {
  const wrong = lines.cellNames.findIndex((_, q) => !(range[q] && range[q][1] > range[q][0]));
  if (wrong < 0) return;
  throw new InputError(
    "dlsr-range",
    `${lines.phase} has ${range.length} ranges of cell parameters, of which ${lines.cellNames[wrong]} runs from ${range[wrong]?.[0]} to ${range[wrong]?.[1]}: a lower and a higher value are needed for each of ${lines.cellNames.join(", ")}.`,
  );
}

/** The lines with the width and intensities that hold now. */
interface State {
  readonly depth: DepthNodes;
  readonly terms: number;
  readonly reduction: Reduction;
  lines: PhaseLines;
  width: number;
  evaluator: Evaluator;
  change(change: { readonly width?: number; readonly intensities?: Float64Array }): void;
}

function createState(model: PhaseLines, reduction: Reduction, depth: DepthNodes, options: PhaseResponseOptions): State {
  let peaks = createPeakTable(model, reduction, options.width ?? 1);
  const lines = options.intensities ? model.withFactors(options.intensities) : model;
  const state: State = {
    depth,
    terms: reduction.terms,
    reduction,
    lines,
    width: options.width ?? 1,
    evaluator: createEvaluator(lines, peaks, depth, reduction.terms),
    change({ width, intensities }) {
      if (width !== undefined && width !== state.width) {
        state.width = width;
        peaks = createPeakTable(model, reduction, width);
      }
      if (intensities) state.lines = model.withFactors(intensities);
      state.evaluator = createEvaluator(state.lines, peaks, depth, reduction.terms);
    },
  };
  return state;
}

function createEvaluator(lines: PhaseLines, peaks: PeakTable, depth: DepthNodes, terms: number): Evaluator {
  const tangents = new Float64Array(lines.lineCount);
  const row = new Float64Array(depth.count * terms);
  const other = new Float64Array(row.length);
  function sum(cell: ArrayLike<number>, to: Float64Array): boolean {
    to.fill(0);
    if (!lines.tangentsOf(cell, tangents)) return false;
    for (let i = 0; i < depth.count; i++) {
      const tau = depth.first + depth.step * i;
      const q = 1 / (1 - tau) ** 2;
      for (let line = 0; line < tangents.length; line++) {
        const area = lines.lineIntensity[line]! * q;
        if (area === 0 || Number.isNaN(tangents[line]!)) continue;
        peaks.add(to, i * terms, line, lines.apparentDeg(tangents[line]!, tau), area);
      }
    }
    return true;
  }
  return {
    fill(cell, out, at) {
      const isReal = sum(cell, row);
      out.set(row, at);
      return isReal;
    },
    fillDifference(high, low, factor, out, at) {
      sum(high, row);
      sum(low, other);
      for (let i = 0; i < row.length; i++) out[at + i] = factor * (row[i]! - other[i]!);
    },
  };
}

/** [depth, K] from whole patterns, without any table. */
function directNumbers(state: State, cell: ArrayLike<number>, width: number): Float32Array {
  const { depth, terms, reduction, lines } = state;
  const n = reduction.twoTheta.length;
  const pattern = new Float64Array(n);
  const sums = new Float64Array(terms);
  const out = new Float32Array(depth.count * terms);
  for (let i = 0; i < depth.count; i++) {
    pattern.fill(0);
    sums.fill(0);
    lines.addPattern(cell, depth.first + depth.step * i, width, pattern);
    for (let j = 0; j < n; j++) {
      const value = pattern[j]!;
      if (value !== 0) for (let k = 0; k < terms; k++) sums[k]! += value * reduction.exact[j * terms + k]!;
    }
    out.set(sums, i * terms);
  }
  return out;
}

function gridResponse(kernels: Kernels, state: State, voxels: number, options: PhaseResponseOptions): PhaseResponse {
  const { arena } = kernels;
  const { depth, terms, lines } = state;
  const bytes = 4 * depth.count * terms;
  const grid = createCellGrid(lines, options.range, state.width, (options.mostBytes ?? MOST_BYTES) / bytes);
  const n = grid.counts.length;
  const stencil = 4 ** n;
  const table = arena.f32((grid.nodes * bytes) / 4);
  const offsets = arena.i32(stencil);
  offsets.set(grid.offsets);
  const nodes = arena.i32(voxels);
  const value = arena.f32(voxels * stencil);
  const slopes = Array.from({ length: n }, () => arena.f32(voxels * stencil));
  const tabulate = (): void => {
    for (let node = 0; node < grid.nodes; node++) {
      state.evaluator.fill(grid.cellOf(node), table, (node * bytes) / 4);
    }
  };
  tabulate();
  return {
    phase: lines.phase,
    cellNames: lines.cellNames,
    table,
    stencil,
    offsets,
    nodes,
    value,
    slopes,
    range: options.range,
    place: (cells) => placeOnGrid(grid as CellGrid, cells, voxels, nodes, value, slopes),
    get width() {
      return state.width;
    },
    retabulate(change) {
      state.change(change);
      tabulate();
    },
    direct: (cell, width = state.width) => directNumbers(state, cell, width),
  };
}

/** Every voxel, or all together, with nodes of their own: the pattern, then its derivatives. */
function ownResponse(kernels: Kernels, state: State, voxels: number, options: PhaseResponseOptions): PhaseResponse {
  const { arena } = kernels;
  const { depth, terms, lines } = state;
  const isSpatial = options.cell === "spatial" && lines.cell.length > 0;
  const n = lines.cell.length;
  const perVoxel = isSpatial ? 1 + n : 1;
  const size = depth.count * terms;
  const owners = isSpatial ? voxels : 1;
  checkOwnSize(lines, 4 * owners * perVoxel * size, options);
  const table = arena.f32(owners * perVoxel * size);
  const offsets = arena.i32(perVoxel);
  for (let q = 0; q < perVoxel; q++) offsets[q] = q;
  const nodes = arena.i32(voxels);
  const value = arena.f32(voxels * perVoxel);
  value.fill(0);
  const slopes = Array.from({ length: perVoxel - 1 }, () => arena.f32(voxels * perVoxel));
  for (let v = 0; v < voxels; v++) {
    nodes[v] = isSpatial ? v * perVoxel : 0;
    value[v * perVoxel] = 1;
    slopes.forEach((slope, q) => {
      slope.fill(0, v * perVoxel, (v + 1) * perVoxel);
      slope[v * perVoxel + 1 + q] = 1;
    });
  }
  let last: Float64Array | undefined;
  const cell = new Float64Array(n);
  const place = (cells: Float64Array): void => {
    last = cells.slice();
    for (let v = 0; v < owners; v++) {
      for (let q = 0; q < n; q++) {
        const [low, high] = options.range[q]!;
        cell[q] = Math.min(high, Math.max(low, cells[v * n + q]!));
      }
      const at = v * perVoxel * size;
      state.evaluator.fill(cell, table, at);
      for (let q = 0; q < perVoxel - 1; q++) {
        const step = CELL_STEP * cell[q]!;
        const high = cell.slice();
        const low = cell.slice();
        high[q]! += step;
        low[q]! -= step;
        state.evaluator.fillDifference(high, low, 0.5 / step, table, at + (1 + q) * size);
      }
    }
  };
  return {
    phase: lines.phase,
    cellNames: lines.cellNames,
    table,
    stencil: perVoxel,
    offsets,
    nodes,
    value,
    slopes,
    range: options.range,
    place,
    get width() {
      return state.width;
    },
    retabulate(change) {
      state.change(change);
      if (last) place(last);
    },
    direct: (one, width = state.width) => directNumbers(state, one, width),
  };
}

function checkOwnSize(lines: PhaseLines, bytes: number, options: PhaseResponseOptions): void {
  const most = options.mostBytes ?? MOST_OWN_BYTES;
  if (bytes <= most) return;
  throw new InputError(
    "dlsr-table",
    `${lines.phase} has ${lines.cell.length} free cell parameters, and its patterns of all voxels would take ${Math.round(bytes / 2 ** 20)} MiB, above the ${Math.round(most / 2 ** 20)} allowed: refine one cell for all of it, bin the scan, or reduce rays to fewer numbers.`,
  );
}
