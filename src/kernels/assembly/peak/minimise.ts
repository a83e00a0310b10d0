// Twin of ../../reference/peak-minimise.ts, where the meaning is written down; this file is only speed.
import { peakNormal } from "../peak-normal";
import { peakProfile } from "../peak-profile";
import { factorise, get, int, set, substitute } from "./solve";
import * as ws from "./workspace";

const AREA = 0;
const BACKGROUND = 4;
const POISSON = 1;
const UNIFORM = 2;
const FIRST_DAMPING: f64 = 1e-3;
const LAST_DAMPING: f64 = 1e9;
const FREE_DAMPING: f64 = 1e-3;

export let frozen: i32 = 0;
export let valid: i32 = 0;
export let cost: f64 = 0;
export let iterations: i32 = 0;
let costTrial: f64 = 0;
let costOldWeights: f64 = 0;

export function setFrozen(bits: i32): void {
  frozen = bits;
}
export function setValid(count: i32): void {
  valid = count;
}
export function resetIterations(): void {
  iterations = 0;
}

export function evaluate(p: usize): void {
  const bytes = (<usize>ws.padded) << 3;
  memory.fill(ws.fitted, 0, bytes);
  for (let k = ws.parameters - ws.terms; k < ws.parameters; k++) {
    const row = ws.J + <usize>k * bytes;
    const c = f64x2.splat(get(p, k));
    for (let i: usize = 0; i < bytes; i += 16) {
      v128.store(ws.fitted + i, f64x2.add(v128.load(ws.fitted + i), f64x2.mul(c, v128.load(row + i))));
    }
  }
  for (let q = 0; q < 4 * ws.peaks; q++) {
    const from = int(ws.slot, q);
    set(ws.slots, q, from < 0 ? get(ws.offset, q) : get(ws.factor, q) * get(p, from) + get(ws.offset, q));
  }
  for (let peak = 0; peak < ws.peaks; peak++) addPeak(peak);
  weigh();
  peakNormal(ws.trialA, ws.trialG, ws.J, ws.residual, ws.wTrial, ws.weighted, ws.parameters, ws.padded);
}

function target(q: i32): usize {
  const bytes = (<usize>ws.padded) << 3;
  const from = int(ws.slot, q);
  if (from >= 0 && get(ws.factor, q) == 1.0 && isFirstUser(q)) return ws.J + <usize>from * bytes;
  return ws.spare + <usize>(q & 3) * bytes;
}

function addPeak(peak: i32): void {
  const at = 4 * peak;
  const bytes = (<usize>ws.padded) << 3;
  peakProfile(
    ws.fitted,
    target(at),
    target(at + 1),
    target(at + 2),
    target(at + 3),
    ws.x,
    ws.padded,
    get(ws.slots, at),
    get(ws.slots, at + 1),
    get(ws.slots, at + 2),
    get(ws.slots, at + 3),
  );
  for (let q = at; q < at + 4; q++) {
    const from = int(ws.slot, q);
    const spare = ws.spare + <usize>(q & 3) * bytes;
    if (from < 0 || target(q) != spare) continue;
    const row = ws.J + <usize>from * bytes;
    const scale = f64x2.splat(get(ws.factor, q));
    if (isFirstUser(q)) {
      for (let i: usize = 0; i < bytes; i += 16) v128.store(row + i, f64x2.mul(scale, v128.load(spare + i)));
    } else {
      for (let i: usize = 0; i < bytes; i += 16) {
        v128.store(row + i, f64x2.add(v128.load(row + i), f64x2.mul(scale, v128.load(spare + i))));
      }
    }
  }
}

function isFirstUser(slotIndex: i32): bool {
  const from = int(ws.slot, slotIndex);
  for (let q = slotIndex & 3; q < slotIndex; q += 4) if (int(ws.slot, q) == from) return false;
  return true;
}

function weigh(): void {
  const bytes = (<usize>ws.padded) << 3;
  const isPoisson = ws.mode == POISSON;
  const gain = f64x2.splat(ws.gain);
  const floor = f64x2.splat(ws.floor);
  let oldSum = f64x2.splat(0.0);
  let newSum = oldSum;
  for (let i: usize = 0; i < bytes; i += 16) {
    const fitted = v128.load(ws.fitted + i);
    const r = f64x2.sub(v128.load(ws.y + i), fitted);
    v128.store(ws.residual + i, r);
    let w = v128.load(ws.base + i);
    if (isPoisson) w = f64x2.div(w, f64x2.mul(gain, f64x2.pmax(fitted, floor)));
    v128.store(ws.wTrial + i, w);
    const r2 = f64x2.mul(r, r);
    oldSum = f64x2.add(oldSum, f64x2.mul(v128.load(ws.w + i), r2));
    newSum = f64x2.add(newSum, f64x2.mul(w, r2));
  }
  costOldWeights = f64x2.extract_lane(oldSum, 0) + f64x2.extract_lane(oldSum, 1);
  costTrial = f64x2.extract_lane(newSum, 0) + f64x2.extract_lane(newSum, 1);
}

