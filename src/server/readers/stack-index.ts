/**
 * An index beside a large stack: sums that make the image of any range of bins, and the mean pattern of any region, out
 * of little reading. It is made once for each state of a file, in the background, and kept in a folder of the cache.
 *
 *   sums.bin      [boundary, row, col] float64  sum over all bins before a boundary; a boundary every `step` bins, and
 *                                               one behind the last
 *   missing.bin   [boundary, row, col] uint16   how many of these bins have no value; from `firstMissing` on
 *   tiles.bin     [block, tile, bin] float64    sum over the voxels of a tile; a block is the bins between boundaries
 *   counts.bin    [block, tile, bin] int32      how many of these voxels have a value
 *   squares.bin   [block, tile, bin] float64    sum of the squares of their standard uncertainties
 *
 * Sums are exact to 1 in 10^16 of what lies before a boundary; images are float32, 1 in 10^7.
 */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";

export const TILE = 32;
export const INDEX_FILES = {
  sums: "sums.bin",
  missing: "missing.bin",
  tiles: "tiles.bin",
  counts: "counts.bin",
  squares: "squares.bin",
} as const;
export type IndexFile = keyof typeof INDEX_FILES;

export interface IndexShape {
  readonly rows: number;
  readonly cols: number;
  readonly bins: number;
  /** bins from one boundary to the next */
  readonly step: number;
  readonly hasSquares: boolean;
}

/** How far an index is made. */
export interface IndexState extends IndexShape {
  /** of the file that it was made from (open-results.ts) */
  readonly identity: string;
  readonly folder: string;
  /** blocks that are finished */
  readonly blocks: number;
  /** first block with a value missing; as many as there are blocks where none is */
  readonly firstMissing: number;
}

export const blockCount = ({ bins, step }: IndexShape): number => Math.ceil(bins / step);
export const tileGrid = ({ rows, cols }: Pick<IndexShape, "rows" | "cols">): readonly [number, number] => [
  Math.ceil(rows / TILE),
  Math.ceil(cols / TILE),
];

/** Sums of all tiles over the bins of one block: [tile, bin], `step` bins to a tile. */
export interface TileBlock {
  readonly sum: Float64Array;
  readonly count: Int32Array;
  readonly squares: Float64Array | undefined;
}

/** An index that cannot be read: there is a way without. */
export class IndexError extends Error {
  override readonly name = "IndexError";
}

export class OpenIndex {
  readonly state: IndexState;
  readonly #files = new Map<IndexFile, FileHandle>();
  #sum = new Float64Array(0);

  private constructor(state: IndexState) {
    this.state = state;
  }

  /** @returns undefined where it was cleared away meanwhile */
  static async open(state: IndexState): Promise<OpenIndex | undefined> {
    const index = new OpenIndex(state);
    try {
      for (const [name, file] of Object.entries(INDEX_FILES) as [IndexFile, string][]) {
        if (name === "squares" && !state.hasSquares) continue;
        index.#files.set(name, await open(join(state.folder, file)));
      }
      return index;
    } catch {
      await index.close();
      return undefined;
    }
  }

  /** The boundary next to a bin, of those that are made; 0 is always one. */
  nearest(bin: number): number {
    const { step, bins, blocks } = this.state;
    const made = Math.min(bins, blocks * step);
    if (bin >= made) return made;
    const below = Math.floor(bin / step) * step;
    const above = Math.min(below + step, made);
    return bin - below <= above - bin ? below : above;
  }

  /** [row, col] over all bins before a boundary; it holds until the next is read. */
  async readBoundary(bin: number): Promise<{ sum: Float64Array; missing: Uint16Array | undefined }> {
    const { rows, cols, step, firstMissing } = this.state;
    const at = Math.ceil(bin / step) - 1;
    if (this.#sum.length !== rows * cols) this.#sum = new Float64Array(rows * cols);
    const sum = this.#sum;
    const missing = at >= firstMissing ? new Uint16Array(rows * cols) : undefined;
    await Promise.all([
      this.#read("sums", sum, at * sum.byteLength),
      missing && this.#read("missing", missing, at * missing.byteLength),
    ]);
    return { sum, missing };
  }

  async readTiles(block: number): Promise<TileBlock> {
    const { step, hasSquares } = this.state;
    const [down, across] = tileGrid(this.state);
    const length = down * across * step;
    const sum = new Float64Array(length);
    const count = new Int32Array(length);
    const squares = hasSquares ? new Float64Array(length) : undefined;
    await Promise.all([
      this.#read("tiles", sum, block * sum.byteLength),
      this.#read("counts", count, block * count.byteLength),
      squares && this.#read("squares", squares, block * squares.byteLength),
    ]);
    return { sum, count, squares };
  }

  async #read(name: IndexFile, into: Float64Array | Int32Array | Uint16Array, position: number): Promise<void> {
    const bytes = new Uint8Array(into.buffer);
    const { bytesRead } = await this.#files.get(name)!.read(bytes, 0, bytes.length, position);
    if (bytesRead !== bytes.length) throw new IndexError(`${this.state.folder} is cut off`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.close()));
    this.#files.clear();
  }
}
