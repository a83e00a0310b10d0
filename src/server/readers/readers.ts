/** Reads result files for the routes, away from the thread that answers requests. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerContext } from "../context.ts";
import { sendArrays } from "../replies.ts";
import { OpenResults } from "./open-results.ts";
import { READER_TASKS, type ReaderReply, type TaskInputs, type TaskName } from "./reader-tasks.ts";

export interface Readers {
  /** @param path absolute */
  read<N extends TaskName>(path: string, task: N, input: TaskInputs[N], signal?: AbortSignal): Promise<ReaderReply>;
}

const made = new WeakMap<ServerContext, Readers>();

/** The readers that all routes of a server share. */
export function readersOf(context: ServerContext): Readers {
  const kept = made.get(context);
  if (kept) return kept;
  const open = new OpenResults();
  const readers: Readers = {
    async read(path, task, input, signal) {
      const { result } = await open.get(path);
      return READER_TASKS[task](result, input, () => signal?.throwIfAborted());
    },
  };
  context.onClose(() => open.close());
  made.set(context, readers);
  return readers;
}

/** Ends when the page no longer waits for the answer. */
export function signalOf(request: FastifyRequest, reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  if (request.raw.destroyed && !request.raw.complete) controller.abort();
  return controller.signal;
}

export function sendReply(reply: FastifyReply, { json, arrays, meta }: ReaderReply): FastifyReply {
  return arrays ? sendArrays(reply, arrays, meta) : reply.send(json);
}
