import type { Kernels } from "../../kernels/index.ts";
import {
  type ChannelMoments,
  type ProductJob,
  type ReduceJob,
  reduceRays,
  runProduct,
  sumChannels,
} from "../../stages/dlsr/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import type { BlockRunner } from "../tasks.ts";

/** What the threads do for a direct reconstruction; typed arrays lie in the memory that they share. */
export type DlsrPayload = ChannelPayload | ReducePayload | ProductPayload;

/** Mean and variance of every channel over the rays; a part is a block of bins. */
export interface ChannelPayload extends ChannelMoments {
  readonly kind: "channels";
  readonly sinogram: ArrayReference;
  readonly sigma?: ArrayReference;
}

/** Rays times a matrix; a part is a range of rays. */
export interface ReducePayload extends ReduceJob {
  readonly kind: "reduce";
  readonly sinogram: ArrayReference;
  readonly sigma?: ArrayReference;
  readonly parts: number;
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
      if (payload.kind === "channels") sumChannels(part, { sinogram, sigma }, payload);
      else reduceRays(kernels, { sinogram, sigma }, payload, ...partOf(sinogram.items, part, payload.parts));
      return { crc: [] };
    },
    close() {
      sinogram.close();
      sigma?.close();
    },
  };
}
