/**
 * How far one projection is shifted against another, to a hundredth of a step.
 *
 * Cross-correlation of the first differences (edges count, slow backgrounds do not, and a truncated field of view
 * brings no false edge), summed over channels, evaluated between the steps by its own Fourier series.
 */
import { fourier, powerOfTwoFrom } from "./fourier.ts";

/** Projections as spectra of their differences along translation: [line, channel, k], k from 0 to as far as `weight` goes. */
export interface LineSpectra {
  readonly points: number;
  readonly channels: number;
  /** of the padded transform */
  readonly length: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** [line] sum of |X|^2 weight, for correlations */
  readonly energy: Float64Array;
  /** [k] low-pass, so that noise near the Nyquist frequency does not count */
  readonly weight: Float64Array;
}

/** @param image [line, channel, point], finite everywhere */
export function lineSpectra(image: Float64Array, lines: number, channels: number, points: number): LineSpectra {
  const length = powerOfTwoFrom(2 * points);
  // nothing is asked of frequencies above half the Nyquist frequency where there are plenty below
  const half = points > 200 ? length / 4 + 1 : length / 2 + 1;
  const weight = Float64Array.from({ length: half }, (_, k) =>
    k === 0 ? 0 : Math.cos((0.5 * Math.PI * k) / (half - 1)) ** 2,
  );
  const re = new Float64Array(lines * channels * half);
  const im = new Float64Array(lines * channels * half);
  const energy = new Float64Array(lines);
  const x = new Float64Array(length);
  const y = new Float64Array(length);
  // two real rows in one complex transform: X = (Z(k) + conj Z(-k)) / 2, Y = (Z(k) - conj Z(-k)) / 2i
  const rows = lines * channels;
  for (let row = 0; row < rows; row += 2) {
    x.fill(0);
    y.fill(0);
    differences(x, image, row * points, points);
    if (row + 1 < rows) differences(y, image, (row + 1) * points, points);
    fourier(x, y);
    const first = row * half;
    const second = row + 1 < rows ? first + half : -1;
    for (let k = 1; k < half; k++) {
      const mirror = length - k;
      re[first + k] = (x[k]! + x[mirror]!) / 2;
      im[first + k] = (y[k]! - y[mirror]!) / 2;
      if (second < 0) continue;
      re[second + k] = (y[k]! + y[mirror]!) / 2;
      im[second + k] = (x[mirror]! - x[k]!) / 2;
    }
  }
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let k = 1; k < half; k++) sum += weight[k]! * (re[row * half + k]! ** 2 + im[row * half + k]! ** 2);
    const line = Math.floor(row / channels);
    energy[line] = energy[line]! + sum;
  }
  return { points, channels, length, re, im, energy, weight };
}

function differences(to: Float64Array, image: Float64Array, from: number, points: number): void {
  for (let t = 0; t + 1 < points; t++) to[t] = image[from + t + 1]! - image[from + t]!;
}

export interface Registration {
  /** steps: b(t) = a(t + shift) */
  readonly shift: number;
  /** -1 to 1: normalised correlation at that shift */
  readonly correlation: number;
}

/**
 * The shift with b(t) = a(t + shift); with `mirror`, b is first turned round: b(points - 1 - t) = a(t + shift).
 *
 * @param around, reach only shifts in around +- reach are looked at
 */
export function registerLines(
  spectra: LineSpectra,
  a: number,
  b: number | readonly number[],
  { mirror = false, around = 0, reach = 3 }: { mirror?: boolean; around?: number; reach?: number } = {},
): Registration {
  const { crossRe, crossIm, energy } = crossSpectrum(spectra, a, typeof b === "number" ? [b] : b, mirror);
  const best = peakOfSeries(crossRe, crossIm, spectra.length, around, reach);
  return { shift: best.at, correlation: energy > 0 ? best.value / energy : 0 };
}

