/** What the functions on whole arrays hand each other: everything in memory, bins last. */
import type { Axis, SinogramStack, Volume } from "../data/index.ts";
import type { SinogramReport } from "../stages/sinogram/index.ts";

/** Patterns in the order in which they were measured: line by line, each line at one angle. */
export interface PatternGrid {
  /** radial axis: two-theta in degrees, q in 1/angstrom, radius in mm, ln tan 2theta, or channels */
  readonly axis: Axis;
  /** lines of the scan, one an angle */
  readonly lines: number;
  /** patterns in a line */
  readonly points: number;
  /** [line, point, bin] counts; NaN where there is none */
  readonly intensity: Float32Array;
  /** [line, point, bin] standard uncertainty, counts */
  readonly sigma?: Float32Array;
}

/** Clean, ordered, centred sinograms, [angle, translation, bin]. */
export interface Sinograms extends SinogramStack {
  /** [angle, translation, bin] standard uncertainty; infinite where a value was filled in */
  readonly sigma?: Float32Array;
  /** what was found out about the scan and put right, where arrangeSinograms made it */
  readonly report?: SinogramReport;
}

/** A reconstructed slice, [y, x, bin], y upwards. */
export interface SliceVolume extends Volume {
  /** [y, x, bin] standard uncertainty, where the method gives one (fbp) */
  readonly sigma?: Float32Array;
  /** [y, x] 1 where the voxel was seen at every angle; left out: everywhere */
  readonly reconstructable?: Uint8Array;
}

/** What lengths and angles are derived from; each where the axis or the method asks for it. */
export interface ScanGeometry {
  /** angstrom */
  readonly wavelengthA?: number;
  /** metres from the rotation axis to the detector */
  readonly distanceM?: number;
}
