/** Distances to a closed curve that is given by many points. */

/** Points as x0, y0, x1, y1 ... around a curve. */
export type Points = Float64Array;

/** Points that are looked at first: a smooth curve has its nearest point beside the nearest of these. */
const COARSE = 256;

/**
 * Distance from each voxel's centre to the nearest point, in the unit of the points; voxel (row, col) lies at
 * (col, row).
 *
 * @param points evenly around a curve that bends little over a 256th of its length
 * @param isAsked of a voxel's index; NaN where not
 * @returns [y, x]
 */
export function distanceToCurve(
  points: Points,
  ny: number,
  nx: number,
  isAsked: (index: number) => boolean,
): Float32Array {
  const n = points.length / 2;
  const stride = Math.max(1, Math.floor(n / COARSE));
  const squared = (k: number, x: number, y: number): number => {
    const at = 2 * (((k % n) + n) % n);
    return (points[at]! - x) ** 2 + (points[at + 1]! - y) ** 2;
  };
  return Float32Array.from({ length: ny * nx }, (_, i) => {
    if (!isAsked(i)) return Number.NaN;
    const [x, y] = [i % nx, Math.floor(i / nx)];
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let k = 0; k < n; k += stride) {
      const d = (points[2 * k]! - x) ** 2 + (points[2 * k + 1]! - y) ** 2;
      if (d < least) [best, least] = [k, d];
    }
    // within the neighbours the distance has one minimum: halve what is left of it
    let [low, high] = [best - stride, best + stride];
    while (high > low) {
      const middle = Math.floor((low + high) / 2);
      if (squared(middle, x, y) <= squared(middle + 1, x, y)) high = middle;
      else low = middle + 1;
    }
    return Math.sqrt(squared(low, x, y));
  });
}
