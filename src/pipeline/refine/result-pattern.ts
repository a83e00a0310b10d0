/** A pattern of a result to refine by itself: the mean of the slice, or one voxel with what the map found there. */
import { InputError, type Pattern } from "../../data/index.ts";
import { isMachineFault } from "../../data/machine-fault.ts";
import { openResult, type Result } from "../../files/result-reader.ts";
import { type RefinedParameter, settleConfig } from "../../stages/refine/index.ts";
import { readMeanPattern, readPatternOf } from "../result-figures.ts";
import { type LoadedModel, parseModel } from "./load-model.ts";

export interface ResultPattern {
  readonly pattern: Pattern;
  readonly name: string;
  /** the model of the Rietveld map, settled on the mean pattern or with the voxel's own values; if there is such a map */
  readonly model?: LoadedModel;
}

/** [y, x] */
export type VoxelPlace = readonly [number, number];

/** Whether a file is a result of this program, and not a stack of patterns that somebody else wrote. */
export async function isResult(path: string): Promise<boolean> {
  try {
    (await openResult(path)).close();
    return true;
  } catch (error) {
    if (error instanceof InputError && !isMachineFault(error)) return false;
    throw error;
  }
}

/**
 * @returns undefined where the file is no result of a slice, as one of `integrate`
 * @throws InputError "voxel-outside" | "voxel-needs-slice" and those of openResult
 */
export async function readResultPattern(path: string, voxel?: VoxelPlace): Promise<ResultPattern | undefined> {
  const result = await openResult(path);
  try {
    const names = new Set(result.list().map(({ name }) => name));
    const slice = ["reconstruct/data", "read/data"].find((name) => names.has(name));
    if (!slice) return undefined;
    const settled = modelOf(result, path);
    if (voxel) return voxelOf(result, slice, voxel, path, settled);
    const pattern = names.has("map/summed_pattern")
      ? readPatternOf(result, "map/summed_pattern")
      : readMeanPattern(result, slice);
    return { pattern, name: `${path}, mean pattern`, ...(settled && { model: settled }) };
  } finally {
    result.close();
  }
}

function modelOf(result: Result, path: string): LoadedModel | undefined {
  const text = result.readNote("map/model");
  return text === undefined ? undefined : parseModel(text, `${path}: map/model`, ".");
}

function voxelOf(
  result: Result,
  slice: string,
  [y, x]: VoxelPlace,
  path: string,
  settled: LoadedModel | undefined,
): ResultPattern {
  const [rows, cols, bins] = result.list().find(({ name }) => name === slice)!.shape as [number, number, number];
  if (!(y >= 0 && y < rows && x >= 0 && x < cols)) {
    throw new InputError(
      "voxel-outside",
      `${path} has ${rows} x ${cols} voxels; voxel ${y},${x} (row, column, from 0) is not one of them.`,
    );
  }
  const read = (name: string): Float64Array => Float64Array.from(result.readArray(name, [y, x, 0], [1, 1, bins]));
  const { axis } = readAxisOf(result, slice);
  const hasErrors = result.list().some(({ name }) => name === `${slice}_esd`);
  const pattern = { axis, intensity: read(slice), ...(hasErrors && { sigma: read(`${slice}_esd`) }) };
  const name = `${path}, voxel ${y},${x}`;
  const note = result.readNote("map/refinement");
  if (!settled || note === undefined) return { pattern, name };
  const { parameters } = JSON.parse(note) as { parameters: readonly RefinedParameter[] };
  const own = parameters.map((one) => ofVoxel(result, one, y * cols + x));
  const config = settleConfig(settled.config, own);
  // weights of the mean pattern may not be those of a voxel: its sigma if it has one
  return { pattern, name, model: { ...settled, config: { ...config, weights: hasErrors ? "sigma" : "uniform" } } };
}

const readAxisOf = (result: Result, slice: string): Pick<Pattern, "axis"> => {
  const mean = result.list().find(({ name }) => name === "map/summed_pattern");
  return mean ? readPatternOf(result, mean.name) : readMeanPattern(result, slice);
};

/** Refined where the map refined it, and from the map's value; everything else as the mean pattern left it. */
function ofVoxel(result: Result, parameter: RefinedParameter, at: number): RefinedParameter {
  const { name, value } = parameter;
  const fixed = { ...parameter, esd: null, status: "fixed" as const };
  if (parameter.status === "fixed") return fixed;
  if (name.startsWith("background/")) return { ...parameter, status: "refined" };
  if (!result.list().some((entry) => entry.name === `map/${name}`)) return fixed;
  const found = result.readMap(`map/${name}`).values[at]!;
  // a map keeps scales below 0 for the sake of sums; a pattern by itself has no negative phases
  const own = name.endsWith("/scale") ? Math.max(0, found) : found;
  return {
    ...parameter,
    value: Number.isFinite(own) ? own : value,
    status: Number.isFinite(own) ? "refined" : "fixed",
  };
}
