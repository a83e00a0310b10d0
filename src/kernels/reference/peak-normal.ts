/**
 * Normal equations of a weighted least-squares step: A = J^T W J (lower triangle) and g = J^T W r.
 *
 * Sums run in two lanes, even and odd points, so that the SIMD build adds in the same order.
 *
 * @param A         [parameters, parameters] f64, the lower triangle written
 * @param g         [parameters] f64, written
 * @param J         [parameters, n] f64, one row of derivatives after the other
 * @param residual  [n] f64, observed - model
 * @param weight    [n] f64, 1 / variance; 0 where a point does not count
 * @param weighted  [2, n] f64, scratch: the SIMD build takes two rows at a time
 * @param n         even
 */
export function peakNormal(
  A: Float64Array,
  g: Float64Array,
  J: Float64Array,
  residual: Float64Array,
  weight: Float64Array,
  weighted: Float64Array,
  parameters: number,
  n: number,
): void {
  for (let a = 0; a < parameters; a++) {
    for (let i = 0; i < n; i++) weighted[i] = weight[i]! * J[a * n + i]!;
    for (let b = 0; b <= a; b++) A[a * parameters + b] = twoLaneDot(weighted, J, b * n, n);
    g[a] = twoLaneDot(weighted, residual, 0, n);
  }
}

function twoLaneDot(left: Float64Array, right: Float64Array, from: number, n: number): number {
  let even = 0;
  let odd = 0;
  for (let i = 0; i < n; i += 2) {
    even = even + left[i]! * right[from + i]!;
    odd = odd + left[i + 1]! * right[from + i + 1]!;
  }
  return even + odd;
}
