/** What worker threads can do: a task is set up once for a stage and then does its blocks. */
import type { Kernels } from "../kernels/index.ts";
import type { BlockResult } from "./stage.ts";

export interface BlockRunner {
  /**
   * Reads the block's input, does it, writes the output. Kernel memory that this takes is given back after the block:
   * what is to last longer is taken in the set-up.
   *
   * @param piece what to do, where it is no block of a plan
   */
  run(block: number, piece?: unknown): BlockResult | Promise<BlockResult>;
  close(): void;
}

type SetUp = (kernels: Kernels, payload: never) => BlockRunner | Promise<BlockRunner>;

/** Loaded on first use, so that a thread carries only what its stage needs. */
const TASKS = {
  integrate: async () => (await import("./tasks/integrate-task.ts")).setUpIntegrate,
  read: async () => (await import("./tasks/read-task.ts")).setUpRead,
  arrange: async () => (await import("./tasks/arrange-task.ts")).setUpArrange,
  sinogram: async () => (await import("./tasks/sinogram-task.ts")).setUpSinogram,
  reconstruct: async () => (await import("./tasks/reconstruct-task.ts")).setUpReconstruct,
  simulate: async () => (await import("./tasks/simulate-task.ts")).setUpSimulate,
  absorb: async () => (await import("./tasks/absorb-task.ts")).setUpAbsorb,
  map: async () => (await import("./tasks/map-task.ts")).setUpMap,
  register: async () => (await import("./tasks/register-task.ts")).setUpRegister,
  residual: async () => (await import("./tasks/residual-task.ts")).setUpResidual,
  live: async () => (await import("./tasks/live-task.ts")).setUpLive,
  dlsr: async () => (await import("./tasks/dlsr-task.ts")).setUpDlsr,
} satisfies Record<string, () => Promise<SetUp>>;
export type TaskName = keyof typeof TASKS;

export async function setUpTask(kernels: Kernels, task: TaskName, payload: unknown): Promise<BlockRunner> {
  const setUp: SetUp = await (TASKS[task] as () => Promise<SetUp>)();
  return setUp(kernels, payload as never);
}
