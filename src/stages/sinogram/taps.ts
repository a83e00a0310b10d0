/** Which measured points, with what weights, make up each cell of one projection. */
import type { Kernels } from "../../kernels/index.ts";
import type { SinogramReport } from "./report.ts";

/** Four for a shift by a part of a step, two of the closing projection, one of the air pattern. */
export const TAPS = 7;
const CLOSING = 4;
const AIR = 6;

/**
 * Rows of the staging buffer: the line's own points, then those of the closing line, then the air pattern.
 * All in kernel memory.
 */
export interface LineTaps {
  /** [translation, tap] row of the staging buffer */
  readonly source: Int32Array;
  /** [translation, tap] */
  readonly weight: Float32Array;
  /** [translation, tap] as weight, without the air, whose noise is the same in all cells */
  readonly noiseWeight: Float32Array;
}

export function tapsInMemory({ arena }: Kernels, translations: number): LineTaps {
  const n = translations * TAPS;
  return { source: arena.i32(n), weight: arena.f32(n), noiseWeight: arena.f32(n) };
}

/** Fills `taps` for one angle. */
export function tapsOf(report: SinogramReport, angle: number, taps: LineTaps): void {
  const { translations, factor, lineOfAngle, turned, shiftSteps } = report;
  const { source, weight, noiseWeight } = taps;
  source.fill(0);
  weight.fill(0);
  const line = { line: lineOfAngle[angle]!, turned: turned[angle] === 1, shift: shiftSteps[angle]! };
  const closing = angle === 0 && report.scan.closing === "averaged" ? closingLine(report) : undefined;
  for (let t = 0; t < translations; t++) {
    const at = t * TAPS;
    const other = closing && between(closing.positionOf(t), translations) ? 0.5 : 0;
    addPosition(taps, at, t - line.shift, translations, line, 1 - other, factor, 0);
    if (other > 0) addLinear(taps, at + CLOSING, closing!.positionOf(t), translations, closing!, factor);
    source[at + AIR] = 2 * translations;
    noiseWeight.set(weight.subarray(at, at + AIR), at);
    noiseWeight[at + AIR] = 0;
    weight[at + AIR] = report.air.pattern ? -1 : 0;
  }
}

interface MeasuredLine {
  readonly line: number;
  readonly turned: boolean;
  readonly shift: number;
}

function closingLine(report: SinogramReport): MeasuredLine & { positionOf(t: number): number } {
  const line = report.scan.closingLine;
  const isOdd = (line & 1) === 1;
  const shift = isOdd ? report.order.shiftSteps : 0;
  const mirrored = report.scan.kind === "half-turn";
  const axis = report.rotationAxis.value;
  return {
    line,
    turned: isOdd && report.order.kind === "zig-zag",
    shift,
    positionOf: (t) => (mirrored ? 2 * axis - t : t) - shift,
  };
}

const between = (position: number, points: number): boolean => position >= 0 && position <= points - 1;

/** Catmull-Rom weights where four points are there, else linear ones: a straight line stays straight either way. */
function addPosition(
  { source, weight }: LineTaps,
  at: number,
  position: number,
  points: number,
  { line, turned }: MeasuredLine,
  share: number,
  factor: Float64Array,
  firstRow: number,
): void {
  const low = Math.floor(position + 1e-6);
  const f = position - low < 1e-6 ? 0 : position - low;
  const put = (tap: number, place: number, w: number): void => {
    if (w === 0 || place < 0 || place >= points) return;
    const point = turned ? points - 1 - place : place;
    source[at + tap] = firstRow + point;
    weight[at + tap] = w * share * factor[line * points + point]!;
  };
  if (f === 0) put(0, low, 1);
  else if (low < 1 || low + 2 >= points) {
    put(0, low, 1 - f);
    put(1, low + 1, f);
  } else {
    put(0, low - 1, -0.5 * f * (1 - f) ** 2);
    put(1, low, 1 + f * f * (1.5 * f - 2.5));
    put(2, low + 1, f * (0.5 + f * (2 - 1.5 * f)));
    put(3, low + 2, 0.5 * f * f * (f - 1));
  }
}

function addLinear(
  { source, weight }: LineTaps,
  at: number,
  position: number,
  points: number,
  { line, turned }: MeasuredLine,
  factor: Float64Array,
): void {
  const low = Math.min(points - 2, Math.floor(position));
  for (let tap = 0; tap < 2; tap++) {
    const point = turned ? points - 1 - low - tap : low + tap;
    source[at + tap] = points + point;
    weight[at + tap] = 0.5 * (tap === 0 ? 1 - (position - low) : position - low) * factor[line * points + point]!;
  }
}
