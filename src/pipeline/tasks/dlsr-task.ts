import type { Kernels } from "../../kernels/index.ts";
import { type ProductJob, runProduct } from "../../stages/dlsr/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import type { BlockRunner } from "../tasks.ts";

/** What the threads do for a direct reconstruction; typed arrays lie in the memory that they share. */
export type DlsrPayload = ChannelPayload | ReducePayload | ProductPayload;

/** Mean and variance of every channel over the rays; a part is a block of bins. */
export interface ChannelPayload {
  readonly kind: "channels";
  readonly sinogram: ArrayReference;
  readonly sigma?: ArrayReference;
  /** (shared) [bin] */
  readonly mean: Float64Array;
  /** (shared) [bin] mean variance of a ray; of data without sigma the mean itself, as for counts */
  readonly variance: Float64Array;
}

/** Rays times a matrix; a part is a range of rays. */
export interface ReducePayload {
  readonly kind: "reduce";
  readonly sinogram: ArrayReference;
  readonly sigma?: ArrayReference;
  readonly parts: number;
  /** (shared) [bin, K]; rows of channels that are not used are 0 */
  readonly matrix: Float32Array;
  readonly terms: number;
  /** (shared) [bin] 1 / sigma^2, 0: not used */
  readonly weight: Float64Array;
  /** (shared) [ray, K] */
  readonly rays: Float32Array;
  /** (shared) [ray] mean over the channels of variance times weight; infinite where a used channel is not known */
  readonly rayVariance: Float32Array;
}

export interface ProductPayload {
  readonly kind: "product";
  readonly job: ProductJob;
  readonly parts: number;
  readonly items: number;
}

/** Part p of n of so many items. */
const partOf = (items: number, part: number, parts: number): [first: number, end: number] => [
  Math.floor((items * part) / parts),
  Math.floor((items * (part + 1)) / parts),
];

export function setUpDlsr(kernels: Kernels, payload: DlsrPayload): BlockRunner {
  if (payload.kind === "product") {
    const { job, items, parts } = payload;
    return {
      run(part) {
        runProduct(kernels, job, ...partOf(items, part, parts));
        return { crc: [] };
      },
      close() {},
    };
  }
  const sinogram = openArray(payload.sinogram);
  const sigma = payload.sigma && openArray(payload.sigma);
  return {
    run(part) {
      if (payload.kind === "channels") sumChannels(part, payload);
      else reduceRays(part, payload);
      return { crc: [] };
    },
    close() {
      sinogram.close();
      sigma?.close();
    },
  };

  function sumChannels(block: number, { mean, variance }: ChannelPayload): void {
    const width = sinogram.width(block);
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
      mean[block * BLOCK + bin] = count > 0 ? sum / count : Number.NaN;
      variance[block * BLOCK + bin] = known > 0 ? squares / known : Number.NaN;
    }
  }

  function reduceRays(part: number, { parts, matrix, terms, weight, rays, rayVariance }: ReducePayload): void {
    const [first, end] = partOf(sinogram.items, part, parts);
    const used = weight.reduce((count, value) => count + (value > 0 ? 1 : 0), 0);
    for (let from = first; from < end; from += RAYS) {
      const mark = kernels.arena.mark();
      const count = Math.min(RAYS, end - from);
      const out = rays.subarray(from * terms, (from + count) * terms);
      const total = new Float64Array(count);
      out.fill(0);
      for (let block = 0; block < sinogram.blocks; block++) {
        const width = sinogram.width(block);
        const bin = block * BLOCK;
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
        rayVariance[from + ray] = Number.isFinite(share)
          ? Math.max(LEAST_RAY_VARIANCE, share)
          : Number.POSITIVE_INFINITY;
      }
    }
  }
}

/** Bins of a block of the stored array. */
const BLOCK = 32;
/** Rays at a time: what the cache holds beside the matrix. */
const RAYS = 1024;
/** A ray through next to nothing is not to outweigh all others. */
const LEAST_RAY_VARIANCE = 0.05;
