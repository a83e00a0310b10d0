/**
 * How one pixel is shared between bins. Coordinates are in bins: 2.25 is a quarter into bin 2.
 * Shares of a pixel wholly inside the range sum to 1.
 */

/** Receives a bin and the pixel's share in it. */
export type AddShare = (bin: number, share: number) => void;

/** A box from `low` to `high`: shares by length. Bins outside 0 to bins - 1 are dropped. */
export function splitInterval(low: number, high: number, bins: number, add: AddShare): void {
  const first = Math.floor(low);
  const last = Math.floor(high);
  if (last < 0 || first >= bins) return;
  if (first === last) {
    add(first, 1);
    return;
  }
  const inverse = 1 / (high - low);
  for (let bin = Math.max(first, 0); bin <= Math.min(last, bins - 1); bin++) {
    add(bin, (Math.min(high, bin + 1) - Math.max(low, bin)) * inverse);
  }
}

/**
 * A polygon: shares by area, exact. Every edge adds the signed area under it to the bins that it crosses.
 *
 * @param x, y corners in order, along the radial axis (in bins) and across it (any unit); `corners` of them
 * @param area signed area of the whole pixel, which the shares are relative to
 * @param buffer scratch, at least as long as the polygon is wide in bins plus 2
 */
export function splitPolygon(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  corners: number,
  area: number,
  bins: number,
  buffer: Float64Array,
  add: AddShare,
): void {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < corners; i++) {
    low = Math.min(low, x[i]!);
    high = Math.max(high, x[i]!);
  }
  const first = Math.floor(low);
  const last = Math.floor(high);
  if (last < 0 || first >= bins) return;
  buffer.fill(0, 0, last - first + 1);
  for (let i = 0; i < corners; i++) {
    const j = i + 1 === corners ? 0 : i + 1;
    addAreaUnderEdge(x[i]!, y[i]!, x[j]!, y[j]!, first, buffer);
  }
  for (let bin = Math.max(first, 0); bin <= Math.min(last, bins - 1); bin++) {
    const share = buffer[bin - first]! / area;
    if (share > 0) add(bin, share);
  }
}

function addAreaUnderEdge(x0: number, y0: number, x1: number, y1: number, first: number, buffer: Float64Array): void {
  if (x0 === x1) return;
  const sign = x0 < x1 ? 1 : -1;
  const [left, right] = x0 < x1 ? [x0, x1] : [x1, x0];
  const slope = (y1 - y0) / (x1 - x0);
  for (let bin = Math.floor(left); bin <= Math.floor(right); bin++) {
    const from = Math.max(left, bin);
    const to = Math.min(right, bin + 1);
    buffer[bin - first] = buffer[bin - first]! + sign * (to - from) * (y0 + slope * ((from + to) / 2 - x0));
  }
}

/** Twice-signed area halved: the same sign as the sum of addAreaUnderEdge over all edges. */
export function areaUnderPolygon(x: ArrayLike<number>, y: ArrayLike<number>, corners: number): number {
  let area = 0;
  for (let i = 0; i < corners; i++) {
    const j = i + 1 === corners ? 0 : i + 1;
    area += ((x[j]! - x[i]!) * (y[i]! + y[j]!)) / 2;
  }
  return area;
}

/** The polygon between y = low and y = high; gives the number of corners (Sutherland & Hodgman 1974). */
export function clipToStrip(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  corners: number,
  low: number,
  high: number,
  outX: Float64Array,
  outY: Float64Array,
): number {
  const scratchX = new Float64Array(corners + 2);
  const scratchY = new Float64Array(corners + 2);
  const above = clipHalf(x, y, corners, low, 1, scratchX, scratchY);
  return clipHalf(scratchX, scratchY, above, high, -1, outX, outY);
}

function clipHalf(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  corners: number,
  limit: number,
  side: 1 | -1,
  outX: Float64Array,
  outY: Float64Array,
): number {
  let count = 0;
  for (let i = 0; i < corners; i++) {
    const j = i + 1 === corners ? 0 : i + 1;
    const here = (y[i]! - limit) * side;
    const next = (y[j]! - limit) * side;
    if (here >= 0) {
      outX[count] = x[i]!;
      outY[count++] = y[i]!;
    }
    if (here >= 0 !== next >= 0) {
      outX[count] = x[i]! + ((x[j]! - x[i]!) * here) / (here - next);
      outY[count++] = limit;
    }
  }
  return count;
}
