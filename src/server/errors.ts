/** Every error leaves as ErrorReply (wire.ts): the user's own in full, ours without a stack. */
import type { Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { InputError } from "../data/index.ts";
import type { ErrorReply } from "./wire.ts";

/** What Fastify finds wrong before a route is asked, in the user's words. */
const WORDS: Readonly<Record<string, string>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "The request is larger than this route takes.",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "The request is of a type that is not taken: send application/json.",
  FST_ERR_CTP_EMPTY_JSON_BODY: "The request says that it is JSON, and is empty.",
  FST_ERR_CTP_INVALID_JSON_BODY: "The request is no valid JSON.",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "The request has another length than it says.",
};

export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _, reply) => {
    if (error instanceof InputError) return reply.code(400).send(errorReply(error.code, error.message));
    const status = error.statusCode ?? 500;
    if (status < 500) return reply.code(status).send(errorReply("request-wrong", WORDS[error.code!] ?? error.message));
    return reply.code(500).send(errorReply("bug", `This is a bug in xrdct, please report it: ${error.message}`));
  });
  app.setNotFoundHandler((request, reply) =>
    reply
      .code(404)
      .send(errorReply("route-unknown", `There is nothing at ${request.method} ${request.url.split("?")[0]}.`)),
  );
}

const errorReply = (code: string, message: string): ErrorReply => ({ error: { code, message } });

/** What is no HTTP, or too slow, never becomes a request: one line back, and the connection ends. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, words] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? ["431 Request Header Fields Too Large", "The headers of the request are too long."]
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ["408 Request Timeout", "The request took too long to arrive."]
        : ["400 Bad Request", "That is no HTTP request that this server understands."];
  const body = JSON.stringify(errorReply("request-wrong", words!));
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
