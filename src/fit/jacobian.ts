import type { Evaluate } from "./least-squares.ts";

/**
 * An `Evaluate` with a Jacobian by central differences, for models without analytic derivatives.
 *
 * @param residuals writes the residuals; false where it cannot
 * @param step      [n] half-widths, in each parameter's unit; else cube root of epsilon times max(|p|, 1e-4)
 */
export function withNumericJacobian(
  residuals: (parameters: Float64Array, out: Float64Array) => boolean,
  size: { parameters: number; residuals: number },
  step?: ArrayLike<number>,
): Evaluate {
  const above = new Float64Array(size.residuals);
  const below = new Float64Array(size.residuals);
  const shifted = new Float64Array(size.parameters);
  return (parameters, out, jacobian) => {
    if (!residuals(parameters, out)) return false;
    if (!jacobian) return true;
    for (let j = 0; j < parameters.length; j++) {
      const h = step?.[j] ?? Math.cbrt(Number.EPSILON) * Math.max(Math.abs(parameters[j]!), 1e-4);
      shifted.set(parameters);
      shifted[j] = parameters[j]! + h;
      if (!residuals(shifted, above)) return false;
      shifted[j] = parameters[j]! - h;
      if (!residuals(shifted, below)) return false;
      for (let i = 0; i < out.length; i++) jacobian[i * parameters.length + j] = (above[i]! - below[i]!) / (2 * h);
    }
    return true;
  };
}

/**
 * The worst disagreement of an analytic Jacobian with central differences, for tests.
 *
 * @param step [n] half-widths as in withNumericJacobian
 * @returns max over elements of |analytic - numeric| / max |numeric| of the same column
 */
export function jacobianError(
  evaluate: Evaluate,
  parameters: Float64Array,
  residualCount: number,
  step?: ArrayLike<number>,
): { error: number; residual: number; parameter: number } {
  const n = parameters.length;
  const scratch = new Float64Array(residualCount);
  const analytic = new Float64Array(residualCount * n);
  const numeric = new Float64Array(residualCount * n);
  const byDifference = withNumericJacobian(
    (p, out) => evaluate(p, out, null),
    { parameters: n, residuals: residualCount },
    step,
  );
  if (!evaluate(parameters, scratch, analytic) || !byDifference(parameters, scratch, numeric))
    throw new Error("the Jacobian check needs a point where the residuals can be evaluated");
  let worst = { error: 0, residual: -1, parameter: -1 };
  for (let j = 0; j < n; j++) {
    let largest = 0;
    for (let i = 0; i < residualCount; i++) largest = Math.max(largest, Math.abs(numeric[i * n + j]!));
    for (let i = 0; i < residualCount; i++) {
      const difference = Math.abs(analytic[i * n + j]! - numeric[i * n + j]!);
      const error = largest > 0 ? difference / largest : difference;
      if (!(error <= worst.error)) worst = { error, residual: i, parameter: j };
    }
  }
  return worst;
}
