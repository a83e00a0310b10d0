/**
 * Which ring is which: the distance, near the rough one, at which the calibrant's rings fall on the rings of the
 * image. Only radii about the centre are used; the tilt is left to the fit.
 */

import type { Frame } from "../../data/index.ts";
import { median } from "../../fit/index.ts";
import type { CalibrantRing } from "./calibrants.ts";

/** Azimuthal mean of sqrt(counts) in rings of one pixel. */
export interface RadialProfile {
  /** m, width of one bin */
  readonly stepM: number;
  /** [bin] height over the local level in units of the local noise; NaN where fewer than MIN_PIXELS pixels lie */
  readonly contrast: Float64Array;
}

export interface RingMatch {
  readonly distanceM: number;
  /** mean contrast on the calibrant's rings, weighted; a wrong distance gives about 0 */
  readonly score: number;
  /** the best score further than 1.5 % from `distanceM`, and its distance */
  readonly rival: { readonly distanceM: number; readonly score: number };
}

const MIN_PIXELS = 8;
/** half-width of the running median, in bins: wider than a ring, narrower than the gaps between the inner ones */
const LOCAL = 20;
/** a peak of this contrast is a ring beyond doubt */
const CLEAR = 6;
/** no ring counts more than this, so that one strong ring cannot settle the distance alone */
const CLIP = 8;

/**
 * @param radiusM radius of the point (row, col), in pixels with 0 at the outer corner, on a detector normal to the beam
 * @param stepM   width of a bin: a pixel
 */
export function radialProfile(
  { rows, cols, data }: Frame,
  valid: Uint8Array,
  radiusM: (row: number, col: number) => number,
  stepM: number,
): RadialProfile {
  const sum: number[] = [];
  const count: number[] = [];
  for (let row = 0, at = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++, at++) {
      if (!valid[at]) continue;
      const bin = Math.floor(radiusM(row + 0.5, col + 0.5) / stepM);
      for (; sum.length <= bin; ) {
        sum.push(0);
        count.push(0);
      }
      sum[bin]! += Math.sqrt(data[at]!);
      count[bin]!++;
    }
  }
  const mean = Float64Array.from(sum, (s, i) => (count[i]! >= MIN_PIXELS ? s / count[i]! : Number.NaN));
  return { stepM, contrast: localContrast(mean) };
}

/**
 * Radii of rings in the image that are not the calibrant's.
 *
 * @param knownM   [ring] radii of the calibrant's rings, m, ascending
 * @param apartPx  a peak nearer than this to a known ring belongs to it
 */
export function strangeRings({ stepM, contrast }: RadialProfile, knownM: readonly number[], apartPx: number): number[] {
  const [from, to] = [(knownM[0] ?? 0) / stepM, (knownM.at(-1) ?? 0) / stepM];
  const found: number[] = [];
  for (let bin = Math.ceil(from); bin < Math.min(to, contrast.length - 1); bin++) {
    const isPeak =
      contrast[bin]! > CLEAR && contrast[bin]! >= Math.max(...around(contrast, bin, Math.ceil(2 * apartPx)));
    const isKnown = knownM.some((radius) => Math.abs(radius / stepM - bin - 0.5) < apartPx);
    const isNew = found.length === 0 || (bin + 0.5) * stepM - found.at(-1)! > apartPx * stepM;
    if (isPeak && !isKnown && isNew) found.push((bin + 0.5) * stepM);
  }
  return found;
}

/** (value - running median) / running noise, where the noise is the median absolute deviation of the lower half. */
function localContrast(mean: Float64Array): Float64Array {
  const level = mean.map((_, i) => median(around(mean, i, LOCAL)));
  const above = mean.map((v, i) => v - level[i]!);
  const floor = median(above.filter((v) => !Number.isNaN(v)).map(Math.abs));
  return above.map((v, i) => {
    const quiet = median(around(above, i, 2 * LOCAL).map(Math.abs));
    const noise = Math.max(1.5 * quiet, 0.5 * floor, 1e-9);
    return v / noise;
  });
}

const around = (values: Float64Array, at: number, reach: number): Float64Array =>
  values.subarray(Math.max(at - reach, 0), at + reach + 1).filter((v) => !Number.isNaN(v));

/**
 * @param twoTheta  [ring] radians, ascending
 * @param tolerance fraction of distanceM that is searched on both sides
 */
export function matchRings(
  profile: RadialProfile,
  rings: readonly CalibrantRing[],
  twoTheta: readonly number[],
  distanceM: number,
  tolerance: number,
): RingMatch {
  const [low, high] = [Math.log(1 - tolerance), Math.log(1 + tolerance)];
  // A third of a bin at the rim, so that no ring is stepped over.
  const steps = Math.ceil((high - low) * profile.contrast.length * 3);
  const scores = new Float64Array(steps + 1);
  const distances = scores.map((_, i) => distanceM * Math.exp(low + ((high - low) * i) / steps));
  for (let i = 0; i <= steps; i++) scores[i] = combScore(profile, rings, twoTheta, distances[i]!);
  const best = indexOfMax(scores, () => true);
  const rival = indexOfMax(scores, (i) => Math.abs(Math.log(distances[i]! / distances[best]!)) > 0.015);
  return {
    distanceM: distances[best]!,
    score: scores[best]!,
    rival: { distanceM: distances[rival]!, score: scores[rival]! },
  };
}

function combScore(
  { stepM, contrast }: RadialProfile,
  rings: readonly CalibrantRing[],
  twoTheta: readonly number[],
  distanceM: number,
): number {
  let [sum, weights] = [0, 0];
  for (let k = 0; k < rings.length; k++) {
    const bin = (distanceM * Math.tan(twoTheta[k]!)) / stepM - 0.5;
    const at = Math.round(bin);
    const value = Math.max(contrast[at - 1] ?? Number.NaN, contrast[at] ?? Number.NaN, contrast[at + 1] ?? Number.NaN);
    if (Number.isNaN(value)) continue;
    const weight = Math.sqrt(rings[k]!.intensity);
    sum += weight * Math.min(Math.max(value, -CLIP), CLIP);
    weights += weight * weight;
  }
  return weights > 0 ? sum / Math.sqrt(weights) : -Infinity;
}

function indexOfMax(values: Float64Array, allowed: (i: number) => boolean): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (allowed(i) && (best < 0 || values[i]! > values[best]!)) best = i;
  }
  return Math.max(best, 0);
}
