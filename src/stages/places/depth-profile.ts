/** Means of an unwound map: from the surface of a coating to its collector, and along the electrode. */
import type { UnwoundMap } from "./unwind.ts";

/** One row of a profile. */
export interface ProfileRow {
  /** depth (0 surface, 1 collector) or mm along the electrode */
  readonly at: number;
  readonly mean: number;
  /** of the mean, from the uncertainties of the voxels; NaN where the map has none */
  readonly esd: number;
  /** standard deviation over what was averaged */
  readonly spread: number;
  /** of the mean, from the spread and the number of voxels: what is not all the same is not known better than this */
  readonly standardError: number;
  /** voxels that it rests on */
  readonly voxels: number;
}

/**
 * From the surface (0) to the collector (1), over a length of electrode or all of it.
 *
 * @param range mm along the electrode
 */
export function depthProfile(map: UnwoundMap, range?: readonly [number, number]): ProfileRow[] {
  const columns = [...map.alongMm.keys()].filter(
    (s) => range === undefined || (map.alongMm[s]! >= range[0] && map.alongMm[s]! < range[1]),
  );
  const width = map.alongMm.length;
  return Array.from(map.depth, (at, d) =>
    rowOf(
      at,
      map,
      columns.map((s) => d * width + s),
    ),
  );
}

/** Along the electrode, over all depths. */
export function alongProfile(map: UnwoundMap): ProfileRow[] {
  const width = map.alongMm.length;
  return Array.from(map.alongMm, (at, s) =>
    rowOf(
      at,
      map,
      Array.from(map.depth, (_, d) => d * width + s),
    ),
  );
}

function rowOf(at: number, { values, esd, area }: UnwoundMap, bins: readonly number[]): ProfileRow {
  let [weight, sum, squares, variance] = [0, 0, 0, 0];
  for (const bin of bins) {
    const [value, share] = [values[bin]!, area[bin]!];
    if (!Number.isFinite(value) || !(share > 0)) continue;
    weight += share;
    sum += share * value;
    squares += share * value * value;
    if (esd) variance += (share * esd[bin]!) ** 2;
  }
  const mean = weight > 0 ? sum / weight : Number.NaN;
  const spread = weight > 0 ? Math.sqrt(Math.max(0, squares / weight - mean * mean)) : Number.NaN;
  return {
    at,
    mean,
    esd: esd && weight > 0 ? Math.sqrt(variance) / weight : Number.NaN,
    spread,
    standardError: weight > 1 ? spread / Math.sqrt(weight - 1) : Number.NaN,
    voxels: weight,
  };
}
