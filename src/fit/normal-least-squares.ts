/**
 * Nonlinear least squares on normal equations: minimise chi^2 = sum w r^2 by Levenberg and Marquardt.
 *
 *   (A + lambda diag A) dp = g      A = J^T W J, g = J^T W r, J = df/dp, r = observed - f      inside the bounds
 *
 * Normal equations square the condition number: good enough where the columns of J are scaled to each other (they
 * are, to unit diagonal), and they let a kernel sum them over the points without ever storing J.
 *
 * Made for starts that are close, as in a map or a series: a step goes straight to linearise() at the new point, and
 * only after a step that failed is cost() asked first. Near the minimum a fit is one linearise() for each Gauss-Newton
 * step, and ends on a step that need not be taken. Constraints and bounds are part of the step (bounded-step.ts).
 *
 * Sources: Marquardt, J. SIAM 11 (1963) 431; Madsen, Nielsen & Tingleff, Methods for Non-Linear Least Squares
 * Problems (2nd ed. 2004), section 3.2 for the update of lambda.
 */
import { type BoundedStep, createBoundedStep } from "./bounded-step.ts";
import type { LinearConstraints } from "./constraints.ts";
import type { Covariance } from "./covariance.ts";
import { makeFeasible } from "./feasible-start.ts";
import { countHeldRows, holdRows, spreadToDependent } from "./held-rows.ts";
import { createNormalWorkspace, findUndetermined, flagged, invertNormalMatrix } from "./normal-matrix.ts";
import type {
  NormalLeastSquares,
  NormalOptions,
  NormalProblem,
  NormalReason,
  NormalStatus,
  NormalSummary,
} from "./normal-problem.ts";

/** Below this share of its own information a parameter counts as undetermined: half the digits of a float64. */
const RANK_TOLERANCE = 1e-11;
/** Damping that leaves every direction alone that counts as determined, yet holds the others still. */
const UNDAMPED = 1e-10;
/** Of a sum of many squares: what the last step gains may drown in it. */
const ROUNDING = 1e-13;
/** How often the decrease wanted may be promised and not be found at a minimum: a tenth of it in each parameter. */
const NOISE = 100;
/** Share of chi^2 that the linear parameters must take away for them to be solved first: else one step does it all. */
const FAR_OFF = 0.5;
/** The first damping after a failed Gauss-Newton step, and the largest: a step of nothing. */
const [CAUTIOUS, LARGEST] = [1e-4, 1e16];

