/** A detector image. */
export type FrameArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** A detector image. */
export interface Frame {
  readonly rows: number;
  readonly cols: number;
  /** [row, col] counts; the slow axis first, the first row of the file first */
  readonly data: FrameArray;
  /** What the file's header said, as written there. */
  readonly header: Readonly<Record<string, string>>;
}

/** Pixels that do not count: [row, col], 1 = excluded. */
export interface Mask {
  readonly rows: number;
  readonly cols: number;
  /** [row, col] 1 = excluded */
  readonly data: Uint8Array;
}

/** Pixels that either mask excludes. */
export function joinMasks(a: Mask | undefined, b: Mask | undefined): Mask | undefined {
  if (!a || !b) return a ?? b;
  return { rows: a.rows, cols: a.cols, data: a.data.map((excluded, i) => (excluded || b.data[i] ? 1 : 0)) };
}

/**
 * From this number on, and below 0, a number stands for no count: detectors mark dead pixels and modules with the
 * largest numbers of whole types. A uint32 of 2^31 or more is a negative int32.
 */
export const noCountFrom = (counts: FrameArray): number =>
  NO_COUNT_FROM[counts.constructor.name] ?? Number.POSITIVE_INFINITY;

const NO_COUNT_FROM: Readonly<Record<string, number>> = {
  Uint32Array: 2 ** 31,
  Int32Array: 2 ** 31 - 3,
  Uint16Array: 2 ** 16 - 3,
};
