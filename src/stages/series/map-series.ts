/** One parameter of one slice at several times, all on one grid. */
import { type ParameterMap, STATUS } from "../../data/index.ts";

export interface MapSeries {
  /** as in "NMC532/c" */
  readonly name: string;
  readonly unit: string;
  readonly ny: number;
  readonly nx: number;
  /** [step] hours, ascending */
  readonly timeH: Float64Array;
  /** [step] undefined where the step has no such map, or is left out */
  readonly steps: readonly (ParameterMap | undefined)[];
}

/** Whether a voxel of a map holds a number that may be counted on. */
export function isKnown({ values, status }: ParameterMap, voxel: number): boolean {
  return Number.isFinite(values[voxel]!) && (status === undefined || status[voxel] === STATUS.converged);
}

/** [y, x] 1 where every step that has the map knows the voxel: what may be compared from step to step. */
export function knownThroughout({ ny, nx, steps }: MapSeries): Uint8Array {
  const maps = steps.filter((map) => map !== undefined);
  return Uint8Array.from({ length: ny * nx }, (_, voxel) =>
    maps.length > 0 && maps.every((map) => isKnown(map, voxel)) ? 1 : 0,
  );
}
