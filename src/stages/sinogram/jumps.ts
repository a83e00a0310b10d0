/**
 * Projections that stand beside where they belong because the translation motor slipped.
 *
 * Two witnesses have to agree. The sample's own motion puts the centre of mass on a sine whatever its shape or place
 * (Helgason-Ludwig), so a residual from the sine is not motion of the sample; and registration of neighbouring
 * projections must see the same step where the jump begins and ends. Where the sample leaves the field of view only
 * the second is left, and only single projections that jump out and back are taken.
 */

import { median, robustSpread } from "../../fit/index.ts";
import type { Arrangement } from "./arrangement.ts";
import type { SinogramConfig } from "./config.ts";
import type { Registration } from "./registration.ts";
import type { RotationAxisReport } from "./report.ts";
import { centroidsOf, fitSine } from "./rotation-axis.ts";

export interface FoundJump {
  /** index in the arrangement */
  readonly angle: number;
  /** steps by which the projection stands too far to higher translations */
  readonly steps: number;
}

/**
 * @param neighbours [angle] each line registered against the one before
 * @param signal     [angle, translation] with the air taken off
 */
export function findJumps(
  neighbours: readonly Registration[],
  signal: Float64Array,
  { omegaDeg }: Arrangement,
  axis: RotationAxisReport,
  { jumpThresholdSteps: threshold, subStep }: SinogramConfig,
): FoundJump[] {
  const angles = omegaDeg.length;
  const motion = neighbourMotion(neighbours);
  const isWhole = axis.estimates.some(({ method, usable }) => method === "centroid" && usable);
  if (!isWhole) return rounded(outAndBack(motion, threshold), subStep);
  const { centroids } = centroidsOf(signal, angles, signal.length / angles);
  const { residuals, spread } = fitSine(centroids, omegaDeg);
  const local = lessNeighbourhood(residuals);
  const limit = Math.max(threshold, 5 * Math.max(robustSpread(local, 0), 0.2 * spread));
  const candidate = Float64Array.from(local, (value) => (Math.abs(value) > limit ? value : 0));
  const found: FoundJump[] = [];
  for (let start = 0; start < angles; start++) {
    if (!candidate[start]) continue;
    let end = start;
    while (end + 1 < angles && candidate[end + 1]) end++;
    let missed = 0;
    let seen = 0;
    for (let i = Math.max(1, start); i <= Math.min(angles - 1, end + 1); i++) {
      const step = (candidate[i] ?? 0) - candidate[i - 1]!;
      missed += (motion[i]! - step) ** 2;
      seen += step ** 2;
    }
    if (missed < 0.25 * seen) for (let i = start; i <= end; i++) found.push({ angle: i, steps: candidate[i]! });
    start = end;
  }
  return rounded(found, subStep);
}

/** [angle] how far each projection moved from the one before, less what its neighbourhood does. */
function neighbourMotion(neighbours: readonly Registration[]): Float64Array {
  const motion = Float64Array.from(neighbours, ({ shift }) => -shift);
  motion.set(lessNeighbourhood(motion.slice(1)), 1);
  return motion;
}

/** Each value less the median of those around it: what varies slowly over the angle is not a jump. */
function lessNeighbourhood(values: Float64Array, reach = 7): Float64Array {
  return values.map((value, i) => {
    const around = values.subarray(Math.max(0, i - reach), Math.min(values.length, i + reach + 1));
    return Number.isFinite(value) ? value - median(around) : 0;
  });
}

function outAndBack(motion: Float64Array, threshold: number): FoundJump[] {
  const limit = Math.max(threshold, 6 * robustSpread(motion, 0));
  const found: FoundJump[] = [];
  for (let i = 1; i + 1 < motion.length; i++) {
    const steps = (motion[i]! - motion[i + 1]!) / 2;
    const isBack = Math.abs(motion[i]! + motion[i + 1]!) < 0.3 * Math.abs(steps);
    if (Math.abs(steps) > limit && isBack) {
      found.push({ angle: i, steps });
      i++;
    }
  }
  return found;
}

/** A tenth of a step is not worth the blur of an interpolation. */
function rounded(jumps: FoundJump[], subStep: SinogramConfig["subStep"]): FoundJump[] {
  return jumps
    .map(({ angle, steps }) => {
      const whole = Math.round(steps);
      return { angle, steps: subStep === "never" || Math.abs(steps - whole) < 0.12 ? whole : steps };
    })
    .filter(({ steps }) => steps !== 0);
}
