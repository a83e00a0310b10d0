import type { Kernels } from "../../kernels/index.ts";
import { type ReconstructionPlan, reconstructBlock } from "../../stages/reconstruct/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import type { BlockRunner } from "../tasks.ts";

export interface ReconstructPayload {
  readonly plan: ReconstructionPlan;
  readonly sinogram: ArrayReference;
  readonly sinogramSigma?: ArrayReference;
  readonly volume: ArrayReference;
  readonly volumeSigma?: ArrayReference;
}

/** A block is BIN_BLOCK bins of the whole slice. */
export function setUpReconstruct(kernels: Kernels, payload: ReconstructPayload): BlockRunner {
  const { plan } = payload;
  const input = openArray(payload.sinogram);
  const inputSigma = payload.sinogramSigma && openArray(payload.sinogramSigma);
  const output = openArray(payload.volume);
  const outputSigma = payload.volumeSigma && openArray(payload.volumeSigma);
  return {
    run(block) {
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
      reconstructBlock(kernels, { plan, sinogram, bins, ...(sigma && { sigma }) }, volume, volumeSigma);
      const crc = [output.writeBlock(block, volume)];
      if (volumeSigma) crc.push(outputSigma.writeBlock(block, volumeSigma));
      return { crc };
    },
    close() {
      for (const array of [input, inputSigma, output, outputSigma]) array?.close();
    },
  };
}

/**
 * A filled cell has infinite sigma, which filtering would spread over the whole slice. Filled in from its neighbours it
 * is as uncertain as it is large: its own value takes the place of infinity.
 */
function boundSigma(sigma: Float32Array, values: Float32Array): void {
  for (let i = 0; i < sigma.length; i++) {
    if (!Number.isFinite(sigma[i]!)) sigma[i] = Math.abs(values[i]!);
  }
}
