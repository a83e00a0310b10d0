/** The sample in a volume that is too large for memory: which voxels hold it, and their mean pattern. */
import type { Axis, Pattern } from "../data/index.ts";
import { type ArrayReference, openArray } from "./array-reference.ts";

/** [voxel, bin] in memory. */
export interface VoxelPatterns {
  readonly data: Float32Array;
  readonly bins: number;
}

/** A volume whose patterns are in memory, or in an array on disk. */
export interface SampledVolume {
  readonly axis: Axis;
  readonly volume: ArrayReference | VoxelPatterns;
  readonly sigma?: ArrayReference | VoxelPatterns;
  /** [y, x] 1 where the voxel was seen at every angle */
  readonly reconstructable: Uint8Array;
}

type Visit = (values: Float32Array, items: number, width: number, firstBin: number) => void;

/** Goes through an array a block of bins at a time. */
function eachBlock(reference: SampledVolume["volume"], visit: Visit): void {
  if ("data" in reference) {
    const { data, bins } = reference;
    visit(data, data.length / bins, bins, 0);
    return;
  }
  const array = openArray(reference);
  try {
    let firstBin = 0;
    for (let block = 0; block < array.blocks; block++) {
      const width = array.width(block);
      const values = new Float32Array(array.items * width);
      array.readBlock(block, values);
      visit(values, array.items, width, firstBin);
      firstBin += width;
    }
  } finally {
    array.close();
  }
}

/** [voxel] sum of a voxel's pattern. */
export function summedIntensity({ volume }: Pick<SampledVolume, "volume">): Float64Array {
  const sum = new Float64Array("data" in volume ? volume.data.length / volume.bins : volume.items);
  eachBlock(volume, (values, items, width) => {
    for (let item = 0; item < items; item++) {
      let partial = 0;
      for (let bin = 0; bin < width; bin++) {
        const value = values[item * width + bin]!;
        if (Number.isFinite(value)) partial += value;
      }
      sum[item] = sum[item]! + partial;
    }
  });
  return sum;
}

/**
 * Voxels to leave out: those not seen at every angle, and those whose mean intensity is under a share of the bright
 * ones' (the 95th percentile): air, where a fit would find peaks in noise.
 *
 * @returns [voxel] 1 = leave out
 */
export function findAir({ volume, reconstructable }: Omit<SampledVolume, "axis">, threshold: number): Uint8Array {
  const sum = summedIntensity({ volume });
  const seen = sum.filter((_, i) => reconstructable[i]).sort();
  const least = threshold * (seen[Math.round(0.95 * (seen.length - 1))] ?? 0);
  return Uint8Array.from(reconstructable, (isSeen, i) => (isSeen && (threshold === 0 || sum[i]! > least) ? 0 : 1));
}

/** Mean over the voxels that are not left out, with its uncertainty where the voxels have one. */
export function meanPattern(
  { axis, volume, sigma }: Omit<SampledVolume, "reconstructable">,
  mask: Uint8Array,
): Pattern {
  const mean = meanOf(axis.values.length, mask, volume, (value) => value);
  if (!sigma) return { axis, intensity: mean.values };
  // Voxels of one slice are correlated; sqrt(mean variance / voxels) is a lower bound, good enough for start values.
  const variance = meanOf(axis.values.length, mask, sigma, (value) => value * value);
  return {
    axis,
    intensity: mean.values,
    sigma: variance.values.map((value) => Math.sqrt(value / Math.max(1, variance.count))),
  };
}

function meanOf(
  bins: number,
  mask: Uint8Array,
  reference: SampledVolume["volume"],
  f: (value: number) => number,
): { values: Float64Array; count: number } {
  const sums = new Float64Array(bins);
  const counts = new Float64Array(bins);
  eachBlock(reference, (values, items, width, firstBin) => {
    for (let item = 0; item < items; item++) {
      if (mask[item]) continue;
      for (let bin = 0; bin < width; bin++) {
        const value = f(values[item * width + bin]!);
        if (!Number.isFinite(value)) continue;
        sums[firstBin + bin] = sums[firstBin + bin]! + value;
        counts[firstBin + bin] = counts[firstBin + bin]! + 1;
      }
    }
  });
  return { values: sums.map((sum, bin) => sum / counts[bin]!), count: Math.max(0, ...counts) };
}
