/** What reader threads do: each task takes plain data and gives plain data. */
import { InputError, type ShapeRegion, voxelsOf } from "../../data/index.ts";
import type { Result, ResultEntry } from "../../files/result-reader.ts";
import type { NamedArray } from "../replies.ts";
import { binImage } from "./bin-image.ts";
import { regionPattern, stackShape, voxelPattern } from "./region-pattern.ts";
import { resultInfo, ticksOf } from "./result-info.ts";

/** A reply of one of two kinds: JSON, or arrays. */
export interface ReaderReply {
  readonly json?: unknown;
  readonly arrays?: readonly NamedArray[];
  readonly meta?: Readonly<Record<string, unknown>>;
}

export interface TaskInputs {
  /** file: as the page calls it */
  info: { readonly file: string };
  array: {
    readonly name: string;
    readonly offset?: readonly number[];
    readonly shape?: readonly number[];
    readonly parts: readonly string[];
  };
  voxel: { readonly stack: string; readonly y: number; readonly x: number };
  region:
    | { readonly stack: string; readonly shapes: readonly ShapeRegion[] }
    | { readonly stack: string; readonly mask: Uint8Array };
  image: { readonly stack: string; readonly from: number; readonly to: number; readonly side: number };
  ticks: Record<never, never>;
  /** rows and columns of the slice */
  slice: Record<never, never>;
}
export type TaskName = keyof TaskInputs;

type Task<N extends TaskName> = (result: Result, input: TaskInputs[N], goOn: () => void) => ReaderReply;

export const READER_TASKS: { readonly [N in TaskName]: Task<N> } = {
  info: (result, { file }) => ({ json: resultInfo(result, file) }),
  array: (result, input) => ({ arrays: readParts(result, input) }),
  voxel: (result, { stack, y, x }) => {
    const arrays = voxelPattern(result, stack, y, x);
    return { arrays, meta: { voxels: [...arrays[0]!.data].some(Number.isFinite) ? 1 : 0 } };
  },
  region: (result, input, goOn) => {
    const [rows, cols] = stackShape(result, input.stack);
    const { arrays, voxels } = regionPattern(result, input.stack, insideOf(input, rows, cols), goOn);
    return { arrays, meta: { voxels } };
  },
  image: (result, { stack, from, to, side }, goOn) => {
    const [rows, cols] = stackShape(result, stack);
    const values = binImage(result, stack, { from, to, side }, goOn);
    return { arrays: [{ name: "values", shape: [rows, cols], data: values }], meta: { from, to } };
  },
  ticks: (result) => ({ json: ticksOf(result) }),
  slice: (result) => ({ json: sliceShape(result) }),
};

function insideOf(input: TaskInputs["region"], rows: number, cols: number): Uint8Array {
  if (!("mask" in input)) return voxelsOf(input.shapes[0]!, rows, cols);
  if (input.mask.length === rows * cols) return input.mask;
  throw new InputError(
    "mask-shape",
    `The mask has ${input.mask.length} voxels, and ${input.stack} ${rows} x ${cols}. Choose a mask that was drawn on this slice.`,
  );
}

/** Rows and columns of the maps or of the volume. @throws InputError "result-no-slice" */
function sliceShape(result: Result): readonly [number, number] {
  const isSlice = ({ name, shape }: ResultEntry): boolean => shape.length >= 2 && result.axes(name)[0]!.name === "y";
  const entry = result.list().find(isSlice);
  if (entry) return [entry.shape[0]!, entry.shape[1]!];
  throw new InputError(
    "result-no-slice",
    `${result.path} has neither maps nor a volume [y, x] that a mask could be of.`,
  );
}

/** One reply at most. */
const MOST_BYTES = 64e6;

function readParts(result: Result, { name, offset, shape, parts }: TaskInputs["array"]): NamedArray[] {
  const entries = new Map(result.list().map((entry) => [entry.name, entry]));
  const whole = result.entry(name).shape;
  const from = offset ?? whole.map(() => 0);
  const count = shape ?? whole.map((n, axis) => n - from[axis]!);
  const isInside = whole.every((n, axis) => from[axis]! >= 0 && count[axis]! > 0 && from[axis]! + count[axis]! <= n);
  if (from.length !== whole.length || count.length !== whole.length || !isInside) {
    throw new InputError(
      "slab-outside",
      `${name} is [${whole.join(", ")}]: a part of [${count.join(", ")}] at [${from.join(", ")}] does not lie in it. Give offset and shape of ${whole.length} whole numbers each.`,
    );
  }
  const names = ["values", ...parts].flatMap((part) => {
    const at = part === "values" ? name : `${name}_${part}`;
    return entries.has(at) ? [{ part, at }] : [];
  });
  const values = count.reduce((product, n) => product * n, 1);
  const bytes = names.reduce((sum, { at }) => sum + values * (/64$/.test(entries.get(at)!.type) ? 8 : 4), 0);
  if (bytes > MOST_BYTES) {
    throw new InputError(
      "reply-too-large",
      `${name} [${count.join(", ")}] is ${(bytes / 1e6).toFixed(0)} MB, more than the ${MOST_BYTES / 1e6} MB of one reply. Ask for a part of it with offset and shape, for the pattern of a region, or for the image of a range of bins; \`xrdct export\` writes all of it.`,
    );
  }
  return names.map(({ part, at }) => ({ name: part, shape: count, data: result.readArray(at, from, count) }));
}
