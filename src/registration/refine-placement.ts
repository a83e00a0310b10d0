/**
 * The placement at which the moving slice agrees best with the fixed one, from a start within half of the width of what
 * is to be aligned: the least L of agreement.ts.
 */
import { type Agreement, agreement } from "./agreement.ts";
import {
  type Alignment,
  type Free,
  P,
  type Parameters4,
  restrictedInverse,
  toParameters,
  toPlacement,
} from "./alignment.ts";
import type { Placement } from "./placement.ts";
import { timesVector } from "./small-matrix.ts";

export interface Refined {
  readonly placement: Placement;
  readonly L: number;
  readonly correlation: number;
  readonly correlations: readonly number[];
  /** voxels compared */
  readonly count: number;
  readonly isConverged: boolean;
  readonly factors: readonly Float64Array[];
}

const ITERATIONS = 40;
/** Of ln rho: less than rounding makes of it. */
const NOTHING_TO_GAIN = 1e-9;
/** Voxels: a step this small that gains nothing ends at what sums of float64 can tell. */
const AS_ROUNDING_LETS = 0.01;
/** No step moves the rim by more than this many voxels of the fixed grid. */
const LONGEST_STEP = 1.5;

/**
 * From a start that is right to about half of the width of what is to be aligned.
 *
 * The curvature of Gauss and Newton holds the gradients of noise as well, so its steps are too short; what gradients
 * change from step to step corrects it (Broyden, Fletcher, Goldfarb, Shanno; scaled once as J. Nocedal & S. J. Wright,
 * Numerical Optimization, 2nd ed., eq. 6.20 has it).
 *
 * @param free which of rotation, x, y and scale are refined
 * @param precision a step that moves no voxel of the rim by more than this share of a voxel ends the search
 */
export function refinePlacement(
  alignment: Alignment,
  start: Placement,
  free: Free = [true, true, true, true],
  precision = 2e-4,
): Refined {
  let parameters = toParameters(start);
  let now = agreement(alignment, parameters);
  let inverse = restrictedInverse(now.curvature, free);
  let isConverged = false;
  const { fixed } = alignment;
  const rim = (Math.max(fixed.ny, fixed.nx) / 2) * fixed.voxelMm;
  const sizeOf = (step: Float64Array): number =>
    Math.hypot(rim * step[0]!, step[1]!, step[2]!, rim * step[3]!) / fixed.voxelMm;
  let isScaled = false;
  for (let pass = 0; pass < ITERATIONS && inverse && !isConverged; pass++) {
    const full = timesVector(inverse, now.gradient).map((value) => -value);
    let share = Math.min(1, LONGEST_STEP / sizeOf(full));
    let there: Agreement | undefined;
    let step = full;
    for (let attempt = 0; attempt < 5; attempt++, share *= 0.25) {
      step = full.map((value) => share * value);
      const next = agreement(alignment, parameters.map((value, i) => value + step[i]!) as unknown as Parameters4);
      // fewer voxels in common are no better agreement
      if (next.L < now.L && next.count > 0.7 * now.count) {
        there = next;
        break;
      }
      if (sizeOf(step) < precision) break;
    }
    isConverged = sizeOf(step) < precision || -dot(full, now.gradient) < NOTHING_TO_GAIN;
    if (!there) {
      isConverged ||= sizeOf(full) < AS_ROUNDING_LETS;
      break;
    }
    const change = there.gradient.map((value, i) => value - now.gradient[i]!);
    inverse = learn(inverse, step, change, free, isScaled);
    isScaled = true;
    parameters = parameters.map((value, i) => value + step[i]!) as unknown as Parameters4;
    now = there;
  }
  return {
    placement: toPlacement(parameters, alignment.isMirrored),
    ...{ L: now.L, correlations: now.correlations, count: now.count, isConverged, factors: now.factors },
    correlation: now.correlations.reduce((sum, r) => sum + r, 0) / now.correlations.length,
  };
}

/** The inverse curvature, after gradients changed by `change` over `step`. */
function learn(
  inverse: Float64Array,
  step: Float64Array,
  change: Float64Array,
  free: Free,
  isScaled: boolean,
): Float64Array {
  const y = change.map((value, i) => (free[i] ? value : 0));
  const along = dot(step, y);
  if (!(along > 0)) return inverse;
  const factor = isScaled ? 1 : along / dot(y, timesVector(inverse, y));
  const scaled = inverse.map((value) => factor * value);
  const hy = timesVector(scaled, y);
  const grow = 1 + dot(y, hy) / along;
  return scaled.map((value, at) => {
    const [i, j] = [Math.floor(at / P), at % P];
    return value + (grow * step[i]! * step[j]! - hy[i]! * step[j]! - step[i]! * hy[j]!) / along;
  });
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
