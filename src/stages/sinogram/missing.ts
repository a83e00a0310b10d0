/** Patterns that are not there, or are not what they should be. */
import { InputError } from "../../data/index.ts";
import { median, quantile } from "../../fit/index.ts";
import type { ScanRecord } from "./normalise.ts";
import { CELL } from "./report.ts";
import type { PatternSummary } from "./summary.ts";

/** [line, point] bits of CELL, from the list, from NaN, from a dead monitor, and lines far too weak. */
export function findMissing(summary: PatternSummary, record: ScanRecord, incident: Float64Array) {
  const { lines, points, channels, bins } = summary;
  const cells = new Uint8Array(lines * points);
  const lineTotal = new Float64Array(lines);
  const total = new Float64Array(lines * points);
  for (let i = 0; i < lines * points; i++) {
    let count = 0;
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      count += summary.count[i * channels + c]!;
      sum += summary.sum[i * channels + c]!;
    }
    total[i] = sum;
    const isListed = record.missing ? record.missing[i] !== 0 : false;
    if (isListed || count === 0 || !Number.isFinite(incident[i]!)) cells[i] = CELL.missing;
    else lineTotal[Math.floor(i / points)] = lineTotal[Math.floor(i / points)]! + (sum / count) * bins * incident[i]!;
  }
  const typical = median(lineTotal);
  if (!(typical !== 0))
    throw new InputError(
      "sinogram-empty",
      "More than half of the lines hold no intensity at all: check the mask, the dark and the list of missing frames of the integration.",
    );
  const weakLines: number[] = [];
  const good = new Uint8Array(lines).fill(1);
  for (let l = 0; l < lines; l++) {
    let absent = 0;
    for (let p = 0; p < points; p++) absent += cells[l * points + p]! ? 1 : 0;
    if (absent > points / 4) good[l] = 0;
    if (absent < points && lineTotal[l]! < 0.2 * typical * (1 - absent / points)) {
      weakLines.push(l);
      good[l] = 0;
      for (let p = 0; p < points; p++) cells[l * points + p] = cells[l * points + p]! | CELL.weakLine;
    }
  }
  return { cells, weakLines, good };
}

/**
 * Cells far below everything around them: a lost frame that reads as zeros, a closed shutter. A gap in the sample is
 * in the neighbouring projections too, within what it moves; these are not.
 *
 * @param total [angle, translation] sum over channels of the ordered lines, NaN where missing
 * @param reach steps that features move between neighbouring projections
 * @returns [n] indices of cells
 */
export function findDark(total: Float64Array, angles: number, translations: number, reach: number): number[] {
  const enough = 0.2 * quantile(total, 0.9);
  const least = (a: number, from: number, to: number): number => {
    let value = Number.POSITIVE_INFINITY;
    for (let t = Math.max(0, from); t <= Math.min(translations - 1, to); t++) {
      if (total[a * translations + t]! < value) value = total[a * translations + t]!;
    }
    return value;
  };
  const found: number[] = [];
  for (let a = 0; a < angles; a++) {
    for (let t = 0; t < translations; t++) {
      const value = total[a * translations + t]!;
      const beside = Math.min(least(a, t - 2, t - 1), least(a, t + 1, t + 2));
      if (!(value < 0.6 * beside || value === 0)) continue;
      const before = least(a > 0 ? a - 1 : Math.min(angles - 1, 2), t - reach, t + reach);
      const after = least(a + 1 < angles ? a + 1 : Math.max(0, angles - 3), t - reach, t + reach);
      const lines = Math.min(before, after);
      if (lines > enough && value < 0.6 * lines) found.push(a * translations + t);
    }
  }
  return found;
}

/** Whether patterns that are there lack some bins. @param missing [line, point] */
export function hasMaskedValues({ count, seen, points, channels }: PatternSummary, missing: Uint8Array): boolean {
  return missing.some((bits, i) => {
    if (bits) return false;
    const line = Math.floor(i / points);
    for (let c = 0; c < channels; c++) if (count[i * channels + c]! < seen[line * channels + c]!) return true;
    return false;
  });
}
