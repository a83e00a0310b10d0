/**
 * Regions of an image [y, x], row 0 the lowest. Corners and points are in voxels: voxel (0, 0) reaches from 0 to 1 along
 * both, its middle lies at 0.5. A voxel belongs to a region when its middle does; a middle on an edge belongs to it where
 * the region lies above or to the right of it, so that regions that share an edge share no voxel.
 */
import { InputError } from "./errors.ts";

type Point = readonly [x: number, y: number];

/** Regions that are told by numbers alone. */
export type ShapeRegion =
  | { readonly kind: "voxel"; readonly y: number; readonly x: number }
  | { readonly kind: "rectangle"; readonly from: Point; readonly to: Point }
  | { readonly kind: "ellipse"; readonly from: Point; readonly to: Point }
  | { readonly kind: "polygon"; readonly points: readonly Point[] }
  /** start, length, start, length ... of y * nx + x */
  | { readonly kind: "voxels"; readonly runs: readonly number[] };

/**
 * The voxels of a region.
 *
 * @returns [y, x] 1 inside, 0 outside; what lies beyond the image is left out
 * @throws InputError "region-wrong" where a number is missing or is none
 */
export function voxelsOf(region: ShapeRegion, ny: number, nx: number): Uint8Array {
  checkRegion(region);
  const inside = new Uint8Array(ny * nx);
  if (region.kind === "voxel") {
    const { y, x } = region;
    if (y >= 0 && y < ny && x >= 0 && x < nx) inside[y * nx + x] = 1;
    return inside;
  }
  if (region.kind === "voxels") {
    const { runs } = region;
    for (let i = 0; i < runs.length; i += 2) inside.fill(1, runs[i], runs[i]! + runs[i + 1]!);
    return inside;
  }
  for (let y = 0; y < ny; y++) {
    for (const [from, to] of crossings(region, y + 0.5)) {
      // the first and last voxel whose middle lies in [from, to)
      const first = Math.max(0, Math.ceil(from - 0.5));
      const end = Math.min(nx, Math.ceil(to - 0.5));
      if (first < end) inside.fill(1, y * nx + first, y * nx + end);
    }
  }
  return inside;
}

/** Where the line at this y runs inside the region: from, to; ascending. */
function crossings(region: Exclude<ShapeRegion, { kind: "voxel" | "voxels" }>, y: number): Point[] {
  if (region.kind === "polygon") return polygonCrossings(region.points, y);
  const [left, right] = sorted(region.from[0], region.to[0]);
  const [low, high] = sorted(region.from[1], region.to[1]);
  if (!(y >= low && y < high)) return [];
  if (region.kind === "rectangle") return [[left, right]];
  const height = (2 * y - low - high) / (high - low);
  const half = (Math.sqrt(1 - height * height) * (right - left)) / 2;
  return [[(left + right) / 2 - half, (left + right) / 2 + half]];
}

/** Even-odd: where the outline crosses itself the overlap is outside. */
function polygonCrossings(points: readonly Point[], y: number): Point[] {
  const at: number[] = [];
  points.forEach(([x1, y1], i) => {
    const [x2, y2] = points[(i + 1) % points.length]!;
    if (y1 <= y !== y2 <= y) at.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
  });
  at.sort((a, b) => a - b);
  return Array.from({ length: at.length >> 1 }, (_, i) => [at[2 * i]!, at[2 * i + 1]!]);
}

const sorted = (a: number, b: number): Point => (a < b ? [a, b] : [b, a]);

const MOST_POINTS = 10_000;

function checkRegion(region: ShapeRegion): void {
  if (isRegion(region)) return;
  throw new InputError(
    "region-wrong",
    `${JSON.stringify(region)?.slice(0, 200)} is no region. Give a voxel with y and x, a rectangle or an ellipse with the corners from and to, a polygon with up to ${MOST_POINTS} points, each [x, y] in voxels, or voxels as runs of start and length.`,
  );
}

function isRegion(region: ShapeRegion): boolean {
  const isPoint = (point: unknown): boolean =>
    Array.isArray(point) && point.length === 2 && point.every((value) => Number.isFinite(value));
  switch (region.kind) {
    case "voxel":
      return Number.isInteger(region.y) && Number.isInteger(region.x);
    case "rectangle":
    case "ellipse":
      return isPoint(region.from) && isPoint(region.to);
    case "polygon":
      return Array.isArray(region.points) && region.points.length <= MOST_POINTS && region.points.every(isPoint);
    case "voxels":
      return (
        Array.isArray(region.runs) &&
        region.runs.length % 2 === 0 &&
        region.runs.every((value) => Number.isInteger(value) && value >= 0)
      );
    default:
      return false;
  }
}
