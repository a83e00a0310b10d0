/** What the views of a comparison share. */

import { STATUS } from "../../data/volume.ts";
import type { ResultInfo } from "../../server/wire.ts";
import { type Colours, DEFAULT_COLOURS } from "../parts/colour-controls.tsx";
import type { MapDifference } from "./compare-statistics.ts";
import type { LinkedVoxel, PickedVoxel } from "./linked-voxel.ts";
import { fullTitle, type LoadedMap } from "./loaded-map.ts";

export type Detail = "over-esd" | "esd-first" | "esd-second" | "esd-both";

export interface CompareSettings {
  /** names of the maps; left out: chosen by defaultPair */
  readonly a?: string;
  readonly b?: string;
  /** the second map's file; left out: the same */
  readonly fileB?: string;
  readonly detail: Detail;
  /** of both maps; percentiles are of both together */
  readonly compareColours: Colours;
  /** voxels whose fit did not converge are left grey, in all modes */
  readonly isStrict: boolean;
  /** [x, y] of the picked voxel, the same in all modes */
  readonly voxel?: PickedVoxel;
}
export const COMPARE_DEFAULTS: CompareSettings = {
  detail: "over-esd",
  compareColours: DEFAULT_COLOURS,
  isStrict: false,
};

export interface Comparison {
  readonly info: ResultInfo;
  readonly first: LoadedMap;
  readonly second: LoadedMap;
  readonly difference: MapDifference;
  /** of both */
  readonly colours: Colours;
  readonly limits: readonly [number, number];
  readonly isStrict: boolean;
}

export interface LinkedViewProps {
  readonly comparison: Comparison;
  readonly settings: CompareSettings;
  readonly change: (part: Partial<CompareSettings>) => void;
  readonly linked: LinkedVoxel;
}

/** The values of both maps where both converged: what their colours have to reach. */
export const usedOfBoth = (first: LoadedMap, second: LoadedMap, isUsed: ArrayLike<number>): Float64Array =>
  Float64Array.from(
    [first.values, second.values].flatMap((values) => Array.from(values).filter((_, i) => isUsed[i] === 1)),
  );

/** As the map is drawn: without what did not converge where that is asked for. */
export const shownValues = ({ values, status }: LoadedMap, isStrict: boolean): ArrayLike<number> =>
  isStrict && status
    ? Float64Array.from(values, (value, i) => (status[i] === STATUS.converged ? value : Number.NaN))
    : values;

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
