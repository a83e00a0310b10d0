import { isKnown, knownThroughout, type MapSeries } from "./map-series.ts";

/** What a step's map comes to. NaN where there is nothing to take a mean of. */
export interface StepMean {
  readonly voxels: number;
  readonly mean: number;
  /** of the mean, from the esds of its voxels taken as independent; NaN where voxels have none */
  readonly esd: number;
  /** standard deviation over the voxels: what differs from place to place, and noise */
  readonly spread: number;
}

export interface MeansOverTime {
  /** [step] over the voxels that the step knows */
  readonly each: readonly StepMean[];
  /** [step] over the voxels that every step knows: free of voxels that come and go */
  readonly common: readonly StepMean[];
}

/** Means of a map over the slice, step by step; unweighted, so that a mean is one of the sample and not of the noise. */
export function meansOverTime(series: MapSeries): MeansOverTime {
  const common = knownThroughout(series);
  const each: StepMean[] = [];
  const alike: StepMean[] = [];
  for (const map of series.steps) {
    each.push(meanOf(map, (voxel) => map !== undefined && isKnown(map, voxel)));
    alike.push(meanOf(map, (voxel) => common[voxel] === 1));
  }
  return { each, common: alike };
}

function meanOf(map: MapSeries["steps"][number], isTaken: (voxel: number) => boolean): StepMean {
  let [voxels, mean, squares, variance] = [0, 0, 0, 0];
  const length = map?.values.length ?? 0;
  for (let voxel = 0; voxel < length; voxel++) {
    if (!isTaken(voxel)) continue;
    // Welford: spreads are a thousandth of the mean
    const change = map!.values[voxel]! - mean;
    mean += change / ++voxels;
    squares += change * (map!.values[voxel]! - mean);
    variance += (map!.esd?.[voxel] ?? Number.NaN) ** 2;
  }
  if (voxels === 0) return { voxels, mean: Number.NaN, esd: Number.NaN, spread: Number.NaN };
  return {
    voxels,
    mean,
    esd: Math.sqrt(variance) / voxels,
    spread: voxels > 1 ? Math.sqrt(squares / (voxels - 1)) : Number.NaN,
  };
}
