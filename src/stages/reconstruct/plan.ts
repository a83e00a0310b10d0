import { createProjectorGeometry, LANES, type ProjectorGeometry, STRIP } from "../../projector/index.ts";
import { type AngleWeights, angleWeights } from "./angle-weights.ts";
import { DEFAULT_ITERATIONS, ReconstructConfig, type ReconstructConfigInput } from "./config.ts";
import { type FourierPlan, inTransformOrder, planFourier, rampSpectrum, varianceSpectrum } from "./filter.ts";
import { reconstructable } from "./reconstructable.ts";

export interface SinogramGeometry {
  /** [angle] degrees, in the order of the data */
  readonly omegaDeg: ArrayLike<number>;
  readonly translations: number;
  /** translation index of the rotation axis, fraction allowed */
  readonly rotationAxis: number;
  readonly stepMm: number;
  /** [y, x] 1 inside the sample; without it the circle that fits the grid */
  readonly sample?: Uint8Array;
}

/** Everything that all bins of a scan share. Plain data: it may be made once and posted to workers. */
export interface ReconstructionPlan {
  readonly config: ReconstructConfig;
  readonly iterations: number;
  readonly projector: ProjectorGeometry;
  readonly angles: AngleWeights;
  readonly fourier: FourierPlan;
  /** in transform order */
  readonly filterSpectrum: Float32Array;
  readonly varianceSpectrum: Float32Array;
  readonly stepMm: number;
  /** what a reconstruction in value per voxel is multiplied by */
  readonly scale: number;
  /** [y, x] 1 where every angle's ray was measured */
  readonly reconstructable: Uint8Array;
}

/** @throws InputError "projector-no-angles" | "projector-no-translations" | "projector-axis" | "projector-sample-shape" */
export function createReconstructionPlan(input: ReconstructConfigInput, scan: SinogramGeometry): ReconstructionPlan {
  const config = ReconstructConfig.parse(input);
  const projector = createProjectorGeometry({
    omegaDeg: scan.omegaDeg,
    translations: scan.translations,
    rotationAxis: scan.rotationAxis,
    ...(config.size !== undefined && { size: config.size }),
    ...(scan.sample && { sample: scan.sample }),
  });
  const fourier = planFourier(scan.translations);
  const ramp = rampSpectrum(config.filter, config.cutoff, scan.translations, fourier.length);
  return {
    config,
    iterations: config.iterations ?? (config.method === "fbp" ? 0 : DEFAULT_ITERATIONS[config.method]),
    projector,
    angles: angleWeights(scan.omegaDeg),
    fourier,
    filterSpectrum: inTransformOrder(ramp, fourier),
    varianceSpectrum: inTransformOrder(varianceSpectrum(ramp, scan.translations, fourier.length), fourier),
    stepMm: scan.stepMm,
    scale: config.valuesPer === "mm" ? 1 / scan.stepMm : 1,
    reconstructable: reconstructable(projector),
  };
}

/**
 * Memory of one call of reconstructBlock, in bytes: `fixed` in the kernels' arena, whatever the number of bins, and
 * `perBin` for the sinogram and the volume that the caller holds (each once more for its sigma, where used).
 */
export function planMemory({ config, projector, fourier }: ReconstructionPlan): { fixed: number; perBin: number } {
  const { angles, translations, size, rowLength } = projector;
  const rows = 4 * LANES * angles * rowLength;
  const image = 4 * LANES * size * size;
  const tables = 16 * angles + 8 * size + 24 * fourier.length + 64 * 1024;
  const fixed =
    config.method === "fbp"
      ? rows + 4 * LANES * (STRIP * size + fourier.length) + tables
      : 3 * rows + 4 * image + 4 * (angles * rowLength + size * size) + tables;
  return { fixed, perBin: 4 * (angles * translations + size * size) };
}
