/**
 * TIFF as detectors and imaging programs write it: classic and BigTIFF, either byte order, strips and tiles, one or
 * many pages, 8 to 64 bit integers and floats of one sample a pixel; uncompressed, PackBits, LZW and deflate, with
 * the horizontal and the floating-point predictor. Strips are read one at a time, so a file may be of any size.
 *
 * Sources: TIFF 6.0 (Aldus 1992); Adobe TIFF Technical Notes 3 (floating-point predictor); the BigTIFF proposal.
 */
import { inflateSync } from "node:zlib";
import { type Frame, type FrameArray, InputError } from "../data/index.ts";
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
import { unpackBits, unpackLzw } from "./tiff-compression.ts";
import { type Directory, readDirectories } from "./tiff-directory.ts";

export interface TiffFile {
  readonly source: ByteSource;
  readonly little: boolean;
  readonly pages: readonly TiffPage[];
}

export interface TiffPage {
  readonly rows: number;
  readonly cols: number;
  readonly type: PixelType;
  readonly compression: number;
  readonly predictor: number;
  /** size of a strip (as wide as the image) or a tile, pixels */
  readonly segment: { readonly rows: number; readonly cols: number };
  readonly offsets: readonly number[];
  readonly byteCounts: readonly number[];
  readonly header: Readonly<Record<string, string>>;
}

/**
 * The pages of a TIFF file, found but not read. Reduced copies (thumbnails) are left out.
 *
 * @throws InputError "tiff-not-recognised" | "tiff-damaged" | "tiff-unsupported" | "frame-size-not-valid" |
 *   "frame-too-large"
 */
export function openTiff(source: ByteSource): TiffFile {
  const { little, directories } = readDirectories(source);
  const full = directories.filter((directory) => ((directory.numbers("NewSubfileType")?.[0] ?? 0) & 1) === 0);
  const pages = (full.length > 0 ? full : directories).map((directory, i) =>
    readPage(directory, source.size, directories.length > 1 ? `${source.name}, page ${i + 1}` : source.name),
  );
  return { source, little, pages: pages.length === 1 ? imageJStack(pages[0]!, source.size) : pages };
}

/**
 * ImageJ writes stacks above 4 GiB with the directory of the first image alone; the others lie behind it, without a
 * gap. Read as it stands, such a file would be one frame.
 */
function imageJStack(page: TiffPage, fileSize: number): TiffPage[] {
  const description = page.header["ImageDescription"] ?? "";
  const count = Number(/^ImageJ=[\s\S]*^images=(\d+)/m.exec(description)?.[1] ?? 1);
  const size = page.rows * page.cols * PIXEL_ARRAYS[page.type].BYTES_PER_ELEMENT;
  const isOnePiece = page.compression === 1 && page.offsets.length === 1 && page.segment.cols === page.cols;
  if (!isOnePiece || count < 2 || page.offsets[0]! + count * size > fileSize) return [page];
  return Array.from({ length: count }, (_, k) => ({ ...page, offsets: [page.offsets[0]! + k * size] }));
}

/** One page of the file. @throws as openTiff, and InputError "tiff-truncated" */
export function readTiffPage({ source, little, pages }: TiffFile, index: number): Frame {
  const page = pages[index]!;
  const { rows, cols, type, segment, offsets } = page;
  const name = pages.length > 1 ? `${source.name}, page ${index + 1}` : source.name;
  if (offsets.length === 1 && segment.rows === rows && segment.cols === cols) {
    return { rows, cols, data: readSegment(source, page, 0, rows, little, name), header: page.header };
  }
  const data = new PIXEL_ARRAYS[type](rows * cols);
  const across = Math.ceil(cols / segment.cols);
  for (let i = 0; i < offsets.length; i++) {
    const top = Math.floor(i / across) * segment.rows;
    const left = (i % across) * segment.cols;
    if (top >= rows) break;
    const isTile = segment.cols !== cols || page.offsets.length > Math.ceil(rows / segment.rows);
    const height = isTile ? segment.rows : Math.min(segment.rows, rows - top);
    const pixels = readSegment(source, page, i, height, little, name);
    const width = Math.min(segment.cols, cols - left);
    for (let row = 0; row < Math.min(height, rows - top); row++) {
      data.set(pixels.subarray(row * segment.cols, row * segment.cols + width) as never, (top + row) * cols + left);
    }
  }
  return { rows, cols, data, header: page.header };
}

/** The first page of a TIFF file. @throws as openTiff and readTiffPage */
export const decodeTiff = (bytes: Uint8Array, name: string): Frame =>
  readTiffPage(openTiff(arraySource(bytes, name)), 0);

export const isTiff = (head: Uint8Array): boolean =>
  (head[0] === 0x49 && head[1] === 0x49 && (head[2] === 42 || head[2] === 43) && head[3] === 0) ||
  (head[0] === 0x4d && head[1] === 0x4d && head[2] === 0 && (head[3] === 42 || head[3] === 43));

