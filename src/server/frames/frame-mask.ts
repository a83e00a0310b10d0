/** The pixels of a frame that are left out, as the page describes them. */
import { type Frame, joinMasks, type Mask, noCountFrom, type ShapeRegion, voxelsOf } from "../../data/index.ts";
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
  const low = Math.max(invalid ? 0 : Number.NEGATIVE_INFINITY, below ?? Number.NEGATIVE_INFINITY);
  const high = above ?? Number.POSITIVE_INFINITY;
  const limit = invalid ? noCountFrom(counts) : Number.POSITIVE_INFINITY;
  const data = new Uint8Array(rows * cols);
  for (let i = 0; i < data.length; i++) {
    const count = counts[i]!;
    const isCount = count >= low && count <= high && count < limit;
    // NaN fails every comparison, and is left out with what holds no count only
    if (!isCount && (invalid || !Number.isNaN(count))) data[i] = 1;
  }
  return { rows, cols, data };
}

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
