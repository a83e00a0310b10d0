/** From sinograms to what a direct reconstruction is given of them: channels' means, and rays times a matrix. */
import type { Kernels } from "../../kernels/index.ts";
import type { DirectInput } from "./direct-input.ts";

/** A stack [ray, bin], read in blocks of BIN_BLOCK bins from a disk or from memory. */
export interface RaySource {
  readonly items: number;
  readonly bins: number;
  /** @param out [ray, bin of the block] */
  readBlock(block: number, out: Float32Array): void;
  /** @param out [count, to - from] */
  readItems(start: number, count: number, out: Float32Array, from: number, to: number): void;
}

/** Sinograms with their standard uncertainties, where they have any. */
export interface RaySources {
  readonly sinogram: RaySource;
  readonly sigma?: RaySource | undefined;
}

const BIN_BLOCK = 32;
const blocksOf = ({ bins }: RaySource): number => Math.ceil(bins / BIN_BLOCK);
const widthOf = ({ bins }: RaySource, block: number): number => Math.min(BIN_BLOCK, bins - block * BIN_BLOCK);

/** @param data [ray, bin] */
export function raysInMemory(data: Float32Array, bins: number): RaySource {
  const items = data.length / bins;
  const readItems: RaySource["readItems"] = (start, count, out, from, to) => {
    for (let item = 0; item < count; item++) {
      const at = (start + item) * bins;
      out.set(data.subarray(at + from, at + to), item * (to - from));
    }
  };
  const readBlock: RaySource["readBlock"] = (block, out) =>
    readItems(0, items, out, block * BIN_BLOCK, Math.min(bins, (block + 1) * BIN_BLOCK));
  return { items, bins, readBlock, readItems };
}

/** What channels hold over all rays. */
export interface ChannelMoments {
  /** [bin] */
  readonly mean: Float64Array;
  /** [bin] mean variance of a ray; of data without sigma the mean itself, as for counts */
  readonly variance: Float64Array;
}

/** Fills in the channels of one block; NaN where no ray has a value. */
export function sumChannels(block: number, { sinogram, sigma }: RaySources, { mean, variance }: ChannelMoments): void {
  const width = widthOf(sinogram, block);
  const values = new Float32Array(sinogram.items * width);
  sinogram.readBlock(block, values);
  const errors = sigma && new Float32Array(values.length);
  if (errors) sigma.readBlock(block, errors);
  for (let bin = 0; bin < width; bin++) {
    let [sum, squares, count, known] = [0, 0, 0, 0];
    for (let i = bin; i < values.length; i += width) {
      const value = values[i]!;
      if (!Number.isFinite(value)) continue;
      sum += value;
      count++;
      const square = errors ? errors[i]! ** 2 : Math.max(0, value);
      if (!Number.isFinite(square)) continue;
      squares += square;
      known++;
    }
    mean[block * BIN_BLOCK + bin] = count > 0 ? sum / count : Number.NaN;
    variance[block * BIN_BLOCK + bin] = known > 0 ? squares / known : Number.NaN;
  }
}

/** Of all channels. */
export function channelMoments(rays: RaySources): ChannelMoments {
  const { sinogram } = rays;
  const moments = { mean: new Float64Array(sinogram.bins), variance: new Float64Array(sinogram.bins) };
  for (let block = 0; block < blocksOf(sinogram); block++) sumChannels(block, rays, moments);
  return moments;
}

/** Rays times a matrix, as plain data that threads share; typed arrays lie in the kernels' memory. */
export interface ReduceJob {
  /** (shared) [bin, K]; rows of channels that are not used are 0 */
  readonly matrix: Float32Array;
  readonly terms: number;
  /** (shared) [bin] 1 / sigma^2, 0: not used */
  readonly weight: Float64Array;
  /** (shared) [ray, K] written */
  readonly rays: Float32Array;
  /** (shared) [ray] mean over the channels of variance times weight; infinite where a used channel is not known; written */
  readonly rayVariance: Float32Array;
}

/** Rays at a time: what the cache holds beside the matrix. */
const RAYS = 1024;
/** A ray through next to nothing is not to outweigh all others. */
const LEAST_RAY_VARIANCE = 0.05;

/** Does rays first to end of a job. */
export function reduceRays(
  kernels: Kernels,
  { sinogram, sigma }: RaySources,
  { matrix, terms, weight, rays, rayVariance }: ReduceJob,
  first: number,
  end: number,
): void {
  const used = weight.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
  for (let from = first; from < end; from += RAYS) {
    const mark = kernels.arena.mark();
    const count = Math.min(RAYS, end - from);
    const out = rays.subarray(from * terms, (from + count) * terms);
    const total = new Float64Array(count);
    out.fill(0);
    for (let block = 0; block < blocksOf(sinogram); block++) {
      const width = widthOf(sinogram, block);
      const bin = block * BIN_BLOCK;
      const values = kernels.arena.f32(count * width);
      sinogram.readItems(from, count, values, bin, bin + width);
      const errors = sigma && new Float32Array(count * width);
      if (errors) sigma.readItems(from, count, errors, bin, bin + width);
      for (let i = 0; i < values.length; i++) {
        const factor = weight[bin + (i % width)]!;
        const value = values[i]!;
        if (!Number.isFinite(value)) values[i] = 0;
        if (factor > 0) total[Math.floor(i / width)]! += factor * (errors ? errors[i]! ** 2 : Math.max(0, value));
      }
      kernels.run.reduceBins(out, values, matrix.subarray(bin * terms, (bin + width) * terms), count, width, terms);
      kernels.arena.release(mark);
    }
    for (let ray = 0; ray < count; ray++) {
      const share = total[ray]! / used;
      rayVariance[from + ray] = Number.isFinite(share) ? Math.max(LEAST_RAY_VARIANCE, share) : Number.POSITIVE_INFINITY;
    }
  }
}

/**
 * Makes a reduction's matrix over the channels that are used one over all bins, and has it done.
 *
 * @param bins [channel] the bin of each channel that is used
 * @param reduce does all rays of a job
 */
export function createReducer(
  { arena }: Kernels,
  { items, bins: all }: Pick<RaySource, "items" | "bins">,
  bins: Int32Array,
  reduce: (job: ReduceJob) => Promise<void>,
): DirectInput["reduce"] {
  return async (matrix, sigmaOf, terms) => {
    // bins that are not used count for nothing, and the arena gives memory as it was left
    const whole = arena.f32(all * terms).fill(0);
    const weight = arena.f64(all).fill(0);
    bins.forEach((bin, channel) => {
      whole.set(matrix.subarray(channel * terms, (channel + 1) * terms), bin * terms);
      const sigma = sigmaOf[channel]!;
      weight[bin] = sigma > 0 && Number.isFinite(sigma) ? 1 / sigma ** 2 : 0;
    });
    const data = arena.f32(items * terms);
    const rayVariance = arena.f32(items);
    await reduce({ matrix: whole, terms, weight, rays: data, rayVariance });
    return { data, rayVariance };
  };
}
