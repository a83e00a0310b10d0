/** When a loop of corrections has come to its end. */

/** Weight fractions of a slice: phase -> 0 to 1. */
export type BulkFractions = Readonly<Record<string, number>>;

/** Largest change of a weight fraction. */
export function largestChange(before: BulkFractions, after: BulkFractions): number {
  let largest = 0;
  for (const [phase, share] of Object.entries(after)) {
    const change = Math.abs(share - (before[phase] ?? 0));
    if (change > largest) largest = change;
  }
  return largest;
}

/** Root mean square difference of ln T over rays that are attenuated in either. */
export function logDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [squares, count] = [0, 0];
  for (let ray = 0; ray < a.length; ray++) {
    if (a[ray]! > 0.99 && b[ray]! > 0.99) continue;
    squares += Math.log(a[ray]! / b[ray]!) ** 2;
    count++;
  }
  return count > 0 ? Math.sqrt(squares / count) : 0;
}

/**
 * What dividing by `next` in place of `last` would change in bulk weight fractions, before it is done: as much as
 * dividing by `last` in place of `before` changed them, in proportion to the change of ln T.
 *
 * @param before transmission of the correction before the last; all 1 where that was none
 * @param changed largest change of a weight fraction by the last correction
 */
export function expectedChange(
  before: ArrayLike<number>,
  last: ArrayLike<number>,
  next: ArrayLike<number>,
  changed: number,
): number {
  const done = logDifference(before, last);
  return done > 0 ? (changed * logDifference(last, next)) / done : 0;
}
