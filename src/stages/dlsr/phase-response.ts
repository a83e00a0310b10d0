/**
 * The K numbers of a phase's patterns by cell and depth. Where voxels have their own cells of one to three free
 * parameters: a table over a grid of cells, four nodes in each direction for values and derivatives. Where they have
 * more: the numbers of each voxel's own cell and their derivatives. One cell for all: its numbers alone.
 */
import { InputError } from "../../data/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createCellGrid, placeOnGrid } from "./cell-grid.ts";
import { createPeakTable } from "./peak-table.ts";
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

/** Most that voxels or grids may have of free cell parameters: triclinic. */
const MOST_PARAMETERS = 6;

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
  checkRange(lines, options.range);
  const isGrid = options.cell === "spatial" && lines.cell.length <= MOST_GRID_PARAMETERS && lines.cell.length > 0;
  if (isGrid) return gridResponse(kernels, lines, reduction, depth, voxels, options);
  return ownResponse(kernels, lines, reduction, depth, voxels, options);
}

function checkRange(lines: PhaseLines, range: PhaseResponseOptions["range"]): void {
  const wrong = lines.cellNames.findIndex((_, q) => !(range[q] && range[q][1] > range[q][0]));
  if (wrong < 0) return;
  throw new InputError(
    "dlsr-range",
    `${lines.phase} has ${range.length} ranges of cell parameters, of which ${lines.cellNames[wrong]} runs from ${range[wrong]?.[0]} to ${range[wrong]?.[1]}: a lower and a higher value are needed for each of ${lines.cellNames.join(", ")}.`,
  );
}

/** The lines with the width and intensities that hold now, and their table. */
interface State {
  readonly lines: PhaseLines;
  readonly width: number;
  change(change: { readonly width?: number; readonly intensities?: Float64Array }): void;
  /**
   * The K numbers of all depths for one cell, and where `slopes` is the number of cell parameters their derivatives.
   *
   * @param out [1 + slopes, depth, K] in the kernels' memory, assigned; 0 where the cell has no volume
   */
  fill(cell: Float64Array, slopes: number, out: Float32Array): void;
}

/** One closure, because fill runs for every node or voxel and shares its memory. @param cells what fill will be asked for */
function createState(
  kernels: Kernels,
  model: PhaseLines,
  reduction: Reduction,
  depth: DepthNodes,
  cells: readonly (readonly [lower: number, upper: number])[],
  options: PhaseResponseOptions,
): State {
  const { arena, run } = kernels;
  const { lineCount } = model;
  let width = options.width ?? 1;
  let lines = options.intensities ? model.withFactors(options.intensities) : model;
  const table = createPeakTable(kernels, model, reduction, cells, depth, width);
  table.fill(width);
  const areas = arena.f64(lineCount);
  areas.set(lines.lineIntensity);
  const tangents = arena.f64((1 + MOST_PARAMETERS) * lineCount);
  const rows = Array.from({ length: 1 + MOST_PARAMETERS }, (_, q) =>
    tangents.subarray(q * lineCount, (q + 1) * lineCount),
  );
  const below = new Float64Array(lineCount);
  const moved = new Float64Array(model.cell.length);

  /** Derivatives of all tangents by a cell parameter. */
  function slopeOf(cell: Float64Array, q: number): void {
    const step = CELL_STEP * cell[q]!;
    const to = rows[1 + q]!;
    moved.set(cell);
    moved[q] = cell[q]! - step;
    lines.tangentsOf(moved, below);
    moved[q] = cell[q]! + step;
    lines.tangentsOf(moved, to);
    for (let line = 0; line < lineCount; line++) to[line] = (to[line]! - below[line]!) / (2 * step);
  }

  return {
    get lines() {
      return lines;
    },
    get width() {
      return width;
    },
    change(change) {
      if (change.width !== undefined && change.width !== width) {
        width = change.width;
        table.fill(width);
      }
      if (change.intensities) lines = model.withFactors(change.intensities);
      areas.set(lines.lineIntensity);
    },
    fill(cell, slopes, out) {
      if (!lines.tangentsOf(cell, rows[0]!)) {
        out.fill(0);
        return;
      }
      for (let q = 0; q < slopes; q++) slopeOf(cell, q);
      const { peaks, origins, parts } = table;
      const { terms } = reduction;
      const { count, first, step } = depth;
      run.tabulateLines(
        out,
        peaks,
        terms,
        tangents,
        areas,
        origins,
        parts,
        lineCount,
        slopes,
        count,
        first,
        step,
        lines.reach,
      );
    },
  };
}

