/** What the views of a comparison share. */

import type { ResultInfo } from "../../server/wire.ts";
import { type ColourMapName, percentileLimits } from "../../stages/figure/index.ts";
import type { Point } from "../parts/map-plot.tsx";
import type { MapDifference } from "./compare-statistics.ts";
import { fullTitle, type LoadedMap } from "./loaded-map.ts";

export type Detail = "over-esd" | "esd-first" | "esd-second" | "esd-both";

export interface CompareSettings {
  /** names of the maps; left out: chosen by defaultPair */
  readonly a?: string;
  readonly b?: string;
  /** the second map's file; left out: the same */
  readonly fileB?: string;
  readonly detail: Detail;
  /** colours of both maps; left out: percentiles of both together */
  readonly limitsAB?: readonly [number, number];
  readonly colourMap: ColourMapName;
  /** [x, y] of the picked voxel, the same in all modes */
  readonly voxel?: readonly [number, number];
}
export const COMPARE_DEFAULTS: CompareSettings = { detail: "over-esd", colourMap: "viridis" };

export interface Comparison {
  readonly info: ResultInfo;
  readonly first: LoadedMap;
  readonly second: LoadedMap;
  readonly difference: MapDifference;
  /** colours of both */
  readonly limits: readonly [number, number];
}

export interface LinkedViewProps {
  readonly comparison: Comparison;
  readonly settings: CompareSettings;
  readonly change: (part: Partial<CompareSettings>) => void;
  readonly cursor: Point | undefined;
  readonly onHover: (at: Point | undefined) => void;
  readonly onPick: (at: Point) => void;
}

/** The 1st to the 99th percentile of both maps where both have a converged value. */
export function sharedLimits(first: LoadedMap, second: LoadedMap, isUsed: ArrayLike<number>): [number, number] {
  const both = [first.values, second.values].flatMap((values) => Array.from(values).filter((_, i) => isUsed[i] === 1));
  return percentileLimits(both);
}

/** Values where both maps converged, NaN elsewhere: fits that failed say nothing about a difference. */
export const usedOnly = (values: ArrayLike<number>, isUsed: ArrayLike<number>): Float64Array =>
  Float64Array.from(values, (value, i) => (isUsed[i] === 1 ? value : Number.NaN));

/** The titles of both, with the file where there are two. */
export function titlesOf({ first, second }: Pick<Comparison, "first" | "second">): readonly [string, string] {
  const isOneFile = first.file === second.file;
  const titled = (map: LoadedMap): string => (isOneFile ? fullTitle(map.info) : `${fullTitle(map.info)}, ${map.file}`);
  return [titled(first), titled(second)];
}

/** The unit of the difference: that of the maps where they share one. */
export const differenceUnit = ({ first, second }: Pick<Comparison, "first" | "second">): string =>
  first.info.unit === second.info.unit ? first.info.unit : `${second.info.unit || "1"} − ${first.info.unit || "1"}`;
