/**
 * What parallax did to a conventional map of lattice parameters, to first order. A ray's peak is displaced by the mean
 * depth of what scatters along it, R[w t] / R[w] over L, and filtered back-projection carries this to the voxels as it
 * carries the intensities:
 *
 *   shift = FBP(R[w t]) / (L FBP(R[w])),   R[w t] = cos(omega) R[w y] - sin(omega) R[w x]
 *
 * relative and positive where conventional lattice parameters are too large. For a lone grain it is the mean of t / L
 * over the angles, -2 x / (pi L) on a scan from 0 to 180 degrees. It knows nothing of how peaks of different depths
 * overlap in a fit: a quick look; reconstruct with parallax, and dlsr, do better.
 */
import type { Kernels } from "../../kernels/index.ts";
import { project } from "../../projector/index.ts";
import { fbp } from "./fbp.ts";
import type { ReconstructionPlan } from "./plan.ts";
import { runNow } from "./work.ts";

export interface FirstMoment {
  /** rotation axis to detector */
  readonly distanceMm: number;
  /** as in ReconstructConfig */
  readonly depthSign: 1 | -1;
}

/** Voxels that hold less than this share of what the fullest hold have no shift. */
const LEAST = 0.1;

/**
 * The shift of lattice parameters by parallax in every voxel, relative, from first moments of the rays.
 *
 * @param plan   of a filtered back-projection of the scan, with its step in mm
 * @param weight [y, x] how much of a phase scatters, as the map of its scale; not finite counts as 0
 * @returns [y, x] conventional minus true lattice parameter, relative; NaN where the phase is not
 */
export function firstMomentShift(
  kernels: Kernels,
  plan: ReconstructionPlan,
  weight: ArrayLike<number>,
  { distanceMm, depthSign }: FirstMoment,
): Float32Array {
  const { size, angles, translations, directions } = plan.projector;
  const centre = (size - 1) / 2;
  const moments = new Float32Array(3 * size * size);
  for (let v = 0; v < size * size; v++) {
    const w = Number.isFinite(weight[v]!) ? weight[v]! : 0;
    moments.set([w, w * ((v % size) - centre), w * (Math.floor(v / size) - centre)], 3 * v);
  }
  const rays = new Float32Array(3 * angles * translations);
  project(kernels, plan.projector, moments, 3, rays);
  const sinograms = new Float32Array(2 * angles * translations);
  for (let ray = 0; ray < angles * translations; ray++) {
    const angle = Math.floor(ray / translations);
    sinograms[2 * ray] = rays[3 * ray]!;
    sinograms[2 * ray + 1] =
      directions[2 * angle]! * rays[3 * ray + 2]! - directions[2 * angle + 1]! * rays[3 * ray + 1]!;
  }
  const images = new Float32Array(2 * size * size);
  runNow(fbp(kernels, plan, sinograms, 2, images));
  let fullest = 0;
  for (let v = 0; v < size * size; v++) fullest = Math.max(fullest, images[2 * v]!);
  const factor = (depthSign * plan.stepMm) / distanceMm;
  // a mean of depths is no deeper than the deepest; what is comes of streaks
  const deepest = Math.abs(factor) * centre;
  return Float32Array.from({ length: size * size }, (_, v) => {
    const shift = (factor * images[2 * v + 1]!) / images[2 * v]!;
    const isThere = moments[3 * v]! > 0 && images[2 * v]! > LEAST * fullest;
    return isThere && Math.abs(shift) <= deepest ? shift : Number.NaN;
  });
}
