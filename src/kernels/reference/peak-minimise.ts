import { peakNormal } from "./peak-normal.ts";
import { peakProfile } from "./peak-profile.ts";
import { factorise, substitute } from "./peak-solve.ts";
import { PEAK_KIND, PEAK_WEIGHTS, type PeakWorkspace } from "./peak-workspace.ts";

/**
 * Model, residuals, weights and normal equations at the parameters `p`, into trialA, trialG, wTrial, costTrial and
 * costOldWeights.
 */
export function evaluate(ws: PeakWorkspace, p: Float64Array): void {
  const { padded, fitted, rows, parameters, terms } = ws;
  for (let i = 0; i < padded; i++) fitted[i] = 0;
  for (let k = parameters - terms; k < parameters; k++) {
    const row = rows[k]!;
    const coefficient = p[k]!;
    for (let i = 0; i < padded; i++) fitted[i] = fitted[i]! + coefficient * row[i]!;
  }
  for (let q = 0; q < 4 * ws.peaks; q++) {
    const from = ws.slot[q]!;
    ws.slots[q] = from < 0 ? ws.offset[q]! : ws.factor[q]! * p[from]! + ws.offset[q]!;
  }
  for (let peak = 0; peak < ws.peaks; peak++) addPeak(ws, peak);
  weigh(ws);
  peakNormal(ws.trialA, ws.trialG, ws.J, ws.residual, ws.wTrial, ws.weighted, parameters, padded);
}

/** The first user of a parameter writes its row of J; later users, or scaled ones, add factor * derivative to it. */
function addPeak(ws: PeakWorkspace, peak: number): void {
  const { slot, slots, rows, spare, factor, padded } = ws;
  const at = 4 * peak;
  const targets: Float64Array[] = [];
  for (let q = 0; q < 4; q++) {
    const isOwnRow = slot[at + q]! >= 0 && factor[at + q] === 1 && isFirstUser(ws, at + q);
    targets.push(isOwnRow ? rows[slot[at + q]!]! : spare[q]!);
  }
  const [dArea, dPosition, dFwhm, dEta] = targets as [Float64Array, Float64Array, Float64Array, Float64Array];
  const [area, position, fwhm, eta] = slots.subarray(at, at + 4) as unknown as [number, number, number, number];
  peakProfile(ws.fitted, dArea, dPosition, dFwhm, dEta, ws.x, padded, area, position, fwhm, eta);
  for (let q = 0; q < 4; q++) {
    const from = slot[at + q]!;
    if (from < 0 || targets[q] !== spare[q]) continue;
    const row = rows[from]!;
    const scale = factor[at + q]!;
    if (isFirstUser(ws, at + q)) for (let i = 0; i < padded; i++) row[i] = scale * spare[q]![i]!;
    else for (let i = 0; i < padded; i++) row[i] = row[i]! + scale * spare[q]![i]!;
  }
}

function isFirstUser(ws: PeakWorkspace, slotIndex: number): boolean {
  for (let q = slotIndex & 3; q < slotIndex; q += 4) if (ws.slot[q] === ws.slot[slotIndex]) return false;
  return true;
}

/** Residuals and the two sums of squares; in Poisson mode also the weights 1 / (gain * model). */
function weigh(ws: PeakWorkspace): void {
  const { padded, y, base, w, wTrial, fitted, residual, floor, gain } = ws;
  const isPoisson = ws.mode === PEAK_WEIGHTS.poisson;
  let oldEven = 0;
  let oldOdd = 0;
  let newEven = 0;
  let newOdd = 0;
  for (let i = 0; i < padded; i += 2) {
    const r0 = y[i]! - fitted[i]!;
    const r1 = y[i + 1]! - fitted[i + 1]!;
    residual[i] = r0;
    residual[i + 1] = r1;
    if (isPoisson) {
      wTrial[i] = base[i]! / (gain * Math.max(fitted[i]!, floor));
      wTrial[i + 1] = base[i + 1]! / (gain * Math.max(fitted[i + 1]!, floor));
    } else {
      wTrial[i] = base[i]!;
      wTrial[i + 1] = base[i + 1]!;
    }
    oldEven = oldEven + w[i]! * (r0 * r0);
    oldOdd = oldOdd + w[i + 1]! * (r1 * r1);
    newEven = newEven + wTrial[i]! * (r0 * r0);
    newOdd = newOdd + wTrial[i + 1]! * (r1 * r1);
  }
  ws.costOldWeights = oldEven + oldOdd;
  ws.costTrial = newEven + newOdd;
}

/** Make the trial the accepted state. */
export function accept(ws: PeakWorkspace): void {
  [ws.w, ws.wTrial] = [ws.wTrial, ws.w];
  [ws.A, ws.trialA] = [ws.trialA, ws.A];
  [ws.g, ws.trialG] = [ws.trialG, ws.g];
  ws.cost = ws.costTrial;
}

/** Parameters that may move: not frozen, and not pressed against a bound. @returns how many are in ws.active */
export function listActive(ws: PeakWorkspace): number {
  let count = 0;
  for (let k = 0; k < ws.parameters; k++) {
    if ((ws.frozen >> k) & 1) continue;
    if (ws.p[k]! <= ws.lower[k]! && ws.g[k]! <= 0) continue;
    if (ws.p[k]! >= ws.upper[k]! && ws.g[k]! >= 0) continue;
    if (!(ws.A[k * (ws.parameters + 1)]! > 0)) continue;
    ws.active[count++] = k;
  }
  return count;
}

