/** What reader threads do: each task takes plain data and gives plain data. */
import { InputError, type ShapeRegion, voxelsOf } from "../../data/index.ts";
import { sizeOf } from "../../files/hdf5-blocks.ts";
import type { Result, ResultEntry } from "../../files/result-reader.ts";
import type { NamedArray } from "../replies.ts";
import { binImage } from "./bin-image.ts";
import type { OpenResult } from "./open-results.ts";
import { regionPattern, voxelPattern } from "./region-pattern.ts";
import { resultInfo, ticksOf } from "./result-info.ts";
import type { Stack } from "./stack.ts";
import { IndexError, type IndexState, OpenIndex } from "./stack-index.ts";

/** A reply of one of two kinds: JSON, or arrays. */
export interface ReaderReply {
  readonly json?: unknown;
  readonly arrays?: readonly NamedArray[];
  readonly meta?: Readonly<Record<string, unknown>>;
  /** the stack is large, and has no index yet */
  readonly needsIndex?: boolean;
}

export interface TaskInputs {
  /** file: as the page calls it */
  info: { readonly file: string };
  array: {
    readonly name: string;
    readonly offset?: readonly number[];
    readonly shape?: readonly number[];
    /** esd, status */
    readonly parts: readonly string[];
  };
  voxel: { readonly stack: string; readonly y: number; readonly x: number };
  region: { readonly stack: string; readonly region: ShapeRegion | Uint8Array; readonly index?: IndexState };
  image: {
    readonly stack: string;
    readonly from: number;
    readonly to: number;
    readonly side: number;
    readonly index?: IndexState;
  };
  ticks: Record<never, never>;
  /** rows and columns of the slice */
  slice: Record<never, never>;
}
export type TaskName = keyof TaskInputs;

/** @param goOn throws where nobody waits for the answer any more */
type Task<N extends TaskName> = (
  open: OpenResult,
  input: TaskInputs[N],
  goOn: () => void,
) => ReaderReply | Promise<ReaderReply>;

export const READER_TASKS: { readonly [N in TaskName]: Task<N> } = {
  info: ({ result }, { file }) => ({ json: resultInfo(result, file) }),
  array: ({ result }, input) => ({ arrays: readParts(result, input) }),
  voxel: async (open, { stack: name, y, x }) => {
    const { stack, sigma } = await open.stackWithSigma(name);
    checkReply(`A pattern of ${name}`, [stack.bins], 8 * stack.bins);
    const arrays = await voxelPattern(stack, sigma, y, x);
    return { arrays, meta: { voxels: arrays[0]!.data.some(Number.isFinite) ? 1 : 0 } };
  },
  region: async (open, input, goOn) => {
    const { stack, sigma } = await open.stackWithSigma(input.stack);
    checkReply(`A pattern of ${input.stack}`, [stack.bins], 8 * stack.bins);
    const inside = insideOf(input.region, stack);
    return withIndex(open, input.index, stack, async (index) => {
      const { arrays, voxels } = await regionPattern(stack, sigma, inside, index, goOn);
      return { arrays, meta: { voxels } };
    });
  },
  image: async (open, { stack: name, index: state, ...range }, goOn) => {
    const stack = await open.stack(name);
    checkReply(`An image of ${name}`, [stack.rows, stack.cols], 4 * stack.rows * stack.cols);
    return withIndex(open, state, stack, async (index) => {
      const values = await binImage(stack, range, index, goOn);
      const { from, to } = range;
      return { arrays: [{ name: "values", shape: [stack.rows, stack.cols], data: values }], meta: { from, to } };
    });
  },
  ticks: ({ result }) => ({ json: ticksOf(result) }),
  slice: ({ result }) => ({ json: sliceShape(result) }),
};

/** Smaller stacks are read as fast without. */
const LEAST_INDEXED = 64e6;

async function withIndex(
  open: OpenResult,
  state: IndexState | undefined,
  { rows, cols, bins }: Stack,
  work: (index: OpenIndex | undefined) => Promise<ReaderReply>,
): Promise<ReaderReply> {
  const index = state?.identity === open.identity ? await OpenIndex.open(state) : undefined;
  try {
    const reply = await work(index).catch((error: unknown) => {
      if (error instanceof IndexError) return work(undefined);
      throw error;
    });
    return { ...reply, needsIndex: !index && rows * cols * bins > LEAST_INDEXED };
  } finally {
    await index?.close();
  }
}

/** @throws InputError "mask-shape" | "reply-too-large" */
function insideOf(region: ShapeRegion | Uint8Array, { name, rows, cols }: Stack): Uint8Array {
  checkReply(`A region of ${name}`, [rows, cols], rows * cols);
  if (!(region instanceof Uint8Array)) return voxelsOf(region, rows, cols);
  if (region.length === rows * cols) return region;
  throw new InputError(
    "mask-shape",
    `The mask has ${region.length} voxels, and ${name} ${rows} x ${cols}. Choose a mask that was drawn on this slice.`,
  );
}

/** Rows and columns of the maps or of the volume. @throws InputError "result-no-slice" | "reply-too-large" */
function sliceShape(result: Result): readonly [number, number] {
  const isSlice = ({ name, shape }: ResultEntry): boolean => shape.length >= 2 && result.axisNames(name)[0] === "y";
  const entry = result.list().find(isSlice);
  if (entry) {
    const [rows, cols] = entry.shape as [number, number];
    checkReply(`A mask of ${entry.name}`, [rows, cols], rows * cols);
    return [rows, cols];
  }
  throw new InputError(
    "result-no-slice",
    `${result.path} has neither maps nor a volume [y, x] that a mask could be of.`,
  );
}

/** One reply at most. */
const MOST_BYTES = 64e6;

/** @throws InputError "reply-too-large" */
function checkReply(what: string, shape: readonly number[], bytes: number): void {
  if (bytes <= MOST_BYTES) return;
  throw new InputError(
    "reply-too-large",
    `${what} [${shape.join(", ")}] is ${(bytes / 1e6).toFixed(0)} MB, more than the ${MOST_BYTES / 1e6} MB of one reply. Ask for a part of it with offset and shape, for the pattern of a region, or for the image of a range of bins; \`xrdct export\` writes all of it.`,
  );
}

/** @throws InputError "slab-outside" | "reply-too-large" | "result-name-unknown" */
function readParts(result: Result, { name, offset, shape, parts }: TaskInputs["array"]): NamedArray[] {
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
  const entries = new Map(result.list().map((entry) => [entry.name, entry]));
  const wanted = ["", ...parts.map((part) => `_${part}`)].filter((ending) => entries.has(`${name}${ending}`));
  const itemBytes = (ending: string): number =>
    Number(/\d+$/.exec(entries.get(`${name}${ending}`)!.type)?.[0] ?? 64) / 8;
  const bytes = wanted.reduce((sum, ending) => sum + sizeOf(count) * itemBytes(ending), 0);
  checkReply(name, count, bytes);
  return wanted.map((ending) => ({
    name: ending.slice(1) || "values",
    shape: count,
    data: result.readArray(`${name}${ending}`, from, count),
  }));
}
