/** Means over bins of a place: from the casing inwards, over the depth of a coating, along an electrode. */

export interface Profile {
  /** middle of each bin */
  readonly at: Float64Array;
  /** mean over the voxels of a bin; NaN where there are too few */
  readonly mean: Float64Array;
  /** standard uncertainty of the mean */
  readonly esd: Float64Array;
  readonly voxels: Uint32Array;
}

/** Around the axis: neighbouring voxels are not independent, sectors of the cell are more nearly so. */
const SECTORS = 12;
const FEWEST_VOXELS = 8;

/**
 * Means over bins of a coordinate. The uncertainty is that of the mean over sectors of the cell around its middle, whose
 * means scatter by all that varies between them: noise, correlation between neighbours and true differences.
 *
 * @param coordinate [y, x]; NaN where there is none
 * @param inside which voxels count
 * @param sectors of each voxel, as sectorsOf gives them
 */
export function profileOf(
  values: ArrayLike<number>,
  coordinate: ArrayLike<number>,
  inside: (voxel: number) => boolean,
  sectors: Uint8Array,
  [from, to]: readonly [number, number],
  bins: number,
): Profile {
  const [sums, counts] = [new Float64Array(bins * SECTORS), new Float64Array(bins * SECTORS)];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!) || !inside(i)) continue;
    const bin = Math.floor(((coordinate[i]! - from) / (to - from)) * bins);
    if (!(bin >= 0 && bin < bins)) continue;
    const at = bin * SECTORS + sectors[i]!;
    sums[at]! += values[i]!;
    counts[at]! += 1;
  }
  const profile = {
    at: Float64Array.from({ length: bins }, (_, bin) => from + ((bin + 0.5) * (to - from)) / bins),
    mean: new Float64Array(bins).fill(Number.NaN),
    esd: new Float64Array(bins).fill(Number.NaN),
    voxels: new Uint32Array(bins),
  };
  for (let bin = 0; bin < bins; bin++) {
    const filled = Array.from({ length: SECTORS }, (_, s) => bin * SECTORS + s).filter((s) => counts[s]! > 0);
    const voxels = filled.reduce((sum, s) => sum + counts[s]!, 0);
    profile.voxels[bin] = voxels;
    if (voxels < FEWEST_VOXELS) continue;
    const mean = filled.reduce((sum, s) => sum + sums[s]!, 0) / voxels;
    profile.mean[bin] = mean;
    if (filled.length < 3) continue;
    // variance of a ratio of sums (Cochran, Sampling Techniques, 1977, section 6.3): sectors differ in their voxels
    const scatter = filled.reduce((sum, s) => sum + (sums[s]! - mean * counts[s]!) ** 2, 0);
    const n = filled.length;
    profile.esd[bin] = Math.sqrt((scatter * n) / (n - 1)) / voxels;
  }
  return profile;
}

/** The sector of each voxel [y, x], around the middle of the grid. */
export function sectorsOf({ ny, nx }: { readonly ny: number; readonly nx: number }): Uint8Array {
  return Uint8Array.from({ length: ny * nx }, (_, i) => {
    const turn = Math.atan2(Math.floor(i / nx) - (ny - 1) / 2, (i % nx) - (nx - 1) / 2) / (2 * Math.PI) + 0.5;
    return Math.min(SECTORS - 1, Math.floor(turn * SECTORS));
  });
}
