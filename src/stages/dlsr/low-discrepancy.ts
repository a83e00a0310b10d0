const BASES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];

/**
 * Coordinate of a point that, with the others of its sequence, fills the unit cube evenly: the digits of the point's
 * number in the dimension's prime base, mirrored at the point.
 *
 * Source: Halton, Numer. Math. 2 (1960) 84.
 *
 * @param point     from 0
 * @param dimension 0 to 11
 */
export function halton(point: number, dimension: number): number {
  const base = BASES[dimension]!;
  let value = 0;
  let share = 1;
  for (let left = point + 1; left > 0; left = Math.floor(left / base)) {
    share /= base;
    value += share * (left % base);
  }
  return value;
}

/** A number in [0, 1) for each integer, without pattern and the same each time, by a multiplicative hash. */
export function hashUnit(i: number): number {
  let h = Math.imul(i + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
