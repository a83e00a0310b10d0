/** From the mean pattern of a slice and a model.yaml to the plan of a Rietveld map. */
import { resolve } from "node:path";
import { convertAxis, InputError, type ParameterMap, type Pattern } from "../../data/index.ts";
import { openFrames } from "../../files/frames.ts";
import type { Kernels } from "../../kernels/index.ts";
import { type ModelConfig, resolveModel, selectData } from "../../refinement/index.ts";
import {
  type BulkPhase,
  bulkWeightFractions,
  createRietveldPlan,
  type RietveldMapConfig,
  type RietveldPlan,
} from "../../stages/map/index.ts";
import { type RefinementResult, refineNext, refinePattern, type SeriesEntry } from "../../stages/refine/index.ts";
import type { LoadedModel } from "./load-model.ts";

/** Where the model gives no wavelength, the scan's is taken. */
export function withWavelength(config: ModelConfig, wavelengthA: number | undefined): ModelConfig {
  const isGiven = config.wavelength?.value ?? config.energyKeV ?? config.radiation;
  if (isGiven !== undefined || wavelengthA === undefined) return config;
  return { ...config, wavelength: { refine: false, ...config.wavelength, value: wavelengthA } };
}

/** What the plan has to know of the volume that the voxels are of. */
export interface VoxelsOfScan {
  readonly hasSigma: boolean;
  readonly isReconstructed?: boolean;
}

const MEAN_PATTERN = "the mean pattern of the slice";

export interface SummedRefinement {
  readonly result: RefinementResult;
  readonly plan: RietveldPlan;
  /** the model with the scan's wavelength where it had none */
  readonly config: ModelConfig;
}

/** Refines the mean pattern, and lays down what every voxel starts from. */
export function planRietveldMap(
  kernels: Kernels,
  config: RietveldMapConfig,
  { config: given, files }: LoadedModel,
  summed: Pattern,
  scan: VoxelsOfScan & { readonly wavelengthA?: number | undefined; readonly earlier?: SeriesEntry | undefined },
): SummedRefinement {
  const model = withWavelength(given, scan.wavelengthA);
  const name = MEAN_PATTERN;
  const pattern = overTwoTheta(summed, resolveModel(model, files).wavelengthA);
  const weighed = { ...model, weights: weightsFor(model, summed) };
  const result = scan.earlier
    ? refineNext(kernels, weighed, files, pattern, { index: 1, name, variable: 1 }, [scan.earlier]).result
    : refinePattern(kernels, weighed, files, pattern, name);
  if (result.status === "failed" || result.status === "notConverged") {
    throw new InputError(
      "map-summed-pattern",
      `The refinement of ${name} ended ${result.status} (Rwp ${(100 * result.statistics.rwp).toFixed(1)} %), so there is nothing for voxels to start from. Export map/summed_pattern or reconstruct/data with --until reconstruct, refine it with xrdct refine, and put the settled values into the model.`,
    );
  }
  const plan = planVoxels(config, { config: model, files }, summed, result.parameters, scan);
  return { result, plan, config: model };
}

/**
 * What every voxel starts from, once the mean pattern is refined.
 *
 * @param parameters that the refinement of the mean pattern left, with all their digits
 */
export function planVoxels(
  config: RietveldMapConfig,
  { config: model, files }: Pick<LoadedModel, "config" | "files">,
  summed: Pattern,
  parameters: RefinementResult["parameters"],
  { hasSigma, isReconstructed = false }: VoxelsOfScan,
): RietveldPlan {
  const resolved = resolveModel(model, files);
  const { wavelengthA } = resolved;
  const pattern = overTwoTheta(summed, wavelengthA);
  const inUse = selectData(pattern, MEAN_PATTERN, model);
  const bins = binsOf(pattern.axis.values, inUse.twoThetaDeg);
  return createRietveldPlan({
    config,
    model: resolved.model,
    wavelengthA,
    parameters,
    refined: parameters.filter(({ status }) => status !== "fixed").map((parameter) => parameter.name),
    bounds: [...resolved.settings].flatMap(([key, { min, max }]) =>
      min === undefined && max === undefined
        ? []
        : [[key, min ?? Number.NEGATIVE_INFINITY, max ?? Number.POSITIVE_INFINITY] as const],
    ),
    constraints: resolved.constraints,
    bins,
    twoThetaDeg: inUse.twoThetaDeg,
    hasSigma,
    isReconstructed,
    sliceSigma: summed.sigma && Float64Array.from(bins, (bin) => summed.sigma![bin]!),
  });
}

export function overTwoTheta(pattern: Pattern, wavelengthA: number): Pattern {
  const values = convertAxis(pattern.axis.values, pattern.axis.unit, "two-theta", { wavelengthA });
  return { ...pattern, axis: { unit: "two-theta", values } };
}

/** Weight fractions of the whole slice, from what was refined and the maps that came of it. */
export function bulkOfSlice({ result, plan }: SummedRefinement, maps: readonly ParameterMap[]): BulkPhase[] {
  const find = (name: string): ParameterMap | undefined => maps.find((map) => map.name === `map/${name}`);
  const phases = result.phases.flatMap(({ name, weightFraction, weightFractionEsd, density, volume }) => {
    const scale = find(`${name}/scale`);
    if (!scale?.esd || weightFraction === null || density === null) return [];
    return [{ name, weightFraction, weightFractionEsd, density, volume, scale: scale.values, scaleEsd: scale.esd }];
  });
  const isScaled = plan.config.esdScale === "gof" || plan.weights === "uniform";
  // unless the esds of the mean pattern carry the misfit already
  const gof = result.esd.kind === "plain" ? result.statistics.gof : 1;
  return bulkWeightFractions(phases, gof, isScaled ? undefined : find("gof")?.values);
}

/** The mean of reconstructed voxels is no count: without sigma all its points weigh the same. */
const weightsFor = ({ weights }: ModelConfig, { sigma }: Pattern): ModelConfig["weights"] =>
  weights === "auto" && !sigma ? "uniform" : weights;

function binsOf(all: Float64Array, used: Float64Array): Int32Array {
  const out = new Int32Array(used.length);
  let bin = 0;
  used.forEach((value, k) => {
    while (all[bin] !== value) bin++;
    out[k] = bin++;
  });
  return out;
}

/**
 * Voxels where a phase is not: zeros of an image of the map's size.
 *
 * @throws InputError "map-phase-mask"
 */
export async function readPhaseMasks(
  masks: Readonly<Record<string, string>>,
  folder: string,
  phases: readonly string[],
  { ny, nx }: { ny: number; nx: number },
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const [phase, file] of Object.entries(masks)) {
    if (!phases.includes(phase)) {
      throw new InputError(
        "map-phase-mask",
        `map.rietveld.phaseMasks names ${phase}, but the model's phases are ${phases.join(", ")}.`,
      );
    }
    const frames = await openFrames(resolve(folder, file));
    try {
      if (frames.rows !== ny || frames.cols !== nx) {
        throw new InputError(
          "map-phase-mask",
          `${file} has ${frames.rows} x ${frames.cols} pixels; the maps have ${ny} x ${nx}. Give an image of the maps' size, row 0 at the bottom.`,
        );
      }
      found.set(
        phase,
        Uint8Array.from(frames.readFrame(0).data, (value) => (value ? 0 : 1)),
      );
    } finally {
      frames.close();
    }
  }
  return found;
}