export function accept(): void {
  ws.swapTrial();
  cost = costTrial;
}

export function listActive(): i32 {
  let count = 0;
  for (let k = 0; k < ws.parameters; k++) {
    if ((frozen >> k) & 1) continue;
    const value = get(ws.p, k);
    const slope = get(ws.g, k);
    if (value <= get(ws.lower, k) && slope <= 0) continue;
    if (value >= get(ws.upper, k) && slope >= 0) continue;
    if (!(get(ws.A, k * (ws.parameters + 1)) > 0)) continue;
    i32.store(ws.active + ((<usize>count) << 2), k);
    count++;
  }
  return count;
}

export function listLinear(): i32 {
  let count = 0;
  for (let k = 0; k < ws.parameters; k++) {
    const kind = int(ws.kind, k);
    if (kind != AREA && kind != BACKGROUND) continue;
    if (!(get(ws.A, k * (ws.parameters + 1)) > 0)) continue;
    i32.store(ws.active + ((<usize>count) << 2), k);
    count++;
  }
  return count;
}

export function step(damping: f64, activeCount: i32): f64 {
  const n = ws.parameters;
  let count = activeCount;
  for (let k = 0; k < n; k++) set(ws.delta, k, 0);
  while (count > 0) {
    if (!factorise(ws.L, ws.s, ws.A, ws.active, count, n, damping)) return -1;
    for (let i = 0; i < count; i++) {
      const a = int(ws.active, i);
      let sum = get(ws.g, a);
      for (let k = 0; k < n; k++) sum = sum - get(ws.A, a > k ? a * n + k : k * n + a) * get(ws.delta, k);
      set(ws.z, i, sum / get(ws.s, i));
    }
    substitute(ws.z, ws.L, count, n);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const k = int(ws.active, i);
      const from = get(ws.p, k);
      const to = from + get(ws.z, i) / get(ws.s, i);
      if (to < get(ws.lower, k)) set(ws.delta, k, get(ws.lower, k) - from);
      else if (to > get(ws.upper, k)) set(ws.delta, k, get(ws.upper, k) - from);
      else {
        i32.store(ws.active + ((<usize>kept) << 2), k);
        kept++;
      }
    }
    if (kept == count) {
      for (let i = 0; i < count; i++) set(ws.delta, int(ws.active, i), get(ws.z, i) / get(ws.s, i));
      break;
    }
    count = kept;
  }
  return promised();
}

function promised(): f64 {
  const n = ws.parameters;
  let total: f64 = 0;
  for (let i = 0; i < n; i++) {
    let row = 2.0 * get(ws.g, i) - get(ws.A, i * (n + 1)) * get(ws.delta, i);
    for (let j = 0; j < i; j++) row = row - 2.0 * get(ws.A, i * n + j) * get(ws.delta, j);
    total = total + row * get(ws.delta, i);
  }
  return total;
}

export function minimise(): bool {
  const n = ws.parameters;
  const rounding = 1e-14 * sumOfSquares();
  let damping = FIRST_DAMPING;
  let isRejected = false;
  for (let iteration = 0; iteration < ws.iterationLimit; iteration++) {
    iterations++;
    const promise = step(damping, listActive());
    const small = ws.tolerance * residualVariance() + rounding * meanWeight();
    if (promise >= 0) {
      for (let k = 0; k < n; k++) {
        const to = Math.max(get(ws.p, k) + get(ws.delta, k), get(ws.lower, k));
        set(ws.trial, k, Math.min(to, get(ws.upper, k)));
      }
      if (promise <= small && damping > FREE_DAMPING && !isRejected) {
        damping = FREE_DAMPING;
        continue;
      }
      if (promise <= small) {
        for (let k = 0; k < n; k++) set(ws.p, k, get(ws.trial, k));
        cost = cost - promise;
        return true;
      }
      evaluate(ws.trial);
      const gained = cost - costOldWeights;
      if (gained >= 1e-3 * promise) {
        accept();
        isRejected = false;
        for (let k = 0; k < n; k++) set(ws.p, k, get(ws.trial, k));
        if (gained > 0.75 * promise) damping *= 0.1;
        else if (gained < 0.25 * promise) damping *= 4.0;
        continue;
      }
    }
    isRejected = true;
    damping *= 10.0;
    if (damping > LAST_DAMPING) return false;
  }
  return false;
}

export function residualVariance(): f64 {
  const reduced = cost / <f64>max(1, valid - ws.parameters);
  return ws.mode == UNIFORM ? reduced : Math.max(1.0, reduced);
}

function sumOfSquares(): f64 {
  let total: f64 = 0;
  for (let i = 0; i < ws.points; i++) total = total + get(ws.y, i) * get(ws.y, i);
  return total;
}

function meanWeight(): f64 {
  let total: f64 = 0;
  for (let i = 0; i < ws.points; i++) total = total + get(ws.w, i);
  return total / <f64>valid;
}
