import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { InputError } from "../data/index.ts";

/** How work is spread. */
export interface WorkerOptions {
  /** threads; left out: as many as the processor runs */
  readonly workers?: number;
  /** ends the threads and rejects with the signal's reason */
  readonly signal?: AbortSignal;
  /** told after each item */
  readonly onDone?: (done: number, of: number) => void;
}

type Answer<Result> =
  | { readonly index: number; readonly result: Result }
  | { readonly index: number; readonly message: string; readonly code?: string; readonly stack?: string };

/**
 * What each thread runs: the module's default export on one item after the other. It listens before the module is
 * loaded, because a module that listens too would start the port, and the first item be lost.
 */
const LOOP = `
import { parentPort, workerData } from "node:worker_threads";
const loading = import(workerData);
loading.catch(() => {}); // told with the first item
parentPort.on("message", async ({ index, item }) => {
  try {
    const { default: work } = await loading;
    parentPort.postMessage({ index, result: await work(item, index) });
  } catch (error) {
    const { message = String(error), code, stack } = error ?? {};
    parentPort.postMessage({ index, message, code: typeof code === "string" ? code : undefined, stack });
  }
});`;

/**
 * Runs the default export of a module on every item, in threads, and gives the results in the order of the items.
 * Each thread loads the module once, so what it keeps at its top (kernels, a model) is made once a thread.
 *
 * @param module a JavaScript module, as `new URL("./refine-row.js", import.meta.url)`; its default export takes an item
 *   and its index, and gives a result or a promise of one
 * @param items  anything that can be posted to a thread: numbers, texts, plain objects, typed arrays
 * @throws the first error of an item, the other threads being ended; InputError as such
 */
export async function runOnWorkers<Item, Result>(
  module: URL,
  items: readonly Item[],
  { workers = availableParallelism(), signal, onDone }: WorkerOptions = {},
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  let [next, done] = [0, 0];
  const pool: Worker[] = [];
  const runAll = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const stop = () => reject(signal!.reason);
      if (signal?.aborted) return stop();
      signal?.addEventListener("abort", stop, { once: true });
      if (items.length === 0) return resolve();
      for (let i = 0; i < Math.max(1, Math.min(workers, items.length)); i++) {
        const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(LOOP)}`), {
          workerData: module.href,
        });
        pool.push(thread);
        const give = () => {
          const index = next++;
          if (index < items.length) thread.postMessage({ index, item: items[index] });
        };
        thread.on("error", reject);
        thread.on("exit", (code) => reject(new Error(`A thread of ${module.href} ended with code ${code}.`)));
        thread.on("message", (answer: Answer<Result>) => {
          if (!("result" in answer)) return reject(errorOf(answer, module));
          results[answer.index] = answer.result;
          done++;
          onDone?.(done, items.length);
          if (done === items.length) resolve();
          else give();
        });
        give();
      }
    });
  try {
    await runAll();
    return results;
  } finally {
    await Promise.all(pool.map((thread) => thread.terminate()));
  }
}

function errorOf(answer: Exclude<Answer<never>, { result: never }>, module: URL): Error {
  if (answer.code) return new InputError(answer.code, answer.message);
  const error = new Error(`Item ${answer.index} of ${module.href}: ${answer.message}`);
  if (answer.stack) error.stack = answer.stack;
  return error;
}