/** One long closure: solve and covariance share all their memory. */
export function createNormalLeastSquares(n: number): NormalLeastSquares {
  const bounded: BoundedStep = createBoundedStep(n);
  const work = createNormalWorkspace(n);
  let normal = new Float64Array(n * n);
  let trialNormal = new Float64Array(n * n);
  let downhill = new Float64Array(n);
  let trialDownhill = new Float64Array(n);
  const lower = new Float64Array(n);
  const upper = new Float64Array(n);
  const maxStep = new Float64Array(n);
  const trial = new Float64Array(n);
  const given = new Float64Array(n);
  /** independent parameters that may move, and those of them that the step is looked for in */
  const free = new Uint8Array(n);
  const active = new Uint8Array(n);
  const bounds = { lower, upper, free };
  /** what the problem must fill: free ones and the dependent ones that they move */
  const wanted = new Uint8Array(n);
  const stepProblem = {
    normal,
    downhill,
    active,
    low: new Float64Array(n),
    high: new Float64Array(n),
    rows: null as LinearConstraints["rows"] | null,
  };
  const summary = {
    status: "failed" as NormalStatus,
    reason: "" as NormalReason,
    initialCost: Number.NaN,
    finalCost: Number.NaN,
    iterations: 0,
    linearisations: 0,
    costEvaluations: 0,
    atBound: new Int8Array(n),
    undetermined: new Uint8Array(n),
    freeCount: 0,
  };
  /** those that held bounds leave, for covariance */
  const informed = new Uint8Array(n);
  let constraints: LinearConstraints | null = null;
  let problem: NormalProblem;

  const isMovable = (j: number): boolean => free[j] !== 0 || constraints?.roles[j] === "dependent";

  function prepare(options: NormalOptions): NormalReason {
    constraints = options.constraints ?? null;
    stepProblem.rows = constraints?.rows ?? null;
    let isCrossed = false;
    for (let j = 0; j < n; j++) {
      const isFixed = Boolean(options.fixed?.[j]);
      free[j] = !isFixed && (!constraints || constraints.roles[j] === "independent") ? 1 : 0;
      lower[j] = orElse(options.lower?.[j], -Infinity);
      upper[j] = orElse(options.upper?.[j], Infinity);
      maxStep[j] = orElse(options.maxStep?.[j], Infinity);
      // A dependent parameter that is fixed holds what it is made of: no room to move.
      if (isFixed && isMovable(j)) maxStep[j] = 0;
      if (isMovable(j) && lower[j]! > upper[j]!) isCrossed = true;
    }
    if (constraints) freezeTied(constraints.rows);
    return isCrossed ? "boundsCrossed" : "";
  }

  /** A fixed parameter that is made of one other alone fixes that one, too. (Of several: no room, above.) */
  function freezeTied({ dependent, start, column }: LinearConstraints["rows"]): void {
    for (let r = 0; r < dependent.length; r++) {
      let moving = -1;
      let count = 0;
      for (let k = start[r]!; k < start[r + 1]!; k++) {
        if (!free[column[k]!]) continue;
        moving = column[k]!;
        count++;
      }
      if (count === 1 && maxStep[dependent[r]!] === 0) free[moving] = 0;
    }
  }

  /** active = `chosen`, wanted = those and the dependent parameters that they move. @returns how many are chosen */
  function choose(chosen: Uint8Array): number {
    let count = 0;
    for (let j = 0; j < n; j++) {
      active[j] = chosen[j]!;
      wanted[j] = chosen[j]!;
      count += chosen[j]!;
    }
    if (!constraints) return count;
    const { dependent, start, column } = constraints.rows;
    for (let r = 0; r < dependent.length; r++) {
      for (let k = start[r]!; k < start[r + 1]!; k++) if (active[column[k]!]) wanted[dependent[r]!] = 1;
    }
    return count;
  }

  /** Fill the trial matrices at p. @returns chi^2, NaN where it or a derivative is not finite */
  function linearise(p: Float64Array): number {
    trialNormal.fill(0);
    trialDownhill.fill(0);
    summary.linearisations++;
    const cost = problem.linearise(p, trialNormal, trialDownhill, wanted);
    let sum = cost;
    for (let j = 0; j < n; j++) if (wanted[j]) sum += trialNormal[j * n + j]! + trialDownhill[j]!;
    if (!Number.isFinite(sum)) return Number.NaN;
    constraints?.reduce(trialNormal, trialDownhill);
    return cost;
  }

  function acceptTrialMatrices(): void {
    const oldNormal = normal;
    const oldDownhill = downhill;
    stepProblem.normal = normal = trialNormal;
    stepProblem.downhill = downhill = trialDownhill;
    trialNormal = oldNormal;
    trialDownhill = oldDownhill;
  }

  /** Room for the step from p: to the bounds and within the largest step. */
  function setRoom(p: Float64Array, isTrusted: boolean): void {
    for (let j = 0; j < n; j++) {
      const most = isTrusted ? Infinity : maxStep[j]!;
      stepProblem.low[j] = Math.min(0, Math.max(lower[j]! - p[j]!, -most));
      stepProblem.high[j] = Math.max(0, Math.min(upper[j]! - p[j]!, most));
    }
  }

  /** trial = p + step, with what is held on a bound exactly there. @returns whether the step is in the last digits */
  function setTrial(p: Float64Array, stepTolerance: number): boolean {
    let isSmall = true;
    for (let j = 0; j < n; j++) trial[j] = active[j] ? p[j]! + bounded.step[j]! : p[j]!;
    constraints?.expand(trial);
    for (let j = 0; j < n; j++) {
      if (!active[j] && constraints?.roles[j] !== "dependent") continue;
      trial[j] = Math.min(Math.max(trial[j]!, lower[j]!), upper[j]!);
      const limit = stepTolerance * (Math.abs(p[j]!) + stepTolerance);
      if (!(Math.abs(trial[j]! - p[j]!) <= limit)) isSmall = false;
    }
    return isSmall;
  }

  /** Is the step cut by the largest step rather than by a bound? */
  function isHeldBack(): boolean {
    for (let j = 0; j < n; j++) {
      if (bounded.held[j] && maxStep[j]! > 0 && Math.abs(bounded.step[j]!) >= maxStep[j]! * (1 - 1e-9)) return true;
    }
    return false;
  }

  /** Cosine between the residuals and the column of J most in line with them, among what may move. */
  function steepestCosine(cost: number): number {
    let largest = 0;
    for (let j = 0; j < n; j++) {
      const length = Math.sqrt(normal[j * n + j]! * cost);
      if (active[j] && length > 0 && !bounded.held[j]) largest = Math.max(largest, Math.abs(downhill[j]!) / length);
    }
    return largest;
  }

  /**
   * trial = the linear parameters solved alone, undamped, where the rest of the model stands still.
   * @returns the decrease of chi^2, which is exact
   */
  function solveLinear(p: Float64Array, linear: ArrayLike<number | boolean>): number {
    for (let j = 0; j < n; j++) informed[j] = free[j] && linear[j] ? 1 : 0;
    if (constraints) {
      const { dependent, start, column } = constraints.rows;
      for (let r = 0; r < dependent.length; r++) {
        if (linear[dependent[r]!]) continue;
        for (let k = start[r]!; k < start[r + 1]!; k++) informed[column[k]!] = 0;
      }
    }
    if (choose(informed) === 0) return 0;
    setRoom(p, true);
    // A dependent parameter that is fixed has no room here either.
    for (let j = 0; j < n; j++) if (maxStep[j] === 0) stepProblem.low[j] = stepProblem.high[j] = 0;
    const gain = bounded.find(stepProblem, UNDAMPED);
    setTrial(p, 0);
    return gain;
  }

  /** chi^2 at p with its matrices, after the linear parameters were solved if need be; NaN where not finite. */
  function start(p: Float64Array, linear: ArrayLike<number | boolean> | undefined): number {
    const cost = linearise(p);
    acceptTrialMatrices();
    summary.initialCost = cost;
    if (!linear || Number.isNaN(cost)) return cost;
    const gain = solveLinear(p, linear);
    choose(free);
    if (!(gain > FAR_OFF * cost)) return cost;
    const after = linearise(trial);
    if (!(after < cost)) return cost;
    p.set(trial);
    acceptTrialMatrices();
    return after;
  }

  /** How the search goes: the damping, and what was learnt from steps that failed at this point. */
  const search = { lambda: 0, growth: 0, resume: 0, isDoubtful: false, isUndampedTried: false };

  function findStep(enough: number): number {
    let predicted = bounded.find(stepProblem, search.lambda);
    if (!(predicted <= enough && search.lambda > UNDAMPED)) return predicted;
    // A damped step is small for two reasons: only the undamped one tells that there is no more to gain.
    predicted = bounded.find(stepProblem, UNDAMPED);
    if (predicted <= enough) return predicted;
    if (search.isUndampedTried) return bounded.find(stepProblem, search.lambda);
    search.resume = search.lambda;
    search.lambda = UNDAMPED;
    return predicted;
  }

  function accept(p: Float64Array, gain: number): void {
    p.set(trial);
    acceptTrialMatrices();
    search.lambda = Math.max(search.lambda * Math.max(0.1, 1 - (2 * gain - 1) ** 3), UNDAMPED);
    search.growth = 4;
    search.resume = 0;
    search.isDoubtful = search.isUndampedTried = false;
  }

  /** @returns false where the damping leaves no step */
  function reject(): boolean {
    search.isDoubtful = true;
    if (search.lambda <= UNDAMPED) search.isUndampedTried = true;
    search.lambda = Math.max(search.resume, search.lambda * search.growth, CAUTIOUS);
    search.resume = 0;
    search.growth *= 2;
    return search.lambda < LARGEST;
  }

  /** chi^2 at `trial`, and its matrices where it is below `cost`; NaN where it cannot be evaluated. */
  function evaluateTrial(cost: number): number {
    if (!search.isDoubtful) return linearise(trial);
    const next = costAt(trial);
    return next < cost ? linearise(trial) : next;
  }

  /** No step is better: the minimum, where chi^2 has small jumps as from peaks that are cut off, or wrong derivatives? */
  const stalled = (enough: number): NormalReason =>
    bounded.find(stepProblem, UNDAMPED) <= NOISE * enough ? "" : "stalled";

  function iterate(p: Float64Array, startCost: number, options: NormalOptions): NormalReason {
    const maxIterations = options.maxIterations ?? 50;
    const costTolerance = Math.max(options.costTolerance ?? 1e-8, ROUNDING);
    const esdTolerance = options.esdTolerance ?? 0.01;
    const gradientTolerance = options.gradientTolerance ?? 0;
    const points = options.points ?? 0;
    const lastStep = options.lastStep ?? "none";
    let cost = startCost;
    search.lambda = options.damping ?? 1e-5;
    search.growth = 4;
    search.resume = 0;
    search.isDoubtful = search.isUndampedTried = false;
    for (;;) {
      if (options.isCancelled?.()) return "cancelled";
      setRoom(p, false);
      const trusted = Math.max(costTolerance * cost, esdTolerance * esdTolerance);
      // where no step helps, data without noise are at their minimum, too
      const enough = cost < points ? Math.max(costTolerance * cost, (trusted * cost) / points) : trusted;
      const predicted = findStep(enough);
      if (gradientTolerance > 0 && steepestCosine(cost) <= gradientTolerance) return "";
      const isLast = predicted <= enough && !search.isUndampedTried && !isHeldBack();
      if (isLast && lastStep === "none") return "";
      if (summary.iterations >= maxIterations) return isLast ? "" : "iterations";
      summary.iterations++;
      const isLastDigits = setTrial(p, options.stepTolerance ?? 1e-13);
      if (isLast && lastStep === "predicted") {
        p.set(trial);
        summary.finalCost = Math.max(cost - predicted, 0);
        return "";
      }
      if (predicted >= 0 && isLastDigits) return search.isDoubtful ? stalled(trusted) : "";
      const next = predicted >= 0 ? evaluateTrial(cost) : Number.NaN;
      if (next < cost || (isLast && next <= cost * (1 + ROUNDING))) {
        accept(p, (cost - next) / Math.max(predicted, Number.MIN_VALUE));
        summary.finalCost = cost = next;
        if (isLast) return "";
        continue;
      }
      if (isLast) return "";
      // A flat valley: neither the model nor the data see a difference in the last digits.
      const isFlat = Math.abs(next - cost) <= costTolerance * cost;
      if (isFlat && !search.isDoubtful) return "";
      if (isFlat || !reject()) return stalled(trusted);
    }
  }

  function costAt(p: Float64Array): number {
    summary.costEvaluations++;
    return problem.cost(p);
  }

  /** Which parameters rest on bounds, which the gradient presses there, and what is not determined by the rest. */
  function describe(p: Float64Array): void {
    for (let j = 0; j < n; j++) {
      summary.atBound[j] = !isMovable(j) ? 0 : p[j]! >= upper[j]! ? 1 : p[j]! <= lower[j]! ? -1 : 0;
      stepProblem.low[j] = summary.atBound[j]! < 0 || maxStep[j] === 0 ? 0 : -Infinity;
      stepProblem.high[j] = summary.atBound[j]! > 0 || maxStep[j] === 0 ? 0 : Infinity;
    }
    bounded.find(stepProblem, UNDAMPED);
    let freeCount = 0;
    for (let j = 0; j < n; j++) {
      informed[j] = active[j] && !bounded.held[j] ? 1 : 0;
      freeCount += informed[j]!;
    }
    if (constraints) freeCount -= countHeldRows(constraints.rows, bounded.held, informed);
    summary.freeCount = freeCount;
    findUndetermined(normal, informed, RANK_TOLERANCE, work);
    summary.undetermined.set(work.undetermined);
    if (constraints) spreadToDependent(summary.undetermined, constraints.rows);
  }

  function solve(of: NormalProblem, p: Float64Array, options: NormalOptions = NO_OPTIONS): NormalSummary {
    problem = of;
    summary.status = "failed";
    summary.initialCost = summary.finalCost = Number.NaN;
    summary.iterations = summary.linearisations = summary.costEvaluations = summary.freeCount = 0;
    summary.atBound.fill(0);
    summary.undetermined.fill(0);
    informed.fill(0);
    given.set(p);
    summary.reason = prepare(options);
    if (summary.reason !== "") return summary;
    if (!makeFeasible(p, bounds, constraints)) return fail("noFeasibleStart", p);
    const cost = choose(free) === 0 ? costAt(p) : start(p, options.linear);
    if (!Number.isFinite(cost)) return fail("startNotFinite", p);
    summary.finalCost = cost;
    if (choose(free) === 0) summary.initialCost = cost;
    else summary.reason = iterate(p, cost, options);
    describe(p);
    const isDone = summary.reason === "";
    if (isDone) summary.status = summary.undetermined.includes(1) ? "undetermined" : "converged";
    else summary.status = summary.reason === "cancelled" ? "cancelled" : "notConverged";
    return summary;
  }

  function fail(reason: NormalReason, p: Float64Array): NormalSummary {
    p.set(given);
    summary.reason = reason;
    summary.initialCost = Number.NaN;
    informed.fill(0);
    return summary;
  }

  function covariance(): Covariance {
    const { matrix } = invertNormalMatrix(normal, informed, RANK_TOLERANCE, work);
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) if (!informed[j] || !informed[k]) matrix[j * n + k] = 0;
    }
    if (constraints) {
      holdRows(matrix, constraints.rows, bounded.held);
      constraints.expandCovariance(matrix);
    }
    const esd = new Float64Array(n);
    for (let j = 0; j < n; j++) esd[j] = Math.sqrt(Math.max(matrix[j * n + j]!, 0));
    return { matrix, esd, undetermined: flagged(summary.undetermined) };
  }

  return { solve, covariance };
}

const NO_OPTIONS: NormalOptions = {};

const orElse = (value: number | undefined, other: number): number =>
  value === undefined || Number.isNaN(value) ? other : value;
