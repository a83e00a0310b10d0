/** Patterns that are not there, or are not what they should be. */
import { InputError } from "../../data/index.ts";
import type { ScanRecord } from "./normalise.ts";
import { CELL } from "./report.ts";
import { median } from "./robust.ts";
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
  // a frame that was never written reads as zeros among counts
  const weak = median(total.filter((value) => value > 0));
  for (let i = 0; i < cells.length; i++)
    if (total[i] === 0 && weak > 0 && emptyAmongFull(total, i, points)) cells[i] = CELL.missing;
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

function emptyAmongFull(total: Float64Array, i: number, points: number): boolean {
  const point = i % points;
  const beside = [
    point > 0 ? total[i - 1]! : 0,
    point + 1 < points ? total[i + 1]! : 0,
    total[i - points] ?? 0,
    total[i + points] ?? 0,
  ];
  return beside.filter((value) => value > 0).length >= 2;
}
