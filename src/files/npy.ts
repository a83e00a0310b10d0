/**
 * .npy files: one array of numbers, as NumPy saves it. Versions 1 to 3, C order; read in either byte order, written
 * little-endian as version 1.
 *
 * Source: NumPy's format specification (numpy.lib.format).
 */
import { type FrameArray, InputError } from "../data/index.ts";
import { arraySource, type ByteSource } from "./byte-source.ts";
import {
  bytesFromNumbers,
  MAX_FRAME_BYTES,
  numbersFromBytes,
  PIXEL_ARRAYS,
  type PixelType,
  pixelTypeOf,
} from "./frame-size.ts";

/** An array for a .npy file. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** in C order: the last axis is fastest */
  readonly data: FrameArray;
}

export interface NpyFile {
  readonly source: ByteSource;
  readonly shape: readonly number[];
  readonly type: PixelType;
  /** 64-bit integers are read as float64, exact up to 2^53 */
  readonly isInt64: boolean;
  readonly little: boolean;
  readonly start: number;
}

export const isNpy = (head: Uint8Array): boolean => Buffer.from(head.subarray(0, 6)).toString("latin1") === "\x93NUMPY";

/**
 * What an .npy file holds, before it is read.
 *
 * @throws InputError "npy-not-recognised" | "npy-damaged" | "npy-unsupported" | "npy-truncated"
 */
export function openNpy(source: ByteSource): NpyFile {
  const { name } = source;
  const head = Buffer.from(source.read(0, 12));
  if (!isNpy(head)) {
    throw new InputError("npy-not-recognised", `${name}: not an .npy file (it does not begin with \\x93NUMPY).`);
  }
  const version = head[6] ?? 0;
  if (head.length < 12 || version < 1 || version > 3) throw damaged(name, `version ${version}; 1, 2 and 3 are read`);
  const [length, textAt] = version === 1 ? [head.readUInt16LE(8), 10] : [head.readUInt32LE(8), 12];
  if (textAt + length > source.size) throw damaged(name, `a header of ${length} bytes`);
  if (length > 1 << 16) throw damaged(name, `a header of ${length} bytes; 65536 at most are read`);
  const text = Buffer.from(source.read(textAt, length)).toString("latin1");
  const shape = readShape(text, name);
  const { type, isInt64, little } = readType(text, name);
  if (shape.length > 1 && /'fortran_order'\s*:\s*True/.test(text)) {
    throw new InputError(
      "npy-unsupported",
      `${name}: the array is in Fortran order. Save it with numpy.ascontiguousarray first.`,
    );
  }
  const file = { source, shape, type, isInt64, little, start: textAt + length };
  const needed = shape.reduce((a, b) => a * b, 1) * bytesPerNumber(file);
  if (!(file.start + needed <= source.size)) {
    throw new InputError(
      "npy-truncated",
      `${name}: the file ends too early: found ${source.size - file.start} bytes of numbers, needed ${needed}. Copy the file again.`,
    );
  }
  return file;
}

/** `count` numbers from number `first` on. @throws InputError "npy-too-large" */
export function readNpyNumbers(file: NpyFile, first: number, count: number): FrameArray {
  const size = bytesPerNumber(file);
  if (count * 8 > 2 * MAX_FRAME_BYTES) {
    throw new InputError(
      "npy-too-large",
      `${file.source.name}: ${count} numbers at once are more than can be read (${(2 * MAX_FRAME_BYTES) / 8}). Split the array, or give it as HDF5.`,
    );
  }
  const bytes = file.source.read(file.start + first * size, count * size);
  if (!file.isInt64) return numbersFromBytes(bytes, 0, count, file.type, file.little);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float64Array.from({ length: count }, (_, i) =>
    Number(file.type === "u4" ? view.getBigUint64(i * 8, file.little) : view.getBigInt64(i * 8, file.little)),
  );
}

/** The whole array. @param name what to call the file in messages @throws as openNpy and readNpyNumbers */
export function decodeNpy(bytes: Uint8Array, name: string): NpyArray {
  const file = openNpy(arraySource(bytes, name));
  return {
    shape: file.shape,
    data: readNpyNumbers(
      file,
      0,
      file.shape.reduce((a, b) => a * b, 1),
    ),
  };
}

/** An .npy file of version 1, which every NumPy reads. */
export function encodeNpy({ shape, data }: NpyArray): Uint8Array {
  if (shape.reduce((a, b) => a * b, 1) !== data.length)
    throw new RangeError(`shape ${shape} of ${data.length} numbers`);
  const type = pixelTypeOf(data);
  const descr = `${type.endsWith("1") ? "|" : "<"}${type}`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  // the numbers begin at a multiple of 64
  const size = Math.ceil((10 + text.length + 1) / 64) * 64;
  const head = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${text.padEnd(size - 11)}\n`, "latin1");
  head.writeUInt16LE(size - 10, 8);
  return Buffer.concat([head, bytesFromNumbers(data)]);
}

const bytesPerNumber = (file: Pick<NpyFile, "type" | "isInt64">): number =>
  file.isInt64 ? 8 : PIXEL_ARRAYS[file.type].BYTES_PER_ELEMENT;

function readShape(text: string, name: string): number[] {
  const list = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (list === undefined) throw damaged(name, "no shape in its header");
  const shape = list
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => Number(part.replace("L", "")));
  if (!shape.every((n) => Number.isSafeInteger(n))) throw damaged(name, `the shape (${list})`);
  return shape;
}

function readType(text: string, name: string): { type: PixelType; isInt64: boolean; little: boolean } {
  const [, order, kind] = /'descr'\s*:\s*'([<>|=]?)(\w+)'/.exec(text) ?? [];
  const little = order !== ">";
  if (kind === "i8" || kind === "u8") return { type: kind === "i8" ? "i4" : "u4", isInt64: true, little };
  const type = kind === "b1" ? "u1" : kind;
  if (type !== undefined && Object.hasOwn(PIXEL_ARRAYS, type))
    return { type: type as PixelType, isInt64: false, little };
  throw new InputError(
    "npy-unsupported",
    `${name}: numbers of type ${/'descr'\s*:\s*([^,]{1,60})/.exec(text)?.[1] ?? "(none)"} are not read. Save them as integers or floats, with array.astype("float32") for example.`,
  );
}

const damaged = (name: string, what: string): InputError =>
  new InputError("npy-damaged", `${name}: damaged .npy file: ${what}. Copy the file again.`);
