/** Values that were not measured, taken from the nearest projections that have them, linearly along the angle. */
import { FILLED, type SinogramReport } from "./report.ts";

/** Whole cells flagged as FILLED, all bins. @param out, sigma [angle, translation, bin] */
export function fillCells(
  { cells, angles, translations, omegaDeg }: SinogramReport,
  out: Float32Array,
  sigma: Float32Array | undefined,
  bins: number,
): void {
  const isFilled = (a: number, t: number): boolean => (cells[a * translations + t]! & FILLED) !== 0;
  for (let t = 0; t < translations; t++) {
    for (let a = 0; a < angles; a++) {
      if (!isFilled(a, t)) continue;
      let before = a - 1;
      while (before >= 0 && isFilled(before, t)) before--;
      let after = a + 1;
      while (after < angles && isFilled(after, t)) after++;
      const to = (a * translations + t) * bins;
      sigma?.fill(Number.POSITIVE_INFINITY, to, to + bins);
      if (before < 0 && after >= angles) {
        out.fill(Number.NaN, to, to + bins);
        continue;
      }
      const [from, until] = [before < 0 ? after : before, after >= angles ? before : after];
      const share = shareBetween(omegaDeg, from, until, a);
      const low = (from * translations + t) * bins;
      const high = (until * translations + t) * bins;
      for (let b = 0; b < bins; b++) out[to + b] = (1 - share) * out[low + b]! + share * out[high + b]!;
    }
  }
}

/**
 * Single NaN bins of patterns that have others. Bins that are NaN everywhere (no pixel there) stay as they are.
 *
 * @returns how many values were filled
 */
export function fillMaskedValues(
  { angles, translations, omegaDeg }: SinogramReport,
  out: Float32Array,
  sigma: Float32Array | undefined,
  bins: number,
): number {
  const absent = new Uint32Array(bins);
  const cells = angles * translations;
  for (let i = 0; i < cells; i++) {
    let sum = 0;
    for (let b = i * bins; b < (i + 1) * bins; b++) sum += out[b]!;
    if (!Number.isNaN(sum)) continue;
    for (let b = 0; b < bins; b++) if (Number.isNaN(out[i * bins + b]!)) absent[b] = absent[b]! + 1;
  }
  let count = 0;
  const stride = translations * bins;
  for (let b = 0; b < bins; b++) {
    if (absent[b] === 0 || absent[b] === cells) continue;
    for (let t = 0; t < translations; t++) count += fillColumn(out, sigma, t * bins + b, stride, omegaDeg);
  }
  return count;
}

function fillColumn(
  out: Float32Array,
  sigma: Float32Array | undefined,
  first: number,
  stride: number,
  omegaDeg: Float64Array,
): number {
  const angles = omegaDeg.length;
  let count = 0;
  let last = -1;
  for (let a = 0; a <= angles; a++) {
    if (a < angles && Number.isNaN(out[first + a * stride]!)) continue;
    if (last < 0 && a === angles) return 0;
    const from = last < 0 ? a : last;
    const until = a === angles ? last : a;
    const low = out[first + from * stride]!;
    const high = out[first + until * stride]!;
    for (let gap = last + 1; gap < a; gap++) {
      const share = shareBetween(omegaDeg, from, until, gap);
      out[first + gap * stride] = low + share * (high - low);
      if (sigma) sigma[first + gap * stride] = Number.POSITIVE_INFINITY;
      count++;
    }
    last = a;
  }
  return count;
}

/** How far projection `at` lies on the way from one projection to another, 0 to 1; angles need not be evenly spaced. */
const shareBetween = (omegaDeg: Float64Array, from: number, until: number, at: number): number =>
  from === until ? 0 : (omegaDeg[at]! - omegaDeg[from]!) / (omegaDeg[until]! - omegaDeg[from]! || 1);
