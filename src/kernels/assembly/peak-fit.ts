// Twin of ../reference/peak-fit.ts, where the meaning is written down; this file is only speed.
import {
  accept,
  cost,
  evaluate,
  frozen,
  iterations,
  listActive,
  listLinear,
  minimise,
  resetIterations,
  residualVariance,
  setFrozen,
  setValid,
  step,
  valid,
} from "./peak/minimise";
import { factorise, get, int, inverseDiagonal, set } from "./peak/solve";
import * as ws from "./peak/workspace";

const CONVERGED: i32 = 0;
const NOT_FITTED: i32 = 1;
const NO_SIGNAL: i32 = 2;
const AT_BOUND: i32 = 3;
const NOT_CONVERGED: i32 = 4;
const UNDETERMINED: i32 = 5;
const HOPELESS: f64 = 0.4;
const UNCERTAIN: f64 = 0.75;
const SPIKE_ROUNDS = 3;
const RETRIES = 2;
const AREA = 0;
const POSITION = 1;
const FWHM = 2;
const BACKGROUND = 4;
const SIGMA = 0;
const UNIFORM = 2;

export function peakFit(
  out: usize,
  patterns: usize,
  sigma: usize,
  voxels: i32,
  model: usize,
  table: usize,
  scratch: usize,
): void {
  ws.setWorkspace(model, table, scratch);
  const stride = (<usize>(2 * ws.parameters + 2 * ws.peaks + 3)) << 3;
  const bytes = (<usize>ws.points) << 2;
  for (let voxel = 0; voxel < voxels; voxel++) {
    const at = <usize>voxel * bytes;
    loadVoxel(patterns + at, sigma + at);
    fitVoxel(out + <usize>voxel * stride);
  }
}

function loadVoxel(patterns: usize, sigma: usize): void {
  const hasSigma = ws.mode == SIGMA;
  let count = 0;
  memory.fill(ws.y, 0, (<usize>ws.padded) << 4); // y and base
  for (let i = 0; i < ws.points; i++) {
    const value = <f64>f32.load(patterns + ((<usize>i) << 2));
    if (!(Math.abs(value) < Infinity)) continue;
    const esd: f64 = hasSigma ? <f64>f32.load(sigma + ((<usize>i) << 2)) : 1.0;
    if (!(esd > 0 && esd < Infinity)) continue;
    set(ws.y, i, value);
    set(ws.base, i, 1.0 / (esd * esd));
    count++;
  }
  setValid(count);
}

function fitVoxel(out: usize): void {
  const parameters = ws.parameters;
  const peaks = ws.peaks;
  const last = 2 * parameters + 2 * peaks;
  for (let k = 0; k < last + 3; k++) set(out, k, NaN);
  resetIterations();
  setFrozen(0);
  let status = NOT_FITTED;
  let weak = 0;
  for (let round = 0; round < SPIKE_ROUNDS && valid > parameters; round++) {
    const shift = bestShift();
    setFrozen(0);
    begin(shift, 1.0);
    weak = findWeak(out, HOPELESS * ws.leastSignificance);
    let isConverged = true;
    if (weak != (1 << peaks) - 1) {
      isConverged = minimiseWithRetries(out, shift);
      weak = findWeak(out, ws.leastSignificance) | findUncertain();
    }
    for (let held = 0; weak != held; ) {
      held = weak;
      isConverged = fitWithout(weak);
      if (isConverged) weak |= findWeak(out, ws.leastSignificance) | findUncertain();
    }
    status = isConverged ? CONVERGED : NOT_CONVERGED;
    if (!(ws.spikeSigma > 0) || !dropSpikes()) break;
  }
  if (status == CONVERGED && !writeEsd(out)) status = UNDETERMINED;
  if (status != NOT_FITTED) for (let k = 0; k < parameters; k++) set(out, k, get(ws.p, k));
  for (let peak = 0; peak < peaks; peak++) {
    set(out, 2 * parameters + peaks + peak, status == CONVERGED ? <f64>peakStatus(peak, weak) : <f64>status);
  }
  if (status != NOT_FITTED) set(out, last, cost);
  set(out, last + 1, status == NOT_FITTED ? 0.0 : <f64>(valid - listActive()));
  set(out, last + 2, <f64>iterations);
}

