/**
 * Chi-squared and the normal equations of a weighted linear least-squares step:
 *
 *   r = observed - calculated,   chi^2 = sum w r^2,   matrix[j, k] = sum w c_j c_k,   downhill[j] = sum w c_j r
 *
 * Sums are taken in blocks of 128 points, even and odd points apart, so they are the same on every build without fused
 * multiply-add. A column takes part only in the blocks that its support touches; outside its support it must be 0.
 *
 * @param matrix     [m, m] f64, written, both triangles
 * @param downhill   [m] f64, written: minus half the gradient of chi^2
 * @param columns    [m, stride] f64: derivatives of calculated
 * @param supports   [m, 2] i32: first and end point where a column is not zero
 * @param observed   [n] f64; likewise calculated, weight (0 where a point does not count)
 * @param scratch    [patternNormalScratch(n)] f64
 * @returns chi^2, the same bits as chiSquared's
 */
export function normalEquations(
  matrix: Float64Array,
  downhill: Float64Array,
  columns: Float64Array,
  stride: number,
  supports: Int32Array,
  observed: Float64Array,
  calculated: Float64Array,
  weight: Float64Array,
  n: number,
  m: number,
  scratch: Float64Array,
): number {
  const residual = scratch.subarray(0, n);
  for (let i = 0; i < n; i++) residual[i] = observed[i]! - calculated[i]!;
  matrix.fill(0, 0, m * m);
  downhill.fill(0, 0, m);
  const column = (j: number): Float64Array => columns.subarray(j * stride, j * stride + n);
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(from + BLOCK, n);
    const isIn = (j: number): boolean => supports[2 * j]! < to && supports[2 * j + 1]! > from;
    for (let j = 0; j < m; j++) {
      if (!isIn(j)) continue;
      for (let k = j; k < m; k++) {
        if (!isIn(k)) continue;
        matrix[j * m + k] = matrix[j * m + k]! + blockSum(weight, column(j), column(k), from, to);
      }
      downhill[j] = downhill[j]! + blockSum(weight, column(j), residual, from, to);
    }
  }
  for (let j = 0; j < m; j++) for (let k = 0; k < j; k++) matrix[j * m + k] = matrix[k * m + j]!;
  return chiSquared(observed, calculated, weight, n);
}

/**
 * sum weight (observed - calculated)^2.
 *
 * @param observed [n] f64; likewise calculated, weight
 */
export function chiSquared(observed: Float64Array, calculated: Float64Array, weight: Float64Array, n: number): number {
  let total = 0;
  for (let from = 0; from < n; from += BLOCK) {
    const sums = [0, 0];
    for (let i = from; i < Math.min(from + BLOCK, n); i++) {
      const r = observed[i]! - calculated[i]!;
      sums[i & 1] = sums[i & 1]! + weight[i]! * r * r;
    }
    total += sums[0]! + sums[1]!;
  }
  return total;
}

/** Float64 elements of scratch that normalEquations needs for n points. */
export const patternNormalScratch = (n: number): number => n + 1 + 3 * BLOCK + 18;

const BLOCK = 128;

/** sum w a b over a block, even and odd points apart. */
function blockSum(w: Float64Array, a: Float64Array, b: Float64Array, from: number, to: number): number {
  let [even, odd] = [0, 0];
  for (let i = from; i < to; i += 2) even += w[i]! * a[i]! * b[i]!;
  for (let i = from + 1; i < to; i += 2) odd += w[i]! * a[i]! * b[i]!;
  return even + odd;
}
