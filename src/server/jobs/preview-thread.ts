/** Asks the thread that looks at running stages; it begins with the first look. */
import { builtScript } from "../threads/built-script.ts";
import { createTaskThread, type TaskThread } from "../threads/task-thread.ts";
import type { PreviewReply, PreviewRequest } from "./preview-worker.ts";

const MOST_WAITING = 50;

export const createPreviewThread = (): TaskThread<PreviewRequest, PreviewReply> =>
  createTaskThread({
    script: builtScript("jobs/preview-worker.js"),
    most: MOST_WAITING,
    busy: "previews are waited for already",
  });
