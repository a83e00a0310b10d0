/**
 * A stack [row, col, bin] of a result file, read piece by piece: straight from the file where its chunks are not
 * compressed, else by the HDF5 library.
 */
import { read } from "node:fs";
import { promisify } from "node:util";
import { type FrameArray, InputError } from "../../data/index.ts";
import { readFully } from "../../files/byte-source.ts";
import { blocksOf, sizeOf } from "../../files/hdf5-blocks.ts";
import type { ChunkTable } from "../../files/hdf5-chunks.ts";
import type { Result } from "../../files/result-reader.ts";

export interface Box {
  readonly row: number;
  readonly rows: number;
  readonly col: number;
  readonly cols: number;
  readonly bin: number;
  readonly bins: number;
}

/** Values of a box: [row, col, bin], the steps from one to the next along rows and columns as told. */
export interface Piece extends Box {
  readonly values: FrameArray;
  readonly rowStep: number;
  readonly colStep: number;
}

export interface Stack {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly bins: number;
  /** bins that lie together in the file, and are read together */
  readonly depth: number;
  /** stacks of the same layout have the same pieces */
  readonly layout: string;
  /** @returns [bin] */
  voxel(row: number, col: number): Promise<FrameArray>;
  /** Pieces that hold the bins [from, to) of the whole image, and maybe bins beside them. */
  boxes(from: number, to: number): readonly Box[];
  /** The values are the caller's until `free`. */
  read(box: Box): Promise<Piece>;
  free(piece: Piece): void;
  /** Where nothing has to be unpacked: [cols, depth] of a part of a row. The values hold until the next call. */
  readonly readRun?: (row: number, col: number, cols: number, layer: number) => FrameArray;
}

/**
 * @param file descriptor of the result file; left out: the library reads
 * @throws InputError "result-name-unknown" | "not-a-stack"
 */
export async function openStack(result: Result, name: string, file?: number): Promise<Stack> {
  const { shape } = result.entry(name);
  const [rows, cols, bins] = shape;
  if (shape.length !== 3 || rows === undefined || cols === undefined || bins === undefined) {
    throw new InputError(
      "not-a-stack",
      `${name} is an array of [${shape.join(", ")}] and no stack [row, column, bin]. Ask for reconstruct/data or sinogram/data.`,
    );
  }
  const size = { name, rows, cols, bins };
  const packed = new PackedStack(result, size);
  const table = file === undefined ? undefined : result.chunkTable(name, file);
  if (!table || file === undefined) return packed;
  const { values } = await packed.read({ row: 0, rows: 1, col: 0, cols: 1, bin: 0, bins: 1 });
  const plain = new PlainStack(file, size, table, values.constructor as Float32ArrayConstructor);
  return (await isSame(plain, packed)) ? plain : packed;
}

/** The table was read without the library: what it leads to has to be what the library finds. */
async function isSame(plain: Stack, packed: Stack): Promise<boolean> {
  const { rows, cols, bins, depth } = plain;
  const places = [
    [0, 0, 0],
    [rows >> 1, cols >> 1, bins >> 1],
    [rows - 1, cols - 1, bins - 1],
  ] as const;
  for (const [row, col, bin] of places) {
    const layer = Math.floor(bin / depth);
    const found = plain.readRun!(row, col, 1, layer)[bin - layer * depth];
    const { values } = await packed.read({ row, rows: 1, col, cols: 1, bin, bins: 1 });
    if (!Object.is(found, values[0])) return false;
  }
  return true;
}

type Size = Pick<Stack, "name" | "rows" | "cols" | "bins">;

/** Values of a packed stack that are held at a time. */
const AT_ONCE = 4 << 20;

/** Read by the HDF5 library. */
class PackedStack implements Stack {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly bins: number;
  readonly depth: number;
  readonly layout = "packed";
  readonly #result: Result;
  readonly #chunks: readonly number[] | null;

  constructor(result: Result, { name, rows, cols, bins }: Size) {
    this.name = name;
    this.rows = rows;
    this.cols = cols;
    this.bins = bins;
    this.#result = result;
    this.#chunks = result.chunks(name) ?? null;
    this.depth = this.#chunks?.[2] ?? bins;
  }

  async voxel(row: number, col: number): Promise<FrameArray> {
    return this.#result.readArray(this.name, [row, col, 0], [1, 1, this.bins]);
  }

  boxes(from: number, to: number): readonly Box[] {
    return blocksOf([0, 0, from], [this.rows, this.cols, to - from], this.#chunks, AT_ONCE).map(asBox);
  }

  async read(box: Box): Promise<Piece> {
    const { row, rows, col, cols, bin, bins } = box;
    const values = this.#result.readArray(this.name, [row, col, bin], [rows, cols, bins]);
    return { ...box, values, rowStep: cols * bins, colStep: bins };
  }

  free(): void {}
}

function asBox({ offset, shape }: { readonly offset: readonly number[]; readonly shape: readonly number[] }): Box {
  const [row, col, bin] = offset as [number, number, number];
  const [rows, cols, bins] = shape as [number, number, number];
  return { row, rows, col, cols, bin, bins };
}

const readAsync = promisify(read);

/** Chunks as they lie in the file. */
class PlainStack implements Stack {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly bins: number;
  readonly depth: number;
  readonly layout: string;
  readonly #file: number;
  readonly #table: ChunkTable;
  readonly #Type: Float32ArrayConstructor;
  /** used again: fresh memory costs more than reading into it */
  readonly #spare: Float32Array[] = [];
  #run = new Float32Array(0);

