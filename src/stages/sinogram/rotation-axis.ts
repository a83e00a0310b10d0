/**
 * The rotation axis, by methods that share no assumption, so that their agreement means something.
 *
 *   centroid  the centre of mass of the projections moves on a sine about the axis (Helgason-Ludwig, first moment);
 *             needs the whole sample in the field of view and no absorption left in the data
 *   mirror    a projection half a turn on is the same one mirrored; needs pairs near 180 degrees apart
 *   wedge     the sinogram continued over the full turn by mirroring has no content outside a double wedge of its
 *             Fourier transform when the axis is right (Vo et al., Opt. Express 22 (2014) 19078). Written as an energy,
 *             the score is one Fourier series in the axis, so that its minimum is found between the steps.
 */

import { linearFit, median, robustSpread } from "../../fit/index.ts";
import { type LineSpectra, peakOfSeries, registerLines } from "./registration.ts";

export interface AxisEstimate {
  readonly method: "centroid" | "centroid of absorption" | "mirror" | "wedge";
  /** translation steps; NaN where the method could not be used */
  readonly value: number;
  /** from the scatter of the method itself; NaN where it has none */
  readonly esd: number;
  readonly usable: boolean;
  /** why it is not usable, or what it rests on */
  readonly note: string;
}

const RAD = Math.PI / 180;

/**
 * Fit of centroid = axis + a cos(omega) + b sin(omega) that outliers do not move: least absolute deviations first,
 * because some projections may have jumped by tens of steps, then bisquare weights.
 *
 * @param centroids [angle] steps, NaN where there is none
 * @param omegaDeg  [angle]
 */
export function fitSine(
  centroids: Float64Array,
  omegaDeg: Float64Array,
): { axis: number; cos: number; sin: number; esd: number; residuals: Float64Array; spread: number } {
  const n = centroids.length;
  const weights = Float64Array.from(centroids, (value) => (Number.isFinite(value) ? 1 : 0));
  const residuals = new Float64Array(n);
  const rows = Array.from(omegaDeg, (omega) => [1, Math.cos(omega * RAD), Math.sin(omega * RAD)]);
  let solution = [Number.NaN, 0, 0];
  let spread = Number.NaN;
  let variance = Number.NaN;
  for (let pass = 0; pass < 2 * ABSOLUTE_PASSES; pass++) {
    const fit = linearFit(rows, centroids, weights);
    if (!fit) break;
    solution = fit.values;
    variance = fit.variances[0]!;
    for (let i = 0; i < n; i++) {
      const [one, cos, sin] = rows[i]!;
      residuals[i] = centroids[i]! - (solution[0]! * one! + solution[1]! * cos! + solution[2]! * sin!);
    }
    const core = Array.from(residuals).filter(Number.isFinite);
    spread = Math.max(robustSpread(core, 0), 1e-9);
    for (let i = 0; i < n; i++) {
      const u = residuals[i]! / (4.685 * spread);
      const isAbsolute = pass < ABSOLUTE_PASSES;
      if (!Number.isFinite(u)) weights[i] = 0;
      else if (isAbsolute) weights[i] = 1 / Math.max(Math.abs(u), 1e-3);
      else weights[i] = Math.abs(u) < 1 ? (1 - u * u) ** 2 : 0;
    }
  }
  return {
    axis: solution[0]!,
    cos: solution[1]!,
    sin: solution[2]!,
    esd: spread * Math.sqrt(variance),
    residuals,
    spread,
  };
}

const ABSOLUTE_PASSES = 20;

/** Centre of mass of each projection, in steps. @param image [angle, translation], background taken off */
export function centroidsOf(image: Float64Array, angles: number, translations: number) {
  const centroids = new Float64Array(angles);
  const mass = new Float64Array(angles);
  for (let a = 0; a < angles; a++) {
    let moment = 0;
    for (let t = 0; t < translations; t++) {
      const value = image[a * translations + t]!;
      mass[a] = mass[a]! + value;
      moment += value * t;
    }
    centroids[a] = mass[a]! > 0 ? moment / mass[a]! : Number.NaN;
  }
  const typical = median(mass);
  // The total is the same at all angles (zeroth moment): a projection that has another one tells nothing.
  for (let a = 0; a < angles; a++) if (!(Math.abs(mass[a]! / typical - 1) < 0.3)) centroids[a] = Number.NaN;
  return { centroids, mass, massSpread: robustSpread(mass, typical) / typical };
}

