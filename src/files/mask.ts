/**
 * Masks from files: every pixel that is not 0 is excluded, as pyFAI, Dioptas and NeXus (pixel_mask) have it. EDF,
 * TIFF, CBF, .npy, HDF5 and Fit2D's .msk are read.
 */
import { InputError, type Mask } from "../data/index.ts";
import { fileSource } from "./byte-source.ts";
import { checkFrameSize } from "./frame-size.ts";
import { openFrames } from "./frames.ts";

/** What a mask must fit. */
export interface ReadMaskOptions {
  /** path inside an HDF5 file */
  readonly dataset?: string;
  /** the file says which pixels to use, instead of which to leave out */
  readonly inverted?: boolean;
}

/** More than this share excluded, and the mask is most likely meant the other way round. */
const MOST_EXCLUDED = 0.9;

/**
 * A mask for frames of this shape.
 *
 * @throws InputError "mask-shape" | "mask-truncated" | "mask-excludes-nearly-all" and those of openFrames
 */
export async function readMask(
  path: string,
  shape: { readonly rows: number; readonly cols: number },
  options: ReadMaskOptions = {},
): Promise<Mask> {
  const { rows, cols, data } = await readPixels(path, options);
  if (rows !== shape.rows || cols !== shape.cols) {
    const hint = rows === shape.cols && cols === shape.rows ? " It seems to be transposed." : "";
    throw new InputError(
      "mask-shape",
      `${path}: wrong mask shape: found ${rows} x ${cols} pixels (rows x columns), needed ${shape.rows} x ${shape.cols} as in the frames.${hint} Give the mask of this detector.`,
    );
  }
  const out = new Uint8Array(rows * cols);
  const whenSet = options.inverted ? 0 : 1;
  let excluded = 0;
  for (let i = 0; i < out.length; i++) {
    const bad = data[i] === 0 ? 1 - whenSet : whenSet;
    out[i] = bad;
    excluded += bad;
  }
  if (excluded > MOST_EXCLUDED * out.length) {
    throw new InputError(
      "mask-excludes-nearly-all",
      `${path}: the mask excludes ${((100 * excluded) / out.length).toFixed(1)} % of the pixels. Pixels that are not 0 are left out; if 1 means "use" in this file, invert it first.`,
    );
  }
  return { rows, cols, data: out };
}

async function readPixels(
  path: string,
  options: ReadMaskOptions,
): Promise<{ rows: number; cols: number; data: ArrayLike<number> }> {
  const file = fileSource(path);
  try {
    if (isFit2dMask(file.read(0, 16))) return decodeFit2dMask(file.read(0, file.size), path);
  } finally {
    file.close();
  }
  const source = await openFrames(path, options.dataset === undefined ? {} : { dataset: options.dataset });
  try {
    return source.readFrame(0);
  } finally {
    source.close();
  }
}

/** "MASK", each letter in four bytes. */
const isFit2dMask = (head: Uint8Array): boolean =>
  Buffer.from(head).toString("latin1").startsWith("M\0\0\0A\0\0\0S\0\0\0K\0\0\0");

/** One bit a pixel, rows padded to 32 bits, behind a header of 1024 bytes; rows in the order that fabio reads them. */
function decodeFit2dMask(bytes: Uint8Array, name: string): { rows: number; cols: number; data: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [cols, rows] = bytes.length >= 1024 ? [view.getInt32(16, true), view.getInt32(20, true)] : [0, 0];
  checkFrameSize(rows, cols, 1, name);
  const rowBytes = 4 * Math.ceil(cols / 32);
  if (bytes.length < 1024 + rows * rowBytes) {
    throw new InputError(
      "mask-truncated",
      `${name}: the file ends too early: found ${bytes.length} bytes, needed ${1024 + rows * rowBytes}. Copy it again.`,
    );
  }
  const data = new Uint8Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      data[row * cols + col] = (bytes[1024 + row * rowBytes + (col >> 3)]! >> (col & 7)) & 1;
    }
  }
  return { rows, cols, data };
}
