/** What worker threads can do: a task is set up once for a stage and then does its blocks. */
import type { Kernels } from "../kernels/index.ts";
import type { BlockResult } from "./stage.ts";

export interface BlockRunner {
  /** Reads the block's input, does it, writes the output. */
  run(block: number): BlockResult | Promise<BlockResult>;
  close(): void;
}

type SetUp = (kernels: Kernels, payload: never) => BlockRunner | Promise<BlockRunner>;

/** Loaded on first use, so that a thread carries only what its stage needs. */
const TASKS = {} satisfies Record<string, () => Promise<SetUp>>;
export type TaskName = keyof typeof TASKS;

export async function setUpTask(kernels: Kernels, task: TaskName, payload: unknown): Promise<BlockRunner> {
  const setUp: SetUp = await (TASKS[task] as () => Promise<SetUp>)();
  return setUp(kernels, payload as never);
}