const COMPRESSIONS: Record<number, string> = {
  1: "none",
  5: "LZW",
  8: "deflate",
  32946: "deflate",
  32773: "PackBits",
};

/** More than any of the compressions can reach: LZW has strings of at most 4096 bytes in 12 bits. */
const MAX_RATIO = 3000;

function readPage(directory: Directory, fileSize: number, name: string): TiffPage {
  const one = (tag: Parameters<Directory["numbers"]>[0], otherwise: number): number =>
    directory.numbers(tag)?.[0] ?? otherwise;
  const unsupported = (what: string) =>
    new InputError(
      "tiff-unsupported",
      `${name}: TIFF with ${what} is not read. One number a pixel is, 8 to 64 bits, uncompressed or with PackBits, LZW or deflate: save it again like that.`,
    );
  const [rows, cols] = [one("ImageLength", 0), one("ImageWidth", 0)];
  const samples = one("SamplesPerPixel", 1);
  if (samples !== 1) throw unsupported(`${samples} samples a pixel (colour)`);
  const type = pixelType(one("SampleFormat", 1), one("BitsPerSample", 1));
  if (!type) throw unsupported(`${one("BitsPerSample", 1)} bits a pixel, sample format ${one("SampleFormat", 1)}`);
  checkFrameSize(rows, cols, PIXEL_ARRAYS[type].BYTES_PER_ELEMENT, name);
  const compression = one("Compression", 1);
  if (!(compression in COMPRESSIONS)) throw unsupported(`compression ${compression}`);
  if (rows * cols * PIXEL_ARRAYS[type].BYTES_PER_ELEMENT > fileSize * (compression === 1 ? 1 : MAX_RATIO)) {
    throw truncated(name, `the file has ${fileSize} bytes for an image of ${rows} x ${cols} pixels (rows x columns)`);
  }
  const predictor = one("Predictor", 1);
  const isFloat = type === "f4" || type === "f8";
  if (predictor > 1 && predictor !== (isFloat ? 3 : 2)) throw unsupported(`predictor ${predictor} of ${type} pixels`);
  if (one("FillOrder", 1) !== 1) throw unsupported("reversed bits (FillOrder 2)");
  return {
    rows,
    cols,
    type,
    compression,
    predictor,
    ...readLayout(directory, rows, cols, name),
    header: readHeader(directory),
  };
}

function readLayout(
  directory: Directory,
  rows: number,
  cols: number,
  name: string,
): Pick<TiffPage, "segment" | "offsets" | "byteCounts"> {
  const tileCols = directory.numbers("TileWidth")?.[0];
  const tileRows = directory.numbers("TileLength")?.[0];
  const isTiled = tileCols !== undefined && tileRows !== undefined;
  const segment = isTiled
    ? { rows: tileRows, cols: tileCols }
    : { rows: Math.min(rows, directory.numbers("RowsPerStrip")?.[0] ?? rows), cols };
  const offsets = directory.numbers(isTiled ? "TileOffsets" : "StripOffsets") ?? [];
  const byteCounts = directory.numbers(isTiled ? "TileByteCounts" : "StripByteCounts") ?? [];
  if (!(segment.rows > 0 && segment.cols > 0)) throw damaged(name, "strips or tiles without a size");
  checkFrameSize(segment.rows, segment.cols, 8, name);
  const needed = Math.ceil(rows / segment.rows) * Math.ceil(cols / segment.cols);
  if (offsets.length < needed) throw damaged(name, `${offsets.length} strips or tiles where ${needed} are needed`);
  return { segment, offsets, byteCounts };
}

function pixelType(sampleFormat: number, bits: number): PixelType | undefined {
  const kind = ({ 1: "u", 2: "i", 3: "f", 4: "u" } as Record<number, string>)[sampleFormat];
  const type = `${kind}${bits / 8}`;
  return type in PIXEL_ARRAYS ? (type as PixelType) : undefined;
}

