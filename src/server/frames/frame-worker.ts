/** Entry of a thread for frames: does what it is asked, one after the other. */
import { answerTasks } from "../threads/answer-tasks.ts";
import { runCalibration } from "./calibration-task.ts";
import type { FrameTask, FrameTasks, TaskRequest } from "./frame-tasks.ts";
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

const answer = <T extends FrameTask>({ task, ask }: TaskRequest<T>): Promise<unknown> => TASKS[task](ask);
answerTasks<TaskRequest, unknown>(answer, ownBuffers);

/** Images and patterns are made for the one who asked: handed over, not copied. Axes stay with the thread's tables. */
function ownBuffers(reply: unknown): ArrayBuffer[] {
  const { data, intensity, sigma } = (reply ?? {}) as Record<string, unknown>;
  return [data, intensity, sigma].flatMap((one) => (ArrayBuffer.isView(one) ? [one.buffer as ArrayBuffer] : []));
}
