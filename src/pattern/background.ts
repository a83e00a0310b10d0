/**
 * Chebyshev polynomials of the first kind on a range mapped to [-1, 1]; a background is sum c[k] T_k.
 *
 * @param x     [n]
 * @param range [low, high] that goes to -1 and 1
 * @returns [degree + 1, n] T_k(x)
 */
export function chebyshevBasis(x: ArrayLike<number>, range: readonly [number, number], degree: number): Float64Array {
  const n = x.length;
  const out = new Float64Array((degree + 1) * n);
  const centre = (range[0] + range[1]) / 2;
  const half = (range[1] - range[0]) / 2;
  for (let i = 0; i < n; i++) {
    const t = (x[i]! - centre) / half;
    let previous = t; // T_-1 = T_1
    let current = 1;
    for (let k = 0; k <= degree; k++) {
      out[k * n + i] = current;
      [previous, current] = [current, 2 * t * current - previous];
    }
  }
  return out;
}

/**
 * Powers of the range mapped to [-1, 1]: the same polynomials, with the background at the middle of the range as the
 * first coefficient, so that it can be mapped with its esd.
 *
 * @returns [degree + 1, n] t^k
 */
export function powerBasis(x: ArrayLike<number>, range: readonly [number, number], degree: number): Float64Array {
  const n = x.length;
  const out = new Float64Array((degree + 1) * n);
  const centre = (range[0] + range[1]) / 2;
  const half = (range[1] - range[0]) / 2;
  for (let i = 0; i < n; i++) {
    const t = (x[i]! - centre) / half;
    for (let k = 0, power = 1; k <= degree; k++, power *= t) out[k * n + i] = power;
  }
  return out;
}
