/** Lines in their order of angle, each with how it is to be laid down. */

import { median, quantile, robustSpread } from "../../fit/index.ts";
import type { SinogramConfig } from "./config.ts";
import type { Transmission } from "./normalise.ts";
import type { LineOrder } from "./order.ts";
import { CELL } from "./report.ts";

export interface Arrangement {
  /** [angle] */
  readonly lineOfAngle: Int32Array;
  /** [angle] degrees, ascending */
  readonly omegaDeg: Float64Array;
  /** [angle] 1 where the line is turned round */
  readonly turned: Uint8Array;
  /** [angle] steps that the line, once turned, is moved up */
  readonly shiftSteps: Float64Array;
}

/** The lines in ascending angle; of equal angles the one measured first comes first. */
export function sortedByAngle(omegaDeg: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: omegaDeg.length }, (_, i) => i).sort((a, b) => omegaDeg[a]! - omegaDeg[b]! || a - b);
}

/** @param sorted lines in ascending angle; @param omegaDeg [line] degrees */
export function arrange(sorted: Int32Array, omegaDeg: ArrayLike<number>, order: LineOrder): Arrangement {
  const isOdd = Uint8Array.from(sorted, (line) => line & 1);
  return {
    lineOfAngle: sorted,
    omegaDeg: Float64Array.from(sorted, (line) => omegaDeg[line]!),
    turned: isOdd.map((odd) => (order.kind === "zig-zag" ? odd : 0)),
    shiftSteps: Float64Array.from(isOdd, (odd) => (odd ? order.shiftSteps : 0)),
  };
}

export interface ScanShape {
  readonly kind: "half-turn" | "full-turn" | "other";
  readonly arcDeg: number;
  readonly regular: boolean;
  readonly closing: "none" | "dropped" | "averaged" | "kept";
  /** the measured line that repeats the first projection; -1 where none does */
  readonly closingLine: number;
}

/** Half or full turn, evenly spaced or not, and whether the last projection repeats the first. */
export function describeScan({ omegaDeg, lineOfAngle }: Arrangement, closing: SinogramConfig["closing"]): ScanShape {
  const n = omegaDeg.length;
  const gaps = Float64Array.from({ length: n - 1 }, (_, i) => omegaDeg[i + 1]! - omegaDeg[i]!);
  const step = median(gaps);
  const arcDeg = omegaDeg[n - 1]! - omegaDeg[0]!;
  const spansHalf = Math.abs(arcDeg - 180) < 1.5 * step;
  const spansFull = Math.abs(arcDeg - 360) < 1.5 * step;
  const repeats = Math.abs(arcDeg - (spansFull ? 360 : 180)) < 0.25 * step && (spansHalf || spansFull);
  const done = { drop: "dropped", average: "averaged", keep: "kept" } as const;
  return {
    kind: spansHalf ? "half-turn" : spansFull ? "full-turn" : "other",
    arcDeg,
    regular: robustSpread(gaps, step) < 0.02 * step && Math.max(...gaps) < 1.5 * step,
    closing: repeats ? done[closing] : "none",
    closingLine: repeats ? lineOfAngle[n - 1]! : -1,
  };
}

/** Without the projection that repeats the first, unless it is to be kept. */
export function closeScan(arrangement: Arrangement, { closing }: ScanShape): Arrangement {
  if (closing !== "dropped" && closing !== "averaged") return arrangement;
  return {
    lineOfAngle: arrangement.lineOfAngle.slice(0, -1),
    omegaDeg: arrangement.omegaDeg.slice(0, -1),
    turned: arrangement.turned.slice(0, -1),
    shiftSteps: arrangement.shiftSteps.slice(0, -1),
  };
}

/** Farthest that a feature at the rim moves between neighbouring projections, in whole steps, at least 1, at most 6. */
export function slopeReach(omegaDeg: Float64Array, translations: number): number {
  const gaps = Float64Array.from({ length: omegaDeg.length - 1 }, (_, i) => omegaDeg[i + 1]! - omegaDeg[i]!);
  const farthest = (quantile(gaps, 0.5) * Math.PI * translations) / 360;
  return Math.min(6, Math.max(1, Math.ceil(farthest)));
}

/** The two measured points, and their shares, that make up one cell; -1 beyond the end of the line. */
export function sourceOf(
  { turned, shiftSteps }: Arrangement,
  angle: number,
  translation: number,
  points: number,
): { low: number; high: number; share: number } {
  const shift = shiftSteps[angle]!;
  const whole = Math.floor(shift + 1e-9);
  const share = shift - whole < 1e-6 ? 0 : shift - whole;
  const place = (t: number): number => (t < 0 || t >= points ? -1 : turned[angle] ? points - 1 - t : t);
  return { low: place(translation - whole), high: share > 0 ? place(translation - whole - 1) : -2, share };
}

/** [angle, translation] bits of CELL. @param missing [line, point] */
export function cellsOf(
  arrangement: Arrangement,
  missing: Uint8Array,
  transmission: Transmission | undefined,
  points: number,
): Uint8Array {
  const angles = arrangement.lineOfAngle.length;
  const cells = new Uint8Array(angles * points);
  for (let a = 0; a < angles; a++) {
    const line = arrangement.lineOfAngle[a]!;
    for (let t = 0; t < points; t++) {
      const { low, high } = sourceOf(arrangement, a, t, points);
      let bits: number = CELL.measured;
      for (const point of [low, high]) {
        if (point === -1) bits |= CELL.vacated;
        if (point < 0) continue;
        bits |= missing[line * points + point]!;
        if (transmission?.opaque[line * points + point]) bits |= CELL.opaque;
      }
      cells[a * points + t] = bits;
    }
  }
  return cells;
}

/** [angle, translation] of a value known for each measured point; NaN where nothing was measured. */
export function arrangeValues(values: Float64Array, arrangement: Arrangement, points: number): Float64Array {
  const angles = arrangement.lineOfAngle.length;
  const out = new Float64Array(angles * points);
  for (let a = 0; a < angles; a++) {
    const from = arrangement.lineOfAngle[a]! * points;
    for (let t = 0; t < points; t++) {
      const { low, high, share } = sourceOf(arrangement, a, t, points);
      const first = low < 0 ? Number.NaN : values[from + low]!;
      out[a * points + t] =
        high === -2 ? first : (1 - share) * first + share * (high < 0 ? Number.NaN : values[from + high]!);
    }
  }
  return out;
}
