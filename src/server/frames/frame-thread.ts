/** A thread that reads, integrates and calibrates frames, one request after the other. */
import { builtScript } from "../threads/built-script.ts";
import { type AskOptions, createTaskThread } from "../threads/task-thread.ts";
import type { FrameTask, FrameTasks, TaskRequest } from "./frame-tasks.ts";

const MOST_WAITING = 50;

export interface FrameThread {
  /** @throws InputError "server-busy" and those of the tasks; AbortError */
  ask<T extends FrameTask>(task: T, ask: FrameTasks[T]["ask"], options?: AskOptions): Promise<FrameTasks[T]["reply"]>;
  close(): Promise<void>;
}

export function createFrameThread(): FrameThread {
  const thread = createTaskThread<TaskRequest, unknown>({
    script: builtScript("frames/frame-worker.js"),
    most: MOST_WAITING,
    busy: "frames are waited for already",
  });
  return {
    async ask<T extends FrameTask>(task: T, ask: FrameTasks[T]["ask"], options?: AskOptions) {
      return (await thread.ask({ task, ask }, options)) as FrameTasks[T]["reply"];
    },
    close: thread.close,
  };
}
