/**
 * Nonlinear least squares: minimise 1/2 sum rho(r_i(p)^2) with bounds, by Levenberg and Marquardt.
 *
 *   (J^T W J + lambda diag(J^T W J)) dp = -J^T W r        W = rho'(r^2)
 *
 * The normal equations are solved by Cholesky, which squares the condition number: good enough where the columns of
 * J are scaled to each other (they are, to unit diagonal), as in peaks, patterns and geometries. Bounds are kept by
 * projection: a parameter at a bound whose gradient points outwards rests for that step, and every step is cut back
 * to the box. All memory is taken by createLeastSquares; solve allocates nothing but its summary.
 *
 * Sources: Marquardt, J. SIAM 11 (1963) 431; Madsen, Nielsen & Tingleff, Methods for Non-Linear Least Squares
 * Problems (2nd ed. 2004), section 3.2 for the update of lambda; the shape of the interface is ceres-solver's.
 */
import { invertNormalMatrix, solveDamped } from "./normal-matrix.ts";
import { type Loss, squaredLoss } from "./robust-loss.ts";

/**
 * Write the residuals at `parameters`, and their derivatives where a Jacobian is asked for.
 *
 * @param residuals [m] (observed - calculated) / sigma, or its negative
 * @param jacobian  [m, n] d residual / d parameter, row-major; null where only residuals are wanted
 * @returns false where the model cannot be evaluated here: the solver then takes a shorter step. A residual that is
 *          not finite counts as false.
 */
export type Evaluate = (parameters: Float64Array, residuals: Float64Array, jacobian: Float64Array | null) => boolean;

export interface SolveOptions {
  /** residuals in use, at most the size given to createLeastSquares */
  readonly residuals?: number;
  /** [n] NaN or -Infinity: none */
  readonly lower?: ArrayLike<number>;
  /** [n] NaN or Infinity: none */
  readonly upper?: ArrayLike<number>;
  /** [n] nonzero: the parameter keeps its value */
  readonly fixed?: ArrayLike<number | boolean>;
  readonly loss?: Loss;
  readonly maxIterations?: number;
  /** converged where (cost - newCost) < costTolerance * cost */
  readonly costTolerance?: number;
  /** converged where |dp_j| < parameterTolerance * (|p_j| + parameterTolerance) for every j */
  readonly parameterTolerance?: number;
  /** converged where the cosine between the residuals and every column of J is below this */
  readonly gradientTolerance?: number;
  /** first lambda; larger where the start is poor */
  readonly damping?: number;
}

/**
 * converged     a minimum to the tolerances asked for
 * undetermined  a minimum, but some parameters can change without changing the residuals (`undetermined` says which)
 * notConverged  the iterations ran out; the parameters are the best met
 * failed        nothing could be done: the model cannot be evaluated at the start
 */
export type SolveStatus = "converged" | "undetermined" | "notConverged" | "failed";

export interface SolveSummary {
  readonly status: SolveStatus;
  /** 1/2 sum rho(r^2) */
  readonly initialCost: number;
  readonly finalCost: number;
  readonly iterations: number;
  /** times that the model was evaluated, with or without Jacobian */
  readonly evaluations: number;
  /** parameters that lie on a bound */
  readonly atBound: readonly number[];
  /** parameters without effect, or that only a combination of is determined */
  readonly undetermined: readonly number[];
}

export interface Covariance {
  /** [n, n] inverse of J^T W J, in units of the residuals' variance; 0 for fixed and NaN for undetermined ones */
  readonly matrix: Float64Array;
  /** [n] standard uncertainties for residuals of unit variance: times sqrt(reduced chi^2) where sigma is not known */
  readonly esd: Float64Array;
  readonly undetermined: readonly number[];
}

export interface LeastSquares {
  /** Improve `parameters` in place. */
  solve(evaluate: Evaluate, parameters: Float64Array, options?: SolveOptions): SolveSummary;
  /** Uncertainties at the point where the last solve ended; parameters at a bound count as fixed. */
  covariance(): Covariance;
}

