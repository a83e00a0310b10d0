/**
 * Where the chunks of a dataset lie in its file. Uncompressed ones can then be read straight from the disk, without a
 * copy in the library's heap: an order of magnitude faster for the patterns and images of large stacks.
 *
 * Only what the HDF5 library writes by default is understood (layout version 3, chunks in a B-tree of version 1, no
 * filters); for anything else the answer is undefined, and the library has to read.
 *
 * Source: HDF5 File Format Specification 3.0, III.A.1 (B-trees), IV.A.1 (object headers), IV.A.2.i (data layout).
 */
import { readSync } from "node:fs";

export interface ChunkTable {
  /** elements along each axis */
  readonly chunk: readonly number[];
  /** chunks along each axis */
  readonly grid: readonly number[];
  /** [grid] bytes from the start of the file; every chunk is there in full, those at the far edges padded */
  readonly addresses: Float64Array;
}

/** Larger headers are not made by anyone; a damaged one may claim any size. */
const MOST_HEADER = 1 << 20;
const MOST_CHUNKS = 1 << 22;
const MOST_LEVELS = 8;
const [DATA_LAYOUT, FILTERS, CONTINUATION] = [0x08, 0x0b, 0x10];

/**
 * @param header address of the dataset's object header
 * @param shape of the dataset
 * @param itemBytes of one element
 */
export function readChunkTable(
  file: number,
  header: number,
  shape: readonly number[],
  itemBytes: number,
): ChunkTable | undefined {
  const messages = readMessages(file, header);
  const layout = messages?.find(({ type }) => type === DATA_LAYOUT)?.body;
  if (!layout || messages.some(({ type }) => type === FILTERS)) return undefined;
  const [version, kind, dimensions] = layout;
  const isChunked = version === 3 && kind === 2 && dimensions === shape.length + 1;
  if (!isChunked || layout.length < 11 + 4 * dimensions) return undefined;
  const sizes = Array.from({ length: dimensions }, (_, axis) => layout.readUInt32LE(11 + 4 * axis));
  const chunk = sizes.slice(0, -1);
  if (sizes.at(-1) !== itemBytes || chunk.some((n) => n === 0)) return undefined;
  const grid = shape.map((n, axis) => Math.ceil(n / chunk[axis]!));
  const count = grid.reduce((product, n) => product * n, 1);
  if (count > MOST_CHUNKS) return undefined;
  const addresses = new Float64Array(count).fill(Number.NaN);
  const bytes = chunk.reduce((product, n) => product * n, itemBytes);
  const walk = { file, chunk, grid, addresses, bytes };
  if (!readNode(walk, Number(layout.readBigUInt64LE(3)), MOST_LEVELS)) return undefined;
  return addresses.some(Number.isNaN) ? undefined : { chunk, grid, addresses };
}

interface Message {
  readonly type: number;
  readonly body: Buffer;
}

function readMessages(file: number, address: number): Message[] | undefined {
  const head = readAt(file, address, 32);
  if (!head) return undefined;
  const messages: Message[] = [];
  if (head.toString("latin1", 0, 4) === "OHDR") {
    const flags = head[5]!;
    const sizeAt = 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
    const width = 1 << (flags & 3);
    if (head[4] !== 2 || sizeAt + width > 32) return undefined;
    const size = width === 8 ? Number(head.readBigUInt64LE(sizeAt)) : head.readUIntLE(sizeAt, width);
    const isRead = readRun(
      file,
      address + sizeAt + width,
      size,
      { version: 2, isOrdered: (flags & 4) !== 0 },
      messages,
    );
    return isRead ? messages : undefined;
  }
  if (head[0] !== 1) return undefined;
  const isRead = readRun(file, address + 16, head.readUInt32LE(8), { version: 1, isOrdered: false }, messages);
  return isRead ? messages : undefined;
}

interface HeaderKind {
  readonly version: 1 | 2;
  /** messages carry their order of creation */
  readonly isOrdered: boolean;
}

/** Messages of one piece of an object header, and of the pieces that it goes on in. */
function readRun(file: number, address: number, size: number, kind: HeaderKind, into: Message[]): boolean {
  if (into.length > 1000 || size > MOST_HEADER) return false;
  const bytes = readAt(file, address, size);
  if (!bytes) return false;
  const head = kind.version === 1 ? 8 : kind.isOrdered ? 6 : 4;
  for (let at = 0; at + head <= bytes.length; ) {
    const type = kind.version === 1 ? bytes.readUInt16LE(at) : bytes[at]!;
    const length = bytes.readUInt16LE(at + (kind.version === 1 ? 2 : 1));
    const body = bytes.subarray(at + head, at + head + length);
    if (body.length < length) break;
    into.push({ type, body });
    if (type === CONTINUATION && length >= 16) {
      const [next, extent] = [Number(body.readBigUInt64LE(0)), Number(body.readBigUInt64LE(8))];
      // version 2: a signature before the messages, a checksum behind them
      const [skip, frame] = kind.version === 2 ? [4, 8] : [0, 0];
      if (extent < frame || !readRun(file, next + skip, extent - frame, kind, into)) return false;
    }
    at += head + length;
  }
  return true;
}

interface Walk {
  readonly file: number;
  readonly chunk: readonly number[];
  readonly grid: readonly number[];
  readonly addresses: Float64Array;
  readonly bytes: number;
}

/** A node of the B-tree and all below it: a key (size, filters, offsets) before each child. */
function readNode(walk: Walk, address: number, levels: number): boolean {
  const head = readAt(walk.file, address, 24);
  if (!head || levels === 0 || head.toString("latin1", 0, 4) !== "TREE" || head[4] !== 1) return false;
  const [level, entries] = [head[5]!, head.readUInt16LE(6)];
  const rank = walk.chunk.length;
  const key = 8 + 8 * (rank + 1);
  const body = readAt(walk.file, address + 24, entries * (key + 8));
  if (!body) return false;
  for (let entry = 0; entry < entries; entry++) {
    const at = entry * (key + 8);
    const child = Number(body.readBigUInt64LE(at + key));
    if (level > 0) {
      if (!readNode(walk, child, levels - 1)) return false;
      continue;
    }
    if (body.readUInt32LE(at) !== walk.bytes) return false;
    let index = 0;
    for (let axis = 0; axis < rank; axis++) {
      const place = Number(body.readBigUInt64LE(at + 8 + 8 * axis)) / walk.chunk[axis]!;
      if (!Number.isInteger(place) || place >= walk.grid[axis]!) return false;
      index = index * walk.grid[axis]! + place;
    }
    walk.addresses[index] = child;
  }
  return true;
}

function readAt(file: number, address: number, length: number): Buffer | undefined {
  if (!Number.isSafeInteger(address)) return undefined;
  const bytes = Buffer.alloc(length);
  return readSync(file, bytes, 0, length, address) === length ? bytes : undefined;
}
