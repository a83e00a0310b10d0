/** Entry of the refinement thread. */
import { parentPort, workerData } from "node:worker_threads";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import type { RefineAnswer, RefineTask, RefineThreadData } from "./protocol.ts";
import { createRefineTasks } from "./refine-task.ts";

const { cancel } = workerData as RefineThreadData;
const tasks = createRefineTasks(loadKernels());
const isCancelled = (): boolean => Atomics.load(cancel, 0) !== 0;

async function answer(task: RefineTask): Promise<RefineAnswer> {
  try {
    return task.kind === "fit" ? { fit: await tasks.fit(task, isCancelled) } : { model: await tasks.model(task) };
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    return { error: { name, message, ...(code && { code }) } };
  }
}

parentPort!.on("message", async (task: RefineTask) => {
  parentPort!.postMessage(await answer(task));
});
