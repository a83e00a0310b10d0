/**
 * Small dense systems of the peak fit, always scaled to a unit diagonal first (areas, degrees and shape shares differ
 * by many powers of ten). `active` lists the parameters that take part.
 */

/** Pivot of the scaled matrix (1 - R^2 of a parameter against the ones before it) under which it counts as singular. */
export const SINGULAR_PIVOT = 1e-11;

/**
 * Cholesky factor of the scaled, damped system: S_ij = A_ij / (s_i s_j) + damping on the diagonal, s_i = sqrt(A_ii).
 *
 * @returns false where a pivot vanishes
 */
export function factorise(
  L: Float64Array,
  s: Float64Array,
  A: Float64Array,
  active: Int32Array,
  count: number,
  parameters: number,
  damping: number,
): boolean {
  for (let i = 0; i < count; i++) {
    const diagonal = A[active[i]! * (parameters + 1)]!;
    if (!(diagonal > 0)) return false;
    s[i] = Math.sqrt(diagonal);
  }
  for (let i = 0; i < count; i++) {
    for (let j = 0; j <= i; j++) {
      const p = active[i]!;
      const q = active[j]!;
      let sum = i === j ? 1 + damping : A[Math.max(p, q) * parameters + Math.min(p, q)]! / (s[i]! * s[j]!);
      for (let k = 0; k < j; k++) sum = sum - L[i * parameters + k]! * L[j * parameters + k]!;
      if (i === j) {
        if (!(sum > SINGULAR_PIVOT)) return false;
        L[i * parameters + i] = Math.sqrt(sum);
      } else L[i * parameters + j] = sum / L[j * parameters + j]!;
    }
  }
  return true;
}

/** z := (L L^T)^-1 z */
export function substitute(z: Float64Array, L: Float64Array, count: number, parameters: number): void {
  for (let i = 0; i < count; i++) {
    let sum = z[i]!;
    for (let k = 0; k < i; k++) sum = sum - L[i * parameters + k]! * z[k]!;
    z[i] = sum / L[i * parameters + i]!;
  }
  for (let i = count - 1; i >= 0; i--) {
    let sum = z[i]!;
    for (let k = i + 1; k < count; k++) sum = sum - L[k * parameters + i]! * z[k]!;
    z[i] = sum / L[i * parameters + i]!;
  }
}

/** (A^-1)_kk, the variance of the k-th active parameter, from the factor of the undamped system. */
export function inverseDiagonal(
  z: Float64Array,
  L: Float64Array,
  s: Float64Array,
  k: number,
  count: number,
  parameters: number,
): number {
  let total = 0;
  for (let i = k; i < count; i++) {
    let sum = i === k ? 1 : 0;
    for (let j = k; j < i; j++) sum = sum - L[i * parameters + j]! * z[j]!;
    const value = sum / L[i * parameters + i]!;
    z[i] = value;
    total = total + value * value;
  }
  return total / (s[k]! * s[k]!);
}
