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

/** Fills `taps` for one angle. Called for every line of every block: no closures, no views. */
export function tapsOf(report: SinogramReport, angle: number, taps: LineTaps): void {
  const { translations, lineOfAngle, turned, shiftSteps } = report;
  const { source, weight, noiseWeight } = taps;
  weight.fill(0);
  const shift = shiftSteps[angle]!;
  const line = { line: lineOfAngle[angle]!, turned: turned[angle] === 1, shift };
  const closing = angle === 0 && report.scan.closing === "averaged" ? closingLine(report) : undefined;
  if (!closing && Number.isInteger(shift)) wholeShift(report, taps, line);
  else {
    for (let t = 0; t < translations; t++) {
      const at = t * TAPS;
      const other = closing && between(closing.positionOf(t), translations) ? 0.5 : 0;
      addPosition(taps, at, t - shift, translations, line, 1 - other, report.factor);
      if (other > 0) addLinear(taps, at + CLOSING, closing!.positionOf(t), translations, closing!, report.factor);
    }
  }
  noiseWeight.set(weight);
  if (!report.air.pattern) return;
  for (let at = AIR; at < weight.length; at += TAPS) {
    source[at] = 2 * translations;
    weight[at] = -1;
  }
}

function wholeShift({ translations, factor }: SinogramReport, taps: LineTaps, line: MeasuredLine): void {
  const { source, weight } = taps;
  const first = line.line * translations;
  for (let t = Math.max(0, line.shift); t < Math.min(translations, translations + line.shift); t++) {
    const place = t - line.shift;
    const point = line.turned ? translations - 1 - place : place;
    source[t * TAPS] = point;
    weight[t * TAPS] = factor[first + point]!;
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
): void {
  const low = Math.floor(position + 1e-6);
  const f = Math.max(0, position - low);
  const isCubic = f > 1e-6 && low >= 1 && low + 2 < points;
  for (let tap = 0; tap < 4; tap++) {
    const place = low - 1 + tap;
    const w = isCubic ? catmullRom(tap, f) : tap === 1 ? 1 - f : tap === 2 ? f : 0;
    if (w === 0 || place < 0 || place >= points) continue;
    const point = turned ? points - 1 - place : place;
    source[at + tap] = point;
    weight[at + tap] = w * share * factor[line * points + point]!;
  }
}

/** Weight of the point at tap - 1 steps from the one below, for a place f steps above that one. */
function catmullRom(tap: number, f: number): number {
  if (tap === 0) return -0.5 * f * (1 - f) ** 2;
  if (tap === 1) return 1 + f * f * (1.5 * f - 2.5);
  if (tap === 2) return f * (0.5 + f * (2 - 1.5 * f));
  return 0.5 * f * f * (f - 1);
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
