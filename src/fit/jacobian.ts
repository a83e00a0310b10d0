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
