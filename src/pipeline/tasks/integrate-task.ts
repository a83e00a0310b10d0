import { type FrameArray, InputError, type Mask } from "../../data/index.ts";
import { isMachineFault } from "../../data/machine-fault.ts";
import type { FrameSource } from "../../files/frame-source.ts";
import { openFrames } from "../../files/frames.ts";
import type { Poni } from "../../geometry/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createIntegrator, type IntegrateConfig } from "../../stages/integrate/index.ts";
import { type ArrayReference, openArray } from "../array-reference.ts";
import { type KnownFrames, openKnownFrames } from "../live/known-frames.ts";
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
  /** what a live run has integrated already */
  readonly known?: KnownFrames;
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
  const known = payload.known && openKnownFrames(payload.known, bins);
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
        const here = Array.from({ length: Math.min(count - at, integrator.slots.length) }, (_, i) => at + i);
        const wanted = here.filter((i) => {
          const frame = payload.firstFrame + first + i;
          return frame < source.count && !isMissing(frame);
        });
        const read = readFrames(
          source,
          wanted.map((i) => payload.firstFrame + first + i),
          integrator.slots,
          kernels,
        );
        const slots: number[] = [];
        const frames: FrameArray[] = [];
        read.forEach((frame, k) => {
          // one bad frame among 200 000 is flagged and filled, not the end of the run
          if (frame instanceof InputError) {
            if (isMachineFault(frame)) throw frame;
            problems.push(frame.message);
            return;
          }
          const before = known?.find(payload.firstFrame + first + wanted[k]!, frame);
          if (before) {
            intensity.set(before.intensity, wanted[k]! * bins);
            error.set(before.sigma, wanted[k]! * bins);
            return;
          }
          frames.push(frame);
          slots.push(wanted[k]!);
        });
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
      known?.close();
      patterns.close();
      sigma.close();
    },
  };
}

/** Up to four frames, in their slots where the source can; what is wrong with one instead of it. */
function readFrames(
  source: FrameSource,
  indices: readonly number[],
  slots: readonly Int32Array[],
  kernels: Kernels,
): (FrameArray | InputError)[] {
  const problems = source.readFourInto?.(indices, slots, kernels);
  if (problems) return indices.map((_, k) => problems[k] ?? slots[k]!);
  return indices.map((index, k) => {
    try {
      if (!source.readInto) return source.readFrame(index).data;
      source.readInto(index, slots[k]!, kernels);
      return slots[k]!;
    } catch (problem) {
      if (problem instanceof InputError) return problem;
      throw problem;
    }
  });
}
