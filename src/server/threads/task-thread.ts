/** A thread that does what it is asked, one thing after the other, as the server sees it; answer-tasks.ts is its end. */
import { Worker } from "node:worker_threads";
import { InputError } from "../../data/index.ts";
import { type ErrorMessage, revive } from "./error-message.ts";

export type TaskAnswer<Reply> = { readonly reply: Reply } | { readonly error: ErrorMessage };

export interface TaskThreadOptions {
  /** entry of the thread */
  readonly script: URL;
  /** that wait or are done at a time */
  readonly most: number;
  /** what is waiting where there are more, "20 figures are being drawn already" without the number */
  readonly busy: string;
  /** time for one; the thread is ended where it takes longer */
  readonly limit?: { readonly ms: number; readonly error: () => InputError };
}

export interface AskOptions {
  /** a request that nobody waits for any more is dropped before it starts */
  readonly signal?: AbortSignal;
  /** and where it has started, it is ended with its thread */
  readonly isLong?: boolean;
}

export interface TaskThread<Ask, Reply> {
  /** @throws InputError "server-busy" | "server-stopped" and those of the task; AbortError */
  ask(ask: Ask, options?: AskOptions): Promise<Reply>;
  close(): Promise<void>;
}

/** The thread starts when it is first needed, and again after it was ended or failed. */
export function createTaskThread<Ask, Reply>({ script, most, busy, limit }: TaskThreadOptions): TaskThread<Ask, Reply> {
  let worker: Worker | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let isClosed = false;

  const started = (): Worker => {
    if (worker) return worker;
    const made = new Worker(script, { execArgv: [] });
    // one that fails while nothing is asked of it does not take the server with it
    const forget = (): void => {
      if (worker === made) worker = undefined;
    };
    made.on("error", forget).on("exit", forget).unref();
    worker = made;
    return made;
  };
  const stop = async (): Promise<void> => {
    const ended = worker;
    worker = undefined;
    await ended?.terminate();
  };
  const once = async (ask: Ask, { signal, isLong }: AskOptions): Promise<Reply> => {
    signal?.throwIfAborted();
    if (isClosed) throw stopped();
    const end = (): void => void stop();
    if (isLong) signal?.addEventListener("abort", end);
    try {
      return await answerOf<Reply>(started(), ask, limit);
    } catch (error) {
      signal?.throwIfAborted();
      // its memory is unknown after a failure that is not a plain refusal
      if (!(error instanceof InputError) || error.code === limit?.error().code) await stop();
      throw error;
    } finally {
      signal?.removeEventListener("abort", end);
    }
  };
  return {
    async ask(ask, options = {}) {
      if (waiting >= most) throw new InputError("server-busy", `${waiting} ${busy}. Try again in a moment.`);
      waiting++;
      const answered = last.then(() => once(ask, options));
      last = answered.catch(() => {});
      try {
        return await answered;
      } finally {
        waiting--;
      }
    },
    async close() {
      isClosed = true;
      await stop();
    },
  };
}

const stopped = (): InputError => new InputError("server-stopped", "The server is being stopped.");

function answerOf<Reply>(worker: Worker, ask: unknown, limit: TaskThreadOptions["limit"]): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
      act();
    };
    const onMessage = (answer: TaskAnswer<Reply>): void =>
      settle(() => ("reply" in answer ? resolve(answer.reply) : reject(revive(answer.error))));
    const onError = (error: Error): void => settle(() => reject(error));
    const onExit = (): void => settle(() => reject(stopped()));
    const timer = limit && setTimeout(() => settle(() => reject(limit.error())), limit.ms);
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
    worker.postMessage(ask);
  });
}