function crossSpectrum(spectra: LineSpectra, a: number, b: readonly number[], mirror: boolean) {
  const { channels, length, re, im, weight, points } = spectra;
  const half = weight.length;
  const crossRe = new Float64Array(half);
  const crossIm = new Float64Array(half);
  let energyB = 0;
  for (let channel = 0; channel < channels; channel++) {
    const atA = (a * channels + channel) * half;
    for (let k = 1; k < half; k++) {
      let bRe = 0;
      let bIm = 0;
      for (const line of b) {
        bRe += re[(line * channels + channel) * half + k]!;
        bIm += im[(line * channels + channel) * half + k]!;
      }
      bRe /= b.length;
      bIm /= b.length;
      energyB += weight[k]! * (bRe * bRe + bIm * bIm);
      if (mirror) {
        // d'(t) = -d(points - 2 - t): the spectrum of the differences of the line turned round
        const phase = (-2 * Math.PI * k * (points - 2)) / length;
        const c = Math.cos(phase);
        const s = Math.sin(phase);
        [bRe, bIm] = [-(bRe * c + bIm * s), -(bRe * s - bIm * c)];
      }
      const aRe = re[atA + k]!;
      const aIm = im[atA + k]!;
      crossRe[k] = crossRe[k]! + weight[k]! * (aRe * bRe + aIm * bIm);
      crossIm[k] = crossIm[k]! + weight[k]! * (aRe * bIm - aIm * bRe);
    }
  }
  return { crossRe, crossIm, energy: Math.sqrt(spectra.energy[a]! * energyB) };
}

/** Maximum over s of sum_k Re(X_k exp(-2 pi i k s / length)) in around +- reach: on a grid first, then Newton. */
export function peakOfSeries(
  re: Float64Array,
  im: Float64Array,
  length: number,
  around: number,
  reach: number,
): { at: number; value: number } {
  let at = reach > WIDE ? coarsePeak(re, im, length, around, reach) : around;
  const from = at;
  let value = -Infinity;
  const count = reach > WIDE ? 1 : Math.ceil(reach * 2);
  for (let i = -count; i <= count; i++) {
    const [v] = seriesAt(re, im, length, from + i / 2);
    if (v > value) {
      value = v;
      at = from + i / 2;
    }
  }
  const start = at;
  for (let step = 0; step < 12; step++) {
    const [, slope, curvature] = seriesAt(re, im, length, at);
    if (curvature >= 0) break;
    const move = Math.max(-0.5, Math.min(0.5, -slope / curvature));
    at += move;
    if (Math.abs(move) < 1e-7) break;
  }
  if (Math.abs(at - start) > 0.75) at = start;
  return { at, value: seriesAt(re, im, length, at)[0] };
}

/** Above this reach one transform is cheaper than the series at each place. */
const WIDE = 8;

function coarsePeak(re: Float64Array, im: Float64Array, length: number, around: number, reach: number): number {
  const x = new Float64Array(length);
  const y = new Float64Array(length);
  x.set(re);
  y.set(im);
  fourier(x, y);
  let best = Math.round(around);
  for (let s = Math.ceil(around - reach); s <= around + reach; s++) {
    const value = x[((s % length) + length) % length]!;
    if (value > x[((best % length) + length) % length]!) best = s;
  }
  return best;
}

function seriesAt(re: Float64Array, im: Float64Array, length: number, s: number): [number, number, number] {
  let value = 0;
  let slope = 0;
  let curvature = 0;
  const unit = (2 * Math.PI) / length;
  const stepC = Math.cos(unit * s);
  const stepS = Math.sin(unit * s);
  let c = 1;
  let sn = 0;
  for (let k = 1; k < re.length; k++) {
    [c, sn] = [c * stepC - sn * stepS, sn * stepC + c * stepS];
    const f = unit * k;
    const real = re[k]! * c + im[k]! * sn;
    value += real;
    slope += f * (im[k]! * c - re[k]! * sn);
    curvature -= f * f * real;
  }
  return [value, slope, curvature];
}
