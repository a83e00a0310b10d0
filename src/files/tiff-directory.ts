/** The directories (IFDs) of a TIFF file: which tags each page has, and their values. */
import { InputError } from "../data/index.ts";
import type { ByteSource } from "./byte-source.ts";

const TAGS = {
  NewSubfileType: 254,
  ImageWidth: 256,
  ImageLength: 257,
  BitsPerSample: 258,
  Compression: 259,
  FillOrder: 266,
  ImageDescription: 270,
  Make: 271,
  Model: 272,
  StripOffsets: 273,
  SamplesPerPixel: 277,
  RowsPerStrip: 278,
  StripByteCounts: 279,
  Software: 305,
  DateTime: 306,
  Artist: 315,
  Predictor: 317,
  TileWidth: 322,
  TileLength: 323,
  TileOffsets: 324,
  TileByteCounts: 325,
  SampleFormat: 339,
} as const;
export type Tag = keyof typeof TAGS;

export interface Directory {
  numbers(tag: Tag): number[] | undefined;
  text(tag: Tag): string | undefined;
}

interface Entry {
  readonly type: number;
  readonly count: number;
  /** byte offset of the value */
  readonly at: number;
}

/** Bytes of one value of each field type. */
const TYPE_SIZES: Record<number, number> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};
/** More pages than any scan has frames in one file; a damaged chain of directories ends here. */
const MAX_PAGES = 1_000_000;
const MAX_VALUES = 10_000_000;

/** @throws InputError "tiff-not-recognised" | "tiff-damaged" */
export function readDirectories(source: ByteSource): { little: boolean; directories: Directory[] } {
  const head = source.read(0, 16);
  const order = String.fromCharCode(head[0] ?? 0, head[1] ?? 0);
  const little = order === "II";
  const reader = new Reader(source, little);
  const version = head.length >= 8 ? reader.uint(2, 2) : 0;
  if (!(little || order === "MM") || (version !== 42 && version !== 43)) {
    throw new InputError("tiff-not-recognised", `${source.name}: not a TIFF file (it does not begin as one).`);
  }
  const isBig = version === 43;
  const directories: Directory[] = [];
  const seen = new Set<number>();
  let at = isBig ? reader.uint(8, 8) : reader.uint(4, 4);
  while (at !== 0 && directories.length < MAX_PAGES) {
    if (seen.has(at)) throw reader.damaged("its directories form a circle");
    seen.add(at);
    const { entries, next } = readEntries(reader, at, isBig);
    directories.push(directoryOf(reader, entries));
    at = next;
  }
  if (directories.length === 0) throw reader.damaged("there is no image in it");
  return { little, directories };
}

function readEntries(reader: Reader, at: number, isBig: boolean): { entries: Map<number, Entry>; next: number } {
  const [countSize, entrySize, offsetSize] = isBig ? [8, 20, 8] : [2, 12, 4];
  const count = reader.uint(at, countSize);
  if (count > 65535) throw reader.damaged(`a directory of ${count} entries`);
  const entries = new Map<number, Entry>();
  for (let i = 0; i < count; i++) {
    const entry = at + countSize + i * entrySize;
    const type = reader.uint(entry + 2, 2);
    const values = reader.uint(entry + 4, offsetSize);
    const valueAt = entry + 4 + offsetSize;
    const size = (TYPE_SIZES[type] ?? 0) * values;
    entries.set(reader.uint(entry, 2), {
      type,
      count: values,
      at: size <= offsetSize ? valueAt : reader.uint(valueAt, offsetSize),
    });
  }
  return { entries, next: reader.uint(at + countSize + count * entrySize, offsetSize) };
}

function directoryOf(reader: Reader, entries: Map<number, Entry>): Directory {
  return {
    numbers: (tag) => {
      const entry = entries.get(TAGS[tag]);
      return entry && reader.numbers(entry, tag);
    },
    text: (tag) => {
      const entry = entries.get(TAGS[tag]);
      if (entry?.type !== 2) return undefined;
      return Buffer.from(reader.bytes(entry.at, entry.count))
        .toString("latin1")
        .replace(/\0[\s\S]*$/, "")
        .trim();
    },
  };
}

class Reader {
  private readonly source: ByteSource;
  private readonly little: boolean;

  constructor(source: ByteSource, little: boolean) {
    this.source = source;
    this.little = little;
  }

  uint(at: number, size: number): number {
    return this.parse(this.bytes(at, size), 0, size);
  }

  numbers({ type, count, at }: Entry, tag: string): number[] {
    const size = TYPE_SIZES[type];
    if (!size || size === 0 || [2, 5, 7, 10, 11, 12].includes(type)) throw this.damaged(`${tag} is not a whole number`);
    if (count > MAX_VALUES) throw this.damaged(`${tag} has ${count} values`);
    const bytes = this.bytes(at, size * count);
    return Array.from({ length: count }, (_, i) => this.parse(bytes, i * size, size));
  }

  bytes(at: number, length: number): Uint8Array {
    if (length > 8 * MAX_VALUES || at + length > this.source.size) {
      throw this.damaged(`it points to ${length} bytes at ${at}, and the file has ${this.source.size}`);
    }
    return this.source.read(at, length);
  }

  damaged(what: string): InputError {
    return new InputError(
      "tiff-damaged",
      `${this.source.name}: damaged TIFF: ${what}. It was cut off or changed when it was copied; copy it again, or leave it out.`,
    );
  }

  /** Offsets above 2^53 come out inexact and are then found to be behind the end of the file. */
  private parse(bytes: Uint8Array, at: number, size: number): number {
    let value = 0;
    for (let i = 0; i < size; i++) value = value * 256 + bytes[this.little ? at + size - 1 - i : at + i]!;
    return value;
  }
}
