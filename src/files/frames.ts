/**
 * Frames of any supported kind as one source: the kind is found from the content, then from the ending. Files are
 * opened when their frame is read, so a scan of 200 000 files opens at once.
 */
import { type Frame, type FrameArray, InputError, type Mask } from "../data/index.ts";
import type { Kernels } from "../kernels/index.ts";
import { arraySource, type ByteSource, fileSource } from "./byte-source.ts";
import { decodeCbf, isCbf } from "./cbf.ts";
import { readCbfInto, readCbfsInto } from "./cbf-series.ts";
import { gunzip, isEdf, isGzip, openEdf, readEdfFrame } from "./edf.ts";
import { findFramePaths, findGaps, isList } from "./frame-paths.ts";
import type { PixelType } from "./frame-size.ts";
import type { FrameSource, MissingFrames } from "./frame-source.ts";
import { withoutMembersOfSets } from "./hdf5-sets.ts";
import { decodeMar345, isMar345 } from "./mar345.ts";
import { isNpy, openNpy, readNpyNumbers } from "./npy.ts";
import { isTiff, openTiff, readTiffPage } from "./tiff.ts";

/** What openFrames is told where files do not say it. */
export interface OpenFramesOptions {
  /** path inside HDF5 files; found by itself where left out */
  readonly dataset?: string;
  /** Compare CBF frames with their checksum. Default true. */
  readonly verify?: boolean;
  /**
   * What to do where a number is missing in a series of files. "refuse" (default) throws; "flag" counts the missing
   * frames, lists them in `missing`, and throws "frame-missing" when one is read.
   */
  readonly missing?: "refuse" | "flag";
}

/**
 * Opens frames.
 *
 * @param path a file, several files, a folder, a pattern such as scan/*.cbf, or a .txt with one path a line
 * @throws InputError "frames-none" | "frames-mixed" | "frames-missing" | "frame-shape" | "frame-format-unknown" |
 *   "file-not-readable" and those of the formats
 */
export async function openFrames(
  path: string | readonly string[],
  options: OpenFramesOptions = {},
): Promise<FrameSource> {
  const found = withoutMembersOfSets(findFramePaths(path));
  const name = typeof path === "string" ? path : `${found[0]} and ${found.length - 1} more`;
  if (found.length === 1) return openOne(found[0]!, options);
  const { paths, missing } = isList(path) ? { paths: found, missing: [] } : findGaps(found);
  if (missing.length > 0 && options.missing !== "flag") throw missingNumbers(name, missing, paths.length);
  const first = await openOne(found[0]!, options);
  const isSeveralEach = first.count > 1 || isHdf5(headOf(found[0]!));
  if (!isSeveralEach) return joinSingles(first, paths, missing, name, options);
  const sources = [first];
  try {
    for (const next of found.slice(1)) sources.push(await openOne(next, options));
    return joinSources(sources, name);
  } catch (error) {
    for (const source of sources) source.close();
    throw error;
  }
}

const HDF5_SIGNATURE = "\x89HDF\r\n\x1a\n";
const isHdf5 = (head: Uint8Array): boolean => Buffer.from(head.subarray(0, 8)).toString("latin1") === HDF5_SIGNATURE;

function headOf(path: string): Uint8Array {
  const source = fileSource(path);
  const head = source.read(0, 4096);
  source.close();
  return head;
}

/** One file, of one or many frames. */
async function openOne(path: string, options: OpenFramesOptions): Promise<FrameSource> {
  if (isHdf5(headOf(path))) {
    const { openHdf5Frames } = await import("./hdf5-frames.ts");
    return openHdf5Frames(path, options.dataset === undefined ? {} : { dataset: options.dataset });
  }
  return openPlain(path, options);
}

/** One file that is not HDF5. */
function openPlain(path: string, options: OpenFramesOptions): FrameSource {
  const file = fileSource(path);
  try {
    return openBytes(file, options);
  } catch (error) {
    file.close();
    throw error;
  }
}

function openBytes(file: ByteSource, options: OpenFramesOptions): FrameSource {
  const head = file.read(0, 4096);
  if (isCbf(head)) return cbfSource(file, options);
  if (isTiff(head)) {
    const tiff = openTiff(file);
    return pagedSource(file, tiff.pages, (index) => readTiffPage(tiff, index));
  }
  if (isEdf(head)) {
    const edf = openEdf(file);
    return pagedSource(file, edf.blocks, (index) => readEdfFrame(edf, index));
  }
  if (isNpy(head)) return npySource(file);
  if (isMar345(head)) return singleSource(file, decodeMar345(file.read(0, file.size), file.name));
  if (isGzip(head)) {
    const bytes = gunzip(file.read(0, file.size), file.name);
    // A zipped CBF cannot be read again from disk for every frame, as an unzipped one is.
    if (isCbf(bytes)) return singleSource(file, decodeCbf(bytes, file.name, { verify: options.verify ?? true }));
    file.close();
    return openBytes(arraySource(bytes, file.name), options);
  }
  throw new InputError(
    "frame-format-unknown",
    `${file.name}: not a frame that xrdct can read (${file.size === 0 ? "the file is empty" : "its content is of no known kind"}). CBF, TIFF, EDF, MAR345, .npy and HDF5 (NeXus, EIGER, LAMBDA) are read, the first four also gzipped.`,
  );
}

