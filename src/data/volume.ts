import type { Axis } from "./axis.ts";

/** A reconstructed slice with a pattern in every voxel. y up: row 0 is the lowest y. */
export interface Volume {
  readonly ny: number;
  readonly nx: number;
  readonly axis: Axis;
  /** [y, x, bin] */
  readonly data: Float32Array;
  readonly voxelMm: number;
}

/** What a voxel's fit came to; kept as a map beside every parameter. */
export const STATUS = {
  converged: 0,
  notFitted: 1,
  noSignal: 2,
  atBound: 3,
  notConverged: 4,
  undetermined: 5,
} as const;
/** Name of a voxel's status. */
export type StatusName = keyof typeof STATUS;

/** One fitted or derived parameter over the slice. */
export interface ParameterMap {
  /** as in `map/NMC532/a` */
  readonly name: string;
  readonly ny: number;
  readonly nx: number;
  readonly unit: string;
  /** [y, x]; NaN where there is none */
  readonly values: Float32Array | Float64Array;
  /** [y, x] standard uncertainty from the fit */
  readonly esd?: Float32Array | Float64Array;
  /** [y, x] of STATUS */
  readonly status?: Uint8Array;
}
