import type { ParameterMap } from "../../data/index.ts";
import { isKnown, type MapSeries } from "./map-series.ts";

export interface ChangeMaps {
  /** last - first of the steps that know the voxel; NaN unless it is known in the first and the last step of the series */
  readonly difference: ParameterMap;
  /** per hour, of the straight line through all steps weighed by 1/esd², or evenly where there are no esds */
  readonly slope: ParameterMap;
  /** reduced chi² of that line: far over 1 where the voxel did not change evenly; NaN with fewer than 3 steps or no esds */
  readonly slopeMisfit: ParameterMap;
  /** hours: the middle of the interval whose change stands out most of an even one; NaN where none does significantly */
  readonly largestAt: ParameterMap;
}

/**
 * How every voxel of a map changed over the series.
 *
 * @param significance esds by which a change between neighbouring steps must differ from an even one, to have a time
 */
export function changeMaps(series: MapSeries, significance: number): ChangeMaps {
  const { name, unit, ny, nx, timeH, steps } = series;
  const blank = (part: string, of: string, hasEsd = false): ParameterMap & { esd: Float32Array } => {
    const make = (): Float32Array => new Float32Array(ny * nx).fill(Number.NaN);
    const map = { name: `${name}/${part}`, ny, nx, unit: of, values: make() };
    return (hasEsd ? { ...map, esd: make() } : map) as ParameterMap & { esd: Float32Array };
  };
  const maps = {
    difference: blank("difference", unit, true),
    slope: blank("slope", unit ? `${unit}/h` : "1/h", true),
    slopeMisfit: blank("slope_misfit", ""),
    largestAt: blank("largest_change_at", "h"),
  };
  const present = [...steps.keys()].filter((k) => steps[k] !== undefined);
  const [first, last] = [present[0], present.at(-1)];
  if (first === undefined || last === first) return maps;
  for (let voxel = 0; voxel < ny * nx; voxel++) {
    const known = present.filter((k) => isKnown(steps[k]!, voxel));
    const points = known.map((k) => ({
      timeH: timeH[k]!,
      value: steps[k]!.values[voxel]!,
      esd: steps[k]!.esd?.[voxel] ?? Number.NaN,
    }));
    if (known.length < 2) continue;
    if (known[0] === first && known.at(-1) === last) {
      const [from, to] = [points[0]!, points.at(-1)!];
      maps.difference.values[voxel] = to.value - from.value;
      maps.difference.esd[voxel] = Math.hypot(to.esd, from.esd);
    }
    const line = straightLine(points);
    maps.slope.values[voxel] = line.slope;
    maps.slope.esd[voxel] = line.esd;
    maps.slopeMisfit.values[voxel] = line.reducedChi2;
    maps.largestAt.values[voxel] = fastestChange(points, line.slope, significance);
  }
  return maps;
}

interface Point {
  readonly timeH: number;
  readonly value: number;
  readonly esd: number;
}

/** Weighted least squares; the esd is that of the weights, or of the residuals where there are no esds. */
function straightLine(points: readonly Point[]): { slope: number; esd: number; reducedChi2: number } {
  const hasEsd = points.every(({ esd }) => esd > 0);
  let [weight, timeH, value] = [0, 0, 0];
  for (const point of points) {
    const w = hasEsd ? point.esd ** -2 : 1;
    weight += w;
    timeH += (w * (point.timeH - timeH)) / weight;
    value += (w * (point.value - value)) / weight;
  }
  let [tt, tv, vv] = [0, 0, 0];
  for (const point of points) {
    const w = hasEsd ? point.esd ** -2 : 1;
    const [t, v] = [point.timeH - timeH, point.value - value];
    tt += w * t * t;
    tv += w * t * v;
    vv += w * v * v;
  }
  const slope = tv / tt;
  const reduced = Math.max(0, vv - slope * tv) / (points.length - 2);
  const isOver = points.length > 2;
  return {
    slope,
    esd: hasEsd ? 1 / Math.sqrt(tt) : isOver ? Math.sqrt(reduced / tt) : Number.NaN,
    reducedChi2: hasEsd && isOver ? reduced : Number.NaN,
  };
}

/** The interval in which the voxel changed most beyond its straight line, in the same direction. */
function fastestChange(points: readonly Point[], slope: number, significance: number): number {
  let [most, at] = [significance, Number.NaN];
  const direction = Math.sign(points.at(-1)!.value - points[0]!.value);
  for (let k = 1; k < points.length; k++) {
    const [from, to] = [points[k - 1]!, points[k]!];
    const excess = direction * (to.value - from.value - slope * (to.timeH - from.timeH));
    const esds = excess / Math.hypot(from.esd, to.esd);
    if (esds > most) {
      most = esds;
      at = (from.timeH + to.timeH) / 2;
    }
  }
  return at;
}
