/** What a parameter is in a region, and how sure that is. */
import { quantile } from "../../fit/index.ts";
import { correlationFactor } from "../../registration/index.ts";

export interface Statistics {
  readonly n: number;
  /** voxels that are independent of each other */
  readonly effective: number;
  readonly mean: number;
  /** of the mean: sd / sqrt(effective) */
  readonly esd: number;
  /** weighted by 1 / esd^2 of the voxels; NaN where they have none */
  readonly weightedMean: number;
  readonly weightedEsd: number;
  readonly sd: number;
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  readonly min: number;
  readonly max: number;
  /** median uncertainty of a voxel */
  readonly voxelEsd: number;
  /** standard deviation beyond what the voxels' uncertainties explain; 0 where they explain all of it */
  readonly heterogeneity: number;
  readonly heterogeneityEsd: number;
}

export interface Field {
  readonly ny: number;
  readonly nx: number;
  readonly values: ArrayLike<number>;
  readonly esd?: ArrayLike<number> | undefined;
}

/** Fewer voxels than this are no sample. */
export const LEAST_VOXELS = 3;

/**
 * Of the voxels in a mask that have a value; undefined where these are fewer than three.
 *
 * @param mask [y, x] 1 for those that count
 */
export function describe({ ny, nx, values, esd }: Field, mask: Uint8Array): Statistics | undefined {
  const inside = [...mask.keys()].filter((i) => mask[i] && Number.isFinite(values[i]!));
  const n = inside.length;
  if (n < LEAST_VOXELS) return undefined;
  const sample = Float64Array.from(inside, (i) => values[i]!);
  const mean = sample.reduce((sum, value) => sum + value, 0) / n;
  const variance = sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const masked = new Float64Array(ny * nx).fill(Number.NaN);
  for (const i of inside) masked[i] = values[i]!;
  const tau = correlationFactor(masked, ny, nx);
  const effective = n / tau;
  const sorted = sample.toSorted();
  const noise = esd ? Float64Array.from(inside, (i) => esd[i]!) : undefined;
  return {
    ...{ n, effective, mean, esd: Math.sqrt(variance / effective) },
    ...weighted(sample, noise, tau),
    sd: Math.sqrt(variance),
    ...{ median: quantile(sorted, 0.5), lowerQuartile: quantile(sorted, 0.25), upperQuartile: quantile(sorted, 0.75) },
    ...{ min: sorted[0]!, max: sorted[n - 1]! },
    ...beyondNoise(variance, noise, effective),
  };
}

/** Its uncertainty is of what the values do, not of what their esd say: that holds where esd are too small as well. */
function weighted(sample: Float64Array, noise: Float64Array | undefined, tau: number) {
  const weights = noise?.map((s) => (s > 0 ? 1 / (s * s) : 0));
  const total = weights?.reduce((sum, w) => sum + w, 0) ?? 0;
  if (!weights || !(total > 0)) return { weightedMean: Number.NaN, weightedEsd: Number.NaN };
  const weightedMean = sample.reduce((sum, value, i) => sum + weights[i]! * value, 0) / total;
  const squares = sample.reduce((sum, value, i) => sum + (weights[i]! * (value - weightedMean)) ** 2, 0);
  return { weightedMean, weightedEsd: Math.sqrt(squares * tau) / total };
}

function beyondNoise(variance: number, noise: Float64Array | undefined, effective: number) {
  const known = noise?.filter((s) => s > 0);
  if (!known || known.length < LEAST_VOXELS)
    return { voxelEsd: Number.NaN, heterogeneity: Number.NaN, heterogeneityEsd: Number.NaN };
  const counting = known.reduce((sum, s) => sum + s * s, 0) / known.length;
  const heterogeneity = Math.sqrt(Math.max(0, variance - counting));
  // of a variance from n values: 2 / (n - 1) of its square; at 0 the spread that it could hide
  const varianceEsd = variance * Math.sqrt(2 / Math.max(1, effective - 1));
  const heterogeneityEsd =
    heterogeneity ** 2 > varianceEsd ? varianceEsd / (2 * heterogeneity) : Math.sqrt(varianceEsd);
  return { voxelEsd: quantile(known, 0.5), heterogeneity, heterogeneityEsd };
}
