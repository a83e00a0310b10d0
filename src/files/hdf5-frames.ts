/**
 * Detector frames in HDF5 files: NeXus, EIGER masters with their data files, virtual datasets, LAMBDA modules, and
 * plain datasets. The dataset is found by itself; pixels that the file marks as bad come as the source's mask.
 */
import { type Frame, type FrameArray, InputError, type Mask } from "../data/index.ts";
import type { Kernels } from "../kernels/index.ts";
import { findEigerBlocks } from "./eiger.ts";
import { checkFrameSize } from "./frame-size.ts";
import type { FrameSource, MissingFrames } from "./frame-source.ts";
import { type Hdf5Dataset, type Hdf5File, openHdf5 } from "./hdf5.ts";
import { sizeOf } from "./hdf5-blocks.ts";
import { isLambdaFile, openLambdaFrames } from "./lambda.ts";
import { findFrameDataset } from "./nexus.ts";
import { createPackedReader } from "./packed-frames.ts";

export interface Hdf5FrameSource extends FrameSource {
  /** the frame axes as stored, slowest first: [frame], or [angle, translation]; their product is `count` */
  readonly leadingShape: readonly number[];
  /** this value marks a pixel as bad in any frame: 2^bits - 1 where the counts are unsigned */
  readonly badValue?: number;
  /** [row, col] counts are to be divided by this, NaN where the pixel is bad; only where the file has one not yet applied */
  readonly flat?: Float32Array;
  readonly missing: readonly MissingFrames[];
}

export interface Hdf5FramesOptions {
  /** path inside the file; found by itself where left out */
  readonly dataset?: string;
}

/** A run of frames in one dataset. */
export interface FrameBlock {
  readonly file: Hdf5File;
  /** undefined where the block's file is absent */
  readonly dataset: string | undefined;
  readonly count: number;
  readonly reason?: string;
}

/**
 * Frames of an HDF5 file. One of a set of LAMBDA module files opens the whole set.
 *
 * @throws InputError "hdf5-no-frames" | "hdf5-ambiguous-dataset" | "hdf5-wrong-rank" | "hdf5-link-broken" and those of
 *   openHdf5 and Hdf5File.read
 */
