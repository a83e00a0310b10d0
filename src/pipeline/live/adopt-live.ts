/** Takes what a live run has reduced into the ordinary stage's arrays and journal, frame by frame where it still holds. */
import { statSync } from "node:fs";
import { openArray } from "../array-reference.ts";
import type { StagePlan } from "../stage.ts";
import type { Step } from "../steps.ts";
import { FRAME_BLOCK, type IntegratePayload } from "../tasks/integrate-task.ts";
import { setupKey, type Wanted, wantedFrames } from "./known-frames.ts";
import { readEnding } from "./live-ending.ts";
import { LiveStore, rowsPath } from "./live-store.ts";
import { PatternRows } from "./pattern-rows.ts";

/**
 * Blocks of the stage whose frames are all there, in files unchanged since they were reduced, count as done; the others
 * are left to the stage, which says of each frame what an offline run says. Of frames in files that changed it
 * integrates those whose counts are not what they were.
 *
 * @param key of the stage
 * @returns how many frames were taken over
 */
export async function adoptLive(workFolder: string, { stage, store }: Step, key: string): Promise<number> {
  const live = LiveStore.find(workFolder);
  if (!live || stage.name !== "integrate" || store.done(key)) return 0;
  const journal = store.begin(key);
  const plan = (await stage.plan()) as StagePlan<unknown>;
  plan.finish([]); // closes what it opened; the stage plans for itself
  const payload = plan.payload as IntegratePayload;
  if (setupKey(payload) !== live.key) return 0;
  let adopted = 0;
  const frames = await wantedFrames(payload);
  const rows = PatternRows.open(rowsPath(live.folder), live.bins);
  const [patterns, sigma] = [openArray(payload.patterns), openArray(payload.sigma)];
  try {
    for (let block = 0; block < plan.blocks; block++) {
      if (journal.entries.has(block)) continue;
      const first = block * FRAME_BLOCK;
      const count = Math.min(FRAME_BLOCK, payload.frames - first);
      const at = payload.firstFrame + first;
      const whole = gather(live, rows, frames.slice(at, at + count), count);
      if (!whole) continue;
      journal.record({
        block,
        crc: [patterns.writeItems(first, count, whole.intensity), sigma.writeItems(first, count, whole.sigma)],
      });
      adopted += count;
    }
  } finally {
    for (const array of [rows, patterns, sigma]) array.close();
  }
  return adopted;
}

/** Once the stage is done nobody needs what the live run kept for it, unless the scan may yet go on. */
export function forgetLive(workFolder: string): void {
  const live = LiveStore.peek(workFolder);
  if (live && readEnding(live.folder) !== "stopped") live.discard();
}

/** Patterns of one block, NaN where there is no frame; undefined where one is not known, or may have changed. */
function gather(
  live: LiveStore,
  rows: PatternRows,
  wanted: readonly (Wanted | undefined)[],
  count: number,
): { intensity: Float32Array; sigma: Float32Array } | undefined {
  const { bins } = live;
  const intensity = new Float32Array(count * bins).fill(Number.NaN);
  const sigma = new Float32Array(count * bins).fill(Number.NaN);
  for (const [i, one] of wanted.entries()) {
    if (one === undefined) continue;
    const frame = live.frames.get(one.key);
    const now = frame && one.file !== undefined ? statSync(one.file, { throwIfNoEntry: false }) : undefined;
    if (!frame || !now || now.size !== frame.bytes || now.mtimeMs !== frame.mtimeMs) return undefined;
    const row = rows.read(frame.slot, frame.crc);
    if (!row) return undefined;
    intensity.set(row.intensity, i * bins);
    sigma.set(row.sigma, i * bins);
  }
  return { intensity, sigma };
}
