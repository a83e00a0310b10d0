/** What createNormalLeastSquares solves, how it is told to, and what it says of it. */
import type { LinearConstraints } from "./constraints.ts";
import type { Covariance } from "./covariance.ts";

/**
 * A problem that fills its own normal equations. f is the model, w = 1 / variance, r = observed - model.
 * n is the number given to createNormalLeastSquares.
 */
export interface NormalProblem {
  /** chi^2 = sum w r^2 at p [n]; NaN or Infinity where the model cannot be evaluated there */
  cost(p: Float64Array): number;
  /**
   * chi^2, with normal [n, n] = J^T W J (both triangles) and downhill [n] = J^T W r, J = df/dp. Both come zeroed;
   * only rows and columns of parameters with active[j] != 0 need be filled.
   */
  linearise(p: Float64Array, normal: Float64Array, downhill: Float64Array, active: Uint8Array): number;
}

export interface NormalOptions {
  /** [n] NaN or -Infinity: none */
  readonly lower?: ArrayLike<number> | undefined;
  /** [n] NaN or Infinity: none */
  readonly upper?: ArrayLike<number> | undefined;
  /** [n] nonzero: the parameter keeps its value, and so does what constraints tie to it alone */
  readonly fixed?: ArrayLike<number | boolean> | undefined;
  /**
   * [n] nonzero: the model is linear in this parameter (scales, background), whatever the others are. Where these
   * alone would lower chi^2 by more than half they are solved first, undamped, inside their bounds: a wild start of
   * them does no harm and costs one linearise() more.
   */
  readonly linear?: ArrayLike<number | boolean> | undefined;
  /** [n] largest change in one step, in the parameter's unit: cells by a peak width; NaN or Infinity: any */
  readonly maxStep?: ArrayLike<number> | undefined;
  readonly constraints?: LinearConstraints | undefined;
  /** default 50; steps tried, taken or not */
  readonly maxIterations?: number;
  /** default 1e-8: converged where the next undamped step would lower chi^2 by less than this share */
  readonly costTolerance?: number;
  /**
   * default 0.01: converged where the next undamped step would change no parameter, and no combination of them, by
   * more than this many esd (unscaled; that is, lower chi^2 by less than its square). 0 where w is not 1 / variance,
   * unless `points` is given. Either of the two tolerances is enough.
   */
  readonly esdTolerance?: number;
  /**
   * number of residuals: where chi^2 is less than that, sigma was smaller than said, and esdTolerance means esds as
   * small as the misfit makes them. Left out: w is trusted.
   */
  readonly points?: number;
  /**
   * What becomes of the step that is small enough. "none" (default): it is not taken. "evaluated": it is, for one more
   * linearise(). "predicted": it is, unseen, and finalCost is what it promises: for maps, with esdTolerance 0.05 or
   * so, it saves the last linearise() of every fit, since a step leaves about a tenth of an error over.
   */
  readonly lastStep?: "none" | "evaluated" | "predicted";
  /** default 1e-13: converged where |dp_j| < stepTolerance (|p_j| + stepTolerance) for every j: the last digits */
  readonly stepTolerance?: number;
  /** default 0: converged where the cosine between the residuals and every column of J is at most this */
  readonly gradientTolerance?: number;
  /** first lambda, default 1e-5: nearly Gauss-Newton; 1e-3 and more for poor starts */
  readonly damping?: number;
  /** asked before each step */
  readonly isCancelled?: (() => boolean) | undefined;
}

/**
 * converged     a minimum to the tolerances asked for
 * undetermined  a minimum, but some parameters can change without changing chi^2 (`undetermined` says which)
 * notConverged  no minimum yet; the parameters are the best met
 * cancelled     likewise, because isCancelled said so
 * failed        nothing could be done; the parameters are as they were given
 */
export type NormalStatus = "converged" | "undetermined" | "notConverged" | "cancelled" | "failed";

/** Why not converged, or failed; "" otherwise. */
export type NormalReason =
  | ""
  /** maxIterations */
  | "iterations"
  /** no step lowers chi^2, yet the derivatives promise that one does: they do not belong to the model */
  | "stalled"
  | "cancelled"
  /** a lower bound above its upper one */
  | "boundsCrossed"
  /** constraints and bounds leave no point */
  | "noFeasibleStart"
  /** chi^2 or a derivative is not finite where the fit starts */
  | "startNotFinite";

/** One object a solver, filled anew by each solve: copy what is to be kept. */
export interface NormalSummary {
  readonly status: NormalStatus;
  readonly reason: NormalReason;
  /** chi^2 at the start; NaN where failed */
  readonly initialCost: number;
  /** chi^2 at p; where lastStep is "predicted", as the last step promises it */
  readonly finalCost: number;
  readonly iterations: number;
  readonly linearisations: number;
  /** calls of cost() */
  readonly costEvaluations: number;
  /** [n] 1 on the upper bound, -1 on the lower, 0 neither; dependent parameters too */
  readonly atBound: Int8Array;
  /** [n] 1: without effect, or only a combination with others is determined */
  readonly undetermined: Uint8Array;
  /** independent parameters that neither are fixed nor are pressed against a bound: for degrees of freedom */
  readonly freeCount: number;
}

export interface NormalLeastSquares {
  /** Improve p [n] in place. Allocates nothing. */
  solve(problem: NormalProblem, p: Float64Array, options?: NormalOptions): NormalSummary;
  /** Uncertainties where the last solve ended, in new arrays; parameters pressed against a bound count as fixed. */
  covariance(): Covariance;
}
