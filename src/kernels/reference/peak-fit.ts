import { accept, evaluate, listActive, listLinear, minimise, residualVariance, step } from "./peak-minimise.ts";
import { factorise, inverseDiagonal } from "./peak-solve.ts";
import { PEAK_KIND, PEAK_WEIGHTS, type PeakWorkspace, peakOutStride, peakWorkspace } from "./peak-workspace.ts";

/** As STATUS in data/volume.ts; a kernel imports no nouns. */
const CONVERGED = 0;
const NOT_FITTED = 1;
const NO_SIGNAL = 2;
const AT_BOUND = 3;
const NOT_CONVERGED = 4;
const UNDETERMINED = 5;

/** Where the linear fit at the best place sees less than this share of the least significance, no fit is tried. */
const HOPELESS = 0.4;
/** Share of the least significance that area / esd must reach with all parameters free. */
const UNCERTAIN = 0.75;
const SPIKE_ROUNDS = 3;
/** Width of the further starts, relative to the first. */
const RETRY_WIDTHS = [0.6, 1.6] as const;

/**
 * Fits pseudo-Voigts on a polynomial background to each of a strip of patterns; every voxel by itself, so the result
 * does not depend on how a scan is cut into strips. Layouts: peak-workspace.ts.
 *
 * Start: the template (the model at its start) is correlated with the pattern at each of the given shifts, the best
 * shift moves the positions, and areas and background follow by linear least squares. Then Levenberg-Marquardt.
 * Peaks whose area is not significant keep position, width and shape of the start, and only their area is fitted.
 *
 * @param out      [voxels, peakOutStride] f64, written
 * @param patterns [voxels, points] f32; a point that is not finite does not count
 * @param sigma    [voxels, points] f32; used in sigma mode only, where a point counts if its sigma is > 0
 * @param model    i32
 * @param table    f64
 * @param scratch  f64, peakScratchLength
 */
export function peakFit(
  out: Float64Array,
  patterns: Float32Array,
  sigma: Float32Array,
  voxels: number,
  model: Int32Array,
  table: Float64Array,
  scratch: Float64Array,
): void {
  const ws = peakWorkspace(model, table, scratch);
  const stride = peakOutStride(ws.parameters, ws.peaks);
  for (let voxel = 0; voxel < voxels; voxel++) {
    loadVoxel(ws, patterns, sigma, voxel * ws.points);
    fitVoxel(ws, out.subarray(voxel * stride, (voxel + 1) * stride));
  }
}

function loadVoxel(ws: PeakWorkspace, patterns: Float32Array, sigma: Float32Array, from: number): void {
  const { y, base, points, padded } = ws;
  const hasSigma = ws.mode === PEAK_WEIGHTS.sigma;
  let valid = 0;
  for (let i = 0; i < padded; i++) {
    y[i] = 0;
    base[i] = 0;
  }
  for (let i = 0; i < points; i++) {
    const value = patterns[from + i]!;
    if (!(Math.abs(value) < Infinity)) continue;
    const esd = hasSigma ? sigma[from + i]! : 1;
    if (!(esd > 0 && esd < Infinity)) continue;
    y[i] = value;
    base[i] = 1 / (esd * esd);
    valid++;
  }
  ws.valid = valid;
}

function fitVoxel(ws: PeakWorkspace, out: Float64Array): void {
  const { parameters, peaks } = ws;
  out.fill(NaN);
  ws.iterations = 0;
  ws.frozen = 0;
  let status = NOT_FITTED;
  let weak = 0;
  for (let round = 0; round < SPIKE_ROUNDS && ws.valid > parameters; round++) {
    const shift = bestShift(ws);
    ws.frozen = 0;
    begin(ws, shift, 1);
    weak = findWeak(ws, out, HOPELESS * ws.leastSignificance);
    let isConverged = true;
    if (weak !== (1 << peaks) - 1) {
      isConverged = minimiseWithRetries(ws, out, shift);
      weak = findWeak(ws, out, ws.leastSignificance) | findUncertain(ws);
    }
    for (let held = 0; weak !== held; ) {
      held = weak;
      isConverged = fitWithout(ws, weak);
      if (isConverged) weak |= findWeak(ws, out, ws.leastSignificance) | findUncertain(ws);
    }
    status = isConverged ? CONVERGED : NOT_CONVERGED;
    if (!(ws.spikeSigma > 0) || !dropSpikes(ws)) break;
  }
  if (status === CONVERGED && !writeEsd(ws, out)) status = UNDETERMINED;
  for (let k = 0; k < parameters; k++) if (status !== NOT_FITTED) out[k] = ws.p[k]!;
  for (let peak = 0; peak < peaks; peak++) {
    out[2 * parameters + peaks + peak] = status === CONVERGED ? peakStatus(ws, peak, weak) : status;
  }
  const at = 2 * parameters + 2 * peaks;
  if (status !== NOT_FITTED) out[at] = ws.cost;
  out[at + 1] = status === NOT_FITTED ? 0 : ws.valid - listActive(ws);
  out[at + 2] = ws.iterations;
}

