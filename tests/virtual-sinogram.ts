/** Scans of analytic discs in the order in which they would be measured, with everything that can go wrong on request. */
import { poisson, seededRandom } from "./seeded-random.ts";

export interface Disc {
  /** steps from the rotation axis, the sample's own frame */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** [bin] counts per step of thickness */
  readonly pattern: ArrayLike<number>;
}

export interface VirtualScan {
  readonly omegaDeg: ArrayLike<number>;
  readonly points: number;
  readonly bins: number;
  readonly rotationAxis: number;
  readonly discs: readonly Disc[];
  /** [bin] counts at every point */
  readonly air?: ArrayLike<number>;
  /** every second line is measured backwards and starts this many steps late */
  readonly zigZagShift?: number;
  /** [line] steps by which the motor was off */
  readonly jumps?: ArrayLike<number>;
  /** counts drawn from Poisson's distribution with this seed; without it the expectation */
  readonly seed?: number;
}

/** Expected value at a translation (fraction allowed), the beam one step wide. [bin] added to `out`. */
export function addExpected(scan: VirtualScan, omegaDeg: number, translation: number, out: Float64Array): void {
  const w = (omegaDeg * Math.PI) / 180;
  for (const { x, y, radius, pattern } of scan.discs) {
    const centre = scan.rotationAxis + x * Math.cos(w) + y * Math.sin(w);
    const area = (s: number): number => {
      const u = Math.max(-1, Math.min(1, (s - centre) / radius));
      return radius * radius * (u * Math.sqrt(1 - u * u) + Math.asin(u));
    };
    const chord = area(translation + 0.5) - area(translation - 0.5);
    if (chord > 0) for (let b = 0; b < out.length; b++) out[b] = out[b]! + chord * pattern[b]!;
  }
  if (scan.air) for (let b = 0; b < out.length; b++) out[b] = out[b]! + scan.air[b]!;
}

/** [line, point, bin] as measured. */
export function measure(scan: VirtualScan): Float32Array {
  const { omegaDeg, points, bins } = scan;
  const random = scan.seed === undefined ? undefined : seededRandom(scan.seed);
  const data = new Float32Array(omegaDeg.length * points * bins);
  const expected = new Float64Array(bins);
  for (let line = 0; line < omegaDeg.length; line++) {
    const isBackwards = scan.zigZagShift !== undefined && (line & 1) === 1;
    for (let p = 0; p < points; p++) {
      const place = isBackwards ? points - 1 - p + (scan.zigZagShift ?? 0) : p;
      expected.fill(0);
      addExpected(scan, omegaDeg[line]!, place - (scan.jumps?.[line] ?? 0), expected);
      for (let b = 0; b < bins; b++)
        data[(line * points + p) * bins + b] = random ? poisson(expected[b]!, random) : expected[b]!;
    }
  }
  return data;
}

/** [angle, translation, bin] that a perfect, ordered scan without air would give at these angles. */
export function truth(scan: VirtualScan, omegaDeg: ArrayLike<number> = scan.omegaDeg): Float32Array {
  const perfect = { ...scan, omegaDeg, air: new Float64Array(scan.bins) };
  const { zigZagShift: _z, jumps: _j, seed: _s, ...clean } = perfect;
  return measure(clean);
}

/** One Gaussian peak on [bin]. */
export function peak(bins: number, at: number, width: number, height: number): Float64Array {
  return Float64Array.from({ length: bins }, (_, b) => height * Math.exp(-0.5 * ((b - at) / width) ** 2));
}
