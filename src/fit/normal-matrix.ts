/**
 * The symmetric matrices of least squares: Cholesky with a test of rank. Small, dense, row-major, no allocation.
 */

/**
 * Solve (A + lambda diag A) x = b by Cholesky on a matrix scaled to unit diagonal.
 *
 * @param a      [n, n] symmetric, positive semi-definite; unchanged
 * @param b      [n]
 * @param active [n] 0: the row and column are left out and x is 0 there
 * @param work   [n, n] scratch
 * @param x      [n] the solution
 * @returns false where the damped matrix is not positive definite
 */
export function solveDamped(
  a: Float64Array,
  b: Float64Array,
  active: Uint8Array,
  lambda: number,
  work: Float64Array,
  x: Float64Array,
): boolean {
  const n = b.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      if (active[i] && active[j]) {
        sum = i === j ? 1 + lambda : a[i * n + j]! * scale(a, n, i) * scale(a, n, j);
        for (let k = 0; k < j; k++) sum -= work[i * n + k]! * work[j * n + k]!;
      } else if (i === j) sum = 1;
      if (i !== j) work[i * n + j] = sum / work[j * n + j]!;
      else if (sum > 0) work[i * n + i] = Math.sqrt(sum);
      else return false; // NaN comes here too
    }
  }
  for (let i = 0; i < n; i++) {
    let sum = active[i] ? b[i]! * scale(a, n, i) : 0;
    for (let k = 0; k < i; k++) sum -= work[i * n + k]! * x[k]!;
    x[i] = sum / work[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < n; k++) sum -= work[k * n + i]! * x[k]!;
    x[i] = sum / work[i * n + i]!;
  }
  for (let i = 0; i < n; i++) x[i]! *= active[i] ? scale(a, n, i) : 0;
  return true;
}

/** 1 / sqrt of a diagonal element; a parameter without any effect keeps its scale. */
const scale = (a: Float64Array, n: number, i: number): number => {
  const diagonal = a[i * n + i]!;
  return diagonal > 0 ? 1 / Math.sqrt(diagonal) : 1;
};

export interface Inverse {
  /** [n, n]; rows and columns of what is not active or not determined are NaN */
  readonly matrix: Float64Array;
  /** indices that take part in a combination which A says nothing about, ascending */
  readonly undetermined: readonly number[];
}

/**
 * Invert a normal matrix and name the parameters that it does not determine.
 *
 * Cholesky with diagonal pivoting on the matrix scaled to unit diagonal stops where the largest pivot left is below
 * `tolerance`; each parameter left over then depends on those taken, and all that appear in that dependence with
 * more than 1 % of the largest share are named.
 */
export function invertNormalMatrix(a: Float64Array, active: Uint8Array, tolerance: number): Inverse {
  const n = active.length;
  const { order, rank, factor } = pivotedCholesky(a, active, tolerance);
  const undetermined = new Set<number>();
  for (const left of order.slice(rank)) {
    undetermined.add(left);
    const share = dependence(factor, order, rank, left, n);
    const largest = Math.max(1, ...share.map(Math.abs));
    for (let k = 0; k < rank; k++) if (Math.abs(share[k]!) > 0.01 * largest) undetermined.add(order[k]!);
  }
  const matrix = new Float64Array(n * n).fill(Number.NaN);
  const taken = order.slice(0, rank);
  const root = invertLower(factor, taken, n);
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j < rank; j++) {
      if (undetermined.has(taken[i]!) || undetermined.has(taken[j]!)) continue;
      let sum = 0;
      for (let k = Math.max(i, j); k < rank; k++) sum += root[k * n + i]! * root[k * n + j]!;
      matrix[taken[i]! * n + taken[j]!] = sum * scale(a, n, taken[i]!) * scale(a, n, taken[j]!);
    }
  }
  return { matrix, undetermined: [...undetermined].sort((i, j) => i - j) };
}

interface PivotedCholesky {
  /** active indices, those taken first */
  readonly order: number[];
  readonly rank: number;
  /** [n, n] row i, column k: element of original row i for the k-th pivot */
  readonly factor: Float64Array;
}

function pivotedCholesky(a: Float64Array, active: Uint8Array, tolerance: number): PivotedCholesky {
  const n = active.length;
  const order = [...active.keys()].filter((i) => active[i]);
  const factor = new Float64Array(n * n);
  const pivot = new Float64Array(n);
  for (const i of order) pivot[i] = a[i * n + i]! > 0 ? 1 : 0;
  for (let k = 0; k < order.length; k++) {
    let best = k;
    for (let i = k + 1; i < order.length; i++) if (pivot[order[i]!]! > pivot[order[best]!]!) best = i;
    [order[k], order[best]] = [order[best]!, order[k]!];
    const p = order[k]!;
    if (!(pivot[p]! > tolerance)) return { order, rank: k, factor };
    const diagonal = Math.sqrt(pivot[p]!);
    factor[p * n + k] = diagonal;
    for (const i of order.slice(k + 1)) {
      let sum = a[i * n + p]! * scale(a, n, i) * scale(a, n, p);
      for (let m = 0; m < k; m++) sum -= factor[i * n + m]! * factor[p * n + m]!;
      factor[i * n + k] = sum / diagonal;
      pivot[i]! -= (sum / diagonal) ** 2;
    }
  }
  return { order, rank: order.length, factor };
}

/** How the left-over parameter is made of those taken: the solution of L^T x = its row of the factor. */
function dependence(factor: Float64Array, order: number[], rank: number, left: number, n: number): number[] {
  const x = new Array<number>(rank).fill(0);
  for (let k = rank - 1; k >= 0; k--) {
    let sum = factor[left * n + k]!;
    for (let m = k + 1; m < rank; m++) sum -= factor[order[m]! * n + k]! * x[m]!;
    x[k] = sum / factor[order[k]! * n + k]!;
  }
  return x;
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
