/**
 * Translations with a constant offset at all angles: vertical stripes of the sinogram, rings of the slice.
 *
 * A stripe is the median over the angles of what stands out of the neighbouring translations. The wall of a round
 * sample that turns about its own middle draws stripes too, but two, mirrored about the axis: those are left alone.
 */
import { median, medianOfFew, robustSpread } from "../../fit/index.ts";

export const RING_REACH = 3;

/**
 * @param signal [angle, translation]
 * @param axis   translation index of the rotation axis
 */
export function findRings(
  signal: Float64Array,
  angles: number,
  translations: number,
  axis: number,
  sigmas: number,
): { translation: number; sigmas: number }[] {
  const offset = new Float64Array(translations);
  const noise = new Float64Array(translations);
  const excess = new Float64Array(angles);
  for (let t = 0; t < translations; t++) {
    for (let a = 0; a < angles; a++) excess[a] = standsOut(signal, a * translations, t, translations);
    offset[t] = median(excess);
    noise[t] = (1.25 * robustSpread(excess, offset[t])) / Math.sqrt(angles);
  }
  const typical = robustSpread(offset, 0);
  const rings: { translation: number; sigmas: number }[] = [];
  for (let t = RING_REACH; t + RING_REACH < translations; t++) {
    const significance = Math.abs(offset[t]!) / Math.hypot(noise[t]!, typical);
    if (!(significance > sigmas) || Math.abs(t - axis) < 2) continue;
    // the edges of the sample stand out over several translations, a stripe over one
    const beside = [-3, -2, -1, 1, 2, 3].map((d) => Math.abs(offset[t + d] ?? 0));
    if (Math.abs(offset[t]!) < 2 * Math.max(...beside)) continue;
    const mirrored = Math.round(2 * axis - t);
    let partner = 0;
    for (let d = -2; d <= 2; d++) partner = Math.max(partner, offset[mirrored + d]! * Math.sign(offset[t]!) || 0);
    if (partner > 0.25 * Math.abs(offset[t]!)) continue;
    rings.push({ translation: t, sigmas: significance });
  }
  return rings;
}

/** Value less the median of the translations around it on the same line. */
function standsOut(signal: Float64Array, line: number, t: number, translations: number): number {
  let n = 0;
  for (let d = -RING_REACH; d <= RING_REACH; d++) {
    if (d !== 0 && t + d >= 0 && t + d < translations) around[n++] = signal[line + t + d]!;
  }
  return signal[line + t]! - medianOfFew(around, n);
}
const around = new Float64Array(2 * RING_REACH);