/** The shift at which the template and the pattern agree best. Templates are orthogonal to the background. */
function bestShift(ws: PeakWorkspace): number {
  const { y, base, weighted, template, points, padded } = ws;
  // A missing point takes its neighbour's value: this is only a start.
  let last = 0;
  for (let i = points - 1; i >= 0; i--) if (base[i]! > 0) last = y[i]!;
  for (let i = 0; i < padded; i++) {
    if (base[i]! > 0) last = y[i]!;
    weighted[i] = last;
  }
  let best = -Infinity;
  let shift = 0;
  for (let s = 0; s < ws.shifts; s++) {
    let even = 0;
    let odd = 0;
    for (let i = 0; i < padded; i += 2) {
      even = even + template[s * padded + i]! * weighted[i]!;
      odd = odd + template[s * padded + i + 1]! * weighted[i + 1]!;
    }
    if (even + odd > best) {
      best = even + odd;
      shift = ws.shift[s]!;
    }
  }
  return shift;
}

/** Start values: positions moved, widths scaled, then areas and background by linear least squares. */
function begin(ws: PeakWorkspace, shift: number, width: number): void {
  const { parameters, p, start, lower, upper, kind, base, w } = ws;
  for (let k = 0; k < parameters; k++) {
    let value = start[k]!;
    if (kind[k] === PEAK_KIND.area || kind[k] === PEAK_KIND.background) value = 0;
    else if (kind[k] === PEAK_KIND.position) value = Math.min(Math.max(value + shift, lower[k]!), upper[k]!);
    else if (kind[k] === PEAK_KIND.fwhm) value = Math.min(Math.max(value * width, lower[k]!), upper[k]!);
    p[k] = value;
  }
  for (let i = 0; i < ws.padded; i++) w[i] = base[i]!;
  // In Poisson mode there is no model yet to take weights from: the floor makes them uniform.
  evaluate(ws, p);
  accept(ws);
  step(ws, 1e-12, listLinear(ws));
  for (let k = 0; k < parameters; k++) p[k] = Math.min(Math.max(p[k]! + ws.delta[k]!, lower[k]!), upper[k]!);
  evaluate(ws, p);
  accept(ws);
}

/**
 * A fit that failed, or ended with a position or a width at a bound, is tried from other widths; the best is kept.
 * Not so for peaks that are not there: their shapes mean nothing, and are frozen next.
 */
function minimiseWithRetries(ws: PeakWorkspace, out: Float64Array, shift: number): boolean {
  let isConverged = minimise(ws);
  const weak = findWeak(ws, out, ws.leastSignificance);
  if ((isConverged || weak !== 0) && !isShapeAtBound(ws, weak)) return isConverged;
  for (let attempt = 0; attempt < RETRY_WIDTHS.length; attempt++) {
    for (let k = 0; k < ws.parameters; k++) ws.best[k] = ws.p[k]!;
    const cost = ws.cost;
    begin(ws, attempt === 0 ? 0 : shift, RETRY_WIDTHS[attempt]!);
    const isNowConverged = minimise(ws);
    const isBetter = ws.cost < cost * (1 - 1e-9);
    if ((isNowConverged && !isConverged) || (isBetter && isNowConverged === isConverged)) {
      isConverged = isNowConverged;
      if (isConverged && !isShapeAtBound(ws, weak)) break;
    } else {
      for (let k = 0; k < ws.parameters; k++) ws.p[k] = ws.best[k]!;
      evaluate(ws, ws.p);
      accept(ws);
    }
  }
  return isConverged;
}

const isAtBound = (ws: PeakWorkspace, k: number): boolean => ws.p[k]! <= ws.lower[k]! || ws.p[k]! >= ws.upper[k]!;

function isShapeAtBound(ws: PeakWorkspace, weak: number): boolean {
  for (let k = 0; k < ws.parameters; k++) {
    if ((ws.owners[k]! & ~weak) === 0) continue;
    if ((ws.kind[k] === PEAK_KIND.position || ws.kind[k] === PEAK_KIND.fwhm) && isAtBound(ws, k)) return true;
  }
  return false;
}

/**
 * Significance of each peak, sqrt of what chi^2 would rise by without it, in units of the residual variance:
 * area / esd with the shape held. Written to out.
 *
 * @returns bits: peaks under `least`
 */
