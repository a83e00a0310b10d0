/**
 * Where the chunks of a dataset lie in its file. They can then be read straight from the disk, without copies in the
 * library's heap, and decoded by kernels of our own: an order of magnitude faster for patterns and images of large
 * stacks, several times for frames.
 *
 * Only what the HDF5 library writes by default is understood (layout version 3, chunks in a B-tree of version 1); for
 * anything else the answer is undefined, and the library has to read.
 *
 * Source: HDF5 File Format Specification 3.0, III.A.1 (B-trees), IV.A.1 (object headers), IV.A.2.i (data layout),
 * IV.A.2.l (filter pipeline).
 */
import { readSync } from "node:fs";

export interface ChunkTable {
  /** elements along each axis */
  readonly chunk: readonly number[];
  /** chunks along each axis */
  readonly grid: readonly number[];
  /** [grid] bytes from the start of the file; NaN where a chunk was never written, or not by all filters */
  readonly addresses: Float64Array;
  /** [grid] bytes of each chunk in the file; those at the far edges are padded */
  readonly sizes: Uint32Array;
  /** in the order in which they were applied when it was written */
  readonly filters: readonly ChunkFilter[];
}

export interface ChunkFilter {
  /** as The HDF Group registered it */
  readonly id: number;
  readonly options: readonly number[];
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
  const filters = readFilters(messages?.find(({ type }) => type === FILTERS)?.body);
  if (!layout || !filters) return undefined;
  const [version, kind, dimensions] = layout;
  const isChunked = version === 3 && kind === 2 && dimensions === shape.length + 1;
  if (!isChunked || layout.length < 11 + 4 * dimensions) return undefined;
  const sizes = Array.from({ length: dimensions }, (_, axis) => layout.readUInt32LE(11 + 4 * axis));
  const chunk = sizes.slice(0, -1);
  if (sizes.at(-1) !== itemBytes || chunk.some((n) => n === 0)) return undefined;
  const grid = shape.map((n, axis) => Math.ceil(n / chunk[axis]!));
  const count = grid.reduce((product, n) => product * n, 1);
  if (count > MOST_CHUNKS) return undefined;
  const table = {
    ...{ chunk, grid, filters, sizes: new Uint32Array(count) },
    addresses: new Float64Array(count).fill(Number.NaN),
  };
  const bytes = filters.length > 0 ? undefined : chunk.reduce((product, n) => product * n, itemBytes);
  return readNode({ file, table, bytes }, Number(layout.readBigUInt64LE(3)), MOST_LEVELS) ? table : undefined;
}

/** [] where a dataset has none; undefined where the message is not understood. */
function readFilters(body: Buffer | undefined): ChunkFilter[] | undefined {
  if (!body) return [];
  const [version, count] = body;
  if (version !== 1 && version !== 2) return undefined;
  const filters: ChunkFilter[] = [];
  for (let at = version === 1 ? 8 : 2; filters.length < count!; ) {
    if (at + 8 > body.length) return undefined;
    const id = body.readUInt16LE(at);
    // version 2 leaves out the length of a name that every library knows
    const hasName = version === 1 || id >= 256;
    const nameLength = hasName ? body.readUInt16LE(at + 2) : 0;
    const counted = at + (hasName ? 6 : 4);
    const values = body.readUInt16LE(counted);
    const first = counted + 2 + (version === 1 ? 8 * Math.ceil(nameLength / 8) : nameLength);
    if (first + 4 * values > body.length) return undefined;
    filters.push({ id, options: Array.from({ length: values }, (_, i) => body.readUInt32LE(first + 4 * i)) });
    at = first + 4 * (version === 1 ? values + (values & 1) : values);
  }
  return filters;
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
  readonly table: ChunkTable;
  /** of each chunk, where they are not compressed */
  readonly bytes: number | undefined;
}

/** Offsets of a chunk along each axis, and a last one within an element, which is 0 for chunks. */
type Key = readonly number[];

/**
 * A node of the B-tree and all below it: a key (size, filters left out, offsets) before each child, and one behind the
 * last. The library looks a chunk up by its key between those of its neighbours: where they are not in order it would
 * miss some, and give fill values for them.
 *
 * @param within keys that the parent has on both sides of this node
 */
function readNode(walk: Walk, address: number, levels: number, within?: readonly [Key, Key]): boolean {
  // an empty tree
  if (address === UNDEFINED) return true;
  const head = readAt(walk.file, address, 24);
  if (!head || levels === 0 || head.toString("latin1", 0, 4) !== "TREE" || head[4] !== 1) return false;
  const [level, entries] = [head[5]!, head.readUInt16LE(6)];
  const rank = walk.table.chunk.length;
  const keyBytes = 8 + 8 * (rank + 1);
  const body = readAt(walk.file, address + 24, entries * (keyBytes + 8) + keyBytes);
  if (!body) return false;
  const keyAt = (entry: number): Key =>
    Array.from({ length: rank + 1 }, (_, axis) => Number(body.readBigUInt64LE(entry * (keyBytes + 8) + 8 + 8 * axis)));
  let key = keyAt(0);
  if (within && isBefore(key, within[0])) return false;
  for (let entry = 0; entry < entries; entry++) {
    const next = keyAt(entry + 1);
    if (!isBefore(key, next) || (within && !isBefore(key, within[1]))) return false;
    const at = entry * (keyBytes + 8);
    const child = Number(body.readBigUInt64LE(at + keyBytes));
    const isRead =
      level > 0
        ? readNode(walk, child, levels - 1, [key, next])
        : addChunk(walk, key, { child, size: body.readUInt32LE(at), leftOut: body.readUInt32LE(at + 4) });
    if (!isRead) return false;
    key = next;
  }
  return true;
}

function isBefore(one: Key, other: Key): boolean {
  const axis = one.findIndex((n, i) => n !== other[i]);
  return axis >= 0 && one[axis]! < other[axis]!;
}

function addChunk(
  { table: { chunk, grid, addresses, sizes }, bytes }: Walk,
  key: Key,
  { child, size, leftOut }: { readonly child: number; readonly size: number; readonly leftOut: number },
): boolean {
  if ((bytes !== undefined && size !== bytes) || key.at(-1) !== 0) return false;
  let index = 0;
  for (const [axis, length] of chunk.entries()) {
    const place = key[axis]! / length;
    if (!Number.isInteger(place) || place >= grid[axis]!) return false;
    index = index * grid[axis]! + place;
  }
  sizes[index] = size;
  addresses[index] = leftOut === 0 ? child : Number.NaN;
  return true;
}

/** An address that leads nowhere: all bits set. */
const UNDEFINED = Number(0xffffffffffffffffn);

function readAt(file: number, address: number, length: number): Buffer | undefined {
  if (!Number.isSafeInteger(address)) return undefined;
  const bytes = Buffer.alloc(length);
  return readSync(file, bytes, 0, length, address) === length ? bytes : undefined;
}
