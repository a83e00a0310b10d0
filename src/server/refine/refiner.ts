/** Refinements, one after the other in a thread that is kept warm; those that nobody waits for any more are dropped. */
import { Worker } from "node:worker_threads";
import { InputError } from "../../data/index.ts";
import type { ModelText } from "../wire-refine.ts";
import type { RefineAnswer, RefineTask, RefineThreadData } from "./protocol.ts";
import type { FitReply } from "./refine-task.ts";

const MOST_WAITING = 20;

export interface Refiner {
  /** @throws InputError "refine-cancelled" | "server-busy" and those of models and patterns */
  fit(task: Omit<RefineTask, "kind">, signal: AbortSignal): Promise<FitReply | undefined>;
  model(task: Omit<RefineTask, "kind">, signal: AbortSignal): Promise<ModelText | undefined>;
  close(): Promise<void>;
}

export function createRefiner(): Refiner {
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  let worker: Worker | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const stop = async (): Promise<void> => {
    const ended = worker;
    worker = undefined;
    await ended?.terminate();
  };
  async function once(task: RefineTask, signal: AbortSignal): Promise<RefineAnswer> {
    if (signal.aborted) throw cancelled();
    worker ??= startWorker({ cancel });
    Atomics.store(cancel, 0, 0);
    const onAbort = (): void => {
      Atomics.store(cancel, 0, 1);
    };
    signal.addEventListener("abort", onAbort);
    try {
      const answer = await ask(worker, task);
      if (signal.aborted) throw cancelled();
      if ("error" in answer) throw revive(answer.error);
      return answer;
    } catch (error) {
      // its memory is unknown after a failure that is not a plain refusal
      if (!(error instanceof InputError)) await stop();
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
  async function queued(task: RefineTask, signal: AbortSignal): Promise<RefineAnswer> {
    if (waiting >= MOST_WAITING)
      throw new InputError("server-busy", `${waiting} refinements are waiting already. Try again in a moment.`);
    waiting++;
    const done = last.then(() => once(task, signal));
    last = done.catch(() => {});
    try {
      return await done;
    } finally {
      waiting--;
    }
  }
  return {
    async fit(task, signal) {
      const answer = await queued({ ...task, kind: "fit" }, signal);
      return "fit" in answer ? answer.fit : undefined;
    },
    async model(task, signal) {
      const answer = await queued({ ...task, kind: "model" }, signal);
      return "model" in answer ? answer.model : undefined;
    },
    close: stop,
  };
}

const cancelled = (): InputError => new InputError("refine-cancelled", "The refinement was cancelled.");

function startWorker(data: RefineThreadData): Worker {
  // Tests import this file as TypeScript from src; threads always run what was built.
  const script = import.meta.url.includes("/src/")
    ? "../../../dist/server/refine/refine-thread.js"
    : "./refine-thread.js";
  const worker = new Worker(new URL(script, import.meta.url), { workerData: data, execArgv: [] });
  worker.unref();
  return worker;
}

function ask(worker: Worker, task: RefineTask): Promise<RefineAnswer> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      act();
    };
    const onMessage = (answer: RefineAnswer): void => settle(() => resolve(answer));
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (): void => settle(() => reject(new InputError("server-stopped", "The server is being stopped.")));
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(task);
  });
}

function revive({ name, message, code }: { name: string; message: string; code?: string }): Error {
  return name === "InputError" && code ? new InputError(code, message) : new Error(message);
}
