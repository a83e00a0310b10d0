/** Patterns out of a stack: of one voxel, and the mean of a region. */
import { InputError } from "../../data/index.ts";
import type { NamedArray } from "../replies.ts";
import { eachPiece, type Piece, type Stack } from "./stack.ts";
import { type OpenIndex, TILE, type TileBlock, tileGrid } from "./stack-index.ts";

/** @throws InputError "voxel-outside" */
export async function voxelPattern(
  stack: Stack,
  sigma: Stack | undefined,
  y: number,
  x: number,
): Promise<NamedArray[]> {
  const { rows, cols, bins } = stack;
  if (!(Number.isInteger(y) && Number.isInteger(x) && y >= 0 && y < rows && x >= 0 && x < cols)) {
    throw new InputError(
      "voxel-outside",
      `${stack.name} has ${rows} x ${cols} voxels; row ${y}, column ${x} (from 0) is not one of them.`,
    );
  }
  return [
    { name: "intensity", shape: [bins], data: await stack.voxel(y, x) },
    ...(sigma ? [{ name: "sigma", shape: [bins], data: await sigma.voxel(y, x) }] : []),
  ];
}

export interface RegionPattern {
  readonly arrays: NamedArray[];
  /** voxels that have a value */
  readonly voxels: number;
}

/** [bin] over the voxels of a region that have a value. */
interface Sums {
  readonly sum: Float64Array;
  readonly count: Float64Array;
  readonly squares: Float64Array | undefined;
}

/**
 * Mean over the voxels that have a value, bin by bin, and its standard uncertainty: the root of the sum of the squares
 * over their number. NaN where no voxel has a value.
 *
 * @param inside [row, col] of the stack, 1 inside
 * @param index of the stack, as far as it is made
 * @param goOn called between pieces; throws where nobody waits any more
 */
export async function regionPattern(
  stack: Stack,
  sigma: Stack | undefined,
  inside: Uint8Array,
  index: OpenIndex | undefined,
  goOn: () => void,
): Promise<RegionPattern> {
  const { bins } = stack;
  const [sum, count] = [new Float64Array(bins), new Float64Array(bins)];
  const sums: Sums = { sum, count, squares: sigma && new Float64Array(bins) };
  const isIndexed = index !== undefined && (!sigma || index.state.hasSquares);
  const tiled = isIndexed ? Math.min(bins, index.state.blocks * index.state.step) : 0;
  if (isIndexed && tiled > 0) {
    const { whole, rest } = splitByTiles(inside, stack);
    for (let block = 0; block * index.state.step < tiled && whole.length > 0; block++) {
      goOn();
      addTiles(await index.readTiles(block), whole, block * index.state.step, index.state.step, sums);
    }
    await addVoxels(stack, sigma, rest, 0, tiled, goOn, sums);
  }
  await addVoxels(stack, sigma, inside, tiled, bins, goOn, sums);
  return {
    arrays: [
      { name: "intensity", shape: [bins], data: sum.map((value, bin) => value / count[bin]!) },
      ...(sums.squares
        ? [{ name: "sigma", shape: [bins], data: sums.squares.map((value, bin) => Math.sqrt(value) / count[bin]!) }]
        : []),
    ],
    voxels: count.reduce((most, n) => Math.max(most, n), 0),
  };
}

/** Tiles that lie inside altogether, and the voxels of the region beside them. */
function splitByTiles(inside: Uint8Array, { rows, cols }: Stack): { whole: number[]; rest: Uint8Array } {
  const [down, across] = tileGrid({ rows, cols });
  const rest = inside.slice();
  const whole: number[] = [];
  for (let tile = 0; tile < down * across; tile++) {
    const [top, left] = [Math.floor(tile / across) * TILE, (tile % across) * TILE];
    const [bottom, right] = [Math.min(rows, top + TILE), Math.min(cols, left + TILE)];
    let isWhole = true;
    for (let y = top; y < bottom && isWhole; y++) {
      for (let x = left; x < right && isWhole; x++) isWhole = inside[y * cols + x] === 1;
    }
    if (!isWhole) continue;
    whole.push(tile);
    for (let y = top; y < bottom; y++) rest.fill(0, y * cols + left, y * cols + right);
  }
  return { whole, rest };
}

