import type { Kernels } from "../../kernels/index.ts";
import { type Footprint, LANES, packRows, placeAttenuated, unpackBins } from "../../projector/index.ts";
import { cgls } from "./cgls.ts";
import { clearNotFinite } from "./clear-not-finite.ts";
import { fbp, fbpSigma } from "./fbp.ts";
import { mlem } from "./mlem.ts";
import type { ReconstructionPlan } from "./plan.ts";
import { sirt } from "./sirt.ts";
import { Stopping, type StopReason } from "./stopping.ts";
import { type AwayPair, runNow, runWaiting, type Work } from "./work.ts";
import { createWorkspace, dot, type WayOut } from "./workspace.ts";

export interface ReconstructionBlock {
  /** [angle, translation, bins]; fastest where it lies in the kernels' memory */
  readonly sinogram: Float32Array;
  readonly bins: number;
  /** [angle, translation, bins] standard uncertainty of the rays, where known */
  readonly sigma?: Float32Array;
  readonly plan: ReconstructionPlan;
  /** sirt and cgls without parallax: what absorbs on the way out, in the projector */
  readonly wayOut?: WayOut;
}

export interface ReconstructionSummary {
  /** [bin] iterations done; 0 for fbp */
  readonly iterations: Int32Array;
  /** [bin] */
  readonly stopped: StopReason[];
  /** [bin] norm of the difference between rays and reprojection over the norm of the rays; NaN for fbp */
  readonly residual: Float64Array;
}

/**
 * Reconstruct a block of radial bins, each on its own: a bin's bits do not depend on the others in the block. A bin
 * with a NaN or an infinity in its sinogram becomes NaN everywhere and is named "not-finite" in the summary.
 *
 * @param out      [y, x, bins] value per voxel (or per mm, as configured); 0 outside the sample
 * @param outSigma [y, x, bins] standard uncertainty from block.sigma; fbp only, see docs/validation/reconstruct.md
 */
export function reconstructBlock(
  kernels: Kernels,
  block: ReconstructionBlock,
  out: Float32Array,
  outSigma?: Float32Array,
): ReconstructionSummary {
  return runNow(reconstruct(kernels, block, out, outSigma));
}

/**
 * As reconstructBlock, with the projector pair on another device; not with block.wayOut. The device's pair rounds in its
 * own order, so the bits are not those of reconstructBlock; they do not depend on the other bins either.
 *
 * @param away see reconstructionFootprint
 * @throws what the device throws
 */
export function reconstructBlockAway(
  kernels: Kernels,
  away: AwayPair,
  block: Omit<ReconstructionBlock, "wayOut">,
  out: Float32Array,
  outSigma?: Float32Array,
): Promise<ReconstructionSummary> {
  return runWaiting(reconstruct(kernels, block, out, outSigma, away));
}

/** What a voxel looks like to the pair of a reconstruction. */
export const reconstructionFootprint = ({ config }: ReconstructionPlan): Footprint =>
  config.method === "fbp" ? "interpolate" : "joseph";

function* reconstruct(
  kernels: Kernels,
  block: ReconstructionBlock,
  out: Float32Array,
  outSigma?: Float32Array,
  away?: AwayPair,
): Work<ReconstructionSummary> {
  const { plan, sinogram, sigma, bins } = block;
  if (plan.config.method !== "fbp") return yield* iterate(kernels, block, out, away);
  const isSound = yield* fbp(kernels, plan, sinogram, bins, out, away);
  if (outSigma && sigma) yield* fbpSigma(kernels, plan, sigma, bins, outSigma, away);
  return {
    iterations: new Int32Array(bins),
    stopped: isSound.map((sound) => (sound ? "direct" : "not-finite")),
    residual: new Float64Array(bins).fill(NaN),
  };
}

const METHODS = { sirt, cgls, mlem };

function* iterate(
  kernels: Kernels,
  block: ReconstructionBlock,
  out: Float32Array,
  away?: AwayPair,
): Work<ReconstructionSummary> {
  const { plan, sinogram, sigma, bins, wayOut } = block;
  const { arena, run } = kernels;
  const summary: ReconstructionSummary = {
    iterations: new Int32Array(bins),
    stopped: [],
    residual: new Float64Array(bins),
  };
  const mark = arena.mark();
  const attenuated = wayOut && placeAttenuated(kernels, plan.projector, wayOut.path);
  const workspace = createWorkspace(kernels, plan, undefined, attenuated ?? away);
  const { measured, residual, image, rayMask, rays, voxels } = workspace;
  const method = METHODS[plan.config.method as keyof typeof METHODS];
  for (let first = 0; first < bins; first += LANES) {
    attenuated?.aim(wayOut!.tanSquared.subarray(first));
    let noise: Float64Array | undefined;
    if (sigma) {
      packRows(kernels, plan.projector, sigma, residual, bins, first);
      run.projectWeigh(residual, rayMask, rays);
      noise = dot(workspace, residual, residual, rays);
    }
    packRows(kernels, plan.projector, sinogram, measured, bins, first);
    const isBad = clearNotFinite(dot(workspace, measured, measured, rays), measured);
    // Rays that miss the sample are not fitted, and so do not count in the norms either.
    residual.set(measured);
    run.projectWeigh(residual, rayMask, rays);
    const stopping = new Stopping(plan, dot(workspace, residual, residual, rays), noise);
    yield* method(workspace, stopping);
    unpackBins(kernels, out, image, bins, first, voxels, plan.scale);
    for (let bin = first; bin < Math.min(bins, first + LANES); bin++) {
      const lane = bin - first;
      if (isBad[lane]) for (let voxel = 0; voxel < voxels; voxel++) out[voxel * bins + bin] = NaN;
      summary.stopped.push(isBad[lane] ? "not-finite" : stopping.stopped[lane]!);
      summary.iterations[bin] = stopping.iterations[lane]!;
      summary.residual[bin] = stopping.residual[lane]!;
    }
  }
  arena.release(mark);
  return summary;
}
