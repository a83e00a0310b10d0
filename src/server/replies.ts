/** Arrays as the body of a reply (wire.ts). */
import type { FastifyReply } from "fastify";
import type { FrameArray } from "../data/index.ts";
import { ARRAYS_HEADER, type ArraysHeader, type WireType } from "./wire.ts";

export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: FrameArray;
}

/**
 * Calls once, when the reply is on its way or nobody takes it any more. Of requests that follow each other on one
 * connection without waiting, Node.js closes the first alone when the connection breaks: the others end with it.
 */
export function whenOver({ raw, request }: FastifyReply, end: () => void): void {
  const { socket } = request.raw;
  const once = (): void => {
    raw.off("close", once);
    socket.off("close", once);
    end();
  };
  if (raw.closed || socket.destroyed) end();
  else {
    raw.once("close", once);
    socket.once("close", once);
  }
}

/** Ends when the page no longer waits for the answer. */
export function signalOf(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  whenOver(reply, () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

export function sendArrays(
  reply: FastifyReply,
  arrays: readonly NamedArray[],
  meta: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  const header: ArraysHeader = {
    arrays: arrays.map(({ name, shape, data }) => ({ name, shape, type: typeOf(data) })),
    meta,
  };
  const body = bodyOf(arrays);
  // a header is ASCII: anything else is escaped as JSON escapes it
  const text = JSON.stringify(header).replace(
    /[^\x20-\x7e]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return reply.header(ARRAYS_HEADER, text).type("application/octet-stream").send(body);
}

/** One after the other, each at a multiple of 8 bytes; an image of megabytes is not copied. */
function bodyOf(arrays: readonly NamedArray[]): Buffer {
  const parts = arrays.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  if (parts.length === 1) return parts[0]!;
  const padded = parts.flatMap((part) => [part, Buffer.alloc(-part.length & 7)]);
  return Buffer.concat(padded.slice(0, -1));
}

/** Float32Array as "float32" */
const typeOf = (data: FrameArray): WireType => data.constructor.name.replace("Array", "").toLowerCase() as WireType;
