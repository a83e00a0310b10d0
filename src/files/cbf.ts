/**
 * CBF (Crystallographic Binary File) with one image, as Pilatus detectors write it: a text header, then one
 * compressed block between a four-byte mark and a MIME boundary. Byte-offset compression and none are read.
 *
 * Source: International Tables for Crystallography G (2006), chapters 2.3 and 5.6; the DECTRIS miniCBF convention
 * (header lines that begin with "# ").
 */
import { createHash } from "node:crypto";
import { type Frame, type FrameArray, InputError } from "../data/index.ts";
import { lookupTable } from "../data/lookup-table.ts";
import { type Kernels, md5OfFour } from "../kernels/index.ts";
import { decodeByteOffset } from "../kernels/reference/index.ts";
import { checkFrameSize, numbersFromBytes, PIXEL_ARRAYS, type PixelType } from "./frame-size.ts";

export interface CbfOptions {
  /** Compare the block with the header's Content-MD5, where it has one. Costs about 1.3 ms a megabyte. */
  readonly verify?: boolean;
  /** Decode with these; the bytes given may then lie anywhere. Without them the plain twin decodes. */
  readonly kernels?: Kernels;
}

/**
 * The image of a CBF file.
 *
 * @param name what to call the file in messages
 * @throws InputError "cbf-not-recognised" | "cbf-header" | "cbf-unsupported" | "cbf-truncated" | "cbf-checksum" |
 *   "frame-size-not-valid" | "frame-too-large"
 */
export function decodeCbf(bytes: Uint8Array, name: string, options: CbfOptions = {}): Frame {
  const block = findBlock(bytes, name);
  if (options.verify ?? true) verifyBlock(bytes, block, name);
  const { rows, cols, type, header } = block;
  const n = rows * cols;
  if (!block.compressed) {
    return { rows, cols, header, data: numbersFromBytes(bytes, block.start, n, type, true) };
  }
  return { rows, cols, header, data: asType(decodePixels(bytes, block, name, options.kernels), type) };
}

/**
 * The image of a CBF file straight into an array of a kernel arena, for the loop over millions of frames: nothing is
 * allocated except in the arena. Unsigned 32-bit pixels above 2147483647 come out negative.
 *
 * @param bytes the file, in the memory of `kernels`
 * @param out   [row, col] i32, in the memory of `kernels`
 * @throws as decodeCbf, and InputError "frame-shape" where the image has not `out.length` pixels
 */
export function decodeCbfInto(bytes: Uint8Array, name: string, out: Int32Array, kernels: Kernels, verify = true): void {
  const block = fittingBlock(bytes, name, out);
  if (verify) verifyBlock(bytes, block, name);
  decodeBlock(bytes, block, name, out, kernels);
}

/**
 * The same for up to four files at once: their checksums then cost a third.
 *
 * @returns for each file what is wrong with it, or undefined
 */
export function decodeCbfsInto(
  files: readonly { readonly bytes: Uint8Array; readonly name: string }[],
  outs: readonly Int32Array[],
  kernels: Kernels,
): (InputError | undefined)[] {
  const found = files.map(({ bytes, name }, i) => orInputError(() => fittingBlock(bytes, name, outs[i]!)));
  const summed = [...files.keys()].filter((i) => !(found[i] instanceof InputError) && found[i]!.md5);
  const digests = md5OfFour(
    summed.map((i) => imageOf(files[i]!.bytes, found[i] as Block)),
    kernels,
  );
  summed.forEach((i, k) => {
    const { md5 } = found[i] as Block;
    const digest = Buffer.from(digests[k]!).toString("base64");
    if (digest !== md5) found[i] = wrongChecksum(files[i]!.name, md5!, digest);
  });
  return files.map(({ bytes, name }, i) => {
    const block = found[i]!;
    return block instanceof InputError
      ? block
      : orInputError(() => decodeBlock(bytes, block, name, outs[i]!, kernels)) || undefined;
  });
}

