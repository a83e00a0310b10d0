import type { FrameArray } from "../data/index.ts";
import { InputError } from "../data/index.ts";

/** A damaged header must not ask for gigabytes: no area detector comes near this. */
export const MAX_FRAME_BYTES = 512 * 2 ** 20;

/** Kinds of numbers as the file formats name them; the pixel arrays that hold them. */
export const PIXEL_ARRAYS = {
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  f4: Float32Array,
  f8: Float64Array,
} as const satisfies Record<string, new (length: number) => FrameArray>;
export type PixelType = keyof typeof PIXEL_ARRAYS;

/** @throws InputError "frame-size-not-valid" | "frame-too-large" */
export function checkFrameSize(rows: number, cols: number, bytesPerPixel: number, name: string): void {
  if (!(Number.isInteger(rows) && Number.isInteger(cols) && rows > 0 && cols > 0)) {
    throw new InputError(
      "frame-size-not-valid",
      `${name}: its header gives a frame of ${rows} x ${cols} pixels (rows x columns). Both must be whole numbers above 0; the file is damaged or not of this format.`,
    );
  }
  if (rows * cols * bytesPerPixel > MAX_FRAME_BYTES) {
    throw new InputError(
      "frame-too-large",
      `${name}: its header gives a frame of ${rows} x ${cols} pixels (rows x columns), ${Math.ceil((rows * cols * bytesPerPixel) / 2 ** 20)} MiB. At most ${MAX_FRAME_BYTES / 2 ** 20} MiB a frame are read; the header is most likely damaged.`,
    );
  }
}

const IS_LITTLE_ENDIAN_MACHINE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * Numbers from bytes as they lie in a file, copied so that alignment does not matter.
 *
 * @param bytes  the file; the caller has checked that `count` numbers lie behind `at`
 * @param little byte order of the file
 */
export function numbersFromBytes(
  bytes: Uint8Array,
  at: number,
  count: number,
  type: PixelType,
  little: boolean,
): FrameArray {
  const out = new PIXEL_ARRAYS[type](count);
  const raw = new Uint8Array(out.buffer);
  raw.set(bytes.subarray(at, at + raw.length));
  if (little !== IS_LITTLE_ENDIAN_MACHINE) swapBytes(raw, out.BYTES_PER_ELEMENT);
  return out;
}

/** Bytes of the numbers, little-endian. */
export function bytesFromNumbers(data: FrameArray): Uint8Array {
  const raw = new Uint8Array(data.byteLength);
  raw.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  if (!IS_LITTLE_ENDIAN_MACHINE) swapBytes(raw, data.BYTES_PER_ELEMENT);
  return raw;
}

/** The kind of number that an array holds. */
export function pixelTypeOf(data: FrameArray): PixelType {
  for (const [type, array] of Object.entries(PIXEL_ARRAYS)) if (data instanceof array) return type as PixelType;
  throw new TypeError("not a pixel array");
}

function swapBytes(raw: Uint8Array, size: number): void {
  if (size === 1) return;
  const buffer = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else buffer.swap64();
}