function bestShift(): f64 {
  let last: f64 = 0;
  for (let i = ws.points - 1; i >= 0; i--) if (get(ws.base, i) > 0) last = get(ws.y, i);
  for (let i = 0; i < ws.padded; i++) {
    if (get(ws.base, i) > 0) last = get(ws.y, i);
    set(ws.weighted, i, last);
  }
  const bytes = (<usize>ws.padded) << 3;
  let best = -Infinity;
  let shift: f64 = 0;
  for (let k = 0; k < ws.shifts; k++) {
    const template = ws.template + <usize>k * bytes;
    let sum = f64x2.splat(0.0);
    for (let i: usize = 0; i < bytes; i += 16) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(template + i), v128.load(ws.weighted + i)));
    }
    const score = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
    if (score > best) {
      best = score;
      shift = get(ws.shift, k);
    }
  }
  return shift;
}

function clamp(value: f64, k: i32): f64 {
  return Math.min(Math.max(value, get(ws.lower, k)), get(ws.upper, k));
}

function begin(shift: f64, width: f64): void {
  for (let k = 0; k < ws.parameters; k++) {
    const kind = int(ws.kind, k);
    let value = get(ws.start, k);
    if (kind == AREA || kind == BACKGROUND) value = 0;
    else if (kind == POSITION) value = clamp(value + shift, k);
    else if (kind == FWHM) value = clamp(value * width, k);
    set(ws.p, k, value);
  }
  memory.copy(ws.w, ws.base, (<usize>ws.padded) << 3);
  evaluate(ws.p);
  accept();
  step(1e-12, listLinear());
  for (let k = 0; k < ws.parameters; k++) set(ws.p, k, clamp(get(ws.p, k) + get(ws.delta, k), k));
  evaluate(ws.p);
  accept();
}

function minimiseWithRetries(out: usize, shift: f64): bool {
  let isConverged = minimise();
  const weak = findWeak(out, ws.leastSignificance);
  if ((isConverged || weak != 0) && !isShapeAtBound(weak)) return isConverged;
  const bytes = (<usize>ws.parameters) << 3;
  for (let attempt = 0; attempt < RETRIES; attempt++) {
    memory.copy(ws.best, ws.p, bytes);
    const before = cost;
    begin(attempt == 0 ? 0.0 : shift, attempt == 0 ? 0.6 : 1.6);
    const isNowConverged = minimise();
    const isBetter = cost < before * (1.0 - 1e-9);
    if ((isNowConverged && !isConverged) || (isBetter && isNowConverged == isConverged)) {
      isConverged = isNowConverged;
      if (isConverged && !isShapeAtBound(weak)) break;
    } else {
      memory.copy(ws.p, ws.best, bytes);
      evaluate(ws.p);
      accept();
    }
  }
  return isConverged;
}

function isAtBound(k: i32): bool {
  return get(ws.p, k) <= get(ws.lower, k) || get(ws.p, k) >= get(ws.upper, k);
}

function isShapeAtBound(weak: i32): bool {
  for (let k = 0; k < ws.parameters; k++) {
    if ((int(ws.owners, k) & ~weak) == 0) continue;
    const kind = int(ws.kind, k);
    if ((kind == POSITION || kind == FWHM) && isAtBound(k)) return true;
  }
  return false;
}

