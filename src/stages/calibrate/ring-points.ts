/**
 * Points along each ring: the pixels near a ring are grouped by azimuth, and a pseudo-Voigt on a straight background
 * is fitted to each group's intensity against two-theta.
 */
import type { Frame } from "../../data/index.ts";
import { createLeastSquares, type Evaluate, type LeastSquares, median } from "../../fit/index.ts";
import { detectorAxes, detectorPosition, type Poni } from "../../geometry/index.ts";

export interface RingWindow {
  /** index of the ring in the caller's list */
  readonly ring: number;
  /** radians */
  readonly twoTheta: number;
  readonly halfWidth: number;
}

/** One point of one ring. */
export interface RingPoint {
  readonly ring: number;
  /** detector pixels, 0 at the first pixel's outer corner */
  readonly row: number;
  readonly col: number;
  /** radians, in the geometry that it was found with */
  readonly twoTheta: number;
  readonly chi: number;
  /** radians, from the fit of this group; chi^2 scaled */
  readonly esdTwoTheta: number;
  /** radians */
  readonly fwhm: number;
  /** peak height over its own esd */
  readonly significance: number;
}

/** A peak lower than this many esd is noise. */
const LEAST_SIGNIFICANCE = 4;
const LEAST_PIXELS = 24;

/**
 * One point for each ring and azimuthal sector in which a peak can be trusted.
 *
 * @param valid     [row, col] 1 = usable
 * @param sectorDeg azimuth whose pixels make one point, degrees
 */
export function ringPoints(
  frame: Frame,
  valid: Uint8Array,
  poni: Poni,
  windows: readonly RingWindow[],
  sectorDeg: number,
): RingPoint[] {
  const groups = groupPixels(frame, valid, poni, windows, Math.round(360 / sectorDeg));
  const fitter = createPeakFitter();
  const axes = detectorAxes(poni.rot1, poni.rot2, poni.rot3);
  const points: RingPoint[] = [];
  for (const { window, twoTheta, chi, counts } of groups) {
    if (counts.length < LEAST_PIXELS) continue;
    const stepRad = pixelAngle(poni, window.twoTheta) / 2;
    const peak = fitter(twoTheta, counts, window, stepRad);
    if (!peak) continue;
    const azimuth = meanAzimuth(chi, counts, twoTheta, peak);
    const [row, col] = detectorPosition(poni, axes, peak.centre, azimuth);
    points.push({
      ring: window.ring,
      row,
      col,
      twoTheta: peak.centre,
      chi: azimuth,
      esdTwoTheta: peak.esd,
      fwhm: peak.fwhm,
      significance: peak.significance,
    });
  }
  return points;
}

/** Radians of two-theta that one pixel spans there, for a detector about normal to the beam. */
export const pixelAngle = (poni: Poni, twoTheta: number): number =>
  (Math.min(poni.pixel1, poni.pixel2) / poni.dist) * Math.cos(twoTheta) ** 2;

interface PixelGroup {
  readonly window: RingWindow;
  readonly twoTheta: Float64Array;
  readonly chi: Float64Array;
  readonly counts: Float64Array;
}