function orInputError<T>(work: () => T): T | InputError {
  try {
    return work();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

function fittingBlock(bytes: Uint8Array, name: string, out: Int32Array): Block {
  const block = findBlock(bytes, name);
  if (block.rows * block.cols === out.length) return block;
  throw new InputError(
    "frame-shape",
    `${name}: the image has ${block.rows} x ${block.cols} pixels (rows x columns), ${block.rows * block.cols} in all, where ${out.length} are needed as in the frames before. Take it out of the list, or integrate it by itself.`,
  );
}

const imageOf = (bytes: Uint8Array, { start, size }: Block): Uint8Array => bytes.subarray(start, start + size);

function decodeBlock(bytes: Uint8Array, block: Block, name: string, out: Int32Array, kernels: Kernels): void {
  if (!block.compressed) out.set(numbersFromBytes(bytes, block.start, out.length, block.type, true));
  else checkDecoded(kernels.run.decodeByteOffset(imageOf(bytes, block), block.size, out, out.length), block, name);
}

interface Block {
  readonly rows: number;
  readonly cols: number;
  readonly type: PixelType;
  readonly compressed: boolean;
  /** byte offset of the block in the file */
  readonly start: number;
  readonly size: number;
  readonly md5: string | undefined;
  readonly header: Record<string, string>;
}

const MARK = Uint8Array.of(0x0c, 0x1a, 0x04, 0xd5);
/** Far more than any header; the mark is looked for no further. */
const MAX_HEADER_BYTES = 1 << 20;

const ELEMENT_TYPES: Record<string, PixelType> = lookupTable({
  "unsigned 8-bit integer": "u1",
  "signed 8-bit integer": "i1",
  "unsigned 16-bit integer": "u2",
  "signed 16-bit integer": "i2",
  "unsigned 32-bit integer": "u4",
  "signed 32-bit integer": "i4",
  "signed 32-bit real ieee": "f4",
  "signed 64-bit real ieee": "f8",
});

/** Whether the bytes begin as a CBF file does. */
export function isCbf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 16))
    .toString("latin1")
    .startsWith("###CBF");
}

function findBlock(bytes: Uint8Array, name: string): Block {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const mark = buffer.subarray(0, MAX_HEADER_BYTES).indexOf(MARK);
  const text = buffer.toString("latin1", 0, mark >= 0 ? mark : Math.min(bytes.length, MAX_HEADER_BYTES));
  if (mark < 0) throw noMark(text, name);
  const field = mimeFields(text);
  const compression = /conversions\s*=\s*"?([\w-]+)/i.exec(text)?.[1] ?? "x-CBF_NONE";
  const compressed = /byte_offset/i.test(compression);
  const type = elementType(field, compressed, compression, name);
  const cols = Number(field("X-Binary-Size-Fastest-Dimension"));
  const rows = Number(field("X-Binary-Size-Second-Dimension") ?? 1);
  checkFrameSize(rows, cols, PIXEL_ARRAYS[type].BYTES_PER_ELEMENT, name);
  const start = mark + MARK.length;
  const size = Number(field("X-Binary-Size"));
  if (!(Number.isInteger(size) && size >= 0)) throw headerError(name, "X-Binary-Size", field("X-Binary-Size"));
  const least = rows * cols * (compressed ? 1 : PIXEL_ARRAYS[type].BYTES_PER_ELEMENT);
  if (start + size > bytes.length || size < least) {
    throw truncated(name, `${Math.min(size, bytes.length - start)} bytes of image`, `${Math.max(size, least)} bytes`);
  }
  return { rows, cols, type, compressed, start, size, md5: field("Content-MD5"), header: readHeader(text) };
}

