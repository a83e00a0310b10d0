/** Reading frames and their masks: whole, in parts, or binned for looking at. */
import { extname } from "node:path";
import { type Frame, type FrameArray, InputError, noCountFrom } from "../../data/index.ts";
import { encodeEdf } from "../../files/edf.ts";
import type { FrameSource } from "../../files/frame-source.ts";
import { encodeNpy } from "../../files/npy.ts";
import { encodeTiff } from "../../files/tiff.ts";
import { detectorsOfShape } from "../../geometry/index.ts";
import { writeWhole } from "../../pipeline/write-whole.ts";
import type { WireType } from "../wire.ts";
import type { FramePart } from "../wire-frames.ts";
import { buildMask } from "./frame-mask.ts";
import type { FrameTasks } from "./frame-tasks.ts";
import { frameOf, sourceOf } from "./opened-frames.ts";

type Ask<T extends keyof FrameTasks> = FrameTasks[T]["ask"];
type Reply<T extends keyof FrameTasks> = Promise<FrameTasks[T]["reply"]>;

export async function readSeries(at: Ask<"series">): Reply<"series"> {
  const { rows, cols, count, mask, missing = [] } = await sourceOf(at, true);
  const { data, header } = await frameOf(at);
  const model = detectorsOfShape(rows, cols)[0];
  return {
    name: at.name,
    rows,
    cols,
    count,
    type: data.constructor.name.replace("Array", "").toLowerCase() as WireType,
    ...(model && { detector: model.name, pixelM: [model.pixel1, model.pixel2] as const }),
    hasOwnMask: mask !== undefined,
    header,
    missing: missing.reduce((sum, gap) => sum + gap.count, 0),
  };
}

export async function readImage({ step, part, ...at }: Ask<"image">): Reply<"image"> {
  const frame = await frameOf(at);
  const cut = part ? cutOut(frame, part) : { rows: frame.rows, cols: frame.cols, data: frame.data.slice() };
  return step > 1 ? binDown(cut, step) : cut;
}

type Grid = Pick<Frame, "rows" | "cols" | "data">;

function cutOut({ rows, cols, data }: Frame, { top, left, height, width }: FramePart): Grid {
  const [bottom, right] = [Math.min(rows, top + height), Math.min(cols, left + width)];
  if (!(bottom > top && right > left))
    throw new InputError(
      "request-wrong",
      `There are no pixels from row ${top}, column ${left} on: the frame has ${rows} x ${cols}.`,
    );
  const out = new (data.constructor as Uint16ArrayConstructor)((bottom - top) * (right - left)) as FrameArray;
  for (let row = top; row < bottom; row++)
    out.set(data.subarray(row * cols + left, row * cols + right), (row - top) * (right - left));
  return { rows: bottom - top, cols: right - left, data: out };
}

/** The mean of step x step pixels; the last row and column may stand for fewer. */
export function binDown({ rows, cols, data }: Grid, step: number): Grid & { readonly data: Float32Array } {
  const limit = noCountFrom(data);
  const [height, width] = [Math.ceil(rows / step), Math.ceil(cols / step)];
  const out = new Float32Array(height * width);
  const [sum, count] = [new Float64Array(width), new Int32Array(width)];
  for (let y = 0; y < height; y++) {
    sum.fill(0);
    count.fill(0);
    for (let row = y * step; row < Math.min(rows, (y + 1) * step); row++) {
      for (let col = 0, x = 0, left = step, at = row * cols; col < cols; col++, at++) {
        const value = data[at]!;
        if (value >= 0 && value < limit) {
          sum[x]! += value;
          count[x]!++;
        }
        if (--left === 0) {
          x++;
          left = step;
        }
      }
    }
    for (let x = 0; x < width; x++) out[y * width + x] = count[x]! > 0 ? sum[x]! / count[x]! : Number.NaN;
  }
  return { rows: height, cols: width, data: out };
}

export async function readMaskImage({ mask, step, ...at }: Ask<"mask">): Reply<"mask"> {
  const { rows, cols, data } = await maskOf(at, mask);
  const meta = countOf(data);
  if (step === 1) return { rows, cols, data: data.slice(), ...meta }; // it may be the source's own mask
  const share = binDown({ rows, cols, data }, step);
  const most = new Uint8Array(share.data.length);
  for (let i = 0; i < most.length; i++) if (share.data[i]! >= 0.5) most[i] = 1;
  return { ...share, data: most, ...meta };
}

async function maskOf(at: Ask<"series">, mask: Ask<"mask">["mask"]) {
  const source: FrameSource = await sourceOf(at);
  const frame = await frameOf(at);
  const built = await buildMask(frame, source.mask, mask);
  return built ?? { rows: frame.rows, cols: frame.cols, data: new Uint8Array(frame.data.length) };
}

function countOf(data: Uint8Array): { excluded: number; pixels: number } {
  let excluded = 0;
  for (let i = 0; i < data.length; i++) excluded += data[i]!;
  return { excluded, pixels: data.length };
}

/** @throws InputError "mask-ending" | "disk-full" | "not-writable" */
export async function saveMask({ mask, target, ...at }: Ask<"saveMask">): Reply<"saveMask"> {
  const frame: Frame = { ...(await maskOf(at, mask)), header: {} };
  writeWhole(target, encodeFrame(frame, extname(target).slice(1).toLowerCase(), "mask-ending"));
  return countOf(frame.data as Uint8Array);
}

export async function exportFrame({ format, ...at }: Ask<"export">): Reply<"export"> {
  return encodeFrame(await frameOf(at), format, "mask-ending");
}

function encodeFrame(frame: Frame, format: string, code: string): Uint8Array {
  if (format === "edf") return encodeEdf(frame);
  if (format === "tif" || format === "tiff") return encodeTiff(frame);
  if (format === "npy") return encodeNpy({ shape: [frame.rows, frame.cols], data: frame.data });
  throw new InputError(code, `An image is written as .edf, .tif or .npy; "${format}" was given. Change the ending.`);
}
