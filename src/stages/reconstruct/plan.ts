import { type Axis, InputError } from "../../data/index.ts";
import { createProjectorGeometry, LANES, type ProjectorGeometry, STRIP } from "../../projector/index.ts";
import { type AngleWeights, angleWeights } from "./angle-weights.ts";
import { DEFAULT_ITERATIONS, ReconstructConfig, type ReconstructConfigInput } from "./config.ts";
import { type FourierPlan, inTransformOrder, planFourier, rampSpectrum, varianceSpectrum } from "./filter.ts";
import { largestWindow, type ParallaxPlan, type ParallaxWindow, planParallax } from "./parallax-plan.ts";
import { reconstructable } from "./reconstructable.ts";
import { workspaceMemory } from "./workspace.ts";

export interface SinogramGeometry {
  /** [angle] degrees, in the order of the data */
  readonly omegaDeg: ArrayLike<number>;
  readonly translations: number;
  /** translation index of the rotation axis, fraction allowed */
  readonly rotationAxis: number;
  readonly stepMm: number;
  /** [y, x] 1 inside the sample; without it the circle that fits the grid */
  readonly sample?: Uint8Array;
  /** of the sinogram's bins; for parallax */
  readonly axis?: Axis;
  /** for parallax on an axis of q */
  readonly wavelengthA?: number;
  /** rotation axis to detector; for parallax */
  readonly distanceMm?: number;
  /** with parallax, windows begin at multiples of this many bins; 32 where left out */
  readonly block?: number;
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
  /** windows of bins, where parallax is undone */
  readonly parallax?: ParallaxPlan;
}

/**
 * Everything that the bins of a scan share in a reconstruction: geometry, filter, weights, memory.
 *
 * @throws InputError "projector-no-angles" | "projector-no-translations" | "projector-axis" | "projector-sample-shape" |
 *   "parallax-method" | "parallax-needs-distance" | those of planParallax
 */
export function createReconstructionPlan(input: ReconstructConfigInput, scan: SinogramGeometry): ReconstructionPlan {
  const config = ReconstructConfig.parse(input);
  checkParallax(config);
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
    ...(config.parallax && { parallax: parallaxOf(config, projector, scan) }),
  };
}

/**
 * Whether the method can undo parallax.
 *
 * @throws InputError "parallax-method"
 */
export function checkParallax({ parallax, method }: ReconstructConfig): void {
  if (!parallax || method === "sirt" || method === "cgls") return;
  throw new InputError(
    "parallax-method",
    `reconstruct.method is ${method} with parallax: true, but only sirt and cgls can undo parallax: ${
      method === "fbp" ? "filtered back-projection mixes the depths" : "mlem's ratios allow no interpolation of bins"
    }. Set method: cgls, or parallax: false.`,
  );
}

function parallaxOf(config: ReconstructConfig, projector: ProjectorGeometry, scan: SinogramGeometry): ParallaxPlan {
  const { axis, wavelengthA, distanceMm, stepMm } = scan;
  if (!axis || distanceMm === undefined || !(distanceMm > 0) || !(stepMm > 0)) {
    throw new InputError(
      "parallax-needs-distance",
      `reconstruct.parallax needs the radial axis, the translation step and the distance from the rotation axis to the detector; known are ${
        axis ? `an axis in ${axis.unit}` : "no axis"
      }, stepMm ${stepMm} and distanceMm ${distanceMm ?? "not at all"}. Add what is missing to scan.yaml (stepMm, distanceMm).`,
    );
  }
  return planParallax(projector, {
    axis,
    context: { distanceM: distanceMm / 1e3, ...(wavelengthA !== undefined && { wavelengthA }) },
    depthStep: (config.depthSign * stepMm) / distanceMm,
    block: scan.block ?? 32,
  });
}

/**
 * Memory of one call of reconstructWindow, in bytes, with the arrays that the caller holds for it.
 *
 * @param plan with parallax
 */
export function planWindowMemory(plan: ReconstructionPlan, hasSigma: boolean): number {
  const { angles, translations, size } = plan.projector;
  const { windows } = plan.parallax!;
  const widest = (width: (window: ParallaxWindow) => number): number => Math.max(...windows.map(width));
  const source = widest(({ sourceFrom, sourceTo }) => sourceTo - sourceFrom) * angles * translations;
  const given = widest(({ from, to }) => to - from) * size * size;
  const tables = 40 * angles + 8 * size + 64 * 1024;
  return (
    workspaceMemory(plan, largestWindow(plan.parallax!).shifted) + 4 * (source * (hasSigma ? 2 : 1) + given) + tables
  );
}

/**
 * Memory of one call of reconstructBlock, in bytes: `fixed` in the kernels' arena, whatever the number of bins, and
 * `perBin` for the sinogram and the volume that the caller holds (each once more for its sigma, where used).
 *
 * @param isAway for reconstructBlockAway
 */
export function planMemory(
  { config, projector, fourier }: ReconstructionPlan,
  isAway = false,
): { fixed: number; perBin: number } {
  const { angles, translations, size, rowLength } = projector;
  const rows = 4 * LANES * angles * rowLength;
  const image = 4 * LANES * size * size;
  const tables = 16 * angles + 8 * size + 24 * fourier.length + 64 * 1024;
  const fixed =
    config.method === "fbp"
      ? rows + (isAway ? image : 4 * LANES * STRIP * size) + 4 * LANES * fourier.length + tables
      : 3 * rows + 4 * image + 4 * (angles * rowLength + size * size) + tables;
  return { fixed, perBin: 4 * (angles * translations + size * size) };
}
