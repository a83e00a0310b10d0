/** What a map comes to inside a region. */

export interface RegionStatistics {
  /** voxels of the region inside the slice */
  readonly voxels: number;
  /** of these, those with a value that counts: converged where the map says so */
  readonly used: number;
  readonly mean: number;
  /** sample standard deviation, n - 1 */
  readonly sd: number;
  readonly median: number;
}

/**
 * @param inside [y, x] 1 in the region
 * @param status [y, x] of STATUS: only voxels with 0, converged, count
 * @returns NaN for what has no voxel to stand on
 */
export function regionStatistics(
  values: ArrayLike<number>,
  inside: ArrayLike<number>,
  status?: ArrayLike<number>,
): RegionStatistics {
  let voxels = 0;
  const kept: number[] = [];
  for (let i = 0; i < inside.length; i++) {
    if (!inside[i]) continue;
    voxels++;
    if (Number.isFinite(values[i]!) && !status?.[i]) kept.push(values[i]!);
  }
  const used = kept.length;
  const mean = used ? kept.reduce((sum, value) => sum + value, 0) / used : Number.NaN;
  const sd = used > 1 ? Math.sqrt(kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (used - 1)) : Number.NaN;
  kept.sort((a, b) => a - b);
  const median = used ? (kept[(used - 1) >> 1]! + kept[used >> 1]!) / 2 : Number.NaN;
  return { voxels, used, mean, sd, median };
}
