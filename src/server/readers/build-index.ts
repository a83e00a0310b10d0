/** Makes the index of a stack: one pass over it, in the order of its bins. */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { eachPiece, type Piece, type Stack } from "./stack.ts";
import {
  blockCount,
  INDEX_FILES,
  type IndexFile,
  type IndexShape,
  TILE,
  type TileBlock,
  tileGrid,
} from "./stack-index.ts";

/** Bins from one boundary to the next at least: a finer index is larger, a coarser one leaves more to be read. */
const LEAST_STEP = 8;

export function indexShape(stack: Stack, sigma: Stack | undefined): IndexShape {
  const { rows, cols, bins, depth } = stack;
  const step = depth * Math.ceil(LEAST_STEP / depth);
  return { rows, cols, bins, step, hasSquares: sigma !== undefined };
}

/** On the disk, if no value is missing. */
export function indexBytes(shape: IndexShape): number {
  const [down, across] = tileGrid(shape);
  return blockCount(shape) * (shape.rows * shape.cols * 8 + down * across * shape.step * (shape.hasSquares ? 20 : 12));
}

/**
 * @param folder that is there and empty
 * @param onBlock called when a block can be used; it is on its way to the disk, where other threads see it
 * @param goOn called between pieces; throws where the work is to end
 */
export async function buildIndex(
  stack: Stack,
  sigma: Stack | undefined,
  folder: string,
  onBlock: (blocks: number, firstMissing: number) => void,
  goOn: () => void,
): Promise<void> {
  const shape = indexShape(stack, sigma);
  const files = new Map<IndexFile, FileHandle>();
  try {
    for (const [name, file] of Object.entries(INDEX_FILES) as [IndexFile, string][]) {
      files.set(name, await open(join(folder, file), "w"));
    }
    await writeBlocks(stack, shape.hasSquares ? sigma : undefined, shape, files, onBlock, goOn);
  } finally {
    for (const file of files.values()) await file.close();
  }
}

/** Running sums over the bins so far. */
interface Running {
  readonly sum: Float64Array;
  readonly missing: Uint16Array;
  isComplete: boolean;
}

async function writeBlocks(
  stack: Stack,
  sigma: Stack | undefined,
  shape: IndexShape,
  files: ReadonlyMap<IndexFile, FileHandle>,
  onBlock: (blocks: number, firstMissing: number) => void,
  goOn: () => void,
): Promise<void> {
  const { rows, cols, bins, step } = shape;
  const [down, across] = tileGrid(shape);
  const running: Running = {
    sum: new Float64Array(rows * cols),
    missing: new Uint16Array(rows * cols),
    isComplete: true,
  };
  const length = down * across * step;
  const tiles = { sum: new Float64Array(length), count: new Int32Array(length), squares: new Float64Array(length) };
  const blocks = blockCount(shape);
  let firstMissing = blocks;
  for (let block = 0; block < blocks; block++) {
    for (const part of Object.values(tiles)) part.fill(0);
    const [from, to] = [block * step, Math.min(bins, (block + 1) * step)];
    await addLayers(stack, sigma, shape, from, to, running, tiles, goOn);
    if (!running.isComplete) firstMissing = Math.min(firstMissing, block);
    const write = (name: IndexFile, data: Float64Array | Int32Array | Uint16Array): Promise<void> =>
      writeAll(files.get(name)!, data, block * data.byteLength);
    await write("sums", running.sum);
    if (!running.isComplete) await write("missing", running.missing);
    await write("tiles", tiles.sum);
    await write("counts", tiles.count);
    if (sigma) await write("squares", tiles.squares);
    onBlock(block + 1, firstMissing);
  }
}

async function writeAll(
  file: FileHandle,
  data: Float64Array | Int32Array | Uint16Array,
  position: number,
): Promise<void> {
  const { bytesWritten } = await file.write(new Uint8Array(data.buffer), 0, data.byteLength, position);
  if (bytesWritten !== data.byteLength) throw new Error("the disk is full");
}

async function addLayers(
  stack: Stack,
  sigma: Stack | undefined,
  { cols, step }: IndexShape,
  from: number,
  to: number,
  running: Running,
  tiles: TileBlock,
  goOn: () => void,
): Promise<void> {
  const across = Math.ceil(cols / TILE);
  await eachPiece(stack, stack.boxes(from, to), goOn, async (piece) => {
    const errors = await sigma?.read(piece);
    addPiece(piece, errors, { cols, across, step, from }, running, tiles);
    if (errors) sigma!.free(errors);
  });
}

interface Grid {
  readonly cols: number;
  /** tiles side by side */
  readonly across: number;
  readonly step: number;
  /** first bin of the block */
  readonly from: number;
}

function addPiece(piece: Piece, errors: Piece | undefined, grid: Grid, running: Running, tiles: TileBlock): void {
  const { values, row, rows, col, cols, bins, rowStep, colStep } = piece;
  const { sum, count, squares } = tiles;
  const sigma = errors?.values;
  for (let y = 0; y < rows; y++) {
    const tileRow = Math.floor((row + y) / TILE) * grid.across;
    for (let x = 0; x < cols; x++) {
      const i = y * rowStep + x * colStep;
      const t = (tileRow + Math.floor((col + x) / TILE)) * grid.step + piece.bin - grid.from;
      let total = 0;
      let lacking = 0;
      for (let bin = 0; bin < bins; bin++) {
        const value = values[i + bin]!;
        if (value - value !== 0) {
          lacking++;
          continue;
        }
        total += value;
        sum[t + bin] = sum[t + bin]! + value;
        count[t + bin] = count[t + bin]! + 1;
        if (sigma) squares![t + bin] = squares![t + bin]! + sigma[i + bin]! ** 2;
      }
      const at = (row + y) * grid.cols + col + x;
      running.sum[at] = running.sum[at]! + total;
      if (lacking > 0) {
        running.missing[at] = running.missing[at]! + lacking;
        running.isComplete = false;
      }
    }
  }
}
