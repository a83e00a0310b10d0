/** PNGs and exports, made in a thread that is started when it is first needed and again after it failed. */
import { Worker } from "node:worker_threads";
import { InputError } from "../../data/index.ts";
import type { DrawingReply, DrawingRequest } from "./protocol.ts";

const MOST_WAITING = 20;
const LONGEST_MS = 60_000;

export interface Drawing {
  /** @throws InputError "server-busy" | "drawing-too-long" and those of export-array.ts */
  draw(request: DrawingRequest): Promise<Uint8Array>;
  close(): Promise<void>;
}

export function createDrawing(): Drawing {
  let worker: Worker | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const stop = async (): Promise<void> => {
    const ended = worker;
    worker = undefined;
    await ended?.terminate();
  };
  const once = async (request: DrawingRequest): Promise<Uint8Array> => {
    worker ??= startWorker();
    try {
      return await ask(worker, request);
    } catch (error) {
      // its memory is unknown after a failure that is not a plain refusal
      if (!(error instanceof InputError) || error.code === "drawing-too-long") await stop();
      throw error;
    }
  };
  return {
    async draw(request) {
      if (waiting >= MOST_WAITING)
        throw new InputError("server-busy", `${waiting} figures are being drawn already. Try again in a moment.`);
      waiting++;
      const drawn = last.then(() => once(request));
      last = drawn.catch(() => {});
      try {
        return await drawn;
      } finally {
        waiting--;
      }
    },
    close: stop,
  };
}

function startWorker(): Worker {
  // Tests import this file as TypeScript from src; threads always run what was built.
  const script = import.meta.url.includes("/src/")
    ? "../../../dist/server/drawing/drawing-thread.js"
    : "./drawing-thread.js";
  const worker = new Worker(new URL(script, import.meta.url), { execArgv: [] });
  worker.unref();
  return worker;
}

function ask(worker: Worker, request: DrawingRequest): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      act();
    };
    const onMessage = (reply: DrawingReply): void =>
      settle(() => ("bytes" in reply ? resolve(reply.bytes) : reject(revive(reply.error))));
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (): void => settle(() => reject(new InputError("server-stopped", "The server is being stopped.")));
    const timer = setTimeout(
      () =>
        settle(() =>
          reject(new InputError("drawing-too-long", "The figure took over a minute to draw. Save it as SVG instead.")),
        ),
      LONGEST_MS,
    );
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(request);
  });
}

function revive({ name, message, code }: { name: string; message: string; code?: string }): Error {
  return name === "InputError" && code ? new InputError(code, message) : new Error(message);
}
