/** Patterns of voxels and regions. */
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import type { ServerContext } from "../context.ts";
import { parseRequest } from "../parse-request.ts";
import { readMask } from "../readers/masks.ts";
import { readersOf, sendReply } from "../readers/readers.ts";
import { Region } from "../readers/region-schema.ts";
import { signalOf } from "../replies.ts";

const Coordinate = z.coerce.number().int();
const VoxelQuery = z.object({ file: z.string(), stack: z.string(), y: Coordinate, x: Coordinate });
const RegionBody = z.object({ file: z.string(), stack: z.string(), region: Region });

export function addPatternRoutes(app: FastifyInstance, context: ServerContext): void {
  const readers = readersOf(context);
  app.get("/api/pattern", async (request, reply) => {
    const { file, ...input } = parseRequest(VoxelQuery, request.query);
    const path = context.folder.existing(file);
    return sendReply(reply, await readers.read(path, "voxel", input, signalOf(reply)));
  });
  app.post("/api/pattern", async (request, reply) => {
    const { file, stack, region } = parseRequest(RegionBody, request.body);
    const path = context.folder.existing(file);
    const signal = signalOf(reply);
    const voxels = region.kind === "mask" ? readMask(path, region.name).values : region;
    return sendReply(reply, await readers.read(path, "region", { stack, region: voxels }, signal));
  });
}
