/** The pixels of a frame that are left out, as the page describes them. */
import { type Frame, type FrameArray, joinMasks, type Mask } from "../../data/index.ts";
import { readMask } from "../../files/mask.ts";
import { detectorGapMask } from "../../geometry/index.ts";
import type { Region } from "../wire.ts";
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
    const isInside = insideOf(region);
    const [top, bottom, left, right] = boundsOf(region, rows, cols);
    for (let row = top; row < bottom; row++) {
      for (let col = left; col < right; col++) {
        if (isInside(col + 0.5, row + 0.5)) data[row * cols + col] = isHole ? 0 : 1;
      }
    }
  }
  return { rows, cols, data };
}

function swap(mask: Mask | undefined, { rows, cols }: Frame, isSwapped: boolean): Mask | undefined {
  if (!isSwapped) return mask;
  const data = mask ? mask.data.map((excluded) => 1 - excluded) : new Uint8Array(rows * cols).fill(1);
  return { rows, cols, data };
}

/** A pixel belongs to a shape when its centre lies in it. */
function insideOf(region: Region): (x: number, y: number) => boolean {
  if (region.kind === "rectangle") return () => true; // its bounds are all there is to it
  if (region.kind === "ellipse") {
    const [cx, cy] = [(region.from[0] + region.to[0]) / 2, (region.from[1] + region.to[1]) / 2];
    const [rx, ry] = [(region.to[0] - region.from[0]) / 2, (region.to[1] - region.from[1]) / 2];
    return (x, y) => ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1;
  }
  if (region.kind === "polygon") return (x, y) => isInPolygon(region.points, x, y);
  return () => false;
}

/** [top, bottom, left, right) of the pixels whose centres may lie inside */
function boundsOf(region: Region, rows: number, cols: number): [number, number, number, number] {
  const corners =
    region.kind === "polygon"
      ? region.points
      : region.kind === "rectangle" || region.kind === "ellipse"
        ? [region.from, region.to]
        : [];
  if (corners.length === 0) return [0, 0, 0, 0];
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const first = (values: readonly number[]): number => Math.max(0, Math.ceil(Math.min(...values) - 0.5));
  const end = (values: readonly number[], most: number): number =>
    Math.min(most, Math.floor(Math.max(...values) - 0.5) + 1);
  return [first(ys), end(ys, rows), first(xs), end(xs, cols)];
}

/** By the number of edges that a ray to the right crosses. */
function isInPolygon(points: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let isInside = false;
  points.forEach(([x1, y1], i) => {
    const [x0, y0] = points.at(i - 1)!;
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) isInside = !isInside;
  });
  return isInside;
}