/** Texts of the directory; the lines "# Exposure_time 3.0 s" of Pilatus files become keys of their own. */
function readHeader(directory: Directory): Record<string, string> {
  const header: Record<string, string> = {};
  for (const tag of ["ImageDescription", "Make", "Model", "Software", "DateTime", "Artist"] as const) {
    const text = directory.text(tag);
    if (text) header[tag] = text;
  }
  for (const [, key, value] of (header["ImageDescription"] ?? "").matchAll(/^# (\w[\w.]*)[:=]?[ \t](.*)$/gm)) {
    header[key!] = value!.replace(/^[\s=:]+/, "").trim();
  }
  return header;
}

function readSegment(
  source: ByteSource,
  page: TiffPage,
  index: number,
  rows: number,
  little: boolean,
  name: string,
): FrameArray {
  const { type, segment, compression, predictor } = page;
  const needed = rows * segment.cols * PIXEL_ARRAYS[type].BYTES_PER_ELEMENT;
  const stored = page.byteCounts[index] ?? (compression === 1 ? needed : MAX_FRAME_BYTES);
  const packed = source.read(page.offsets[index]!, Math.min(stored, MAX_FRAME_BYTES));
  const bytes = unpack(packed, compression, needed, name);
  if (bytes.length < needed) {
    const which = `strip or tile ${index + 1} of ${page.offsets.length}`;
    throw truncated(name, `${which} gives ${bytes.length} bytes, ${needed} are needed`);
  }
  if (predictor === 3) return undoFloatPredictor(bytes, rows, segment.cols, type);
  const pixels = numbersFromBytes(bytes, 0, rows * segment.cols, type, little);
  if (predictor === 2) undoDifferences(pixels, segment.cols);
  return pixels;
}

function unpack(packed: Uint8Array, compression: number, needed: number, name: string): Uint8Array {
  if (compression === 1) return packed;
  if (compression === 32773) return unpackBits(packed, needed);
  if (compression === 5) return unpackLzw(packed, needed);
  try {
    return inflateSync(packed, { maxOutputLength: needed + 64 });
  } catch (error) {
    throw damaged(name, `deflate data that cannot be unpacked (${(error as Error).message})`, error);
  }
}

/** Predictor 2: every number is the difference to the one on its left; the array's type wraps as it must. */
function undoDifferences(pixels: FrameArray, cols: number): void {
  for (let at = 0; at < pixels.length; at += cols) {
    for (let i = at + 1; i < at + cols; i++) pixels[i] = pixels[i]! + pixels[i - 1]!;
  }
}

/** Predictor 3: in each row first all highest bytes, then all next ones, ..., and differences from byte to byte. */
function undoFloatPredictor(bytes: Uint8Array, rows: number, cols: number, type: PixelType): FrameArray {
  const size = PIXEL_ARRAYS[type].BYTES_PER_ELEMENT;
  const rowBytes = cols * size;
  const bigEndian = new Uint8Array(rows * rowBytes);
  const row = new Uint8Array(rowBytes);
  for (let r = 0; r < rows; r++) {
    row.set(bytes.subarray(r * rowBytes, (r + 1) * rowBytes));
    for (let i = 1; i < rowBytes; i++) row[i]! += row[i - 1]!;
    for (let col = 0; col < cols; col++) {
      for (let b = 0; b < size; b++) bigEndian[r * rowBytes + col * size + b] = row[b * cols + col]!;
    }
  }
  return numbersFromBytes(bigEndian, 0, rows * cols, type, false);
}

const truncated = (name: string, what: string): InputError =>
  new InputError("tiff-truncated", `${name}: the image is cut off: ${what}. Copy the file again, or leave it out.`);

const damaged = (name: string, what: string, cause?: unknown): InputError =>
  new InputError(
    "tiff-damaged",
    `${name}: damaged TIFF: ${what}. Copy the file again, or leave it out.`,
    cause === undefined ? {} : { cause },
  );

const FORMATS: Record<string, number> = { u: 1, i: 2, f: 3 };

/** A TIFF file with one uncompressed strip, little-endian, that imaging programs open. */
export function encodeTiff({ rows, cols, data, header }: Frame): Uint8Array {
  const type = pixelTypeOf(data);
  const description = Buffer.from(`${header["ImageDescription"] ?? "xrdct"}\0`, "latin1");
  const entries: [tag: number, type: number, value: number][] = [
    [256, 4, cols],
    [257, 4, rows],
    [258, 3, data.BYTES_PER_ELEMENT * 8],
    [259, 3, 1],
    [262, 3, 1],
    [270, 2, 0],
    [273, 4, 0],
    [277, 3, 1],
    [278, 4, rows],
    [279, 4, data.byteLength],
    [339, 3, FORMATS[type[0]!]!],
  ];
  const descriptionAt = 8 + 2 + entries.length * 12 + 4;
  const dataAt = Math.ceil((descriptionAt + description.length) / 16) * 16;
  const out = new Uint8Array(dataAt + data.byteLength);
  const view = new DataView(out.buffer);
  out.set([0x49, 0x49, 42, 0, 8, 0, 0, 0, entries.length]);
  entries.forEach(([tag, fieldType, value], i) => {
    const at = 10 + i * 12;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, fieldType, true);
    view.setUint32(at + 4, tag === 270 ? description.length : 1, true);
    const written = tag === 270 ? descriptionAt : tag === 273 ? dataAt : value;
    if (fieldType === 3) view.setUint16(at + 8, written, true);
    else view.setUint32(at + 8, written, true);
  });
  // a text of four bytes or fewer stands in the entry itself
  out.set(description, description.length <= 4 ? 10 + 5 * 12 + 8 : descriptionAt);
  out.set(bytesFromNumbers(data), dataAt);
  return out;
}
