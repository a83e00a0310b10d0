/** Figures as PNG, and arrays in the formats of `xrdct export`. */
import { basename } from "node:path";
import type { FastifyInstance, FastifyReply } from "fastify";
import * as z from "zod";
import { InputError } from "../../data/index.ts";
import type { ServerContext } from "../context.ts";
import { createDrawing } from "../drawing/drawing.ts";
import type { DrawingRequest } from "../drawing/protocol.ts";
import { parseRequest } from "../parse-request.ts";
import { signalOf } from "../replies.ts";
import type { AskOptions } from "../threads/task-thread.ts";

/** An SVG carries its image inside: a detector frame of 10 Mpx is about this long. */
const MOST_SVG_BYTES = 32 << 20;
const Png = z.strictObject({ svg: z.string().min(1), scale: z.number().positive().max(8).default(2) });
const pair = z
  .string()
  .transform((text) => text.split(",").map(Number))
  .pipe(z.tuple([z.number(), z.number()]));
const Export = z.strictObject({
  file: z.string(),
  name: z.string(),
  format: z.enum(["npy", "csv", "tif", "edf", "png", "svg", "xye"]),
  from: z.coerce.number().int().min(0).optional(),
  to: z.coerce.number().int().min(1).optional(),
  limits: pair.optional(),
  colourMap: z.string().optional(),
});

const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  svg: "image/svg+xml",
  csv: "text/csv; charset=utf-8",
  tif: "image/tiff",
};

export function addFigureRoutes(app: FastifyInstance, { folder, onClose }: ServerContext): void {
  const drawing = createDrawing();
  onClose(() => drawing.close());

  app.post("/api/png", { bodyLimit: MOST_SVG_BYTES }, async (request, reply) => {
    const { svg, scale } = parseRequest(Png, request.body);
    return reply.type("image/png").send(Buffer.from(await drawing.ask({ kind: "png", svg, scale }, until(reply))));
  });

  app.get("/api/export", async (request, reply) => {
    const { file, name, format, from, to, limits, colourMap } = parseRequest(Export, request.query);
    if ((from === undefined) !== (to === undefined) || (from !== undefined && from >= to!))
      throw new InputError("request-wrong", "A range of bins needs from and to, with from below to.");
    const order: DrawingRequest = {
      kind: "export",
      path: folder.existing(file),
      name,
      format,
      ...(from !== undefined && { bins: [from, to!] as const }),
      ...(limits && { limits }),
      ...(colourMap && { colourMap }),
    };
    const bytes = await drawing.ask(order, until(reply));
    const saved = `${basename(file).replace(/\.\w+$/, "")}-${name}.${format}`.replace(/[^\w.-]+/g, "-");
    return reply
      .header("content-disposition", `attachment; filename="${saved}"`)
      .type(TYPES[format] ?? "application/octet-stream")
      .send(Buffer.from(bytes));
  });
}

/** A drawing that nobody waits for is ended. */
const until = (reply: FastifyReply): AskOptions => ({ signal: signalOf(reply), isLong: true });
