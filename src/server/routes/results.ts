/** What a result holds, and its arrays. */
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import type { ServerContext } from "../context.ts";
import { parseRequest } from "../parse-request.ts";
import { readersOf, sendReply } from "../readers/readers.ts";
import { signalOf } from "../replies.ts";

/** "0,3,5" */
const Numbers = z
  .string()
  .regex(/^\d+(,\d+)*$/, 'whole numbers with commas are needed, as in "0,3,5"')
  .transform((text) => text.split(",").map(Number));
const FileQuery = z.object({ file: z.string() });
const ArrayQuery = FileQuery.extend({
  name: z.string(),
  offset: Numbers.optional(),
  shape: Numbers.optional(),
  with: z
    .string()
    .regex(/^(esd|status)(,(esd|status))*$/, "esd, status or both are needed")
    .transform((text) => text.split(","))
    .optional(),
});

export function addResultRoutes(app: FastifyInstance, context: ServerContext): void {
  const readers = readersOf(context);
  app.get("/api/result", async (request, reply) => {
    const { file } = parseRequest(FileQuery, request.query);
    const path = context.folder.existing(file);
    const name = context.folder.nameOf(path);
    return sendReply(reply, await readers.read(path, "info", { file: name }, signalOf(reply)));
  });
  app.get("/api/array", async (request, reply) => {
    const { file, with: parts = [], ...part } = parseRequest(ArrayQuery, request.query);
    const input = {
      name: part.name,
      ...(part.offset && { offset: part.offset }),
      ...(part.shape && { shape: part.shape }),
      parts,
    };
    const path = context.folder.existing(file);
    return sendReply(reply, await readers.read(path, "array", input, signalOf(reply)));
  });
  app.get("/api/ticks", async (request, reply) => {
    const { file } = parseRequest(FileQuery, request.query);
    const path = context.folder.existing(file);
    return sendReply(reply, await readers.read(path, "ticks", {}, signalOf(reply)));
  });
}
