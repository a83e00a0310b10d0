import type { Axis } from "./axis.ts";

/** A 1D diffraction pattern. NaN where a bin holds no valid pixel. */
export interface Pattern {
  readonly axis: Axis;
  /** [bin] counts per pixel, normalised */
  readonly intensity: Float32Array | Float64Array;
  /** [bin] standard uncertainty from counting statistics; absent where the file gives none */
  readonly sigma?: Float32Array | Float64Array;
}
