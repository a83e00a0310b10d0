/** A reader thread as the server sees it: requests wait here until it is free, the newest first. */
import { Worker } from "node:worker_threads";
import { InputError } from "../../data/index.ts";
import { builtScript } from "../threads/built-script.ts";
import { revive } from "../threads/error-message.ts";
import type { BuildRequest, ReaderData, ReaderMessage, ReaderRequest } from "./reader-protocol.ts";
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

/** A thread that does not end what nobody waits for is stuck in a file that is damaged, or made to be. */
const PATIENCE_MS = 10_000;

export class Reader {
  readonly #mostMs: number | undefined;
  readonly #waiting: Waiting[] = [];
  readonly #cancelled = new Int32Array(new SharedArrayBuffer(4));
  /** of the active request */
  readonly #limits: NodeJS.Timeout[] = [];
  #worker: Worker | undefined;
  #active: { readonly id: number; readonly request: Waiting } | undefined;
  #next = 1;
  #isClosed = false;

  /** @param mostMs after that long a request is given up, and its thread with it; left out: it takes what it takes */
  constructor(mostMs?: number) {
    this.#mostMs = mostMs;
  }

  /** Loads the library ahead of the first request. */
  start(): void {
    this.#worker ??= this.#spawn();
  }

  /**
   * @param signal given up: the request is dropped before it starts, or ends soon
   * @throws InputError, and an AbortError where it was given up
   */
  ask(work: ReaderWork, signal?: AbortSignal, onProgress?: (progress: unknown) => void): Promise<ReaderReply> {
    if (this.#isClosed) return Promise.reject(stopping());
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
      this.#endLater(request, PATIENCE_MS, request.signal!.reason);
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
    if (this.#mostMs !== undefined) this.#endLater(request, this.#mostMs, tooLong(this.#mostMs));
    this.start();
    this.#worker!.postMessage({ ...request.work, id });
  }

  #endLater(request: Waiting, ms: number, reason: unknown): void {
    const timer = setTimeout(() => {
      const worker = this.#worker;
      if (this.#active?.request !== request || !worker) return;
      this.#fail(worker, reason);
      void worker.terminate();
    }, ms);
    timer.unref();
    this.#limits.push(timer);
  }

  /** A timer that went on would hold the reply, megabytes of it, until its time. */
  #clearLimits(): void {
    for (const timer of this.#limits.splice(0)) clearTimeout(timer);
  }

  #spawn(): Worker {
    const workerData: ReaderData = { cancelled: this.#cancelled };
    const worker = new Worker(builtScript("readers/reader-thread.js"), { workerData, execArgv: [] });
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
    this.#clearLimits();
    if ("reply" in message) request.resolve(message.reply);
    else request.reject(revive(message.error));
    this.#advance();
  }

  /** The thread is gone: whoever waited for it hears so, and the next request gets a new one. */
  #fail(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return;
    this.#clearLimits();
    this.#worker = undefined;
    const request = this.#active?.request;
    this.#active = undefined;
    request?.reject(error);
    this.#advance();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(stopping());
    await this.#worker?.terminate();
  }
}

const tooLong = (ms: number): InputError =>
  new InputError(
    "read-too-long",
    `Reading took over ${ms / 1000} s and was given up. The file is damaged, or the disk that it lies on does not answer.`,
  );

const stopping = (): DOMException => new DOMException("the server stops", "AbortError");