function cbfSource(file: ByteSource, options: OpenFramesOptions): FrameSource {
  const verify = options.verify ?? true;
  const { name } = file;
  const { rows, cols } = decodeCbf(file.read(0, file.size), name, { verify });
  file.close();
  return {
    name,
    rows,
    cols,
    count: 1,
    readFrame: (index) => {
      checkIndex(index, 1, name);
      return readSingle(name, { verify });
    },
    readInto: (index, out, kernels) => {
      checkIndex(index, 1, name);
      readCbfInto(name, out, kernels, verify);
    },
    close: () => {},
  };
}

function pagedSource(
  file: ByteSource,
  pages: readonly (Shape & { readonly type: PixelType })[],
  read: (index: number) => Frame,
): FrameSource {
  const { rows, cols } = pages[0]!;
  pages.forEach((page, index) => checkShape(page, { rows, cols }, `${file.name}, frame ${index}`));
  const readFrame = (index: number): Frame => {
    checkIndex(index, pages.length, file.name);
    return read(index);
  };
  return {
    name: file.name,
    rows,
    cols,
    count: pages.length,
    readFrame,
    ...intoOf(
      pages.every((page) => isWhole(page.type)),
      readFrame,
      file.name,
    ),
    close: file.close,
  };
}

/** [row, col] or [frame, row, col] */
function npySource(file: ByteSource): FrameSource {
  const npy = openNpy(file);
  const { shape } = npy;
  if (shape.length < 2 || shape.length > 4 || shape.includes(0)) {
    throw new InputError(
      "frame-shape",
      `${file.name}: the array has the shape [${shape.join(", ")}]; frames need [row, col], [frame, row, col] or [angle, translation, row, col].`,
    );
  }
  const [rows, cols] = [shape.at(-2)!, shape.at(-1)!];
  const count = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  const readFrame = (index: number): Frame => {
    checkIndex(index, count, file.name);
    return { rows, cols, data: readNpyNumbers(npy, index * rows * cols, rows * cols), header: {} };
  };
  const into = intoOf(!npy.isInt64 && isWhole(npy.type), readFrame, file.name);
  return { name: file.name, rows, cols, count, readFrame, ...into, close: file.close };
}

function singleSource(file: ByteSource, frame: Frame): FrameSource {
  file.close();
  const readFrame = (index: number): Frame => {
    checkIndex(index, 1, file.name);
    return frame;
  };
  const { rows, cols } = frame;
  return { name: file.name, rows, cols, count: 1, readFrame, ...intoOf(true, readFrame, file.name), close: () => {} };
}

/** readInto by way of readFrame, for formats without a kernel; none where the numbers have fractions. */
function intoOf(
  isWhole: boolean,
  readFrame: (index: number) => Frame,
  name: string,
): Pick<FrameSource, "readInto"> | undefined {
  if (!isWhole) return undefined;
  return {
    readInto: (index, out) => {
      const frame = readFrame(index);
      checkLength(frame, out, name);
      out.set(frame.data);
    },
  };
}

/** Many files with one frame each; only the first has been opened. */
function joinSingles(
  first: FrameSource,
  paths: readonly (string | undefined)[],
  missing: readonly MissingFrames[],
  name: string,
  options: OpenFramesOptions,
): FrameSource {
  const { rows, cols } = first;
  const verify = options.verify ?? true;
  const isCbfSeries = first.readInto !== undefined && isCbf(headOf(first.name));
  first.close();
  const pathOf = (index: number): string => {
    checkIndex(index, paths.length, name);
    const path = paths[index];
    if (path !== undefined) return path;
    const gap = missing.find((m) => index >= m.first && index < m.first + m.count);
    throw new InputError("frame-missing", `${name}: frame ${index} is missing: ${gap?.reason ?? "no such file"}.`);
  };
  const readFrame = (index: number): Frame => {
    const path = pathOf(index);
    const frame = readSingle(path, { verify });
    checkShape(frame, { rows, cols }, path);
    return frame;
  };
  const readInto = (index: number, out: Int32Array, kernels: Kernels): void => {
    const path = pathOf(index);
    if (isCbfSeries) readCbfInto(path, out, kernels, verify);
    else out.set(readFrame(index).data);
  };
  return {
    name,
    rows,
    cols,
    count: paths.length,
    ...(missing.length > 0 && { missing }),
    readFrame,
    ...(first.readInto && { readInto }),
    ...(isCbfSeries &&
      verify && {
        readFourInto: (indices: readonly number[], outs: readonly Int32Array[], kernels: Kernels) =>
          readCbfsInto(indices.map(pathOf), outs, kernels),
      }),
    close: () => {},
  };
}

