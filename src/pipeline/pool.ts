/**
 * Worker threads over one shared kernel memory. Each thread has its own part of that memory for scratch; tasks read
 * their input from files and write their output there, so that only small messages pass between threads.
 */
import { Worker } from "node:worker_threads";
import { InputError } from "../data/index.ts";
import { ARENA_START, Arena, createKernelMemory, type Kernels, MAXIMUM_PAGES } from "../kernels/index.ts";
import type { BlockExecutor, BlockRequest } from "./block-executor.ts";
import { loadKernels } from "./load-kernels.ts";
import { lossOf, watchWorker } from "./worker-loss.ts";
import type { JobRequest, TaskReply, WorkerData } from "./worker-protocol.ts";

const MEMORY_BYTES = MAXIMUM_PAGES * 65536;

export class WorkerPool implements BlockExecutor {
  readonly size: number;
  private readonly workers: Worker[] = [];
  private readonly memory = createKernelMemory();
  private readonly mainBytes: number;
  private nextJob = 0;

  /** @param mainBytes of the kernel memory that this thread takes arrays from, for all threads to see */
  constructor(size: number, mainBytes = 0) {
    this.size = size;
    this.mainBytes = mainBytes;
    const { memory } = this;
    const first = ARENA_START + mainBytes;
    const share = Math.floor((MEMORY_BYTES - first) / size);
    // Tests import this file as TypeScript from src; threads always run what was built.
    const script = new URL(
      import.meta.url.includes("/src/") ? "../../dist/pipeline/worker.js" : "./worker.js",
      import.meta.url,
    );
    for (let i = 0; i < size; i++) {
      const start = first + i * share;
      const workerData: WorkerData = { memory, arenaStart: start, arenaEnd: start + share };
      const worker = new Worker(script, { workerData, execArgv: [] });
      watchWorker(worker);
      this.workers.push(worker);
    }
  }

  /** This thread's kernels, over the memory that the threads share. */
  kernels(): Kernels {
    const { memory } = this;
    return loadKernels({ memory, arena: new Arena(memory, ARENA_START, ARENA_START + this.mainBytes) });
  }

  /**
   * Runs the given blocks of a job, each on whichever thread is free; results come as they finish.
   *
   * @param threads at most so many at a time, where memory is short
   * @param onDone called in this thread for every finished block, in the order they finish
   * @throws what the first failing block threw, after the running ones have ended; nothing new is started then
   */
  async run(
    request: BlockRequest,
    blocks: readonly number[],
    onDone: (block: number, result: unknown) => void,
    { signal, threads = this.size }: { signal?: AbortSignal; threads?: number } = {},
  ): Promise<void> {
    const job = this.nextJob++;
    const queue = blocks[Symbol.iterator]();
    let failure: unknown;
    const serve = async (worker: Worker): Promise<void> => {
      while (failure === undefined && !signal?.aborted) {
        const next = queue.next();
        if (next.done) return;
        try {
          onDone(next.value, await ask(worker, { ...request, job, block: next.value }));
        } catch (error) {
          failure ??= error;
        }
      }
    };
    await Promise.all(this.workers.slice(0, threads).map(serve));
    if (failure !== undefined) throw failure;
    signal?.throwIfAborted();
  }

  /**
   * Work that comes as it comes: whichever thread is free takes the next piece, until there is none.
   *
   * @param take the next piece, once there is one; undefined where there will be none any more
   * @param onDone called in this thread for every finished piece
   * @param giveUp called where a piece has failed: `take` is to end its waiting
   * @throws what the first failing piece threw, after the running ones have ended
   */
  async stream<Piece>(
    request: BlockRequest,
    take: () => Promise<Piece | undefined>,
    onDone: (piece: Piece, result: unknown) => void,
    giveUp: () => void,
  ): Promise<void> {
    const job = this.nextJob++;
    let failure: unknown;
    const serve = async (worker: Worker): Promise<void> => {
      while (failure === undefined) {
        const piece = await take();
        if (piece === undefined) return;
        try {
          onDone(piece, await ask(worker, { ...request, job, block: 0, piece }));
        } catch (error) {
          failure ??= error;
          giveUp();
        }
      }
    };
    await Promise.all(this.workers.map(serve));
    if (failure !== undefined) throw failure;
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

function ask(worker: Worker, request: JobRequest & { block: number; piece?: unknown }): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const off = () => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
    };
    const onMessage = (reply: TaskReply) => {
      off();
      if ("result" in reply) resolve(reply.result);
      else reject(revive(reply.error));
    };
    const onError = () => {
      off();
      reject(lossOf(worker));
    };
    const onExit = onError;
    if (lossOf(worker) !== undefined) return reject(lossOf(worker));
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    worker.postMessage(request);
  });
}

function revive(error: { name: string; message: string; code?: string; stack?: string }): Error {
  if (error.name === "InputError" && error.code) return new InputError(error.code, error.message);
  const revived = new Error(error.message);
  if (error.stack) revived.stack = error.stack;
  return Object.assign(revived, error.code && { code: error.code });
}
