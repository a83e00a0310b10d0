/** PNGs and exports, made in a thread that is started when it is first needed and again after it failed. */
import { InputError } from "../../data/index.ts";
import { builtScript } from "../threads/built-script.ts";
import { createTaskThread, type TaskThread } from "../threads/task-thread.ts";
import type { DrawingRequest } from "./protocol.ts";

const MOST_WAITING = 20;
const LONGEST_MS = 60_000;

/** Asking throws InputError "server-busy" | "drawing-too-long" and those of export-array.ts. */
export const createDrawing = (): TaskThread<DrawingRequest, Uint8Array> =>
  createTaskThread({
    script: builtScript("drawing/drawing-thread.js"),
    most: MOST_WAITING,
    busy: "figures are being drawn already",
    limit: {
      ms: LONGEST_MS,
      error: () => new InputError("drawing-too-long", "The figure took over a minute to draw. Save it as SVG instead."),
    },
  });
