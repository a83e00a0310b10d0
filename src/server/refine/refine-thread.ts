/** Entry of the refinement thread. */
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { answerTasks } from "../threads/answer-tasks.ts";
import type { RefineAnswer, RefineAsk } from "./protocol.ts";
import { createRefineTasks } from "./refine-task.ts";

const tasks = createRefineTasks(loadKernels());

answerTasks(async ({ task, cancel }: RefineAsk): Promise<RefineAnswer> => {
  const isCancelled = (): boolean => Atomics.load(cancel, 0) !== 0;
  return task.kind === "fit" ? { fit: await tasks.fit(task, isCancelled) } : { model: await tasks.model(task) };
});
