import { expect, it } from "vitest";
import { tempFolder } from "../../tests/temp-folder.ts";
import { InputError } from "../data/index.ts";
import type { BlockExecutor } from "./block-executor.ts";
import { runStage, type Stage, type StageContext, type StagePlan } from "./stage.ts";
import { StageStore } from "./stage-store.ts";

const plan: StagePlan<string> = {
  ...{ task: "read", payload: {}, blocks: 6, bytesPerThread: 1 },
  checksums: (block) => [block],
  finish: () => ({ meta: "made", notes: [] }),
};
const stage: Stage<string> = { name: "read", identity: "of the test", plan: async () => plan };

/** Does blocks in their order, and fails before one of them. */
const failingAt = (wrong: number): BlockExecutor => ({
  size: 1,
  async run(_, blocks, onDone) {
    for (const block of blocks) {
      if (block === wrong) throw new InputError("disk-full", "The disk is full.");
      onDone(block, { crc: [block] });
    }
  },
});

it("blocks of a run that failed, and of the one that went on, add up to those of the stage", async () => {
  const store = new StageStore(tempFolder(), "read");
  const context = (executor: BlockExecutor): StageContext => ({
    ...{ store, executor: () => executor, onProgress: () => {}, signal: new AbortController().signal },
    ...{ memoryBytes: 1e9, threads: 1, ownPool: () => Promise.reject(new Error("it has none")) },
  });
  await expect(runStage(stage, context(failingAt(4)))).rejects.toMatchObject({ code: "disk-full" });
  const { blocksDone, meta, work } = await runStage(stage, context(failingAt(-1)));
  expect([blocksDone, meta]).toEqual([2, "made"]);
  expect(work!.map(({ blocks }) => blocks)).toEqual([4, 2]);
});
