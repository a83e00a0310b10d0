/**
 * Peaks of one pattern, found without being told where: correlation with second derivatives of Gaussians of several
 * widths, which no constant or sloping background answers to.
 *
 * Source of the idea: M. A. Mariscotti, Nucl. Instrum. Methods 50 (1967) 309-320.
 */
import type { AxisContext, Pattern } from "../../data/index.ts";
import { median } from "../../fit/index.ts";
import type { PeakRegion } from "./config.ts";
import { latticeSpacing, positionOfD } from "./lattice-spacing.ts";

export interface KnownReflection {
  readonly phase: string;
  readonly h: number;
  readonly k: number;
  readonly l: number;
  readonly dA: number;
}

export interface FoundPeak {
  /** axis unit */
  readonly position: number;
  /** axis unit; where the pattern falls to half of the height */
  readonly fwhm: number;
  /** over the background, intensity */
  readonly height: number;
  /** response over its standard deviation */
  readonly significance: number;
  readonly dA?: number;
  /** known reflections that lie within the tolerance, nearest first; more than one means an overlap */
  readonly reflections: readonly KnownReflection[];
}

export interface FindPeaksOptions extends AxisContext {
  /** least response in standard deviations */
  readonly minSignificance?: number;
  /** widths that are looked for, in bins */
  readonly fwhmBins?: readonly number[];
  readonly reflections?: readonly KnownReflection[];
  /** distance of a reflection from the peak that counts as the same place, in peak widths */
  readonly tolerance?: number;
}

const WIDTHS = [3, 4.5, 7, 10, 15] as const;
const SIGMA_PER_FWHM = 1 / (2 * Math.sqrt(2 * Math.LN2));

/**
 * Finds the peaks of a pattern and, where phases are given, which reflections they may be.
 *
 * @returns strongest significance first
 */
export function findPeaks(pattern: Pattern, options: FindPeaksOptions = {}): FoundPeak[] {
  const intensity = Float64Array.from(pattern.intensity, (value) => (Number.isFinite(value) ? value : 0));
  const variance = localVariance(pattern);
  const least = options.minSignificance ?? 6;
  const candidates: { bin: number; response: Response }[] = [];
  for (const fwhm of options.fwhmBins ?? WIDTHS) {
    const response = respond(intensity, variance, fwhm);
    const { significance: s } = response;
    for (let bin = 1; bin < s.length - 1; bin++) {
      if (s[bin]! >= least && s[bin]! > s[bin - 1]! && s[bin]! >= s[bin + 1]!) candidates.push({ bin, response });
    }
  }
  candidates.sort((a, b) => b.response.significance[b.bin]! - a.response.significance[a.bin]!);
  const kept: typeof candidates = [];
  for (const { bin, response } of candidates) {
    // A lone peak answers with one lobe, about as wide as what is looked for: within it, it is the same peak.
    const isNew = kept.every((other) => Math.abs(other.bin - bin) > Math.max(other.response.fwhm, response.fwhm) / 2);
    if (isNew) kept.push({ bin, response });
  }
  return kept.map(({ bin, response }) => describePeak(pattern, bin, response, options));
}

interface Response {
  /** bins */
  readonly fwhm: number;
  /** [bin] height of a Gaussian of this width there */
  readonly height: Float64Array;
  /** [bin] height / its standard deviation */
  readonly significance: Float64Array;
}

/** Correlation with (1 - t^2) exp(-t^2 / 2), the sum of the kernel made zero, scaled to give a Gaussian's height. */
function respond(intensity: Float64Array, variance: Float64Array, fwhm: number): Response {
  const sigma = fwhm * SIGMA_PER_FWHM;
  const reach = Math.ceil(4 * sigma);
  const gaussian = Float64Array.from({ length: 2 * reach + 1 }, (_, k) => Math.exp(-(((k - reach) / sigma) ** 2) / 2));
  const kernel = gaussian.map((value, k) => (1 - ((k - reach) / sigma) ** 2) * value);
  const mean = kernel.reduce((a, b) => a + b) / kernel.length;
  const gain = kernel.reduce((sum, value, k) => sum + (value - mean) * gaussian[k]!, 0);
  const n = intensity.length;
  const height = new Float64Array(n);
  const significance = new Float64Array(n);
  for (let i = reach; i < n - reach; i++) {
    let sum = 0;
    let spread = 0;
    for (let k = 0; k < kernel.length; k++) {
      const weight = kernel[k]! - mean;
      sum += weight * intensity[i + k - reach]!;
      spread += weight * weight * variance[i + k - reach]!;
    }
    height[i] = sum / gain;
    significance[i] = Number.isFinite(spread) && spread > 0 ? sum / Math.sqrt(spread) : 0;
  }
  return { fwhm, height, significance };
}

const NOISE_WINDOW = 50;
/** Pixel splitting makes neighbouring bins alike, and neighbours then differ by less than the noise: look further too. */
const NOISE_LAGS = [1, 3] as const;

/**
 * [bin] sigma^2 where the pattern has it; else from second differences around each bin: their median absolute value
 * is 0.6745 sqrt(6) sigma for white noise, and a few peaks do not move a median. Infinite at missing bins.
 */
