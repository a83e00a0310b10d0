import type { Kernels } from "../../kernels/index.ts";
import { cgls } from "./cgls.ts";
import { NODES } from "./interpolation.ts";
import type { ParallaxWindow } from "./parallax-plan.ts";
import type { ReconstructionPlan } from "./plan.ts";
import type { ReconstructionSummary } from "./reconstruct-block.ts";
import { sirt } from "./sirt.ts";
import { Stopping } from "./stopping.ts";
import { runNow } from "./work.ts";
import { createWorkspace, dot, type Workspace } from "./workspace.ts";

export interface WindowData {
  /** [angle, translation, sourceTo - sourceFrom] */
  readonly sinogram: Float32Array;
  /** alike, standard uncertainty of the rays, where known */
  readonly sigma?: Float32Array;
}

/**
 * Reconstruct one window of bins with parallax undone: what stands at a bin is what scatters there, whatever the depth
 * it was measured at. The bins of a window stop together. A bin with a NaN or an infinity in its sinogram becomes NaN,
 * as does a bin at no angle, and the bins beside it are reconstructed without it.
 *
 * @param out [y, x, to - from] value per voxel (or per mm, as configured); 0 outside the sample
 */
export function reconstructWindow(
  kernels: Kernels,
  plan: ReconstructionPlan,
  window: ParallaxWindow,
  { sinogram, sigma }: WindowData,
  out: Float32Array,
): ReconstructionSummary {
  const { arena, run } = kernels;
  const mark = arena.mark();
  const source = notFinite(sinogram, window.sourceTo - window.sourceFrom);
  const badRows = Array.from(window.toRows.first, (first, r) =>
    source.some((bin) => bin >= first && bin < first + NODES && window.toRows.weights[NODES * r + bin - first] !== 0),
  ).flatMap((isBad, r) => (isBad ? [r] : []));
  const workspace = withoutBins(createWorkspace(kernels, plan, toJoint(window)), window, badRows);
  const { measured, residual, rayMask, rays } = workspace;
  let noise: Float64Array | undefined;
  if (sigma) {
    layRows(plan, window, sigma, residual, badRows, true);
    run.projectWeigh(residual, rayMask, rays);
    noise = dot(workspace, residual, residual, rays);
  }
  layRows(plan, window, sinogram, measured, badRows, false);
  residual.set(measured);
  run.projectWeigh(residual, rayMask, rays);
  const stopping = new Stopping(plan, dot(workspace, residual, residual, rays), noise);
  const method = plan.config.method === "sirt" ? sirt : cgls;
  runNow(method(workspace, stopping));
  const isGiven = Array.from(
    window.toBins.first,
    (first, bin) => first >= 0 && !source.includes(window.from + bin - window.sourceFrom),
  );
  layBins(plan, window, workspace.image, isGiven, out);
  arena.release(mark);
  return {
    iterations: Int32Array.from(isGiven, () => stopping.iterations[0]!),
    stopped: isGiven.map((given) => (given ? stopping.stopped[0]! : "not-finite")),
    residual: Float64Array.from(isGiven, () => stopping.residual[0]!),
  };
}

const toJoint = ({ parallax, shifted }: ParallaxWindow) => ({ parallax, window: shifted });

/** Source bins that hold NaN or infinity anywhere. */
function notFinite(sinogram: Float32Array, bins: number): number[] {
  const sums = new Float64Array(bins);
  for (let i = 0; i < sinogram.length; i += bins) for (let bin = 0; bin < bins; bin++) sums[bin]! += sinogram[i + bin]!;
  return Array.from(sums).flatMap((sum, bin) => (Number.isFinite(sum) ? [] : [bin]));
}

/** A workspace whose projections are 0 in the bins that were not measured, as the data are there. */
function withoutBins(workspace: Workspace, { shifted }: ParallaxWindow, bins: readonly number[]): Workspace {
  if (bins.length === 0) return workspace;
  return {
    ...workspace,
    project(image, rows) {
      workspace.project(image, rows);
      for (let at = 0; at < rows.length; at += shifted.rowStride) for (const bin of bins) rows[at + bin] = 0;
      return undefined;
    },
  };
}

/** Rays on the window's own axis, in padded rows. @param isSigma independent uncertainties instead of values */
function layRows(
  plan: ReconstructionPlan,
  { sourceFrom, sourceTo, shifted, toRows }: ParallaxWindow,
  rays: Float32Array,
  rows: Float32Array,
  badRows: readonly number[],
  isSigma: boolean,
): void {
  const { angles, translations, rowLength, pad } = plan.projector;
  const { first } = toRows;
  const weights = isSigma ? toRows.weights.map((weight) => weight * weight) : toRows.weights;
  const bins = sourceTo - sourceFrom;
  const power = isSigma ? 2 : 1;
  const source = new Float64Array(bins + NODES);
  rows.fill(0);
  for (let angle = 0; angle < angles; angle++) {
    for (let j = 0; j < translations; j++) {
      const ray = (angle * translations + j) * bins;
      for (let bin = 0; bin < bins; bin++) {
        const value = rays[ray + bin]!;
        source[bin] = Number.isFinite(value) ? value ** power : 0;
      }
      const at = (angle * rowLength + pad + j) * shifted.rowStride;
      for (let r = 0; r < first.length; r++) {
        const from = first[r]!;
        let sum = 0;
        for (let k = 0; k < NODES; k++) sum += weights[NODES * r + k]! * source[from + k]!;
        rows[at + r] = isSigma ? Math.sqrt(sum) : sum;
      }
      for (const r of badRows) rows[at + r] = 0;
    }
  }
}

/** The image at the measured bins. */
function layBins(
  { config, scale }: ReconstructionPlan,
  { shifted, toBins }: ParallaxWindow,
  image: Float32Array,
  isGiven: readonly boolean[],
  out: Float32Array,
): void {
  const { first, weights } = toBins;
  const bins = first.length;
  const lowest = config.nonNegative ? 0 : Number.NEGATIVE_INFINITY;
  const voxels = image.length / shifted.imageBins;
  for (let voxel = 0; voxel < voxels; voxel++) {
    for (let bin = 0; bin < bins; bin++) {
      const from = voxel * shifted.imageBins + first[bin]!;
      let sum = 0;
      if (isGiven[bin]) for (let k = 0; k < NODES; k++) sum += weights[NODES * bin + k]! * image[from + k]!;
      out[voxel * bins + bin] = isGiven[bin] ? Math.max(lowest, sum * scale) : Number.NaN;
    }
  }
}
