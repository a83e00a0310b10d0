/** Two maps of the same voxels: their difference, its uncertainty, and what both are in numbers. */
import { STATUS } from "../../data/volume.ts";

export interface ComparedMap {
  /** [y, x]; NaN: no value */
  readonly values: ArrayLike<number>;
  readonly esd?: ArrayLike<number>;
  /** of STATUS */
  readonly status?: ArrayLike<number>;
}

export interface MapDifference {
  /** [voxel] second less first; NaN where either has no value */
  readonly difference: Float64Array;
  /** [voxel] √(esd₁² + esd₂²), of one alone where the other has none; NaN where neither has */
  readonly esd: Float64Array;
  /** [voxel] difference / esd */
  readonly overEsd: Float64Array;
  /** [voxel] 1 where both have a value and, where they have a status, converged */
  readonly isUsed: Uint8Array;
}

/** The esds are taken for independent, which those of two analyses of one measurement are not quite. */
export function differenceOf(first: ComparedMap, second: ComparedMap): MapDifference {
  const n = first.values.length;
  const [difference, esd, overEsd] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)];
  const isUsed = new Uint8Array(n);
  const esds = [first.esd, second.esd].filter((one) => one !== undefined);
  for (let i = 0; i < n; i++) {
    difference[i] = second.values[i]! - first.values[i]!;
    esd[i] = esds.length > 0 ? Math.hypot(...esds.map((one) => one[i]!)) : Number.NaN;
    overEsd[i] = esd[i]! > 0 ? difference[i]! / esd[i]! : Number.NaN;
    isUsed[i] = Number(Number.isFinite(difference[i]) && isConverged(first, i) && isConverged(second, i));
  }
  return { difference, esd, overEsd, isUsed };
}

const isConverged = ({ status }: ComparedMap, i: number): boolean =>
  status === undefined || status[i] === STATUS.converged;

export interface Statistics {
  readonly count: number;
  readonly mean: number;
  /** standard deviation about the mean, n − 1 */
  readonly sd: number;
  /** root of the mean square, about 0 */
  readonly rms: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Of the finite values where `isUsed` is 1 (everywhere where it is left out); NaN where there are none. */
export function statisticsOf(values: ArrayLike<number>, isUsed?: ArrayLike<number>): Statistics {
  const kept = Float64Array.from(values).filter((value, i) => Number.isFinite(value) && (isUsed?.[i] ?? 1) === 1);
  kept.sort();
  const count = kept.length;
  const mean = kept.reduce((sum, value) => sum + value, 0) / count;
  const squares = kept.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const at = (i: number): number => kept[i] ?? Number.NaN;
  return {
    count,
    mean,
    sd: count > 1 ? Math.sqrt(squares / (count - 1)) : Number.NaN,
    rms: Math.sqrt(kept.reduce((sum, value) => sum + value * value, 0) / count),
    median: (at(Math.floor((count - 1) / 2)) + at(Math.ceil((count - 1) / 2))) / 2,
    min: at(0),
    max: at(count - 1),
  };
}

/** Pearson's correlation coefficient over the voxels that are used; NaN where either is constant. */
export function correlationOf(a: ArrayLike<number>, b: ArrayLike<number>, isUsed: ArrayLike<number>): number {
  const [meanA, meanB] = [statisticsOf(a, isUsed).mean, statisticsOf(b, isUsed).mean];
  let [aa, bb, ab] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    if (isUsed[i] !== 1) continue;
    const [u, v] = [a[i]! - meanA, b[i]! - meanB];
    aa += u * u;
    bb += v * v;
    ab += u * v;
  }
  return ab / Math.sqrt(aa * bb);
}

/**
 * How often pairs of values occur.
 *
 * @returns [row of b, column of a] counts, bins of equal width over `limits` for both; pairs outside are left out
 */
export function jointCounts(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  isUsed: ArrayLike<number>,
  [lo, hi]: readonly [number, number],
  bins: number,
): Float64Array {
  const counts = new Float64Array(bins * bins);
  const bin = (value: number): number =>
    value >= lo && value <= hi ? Math.min(bins - 1, Math.floor(((value - lo) / (hi - lo)) * bins)) : -1;
  for (let i = 0; i < a.length; i++) {
    const [col, row] = [bin(a[i]!), bin(b[i]!)];
    if (isUsed[i] === 1 && col >= 0 && row >= 0) counts[row * bins + col]!++;
  }
  return counts;
}