/** @param image [angle, translation], background taken off; @param truncated the sample leaves the field of view */
export function axisByCentroid(
  method: "centroid" | "centroid of absorption",
  image: Float64Array,
  omegaDeg: Float64Array,
  translations: number,
  truncated: boolean,
): AxisEstimate {
  const angles = omegaDeg.length;
  const { centroids, massSpread } = centroidsOf(image, angles, translations);
  const arc = Math.max(...omegaDeg) - Math.min(...omegaDeg);
  const fit = fitSine(centroids, omegaDeg);
  const found = { method, value: fit.axis, esd: fit.esd };
  if (truncated) return { ...found, usable: false, note: "the sample leaves the field of view" };
  if (arc < 100) return { ...found, usable: false, note: `the angles span only ${arc.toFixed(0)} degrees` };
  if (!Number.isFinite(fit.axis)) return { ...found, usable: false, note: "no sine could be fitted" };
  if (massSpread > 0.2)
    return { ...found, usable: false, note: `the total varies by ${(massSpread * 100).toFixed(0)} % between angles` };
  return { ...found, usable: true, note: `residual spread ${fit.spread.toPrecision(2)} steps` };
}

/** Pairs at most this many angle steps off half a turn count, with what the sample moves meanwhile taken off. */
const PAIR_REACH = 2.01;

/** @param spectra of the ordered lines; omegaDeg ascending */
export function axisByMirror(spectra: LineSpectra, omegaDeg: Float64Array, good: Uint8Array): AxisEstimate {
  const { points } = spectra;
  const angles = omegaDeg.length;
  const step = median(Float64Array.from({ length: angles - 1 }, (_, i) => omegaDeg[i + 1]! - omegaDeg[i]!));
  const pairs: { value: number; correlation: number; steps: number }[] = [];
  for (let i = 0; i < angles; i++) {
    for (let j = i + 1; j < angles; j++) {
      const beyond = omegaDeg[j]! - omegaDeg[i]! - 180;
      if (beyond > PAIR_REACH * step) break;
      if (beyond < -PAIR_REACH * step || !good[i] || !good[j]) continue;
      const { shift, correlation } = registerLines(spectra, i, j, { mirror: true, reach: points / 4 });
      // what the sample moved over the angle that is missing to, or beyond, half a turn
      const drift = meanOf([driftAt(spectra, omegaDeg, good, j), -driftAt(spectra, omegaDeg, good, i)]) * beyond;
      pairs.push({ value: (shift + points - 1 - drift) / 2, correlation, steps: Math.abs(beyond) / step });
    }
  }
  // the farther ones only where a missing or doubtful line leaves none of the nearer
  const near = pairs.filter(({ steps }) => steps < 1.01);
  const used = near.length > 0 ? near : pairs;
  const values = used.map((pair) => pair.value);
  if (values.length === 0)
    return { method: "mirror", value: Number.NaN, esd: Number.NaN, usable: false, note: "no pair half a turn apart" };
  const value = median(values);
  const correlation = median(used.map((pair) => pair.correlation));
  const esd = values.length > 2 ? (1.25 * robustSpread(values, value)) / Math.sqrt(values.length) : Number.NaN;
  const note = `${values.length} pairs, correlation ${correlation.toFixed(3)}`;
  return { method: "mirror", value, esd, usable: correlation > 0.5, note };
}

const meanOf = (values: number[]): number => {
  const finite = values.filter(Number.isFinite);
  return finite.length ? finite.reduce((a, b) => a + b, 0) / finite.length : 0;
};

/** Steps per degree that the projection moves at this angle, from its neighbours. */
function driftAt(spectra: LineSpectra, omegaDeg: Float64Array, good: Uint8Array, at: number): number {
  const before = at - 1;
  const after = at + 1;
  const rates: number[] = [];
  for (const [from, to] of [
    [before, at],
    [at, after],
  ] as const) {
    if (from < 0 || to >= omegaDeg.length || !good[from] || !good[to] || omegaDeg[to] === omegaDeg[from]) continue;
    const { shift, correlation } = registerLines(spectra, from, to, { reach: 4 });
    if (correlation > 0.3) rates.push(-shift / (omegaDeg[to]! - omegaDeg[from]!));
  }
  return meanOf(rates);
}

/** Half-turn windows of the scan whose two seams, closed by mirroring, must vanish from outside the double wedge. */
export function axisByWedge(spectra: LineSpectra, omegaDeg: Float64Array, good: Uint8Array): AxisEstimate {
  const angles = omegaDeg.length;
  const failed = (note: string): AxisEstimate => ({
    method: "wedge",
    value: Number.NaN,
    esd: Number.NaN,
    usable: false,
    note,
  });
  const arc = omegaDeg[angles - 1]! - omegaDeg[0]!;
  const step = arc / (angles - 1);
  if (arc < 180 - 2.5 * step) return failed(`the angles span only ${arc.toFixed(0)} degrees`);
  const values: number[] = [];
  const starts = arc > 225 ? Math.floor((arc - 180) / 30) + 1 : 1;
  for (let w = 0; w < starts; w++) {
    const from = omegaDeg[0]! + w * 30 - 1e-6;
    const window: number[] = [];
    for (let i = 0; i < angles; i++) {
      if (good[i] && omegaDeg[i]! >= from && omegaDeg[i]! < from + 180 - 0.25 * step) window.push(i);
    }
    if (window.length > 8) values.push(wedgeMinimum(spectra, omegaDeg, window, step));
  }
  const found = values.filter(Number.isFinite);
  if (found.length === 0) return failed("too few angles for the size of the sample");
  const value = median(found);
  const esd = found.length > 2 ? (1.25 * robustSpread(found, value)) / Math.sqrt(found.length) : Number.NaN;
  return { method: "wedge", value, esd, usable: true, note: `${found.length} half turns` };
}

