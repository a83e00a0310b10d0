/** Entry of the thread that draws PNGs and writes exports: one after the other, away from the thread that answers. */
import { InputError } from "../../data/index.ts";
import { openResult } from "../../files/result-reader.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import { type ExportOptions, exportArray } from "../../pipeline/export-array.ts";
import { answerTasks } from "../threads/answer-tasks.ts";
import type { DrawingRequest } from "./protocol.ts";

/** A reply is held in memory as a whole. */
const MOST_VALUES = 64e6;

async function draw(request: DrawingRequest): Promise<Uint8Array> {
  if (request.kind === "png") return svgToPng(request.svg, request.scale);
  const { path, name, format, bins, limits, colourMap } = request;
  const result = await openResult(path);
  try {
    const shape = result.list().find((entry) => entry.name === name)?.shape ?? [];
    const values = shape.slice(0, -1).reduce((n, m) => n * m, bins ? bins[1] - bins[0] : (shape.at(-1) ?? 0));
    const isWhole = format === "npy" || shape.length < 3;
    if ((isWhole ? values : shape[0]! * shape[1]!) > MOST_VALUES) {
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

answerTasks(
  // a copy of its own, so that it can be handed over
  async (request: DrawingRequest) => Uint8Array.from(await draw(request)),
  ({ buffer }) => [buffer],
);
