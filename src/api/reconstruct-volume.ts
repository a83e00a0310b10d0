import { boundSigma } from "../pipeline/tasks/reconstruct-task.ts";
import {
  createReconstructionPlan,
  type ReconstructConfigInput,
  type ReconstructionPlan,
  reconstructBlock,
  reconstructWindow,
} from "../stages/reconstruct/index.ts";
import type { ScanGeometry, Sinograms, SliceVolume } from "./arrays.ts";
import { withKernels } from "./shared-kernels.ts";

/** Bins that are reconstructed at once: kernel memory is taken for as many. */
const BINS_AT_ONCE = 32;

/**
 * Sinograms to a slice: fbp, sirt, cgls or mlem, with parallax undone where the config says so.
 *
 * @param sinograms [angle, translation, bin]; with sigma, fbp propagates it
 * @param config    the settings `reconstruct` of scan.yaml; left out: fbp
 * @param geometry  for parallax: the distance, and on a q axis the wavelength
 * @returns [y, x, bin] value a voxel (a mm with `valuesPer: "mm"`), voxels as large as a translation step; 0 outside
 *   the sample
 * @throws InputError as createReconstructionPlan
 */
export function reconstructVolume(
  sinograms: Sinograms,
  config: ReconstructConfigInput = {},
  { wavelengthA, distanceM }: ScanGeometry = {},
): SliceVolume {
  const { omegaDeg, translations, rotationAxis, stepMm, axis, data } = sinograms;
  const plan = createReconstructionPlan(config, {
    ...{ omegaDeg, translations, rotationAxis, stepMm, axis, block: BINS_AT_ONCE },
    ...(wavelengthA !== undefined && { wavelengthA }),
    ...(distanceM !== undefined && { distanceMm: distanceM * 1e3 }),
  });
  const { size } = plan.projector;
  const bins = axis.values.length;
  const volume = new Float32Array(size * size * bins);
  const given = sinograms.sigma?.slice();
  if (given) boundSigma(given, data);
  const hasSigma = given !== undefined && plan.config.method === "fbp" && !plan.parallax;
  const sigma = hasSigma ? new Float32Array(volume.length) : undefined;
  if (plan.parallax) inWindows(plan, sinograms, given, volume);
  else inBlocks(plan, sinograms, given, volume, sigma);
  const { reconstructable } = plan;
  return { ny: size, nx: size, axis, data: volume, voxelMm: stepMm, reconstructable, ...(sigma && { sigma }) };
}

function inBlocks(
  plan: ReconstructionPlan,
  { axis, data }: Sinograms,
  given: Float32Array | undefined,
  volume: Float32Array,
  sigma: Float32Array | undefined,
): void {
  const bins = axis.values.length;
  const [rays, voxels] = [data.length / bins, volume.length / bins];
  for (let from = 0; from < bins; from += BINS_AT_ONCE) {
    const width = Math.min(BINS_AT_ONCE, bins - from);
    withKernels((kernels) => {
      const room = (items: number): Float32Array => kernels.arena.f32(items * width);
      const [sinogram, out] = [room(rays), room(voxels)];
      copyBins(data, bins, from, sinogram, width, 0, width);
      const [raySigma, outSigma] = given ? [room(rays), sigma && room(voxels)] : [];
      if (raySigma) copyBins(given!, bins, from, raySigma, width, 0, width);
      const block = { plan, sinogram, bins: width, ...(raySigma && { sigma: raySigma }) };
      reconstructBlock(kernels, block, out, outSigma);
      copyBins(out, width, 0, volume, bins, from, width);
      if (outSigma) copyBins(outSigma, width, 0, sigma!, bins, from, width);
    });
  }
}

function inWindows(
  plan: ReconstructionPlan,
  { axis, data }: Sinograms,
  given: Float32Array | undefined,
  volume: Float32Array,
): void {
  const bins = axis.values.length;
  for (const window of plan.parallax!.windows) {
    const width = window.sourceTo - window.sourceFrom;
    const part = (from: Float32Array): Float32Array => {
      const out = new Float32Array((from.length / bins) * width);
      copyBins(from, bins, window.sourceFrom, out, width, 0, width);
      return out;
    };
    const count = window.to - window.from;
    const out = new Float32Array((volume.length / bins) * count);
    const rays = { sinogram: part(data), ...(given && { sigma: part(given) }) };
    withKernels((kernels) => reconstructWindow(kernels, plan, window, rays, out));
    copyBins(out, count, 0, volume, bins, window.from, count);
  }
}

/** Some bins of [item, fromBins] into [item, toBins]. */
function copyBins(
  from: Float32Array,
  fromBins: number,
  first: number,
  to: Float32Array,
  toBins: number,
  at: number,
  count: number,
): void {
  const items = from.length / fromBins;
  for (let item = 0; item < items; item++) {
    const start = item * fromBins + first;
    to.set(from.subarray(start, start + count), item * toBins + at);
  }
}