function localVariance({ intensity, sigma }: Pattern): Float64Array {
  const perMedian = 1 / (0.6745 * Math.sqrt(6));
  const out = new Float64Array(intensity.length);
  for (let i = 0; i < out.length; i++) {
    if (!Number.isFinite(intensity[i]!)) out[i] = Infinity;
    else if (sigma) out[i] = sigma[i]! > 0 ? sigma[i]! ** 2 : Infinity;
    else out[i] = Math.max(...NOISE_LAGS.map((lag) => medianDifference(intensity, i, lag) * perMedian)) ** 2;
  }
  return out;
}

function medianDifference(intensity: ArrayLike<number>, i: number, lag: number): number {
  const near: number[] = [];
  const to = Math.min(intensity.length - lag, i + NOISE_WINDOW);
  for (let j = Math.max(lag, i - NOISE_WINDOW); j < to; j++) {
    near.push(Math.abs(intensity[j - lag]! - 2 * intensity[j]! + intensity[j + lag]!));
  }
  return median(near) || 0;
}

/** Full width at half of the height, from the side that falls first; a neighbour may hold up the other. */
function widthInBins(intensity: ArrayLike<number>, bin: number, height: number, most: number): number {
  const half = intensity[bin]! - height / 2;
  for (let reach = 1; reach < most; reach++) {
    for (const side of [-reach, reach]) {
      const here = intensity[bin + side]!;
      const before = intensity[bin + side - Math.sign(side)]!;
      if (here <= half) return 2 * (reach - 1 + (before > here ? (before - half) / (before - here) : 1));
    }
  }
  return most;
}

function describePeak(pattern: Pattern, bin: number, response: Response, options: FindPeaksOptions): FoundPeak {
  const { values, unit } = pattern.axis;
  const [left, top, right] = [response.height[bin - 1]!, response.height[bin]!, response.height[bin + 1]!];
  const curvature = left - 2 * top + right;
  const fraction = curvature < 0 ? Math.max(-0.5, Math.min(0.5, (left - right) / (2 * curvature))) : 0;
  const step = (values[bin + 1]! - values[bin - 1]!) / 2;
  const position = values[bin]! + fraction * step;
  const fwhm = Math.max(1, widthInBins(pattern.intensity, bin, top, 2 * response.fwhm)) * step;
  const spacing = latticeSpacing(unit, options);
  const distance = ({ dA }: KnownReflection): number =>
    Math.abs((positionOfD(dA, unit, options) ?? Number.NaN) - position);
  const reflections = (options.reflections ?? [])
    .filter((reflection) => distance(reflection) <= (options.tolerance ?? 0.5) * fwhm)
    .sort((a, b) => distance(a) - distance(b));
  const found = { position, fwhm, height: top, significance: response.significance[bin]!, reflections };
  return spacing ? { ...found, dA: spacing(position).dA } : found;
}

/** Half-width of a region on each side of a peak, in peak widths. */
const REGION_REACH = 3;

/**
 * Regions that fit the found peaks: neighbours whose surroundings overlap go together, with a common width.
 * Peaks are called by their reflection ("003") where one is known, else by their place.
 */
export function regionsOf(found: readonly FoundPeak[], pattern: Pattern, mostPeaks = 4): PeakRegion[] {
  const { values } = pattern.axis;
  const range = ({ position, fwhm }: FoundPeak): [number, number] => [
    Math.max(position - REGION_REACH * fwhm, values[0]!),
    Math.min(position + REGION_REACH * fwhm, values.at(-1)!),
  ];
  const groups: FoundPeak[][] = [];
  for (const peak of [...found].sort((a, b) => a.position - b.position)) {
    const group = groups.at(-1);
    const isNear = group && range(group.at(-1)!)[1] > range(peak)[0];
    if (isNear && group.length < mostPeaks) group.push(peak);
    else groups.push([peak]);
  }
  return groups.map((group) => {
    const first = group[0]!;
    const phases = new Set(group.flatMap(({ reflections }) => reflections.slice(0, 1).map(({ phase }) => phase)));
    const peaks = group.map((peak, i) => ({
      name: nameOf(peak),
      ...hklOf(peak),
      position: { value: peak.position, factor: 1, offset: 0 },
      fwhm: { value: peak.fwhm, ...(i > 0 && { tie: nameOf(first) }), factor: 1, offset: 0 },
    }));
    const name = first.position.toFixed(3);
    const bounds: [number, number] = [range(first)[0], range(group.at(-1)!)[1]];
    return { name, ...(phases.size === 1 && { phase: [...phases][0] }), range: bounds, background: 1, peaks };
  });
}

const nameOf = ({ reflections: [nearest], position }: FoundPeak): string =>
  nearest ? `${nearest.h}${nearest.k}${nearest.l}` : position.toFixed(3);

function hklOf({ reflections: [nearest] }: FoundPeak): { hkl?: [number, number, number] } {
  return nearest ? { hkl: [nearest.h, nearest.k, nearest.l] } : {};
}
