import { type FrameArray, InputError, type Mask } from "../../data/index.ts";
import { isMachineFault } from "../../data/machine-fault.ts";
import { openFrames } from "../../files/frames.ts";
import type { Poni } from "../../geometry/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createIntegrator, type IntegrateConfig } from "../../stages/integrate/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import type { BlockRunner } from "../tasks.ts";

export interface IntegratePayload {
  readonly files: string | readonly string[];
  readonly dataset?: string;
  readonly config: IntegrateConfig;
  readonly poni: Poni;
  readonly mask?: Mask;
  readonly flat?: Float32Array;
  readonly dark?: Float32Array;
  readonly frames: number;
  /** of the source, that the first block reads */
  readonly firstFrame: number;
  readonly patterns: ArrayReference;
  readonly sigma: ArrayReference;
}

/** Frames a block: long enough to keep the tables in use, short enough that a killed run loses little. */
export const FRAME_BLOCK = 32;

export async function setUpIntegrate(kernels: Kernels, payload: IntegratePayload): Promise<BlockRunner> {
  const { files, dataset, config, poni, mask, flat, dark } = payload;
  const source = await openFrames(files, { missing: "flag", ...(dataset && { dataset }) });
  const shape = { rows: source.rows, cols: source.cols };
  const integrator = createIntegrator(kernels, {
    poni,
    shape,
    config,
    ...(mask && { mask }),
    ...(flat && { flat }),
    ...(dark && { dark }),
  });
  const patterns = openArray(payload.patterns);
  const sigma = openArray(payload.sigma);
  const { bins } = patterns;
  const isMissing = (index: number): boolean =>
    source.missing?.some(({ first, count }) => index >= first && index < first + count) ?? false;
  return {
    run(block) {
      const first = block * FRAME_BLOCK;
      const count = Math.min(FRAME_BLOCK, payload.frames - first);
      const intensity = new Float32Array(count * bins).fill(Number.NaN);
      const error = new Float32Array(count * bins).fill(Number.NaN);
      const problems: string[] = [];
      for (let at = 0; at < count; at += integrator.slots.length) {
        const slots: number[] = [];
        const frames: FrameArray[] = [];
        for (let i = at; i < Math.min(count, at + integrator.slots.length); i++) {
          const frame = payload.firstFrame + first + i;
          if (frame >= source.count || isMissing(frame)) continue;
          try {
            const slot: Int32Array = integrator.slots[frames.length]!;
            if (source.readInto) source.readInto(frame, slot, kernels);
            frames.push(source.readInto ? slot : source.readFrame(frame).data);
            slots.push(i);
          } catch (problem) {
            // one bad frame among 200 000 is flagged and filled, not the end of the run
            if (!(problem instanceof InputError) || isMachineFault(problem)) throw problem;
            problems.push(problem.message);
          }
        }
        if (frames.length === 0) continue;
        const result = integrator.integrate(frames);
        slots.forEach((slot, i) => {
          intensity.set(result.intensity.subarray(i * bins, (i + 1) * bins), slot * bins);
          error.set(result.sigma.subarray(i * bins, (i + 1) * bins), slot * bins);
        });
      }
      return { crc: [patterns.writeItems(first, count, intensity), sigma.writeItems(first, count, error)], problems };
    },
    close() {
      source.close();
      patterns.close();
      sigma.close();
    },
  };
}