/**
 * The only frame of a file that is not HDF5, for series whose files are not all there yet.
 *
 * @param slot [row, col] i32 in the memory of `kernels`; filled and given back where the file holds integers
 * @returns the counts; with fractions an array of their own
 * @throws InputError as openFrames and FrameSource.readFrame, "frame-shape" where it has other pixels than the slot
 */
export function readFrameFile(path: string, shape: Shape, slot: Int32Array, kernels: Kernels): FrameArray {
  if (isCbf(headOf(path))) {
    readCbfInto(path, slot, kernels, true);
    return slot;
  }
  const frame = readSingle(path, {});
  checkShape(frame, shape, path);
  if (frame.data instanceof Float32Array || frame.data instanceof Float64Array) return frame.data;
  slot.set(frame.data);
  return slot;
}

/** The only frame of a file that is not HDF5. */
function readSingle(path: string, options: OpenFramesOptions): Frame {
  const file = fileSource(path);
  try {
    if (isCbf(file.read(0, 16))) return decodeCbf(file.read(0, file.size), path, { verify: options.verify ?? true });
  } finally {
    file.close();
  }
  const source = openPlain(path, options);
  try {
    return source.readFrame(0);
  } finally {
    source.close();
  }
}

/** Pixels that any of the files marks as bad. */
function unionOfMasks(sources: readonly FrameSource[]): Mask | undefined {
  const masks = sources.flatMap((source) => source.mask ?? []);
  if (masks.length === 0) return undefined;
  const data = new Uint8Array(masks[0]!.data.length);
  for (const mask of masks) {
    for (let i = 0; i < data.length; i++) data[i]! |= mask.data[i]!;
  }
  return { rows: masks[0]!.rows, cols: masks[0]!.cols, data };
}

/** Several files of many frames each, one after the other. */
function joinSources(sources: readonly FrameSource[], name: string): FrameSource {
  const { rows, cols } = sources[0]!;
  const missing: MissingFrames[] = [];
  const starts: number[] = [];
  let count = 0;
  for (const source of sources) {
    checkShape(source, { rows, cols }, source.name);
    starts.push(count);
    for (const gap of source.missing ?? []) missing.push({ ...gap, first: gap.first + count });
    count += source.count;
  }
  const locate = (index: number): [FrameSource, number] => {
    checkIndex(index, count, name);
    let k = sources.length - 1;
    while (starts[k]! > index) k--;
    return [sources[k]!, index - starts[k]!];
  };
  const mask = unionOfMasks(sources);
  const hasInto = sources.every((source) => source.readInto);
  return {
    name,
    rows,
    cols,
    count,
    ...(mask && { mask }),
    ...(missing.length > 0 && { missing }),
    readFrame: (index) => {
      const [source, within] = locate(index);
      return source.readFrame(within);
    },
    fileOf: (index) => {
      const [source, within] = locate(index);
      return source.fileOf?.(within);
    },
    ...(hasInto && {
      readInto: (index: number, out: Int32Array, kernels: Kernels) => {
        const [source, within] = locate(index);
        source.readInto!(within, out, kernels);
      },
    }),
    close: () => {
      for (const source of sources) source.close();
    },
  };
}

const isWhole = (type: PixelType): boolean => !type.startsWith("f");

interface Shape {
  readonly rows: number;
  readonly cols: number;
}

function checkShape(found: Shape, needed: Shape, name: string): void {
  if (found.rows === needed.rows && found.cols === needed.cols) return;
  throw new InputError(
    "frame-shape",
    `${name}: the frame has ${found.rows} x ${found.cols} pixels (rows x columns), and the first one ${needed.rows} x ${needed.cols}. Take it out, or integrate the two kinds apart.`,
  );
}

function checkLength(frame: Frame, out: Int32Array, name: string): void {
  if (frame.data.length !== out.length) throw new RangeError(`${name}: ${frame.data.length} pixels into ${out.length}`);
}

function checkIndex(index: number, count: number, name: string): void {
  if (!(Number.isInteger(index) && index >= 0 && index < count)) throw new RangeError(`${name} has no frame ${index}`);
}

function missingNumbers(name: string, missing: readonly MissingFrames[], count: number): InputError {
  const total = missing.reduce((sum, gap) => sum + gap.count, 0);
  const shown = missing.slice(0, 5).map((gap) => `${gap.count} after frame ${gap.first - 1} (${gap.reason})`);
  return new InputError(
    "frames-missing",
    `${name}: ${total} of ${count} numbered files are missing: ${shown.join("; ")}${missing.length > 5 ? `; and ${missing.length - 5} gaps more` : ""}. Copy them; or list the files that are meant in a .txt, one path a line, and give that.`,
  );
}
