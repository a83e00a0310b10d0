/** What a result file tells of its Rietveld map: the slice that it is of, and the plan that its voxels were fitted by. */
import { InputError, STATUS } from "../../data/index.ts";
import type { Result } from "../../files/result-reader.ts";
import { MapConfig, type RietveldPlan, type VoxelBlock } from "../../stages/map/index.ts";
import type { RefinementResult } from "../../stages/refine/index.ts";
import { readPatternOf } from "../result-figures.ts";
import type { LoadedModel } from "./load-model.ts";
import { planVoxels } from "./rietveld-map.ts";

export interface Slice {
  readonly name: string;
  readonly ny: number;
  readonly nx: number;
  readonly bins: number;
  readonly hasSigma: boolean;
}

/** More than any result has. */
const MOST_VOXELS = 64e6;
const MOST_BINS = 1e6;

/** @throws InputError "voxel-needs-slice" | "slice-too-large" */
export function sliceOf(result: Result): Slice {
  const list = result.list();
  const found = ["reconstruct/data", "read/data"].flatMap((name) => list.filter((entry) => entry.name === name))[0];
  if (!found) {
    throw new InputError(
      "voxel-needs-slice",
      "This result holds no reconstructed slice, so it has no voxels to refine. Run the scan up to reconstruct or map.",
    );
  }
  const [ny, nx, bins] = found.shape as [number, number, number];
  const hasSigma = list.some(({ name }) => name === `${found.name}_esd`);
  if (!(ny * nx <= MOST_VOXELS && bins <= MOST_BINS)) {
    throw new InputError(
      "slice-too-large",
      `${found.name} is said to be [${found.shape.join(", ")}], more than ${MOST_VOXELS / 1e6} million voxels of ${MOST_BINS / 1e6} million bins. The file is damaged.`,
    );
  }
  return { name: found.name, ny, nx, bins, hasSigma };
}

/** The plan of the map, with a number for every background term too: the curve needs them all. */
export function mapPlanOf(result: Result, { config, files }: LoadedModel): RietveldPlan {
  const { wavelengthA, parameters } = JSON.parse(result.readNote("map/refinement")!) as RefinementResult;
  const { settings } = result.processes().find(({ stage }) => stage === "map")!.config as { settings: unknown };
  const { name, hasSigma } = sliceOf(result);
  // the model as text is rounded to what its esds can tell; the bits need all digits
  const exact = config.wavelength ? { ...config, wavelength: { ...config.wavelength, value: wavelengthA } } : config;
  const plan = planVoxels(
    MapConfig.parse(settings).rietveld!,
    { config: exact, files },
    readPatternOf(result, "map/summed_pattern"),
    parameters,
    { hasSigma, isReconstructed: name === "reconstruct/data" },
  );
  const mapped = new Set(plan.parameters.map((one) => one.name));
  const others = plan.refined.filter((one) => !mapped.has(one));
  return {
    ...plan,
    parameters: [...plan.parameters, ...others.map((one) => ({ name: one, unit: "", hasEsd: true, group: "fit" }))],
  };
}

/** Voxels one after the other, row by row. */
export function readVoxels(
  result: Result,
  slice: Slice,
  start: number,
  count: number,
  fitStatus: Uint8Array,
): VoxelBlock {
  const { name, nx, bins, hasSigma } = slice;
  const [first, last] = [Math.floor(start / nx), Math.floor((start + count - 1) / nx)];
  const read = (array: string): Float32Array => {
    const rows = result.readArray(array, [first, 0, 0], [last - first + 1, nx, bins]) as Float32Array;
    return rows.subarray((start - first * nx) * bins, (start - first * nx + count) * bins);
  };
  return {
    patterns: read(name),
    mask: fitStatus.subarray(start, start + count).map((status) => (status === STATUS.notFitted ? 1 : 0)),
    ...(hasSigma && { sigma: read(`${name}_esd`) }),
  };
}