function findWeak(out: usize, least: f64): i32 {
  const parameters = ws.parameters;
  const count = listLinear();
  const isRegular = factorise(ws.L, ws.s, ws.A, ws.active, count, parameters, 0.0);
  const scale = residualVariance();
  let weak = 0;
  for (let peak = 0; peak < ws.peaks; peak++) {
    const area = int(ws.slot, 4 * peak);
    let significance: f64 = area < 0 ? Infinity : 0;
    for (let i = 0; i < count && isRegular; i++) {
      if (int(ws.active, i) != area) continue;
      const variance = inverseDiagonal(ws.z, ws.L, ws.s, i, count, parameters);
      const sign: f64 = get(ws.factor, 4 * peak) < 0 ? -1.0 : 1.0;
      significance = (get(ws.p, area) * sign) / Math.sqrt(variance * scale);
    }
    set(out, 2 * parameters + peak, significance);
    if (!(significance >= least)) weak |= 1 << peak;
  }
  return weak;
}

function findUncertain(): i32 {
  const parameters = ws.parameters;
  const count = listFree();
  if (!factorise(ws.L, ws.s, ws.A, ws.active, count, parameters, 0.0)) return 0;
  const scale = residualVariance();
  let uncertain = 0;
  for (let peak = 0; peak < ws.peaks; peak++) {
    const area = int(ws.slot, 4 * peak);
    for (let i = 0; i < count; i++) {
      if (int(ws.active, i) != area) continue;
      const variance = inverseDiagonal(ws.z, ws.L, ws.s, i, count, parameters);
      const ratio = Math.abs(get(ws.p, area)) / Math.sqrt(variance * scale);
      if (!(ratio >= UNCERTAIN * ws.leastSignificance)) uncertain |= 1 << peak;
    }
  }
  return uncertain;
}

function fitWithout(weak: i32): bool {
  let bits = 0;
  for (let k = 0; k < ws.parameters; k++) {
    const kind = int(ws.kind, k);
    if (kind == AREA || kind == BACKGROUND || (int(ws.owners, k) & ~weak) != 0) continue;
    bits |= 1 << k;
    set(ws.p, k, get(ws.start, k));
  }
  setFrozen(bits);
  evaluate(ws.p);
  accept();
  return minimise();
}

function dropSpikes(): bool {
  let n = 0;
  for (let i = 0; i < ws.points; i++) {
    if (!(get(ws.base, i) > 0)) continue;
    const size = Math.abs(get(ws.y, i) - get(ws.fitted, i)) * Math.sqrt(get(ws.w, i));
    set(ws.residual, i, size);
    let at = n++;
    for (; at > 0 && get(ws.weighted, at - 1) > size; at--) set(ws.weighted, at, get(ws.weighted, at - 1));
    set(ws.weighted, at, size);
  }
  let scale = 1.4826 * get(ws.weighted, n >> 1);
  if (ws.mode != UNIFORM) scale = Math.max(1.0, scale);
  let dropped = 0;
  for (let i = 0; i < ws.points; i++) {
    if (!(get(ws.base, i) > 0) || !(get(ws.residual, i) > ws.spikeSigma * scale)) continue;
    set(ws.base, i, 0);
    set(ws.y, i, 0);
    dropped++;
  }
  setValid(valid - dropped);
  return dropped > 0;
}

function listFree(): i32 {
  let count = 0;
  for (let k = 0; k < ws.parameters; k++) {
    if (((frozen >> k) & 1) != 0 || isAtBound(k)) continue;
    i32.store(ws.active + ((<usize>count) << 2), k);
    count++;
  }
  return count;
}

function writeEsd(out: usize): bool {
  const parameters = ws.parameters;
  const count = listFree();
  if (!factorise(ws.L, ws.s, ws.A, ws.active, count, parameters, 0.0)) return false;
  for (let i = 0; i < count; i++) {
    const esd = Math.sqrt(inverseDiagonal(ws.z, ws.L, ws.s, i, count, parameters));
    set(out, parameters + int(ws.active, i), esd);
  }
  return true;
}

function peakStatus(peak: i32, weak: i32): i32 {
  if ((weak >> peak) & 1) return NO_SIGNAL;
  for (let k = 0; k < ws.parameters; k++) if ((int(ws.owners, k) >> peak) & 1 && isAtBound(k)) return AT_BOUND;
  return CONVERGED;
}
