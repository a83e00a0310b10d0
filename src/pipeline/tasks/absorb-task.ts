import type { Kernels } from "../../kernels/index.ts";
import { correctRays, type RayCorrection } from "../../stages/absorb/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import { BIN_BLOCK } from "../blocked-array.ts";
import type { BlockRunner } from "../tasks.ts";

export interface AbsorbPayload {
  readonly correction: RayCorrection;
  readonly measured: ArrayReference;
  readonly measuredSigma?: ArrayReference;
  readonly corrected: ArrayReference;
  readonly correctedSigma?: ArrayReference;
}

/** A block is BIN_BLOCK bins of all rays. */
export function setUpAbsorb(kernels: Kernels, payload: AbsorbPayload): BlockRunner {
  const input = openArray(payload.measured);
  const inputSigma = payload.measuredSigma && openArray(payload.measuredSigma);
  const output = openArray(payload.corrected);
  const outputSigma = payload.correctedSigma && openArray(payload.correctedSigma);
  return {
    run(block) {
      const bins = input.width(block);
      const values = kernels.arena.f32(input.items * bins);
      const sigma = inputSigma && kernels.arena.f32(input.items * bins);
      input.readBlock(block, values);
      if (sigma) inputSigma.readBlock(block, sigma);
      correctRays(payload.correction, values, sigma, bins, block * BIN_BLOCK);
      const crc = [output.writeBlock(block, values)];
      if (sigma && outputSigma) crc.push(outputSigma.writeBlock(block, sigma));
      return { crc };
    },
    close() {
      for (const array of [input, inputSigma, output, outputSigma]) array?.close();
    },
  };
}