/** Below this share of its own information a parameter counts as undetermined: half the digits of a float64. */
const RANK_TOLERANCE = 1e-11;

/**
 * One long closure, because solve and covariance share all their memory.
 *
 * @param size number of parameters, and the most residuals that will be given
 */
export function createLeastSquares(size: { parameters: number; residuals: number }): LeastSquares {
  const n = size.parameters;
  const allResiduals = new Float64Array(size.residuals);
  const allTrial = new Float64Array(size.residuals);
  const allJacobian = new Float64Array(size.residuals * n);
  const normal = new Float64Array(n * n);
  const work = new Float64Array(n * n);
  const gradient = new Float64Array(n);
  const downhill = new Float64Array(n);
  const step = new Float64Array(n);
  const trial = new Float64Array(n);
  const free = new Uint8Array(n);
  const active = new Uint8Array(n);

  function costOf(residuals: Float64Array, loss: Loss): number {
    let cost = 0;
    for (let i = 0; i < residuals.length; i++) cost += loss.cost(residuals[i]! * residuals[i]!);
    return cost / 2;
  }

  function linearise(residuals: Float64Array, jacobian: Float64Array, loss: Loss): void {
    normal.fill(0);
    gradient.fill(0);
    for (let i = 0; i < residuals.length; i++) {
      const r = residuals[i]!;
      const w = loss.weight(r * r);
      const row = i * n;
      for (let j = 0; j < n; j++) {
        const wj = w * jacobian[row + j]!;
        if (wj === 0) continue;
        gradient[j]! += wj * r;
        for (let k = 0; k <= j; k++) normal[j * n + k]! += wj * jacobian[row + k]!;
      }
    }
    for (let j = 0; j < n; j++) for (let k = 0; k < j; k++) normal[k * n + j] = normal[j * n + k]!;
  }

  function solve(evaluate: Evaluate, parameters: Float64Array, options: SolveOptions = {}): SolveSummary {
    const count = options.residuals ?? size.residuals;
    let residuals = allResiduals.subarray(0, count);
    let trialResiduals = allTrial.subarray(0, count);
    const jacobian = allJacobian.subarray(0, count * n);
    const loss = options.loss ?? squaredLoss;
    const lower = (j: number): number => options.lower?.[j] || (options.lower?.[j] === 0 ? 0 : -Infinity);
    const upper = (j: number): number => options.upper?.[j] || (options.upper?.[j] === 0 ? 0 : Infinity);
    const {
      maxIterations = 50,
      costTolerance = 1e-12,
      parameterTolerance = 1e-10,
      gradientTolerance = 1e-12,
      damping = 1e-3,
    } = options;
    for (let j = 0; j < n; j++) {
      free[j] = options.fixed?.[j] ? 0 : 1;
      if (free[j]) parameters[j] = Math.min(Math.max(parameters[j]!, lower(j)), upper(j));
    }
    active.fill(0);
    normal.fill(0);

    let evaluations = 1;
    let cost = evaluate(parameters, residuals, jacobian) ? costOf(residuals, loss) : Number.NaN;
    const initialCost = cost;
    if (!Number.isFinite(cost)) return summary("failed", 0);
    linearise(residuals, jacobian, loss);

    let lambda = damping;
    let growth = 2;
    let iterations = 0;
    let converged = false;
    while (!converged && iterations < maxIterations) {
      iterations++;
      if (chooseActive() === 0 || steepestCosine() < gradientTolerance) {
        converged = true;
        break;
      }
      for (let j = 0; j < n; j++) downhill[j] = -gradient[j]!;
      if (!solveDamped(normal, downhill, active, lambda, work, step)) {
        if (!raiseDamping()) break;
        continue;
      }
      let isSmall = true;
      for (let j = 0; j < n; j++) {
        trial[j] = active[j] ? Math.min(Math.max(parameters[j]! + step[j]!, lower(j)), upper(j)) : parameters[j]!;
        step[j] = trial[j]! - parameters[j]!;
        const limit = parameterTolerance * (Math.abs(parameters[j]!) + parameterTolerance);
        if (!(Math.abs(step[j]!) <= limit)) isSmall = false;
      }
      if (isSmall) {
        converged = true;
        break;
      }
      evaluations++;
      const newCost = evaluate(trial, trialResiduals, null) ? costOf(trialResiduals, loss) : Number.NaN;
      const gain = (cost - newCost) / predictedDecrease();
      if (!(newCost < cost && gain > 0)) {
        // A flat valley: neither the model nor the data see a difference in the last digits.
        if (Math.abs(newCost - cost) <= costTolerance * cost) converged = true;
        else if (!raiseDamping()) break;
        continue;
      }
      parameters.set(trial);
      [residuals, trialResiduals] = [trialResiduals, residuals];
      converged = cost - newCost < costTolerance * cost;
      cost = newCost;
      lambda = Math.max(lambda * Math.max(1 / 3, 1 - (2 * gain - 1) ** 3), 1e-15);
      growth = 2;
      evaluations++;
      if (!evaluate(parameters, residuals, jacobian)) return summary("failed", iterations);
      linearise(residuals, jacobian, loss);
    }
    chooseActive();
    return summary(converged ? "converged" : "notConverged", iterations);

    function raiseDamping(): boolean {
      lambda *= growth;
      growth *= 2;
      return lambda < 1e16;
    }
    /** Parameters that may move: free, and not held at a bound by the gradient. */
    function chooseActive(): number {
      let moving = 0;
      for (let j = 0; j < n; j++) {
        const held =
          (parameters[j]! <= lower(j) && gradient[j]! >= 0) || (parameters[j]! >= upper(j) && gradient[j]! <= 0);
        active[j] = free[j] && !held ? 1 : 0;
        moving += active[j]!;
      }
      return moving;
    }
    /** Cosine between the residuals and the column of J most in line with them; 0 at a minimum. */
    function steepestCosine(): number {
      let largest = 0;
      for (let j = 0; j < n; j++) {
        const length = Math.sqrt(normal[j * n + j]! * 2 * cost);
        if (active[j] && length > 0) largest = Math.max(largest, Math.abs(gradient[j]!) / length);
      }
      return largest;
    }
    /** By the linear model, for the step as it was cut to the bounds. */
    function predictedDecrease(): number {
      let linear = 0;
      let quadratic = 0;
      for (let j = 0; j < n; j++) {
        linear -= gradient[j]! * step[j]!;
        for (let k = 0; k < n; k++) quadratic += step[j]! * normal[j * n + k]! * step[k]!;
      }
      return Math.max(linear - quadratic / 2, Number.MIN_VALUE);
    }
    function summary(status: SolveStatus, done: number): SolveSummary {
      const atBound: number[] = [];
      for (let j = 0; j < n; j++) {
        if (free[j] && (parameters[j]! <= lower(j) || parameters[j]! >= upper(j))) atBound.push(j);
      }
      const { undetermined } = invertNormalMatrix(normal, active, RANK_TOLERANCE);
      return {
        status: status === "converged" && undetermined.length > 0 ? "undetermined" : status,
        initialCost,
        finalCost: cost,
        iterations: done,
        evaluations,
        atBound,
        undetermined,
      };
    }
  }

  function covariance(): Covariance {
    const { matrix, undetermined } = invertNormalMatrix(normal, active, RANK_TOLERANCE);
    const esd = new Float64Array(n);
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) if (!active[j] || !active[k]) matrix[j * n + k] = 0;
    }
    for (let j = 0; j < n; j++) esd[j] = Math.sqrt(matrix[j * n + j]!);
    return { matrix, esd, undetermined };
  }

  return { solve, covariance };
}

/** [n, n] correlations of a covariance matrix; 1 on the diagonal, 0 where a variance is 0. */
export function correlations(covariance: Float64Array): Float64Array {
  const n = Math.round(Math.sqrt(covariance.length));
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const scale = Math.sqrt(covariance[i * n + i]! * covariance[j * n + j]!);
      out[i * n + j] = i === j ? 1 : scale === 0 ? 0 : covariance[i * n + j]! / scale;
    }
  }
  return out;
}