export async function openHdf5Frames(path: string, options: Hdf5FramesOptions = {}): Promise<Hdf5FrameSource> {
  const file = await openHdf5(path);
  try {
    if (!options.dataset && isLambdaFile(file)) return await openLambdaFrames(file);
    return openFrames(file, options.dataset);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** As read: int32. */
const BYTES_OF_COUNT = 4;

function openFrames(file: Hdf5File, name: string | undefined): Hdf5FrameSource {
  const eiger = name ? undefined : findEigerBlocks(file);
  const dataset = eiger ? eiger.first : name ? file.needDataset(name) : findFrameDataset(file);
  const shape = frameShape(file, dataset);
  const [rows, cols] = [shape.at(-2)!, shape.at(-1)!];
  const blocks = eiger?.blocks ?? [{ file, dataset: dataset.path, count: sizeOf(shape.slice(0, -2)) }];
  const count = blocks.reduce((sum, block) => sum + block.count, 0);
  if (count === 0) {
    throw new InputError(
      "hdf5-no-frames",
      `${file.path}: ${dataset.path} [${shape.join(", ")}] holds no frame. Name another dataset. ${file.summary()}`,
    );
  }
  const label = `${file.path}:${eiger ? eiger.group : dataset.path}`;
  checkFrameSize(rows, cols, BYTES_OF_COUNT, label);
  const readFrame = (index: number): Frame => readBlockFrame(blocks, label, index, rows, cols);
  const badValue = badValueOf(dataset);
  const missing = missingOf(blocks);
  const packed = createPackedReader();
  const mask = findMask(file, dataset, rows, cols, badValue, count, (i) =>
    missing.some((m) => i >= m.first && i < m.first + m.count) ? undefined : readFrame(i).data,
  );
  return {
    name: label,
    rows,
    cols,
    count,
    leadingShape: eiger ? [count] : shape.length === 2 ? [1] : shape.slice(0, -2),
    missing,
    ...(badValue === undefined ? {} : { badValue }),
    ...(mask ? { mask } : {}),
    readFrame,
    fileOf: fileOfFrames(blocks, label),
    ...(/^u?int/.test(dataset.type) && {
      readInto: (index: number, out: Int32Array, kernels: Kernels) => {
        const { file, dataset, within } = locate(blocks, label, index);
        packed.readInto({ file, dataset, index: within }, out, kernels, () =>
          readBlockInto(blocks, label, index, rows, cols, badValue, out),
        );
      },
    }),
    close: () => {
      packed.close();
      file.close();
    },
  };
}

function frameShape(file: Hdf5File, dataset: Hdf5Dataset): readonly number[] {
  const shape = dataset.shape ?? [];
  if (shape.length >= 2) return shape;
  throw new InputError(
    "hdf5-wrong-rank",
    `${file.path}: ${dataset.path} has ${shape.length} dimensions [${shape.join(", ")}]; frames need at least two, [..., row, col]. Name another dataset. ${file.summary()}`,
  );
}

function readBlockFrame(
  blocks: readonly FrameBlock[],
  label: string,
  index: number,
  rows: number,
  cols: number,
): Frame {
  const { file, dataset, within } = locate(blocks, label, index);
  return { rows, cols, data: readOne(file, dataset, within, rows, cols), header: {} };
}

/** Counts as int32; the value that marks a bad pixel becomes -1, as Dectris' signed formats have it. */
function readBlockInto(
  blocks: readonly FrameBlock[],
  label: string,
  index: number,
  rows: number,
  cols: number,
  badValue: number | undefined,
  out: Int32Array,
): void {
  const { file, dataset, within } = locate(blocks, label, index);
  const { type } = file.needDataset(dataset);
  if (type === "int32") readOne(file, dataset, within, rows, cols, out);
  // the bits of 2^32 - 1 are those of -1
  else if (type === "uint32") {
    readOne(file, dataset, within, rows, cols, new Uint32Array(out.buffer, out.byteOffset, out.length));
  } else {
    const values = readOne(file, dataset, within, rows, cols);
    for (let i = 0; i < out.length; i++) out[i] = values[i] === badValue ? -1 : values[i]!;
  }
}

function locate(
  blocks: readonly FrameBlock[],
  label: string,
  index: number,
): { file: Hdf5File; dataset: string; within: number } {
  let within = index;
  for (const { file, dataset, count, reason } of Number.isInteger(index) && index >= 0 ? blocks : []) {
    if (within < count && dataset) return { file, dataset, within };
    if (within < count) throw new InputError("frame-missing", `${label}: frame ${index} is missing: ${reason}.`);
    within -= count;
  }
  throw new RangeError(`${label} has no frame ${index}`);
}

function readOne(
  file: Hdf5File,
  path: string,
  index: number,
  rows: number,
  cols: number,
  into?: FrameArray,
): FrameArray {
  const shape = file.needDataset(path).shape!;
  const leading = shape.slice(0, -2);
  const offset = leading.map(() => 0);
  for (let axis = leading.length - 1, left = index; axis >= 0; axis--) {
    offset[axis] = left % leading[axis]!;
    left = Math.floor(left / leading[axis]!);
  }
  return file.read(path, [...offset, 0, 0], [...leading.map(() => 1), rows, cols], into);
}

/** Each block's file is looked up once. */
function fileOfFrames(blocks: readonly FrameBlock[], label: string): (index: number) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (index) => {
    const { file, dataset } = locate(blocks, label, index);
    if (!known.has(dataset)) known.set(dataset, file.fileOf(dataset));
    return known.get(dataset);
  };
}

function missingOf(blocks: readonly FrameBlock[]): MissingFrames[] {
  const missing: MissingFrames[] = [];
  let first = 0;
  for (const { dataset, count, reason } of blocks) {
    if (!dataset) missing.push({ first, count, reason: reason ?? "absent" });
    first += count;
  }
  return missing;
}

/** Counting detectors of Dectris write 2^bits - 1 in dead and saturated pixels of unsigned data. */
export function badValueOf(dataset: Hdf5Dataset): number | undefined {
  const bits = /^uint(8|16|32)$/.exec(dataset.type)?.[1];
  return bits ? 2 ** Number(bits) - 1 : undefined;
}

/** pixel_mask of the file, and the pixels that are bad (negative, NaN or 2^bits - 1) in each of three frames. */
function findMask(
  file: Hdf5File,
  dataset: Hdf5Dataset,
  rows: number,
  cols: number,
  badValue: number | undefined,
  count: number,
  read: (index: number) => FrameArray | undefined,
): Mask | undefined {
  const data = new Uint8Array(rows * cols);
  const candidates = [...new Set([0, count >> 1, count - 1])];
  const problems: InputError[] = [];
  let frames = 0;
  for (const index of candidates) {
    const frame = readable(() => read(index), problems);
    if (!frame) continue;
    frames++;
    for (let i = 0; i < data.length; i++) {
      const value = frame[i]!;
      if (value < 0 || value === badValue || Number.isNaN(value)) data[i]! += 1;
    }
  }
  if (frames === 0 && problems[0]) throw problems[0];
  for (let i = 0; i < data.length; i++) data[i] = frames > 0 && data[i] === frames ? 1 : 0;
  const pixelMask = findPixelMask(file, dataset, rows, cols);
  if (pixelMask) for (let i = 0; i < data.length; i++) if (pixelMask[i] !== 0) data[i] = 1;
  return data.includes(1) ? { rows, cols, data } : undefined;
}

/** Undefined where the frame is damaged: whoever reads it is told then, and the others can be used. */
function readable<T>(read: () => T, problems: InputError[]): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError && error.code === "hdf5-data-unreadable")) throw error;
    problems.push(error);
    return undefined;
  }
}

/** [row, col] of the nearest pixel_mask (0 = good): in the detector's group, or the only one of the right size. */
function findPixelMask(file: Hdf5File, dataset: Hdf5Dataset, rows: number, cols: number): FrameArray | undefined {
  const masks = file
    .contents()
    .datasets.filter((d) => /(^|\/)(pixel_mask|mask|bad_pixel_mask)$/.test(d.path))
    .filter((d) => d.shape && d.shape.length >= 2 && sizeOf(d.shape) === rows * cols)
    .filter((d) => d.shape!.at(-1) === cols);
  const folder = dataset.path.split("/").slice(0, -1).join("/");
  const chosen = masks.find((d) => d.path.startsWith(`${folder}/`)) ?? masks[0];
  return chosen ? file.read(chosen.path) : undefined;
}
