import { createGpuProjectorPair } from "../../gpu/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { pathOut } from "../../projector/index.ts";
import {
  type ReconstructionPlan,
  reconstructBlock,
  reconstructBlockAway,
  reconstructionFootprint,
  reconstructWindow,
  type WayOut,
} from "../../stages/reconstruct/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import { BIN_BLOCK } from "../blocked-array.ts";
import { openChosenGpu } from "../gpu/device.ts";
import type { BlockRunner } from "../tasks.ts";

export interface ReconstructPayload {
  readonly plan: ReconstructionPlan;
  readonly sinogram: ArrayReference;
  readonly sinogramSigma?: ArrayReference;
  readonly volume: ArrayReference;
  readonly volumeSigma?: ArrayReference;
  /** attenuation [y, x] 1/mm and the bins' angles, where the way out is in the projector */
  readonly wayOut?: {
    readonly muPerMm: Float64Array;
    readonly twoThetaDeg: Float64Array;
    readonly omegaDeg: Float64Array;
  };
  /** name of the GPU that has the projector pair */
  readonly gpu?: string;
}

/** A block is BIN_BLOCK bins of the whole slice; with parallax, one of the plan's windows. */
export async function setUpReconstruct(kernels: Kernels, payload: ReconstructPayload): Promise<BlockRunner> {
  const { plan } = payload;
  if (plan.parallax) return setUpWindows(kernels, payload);
  const gpu = payload.gpu === undefined ? undefined : await openChosenGpu(payload.gpu);
  const away = gpu && createGpuProjectorPair(gpu, plan.projector, reconstructionFootprint(plan));
  const wayOut = payload.wayOut && findWayOut(plan, payload.wayOut);
  const input = openArray(payload.sinogram);
  const inputSigma = payload.sinogramSigma && openArray(payload.sinogramSigma);
  const output = openArray(payload.volume);
  const outputSigma = payload.volumeSigma && openArray(payload.volumeSigma);
  return {
    async run(block) {
      const bins = input.width(block);
      const { arena } = kernels;
      const sinogram = arena.f32(input.items * bins);
      const volume = arena.f32(output.items * bins);
      input.readBlock(block, sinogram);
      const sigma = inputSigma && arena.f32(input.items * bins);
      const volumeSigma = outputSigma && arena.f32(output.items * bins);
      if (sigma) {
        inputSigma.readBlock(block, sigma);
        boundSigma(sigma, sinogram);
      }
      const tanSquared = wayOut?.tanSquared.subarray(block * BIN_BLOCK, block * BIN_BLOCK + bins);
      const given = {
        plan,
        sinogram,
        bins,
        ...(sigma && { sigma }),
        ...(wayOut && { wayOut: { path: wayOut.path, tanSquared: tanSquared! } }),
      };
      if (away) await reconstructBlockAway(kernels, away, given, volume, volumeSigma);
      else reconstructBlock(kernels, given, volume, volumeSigma);
      const crc = [output.writeBlock(block, volume)];
      if (volumeSigma) crc.push(outputSigma.writeBlock(block, volumeSigma));
      return { crc };
    },
    close() {
      gpu?.close();
      for (const array of [input, inputSigma, output, outputSigma]) array?.close();
    },
  };
}

function findWayOut(plan: ReconstructionPlan, given: NonNullable<ReconstructPayload["wayOut"]>): WayOut {
  const { muPerMm, twoThetaDeg, omegaDeg } = given;
  const path = pathOut(muPerMm, {
    omegaDeg,
    size: plan.projector.size,
    stepMm: plan.stepMm,
    twoThetaDeg: twoThetaDeg.at(-1)!,
  });
  return { path, tanSquared: twoThetaDeg.map((degrees) => Math.tan((degrees * Math.PI) / 180) ** 2) };
}

function setUpWindows(kernels: Kernels, payload: ReconstructPayload): BlockRunner {
  const { plan } = payload;
  const input = openArray(payload.sinogram);
  const inputSigma = payload.sinogramSigma && openArray(payload.sinogramSigma);
  const output = openArray(payload.volume);
  return {
    run(index) {
      const window = plan.parallax!.windows[index]!;
      const read = (array: typeof input): Float32Array => {
        const rays = new Float32Array(array.items * (window.sourceTo - window.sourceFrom));
        array.readItems(0, array.items, rays, window.sourceFrom, window.sourceTo);
        return rays;
      };
      const sinogram = read(input);
      const sigma = inputSigma && read(inputSigma);
      if (sigma) boundSigma(sigma, sinogram);
      const bins = window.to - window.from;
      const volume = new Float32Array(output.items * bins);
      reconstructWindow(kernels, plan, window, { sinogram, ...(sigma && { sigma }) }, volume);
      const crc: number[] = [];
      for (let from = 0; from < bins; from += BIN_BLOCK) {
        const width = Math.min(BIN_BLOCK, bins - from);
        const part = new Float32Array(output.items * width);
        for (let v = 0; v < output.items; v++)
          part.set(volume.subarray(v * bins + from, v * bins + from + width), v * width);
        crc.push(output.writeBlock((window.from + from) / BIN_BLOCK, part));
      }
      return { crc };
    },
    close() {
      for (const array of [input, inputSigma, output]) array?.close();
    },
  };
}

/**
 * A filled cell has infinite sigma, which filtering would spread over the whole slice. Filled in from its neighbours it
 * is as uncertain as it is large: its own value takes the place of infinity.
 */
export function boundSigma(sigma: Float32Array, values: Float32Array): void {
  for (let i = 0; i < sigma.length; i++) {
    if (!Number.isFinite(sigma[i]!)) sigma[i] = Math.abs(values[i]!);
  }
}
