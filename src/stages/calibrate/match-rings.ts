/**
 * Which ring is which: the distance, near the rough one, at which the calibrant's rings fall on the rings of the
 * image. Only radii about the centre are used; the tilt is left to the fit.
 */
import type { Frame } from "../../data/index.ts";
import type { CalibrantRing } from "./calibrants.ts";
import { median } from "./contrast-image.ts";

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
/** no ring counts more than this, so that one strong ring cannot settle the distance alone */
const CLIP = 8;

/** @param centre [y, x] in metres from the detector's origin */
export function radialProfile(
  { rows, cols, data }: Frame,
  valid: Uint8Array,
  pixel1: number,
  pixel2: number,
  centre: readonly [number, number],
): RadialProfile {
  const stepM = Math.min(pixel1, pixel2);
  const reach = Math.hypot(
    Math.max(Math.abs(centre[0]), Math.abs(rows * pixel1 - centre[0])),
    Math.max(Math.abs(centre[1]), Math.abs(cols * pixel2 - centre[1])),
  );
  const bins = Math.ceil(reach / stepM) + 1;
  const sum = new Float64Array(bins);
  const count = new Float64Array(bins);
  for (let row = 0, at = 0; row < rows; row++) {
    const dy = (row + 0.5) * pixel1 - centre[0];
    for (let col = 0; col < cols; col++, at++) {
      if (!valid[at]) continue;
      const dx = (col + 0.5) * pixel2 - centre[1];
      const bin = (Math.sqrt(dy * dy + dx * dx) / stepM) | 0;
      sum[bin]! += Math.sqrt(data[at]!);
      count[bin]!++;
    }
  }
  const mean = sum.map((s, i) => (count[i]! >= MIN_PIXELS ? s / count[i]! : Number.NaN));
  return { stepM, contrast: localContrast(mean) };
}

/** (value - running median) / running noise, where the noise is the median absolute deviation of the lower half. */
function localContrast(mean: Float64Array): Float64Array {
  const level = mean.map((_, i) => median(around(mean, i, LOCAL)));
  const above = mean.map((v, i) => v - level[i]!);
  const floor = median(above.filter((v) => !Number.isNaN(v)).map(Math.abs));
  return above.map((v, i) => {
    const quiet = median(around(above, i, 2 * LOCAL).map(Math.abs));
    const noise = Math.max(1.5 * quiet, 0.5 * floor, 1e-9);
    return Math.min(Math.max(v / noise, -CLIP), CLIP);
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
    sum += weight * value;
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
