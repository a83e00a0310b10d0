/** Symmetric matrices of a few rows, row by row in one array. */

/** The inverse by Gauss-Jordan with pivots; undefined where it has none. */
export function invertSmall(matrix: ArrayLike<number>, n: number): Float64Array | undefined {
  const a = Float64Array.from(matrix);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) out[i * n + i] = 1;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(a[i * n + i]!));
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++)
      if (Math.abs(a[row * n + column]!) > Math.abs(a[pivot * n + column]!)) pivot = row;
    const value = a[pivot * n + column]!;
    if (!(Math.abs(value) > SINGULAR * largest)) return undefined;
    for (let j = 0; j < n; j++) {
      for (const m of [a, out]) {
        const kept = m[column * n + j]!;
        m[column * n + j] = m[pivot * n + j]! / value;
        if (pivot !== column) m[pivot * n + j] = kept;
      }
    }
    for (let row = 0; row < n; row++) {
      const factor = a[row * n + column]!;
      if (row === column || factor === 0) continue;
      for (const m of [a, out]) for (let j = 0; j < n; j++) m[row * n + j]! -= factor * m[column * n + j]!;
    }
  }
  return out;
}
const SINGULAR = 1e-13;

/** x of matrix x = right; undefined where there is no single one. */
export function solveSmall(matrix: ArrayLike<number>, right: ArrayLike<number>): Float64Array | undefined {
  const n = right.length;
  const inverse = invertSmall(matrix, n);
  return inverse && timesVector(inverse, right);
}

export function timesVector(matrix: ArrayLike<number>, vector: ArrayLike<number>): Float64Array {
  const n = vector.length;
  return Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += matrix[i * n + j]! * vector[j]!;
    return sum;
  });
}
