/**
 * Single crystals in Bragg position and hot pixels: values that no neighbouring projection explains.
 *
 * What belongs to the sample lies on a sine, so it is in the projection before and in the one after, at most as far
 * along as the rim of the field moves between them. A value is hot where it stands above the LARGEST value within
 * that reach in one of the two neighbours, by so many sigma and by a share of it. A sharp feature of the sample has
 * its like on both sides and is left alone; a flash that lasts one or two projections has not.
 */
import type { Kernels } from "../../kernels/index.ts";
import { CELL, FILLED, type SinogramReport } from "./report.ts";

/** Gives the variance of one projection, [translation, bin], in kernel memory. */
export type VarianceOfAngle = (angle: number) => Float32Array;

/**
 * Finds and replaces hot values in place.
 *
 * @param out   [angle, translation, bin]
 * @param cells [angle, translation], CELL.hot added
 * @param sigma [angle, translation, bin] made infinite where a value is replaced
 * @param hot   [angle, translation, bin] set to 1 there
 * @returns how many values were replaced
 */
export function replaceHotSpots(
  kernels: Kernels,
  report: SinogramReport,
  out: Float32Array,
  bins: number,
  varianceOf: VarianceOfAngle,
  cells: Uint8Array,
  sigma: Float32Array | undefined,
  hot: Uint8Array | undefined,
): number {
  const found = findHotSpots(kernels, report, out, bins, varianceOf);
  const isHot = new Set(found);
  // all from the values as they were, so that the order does not matter
  const replaced = found.map((at) => interpolate(out, isHot, at, report, bins));
  found.forEach((at, i) => {
    out[at] = replaced[i]!;
    if (hot) hot[at] = 1;
    if (sigma) sigma[at] = Number.POSITIVE_INFINITY;
    const cell = Math.floor(at / bins);
    cells[cell] = cells[cell]! | CELL.hot;
  });
  return found.length;
}

/** Indices into `out`, ascending. */
function findHotSpots(
  kernels: Kernels,
  report: SinogramReport,
  out: Float32Array,
  bins: number,
  varianceOf: VarianceOfAngle,
): number[] {
  const { angles, translations } = report;
  const { reach, sigmas, relative } = report.hotSpots;
  const size = translations * bins;
  const { arena, run } = kernels;
  const mark = arena.mark();
  const lines = [arena.f32(size), arena.f32(size)];
  const lineFlags = arena.u8(size);
  const ring = [arena.f32(size), arena.f32(size), arena.f32(size)];
  const edge = arena.f32(size);
  const maximumOf = (to: Float32Array, angle: number, widest = reach): Float32Array => {
    const line = lines[angle % 2]!;
    line.set(out.subarray(angle * size, (angle + 1) * size));
    run.slidingMaximum(to, line, translations, bins, widest);
    return to;
  };
  const found: number[] = [];
  maximumOf(ring[0]!, 0);
  for (let a = 0; a < angles; a++) {
    // beyondEnd may load other lines, so it comes before those that are needed below
    const before = a > 0 ? ring[(a + 2) % 3]! : beyondEnd(kernels, report, out, bins, edge, -1, maximumOf);
    const after =
      a + 1 < angles ? maximumOf(ring[(a + 1) % 3]!, a + 1) : beyondEnd(kernels, report, out, bins, edge, 1, maximumOf);
    const variance = varianceOf(a);
    const line = lines[a % 2]!;
    if (a === 0 || a + 1 === angles) line.set(out.subarray(a * size, (a + 1) * size));
    if (run.flagAbove(lineFlags, line, variance, before, after, size, sigmas, relative) === 0) continue;
    for (let i = 0; i < size; i++) {
      if (!lineFlags[i]) continue;
      if ((report.cells[a * translations + Math.floor(i / bins)]! & FILLED) !== 0) continue;
      found.push(a * size + i);
    }
  }
  arena.release(mark);
  return found;
}

/** The maxima beside the first (side -1) or the last projection: a half turn continues mirrored, a full turn as it is. */
function beyondEnd(
  kernels: Kernels,
  report: SinogramReport,
  out: Float32Array,
  bins: number,
  to: Float32Array,
  side: -1 | 1,
  maximumOf: (to: Float32Array, angle: number, widest?: number) => Float32Array,
): Float32Array {
  const { angles, translations, scan, rotationAxis } = report;
  const { reach } = report.hotSpots;
  const opposite = side < 0 ? angles - 1 : 0;
  if (scan.kind === "full-turn") return maximumOf(to, opposite);
  if (scan.kind === "other")
    return maximumOf(to, side < 0 ? Math.min(2, angles - 1) : Math.max(0, angles - 3), 2 * reach);
  const size = translations * bins;
  const mark = kernels.arena.mark();
  const mirrored = kernels.arena.f32(size);
  for (let t = 0; t < translations; t++) {
    const from = Math.max(0, Math.min(translations - 1, Math.round(2 * rotationAxis.value - t)));
    const at = opposite * size + from * bins;
    mirrored.set(out.subarray(at, at + bins), t * bins);
  }
  kernels.run.slidingMaximum(to, mirrored, translations, bins, reach + 1);
  kernels.arena.release(mark);
  return to;
}

/** Mean of the neighbours in angle and translation that are not hot themselves; else the nearest along the angle. */
function interpolate(
  out: Float32Array,
  isHot: ReadonlySet<number>,
  at: number,
  { angles, translations }: SinogramReport,
  bins: number,
): number {
  const size = translations * bins;
  const angle = Math.floor(at / size);
  const translation = Math.floor((at % size) / bins);
  let sum = 0;
  let count = 0;
  const add = (neighbour: number): void => {
    if (isHot.has(neighbour) || Number.isNaN(out[neighbour]!)) return;
    sum += out[neighbour]!;
    count++;
  };
  if (angle > 0) add(at - size);
  if (angle + 1 < angles) add(at + size);
  if (count === 0 || (angle > 0 && angle + 1 < angles && count < 2)) {
    if (translation > 0) add(at - bins);
    if (translation + 1 < translations) add(at + bins);
  }
  for (let d = 2; count === 0 && d < angles; d++) {
    if (angle - d >= 0) add(at - d * size);
    if (angle + d < angles) add(at + d * size);
  }
  return count > 0 ? sum / count : Number.NaN;
}
