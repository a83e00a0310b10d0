import { statSync } from "node:fs";
import { type FrameArray, InputError, type Mask } from "../../data/index.ts";
import { readFrameFile } from "../../files/frames.ts";
import type { Poni, Shape } from "../../geometry/index.ts";
import type { Kernels } from "../../kernels/index.ts";
import { createIntegrator, type IntegrateConfig, type Integrator } from "../../stages/integrate/index.ts";
import { type BandRange, bandSums } from "../live/band-sums.ts";
import { GrowingFiles } from "../live/growing-files.ts";
import { checksumOf } from "../live/known-frames.ts";
import { PatternRows } from "../live/pattern-rows.ts";
import type { BlockResult } from "../stage.ts";
import type { BlockRunner } from "../tasks.ts";

export interface LivePayload {
  readonly config: IntegrateConfig;
  readonly poni: Poni;
  readonly shape: Shape;
  readonly mask?: Mask;
  readonly flat?: Float32Array;
  readonly dark?: Float32Array;
  readonly dataset?: string;
  /** where patterns are kept, one after the other */
  readonly rows: string;
  readonly bands: readonly BandRange[];
}

/** A frame that may be there: a file, or one of many in an HDF5 file. */
export interface LivePiece {
  readonly path: string;
  /** within an HDF5 file */
  readonly index?: number;
  /** place of its pattern among the rows */
  readonly slot: number;
}

/** What a frame was when it was read, so that one that is changed later is read again. */
export interface FrameState {
  readonly bytes: number;
  readonly mtimeMs: number;
  /** of its pattern with uncertainties, as written */
  readonly crc: number;
  /** of its counts, where the file says nothing of one frame: it holds many, and grows */
  readonly counts?: number;
}

export type LiveOutcome =
  | { readonly state: FrameState; readonly sums: Float32Array }
  /** not whole (yet) */
  | { readonly reason: string };

export interface LiveResult extends BlockResult {
  /** one for each piece */
  readonly outcomes: readonly LiveOutcome[];
  /** [bin] of the frames that were whole; NaN counts as nothing */
  readonly sum: Float64Array;
}

/** Frames as they come; each gives the bits that it has in a run of the finished scan. */
export function setUpLive(kernels: Kernels, payload: LivePayload): BlockRunner {
  const { config, poni, shape, mask, flat, dark } = payload;
  const setup = { poni, shape, config, ...(mask && { mask }), ...(flat && { flat }), ...(dark && { dark }) };
  const integrator = createIntegrator(kernels, setup);
  const rows = PatternRows.open(payload.rows, integrator.axis.values.length);
  const growing = new GrowingFiles(payload.dataset);
  return {
    async run(_, given): Promise<LiveResult> {
      const pieces = given as readonly LivePiece[];
      const outcomes: LiveOutcome[] = [];
      const sum = new Float64Array(rows.bins);
      const atOnce = integrator.slots.length;
      for (let at = 0; at < pieces.length; at += atOnce) {
        outcomes.push(
          ...(await reduce(pieces.slice(at, at + atOnce), { kernels, integrator, growing, rows, payload, sum })),
        );
      }
      return { crc: [], outcomes, sum };
    },
    close() {
      rows.close();
      growing.close();
    },
  };
}

interface Tools {
  readonly kernels: Kernels;
  readonly integrator: Integrator;
  readonly growing: GrowingFiles;
  readonly rows: PatternRows;
  readonly payload: LivePayload;
  readonly sum: Float64Array;
}

async function reduce(pieces: readonly LivePiece[], tools: Tools): Promise<LiveOutcome[]> {
  const { integrator, rows, payload, sum } = tools;
  const { bins } = rows;
  const read: { at: number; state: Omit<FrameState, "crc">; data: FrameArray }[] = [];
  const outcomes: LiveOutcome[] = [];
  for (const [at, piece] of pieces.entries()) {
    const found = await readWhole(piece, integrator.slots[read.length]!, tools);
    if ("reason" in found) outcomes[at] = found;
    else read.push({ at, ...found });
  }
  if (read.length === 0) return outcomes;
  const { intensity, sigma } = integrator.integrate(read.map(({ data }) => data));
  read.forEach(({ at, state }, i) => {
    const pattern = intensity.subarray(i * bins, (i + 1) * bins);
    const crc = rows.write(pieces[at]!.slot, pattern, sigma.subarray(i * bins, (i + 1) * bins));
    for (let bin = 0; bin < bins; bin++) if (Number.isFinite(pattern[bin]!)) sum[bin]! += pattern[bin]!;
    outcomes[at] = { state: { ...state, crc }, sums: bandSums(pattern, payload.bands) };
  });
  return outcomes;
}

/** A file that changes while it is read is not whole, whatever its content looked like. */
async function readWhole(
  { path, index }: LivePiece,
  slot: Int32Array,
  { kernels, growing, payload }: Tools,
): Promise<{ state: Omit<FrameState, "crc">; data: FrameArray } | { reason: string }> {
  try {
    if (index !== undefined) {
      const found = await growing.read(path, index, payload.shape, slot, kernels);
      return "reason" in found ? found : { ...found, state: { ...found.state, counts: checksumOf(found.data) } };
    }
    const before = statSync(path);
    const data = readFrameFile(path, payload.shape, slot, kernels);
    const after = statSync(path);
    if (before.size !== after.size || before.mtimeMs !== after.mtimeMs)
      return { reason: `${path}: it was written while it was read` };
    return { state: { bytes: after.size, mtimeMs: after.mtimeMs }, data };
  } catch (error) {
    if (error instanceof InputError) return { reason: error.message };
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { reason: `${path}: it is not there any more` };
    throw error;
  }
}
