/** A reader thread as the server sees it: requests wait here until it is free, the newest first. */
import { Worker } from "node:worker_threads";
import { InputError } from "../../data/index.ts";
import type { BuildRequest, ErrorMessage, ReaderData, ReaderMessage, ReaderRequest } from "./reader-protocol.ts";
import type { ReaderReply } from "./reader-tasks.ts";

/** Without its number. */
export type ReaderWork = Omit<ReaderRequest, "id"> | Omit<BuildRequest, "id">;

interface Waiting {
  readonly work: ReaderWork;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: unknown) => void) | undefined;
  readonly resolve: (reply: ReaderReply) => void;
  readonly reject: (error: unknown) => void;
}

export class Reader {
  readonly #waiting: Waiting[] = [];
  readonly #cancelled = new Int32Array(new SharedArrayBuffer(4));
  #worker: Worker | undefined;
  #active: { readonly id: number; readonly request: Waiting } | undefined;
  #next = 1;
  #isClosed = false;

  /** Loads the library ahead of the first request. */
  start(): void {
    this.#worker ??= this.#spawn();
  }

  /**
   * @param signal given up: the request is dropped before it starts, or ends soon
   * @throws InputError, and an AbortError where it was given up
   */
  ask(work: ReaderWork, signal?: AbortSignal, onProgress?: (progress: unknown) => void): Promise<ReaderReply> {
    return new Promise((resolve, reject) => {
      const request: Waiting = { work, signal, onProgress, resolve, reject };
      signal?.addEventListener("abort", () => this.#drop(request), { once: true });
      this.#waiting.push(request);
      this.#advance();
    });
  }

  #drop(request: Waiting): void {
    if (this.#active?.request === request) {
      Atomics.store(this.#cancelled, 0, this.#active.id);
      return;
    }
    const at = this.#waiting.indexOf(request);
    if (at >= 0) this.#waiting.splice(at, 1)[0]!.reject(request.signal!.reason);
  }

  #advance(): void {
    if (this.#active || this.#isClosed) return;
    // what was asked for last is what is looked at now
    const request = this.#waiting.pop();
    if (!request) return;
    if (request.signal?.aborted) {
      request.reject(request.signal.reason);
      this.#advance();
      return;
    }
    const id = this.#next++;
    this.#active = { id, request };
    this.start();
    this.#worker!.postMessage({ ...request.work, id });
  }

  #spawn(): Worker {
    // Tests import this file as TypeScript from src; threads always run what was built.
    const script = new URL(
      import.meta.url.includes("/src/") ? "../../../dist/server/readers/reader-thread.js" : "./reader-thread.js",
      import.meta.url,
    );
    const workerData: ReaderData = { cancelled: this.#cancelled };
    const worker = new Worker(script, { workerData, execArgv: [] });
    worker.on("message", (message: ReaderMessage) => this.#receive(message));
    worker.on("error", (error) => this.#fail(worker, error));
    worker.on("exit", (code) => this.#fail(worker, new Error(`a reader thread ended with code ${code}`)));
    // it does not keep the process alive
    worker.unref();
    return worker;
  }

  #receive(message: ReaderMessage): void {
    const { id, request } = this.#active ?? {};
    if (!request || message.id !== id) return;
    if ("progress" in message) {
      request.onProgress?.(message.progress);
      return;
    }
    this.#active = undefined;
    if ("reply" in message) request.resolve(message.reply);
    else request.reject(revive(message.error));
    this.#advance();
  }

  /** The thread is gone: whoever waited for it hears so, and the next request gets a new one. */
  #fail(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const request = this.#active?.request;
    this.#active = undefined;
    request?.reject(error);
    this.#advance();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const reason = new DOMException("the server stops", "AbortError");
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    await this.#worker?.terminate();
  }
}

function revive({ name, message, code, stack }: ErrorMessage): Error {
  if (name === "InputError" && code) return new InputError(code, message);
  if (name === "AbortError") return new DOMException(message, name);
  const revived = new Error(message);
  if (stack) revived.stack = stack;
  return revived;
}
