import { type Evaluate, withNumericJacobian } from "../src/fit/index.ts";

/**
 * The worst disagreement of an analytic Jacobian with central differences.
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