function wedgeMinimum(spectra: LineSpectra, omegaDeg: Float64Array, window: readonly number[], step: number): number {
  const { points, channels, length, re, im } = spectra;
  const half = spectra.weight.length;
  const order = Math.floor(180 / step);
  const stride = Math.max(1, Math.floor(length / points));
  const last = Math.min(half - 1, Math.floor((0.9 * order * length) / (Math.PI * points)));
  const seriesRe = new Float64Array(half);
  const seriesIm = new Float64Array(half);
  const quadrature = angularWeights(window.map((i) => omegaDeg[i]!));
  const sumRe = new Float64Array(2 * order + 1);
  const sumIm = new Float64Array(2 * order + 1);
  for (let k = stride; k <= last; k += stride) {
    const inside = Math.ceil((Math.PI * k * points) / length) + 2;
    if (inside >= order) break;
    sumRe.fill(0);
    sumIm.fill(0);
    window.forEach((line, i) => {
      let xRe = 0;
      let xIm = 0;
      for (let channel = 0; channel < channels; channel++) {
        xRe += re[(line * channels + channel) * half + k]!;
        xIm += im[(line * channels + channel) * half + k]!;
      }
      addAngularSeries(sumRe, sumIm, xRe * quadrature[i]!, xIm * quadrature[i]!, omegaDeg[line]!, inside);
    });
    for (let n = -order; n <= order; n++) {
      if (Math.abs(n) <= inside) continue;
      // conj(A(n)) B(n), with B(n) = -(-1)^n conj(A(-n)) exp(-2 pi i k (2 axis - 1) / length)
      const [aRe, aIm, bRe, bIm] = [sumRe[order + n]!, -sumIm[order + n]!, sumRe[order - n]!, -sumIm[order - n]!];
      const sign = n & 1 ? 1 : -1;
      seriesRe[k] = seriesRe[k]! + sign * (aRe * bRe - aIm * bIm);
      seriesIm[k] = seriesIm[k]! + sign * (aRe * bIm + aIm * bRe);
    }
  }
  // the energy outside the wedge is least where minus the series is greatest
  for (let k = 0; k < half; k++) {
    seriesRe[k] = -seriesRe[k]!;
    seriesIm[k] = -seriesIm[k]!;
  }
  if (!seriesRe.some((value) => value !== 0)) return Number.NaN;
  const peak = peakOfSeries(seriesRe, seriesIm, length, points - 2, points / 2);
  return (peak.at + 1) / 2;
}

/** Adds x exp(-i n omega) for inside < |n| <= order. */
function addAngularSeries(
  sumRe: Float64Array,
  sumIm: Float64Array,
  xRe: number,
  xIm: number,
  omegaDeg: number,
  inside: number,
): void {
  const order = (sumRe.length - 1) / 2;
  const w = omegaDeg * RAD;
  const [stepC, stepS] = [Math.cos(w), Math.sin(w)];
  let c = Math.cos((inside + 1) * w);
  let s = Math.sin((inside + 1) * w);
  for (let n = inside + 1; n <= order; n++) {
    sumRe[order + n] = sumRe[order + n]! + xRe * c + xIm * s;
    sumIm[order + n] = sumIm[order + n]! + xIm * c - xRe * s;
    sumRe[order - n] = sumRe[order - n]! + xRe * c - xIm * s;
    sumIm[order - n] = sumIm[order - n]! + xIm * c + xRe * s;
    [c, s] = [c * stepC - s * stepS, s * stepC + c * stepS];
  }
}

/** [angle] degrees of the half turn that each angle stands for: half the gaps to its neighbours, modulo 180. */
function angularWeights(ascending: readonly number[]): Float64Array {
  const n = ascending.length;
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const before = i > 0 ? ascending[i - 1]! : ascending[n - 1]! - 180;
    const after = i + 1 < n ? ascending[i + 1]! : ascending[0]! + 180;
    weights[i] = Math.max(0, after - before) / 2;
  }
  return weights;
}
