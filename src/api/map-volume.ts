/** Every voxel of a slice fitted, by peaks or by Rietveld. */
import type * as z from "zod";
import type { ParameterMap, Pattern } from "../data/index.ts";
import type { LoadedModel } from "../pipeline/refine/load-model.ts";
import { bulkOfSlice, planRietveldMap } from "../pipeline/refine/rietveld-map.ts";
import { findAir, meanPattern, type SampledVolume } from "../pipeline/sample.ts";
import { mapColumns, VOXEL_BLOCK } from "../pipeline/tasks/map-task.ts";
import {
  type BulkPhase,
  createPeakPlan,
  createVoxelRefiner,
  fitPeaksBlock,
  MapConfig,
  type MapConfigInput,
  type PeakBlockResult,
  type RietveldBlockResult,
  RietveldMapConfig,
  type VoxelBlock,
} from "../stages/map/index.ts";
import { type RefinementResult, settleConfig } from "../stages/refine/index.ts";
import type { ScanGeometry, SliceVolume } from "./arrays.ts";
import { sharedKernels, withKernels } from "./shared-kernels.ts";

/** What voxels are fitted. */
export interface MapVolumeOptions extends ScanGeometry {
  /** voxels whose mean intensity is under this share of the bright ones' are air and not fitted; default 0.01 */
  readonly sampleThreshold?: number;
}

/** What a Rietveld map comes to. */
export interface RietveldMaps {
  /** [y, x] each, with esd and status: "NMC532/a", "NMC532/weight_fraction", "rwp" ... */
  readonly maps: ParameterMap[];
  /** [bin] of the voxels that were fitted, with sigma where the volume has it */
  readonly meanPattern: Pattern;
  /** of the mean pattern, from which every voxel starts */
  readonly refinement: RefinementResult;
  /** the model as the mean pattern settled it */
  readonly settled: LoadedModel;
  /** weight fractions of the whole slice, 0 to 1, with esd */
  readonly bulk: readonly BulkPhase[];
}

/**
 * Peaks fitted in every voxel: area, position, width, d, and lattice parameters from several.
 *
 * @param config regions with their peaks, lattices: the settings `map` of scan.yaml, in the unit of the volume's axis
 * @returns maps [y, x] named as "Al/200/position", each with esd and status (STATUS)
 * @throws InputError as createPeakPlan
 */
export function mapPeaks(volume: SliceVolume, config: MapConfigInput, options: MapVolumeOptions = {}): ParameterMap[] {
  const { sampleThreshold = 0.01, wavelengthA, distanceM } = options;
  const sampled = sampledVolume(volume);
  const mask = findAir(sampled, sampleThreshold);
  const plan = createPeakPlan(MapConfig.parse(config), volume.axis, {
    ...(wavelengthA !== undefined && { wavelengthA }),
    ...(distanceM !== undefined && { distanceM }),
    summedPattern: meanPattern(sampled, mask),
    hasSigma: volume.sigma !== undefined,
  });
  const blocks = eachVoxelBlock(volume, mask, (block) => withKernels((kernels) => fitPeaksBlock(kernels, plan, block)));
  return joinMaps(volume, mapColumns(plan, undefined), blocks);
}

/**
 * Rietveld refinement in every voxel, starting from that of the mean pattern.
 *
 * @param model  as loadModel or parseModel read it; its wavelength, or else options.wavelengthA
 * @param config the settings `map.rietveld` of scan.yaml but for the model
 * @throws InputError as planRietveldMap: models and mean patterns that cannot be refined
 */
export function mapRietveld(
  volume: SliceVolume,
  model: LoadedModel,
  config: Omit<z.input<typeof RietveldMapConfig>, "model" | "phaseMasks" | "start"> = {},
  options: MapVolumeOptions = {},
): RietveldMaps {
  const { sampleThreshold = 0.01, wavelengthA } = options;
  const isReconstructed = volume.reconstructable !== undefined;
  const sampled = sampledVolume(volume);
  const mask = findAir(sampled, sampleThreshold);
  const settings = RietveldMapConfig.parse({ ...config, model: model.path });
  const kernels = sharedKernels();
  const mean = meanPattern(sampled, mask);
  const refined = planRietveldMap(kernels, settings, model, mean, {
    ...{ wavelengthA, hasSigma: volume.sigma !== undefined, isReconstructed },
  });
  const refiner = createVoxelRefiner(kernels, refined.plan);
  try {
    const blocks = eachVoxelBlock(volume, mask, (block) => refiner.refine(block));
    const maps = joinMaps(volume, mapColumns(undefined, refined.plan), blocks);
    const named = maps.map((map) => ({ ...map, name: `map/${map.name}` }));
    const { config: given, result } = refined;
    const settled = { ...model, config: settleConfig(given, result.parameters) };
    return { maps, meanPattern: mean, refinement: result, settled, bulk: bulkOfSlice(refined, named) };
  } finally {
    refiner.close();
  }
}

function sampledVolume({ axis, ny, nx, data, sigma, reconstructable }: SliceVolume): SampledVolume {
  const bins = axis.values.length;
  return {
    axis,
    volume: { data, bins },
    ...(sigma && { sigma: { data: sigma, bins } }),
    reconstructable: reconstructable ?? new Uint8Array(ny * nx).fill(1),
  };
}

type Fitted = Pick<PeakBlockResult | RietveldBlockResult, "parameters" | "status">;

/** Blocks as the pipeline cuts them, because a Rietveld fit starts from its neighbour within the block. */
function eachVoxelBlock(
  { ny, nx, axis, data, sigma }: SliceVolume,
  mask: Uint8Array,
  fitBlock: (block: VoxelBlock) => Fitted,
): Fitted[] {
  const bins = axis.values.length;
  const done: Fitted[] = [];
  for (let start = 0; start < ny * nx; start += VOXEL_BLOCK) {
    const end = Math.min(start + VOXEL_BLOCK, ny * nx);
    const some = (values: Float32Array): Float32Array => values.subarray(start * bins, end * bins);
    done.push(
      fitBlock({ patterns: some(data), mask: mask.subarray(start, end), ...(sigma && { sigma: some(sigma) }) }),
    );
  }
  return done;
}

function joinMaps(
  { ny, nx }: SliceVolume,
  columns: ReturnType<typeof mapColumns>,
  blocks: readonly Fitted[],
): ParameterMap[] {
  const joined = <T extends Float32Array | Uint8Array>(out: T, of: (block: Fitted) => ArrayLike<number>): T => {
    blocks.forEach((block, i) => {
      out.set(of(block), i * VOXEL_BLOCK);
    });
    return out;
  };
  const voxels = ny * nx;
  const values = columns.filter(({ kind }) => kind === "value");
  return values.map(({ name, unit, statusOf }): ParameterMap => {
    const hasEsd = columns.some((column) => column.name === name && column.kind === "esd");
    return {
      ...{ name, ny, nx, unit },
      values: joined(new Float32Array(voxels), ({ parameters }) => parameters[name]!.values),
      ...(hasEsd && { esd: joined(new Float32Array(voxels), ({ parameters }) => parameters[name]!.esd!) }),
      ...(statusOf !== undefined && { status: joined(new Uint8Array(voxels), ({ status }) => status[statusOf]!) }),
    };
  });
}
