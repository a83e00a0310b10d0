/** The image that is looked at: a map with its uncertainties and statuses, or the mean over chosen bins. */
import { useMemo } from "react";
import type { ArrayInfo, ResultInfo } from "../../server/wire.ts";
import { type ApiError, type Params, useArrays } from "../core/api.ts";
import { useLast } from "../core/cursor.ts";
import { withUnit } from "../core/format.ts";
import { labelled, mapParams } from "./loaded-map.ts";
import { binEdges, RADIAL_LABELS, toRadialUnit, withRadialUnit } from "./radial-unit.ts";
import type { OneState } from "./view-state.ts";

export interface ShownImage {
  readonly kind: "map" | "bins";
  /** of the array in the file */
  readonly array: string;
  readonly title: string;
  readonly unit: string;
  /** for the colour bar */
  readonly label: string;
  readonly rows: number;
  readonly cols: number;
  /** [y, x] as the colours show them */
  readonly shown: ArrayLike<number>;
  /** [y, x] */
  readonly values: ArrayLike<number>;
  readonly esd?: ArrayLike<number>;
  readonly status?: ArrayLike<number>;
}

const STAGE_TITLES: Readonly<Record<string, string>> = { dlsr: "direct (DLSR)", absorb: "absorption" };

/** "NMC532 c", "NMC532 c, direct (DLSR)" */
export function titleOf({ name, title }: ArrayInfo): string {
  const stage = STAGE_TITLES[name.split("/")[0]!];
  return stage ? `${title}, ${stage}` : title;
}

/** "image of 4.21° to 4.35°", in the unit that the pattern is read in. */
export function binsText(info: ResultInfo, [from, to]: readonly [number, number], unit?: OneState["unit"]): string {
  const { axis } = info;
  const { values } = axis ?? {};
  if (values && axis?.unit === "channel") {
    return to - from === 1 ? `channel ${values[from]}` : `channels ${values[from]} to ${values[to - 1]}`;
  }
  if (!axis) return to - from === 1 ? `bin ${from}` : `bins ${from} to ${to - 1}`;
  const shownIn = unit ?? axis.unit;
  const ends = toRadialUnit(binEdges(axis.values, from, to), axis.unit, shownIn, info).sort();
  const [low, high] = [withRadialUnit(ends[0]!, shownIn), withRadialUnit(ends[1]!, shownIn)];
  // "2.57 to 2.76 Å⁻¹", "4.21° to 4.35°"
  const suffix = RADIAL_LABELS[shownIn].unit && ` ${RADIAL_LABELS[shownIn].unit}`;
  return `${suffix && low.endsWith(suffix) ? low.slice(0, -suffix.length) : low} to ${high}`;
}

export interface Shown {
  /** the last that is complete, while the next is on its way */
  readonly image: ShownImage | undefined;
  readonly isLate: boolean;
  readonly error: ApiError | null;
}

/** @param map the array that is chosen; undefined in a result without maps */
export function useShownImage(info: ResultInfo, map: ArrayInfo | undefined, state: OneState): Shown {
  const isMap = state.show === "map" && map !== undefined;
  const ofMap = useMapImage(info, map, state, isMap);
  const ofBins = useBinImage(info, info.volume, state, !isMap);
  const { image, error } = isMap ? ofMap : ofBins;
  const last = useLast(image);
  return { image: image ?? last, isLate: image === undefined, error };
}

function useMapImage(info: ResultInfo, map: ArrayInfo | undefined, { part, isStrict }: OneState, isOn: boolean) {
  const { data, error } = useArrays("array", map ? mapParams(info.file, map) : {}, { off: !isOn });
  const image = useMemo((): ShownImage | undefined => {
    if (!data || !map) return undefined;
    const { values, esd, status } = data.values;
    const chosen = part === "esd" && esd ? esd : values!;
    const title = part === "esd" && esd ? `esd of ${titleOf(map)}` : titleOf(map);
    const [rows = 0, cols = 0] = map.shape;
    return {
      kind: "map",
      array: map.name,
      title,
      unit: map.unit,
      label: labelled(title, map.unit),
      rows,
      cols,
      shown: isStrict && status ? Float64Array.from(chosen, (v, i) => (status[i] ? Number.NaN : v)) : chosen,
      values: values!,
      ...(esd && { esd }),
      ...(status && { status }),
    };
  }, [data, map, part, isStrict]);
  return { image, error };
}

/** The mean over the chosen bins of a stack: of the volume an image of the slice, of the sinogram a sinogram. */
export function useBinImage(info: ResultInfo, stack: string | undefined, state: OneState, isOn: boolean) {
  const { bins, side } = state;
  const params: Params = { file: info.file, stack, from: bins?.[0], to: bins?.[1], side: side || undefined };
  const { data, error } = useArrays("image", params, { off: !isOn || !stack || !bins });
  const array = info.arrays.find(({ name }) => name === stack);
  const image = useMemo((): ShownImage | undefined => {
    if (!data || !bins || !array) return undefined;
    const [rows = 0, cols = 0] = data.shapes["values"]!;
    const values = data.values["values"]!;
    const title = `mean of ${binsText(info, bins, state.unit)}${side ? `, less ${side} bins on either side` : ""}`;
    return {
      kind: "bins",
      array: array.name,
      title,
      unit: array.unit,
      label: withUnit("mean", array.unit && `(${array.unit})`),
      rows,
      cols,
      shown: values,
      values,
    };
  }, [data, bins, array, side, info, state.unit]);
  return { image, error };
}
