import type { Kernels } from "../../kernels/index.ts";
import { fbp, fbpVariance } from "./fbp.ts";
import type { ReconstructionPlan } from "./plan.ts";

export interface ReconstructionBlock {
  /** [angle, translation, bins]; fastest where it lies in the kernels' memory */
  readonly sinogram: Float32Array;
  readonly bins: number;
  /** [angle, translation, bins] standard uncertainty of the rays, where known */
  readonly sigma?: Float32Array;
  readonly plan: ReconstructionPlan;
}

/** Why the iterations of a bin ended. */
export const STOP_REASONS = ["direct", "discrepancy", "tolerance", "iterations", "no-signal"] as const;
export type StopReason = (typeof STOP_REASONS)[number];

export interface ReconstructionSummary {
  /** [bin] iterations done; 0 for fbp */
  readonly iterations: Int32Array;
  /** [bin] */
  readonly stopped: StopReason[];
  /** [bin] root of the sum of squared differences between rays and reprojection, over that of the rays; NaN for fbp */
  readonly residual: Float64Array;
}

/**
 * Reconstruct a block of radial bins, each on its own: a bin's bits do not depend on the others in the block.
 *
 * @param out      [y, x, bins] value per voxel (or per mm, as configured); 0 outside the sample
 * @param outSigma [y, x, bins] standard uncertainty from block.sigma; fbp only
 */
export function reconstructBlock(
  kernels: Kernels,
  block: ReconstructionBlock,
  out: Float32Array,
  outSigma?: Float32Array,
): ReconstructionSummary {
  const { plan, sinogram, sigma, bins } = block;
  fbp(kernels, plan, sinogram, bins, out);
  if (outSigma && sigma) {
    const variance = Float32Array.from(sigma, (value) => value * value);
    fbpVariance(kernels, plan, variance, bins, outSigma);
    for (let i = 0; i < outSigma.length; i++) outSigma[i] = Math.sqrt(Math.max(0, outSigma[i]!));
  }
  return {
    iterations: new Int32Array(bins),
    stopped: new Array<StopReason>(bins).fill("direct"),
    residual: new Float64Array(bins).fill(NaN),
  };
}
