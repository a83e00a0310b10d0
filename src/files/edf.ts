/**
 * EDF (ESRF data format): blocks of a text header in braces, padded to a multiple of 512 bytes, and raw numbers behind
 * it. Several frames a file, gzipped files, and masks. Dim_1 is the fast axis (columns).
 *
 * Source: ESRF's description of EDF ("SaxsKeywords", 2011), and the names of data types that fabio lists.
 */
import { gunzipSync } from "node:zlib";
import { type Frame, type FrameArray, InputError } from "../data/index.ts";
import { lookupTable } from "../data/lookup-table.ts";
import { arraySource, type ByteSource } from "./byte-source.ts";
import {
  bytesFromNumbers,
  checkFrameSize,
  MAX_FRAME_BYTES,
  numbersFromBytes,
  PIXEL_ARRAYS,
  type PixelType,
  pixelTypeOf,
} from "./frame-size.ts";

/** Where one frame of an EDF file lies, and what its header says. */
export interface EdfBlock {
  readonly rows: number;
  readonly cols: number;
  readonly type: PixelType;
  readonly little: boolean;
  /** byte offset of the numbers in the unzipped file */
  readonly start: number;
  readonly header: Record<string, string>;
}

export interface EdfFile {
  /** unzipped */
  readonly source: ByteSource;
  readonly blocks: readonly EdfBlock[];
}

const TYPES: Record<string, PixelType> = lookupTable({
  unsignedbyte: "u1",
  uint8: "u1",
  signedbyte: "i1",
  int8: "i1",
  unsignedshort: "u2",
  uint16: "u2",
  signedshort: "i2",
  int16: "i2",
  unsignedinteger: "u4",
  unsignedlong: "u4",
  uint32: "u4",
  signedinteger: "i4",
  signedlong: "i4",
  int32: "i4",
  floatvalue: "f4",
  float: "f4",
  real: "f4",
  float32: "f4",
  doublevalue: "f8",
  double: "f8",
  float64: "f8",
});

export const isEdf = (head: Uint8Array): boolean => /^\s*\{/.test(latin1(head.subarray(0, 16)));
export const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/**
 * The frames of an EDF file, found but not read.
 *
 * @throws InputError "edf-not-recognised" | "edf-header" | "edf-truncated" | "edf-unsupported" | "gzip-damaged" |
 *   "frame-size-not-valid" | "frame-too-large"
 */
export function openEdf(given: ByteSource): EdfFile {
  const { name } = given;
  const source = isGzip(given.read(0, 2)) ? arraySource(gunzip(given.read(0, given.size), name), name) : given;
  if (!isEdf(source.read(0, 16))) {
    throw new InputError("edf-not-recognised", `${name}: not an EDF file (it does not begin with "{").`);
  }
  const blocks: EdfBlock[] = [];
  for (let at = 0; at < source.size; ) {
    // what comes behind the last frame may be padding
    if (blocks.length > 0 && !isEdf(source.read(at, 16))) break;
    const header = readHeader(source, at);
    const block = readBlock(header, source);
    if (block) blocks.push(block);
    // a general block, a header without an image, has its own size too
    const size = block ? block.rows * block.cols * PIXEL_ARRAYS[block.type].BYTES_PER_ELEMENT : 0;
    const written = Number(header.fields.get("edf_binarysize") ?? size);
    at = header.end + (written > size && Number.isInteger(written) ? written : size);
  }
  if (blocks.length === 0) {
    throw new InputError("edf-header", `${name}: no frame found: no header with Dim_1, Dim_2 and DataType in it.`);
  }
  return { source, blocks };
}

/** One frame of the file. */
export function readEdfFrame({ source, blocks }: EdfFile, index: number): Frame {
  const { rows, cols, type, little, start, header } = blocks[index]!;
  const bytes = source.read(start, rows * cols * PIXEL_ARRAYS[type].BYTES_PER_ELEMENT);
  return { rows, cols, header, data: numbersFromBytes(bytes, 0, rows * cols, type, little) };
}

/** The first frame of an EDF file. @throws as openEdf */
export const decodeEdf = (bytes: Uint8Array, name: string): Frame => readEdfFrame(openEdf(arraySource(bytes, name)), 0);

/**
 * @param most bytes that may come out of it
 * @throws InputError "gzip-damaged" | "gzip-too-large"
 */
export function gunzip(bytes: Uint8Array, name: string, most: number = MAX_FRAME_BYTES): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw new InputError(
        "gzip-too-large",
        `${name}: ${bytes.length} bytes unzip to more than ${most / 2 ** 20} MiB, the most that is unzipped at once. If that is right, gunzip the file first; else it is damaged, or made to fill the memory.`,
        { cause: error },
      );
    }
    throw new InputError(
      "gzip-damaged",
      `${name}: the gzip data are damaged or cut off (${(error as Error).message}). Copy the file again, or leave it out.`,
      { cause: error },
    );
  }
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");

interface Header {
  /** as written, for the frame */
  readonly header: Record<string, string>;
  /** by lower-case key, for us */
  readonly fields: Map<string, string>;
  /** byte offset behind the header */
  readonly end: number;
}

