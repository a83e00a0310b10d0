/**
 * Nonlinear least squares over residuals and their Jacobian: minimise 1/2 sum rho(r_i(p)^2) inside bounds.
 *
 * The residuals are summed to normal equations, J^T W J with W = rho'(r^2), for the solver of
 * normal-least-squares.ts. All memory is taken by createLeastSquares; solve allocates little but its summary.
 *
 * Source: the shape of the interface is ceres-solver's.
 */
import type { Covariance } from "./covariance.ts";
import { createNormalLeastSquares } from "./normal-least-squares.ts";
import { flagged } from "./normal-matrix.ts";
import type { NormalProblem } from "./normal-problem.ts";
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
  /** converged where the next step would lower the cost by less than this share */
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

export interface LeastSquares {
  /** Improve `parameters` in place. */
  solve(evaluate: Evaluate, parameters: Float64Array, options?: SolveOptions): SolveSummary;
  /** Uncertainties at the point where the last solve ended; parameters at a bound count as fixed. */
  covariance(): Covariance;
}

/**
 * A Levenberg-Marquardt solver with bounds that allocates nothing while it solves.
 *
 * @param size number of parameters, and the most residuals that will be given
 */
export function createLeastSquares(size: { parameters: number; residuals: number }): LeastSquares {
  const n = size.parameters;
  const core = createNormalLeastSquares(n);
  const allResiduals = new Float64Array(size.residuals);
  const allJacobian = new Float64Array(size.residuals * n);
  let residuals = allResiduals;
  let jacobian = allJacobian;
  let loss = squaredLoss;
  let evaluate: Evaluate = () => false;

  function lossOfAll(): number {
    let sum = 0;
    for (let i = 0; i < residuals.length; i++) sum += loss.cost(residuals[i]! * residuals[i]!);
    return sum;
  }

  const problem: NormalProblem = {
    cost: (p) => (evaluate(p, residuals, null) ? lossOfAll() : Number.NaN),
    linearise(p, normal, downhill) {
      if (!evaluate(p, residuals, jacobian)) return Number.NaN;
      for (let i = 0; i < residuals.length; i++) {
        const r = residuals[i]!;
        const w = loss.weight(r * r);
        const row = i * n;
        for (let j = 0; j < n; j++) {
          const wj = w * jacobian[row + j]!;
          if (wj === 0) continue;
          downhill[j]! -= wj * r;
          for (let k = 0; k <= j; k++) normal[j * n + k]! += wj * jacobian[row + k]!;
        }
      }
      for (let j = 0; j < n; j++) for (let k = 0; k < j; k++) normal[k * n + j] = normal[j * n + k]!;
      return lossOfAll();
    },
  };

  function solve(of: Evaluate, parameters: Float64Array, options: SolveOptions = {}): SolveSummary {
    const count = options.residuals ?? size.residuals;
    evaluate = of;
    residuals = allResiduals.subarray(0, count);
    jacobian = allJacobian.subarray(0, count * n);
    loss = options.loss ?? squaredLoss;
    const { status, initialCost, finalCost, iterations, linearisations, costEvaluations, atBound, undetermined } =
      core.solve(problem, parameters, {
        lower: options.lower,
        upper: options.upper,
        fixed: options.fixed,
        maxIterations: options.maxIterations ?? 50,
        costTolerance: options.costTolerance ?? 1e-12,
        esdTolerance: 0,
        lastStep: "evaluated",
        stepTolerance: options.parameterTolerance ?? 1e-10,
        gradientTolerance: options.gradientTolerance ?? 1e-12,
        damping: options.damping ?? 1e-3,
      });
    return {
      status: status === "cancelled" ? "notConverged" : status,
      initialCost: initialCost / 2,
      finalCost: finalCost / 2,
      iterations,
      evaluations: linearisations + costEvaluations,
      atBound: [...atBound.keys()].filter((j) => atBound[j] !== 0),
      undetermined: flagged(undetermined),
    };
  }

  return { solve, covariance: core.covariance };
}
