/**
 * The symmetric matrices of least squares: Cholesky with a test of rank. Small, dense, row-major.
 *
 * Every matrix is scaled to unit diagonal first, so that angstroms and counts weigh alike. A row and column whose
 * `active` is 0 is left out: it is never read, so it may hold anything.
 */

/** Scratch for matrices of one size; nothing below allocates once it has been made. */
export interface NormalWorkspace {
  readonly n: number;
  /** [n, n] the factor last computed */
  readonly factor: Float64Array;
  /** [n] 1 / sqrt of the diagonal; 1 where a parameter has no effect */
  readonly scale: Float64Array;
  /** [n] indices of those active, the pivots taken first */
  readonly order: Int32Array;
  /** [n] information left to each parameter, as a share of its own */
  readonly pivot: Float64Array;
  /** [n] nonzero: takes part in a combination that the matrix says nothing about */
  readonly undetermined: Uint8Array;
  readonly vector: Float64Array;
}

export const createNormalWorkspace = (n: number): NormalWorkspace => ({
  n,
  factor: new Float64Array(n * n),
  scale: new Float64Array(n),
  order: new Int32Array(n),
  pivot: new Float64Array(n),
  undetermined: new Uint8Array(n),
  vector: new Float64Array(n),
});

function setScales(a: Float64Array, active: Uint8Array, { n, scale }: NormalWorkspace): void {
  for (let i = 0; i < n; i++) {
    const diagonal = active[i] ? a[i * n + i]! : 0;
    scale[i] = diagonal > 0 ? 1 / Math.sqrt(diagonal) : 1;
  }
}

/**
 * Factorise A + lambda diag A, the damping that knows no units (Marquardt's).
 *
 * @param a [n, n] symmetric, positive semi-definite; unchanged
 * @returns false where the damped matrix is not positive definite, or holds NaN
 */
export function factoriseDamped(a: Float64Array, active: Uint8Array, lambda: number, w: NormalWorkspace): boolean {
  const { n, factor, scale } = w;
  setScales(a, active, w);
  for (let i = 0; i < n; i++) {
    if (!active[i]) continue;
    for (let j = 0; j < i; j++) {
      if (!active[j]) continue;
      let sum = a[i * n + j]! * scale[i]! * scale[j]!;
      for (let k = 0; k < j; k++) if (active[k]) sum -= factor[i * n + k]! * factor[j * n + k]!;
      factor[i * n + j] = sum / factor[j * n + j]!;
    }
    let sum = 1 + lambda;
    for (let k = 0; k < i; k++) if (active[k]) sum -= factor[i * n + k]! ** 2;
    if (!(sum > 0)) return false; // NaN comes here too
    factor[i * n + i] = Math.sqrt(sum);
  }
  return true;
}

/** x [n] with (A + lambda diag A) x = b after factoriseDamped; 0 where not active. b and x may be the same array. */
export function solveFactorised(b: Float64Array, active: Uint8Array, w: NormalWorkspace, x: Float64Array): void {
  const { n, factor, scale } = w;
  for (let i = 0; i < n; i++) {
    let sum = active[i] ? b[i]! * scale[i]! : 0;
    if (active[i]) {
      for (let k = 0; k < i; k++) if (active[k]) sum -= factor[i * n + k]! * x[k]!;
      sum /= factor[i * n + i]!;
    }
    x[i] = sum;
  }
  for (let i = n - 1; i >= 0; i--) {
    if (!active[i]) continue;
    let sum = x[i]!;
    for (let k = i + 1; k < n; k++) if (active[k]) sum -= factor[k * n + i]! * x[k]!;
    x[i] = sum / factor[i * n + i]!;
  }
  for (let i = 0; i < n; i++) if (active[i]) x[i]! *= scale[i]!;
}

/**
 * Name the parameters that a normal matrix does not determine, in w.undetermined.
 *
 * Cholesky with diagonal pivoting stops where the largest pivot left is below `tolerance`; each parameter left over
 * then depends on those taken, and all that appear in that dependence with more than 1 % of the largest share are
 * named.
 *
 * @returns the rank
 */