function elementType(
  field: (key: string) => string | undefined,
  compressed: boolean,
  compression: string,
  name: string,
): PixelType {
  const unsupported = (what: string) =>
    new InputError(
      "cbf-unsupported",
      `${name}: ${what} is not read. Byte-offset compression of little-endian integers (what Pilatus detectors write) and uncompressed images are; convert the file, with fabio or CBFlib for example.`,
    );
  if (!compressed && !/none/i.test(compression)) throw unsupported(`the compression ${compression}`);
  const order = field("X-Binary-Element-Byte-Order") ?? "LITTLE_ENDIAN";
  if (!/^little/i.test(order)) throw unsupported(`the byte order ${order}`);
  const element = field("X-Binary-Element-Type") ?? "signed 32-bit integer";
  const type = ELEMENT_TYPES[element.toLowerCase()];
  if (!type) throw unsupported(`the element type "${element}"`);
  if (compressed && type.startsWith("f")) throw unsupported(`byte-offset compression of the element type "${element}"`);
  return type;
}

/** MIME fields of the binary section, unquoted. */
function mimeFields(text: string): (key: string) => string | undefined {
  const section = text.slice(Math.max(0, text.indexOf("--CIF-BINARY-FORMAT-SECTION--")));
  const fields = new Map<string, string>();
  for (const [, key, value] of section.matchAll(/^([A-Za-z][\w-]*):(.*)$/gm)) {
    fields.set(key!.toLowerCase(), value!.trim().replace(/^"(.*)"$/, "$1"));
  }
  return (key) => fields.get(key.toLowerCase());
}

