/** How often values occur, and which voxels a range of them is. */
import { STATUS } from "../../data/volume.ts";

export interface Counts {
  readonly limits: readonly [number, number];
  /** [bin] of equal width between the limits; the last bin holds its upper end too */
  readonly counts: Uint32Array;
  readonly below: number;
  readonly above: number;
  /** voxels with a value, those outside the limits too */
  readonly total: number;
}

/** A voxel counts where it has a value and, with a status map, a fit that converged. */
export function hasCount(values: ArrayLike<number>, status: ArrayLike<number> | undefined, i: number): boolean {
  return Number.isFinite(values[i]) && (status === undefined || status[i] === STATUS.converged);
}

/**
 * @param values [voxel]; NaN: no value
 * @param status [voxel] of STATUS: only what converged counts
 */
export function countValues(
  values: ArrayLike<number>,
  status: ArrayLike<number> | undefined,
  [lo, hi]: readonly [number, number],
  bins: number,
): Counts {
  const counts = new Uint32Array(bins);
  let [below, above, total] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    if (!hasCount(values, status, i)) continue;
    total++;
    const value = values[i]!;
    if (value < lo) below++;
    else if (value > hi) above++;
    else counts[Math.min(bins - 1, Math.floor(((value - lo) / (hi - lo)) * bins))]!++;
  }
  return { limits: [lo, hi], counts, below, above, total };
}

/** [voxel] 1 where a voxel that counts has a value from `from` to `to`, both included */
export function voxelsInRange(
  values: ArrayLike<number>,
  status: ArrayLike<number> | undefined,
  [from, to]: readonly [number, number],
): Uint8Array {
  const mask = new Uint8Array(values.length);
  for (let i = 0; i < mask.length; i++) {
    if (hasCount(values, status, i) && values[i]! >= from && values[i]! <= to) mask[i] = 1;
  }
  return mask;
}

/** The range from the smallest to the largest value that counts, widened where they are the same; 0 to 1 of nothing. */
export function spanOf(values: ArrayLike<number>, status?: ArrayLike<number>): [number, number] {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (!hasCount(values, status, i)) continue;
    lo = Math.min(lo, values[i]!);
    hi = Math.max(hi, values[i]!);
  }
  if (hi > lo) return [lo, hi];
  if (lo > hi) return [0, 1];
  const half = Math.abs(lo) * 1e-6 || 0.5;
  return [lo - half, lo + half];
}
