/** Masks that are drawn on a slice. */
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import type { ServerContext } from "../context.ts";
import { parseRequest } from "../parse-request.ts";
import { listMasks, readMask, removeMask, saveMask } from "../readers/masks.ts";
import { readersOf } from "../readers/readers.ts";
import { Region } from "../readers/region-schema.ts";
import { sendArrays, signalOf } from "../replies.ts";
import type { MaskSave } from "../wire.ts";

const FileQuery = z.object({ file: z.string() });
const MaskQuery = FileQuery.extend({ name: z.string() });
const MaskBody = z.object({
  file: z.string(),
  name: z.string(),
  shapes: z
    .array(z.object({ region: Region, isHole: z.boolean().optional() }))
    .min(1)
    .max(1000),
  overwrite: z.boolean().optional(),
});

/** Shapes travel in a header, of which clients take 16 kB; without them a mask is one piece. */
const MOST_HEADER_BYTES = 12_000;

export function addMaskRoutes(app: FastifyInstance, context: ServerContext): void {
  const readers = readersOf(context);
  const { folder } = context;
  const nameOf = (path: string): string => folder.nameOf(path);
  app.get("/api/masks", (request) => {
    const { file } = parseRequest(FileQuery, request.query);
    return listMasks(folder.existing(file), nameOf);
  });
  app.get("/api/mask", (request, reply) => {
    const { file, name } = parseRequest(MaskQuery, request.query);
    const { rows, cols, values, shapes } = readMask(folder.existing(file), name);
    const isShort = JSON.stringify(shapes).length <= MOST_HEADER_BYTES;
    return sendArrays(reply, [{ name: "values", shape: [rows, cols], data: values }], {
      shapes: isShort ? shapes : [],
    });
  });
  app.put("/api/masks", async (request, reply) => {
    const body = parseRequest(MaskBody, request.body) as MaskSave;
    const path = folder.existing(body.file);
    const { json } = await readers.read(path, "slice", {}, signalOf(reply));
    return saveMask(path, body, json as readonly [number, number], nameOf);
  });
  app.delete("/api/masks", (request, reply) => {
    const { file, name } = parseRequest(MaskQuery, request.query);
    removeMask(folder.existing(file), name);
    return reply.code(204).send();
  });
}