export function findUndetermined(a: Float64Array, active: Uint8Array, tolerance: number, w: NormalWorkspace): number {
  const { n, factor, order, undetermined, vector: share } = w;
  undetermined.fill(0);
  const count = orderActive(active, w);
  const rank = factorisePivoted(a, active, count, tolerance, w);
  for (let left = rank; left < count; left++) {
    const row = order[left]! * n;
    undetermined[order[left]!] = 1;
    let largest = 1;
    for (let k = rank - 1; k >= 0; k--) {
      let sum = factor[row + k]!;
      for (let m = k + 1; m < rank; m++) sum -= factor[order[m]! * n + k]! * share[m]!;
      share[k] = sum / factor[order[k]! * n + k]!;
      largest = Math.max(largest, Math.abs(share[k]!));
    }
    for (let k = 0; k < rank; k++) if (Math.abs(share[k]!) > 0.01 * largest) undetermined[order[k]!] = 1;
  }
  return rank;
}

function orderActive(active: Uint8Array, { n, order }: NormalWorkspace): number {
  let count = 0;
  for (let i = 0; i < n; i++) if (active[i]) order[count++] = i;
  return count;
}

/** factor: row i, column k is the element of original row i for the k-th pivot. @returns the rank */
function factorisePivoted(
  a: Float64Array,
  active: Uint8Array,
  count: number,
  tolerance: number,
  w: NormalWorkspace,
): number {
  const { n, factor, order, pivot, scale } = w;
  setScales(a, active, w);
  for (let k = 0; k < count; k++) pivot[order[k]!] = a[order[k]! * n + order[k]!]! > 0 ? 1 : 0;
  for (let k = 0; k < count; k++) {
    let best = k;
    for (let i = k + 1; i < count; i++) if (pivot[order[i]!]! > pivot[order[best]!]!) best = i;
    const p = order[best]!;
    order[best] = order[k]!;
    order[k] = p;
    if (!(pivot[p]! > tolerance)) return k;
    const diagonal = Math.sqrt(pivot[p]!);
    factor[p * n + k] = diagonal;
    for (let next = k + 1; next < count; next++) {
      const i = order[next]!;
      let sum = a[i * n + p]! * scale[i]! * scale[p]!;
      for (let m = 0; m < k; m++) sum -= factor[i * n + m]! * factor[p * n + m]!;
      factor[i * n + k] = sum / diagonal;
      pivot[i]! -= (sum / diagonal) ** 2;
    }
  }
  return count;
}

export interface Inverse {
  /** [n, n]; rows and columns of what is not active or not determined are NaN */
  readonly matrix: Float64Array;
  /** indices that take part in a combination which A says nothing about, ascending */
  readonly undetermined: readonly number[];
}

/** Invert a normal matrix and name the parameters that it does not determine (see findUndetermined). */
export function invertNormalMatrix(
  a: Float64Array,
  active: Uint8Array,
  tolerance: number,
  w: NormalWorkspace = createNormalWorkspace(active.length),
): Inverse {
  const { n, factor, order, scale } = w;
  const rank = findUndetermined(a, active, tolerance, w);
  const taken = Array.from(order.subarray(0, rank));
  const root = invertLower(factor, taken, n);
  const matrix = new Float64Array(n * n).fill(Number.NaN);
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j <= i; j++) {
      const [row, column] = [taken[i]!, taken[j]!];
      if (w.undetermined[row] || w.undetermined[column]) continue;
      let sum = 0;
      for (let k = i; k < rank; k++) sum += root[k * n + i]! * root[k * n + j]!;
      matrix[row * n + column] = matrix[column * n + row] = sum * scale[row]! * scale[column]!;
    }
  }
  return { matrix, undetermined: flagged(w.undetermined) };
}

/** Indices whose flag is not 0, ascending. */
export function flagged(flags: Uint8Array): number[] {
  const indices: number[] = [];
  for (let j = 0; j < flags.length; j++) if (flags[j]) indices.push(j);
  return indices;
}

/** [n, n] inverse of the lower triangle whose rows are `taken`, in the order of `taken`. */
function invertLower(factor: Float64Array, taken: number[], n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < taken.length; column++) {
    for (let i = column; i < taken.length; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = column; k < i; k++) sum -= factor[taken[i]! * n + k]! * inverse[k * n + column]!;
      inverse[i * n + column] = sum / factor[taken[i]! * n + i]!;
    }
  }
  return inverse;
}
