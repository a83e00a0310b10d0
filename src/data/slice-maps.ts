import type { ParameterMap } from "./volume.ts";

/** Maps of one slice of one sample, all on one grid: [y, x], row 0 the lowest, the rotation axis in the middle. */
export interface SliceMaps {
  /** of the sample: a cell, or a step of a series */
  readonly name: string;
  readonly ny: number;
  readonly nx: number;
  readonly voxelMm: number;
  /** by name as in the result, without what made them: "NMC532/c", "Fe/weight_fraction", "rwp" */
  readonly maps: ReadonlyMap<string, ParameterMap>;
}
