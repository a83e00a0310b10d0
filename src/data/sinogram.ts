import type { Axis } from "./axis.ts";

/**
 * A stack of sinograms, one for each radial bin.
 *
 * Seen from above, the beam along +t towards the detector:
 *
 *        t ^   beam                s =  x cos(omega) + y sin(omega)
 *          |   ^                   t = -x sin(omega) + y cos(omega)
 *          |   |
 *          +---+--------> s        translation index = rotationAxis + s / stepMm
 */
export interface SinogramStack {
  /** [angle] degrees, counter-clockwise seen from above, in the order of the data */
  readonly omegaDeg: Float64Array;
  readonly translations: number;
  readonly axis: Axis;
  /** [angle, translation, bin] */
  readonly data: Float32Array;
  /** in translation steps, fraction allowed */
  readonly rotationAxis: number;
  readonly stepMm: number;
}