export function listLinear(ws: PeakWorkspace): number {
  let count = 0;
  for (let k = 0; k < ws.parameters; k++) {
    if (ws.kind[k] !== PEAK_KIND.area && ws.kind[k] !== PEAK_KIND.background) continue;
    if (ws.A[k * (ws.parameters + 1)]! > 0) ws.active[count++] = k;
  }
  return count;
}

/**
 * The damped step inside the bounds, into ws.delta: a parameter whose step would leave its bounds goes to the bound,
 * and the others are solved again with it there.
 *
 * @returns the decrease of chi^2 that the linearised model promises; -1 where the system is singular
 */
export function step(ws: PeakWorkspace, damping: number, activeCount: number): number {
  const { parameters, A, L, s, z, active, delta, g, p, lower, upper } = ws;
  let count = activeCount;
  for (let k = 0; k < parameters; k++) delta[k] = 0;
  while (count > 0) {
    if (!factorise(L, s, A, active, count, parameters, damping)) return -1;
    for (let i = 0; i < count; i++) {
      let sum = g[active[i]!]!;
      for (let k = 0; k < parameters; k++) sum = sum - symmetric(A, active[i]!, k, parameters) * delta[k]!;
      z[i] = sum / s[i]!;
    }
    substitute(z, L, count, parameters);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const k = active[i]!;
      const to = p[k]! + z[i]! / s[i]!;
      if (to < lower[k]!) delta[k] = lower[k]! - p[k]!;
      else if (to > upper[k]!) delta[k] = upper[k]! - p[k]!;
      else active[kept++] = k;
    }
    if (kept === count) {
      for (let i = 0; i < count; i++) delta[active[i]!] = z[i]! / s[i]!;
      break;
    }
    count = kept;
  }
  return promised(ws);
}

const symmetric = (A: Float64Array, i: number, j: number, parameters: number): number =>
  i > j ? A[i * parameters + j]! : A[j * parameters + i]!;

/** 2 g.delta - delta.A.delta */
function promised({ parameters, A, g, delta }: PeakWorkspace): number {
  let total = 0;
  for (let i = 0; i < parameters; i++) {
    let row = 2 * g[i]! - A[i * (parameters + 1)]! * delta[i]!;
    for (let j = 0; j < i; j++) row = row - 2 * A[i * parameters + j]! * delta[j]!;
    total = total + row * delta[i]!;
  }
  return total;
}

const FIRST_DAMPING = 1e-3;
const LAST_DAMPING = 1e9;
/** Only a step that damping hardly shortened may say that there is nothing left to gain, or one after a refusal. */
const FREE_DAMPING = 1e-3;

/**
 * Levenberg-Marquardt with bounds, from ws.p, which must be the accepted state.
 *
 * It ends where the promised decrease of chi^2 is under tolerance (in units of the residual variance), that is where
 * the step is sqrt(tolerance) esd. In Poisson mode the weights follow the model, and a step is judged with the
 * weights that it was computed with: Fisher scoring, whose fixed point is the maximum of the likelihood.
 *
 * @returns whether it converged
 */
export function minimise(ws: PeakWorkspace): boolean {
  const { parameters, p, trial, lower, upper } = ws;
  const rounding = 1e-14 * sumOfSquares(ws);
  let damping = FIRST_DAMPING;
  let isRejected = false;
  for (let iteration = 0; iteration < ws.iterationLimit; iteration++) {
    ws.iterations++;
    const promise = step(ws, damping, listActive(ws));
    const small = ws.tolerance * residualVariance(ws) + rounding * meanWeight(ws);
    if (promise >= 0) {
      for (let k = 0; k < parameters; k++) {
        trial[k] = Math.min(Math.max(p[k]! + ws.delta[k]!, lower[k]!), upper[k]!);
      }
      if (promise <= small && damping > FREE_DAMPING && !isRejected) {
        damping = FREE_DAMPING;
        continue;
      }
      if (promise <= small) {
        // The last step is so small that the linearised model is as good as another evaluation.
        for (let k = 0; k < parameters; k++) p[k] = trial[k]!;
        ws.cost = ws.cost - promise;
        return true;
      }
      evaluate(ws, trial);
      const gained = ws.cost - ws.costOldWeights;
      if (gained >= 1e-3 * promise) {
        accept(ws);
        isRejected = false;
        for (let k = 0; k < parameters; k++) p[k] = trial[k]!;
        if (gained > 0.75 * promise) damping *= 0.1;
        else if (gained < 0.25 * promise) damping *= 4;
        continue;
      }
    }
    isRejected = true;
    damping *= 10;
    if (damping > LAST_DAMPING) return false;
  }
  return false;
}

/** chi^2 per degree of freedom, not under 1 where the variances are known. */
export function residualVariance(ws: PeakWorkspace): number {
  const reduced = ws.cost / Math.max(1, ws.valid - ws.parameters);
  return ws.mode === PEAK_WEIGHTS.uniform ? reduced : Math.max(1, reduced);
}

function sumOfSquares({ y, points }: PeakWorkspace): number {
  let total = 0;
  for (let i = 0; i < points; i++) total = total + y[i]! * y[i]!;
  return total;
}

function meanWeight({ w, points, valid }: PeakWorkspace): number {
  let total = 0;
  for (let i = 0; i < points; i++) total = total + w[i]!;
  return total / valid;
}