/** Pixels inside the windows by ring and azimuthal sector, each group in the order of the frame. */
function groupPixels(
  { rows, cols, data }: Frame,
  valid: Uint8Array,
  poni: Poni,
  windows: readonly RingWindow[],
  sectors: number,
): PixelGroup[] {
  const { e1, e2, e3 } = detectorAxes(poni.rot1, poni.rot2, poni.rot3);
  const find = windowFinder(windows);
  const inside = collector(windows.length * sectors);
  const perRadian = sectors / (2 * Math.PI);
  for (let row = 0, pixel = 0; row < rows; row++) {
    const p1 = (row + 0.5) * poni.pixel1 - poni.poni1;
    const [r0, r1, r2] = [
      p1 * e1[0]! + poni.dist * e3[0]!,
      p1 * e1[1]! + poni.dist * e3[1]!,
      p1 * e1[2]! + poni.dist * e3[2]!,
    ];
    for (let col = 0; col < cols; col++, pixel++) {
      if (!valid[pixel]) continue;
      const p2 = (col + 0.5) * poni.pixel2 - poni.poni2;
      const t0 = r0 + p2 * e2[0]!;
      const t1 = r1 + p2 * e2[1]!;
      const twoTheta = Math.atan2(Math.sqrt(t0 * t0 + t1 * t1), r2 + p2 * e2[2]!);
      const window = find(twoTheta);
      if (window < 0) continue;
      const chi = Math.atan2(t0, t1);
      const sector = Math.min(Math.floor((chi + Math.PI) * perRadian), sectors - 1);
      inside.add(window * sectors + sector, twoTheta, chi, data[pixel]!);
    }
  }
  return inside.groups().map((group, i) => ({ ...group, window: windows[Math.floor(i / sectors)]! }));
}

/** Gathers pixels as they come and hands them out by group; grows as needed, so that memory follows the rings. */
function collector(groupCount: number) {
  const FIELDS = 3;
  let values = new Float64Array(FIELDS * (1 << 16));
  let members = new Int32Array(1 << 16);
  const counts = new Int32Array(groupCount);
  let size = 0;
  return {
    add(group: number, twoTheta: number, chi: number, count: number): void {
      if (size === members.length) {
        const [oldValues, oldMembers] = [values, members];
        values = new Float64Array(2 * values.length);
        members = new Int32Array(2 * members.length);
        values.set(oldValues);
        members.set(oldMembers);
      }
      members[size] = group;
      values[FIELDS * size] = twoTheta;
      values[FIELDS * size + 1] = chi;
      values[FIELDS * size + 2] = count;
      counts[group]!++;
      size++;
    },
    groups(): Omit<PixelGroup, "window">[] {
      const groups = Array.from(counts, (n) => ({
        twoTheta: new Float64Array(n),
        chi: new Float64Array(n),
        counts: new Float64Array(n),
      }));
      const filled = new Int32Array(groupCount);
      for (let i = 0; i < size; i++) {
        const group = groups[members[i]!]!;
        const to = filled[members[i]!]!++;
        group.twoTheta[to] = values[FIELDS * i]!;
        group.chi[to] = values[FIELDS * i + 1]!;
        group.counts[to] = values[FIELDS * i + 2]!;
      }
      return groups;
    },
  };
}

/** The window that a two-theta lies in, or -1; windows do not overlap. */
function windowFinder(windows: readonly RingWindow[]): (twoTheta: number) => number {
  const CELLS = 16384;
  const top = Math.max(...windows.map((w) => w.twoTheta + w.halfWidth));
  const perCell = CELLS / top;
  // Each cell names the first window that reaches into it.
  const first = new Int32Array(CELLS + 1).fill(-1);
  windows.forEach(({ twoTheta, halfWidth }, k) => {
    const from = Math.floor(Math.max(twoTheta - halfWidth, 0) * perCell);
    const to = Math.min(Math.floor((twoTheta + halfWidth) * perCell), CELLS);
    for (let cell = from; cell <= to; cell++) if (first[cell]! < 0) first[cell] = k;
  });
  const low = Float64Array.from(windows, (w) => w.twoTheta - w.halfWidth);
  const high = Float64Array.from(windows, (w) => w.twoTheta + w.halfWidth);
  return (twoTheta) => {
    if (twoTheta > top) return -1;
    const start = first[(twoTheta * perCell) | 0]!;
    if (start < 0) return -1;
    for (let k = start; k < low.length && low[k]! <= twoTheta; k++) if (twoTheta <= high[k]!) return k;
    return -1;
  };
}

interface Peak {
  readonly centre: number;
  readonly esd: number;
  readonly fwhm: number;
  readonly significance: number;
}

const MAX_BINS = 256;
const [LEVEL, SLOPE, HEIGHT, CENTRE, FWHM, ETA] = [0, 1, 2, 3, 4, 5];

