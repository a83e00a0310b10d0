/** Threads that have ended by themselves, whenever it was: who asked one of them for work would wait for ever. */
import type { Worker } from "node:worker_threads";
import { InputError } from "../data/index.ts";
import { diskError } from "./disk-error.ts";

const losses = new WeakMap<Worker, unknown>();

/** From its beginning on. */
export function watchWorker(worker: Worker): void {
  worker.on("error", (error) => losses.set(worker, diskError(error, "")));
  worker.on("exit", (code) => {
    if (losses.has(worker)) return;
    const message = `A worker thread has ended by itself (code ${code}). Nothing that was finished is lost: run the same command again, with fewer --workers or less --memory-gb if it comes again.`;
    losses.set(worker, new InputError("worker-lost", message));
  });
}

/** Why the thread is no more; undefined while it lives. */
export const lossOf = (worker: Worker): unknown => losses.get(worker);
