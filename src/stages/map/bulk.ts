/** What the slice is made of as a whole: from its mean pattern, and added up over its voxels. */

export interface BulkPhase {
  readonly name: string;
  /** of the mean pattern, which holds every voxel by its mass; 0 to 1 */
  readonly weightFraction: number;
  /** times the goodness of fit where that is over 1: lines of other shapes than the model's are most of it */
  readonly weightFractionEsd: number;
  /** sum of the voxels' scales, negative ones and phases without signal included, times the mass of the cell */
  readonly voxelSum: number;
  /** of independent voxels, each esd times its goodness of fit; reconstructed voxels are not independent */
  readonly voxelSumEsd: number;
}

/** A Rietveld phase of the refined mean pattern, and its scales in the voxels. */
export interface BulkPhaseInput {
  readonly name: string;
  readonly weightFraction: number;
  readonly weightFractionEsd: number | null;
  /** g/cm^3 */
  readonly density: number;
  /** of the cell, angstrom^3 */
  readonly volume: number;
  /** [voxel] NaN where there is none */
  readonly scale: ArrayLike<number>;
  readonly scaleEsd: ArrayLike<number>;
}

/**
 * Weight fractions of the slice by two ways. Where they differ by more than their esds, voxels see what the mean
 * does not (a cell that varies) or lines have shapes that the model lacks.
 *
 * @param gof goodness of fit of the mean pattern
 * @param voxelGof [voxel] of each fit, left out where esds carry it already
 */
export function bulkWeightFractions(
  phases: readonly BulkPhaseInput[],
  gof: number,
  voxelGof?: ArrayLike<number>,
): BulkPhase[] {
  // S Z M V, with Z M = density V
  const sums = phases.map(({ density, volume, scale, scaleEsd }) => {
    const massPerScale = density * volume * volume;
    let [mass, variance] = [0, 0];
    for (let voxel = 0; voxel < scale.length; voxel++) {
      if (!Number.isFinite(scale[voxel]!)) continue;
      mass += massPerScale * scale[voxel]!;
      const esd = massPerScale * scaleEsd[voxel]! * Math.max(1, voxelGof?.[voxel] ?? 1);
      if (Number.isFinite(esd)) variance += esd * esd;
    }
    return { mass, variance };
  });
  const total = sums.reduce((sum, { mass }) => sum + mass, 0);
  const totalVariance = sums.reduce((sum, { variance }) => sum + variance, 0);
  return phases.map(({ name, weightFraction, weightFractionEsd }, p) => {
    const { mass, variance } = sums[p]!;
    const share = total > 0 ? mass / total : Number.NaN;
    // d share / d own mass = (1 - share) / total, by each other mass -share / total
    const shareVariance = (1 - share) ** 2 * variance + share ** 2 * (totalVariance - variance);
    return {
      name,
      weightFraction,
      weightFractionEsd: (weightFractionEsd ?? Number.NaN) * Math.max(1, gof),
      voxelSum: share,
      voxelSumEsd: Math.sqrt(shareVariance) / total,
    };
  });
}
