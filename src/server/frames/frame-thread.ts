/** A thread that reads, integrates and calibrates frames, one request after the other. */
import { Worker } from "node:worker_threads";
import { InputError } from "../../data/index.ts";
import type { FrameTask, FrameTasks, TaskAnswer, TaskRequest } from "./frame-tasks.ts";

const MOST_WAITING = 50;

export interface FrameThread {
  /**
   * @param signal a request that nobody waits for any more is taken out of the queue; `isLong` ends it while it runs
   * @throws InputError "server-busy" and those of the tasks; AbortError
   */
  ask<T extends FrameTask>(
    task: T,
    ask: FrameTasks[T]["ask"],
    options?: { readonly signal?: AbortSignal; readonly isLong?: boolean },
  ): Promise<FrameTasks[T]["reply"]>;
  close(): Promise<void>;
}

/** The thread starts when it is first needed, and again after it was ended. */
export function createFrameThread(): FrameThread {
  let worker: Worker | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const stop = async (): Promise<void> => {
    const ended = worker;
    worker = undefined;
    await ended?.terminate();
  };
  const once = async (request: TaskRequest, signal: AbortSignal | undefined, isLong: boolean): Promise<unknown> => {
    signal?.throwIfAborted();
    worker ??= startWorker();
    const end = (): void => void stop();
    if (isLong) signal?.addEventListener("abort", end);
    try {
      return await answerOf(worker, request);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof InputError)) await stop();
      throw error;
    } finally {
      signal?.removeEventListener("abort", end);
    }
  };
  return {
    async ask<T extends FrameTask>(
      task: T,
      ask: FrameTasks[T]["ask"],
      { signal, isLong = false }: { signal?: AbortSignal; isLong?: boolean } = {},
    ) {
      if (waiting >= MOST_WAITING)
        throw new InputError("server-busy", `${waiting} frames are waited for already. Try again in a moment.`);
      waiting++;
      const answered = last.then(() => once({ task, ask }, signal, isLong));
      last = answered.catch(() => {});
      try {
        return (await answered) as FrameTasks[T]["reply"];
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
    ? "../../../dist/server/frames/frame-worker.js"
    : "./frame-worker.js";
  const worker = new Worker(new URL(script, import.meta.url), { execArgv: [] });
  worker.unref();
  return worker;
}

function answerOf(worker: Worker, request: TaskRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      act();
    };
    const onMessage = (answer: TaskAnswer): void =>
      settle(() => ("reply" in answer ? resolve(answer.reply) : reject(revive(answer.error))));
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (): void => settle(() => reject(new InputError("server-stopped", "The server is being stopped.")));
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(request);
  });
}

function revive({ name, message, code }: { name: string; message: string; code?: string }): Error {
  return name === "InputError" && code ? new InputError(code, message) : new Error(message);
}
