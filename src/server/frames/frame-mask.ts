/** The pixels of a frame that are left out, as the page describes them. */
import { type Frame, type FrameArray, joinMasks, type Mask, type ShapeRegion, voxelsOf } from "../../data/index.ts";
import { readMask } from "../../files/mask.ts";
import { detectorGapMask } from "../../geometry/index.ts";
import type { FrameMask } from "../wire-frames.ts";

/**
 * @param own  what the frames' file says itself
 * @param mask with `file` as an absolute path
 * @returns undefined where nothing is left out
 * @throws as readMask
 */
export async function buildMask(frame: Frame, own: Mask | undefined, mask: FrameMask): Promise<Mask | undefined> {
  const { rows, cols } = frame;
  const gaps = mask.gapsOf ? detectorGapMask(mask.gapsOf) : undefined;
  const hasGaps = gaps?.rows === rows && gaps.cols === cols;
  const given = mask.file ? await readMask(mask.file, frame, { inverted: mask.isInverted ?? false }) : undefined;
  const joined = [own, hasGaps ? gaps : undefined, byCounts(frame, mask)].reduce(joinMasks, given);
  return swap(withShapes(joined, frame, mask.shapes ?? []), frame, mask.isSwapped ?? false);
}

function byCounts({ rows, cols, data: counts }: Frame, { invalid, below, above }: FrameMask): Mask | undefined {
  if (!invalid && below === undefined && above === undefined) return undefined;
  const isNoCount = invalid ? noCount(counts) : () => false;
  const [low, high] = [below ?? Number.NEGATIVE_INFINITY, above ?? Number.POSITIVE_INFINITY];
  const data = new Uint8Array(rows * cols);
  for (let i = 0; i < data.length; i++) {
    const count = counts[i]!;
    if (count < low || count > high || isNoCount(count)) data[i] = 1;
  }
  return { rows, cols, data };
}

/**
 * Whether a number stands for no count: a negative one, NaN, and the largest numbers of whole types, with which
 * detectors mark dead pixels and modules.
 */
export function noCount(counts: FrameArray): (count: number) => boolean {
  const limit = NO_COUNT_FROM[counts.constructor.name] ?? Number.POSITIVE_INFINITY;
  return (count) => !(count >= 0 && count < limit);
}

/** As integrating and calibrating have it: a uint32 of 2^31 or more is negative as int32. */
const NO_COUNT_FROM: Readonly<Record<string, number>> = {
  Uint32Array: 2 ** 31,
  Int32Array: 2 ** 31 - 3,
  Uint16Array: 2 ** 16 - 3,
};

function withShapes(
  mask: Mask | undefined,
  { rows, cols }: Frame,
  shapes: NonNullable<FrameMask["shapes"]>,
): Mask | undefined {
  if (shapes.length === 0) return mask;
  const data = mask ? mask.data.slice() : new Uint8Array(rows * cols);
  for (const { region, isHole = false } of shapes) {
    const inside = voxelsOf(region as ShapeRegion, rows, cols);
    for (let i = 0; i < data.length; i++) if (inside[i]) data[i] = isHole ? 0 : 1;
  }
  return { rows, cols, data };
}

function swap(mask: Mask | undefined, { rows, cols }: Frame, isSwapped: boolean): Mask | undefined {
  if (!isSwapped) return mask;
  const data = mask ? mask.data.map((excluded) => 1 - excluded) : new Uint8Array(rows * cols).fill(1);
  return { rows, cols, data };
}
