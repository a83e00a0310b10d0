/** Takes what a live run has reduced into the ordinary stage's arrays and journal, frame by frame where it still holds. */
import { statSync } from "node:fs";
import { crc32 } from "node:zlib";
import { version } from "../../data/version.ts";
import { findFramePaths, findGaps, isList } from "../../files/frame-paths.ts";
import { openFrames } from "../../files/frames.ts";
import { withoutMembersOfSets } from "../../files/hdf5-sets.ts";
import { openArray } from "../array-reference.ts";
import type { StagePlan } from "../stage.ts";
import { digest } from "../stage-store.ts";
import type { Step } from "../steps.ts";
import { FRAME_BLOCK, type IntegratePayload } from "../tasks/integrate-task.ts";
import { readEnding } from "./live-ending.ts";
import { frameKey, LiveStore, rowsPath } from "./live-store.ts";
import { PatternRows } from "./pattern-rows.ts";

type Setup = Pick<IntegratePayload, "poni" | "config" | "mask" | "flat" | "dark">;

/** Everything that decides the pattern of a frame. */
export const setupKey = ({ poni, config, mask, flat, dark }: Setup): string =>
  digest({
    version,
    poni,
    config,
    mask: mask && [mask.rows, mask.cols, crc32(mask.data)],
    images: [flat, dark].map(
      (image) => image && crc32(new Uint8Array(image.buffer, image.byteOffset, image.byteLength)),
    ),
  });

/**
 * Blocks of the stage whose frames are all there, unchanged since they were reduced, count as done; the others are
 * left to the stage, which says of each frame what an offline run says.
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
  let adopted = 0;
  if (setupKey(payload) === live.key) {
    const keys = await keysOf(payload);
    const rows = PatternRows.open(rowsPath(live.folder), live.bins);
    const [patterns, sigma] = [openArray(payload.patterns), openArray(payload.sigma)];
    for (let block = 0; block < plan.blocks; block++) {
      if (journal.entries.has(block)) continue;
      const first = block * FRAME_BLOCK;
      const count = Math.min(FRAME_BLOCK, payload.frames - first);
      const whole = gather(
        live,
        rows,
        keys.slice(payload.firstFrame + first, payload.firstFrame + first + count),
        count,
      );
      if (!whole) continue;
      journal.record({
        block,
        crc: [patterns.writeItems(first, count, whole.intensity), sigma.writeItems(first, count, whole.sigma)],
      });
      adopted += count;
    }
    for (const array of [rows, patterns, sigma]) array.close();
  }
  if (readEnding(live.folder) !== "stopped") live.discard();
  return adopted;
}

interface Wanted {
  readonly path: string;
  /** what the live run called it */
  readonly key: string;
}

/** [frame of the source] undefined where there is none. */
async function keysOf({ files, dataset }: IntegratePayload): Promise<(Wanted | undefined)[]> {
  const found = withoutMembersOfSets(findFramePaths(files));
  const first = await openFrames([found[0]!], { missing: "flag", ...(dataset && { dataset }) });
  first.close();
  if (found.length > 1 && first.count === 1) {
    const paths = isList(files) ? found : findGaps(found).paths;
    return paths.map((path) => (path === undefined ? undefined : { path, key: frameKey(path) }));
  }
  const keys: Wanted[] = [];
  for (const path of found) {
    const source = await openFrames([path], { missing: "flag", ...(dataset && { dataset }) });
    source.close();
    for (let index = 0; index < source.count; index++) keys.push({ path, key: frameKey(path, index) });
  }
  return keys;
}

/** Patterns of one block, NaN where there is no frame; undefined where one is not known, or has changed. */
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
    const now = frame && statSync(one.path, { throwIfNoEntry: false });
    if (!frame || !now || now.size !== frame.bytes || now.mtimeMs !== frame.mtimeMs) return undefined;
    const row = rows.read(frame.slot, frame.crc);
    if (!row) return undefined;
    intensity.set(row.intensity, i * bins);
    sigma.set(row.sigma, i * bins);
  }
  return { intensity, sigma };
}
