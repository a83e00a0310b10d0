/**
 * x with f(x) = x, by Anderson's method over the last two points: what one step would change is drawn from how it
 * changed before.
 *
 * Source: Anderson, J. ACM 12 (1965) 547-560, with one point kept.
 */
export interface FixedPoint {
  readonly x: Float64Array;
  readonly rounds: number;
  /** root mean square of f(x) - x where it ended */
  readonly change: number;
  readonly isSettled: boolean;
}

/** Longest stride, in those of plain iteration. */
const LONGEST = 5;

/**
 * The x with f(x) = x, by Anderson's method.
 *
 * @param start     where to begin; of any length, any units, as f takes and gives
 * @param tolerance root mean square of f(x) - x that counts as none, in the units of x
 */
export function findFixedPoint(
  f: (x: Float64Array) => Float64Array,
  start: Float64Array,
  { rounds, tolerance }: { readonly rounds: number; readonly tolerance: number },
): FixedPoint {
  let x = start;
  let before: { readonly image: Float64Array; readonly step: Float64Array } | undefined;
  let change = Number.POSITIVE_INFINITY;
  for (let round = 1; round <= rounds; round++) {
    const image = f(x);
    const step = image.map((value, i) => value - x[i]!);
    change = Math.sqrt(step.reduce((sum, s) => sum + s * s, 0) / Math.max(1, step.length));
    if (!(change > tolerance)) return { x: image, rounds: round, change, isSettled: true };
    const back = before && shareOf(step, before.step);
    x = back === undefined ? image : image.map((value, i) => (1 - back) * value + back * before!.image[i]!);
    before = { image, step };
  }
  return { x, rounds, change, isSettled: false };
}

/** Of the point before: the one that makes the step smallest, were f linear. */
function shareOf(step: Float64Array, before: Float64Array): number {
  let [top, bottom] = [0, 0];
  for (let i = 0; i < step.length; i++) {
    const difference = step[i]! - before[i]!;
    top += step[i]! * difference;
    bottom += difference * difference;
  }
  return bottom > 0 ? Math.max(-LONGEST, Math.min(0.5, top / bottom)) : 0;
}
