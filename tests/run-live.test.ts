/** Scans that are followed while they are written: whole, damaged, out of order, interrupted; the same bits as afterwards. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { LiveOptions } from "../src/pipeline/live/follow-scan.ts";
import { type LiveState, readSnapshot } from "../src/pipeline/live/snapshot.ts";
import { type RunSummary, runScan } from "../src/pipeline/run-scan.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { tempFolder } from "./temp-folder.ts";
import { FRAMES, hashes, journalEntries, runHere, simulate, type VirtualScan } from "./virtual-scan.ts";

const folder = tempFolder();
let scan: VirtualScan;
let frames: string[];
let offline: Record<string, string>;

beforeAll(async () => {
  scan = await simulate(join(folder, "frames"), FRAMES, "frames");
  frames = readdirSync(join(scan.folder, "frames")).sort();
  await runHere(scan.scanPath, join(folder, "offline.nxs"));
  offline = await hashes(join(folder, "offline.nxs"));
});

/** A scan.yaml beside the whole one, whose frames are still to be written into a folder of their own. */
function toCome(name: string): { scanPath: string; into: string } {
  const into = join(scan.folder, name);
  mkdirSync(into);
  const text = readFileSync(scan.scanPath, "utf8");
  const scanPath = join(scan.folder, `${name}.yaml`);
  writeFileSync(scanPath, text.replace(/files: .*/, `files: ${name}`));
  return { scanPath, into };
}

const whole = (name: string): string => join(scan.folder, "frames", name);

interface Live {
  readonly summary: Promise<RunSummary>;
  readonly states: LiveState[];
  readonly enough: AbortController;
  readonly stop: AbortController;
}

function live(scanPath: string, output: string, options: Partial<LiveOptions> = {}, workers = 2): Live {
  const [enough, stop] = [new AbortController(), new AbortController()];
  const states: LiveState[] = [];
  const summary = runScan(readScan(scanPath), {
    ...{ output, workers, memoryBytes: 3e9, onProgress: () => {}, signal: stop.signal },
    live: { lines: 16, timeoutS: 20, enough: enough.signal, onState: (state) => states.push(state), ...options },
  });
  summary.catch(() => {});
  return { summary, states, enough, stop };
}

describe("frames that appear", () => {
  it("in any order, half-written, renamed: all are taken, and the result has the bits of an offline run", async () => {
    const { scanPath, into } = toCome("wild");
    const output = join(folder, "wild.nxs");
    const { summary, states } = live(scanPath, output);
    const order = frames.map((name, i) => ({ name, at: i + ((i * 7) % 5) })).sort((a, b) => a.at - b.at);
    for (const [i, { name }] of order.entries()) {
      const bytes = readFileSync(whole(name));
      if (i % 10 === 3) {
        writeFileSync(join(into, name), bytes.subarray(0, bytes.length >> 1));
        await setTimeout(5);
      } else if (i % 10 === 7) {
        writeFileSync(join(into, `${name}.tmp`), bytes);
        renameSync(join(into, `${name}.tmp`), join(into, name));
        continue;
      }
      writeFileSync(join(into, name), bytes);
      await setTimeout(2);
    }
    const done = await summary;
    expect(await hashes(output)).toEqual(offline);
    expect(done.stages[0]!.blocksDone).toBe(0);
    expect(done.stages[0]!.notes.join("\n")).toContain("until all of it was there");
    expect(states.at(-1)).toMatchObject({ phase: "complete", frames: 240, notices: [] });
    const { state, arrays } = readSnapshot(`${output}.work/live`, ["sinogram/all", "image/all", "pattern"])!;
    expect(state.frames).toBe(240);
    expect(arrays.map(({ name, shape }) => [name, shape])).toEqual([
      ["sinogram/all", [16, 15]],
      ["image/all", [15, 15]],
      ["pattern", [100]],
    ]);
  });
});
