/** Entry of a thread for frames: does what it is asked, one after the other. */
import { parentPort } from "node:worker_threads";
import { runCalibration } from "./calibration-task.ts";
import type { FrameTask, FrameTasks, TaskAnswer, TaskRequest } from "./frame-tasks.ts";
import { exportFrame, readImage, readMaskImage, readSeries, saveMask } from "./image-tasks.ts";
import { integrate, patternText } from "./integration-task.ts";
import { listRings } from "./rings-task.ts";

const TASKS: { readonly [T in FrameTask]: (ask: FrameTasks[T]["ask"]) => Promise<FrameTasks[T]["reply"]> } = {
  series: readSeries,
  image: readImage,
  mask: readMaskImage,
  saveMask,
  integrate,
  patternText,
  rings: listRings,
  calibrate: runCalibration,
  export: exportFrame,
};

parentPort!.on("message", async <T extends FrameTask>({ task, ask }: TaskRequest<T>) => {
  let answer: TaskAnswer;
  try {
    answer = { reply: await TASKS[task](ask) };
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    answer = { error: { name, message, ...(code && { code }) } };
  }
  parentPort!.postMessage(answer, "reply" in answer ? ownBuffers(answer.reply) : []);
});

/** Images and patterns are made for the one who asked: handed over, not copied. Axes stay with the thread's tables. */
function ownBuffers(reply: unknown): ArrayBuffer[] {
  const { data, intensity, sigma } = (reply ?? {}) as Record<string, unknown>;
  return [data, intensity, sigma].flatMap((one) => (ArrayBuffer.isView(one) ? [one.buffer as ArrayBuffer] : []));
}
