/**
 * Frames that were compressed by bitshuffle with LZ4, one a chunk (EIGER, and most detectors of today): their chunks are
 * read straight from the file and decoded by a kernel, four times as fast as by the HDF5 library's plugin.
 *
 * Where the chunks lie is found without the library. The first frame of each dataset is therefore read both ways, and
 * the library goes on reading where they differ, as it does for everything that is stored in another way.
 */
import { closeSync } from "node:fs";
import { InputError } from "../data/index.ts";
import type { Kernels } from "../kernels/index.ts";
import { readFully } from "./byte-source.ts";
import type { Hdf5File } from "./hdf5.ts";
import type { ChunkTable } from "./hdf5-chunks.ts";

const BITSHUFFLE = 32008;
const LZ4 = 2;
/** bitshuffle's header: bytes of the whole (8) and of a block (4), the highest first. */
const HEADER_BYTES = 12;
/** Each block is 8 KiB by default; more than this is left to the library. */
const MOST_BLOCK_BYTES = 1 << 22;

type Item = "int8" | "uint8" | "int16" | "uint16" | "int32" | "uint32";
const ITEM_BYTES: Readonly<Record<Item, 1 | 2 | 4>> = { int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4 };

/** Reads frames of one dataset after another's; what is open is that of the last. */
export interface PackedReader {
  /**
   * Counts of a frame; those of unsigned ones whose bits are all set, which mark bad pixels, become -1.
   *
   * @param out           [row, col] i32, in the memory of `kernels`
   * @param byTheLibrary  fills `out` with the same frame
   * @throws InputError "hdf5-data-unreadable", and those of `byTheLibrary` and of a failing disk
   */
  readInto(
    at: { readonly file: Hdf5File; readonly dataset: string; readonly index: number },
    out: Int32Array,
    kernels: Kernels,
    byTheLibrary: () => void,
  ): void;
  close(): void;
}

export function createPackedReader(): PackedReader {
  let current: { file: Hdf5File; dataset: string; stored: Stored | undefined; isTried: boolean } | undefined;
  const close = (): void => {
    if (current?.stored) closeSync(current.stored.file);
    current = undefined;
  };
  return {
    readInto({ file, dataset, index }, out, kernels, byTheLibrary) {
      if (current?.file !== file || current.dataset !== dataset) {
        close();
        current = { file, dataset, stored: findStored(file, dataset), isTried: false };
      }
      const { stored, isTried } = current;
      if (stored && isTried && decodeChunk(stored, index, out, kernels)) return;
      if (!stored || isTried) return byTheLibrary();
      const isSame = readBothWays(stored, index, out, kernels, byTheLibrary);
      current.isTried = true;
      if (isSame) return;
      closeSync(stored.file);
      current.stored = undefined;
    },
    close,
  };
}

/** Undefined where the dataset's frames are not stored in this way. */
function findStored(file: Hdf5File, dataset: string): Stored | undefined {
  const { type, shape, chunks } = file.needDataset(dataset);
  const itemBytes = ITEM_BYTES[type as Item];
  const isFrameEach = chunks?.every((n, axis) => n === (axis < chunks.length - 2 ? 1 : shape![axis]));
  const found = itemBytes && isFrameEach ? file.storedChunks(dataset) : undefined;
  if (!found) return undefined;
  const { filters } = found.table;
  if (filters.length === 1 && filters[0]!.id === BITSHUFFLE && filters[0]!.options[4] === LZ4) {
    return { ...found, dataset, itemBytes, isSigned: type.startsWith("int") };
  }
  closeSync(found.file);
  return undefined;
}

/**
 * By the kernel first, which tells a damaged chunk from a good one: on some the library's plugin writes over the
 * library's own memory.
 *
 * @returns whether both give the same @throws InputError "hdf5-data-unreadable"
 */
function readBothWays(
  stored: Stored,
  index: number,
  out: Int32Array,
  kernels: Kernels,
  byTheLibrary: () => void,
): boolean {
  const mark = kernels.arena.mark();
  try {
    const found = 4 * out.length > kernels.arena.free ? undefined : kernels.arena.i32(out.length);
    const isDecoded = found !== undefined && decodeChunk(stored, index, found, kernels);
    byTheLibrary();
    return isDecoded && found.every((count, i) => count === out[i]);
  } finally {
    kernels.arena.release(mark);
  }
}

interface Stored {
  readonly path: string;
  readonly file: number;
  readonly table: ChunkTable;
  readonly dataset: string;
  readonly itemBytes: 1 | 2 | 4;
  readonly isSigned: boolean;
}

/** False where the chunk is not what is expected of one, and the library has to say what it is. */
function decodeChunk(stored: Stored, index: number, out: Int32Array, kernels: Kernels): boolean {
  const mark = kernels.arena.mark();
  try {
    return decodeInArena(stored, index, out, kernels);
  } finally {
    kernels.arena.release(mark);
  }
}

function decodeInArena(stored: Stored, index: number, out: Int32Array, kernels: Kernels): boolean {
  const { table, itemBytes, isSigned } = stored;
  const [at, size] = [table.addresses[index], table.sizes[index]];
  if (at === undefined || size === undefined || !(at > 0)) return false;
  const { arena, run } = kernels;
  const n = out.length;
  if (size + MOST_BLOCK_BYTES + 4 * n > arena.free) return false;
  const source = arena.u8(size + 32);
  const read = readFully(stored.file, at, source.subarray(0, size), stored.path).length;
  if (read < size) throw damaged(stored, index, `is to be ${size} bytes long, of which the file holds ${read}`);
  const head = new DataView(source.buffer, source.byteOffset, HEADER_BYTES);
  const blockBytes = size < HEADER_BYTES ? 0 : head.getUint32(8);
  const isOfSize = size >= HEADER_BYTES && head.getBigUint64(0) === BigInt(n * itemBytes);
  if (!isOfSize || blockBytes === 0 || blockBytes % (8 * itemBytes) !== 0 || blockBytes > MOST_BLOCK_BYTES)
    return false;
  const items = itemBytes === 4 ? new Uint8Array(out.buffer, out.byteOffset, 4 * n) : arena.u8(n * itemBytes);
  const done = run.decodeBitshuffleLz4(
    ...([source.subarray(HEADER_BYTES), size - HEADER_BYTES, blockBytes, items, n, itemBytes] as const),
    arena.u8(blockBytes + 1088),
  );
  if (done < n) throw damaged(stored, index, `is damaged behind the first ${done} of ${n} pixels`);
  if (itemBytes < 4) run.widenCounts(items, out, n, itemBytes, isSigned ? 1 : 0);
  return true;
}

function damaged({ path, dataset, table }: Stored, index: number, what: string): InputError {
  return new InputError(
    "hdf5-data-unreadable",
    `${path}: ${dataset} cannot be read at frame ${index}: its chunk at byte ${table.addresses[index]} ${what}. The file is truncated or damaged there; copy it again from its source.`,
  );
}