  constructor(file: number, { name, rows, cols, bins }: Size, table: ChunkTable, Type: Float32ArrayConstructor) {
    this.name = name;
    this.rows = rows;
    this.cols = cols;
    this.bins = bins;
    this.depth = table.chunk[2]!;
    this.layout = `plain ${table.chunk.join(" ")}`;
    this.#file = file;
    this.#table = table;
    this.#Type = Type;
  }

  async voxel(row: number, col: number): Promise<FrameArray> {
    const layers = this.#table.grid[2]!;
    const { depth } = this;
    const out = new this.#Type(layers * depth);
    let next = 0;
    const readLayers = async (): Promise<void> => {
      while (next < layers) {
        const layer = next++;
        const part = new Uint8Array(out.buffer, layer * depth * out.BYTES_PER_ELEMENT, depth * out.BYTES_PER_ELEMENT);
        await this.#read(part, this.#place(row, col, layer, out.BYTES_PER_ELEMENT));
      }
    };
    await Promise.all(Array.from({ length: SMALL_READS }, readLayers));
    return out.subarray(0, this.bins);
  }

  readonly readRun = (row: number, col: number, cols: number, layer: number): FrameArray => {
    const length = cols * this.depth;
    if (this.#run.length < length) this.#run = new this.#Type(length);
    const [, wide] = this.#table.chunk as [number, number, number];
    for (let from = col; from < col + cols; ) {
      const to = Math.min(col + cols, (Math.floor(from / wide) + 1) * wide);
      const part = this.#run.subarray((from - col) * this.depth, (to - col) * this.depth);
      this.#readSync(part, this.#place(row, from, layer, part.BYTES_PER_ELEMENT));
      from = to;
    }
    return this.#run.subarray(0, length);
  };

  boxes(from: number, to: number): readonly Box[] {
    const { chunk, grid } = this.#table;
    const [tall, wide, deep] = chunk as [number, number, number];
    const boxes: Box[] = [];
    for (let layer = Math.floor(from / deep); layer * deep < to; layer++) {
      for (let i = 0; i < grid[0]!; i++) {
        for (let j = 0; j < grid[1]!; j++) {
          const [row, col, bin] = [i * tall, j * wide, layer * deep];
          const rows = Math.min(tall, this.rows - row);
          const cols = Math.min(wide, this.cols - col);
          boxes.push({ row, rows, col, cols, bin, bins: Math.min(deep, this.bins - bin) });
        }
      }
    }
    return boxes;
  }

  async read(box: Box): Promise<Piece> {
    const [, wide, deep] = this.#table.chunk as [number, number, number];
    const values = this.#spare.pop() ?? new this.#Type(sizeOf(this.#table.chunk));
    const address = this.#place(box.row, box.col, box.bin / deep, values.BYTES_PER_ELEMENT);
    const wanted = box.rows * wide * deep * values.BYTES_PER_ELEMENT;
    await this.#read(new Uint8Array(values.buffer, 0, wanted), address);
    return { ...box, values, rowStep: wide * deep, colStep: deep };
  }

  free({ values }: Piece): void {
    if (this.#spare.length < READ_AHEAD) this.#spare.push(values as Float32Array);
  }

  /** Byte of the first bin of a layer at a voxel. */
  #place(row: number, col: number, layer: number, itemBytes: number): number {
    const { chunk, grid, addresses } = this.#table;
    const [tall, wide, deep] = chunk as [number, number, number];
    const index = (Math.floor(row / tall) * grid[1]! + Math.floor(col / wide)) * grid[2]! + layer;
    return addresses[index]! + ((row % tall) * wide + (col % wide)) * deep * itemBytes;
  }

  async #read(into: Uint8Array, address: number): Promise<void> {
    const { bytesRead } = await readAsync(this.#file, into, 0, into.length, address);
    if (bytesRead !== into.length) throw this.#cut();
  }

  #readSync(into: Float32Array, address: number): void {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    if (readFully(this.#file, address, bytes, this.name).length !== bytes.length) throw this.#cut();
  }

  #cut(): InputError {
    return new InputError(
      "hdf5-data-unreadable",
      `${this.name} ends before its last value: the file is truncated or damaged. Copy it again from its source.`,
    );
  }
}

/** Chunks under way at a time: a disk gives more than one at once. */
const READ_AHEAD = 4;
/** The same of a few bytes each: Node.js has four threads that read, and these are kept busy. */
const SMALL_READS = 16;

/**
 * Reads boxes one after the other, the next ones already under way.
 *
 * @param goOn called before each; throws where nobody waits any more
 */
export async function eachPiece(
  stack: Stack,
  boxes: readonly Box[],
  goOn: () => void,
  use: (piece: Piece) => void | Promise<void>,
): Promise<void> {
  const reading: Promise<Piece>[] = [];
  let next = 0;
  try {
    while (next < boxes.length || reading.length > 0) {
      goOn();
      while (next < boxes.length && reading.length < READ_AHEAD) {
        const piece = stack.read(boxes[next++]!);
        // it is awaited later, or not at all
        piece.catch(() => {});
        reading.push(piece);
      }
      const piece = await reading.shift()!;
      await use(piece);
      stack.free(piece);
    }
  } finally {
    // nothing may be read into memory that is used again
    await Promise.allSettled(reading);
  }
}