/** @returns a fit of one group: null where there is no peak that can be trusted */
function createPeakFitter(): (
  twoTheta: Float64Array,
  counts: Float64Array,
  window: RingWindow,
  stepRad: number,
) => Peak | null {
  const solver = createLeastSquares({ parameters: 6, residuals: MAX_BINS });
  return (twoTheta, counts, window, stepRad) => {
    const profile = sectorProfile(twoTheta, counts, window, stepRad);
    if (profile.position.length < 8) return null;
    const p = firstGuess(profile);
    if (!p) return null;
    const sigma = profile.mean.map((_, i) => Math.sqrt(smoothed(profile.mean, i) / profile.pixels[i]!));
    if (!fitPeak(solver, profile, sigma, p)) return null;
    // Once more, weighted by the model's own counts: weights from the data pull low-count fits down.
    const model = sigma.map((_, i) => peakModel(p, profile.position[i]!));
    const least = Math.max(...profile.mean) * 1e-3;
    sigma.forEach((_, i) => {
      sigma[i] = Math.sqrt(Math.max(model[i]!, least) / profile.pixels[i]!);
    });
    const chi2 = fitPeak(solver, profile, sigma, p);
    return chi2 === null ? null : judgePeak(solver, profile, p, chi2, window);
  };
}

/** Positions in bins from the window's middle, so that all parameters are of order one. */
interface SectorProfile {
  readonly position: Float64Array;
  readonly mean: Float64Array;
  readonly pixels: Float64Array;
  readonly stepRad: number;
}

function sectorProfile(
  twoTheta: Float64Array,
  counts: Float64Array,
  { twoTheta: middle, halfWidth }: RingWindow,
  stepWanted: number,
): SectorProfile {
  const bins = Math.min(Math.max(Math.ceil((2 * halfWidth) / stepWanted), 1), MAX_BINS);
  const stepRad = (2 * halfWidth) / bins;
  const position = new Float64Array(bins);
  const mean = new Float64Array(bins);
  const pixels = new Float64Array(bins);
  for (let i = 0; i < counts.length; i++) {
    const x = (twoTheta[i]! - middle) / stepRad;
    const bin = Math.min(Math.max(Math.floor(x + bins / 2), 0), bins - 1);
    position[bin]! += x;
    mean[bin]! += counts[i]!;
    pixels[bin]!++;
  }
  const used = [...pixels.keys()].filter((bin) => pixels[bin]! > 0);
  return {
    position: Float64Array.from(used, (bin) => position[bin]! / pixels[bin]!),
    mean: Float64Array.from(used, (bin) => mean[bin]! / pixels[bin]!),
    pixels: Float64Array.from(used, (bin) => pixels[bin]!),
    stepRad,
  };
}

/** Mean of three bins plus a trace, as the variance of counts where one bin may hold none. */
function smoothed(values: Float64Array, i: number): number {
  const [from, to] = [Math.max(i - 1, 0), Math.min(i + 1, values.length - 1)];
  let sum = 0.1;
  for (let k = from; k <= to; k++) sum += values[k]!;
  return sum / (to - from + 1);
}

function firstGuess({ position, mean }: SectorProfile): Float64Array | null {
  const n = mean.length;
  const edge = Math.max(2, Math.floor(n / 5));
  const level = median([...mean.subarray(0, edge), ...mean.subarray(n - edge)]);
  let top = 1;
  for (let i = 1; i < n - 1; i++) if (smoothed(mean, i) > smoothed(mean, top)) top = i;
  const height = smoothed(mean, top) - level;
  if (!(height > 0)) return null;
  let width = 0;
  for (let i = 0; i < n; i++) if (mean[i]! - level > height / 2 && Math.abs(i - top) < n / 3) width++;
  return Float64Array.of(level, 0, height, position[top]!, Math.min(Math.max(width, 3), n / 2), 0.3);
}

