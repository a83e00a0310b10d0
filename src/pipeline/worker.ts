/** Entry of a worker thread: sets a job up once, then does its blocks one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { Arena } from "../kernels/index.ts";
import { loadKernels } from "./load-kernels.ts";
import { type BlockRunner, setUpTask } from "./tasks.ts";
import type { JobRequest, TaskReply, WorkerData } from "./worker-protocol.ts";

const { memory, arenaStart, arenaEnd } = workerData as WorkerData;
const kernels = loadKernels({ memory, arena: new Arena(memory, arenaStart, arenaEnd) });
const empty = kernels.arena.mark();
let current: { job: number; runner: BlockRunner } | undefined;

async function handle({
  job,
  task,
  payload,
  block,
  piece,
}: JobRequest & { block: number; piece?: unknown }): Promise<TaskReply> {
  try {
    if (current?.job !== job) {
      current?.runner.close();
      current = undefined;
      kernels.arena.release(empty);
      current = { job, runner: await setUpTask(kernels, task, payload) };
    }
    const scratch = kernels.arena.mark();
    const result = await current.runner.run(block, piece);
    kernels.arena.release(scratch);
    return { result };
  } catch (error) {
    const { name, message, stack, code } = error as Error & { code?: string };
    return { error: { name, message, ...(stack && { stack }), ...(code && { code }) } };
  }
}

parentPort!.on("message", async (request: JobRequest & { block: number; piece?: unknown }) => {
  parentPort!.postMessage(await handle(request));
});