/** [depth, K] from whole patterns, without any table. */
function directNumbers(
  lines: PhaseLines,
  { terms, exact, twoTheta }: Reduction,
  depth: DepthNodes,
  cell: ArrayLike<number>,
  width: number,
): Float32Array {
  const n = twoTheta.length;
  const pattern = new Float64Array(n);
  const sums = new Float64Array(terms);
  const out = new Float32Array(depth.count * terms);
  for (let i = 0; i < depth.count; i++) {
    pattern.fill(0);
    sums.fill(0);
    lines.addPattern(cell, depth.first + depth.step * i, width, pattern);
    for (let j = 0; j < n; j++) {
      const value = pattern[j]!;
      if (value !== 0) for (let k = 0; k < terms; k++) sums[k]! += value * exact[j * terms + k]!;
    }
    out.set(sums, i * terms);
  }
  return out;
}

function gridResponse(
  kernels: Kernels,
  lines: PhaseLines,
  reduction: Reduction,
  depth: DepthNodes,
  voxels: number,
  options: PhaseResponseOptions,
): PhaseResponse {
  const { arena } = kernels;
  const size = depth.count * reduction.terms;
  const most = (options.mostBytes ?? MOST_BYTES) / (4 * size);
  const grid = createCellGrid(lines, options.range, options.width ?? 1, most);
  const n = grid.counts.length;
  const stencil = 4 ** n;
  const [low, high] = [grid.cellOf(0), grid.cellOf(grid.nodes - 1)];
  const ends = Array.from(low, (value, q) => [value, high[q]!] as const);
  const state = createState(kernels, lines, reduction, depth, ends, options);
  const table = arena.f32(grid.nodes * size);
  const offsets = arena.i32(stencil);
  offsets.set(grid.offsets);
  const nodes = arena.i32(voxels);
  const value = arena.f32(voxels * stencil);
  const slopes = Array.from({ length: n }, () => arena.f32(voxels * stencil));
  const tabulate = (): void => {
    for (let node = 0; node < grid.nodes; node++) {
      state.fill(grid.cellOf(node), 0, table.subarray(node * size, (node + 1) * size));
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
    place: (cells) => placeOnGrid(grid, cells, voxels, nodes, value, slopes),
    get width() {
      return state.width;
    },
    retabulate(change) {
      state.change(change);
      tabulate();
    },
    direct: (cell, width = state.width) => directNumbers(state.lines, reduction, depth, cell, width),
  };
}

/** Every voxel, or all together, with nodes of their own: the pattern, then its derivatives. */
function ownResponse(
  kernels: Kernels,
  lines: PhaseLines,
  reduction: Reduction,
  depth: DepthNodes,
  voxels: number,
  options: PhaseResponseOptions,
): PhaseResponse {
  const { arena } = kernels;
  const isSpatial = options.cell === "spatial" && lines.cell.length > 0;
  const n = lines.cell.length;
  const perVoxel = isSpatial ? 1 + n : 1;
  const size = depth.count * reduction.terms;
  const owners = isSpatial ? voxels : 1;
  checkOwnSize(lines, 4 * owners * perVoxel * size, options);
  const state = createState(kernels, lines, reduction, depth, options.range, options);
  const table = arena.f32(owners * perVoxel * size);
  const offsets = arena.i32(perVoxel);
  for (let q = 0; q < perVoxel; q++) offsets[q] = q;
  const nodes = arena.i32(voxels);
  const value = arena.f32(voxels * perVoxel);
  const slopes = Array.from({ length: perVoxel - 1 }, () => arena.f32(voxels * perVoxel));
  for (const weights of [value, ...slopes]) weights.fill(0);
  for (let v = 0; v < voxels; v++) {
    nodes[v] = isSpatial ? v * perVoxel : 0;
    value[v * perVoxel] = 1;
    slopes.forEach((slope, q) => {
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
      state.fill(cell, perVoxel - 1, table.subarray(at, at + perVoxel * size));
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
    direct: (one, width = state.width) => directNumbers(state.lines, reduction, depth, one, width),
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
