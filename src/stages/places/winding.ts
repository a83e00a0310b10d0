/** How a roll is wound: the distance from turn to turn, and the sense. */
import type { PolarFrame } from "./polar.ts";

export interface Winding {
  /** distance from turn to turn, elements of the polar frame */
  readonly pitch: number;
  /** 1: its radius grows counter-clockwise; -1: clockwise */
  readonly sense: 1 | -1;
  /** share of the evidence that says so */
  readonly agreement: number;
}

/** Fewest voxels from turn to turn that can still be told apart. */
const FINEST_VOXELS = 2;

/**
 * Distance from turn to turn: the first maximum of the radial autocorrelation of what tells the electrodes apart.
 *
 * @param contrast [angle, radius], above 0 in one electrode and below it in the other
 * @returns elements of the frame; undefined where nothing repeats
 */
export function findPitch(contrast: Float32Array, { angles, radii, step }: PolarFrame): number | undefined {
  const lags = Math.floor(radii * 0.7);
  const sums = new Float64Array(lags);
  const norms = new Float64Array(lags);
  const stride = Math.max(1, Math.floor(angles / 180));
  for (let i = 0; i < angles; i += stride) {
    const ray = contrast.subarray(i * radii, (i + 1) * radii);
    for (let lag = 0; lag < lags; lag++) {
      let [sum, norm] = [0, 0];
      for (let k = 0; k + lag < radii; k += 2) {
        sum += ray[k]! * ray[k + lag]!;
        norm += Math.abs(ray[k]! * ray[k + lag]!);
      }
      sums[lag]! += sum;
      norms[lag]! += norm;
    }
  }
  const likeness = sums.map((sum, lag) => (norms[lag]! > 0.02 * norms[0]! ? sum / norms[lag]! : -1));
  let lag = 1;
  while (lag < lags && likeness[lag]! > 0) lag++;
  const far = likeness.subarray(lag);
  const most = Math.max(...far);
  for (let k = Math.max(1, FINEST_VOXELS / step - lag); k + 1 < far.length; k++) {
    const [a, b, c] = [far[k - 1]!, far[k]!, far[k + 1]!];
    if (b > 0.15 && b > 0.6 * most && b >= a && b >= c) return lag + k + (0.5 * (a - c)) / (a - 2 * b + c || 1);
  }
  return undefined;
}

/** Turns over which a phase is taken, and rays over which it is smoothed, as a share of a turn. */
const [WINDOW_TURNS, SMOOTHED] = [3, 1 / 40];

/**
 * Sense of winding: the phase of what repeats along a ray goes round once, one way or the other, while the ray does.
 * Counted in rings of a few turns each, which vote with the weakest signal that they have around.
 *
 * @param contrast as for findPitch
 */
export function findSense(contrast: Float32Array, frame: PolarFrame, pitch: number): Winding {
  const { angles, radii } = frame;
  const half = Math.round((WINDOW_TURNS / 2) * pitch);
  const votes = [0, 0, 0];
  for (let middle = Math.round(pitch); middle < radii; middle += Math.max(1, Math.round(pitch / 2))) {
    const [re, im] = [new Float64Array(angles), new Float64Array(angles)];
    for (let k = Math.max(0, middle - half); k <= Math.min(radii - 1, middle + half); k++) {
      const weight = 0.5 + 0.5 * Math.cos((Math.PI * (k - middle)) / half);
      const phase = (2 * Math.PI * k) / pitch;
      const [c, s] = [weight * Math.cos(phase), weight * Math.sin(phase)];
      for (let i = 0; i < angles; i++) {
        re[i]! += c * contrast[i * radii + k]!;
        im[i]! -= s * contrast[i * radii + k]!;
      }
    }
    const { turns, weakest } = windingNumber(around(re, angles), around(im, angles));
    // the strand moves out by a pitch in a turn, so that its phase falls behind by one
    if (Math.abs(turns) <= 1) votes[1 - turns]! += weakest;
  }
  const [outwards = 0, closed = 0, inwards = 0] = votes;
  const all = outwards + closed + inwards;
  return { pitch, sense: outwards >= inwards ? 1 : -1, agreement: all > 0 ? Math.max(outwards, inwards) / all : 0 };
}

/** A running mean around the turn. */
function around(values: Float64Array, angles: number): Float64Array {
  const reach = Math.max(1, Math.round((angles * SMOOTHED) / 2));
  return values.map((_, i) => {
    let sum = 0;
    for (let d = -reach; d <= reach; d++) sum += values[(i + d + angles) % angles]!;
    return sum / (2 * reach + 1);
  });
}

function windingNumber(re: Float64Array, im: Float64Array): { turns: number; weakest: number } {
  let [sum, weakest] = [0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < re.length; i++) {
    const j = (i + 1) % re.length;
    sum += Math.atan2(im[j]! * re[i]! - re[j]! * im[i]!, re[j]! * re[i]! + im[j]! * im[i]!);
    weakest = Math.min(weakest, Math.hypot(re[i]!, im[i]!));
  }
  return { turns: -Math.round(sum / (2 * Math.PI)) + 0, weakest };
}
