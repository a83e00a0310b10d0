import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Kernels } from "../../kernels/index.ts";
import { applySinogram, type SinogramReport } from "../../stages/sinogram/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import { BIN_BLOCK } from "../blocked-array.ts";
import { diskError } from "../disk-error.ts";
import type { BlockRunner } from "../tasks.ts";

export interface SinogramPayload {
  readonly report: SinogramReport;
  readonly ringLength?: Float64Array;
  readonly patterns: ArrayReference;
  readonly patternsSigma?: ArrayReference;
  readonly sinogram: ArrayReference;
  readonly sinogramSigma?: ArrayReference;
  /** folder for the cell flags of each block */
  readonly folder: string;
}

/** A block is BIN_BLOCK bins of the whole scan. */
export function setUpSinogram(kernels: Kernels, payload: SinogramPayload): BlockRunner {
  const { report, ringLength } = payload;
  const input = openArray(payload.patterns);
  const inputSigma = payload.patternsSigma && openArray(payload.patternsSigma);
  const output = openArray(payload.sinogram);
  const outputSigma = payload.sinogramSigma && openArray(payload.sinogramSigma);
  const { arena } = kernels;
  return {
    run(block) {
      const bins = input.width(block);
      const intensity = arena.f32(input.items * bins);
      const sigmaIn = inputSigma && arena.f32(input.items * bins);
      const out = arena.f32(output.items * bins);
      const sigma = outputSigma && arena.f32(output.items * bins);
      input.readBlock(block, intensity);
      if (sigmaIn) inputSigma.readBlock(block, sigmaIn);
      const { lines, translations: points } = report;
      const measured = { lines, points, bins, intensity, ...(sigmaIn && { sigma: sigmaIn }) };
      const options = { firstBin: block * BIN_BLOCK, ...(ringLength && { ringLength }), ...(sigma && { sigma }) };
      const { cells } = applySinogram(kernels, report, measured, out, options);
      const crc = [output.writeBlock(block, out)];
      if (sigma) crc.push(outputSigma.writeBlock(block, sigma));
      crc.push(writeCells(payload.folder, block, cells));
      return { crc };
    },
    close() {
      for (const array of [input, inputSigma, output, outputSigma]) array?.close();
    },
  };
}

const cellsPath = (folder: string, block: number): string => join(folder, `cells-${block}.u8`);

function writeCells(folder: string, block: number, cells: Uint8Array): number {
  const path = cellsPath(folder, block);
  try {
    writeFileSync(path, cells);
  } catch (error) {
    throw diskError(error, path, cells.length);
  }
  return crc32(cells);
}

/** [angle, translation] flags that a block left; undefined where it left none. */
export function readCells(folder: string, block: number): Uint8Array | undefined {
  try {
    return readFileSync(cellsPath(folder, block));
  } catch {
    return undefined;
  }
}