/** @returns reduced chi^2, or null where the fit found nothing */
function fitPeak(solver: LeastSquares, profile: SectorProfile, sigma: Float64Array, p: Float64Array): number | null {
  const { position, mean } = profile;
  const n = position.length;
  const first = position[0]!;
  const last = position[n - 1]!;
  const evaluate: Evaluate = (parameters, residuals, jacobian) => {
    for (let i = 0; i < n; i++) {
      const weight = 1 / sigma[i]!;
      residuals[i] = (peakModel(parameters, position[i]!, jacobian, 6 * i, weight) - mean[i]!) * weight;
    }
    return true;
  };
  const summary = solver.solve(evaluate, p, {
    residuals: n,
    lower: [-Infinity, -Infinity, 0, first, 1.5, 0],
    upper: [Infinity, Infinity, Infinity, last, last - first, 1],
    maxIterations: 30,
    costTolerance: 1e-6,
    parameterTolerance: 1e-5,
  });
  return summary.status === "failed" || n <= 6 ? null : (2 * summary.finalCost) / (n - 6);
}

/** Straight background plus a pseudo-Voigt by height; writes weighted derivatives at `at` where asked for. */
function peakModel(p: Float64Array, x: number, jacobian: Float64Array | null = null, at = 0, weight = 1): number {
  const u = (2 * (x - p[CENTRE]!)) / p[FWHM]!;
  const lorentz = 1 / (1 + u * u);
  const gauss = Math.exp(-Math.LN2 * u * u);
  const shape = p[ETA]! * lorentz + (1 - p[ETA]!) * gauss;
  if (jacobian) {
    const byU = -2 * u * (p[ETA]! * lorentz * lorentz + (1 - p[ETA]!) * Math.LN2 * gauss) * p[HEIGHT]!;
    jacobian[at + LEVEL] = weight;
    jacobian[at + SLOPE] = weight * x;
    jacobian[at + HEIGHT] = weight * shape;
    jacobian[at + CENTRE] = (weight * byU * -2) / p[FWHM]!;
    jacobian[at + FWHM] = (weight * byU * -u) / p[FWHM]!;
    jacobian[at + ETA] = weight * p[HEIGHT]! * (lorentz - gauss);
  }
  return p[LEVEL]! + p[SLOPE]! * x + p[HEIGHT]! * shape;
}

function judgePeak(
  solver: LeastSquares,
  { position, stepRad }: SectorProfile,
  p: Float64Array,
  chi2: number,
  window: RingWindow,
): Peak | null {
  const { esd } = solver.covariance();
  const scale = Math.sqrt(Math.max(chi2, 1));
  const significance = p[HEIGHT]! / (esd[HEIGHT]! * scale);
  const centreEsd = esd[CENTRE]! * scale;
  // Both flanks must be in the window, else the background is a guess.
  const room = Math.min(p[CENTRE]! - position[0]!, position.at(-1)! - p[CENTRE]!);
  const isPeak =
    significance > LEAST_SIGNIFICANCE &&
    centreEsd > 0 &&
    centreEsd < 0.5 * p[FWHM]! &&
    room > 0.75 * p[FWHM]! &&
    p[FWHM]! > 1.5;
  if (!isPeak) return null;
  return {
    centre: window.twoTheta + p[CENTRE]! * stepRad,
    esd: centreEsd * stepRad,
    fwhm: p[FWHM]! * stepRad,
    significance,
  };
}

/** Where along the ring the counts of the peak lie. All chi of a group are within one sector, none across +-pi. */
function meanAzimuth(chi: Float64Array, counts: Float64Array, twoTheta: Float64Array, { centre, fwhm }: Peak): number {
  let [sum, weights] = [0, 0];
  for (let i = 0; i < chi.length; i++) {
    if (Math.abs(twoTheta[i]! - centre) > fwhm) continue;
    sum += chi[i]! * counts[i]!;
    weights += counts[i]!;
  }
  return weights > 0 ? sum / weights : chi[chi.length >> 1]!;
}