function addTiles(tiles: TileBlock, whole: readonly number[], from: number, step: number, into: Sums): void {
  const { sum, count, squares } = into;
  const end = Math.min(step, sum.length - from);
  for (const tile of whole) {
    for (let bin = 0; bin < end; bin++) {
      const [at, of] = [from + bin, tile * step + bin];
      sum[at] = sum[at]! + tiles.sum[of]!;
      count[at] = count[at]! + tiles.count[of]!;
      if (squares) squares[at] = squares[at]! + tiles.squares![of]!;
    }
  }
}

interface Run {
  readonly row: number;
  readonly col: number;
  readonly cols: number;
}

/** @param from a multiple of the stack's depth */
async function addVoxels(
  stack: Stack,
  sigma: Stack | undefined,
  inside: Uint8Array,
  from: number,
  to: number,
  goOn: () => void,
  into: Sums,
): Promise<void> {
  const runs = runsOf(inside, stack.cols);
  if (runs.length === 0 || from >= to) return;
  if (stack.readRun && (!sigma || sigma.readRun)) {
    for (let layer = from / stack.depth; layer * stack.depth < to; layer++) {
      await new Promise(setImmediate);
      for (const [i, { row, col, cols }] of runs.entries()) {
        if (i % 256 === 0) goOn();
        const values = stack.readRun(row, col, cols, layer);
        const errors = sigma?.readRun?.(row, col, cols, layer);
        addRun(values, errors, cols, stack.depth, layer * stack.depth, into);
      }
    }
    return;
  }
  const [top, bottom] = [runs[0]!.row, runs.at(-1)!.row];
  const boxes = stack.boxes(from, to).filter(({ row, rows }) => row <= bottom && row + rows > top);
  await eachPiece(stack, boxes, goOn, async (piece) => {
    const errors = await sigma?.read(piece);
    addPiece(piece, errors, inside, stack.cols, into);
    if (errors) sigma!.free(errors);
  });
}

/** Voxels inside that lie side by side. */
function runsOf(inside: Uint8Array, cols: number): Run[] {
  const runs: Run[] = [];
  for (let at = 0; at < inside.length; at++) {
    if (!inside[at]) continue;
    const row = Math.floor(at / cols);
    const start = at;
    while (at + 1 < (row + 1) * cols && inside[at + 1]) at++;
    runs.push({ row, col: start - row * cols, cols: at + 1 - start });
  }
  return runs;
}

function addRun(
  values: ArrayLike<number>,
  errors: ArrayLike<number> | undefined,
  cols: number,
  depth: number,
  first: number,
  { sum, count, squares }: Sums,
): void {
  const end = Math.min(depth, sum.length - first);
  for (let x = 0; x < cols; x++) {
    for (let bin = 0; bin < end; bin++) {
      const value = values[x * depth + bin]!;
      // true of what is no finite number
      if (value - value !== 0) continue;
      sum[first + bin] = sum[first + bin]! + value;
      count[first + bin] = count[first + bin]! + 1;
      if (squares) squares[first + bin] = squares[first + bin]! + errors![x * depth + bin]! ** 2;
    }
  }
}

function addPiece(piece: Piece, errors: Piece | undefined, inside: Uint8Array, width: number, into: Sums): void {
  const { values, row, rows, col, cols, bin: first, bins, rowStep, colStep } = piece;
  const { sum, count, squares } = into;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < cols; x++) {
      if (!inside[(row + y) * width + col + x]) continue;
      const at = y * rowStep + x * colStep;
      for (let bin = 0; bin < bins; bin++) {
        const value = values[at + bin]!;
        if (value - value !== 0) continue;
        sum[first + bin] = sum[first + bin]! + value;
        count[first + bin] = count[first + bin]! + 1;
        if (squares) squares[first + bin] = squares[first + bin]! + errors!.values[at + bin]! ** 2;
      }
    }
  }
}