function findWeak(ws: PeakWorkspace, out: Float64Array, least: number): number {
  const { parameters, slot, peaks } = ws;
  const count = listLinear(ws);
  const isRegular = factorise(ws.L, ws.s, ws.A, ws.active, count, parameters, 0);
  const scale = residualVariance(ws);
  let weak = 0;
  for (let peak = 0; peak < peaks; peak++) {
    const area = slot[4 * peak]!;
    let significance = area < 0 ? Infinity : 0;
    for (let i = 0; i < count && isRegular; i++) {
      if (ws.active[i] !== area) continue;
      const variance = inverseDiagonal(ws.z, ws.L, ws.s, i, count, parameters);
      significance = (ws.p[area]! * (ws.factor[4 * peak]! < 0 ? -1 : 1)) / Math.sqrt(variance * scale);
    }
    out[2 * parameters + peak] = significance;
    if (!(significance >= least)) weak |= 1 << peak;
  }
  return weak;
}

/**
 * With shape and area free together, an area may be much less certain than with the shape held: a second peak on the
 * shoulder of a strong one can take over some of it. Such a peak is not there either.
 *
 * @returns bits: peaks whose area / esd, all parameters free, is under a share of the least significance
 */
function findUncertain(ws: PeakWorkspace): number {
  const { parameters, slot, peaks } = ws;
  const count = listFree(ws);
  if (!factorise(ws.L, ws.s, ws.A, ws.active, count, parameters, 0)) return 0;
  const scale = residualVariance(ws);
  let uncertain = 0;
  for (let peak = 0; peak < peaks; peak++) {
    for (let i = 0; i < count; i++) {
      if (ws.active[i] !== slot[4 * peak]!) continue;
      const variance = inverseDiagonal(ws.z, ws.L, ws.s, i, count, parameters);
      const ratio = Math.abs(ws.p[slot[4 * peak]!]!) / Math.sqrt(variance * scale);
      if (!(ratio >= UNCERTAIN * ws.leastSignificance)) uncertain |= 1 << peak;
    }
  }
  return uncertain;
}

/** Fits with the shapes of the weak peaks held at their start, so that only their areas are left. */
function fitWithout(ws: PeakWorkspace, weak: number): boolean {
  ws.frozen = 0;
  for (let k = 0; k < ws.parameters; k++) {
    if (ws.kind[k] === PEAK_KIND.area || ws.kind[k] === PEAK_KIND.background || (ws.owners[k]! & ~weak) !== 0) continue;
    ws.frozen |= 1 << k;
    ws.p[k] = ws.start[k]!;
  }
  evaluate(ws, ws.p);
  accept(ws);
  return minimise(ws);
}

/** Takes points out whose residual is over spikeSigma robust standard deviations. @returns whether there were any */
function dropSpikes(ws: PeakWorkspace): boolean {
  const { points, base, w, residual, weighted } = ws;
  let n = 0;
  for (let i = 0; i < points; i++) {
    if (!(base[i]! > 0)) continue;
    const size = Math.abs(ws.y[i]! - ws.fitted[i]!) * Math.sqrt(w[i]!);
    residual[i] = size;
    let at = n++;
    for (; at > 0 && weighted[at - 1]! > size; at--) weighted[at] = weighted[at - 1]!;
    weighted[at] = size;
  }
  let scale = 1.4826 * weighted[n >> 1]!; // median absolute deviation of a normal distribution
  if (ws.mode !== PEAK_WEIGHTS.uniform) scale = Math.max(1, scale);
  let dropped = 0;
  for (let i = 0; i < points; i++) {
    if (!(base[i]! > 0) || !(residual[i]! > ws.spikeSigma * scale)) continue;
    base[i] = 0;
    ws.y[i] = 0;
    dropped++;
  }
  ws.valid -= dropped;
  return dropped > 0;
}

/** Parameters that have an esd: neither held nor at a bound. */
function listFree(ws: PeakWorkspace): number {
  let count = 0;
  for (let k = 0; k < ws.parameters; k++) {
    if (((ws.frozen >> k) & 1) === 0 && !isAtBound(ws, k)) ws.active[count++] = k;
  }
  return count;
}

/** @returns false where the curvature is singular */
function writeEsd(ws: PeakWorkspace, out: Float64Array): boolean {
  const { parameters, active } = ws;
  const count = listFree(ws);
  if (!factorise(ws.L, ws.s, ws.A, active, count, parameters, 0)) return false;
  for (let i = 0; i < count; i++) {
    out[parameters + active[i]!] = Math.sqrt(inverseDiagonal(ws.z, ws.L, ws.s, i, count, parameters));
  }
  return true;
}

function peakStatus(ws: PeakWorkspace, peak: number, weak: number): number {
  if ((weak >> peak) & 1) return NO_SIGNAL;
  for (let k = 0; k < ws.parameters; k++) if ((ws.owners[k]! >> peak) & 1 && isAtBound(ws, k)) return AT_BOUND;
  return CONVERGED;
}
