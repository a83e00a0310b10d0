/** What the stages of a run leave for each other: small values here, arrays as references into the working folder. */
import type { Axis } from "../../data/index.ts";
import type { ReconstructionPlan } from "../../stages/reconstruct/index.ts";
import type { SinogramReport } from "../../stages/sinogram/index.ts";
import type { ArrayReference } from "../array-reference.ts";

/** Patterns [line, point, bin] as measured. */
export interface PatternsMeta {
  readonly lines: number;
  readonly points: number;
  readonly axis: Axis;
  /** [line] degrees */
  readonly omegaDeg: Float64Array;
  /** [line, point] */
  readonly monitor?: Float64Array;
  /** [line, point] seconds */
  readonly exposureS?: Float64Array;
  /** [line, point] transmitted-beam reading */
  readonly transmitted?: Float64Array;
  readonly patterns: ArrayReference;
  readonly sigma?: ArrayReference;
  readonly distanceM?: number;
  /** always there where peaks are mapped */
  readonly wavelengthA?: number;
  /** of the whole scan, where only those of some turns were integrated */
  readonly framesInAll?: number;
  /** line integrals of the absorption, not intensities */
  readonly isAbsorption?: true;
}

/** Cleaned sinograms [angle, translation, bin]. */
export interface SinogramMeta {
  readonly report: SinogramReport;
  readonly axis: Axis;
  readonly sinogram: ArrayReference;
  readonly sigma?: ArrayReference;
}

/** Volume [y, x, bin]. */
export interface VolumeMeta {
  readonly ny: number;
  readonly nx: number;
  readonly voxelMm?: number;
  readonly axis: Axis;
  /** [y, x] 1 where the voxel was seen at every angle */
  readonly reconstructable: Uint8Array;
  readonly volume: ArrayReference;
  readonly sigma?: ArrayReference;
  readonly plan?: ReconstructionPlan["config"];
}
