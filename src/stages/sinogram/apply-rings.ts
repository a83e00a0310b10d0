import { median } from "../../fit/index.ts";
import { CELL, type SinogramReport } from "./report.ts";

/**
 * Takes off, bin by bin, what the translations named in the report have more than their neighbours at all angles.
 *
 * @param out   [angle, translation, bin]
 * @param cells [angle, translation], CELL.ring added
 */
export function subtractRings(report: SinogramReport, out: Float32Array, bins: number, cells: Uint8Array): void {
  const { angles, translations, rings } = report;
  const isRing = new Set(rings.map(({ translation }) => translation));
  const excess = new Float64Array(angles);
  for (const { translation } of rings) {
    const beside = [-2, -1, 1, 2]
      .map((d) => translation + d)
      .filter((t) => t >= 0 && t < translations && !isRing.has(t));
    if (beside.length === 0) continue;
    for (let b = 0; b < bins; b++) {
      for (let a = 0; a < angles; a++) {
        const line = a * translations;
        let mean = 0;
        for (const t of beside) mean += out[(line + t) * bins + b]! / beside.length;
        excess[a] = out[(line + translation) * bins + b]! - mean;
      }
      const offset = median(excess);
      if (!Number.isFinite(offset)) continue;
      for (let a = 0; a < angles; a++) {
        const at = (a * translations + translation) * bins + b;
        out[at] = out[at]! - offset;
      }
    }
    for (let a = 0; a < angles; a++) cells[a * translations + translation]! |= CELL.ring;
  }
}
