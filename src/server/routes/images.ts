/** Images of ranges of bins. */
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import type { ServerContext } from "../context.ts";
import { parseRequest } from "../parse-request.ts";
import { readersOf, sendReply } from "../readers/readers.ts";
import { signalOf } from "../replies.ts";

const ImageQuery = z.object({
  file: z.string(),
  stack: z.string(),
  from: z.coerce.number().int(),
  to: z.coerce.number().int(),
  side: z.coerce.number().int().min(0).default(0),
});

export function addImageRoutes(app: FastifyInstance, context: ServerContext): void {
  const readers = readersOf(context);
  app.get("/api/image", async (request, reply) => {
    const { file, ...input } = parseRequest(ImageQuery, request.query);
    const path = context.folder.existing(file);
    return sendReply(reply, await readers.read(path, "image", input, signalOf(reply)));
  });
}
