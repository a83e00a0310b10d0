import type { Kernels } from "../../kernels/index.ts";
import { type FrameGrid, patternsOnGrid } from "../../stages/sinogram/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import type { BlockRunner } from "../tasks.ts";

export interface ArrangePayload {
  readonly grid: FrameGrid;
  /** [frame, bin] */
  readonly patterns: ArrayReference;
  readonly patternsSigma?: ArrayReference;
  /** [cell, bin] */
  readonly arranged: ArrayReference;
  readonly arrangedSigma?: ArrayReference;
}

/** A block is BIN_BLOCK bins of all frames. */
export function setUpArrange(kernels: Kernels, payload: ArrangePayload): BlockRunner {
  const arrays = [
    { from: openArray(payload.patterns), to: openArray(payload.arranged), isSigma: false },
    ...(payload.patternsSigma && payload.arrangedSigma
      ? [{ from: openArray(payload.patternsSigma), to: openArray(payload.arrangedSigma), isSigma: true }]
      : []),
  ];
  return {
    run(block) {
      const crc = arrays.map(({ from, to, isSigma }) => {
        const bins = from.width(block);
        const values = kernels.arena.f32(from.items * bins);
        const out = kernels.arena.f32(to.items * bins);
        from.readBlock(block, values);
        patternsOnGrid(payload.grid, values, bins, out, isSigma);
        return to.writeBlock(block, out);
      });
      return { crc };
    },
    close() {
      for (const { from, to } of arrays) {
        from.close();
        to.close();
      }
    },
  };
}
