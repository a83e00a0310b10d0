/** Reads result files for the routes, in threads of their own. */
import type { FastifyReply } from "fastify";
import type { ServerContext } from "../context.ts";
import { sendArrays } from "../replies.ts";
import { defaultIndexOptions, IndexStore } from "./index-store.ts";
import { Reader, type ReaderWork } from "./reader.ts";
import type { ReaderReply, TaskInputs, TaskName } from "./reader-tasks.ts";

/** These may take a while, and must not keep the pattern under the cursor waiting. */
const LONG: readonly TaskName[] = ["image", "region", "array"];

/** Longer than either takes on a slow disk with a file of 100 GB. */
const QUICK_MS = 30_000;
const LONG_MS = 600_000;

export class Readers {
  readonly #quick = new Reader(QUICK_MS);
  readonly #long = new Reader(LONG_MS);
  readonly #indexes = new IndexStore(defaultIndexOptions());

  constructor() {
    this.#quick.start();
    this.#long.start();
  }

  /**
   * @param path absolute
   * @throws InputError
   */
  async read<N extends TaskName>(
    path: string,
    task: N,
    input: TaskInputs[N],
    signal?: AbortSignal,
  ): Promise<ReaderReply> {
    const reader = LONG.includes(task) ? this.#long : this.#quick;
    const { stack } = input as { stack?: string };
    const index = stack !== undefined && task !== "voxel" ? this.#indexes.find(path, stack) : undefined;
    const work = { task, path, input: index ? { ...input, index } : input } as ReaderWork;
    const reply = await reader.ask(work, signal);
    if (reply.needsIndex) this.#indexes.make(path, stack!);
    if (!index || !reply.meta) return reply;
    const prepared = Math.min(1, (index.blocks * index.step) / index.bins);
    return { ...reply, meta: { ...reply.meta, prepared } };
  }

  async close(): Promise<void> {
    await Promise.all([this.#quick.close(), this.#long.close(), this.#indexes.close()]);
  }
}

const made = new WeakMap<ServerContext, Readers>();

/** The readers that all routes of a server share. */
export function readersOf(context: ServerContext): Readers {
  const kept = made.get(context);
  if (kept) return kept;
  const readers = new Readers();
  context.onClose(() => readers.close());
  made.set(context, readers);
  return readers;
}

export function sendReply(reply: FastifyReply, { json, arrays, meta }: ReaderReply): FastifyReply {
  return arrays ? sendArrays(reply, arrays, meta) : reply.send(json);
}
