import type { MapStatistics } from "./direct-input.ts";

/** Mean and spread over the voxels that count, as they are and weighted by the scale. */
export function mapStatistics(
  values: ArrayLike<number>,
  esd: ArrayLike<number> | undefined,
  scale: ArrayLike<number>,
  counts: (voxel: number) => boolean,
): MapStatistics {
  const used = Array.from({ length: values.length }, (_, v) => v).filter(
    (v) => counts(v) && Number.isFinite(values[v]!),
  );
  const moments = (weight: (v: number) => number): [mean: number, deviation: number] => {
    const total = used.reduce((sum, v) => sum + weight(v), 0);
    const mean = used.reduce((sum, v) => sum + weight(v) * values[v]!, 0) / total;
    const variance = used.reduce((sum, v) => sum + weight(v) * (values[v]! - mean) ** 2, 0) / total;
    return [mean, Math.sqrt(variance)];
  };
  const [mean, standardDeviation] = moments(() => 1);
  const [weightedMean, weightedStandardDeviation] = moments((v) => Math.max(0, scale[v]!));
  const esds = used.flatMap((v) => (esd && esd[v]! > 0 ? [esd[v]!] : [])).sort((p, q) => p - q);
  return {
    voxels: used.length,
    mean,
    standardDeviation,
    weightedMean,
    weightedStandardDeviation,
    medianEsd: esds[esds.length >> 1] ?? Number.NaN,
  };
}
