/** Entry of the thread that draws PNGs and writes exports: one after the other, away from the thread that answers. */
import { parentPort } from "node:worker_threads";
import { InputError } from "../../data/index.ts";
import { openResult } from "../../files/result-reader.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import { type ExportOptions, exportArray } from "../../pipeline/export-array.ts";
import type { DrawingReply, DrawingRequest } from "./protocol.ts";

/** A reply is held in memory as a whole. */
const MOST_VALUES = 64e6;

async function draw(request: DrawingRequest): Promise<Uint8Array> {
  if (request.kind === "png") return svgToPng(request.svg, request.scale);
  const { path, name, format, bins, limits, colourMap } = request;
  const result = await openResult(path);
  try {
    const shape = result.list().find((entry) => entry.name === name)?.shape ?? [];
    const values = shape.slice(0, -1).reduce((n, m) => n * m, bins ? bins[1] - bins[0] : (shape.at(-1) ?? 0));
    if (format === "npy" && values > MOST_VALUES) {
      throw new InputError(
        "export-too-large",
        `${name} has ${values} values, more than the ${MOST_VALUES} that leave through the page. Take a range of bins, or use \`xrdct export\`.`,
      );
    }
    const options: ExportOptions = {
      ...(bins && { bins }),
      ...(limits && { limits }),
      ...(colourMap && { colourMap }),
    };
    const { bytes } = await exportArray(result, name, format, options);
    return typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  } finally {
    result.close();
  }
}

parentPort!.on("message", async (request: DrawingRequest) => {
  let reply: DrawingReply;
  try {
    // a copy of its own, so that it can be handed over
    reply = { bytes: Uint8Array.from(await draw(request)) };
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    reply = { error: { name, message, ...(code && { code }) } };
  }
  parentPort!.postMessage(reply, "bytes" in reply ? [reply.bytes.buffer as ArrayBuffer] : []);
});