/** "# Exposure_time 1.0 s", "# Detector: PILATUS" and "_Misc.roi <0,0>" as key and value. */
function readHeader(text: string): Record<string, string> {
  const header: Record<string, string> = {};
  for (const [, key, value] of text.matchAll(/^(?:# |(?=_))(\w[\w.]*)[:=]?[ \t](.*)$/gm)) {
    if (key !== "CBF") header[key!] = value!.replace(/^[\s=:]+/, "").trim();
  }
  return header;
}

function decodePixels(bytes: Uint8Array, block: Block, name: string, kernels: Kernels | undefined): Int32Array {
  const n = block.rows * block.cols;
  const source = imageOf(bytes, block);
  const data = new Int32Array(n);
  if (!kernels) {
    checkDecoded(decodeByteOffset(source, block.size, data, n), block, name);
    return data;
  }
  const mark = kernels.arena.mark();
  try {
    const inArena = kernels.arena.u8(block.size);
    inArena.set(source);
    const out = kernels.arena.i32(n);
    checkDecoded(kernels.run.decodeByteOffset(inArena, block.size, out, n), block, name);
    data.set(out);
  } finally {
    kernels.arena.release(mark);
  }
  return data;
}

/** The decoder works modulo 2^32, so every integer type comes out of its low bits. */
function asType(pixels: Int32Array, type: PixelType): FrameArray {
  if (type === "i4") return pixels;
  if (type === "u4") return new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length);
  return new PIXEL_ARRAYS[type](pixels);
}

function verifyBlock(bytes: Uint8Array, block: Block, name: string): void {
  if (!block.md5) return;
  const found = createHash("md5").update(imageOf(bytes, block)).digest("base64");
  if (found !== block.md5) throw wrongChecksum(name, block.md5, found);
}

const wrongChecksum = (name: string, md5: string, found: string): InputError =>
  new InputError(
    "cbf-checksum",
    `${name}: the image does not match its checksum (the header says Content-MD5 ${md5}, the data give ${found}). The file was damaged after it was written; copy it again from the beamline.`,
  );

function checkDecoded(count: number, { rows, cols, size }: Block, name: string): void {
  if (count < rows * cols) throw truncated(name, `${count} pixels in ${size} bytes`, `${rows * cols} pixels`);
}

const truncated = (name: string, found: string, needed: string): InputError =>
  new InputError(
    "cbf-truncated",
    `${name}: the file ends too early: found ${found}, needed ${needed}. It was cut off when it was written or copied; copy it again, or leave it out.`,
  );

const headerError = (name: string, field: string, value: string | undefined): InputError =>
  new InputError(
    "cbf-header",
    `${name}: the header field ${field} is ${value === undefined ? "missing" : `"${value}"`}, where a whole number is needed. The file is damaged.`,
  );

function noMark(text: string, name: string): InputError {
  if (!text.startsWith("###CBF")) {
    return new InputError(
      "cbf-not-recognised",
      `${name}: not a CBF file (it does not begin with ###CBF). Give a CBF, TIFF, EDF, MAR345 or HDF5 file.`,
    );
  }
  return truncated(name, "a header without an image behind it", "the image");
}

/**
 * A CBF file with one byte-offset image and its MD5.
 *
 * @param frame integers; its header lines are written as "# key value"
 * @throws InputError "cbf-needs-integers"
 */
export function encodeCbf(frame: Frame): Uint8Array {
  const { rows, cols, data } = frame;
  if (data instanceof Float32Array || data instanceof Float64Array) {
    throw new InputError(
      "cbf-needs-integers",
      "CBF files hold whole numbers, and this frame has fractions: write it as TIFF or EDF instead.",
    );
  }
  const block = encodeByteOffset(data);
  const isUnsigned = data instanceof Uint32Array;
  const comments = Object.entries(frame.header).map(([key, value]) => `# ${key} ${value}`.replace(/\s+/g, " "));
  const text = [
    "###CBF: VERSION 1.5",
    "data_image",
    "",
    // fabio does not open a file whose header section is empty
    ...(comments.length === 0
      ? []
      : ['_array_data.header_convention "PILATUS_1.2"', "_array_data.header_contents", ";", ...comments, ";", ""]),
    "_array_data.data",
    ";",
    "--CIF-BINARY-FORMAT-SECTION--",
    "Content-Type: application/octet-stream;",
    '     conversions="x-CBF_BYTE_OFFSET"',
    "Content-Transfer-Encoding: BINARY",
    `X-Binary-Size: ${block.length}`,
    "X-Binary-ID: 1",
    `X-Binary-Element-Type: "${isUnsigned ? "unsigned" : "signed"} 32-bit integer"`,
    "X-Binary-Element-Byte-Order: LITTLE_ENDIAN",
    `Content-MD5: ${createHash("md5").update(block).digest("base64")}`,
    `X-Binary-Number-of-Elements: ${rows * cols}`,
    `X-Binary-Size-Fastest-Dimension: ${cols}`,
    `X-Binary-Size-Second-Dimension: ${rows}`,
    "X-Binary-Size-Padding: 1",
    "",
    "",
  ].join("\r\n");
  const tail = "\0\r\n--CIF-BINARY-FORMAT-SECTION----\r\n;\r\n\r\n";
  return Buffer.concat([Buffer.from(text, "latin1"), MARK, block, Buffer.from(tail, "latin1")]);
}

function encodeByteOffset(data: FrameArray): Uint8Array {
  let size = 0;
  let previous = 0;
  for (const value of data) {
    size += encodedLength(value - previous);
    previous = value;
  }
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  let at = 0;
  previous = 0;
  for (const value of data) {
    const delta = value - previous;
    previous = value;
    const length = encodedLength(delta);
    if (length === 1) out[at] = delta;
    else {
      out[at] = 0x80;
      if (length === 3) view.setInt16(at + 1, delta, true);
      else {
        view.setInt16(at + 1, -0x8000, true);
        if (length === 7) view.setInt32(at + 3, delta, true);
        else {
          view.setInt32(at + 3, -0x80000000, true);
          view.setBigInt64(at + 7, BigInt(delta), true);
        }
      }
    }
    at += length;
  }
  return out;
}

const encodedLength = (delta: number): 1 | 3 | 7 | 15 => {
  const size = Math.abs(delta);
  return size < 0x80 ? 1 : size < 0x8000 ? 3 : size < 0x80000000 ? 7 : 15;
};
