/** A map as the server has it, with what goes with it. */
import { useMemo } from "react";
import type { ArrayInfo, ResultInfo } from "../../server/wire.ts";
import { type ApiError, type Params, useArrays } from "../core/api.ts";

export interface LoadedMap {
  readonly file: string;
  readonly name: string;
  readonly info: ArrayInfo;
  readonly rows: number;
  readonly cols: number;
  /** [y, x]; NaN: no value */
  readonly values: ArrayLike<number>;
  readonly esd?: ArrayLike<number>;
  /** of STATUS */
  readonly status?: ArrayLike<number>;
}

export const mapsOf = (info: ResultInfo | undefined): ArrayInfo[] =>
  info?.arrays.filter(({ kind }) => kind === "map") ?? [];

/** "c (Å)" where the unit is known */
export const labelled = (title: string, unit: string): string => (unit ? `${title} (${unit})` : title);

/** By which analysis a map was made, in the field's words: "conventional" means voxel by voxel, beside the direct one. */
export function stageWords(name: string): string {
  const stage = name.split("/")[0]!;
  if (stage === "map") return "conventional";
  return stage === "dlsr" ? "direct (DLSR)" : stage;
}

/** "NMC532 c, direct (DLSR)" */
export const fullTitle = ({ name, title }: ArrayInfo): string => `${title}, ${stageWords(name)}`;

/** Axes of a map as MapPlot wants them: in mm from the middle of the slice, or voxels from 0 where no step is known. */
export function sliceAxes({ voxelMm }: ResultInfo, rows: number, cols: number) {
  const step = voxelMm ?? 1;
  const unit = voxelMm === undefined ? "voxels" : "mm";
  const startOf = (voxels: number): number => (voxelMm === undefined ? 0 : (-(voxels - 1) / 2) * voxelMm);
  return {
    step: { x: step, y: step },
    start: { x: startOf(cols), y: startOf(rows) },
    xLabel: `x (${unit})`,
    yLabel: `y (${unit})`,
  };
}

/** How a map is asked for with all that goes with it: the same everywhere, so that it is asked for once. */
export function mapParams(file: string, { name, hasEsd, hasStatus }: ArrayInfo): Params {
  const extras = [hasEsd && "esd", hasStatus && "status"].filter(Boolean).join(",");
  return { file, name, with: extras || undefined };
}

/** @param name undefined: nothing is asked for */
export function useMap(
  result: ResultInfo | undefined,
  name: string | undefined,
): { readonly map: LoadedMap | undefined; readonly error: ApiError | null } {
  const info = result?.arrays.find((array) => array.name === name);
  const { data, error } = useArrays("array", result && info ? mapParams(result.file, info) : {}, { off: !info });
  const map = useMemo((): LoadedMap | undefined => {
    if (!result || !info || !data) return undefined;
    const [rows = 0, cols = 0] = info.shape;
    const { values, esd, status } = data.values;
    return { file: result.file, name: info.name, info, rows, cols, values: values!, esd, status };
  }, [result, info, data]);
  return { map, error };
}