const MAX_HEADER_BYTES = 1 << 20;

function readHeader(source: ByteSource, at: number): Header {
  let close = -1;
  let bytes = new Uint8Array(0) as Uint8Array;
  for (let length = 4096; close < 0 && bytes.length < MAX_HEADER_BYTES; length *= 4) {
    bytes = source.read(at, length + 2);
    close = bytes.subarray(0, length).indexOf(0x7d);
    if (bytes.length < length + 2) break;
  }
  if (close < 0) {
    throw truncated(source.name, `a header without its closing brace (from byte ${at})`, "a header that ends with }");
  }
  const header: Record<string, string> = {};
  const fields = new Map<string, string>();
  for (const line of latin1(bytes.subarray(0, close))
    .replace(/^\s*\{/, "")
    .split(";")) {
    const equals = line.indexOf("=");
    if (equals < 0) continue;
    const [key, value] = [line.slice(0, equals).trim(), line.slice(equals + 1).trim()];
    header[key] = value;
    fields.set(key.toLowerCase(), value);
  }
  let end = close + 1;
  if (bytes[end] === 0x0d && bytes[end + 1] === 0x0a) end += 2;
  else if (bytes[end] === 0x0a) end += 1;
  const written = Number(fields.get("edf_headersize"));
  if (written > close && written <= source.size) end = written;
  return { header, fields, end: at + end };
}

function readBlock({ header, fields, end }: Header, source: ByteSource): EdfBlock | undefined {
  const { name } = source;
  if (!fields.has("dim_1")) return undefined;
  const typeName = fields.get("datatype") ?? "";
  const type = TYPES[typeName.toLowerCase().replaceAll(/[\s_]/g, "")];
  if (!type) {
    throw new InputError(
      "edf-unsupported",
      `${name}: the DataType "${typeName}" is not read. These are: ${Object.keys(TYPES).join(", ")}.`,
    );
  }
  const compression = fields.get("compression");
  if (compression && !/^(none|nocompression|no specific value)$/i.test(compression)) {
    throw new InputError(
      "edf-unsupported",
      `${name}: the compression ${compression} inside an EDF file is not read; write it without, or gzip the whole file.`,
    );
  }
  const rows = Number(fields.get("dim_2") ?? 1);
  const cols = Number(fields.get("dim_1"));
  const bytesPerPixel = PIXEL_ARRAYS[type].BYTES_PER_ELEMENT;
  checkFrameSize(rows, cols, bytesPerPixel, name);
  if (Number(fields.get("dim_3") ?? 1) > 1) {
    throw new InputError(
      "edf-unsupported",
      `${name}: EDF frames of three dimensions (Dim_3) are not read; split them.`,
    );
  }
  if (end + rows * cols * bytesPerPixel > source.size) {
    throw truncated(name, `${source.size - end} bytes of image`, `${rows * cols * bytesPerPixel} bytes`);
  }
  const little = !/^high/i.test(fields.get("byteorder") ?? "LowByteFirst");
  return { rows, cols, type, little, start: end, header };
}

const truncated = (name: string, found: string, needed: string): InputError =>
  new InputError(
    "edf-truncated",
    `${name}: the file ends too early: found ${found}, needed ${needed}. It was cut off when it was written or copied; copy it again, or leave it out.`,
  );

const TYPE_NAMES: Record<PixelType, string> = {
  u1: "UnsignedByte",
  i1: "SignedByte",
  u2: "UnsignedShort",
  i2: "SignedShort",
  u4: "UnsignedInteger",
  i4: "SignedInteger",
  f4: "FloatValue",
  f8: "DoubleValue",
};

/** An EDF file with these frames, little-endian; header lines of each frame are kept. */
export function encodeEdf(...frames: readonly Frame[]): Uint8Array {
  return Buffer.concat(frames.flatMap((frame, i) => [encodeHeader(frame, i), bytesFromNumbers(frame.data)]));
}

const WRITTEN_BY_US = new Set(["headerid", "image", "byteorder", "datatype", "dim_1", "dim_2", "size", "compression"]);

function encodeHeader({ rows, cols, data, header }: Frame, index: number): Buffer {
  const lines = [
    `HeaderID = EH:${String(index + 1).padStart(6, "0")}:000000:000000`,
    `Image = ${index + 1}`,
    "ByteOrder = LowByteFirst",
    `DataType = ${TYPE_NAMES[pixelTypeOf(data as FrameArray)]}`,
    `Dim_1 = ${cols}`,
    `Dim_2 = ${rows}`,
    `Size = ${data.byteLength}`,
    ...Object.entries(header)
      .filter(([key]) => !WRITTEN_BY_US.has(key.toLowerCase()) && !/^edf_/i.test(key))
      .map(([key, value]) => `${key} = ${value}`.replaceAll(/[{};\r\n]+/g, " ")),
  ];
  const text = `{\n${lines.map((line) => `${line} ;\n`).join("")}`;
  const size = Math.ceil((text.length + 2) / 512) * 512;
  return Buffer.from(`${text.padEnd(size - 2)}}\n`, "latin1");
}
