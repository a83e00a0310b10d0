/** Cholesky's factor of a full symmetric matrix, its solutions and the diagonal of the inverse; double precision. */

/** @param matrix [n, n] lower triangle in, L out */
export function choleskyInPlace(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const sum = matrix[i * n + j]! - rowDot(matrix, i * n, j * n, j);
      if (i !== j) matrix[i * n + j] = sum / matrix[j * n + j]!;
      else if (sum > 0) matrix[i * n + i] = Math.sqrt(sum);
      else throw new Error(`the normal matrix is singular at unknown ${i}`);
    }
  }
}

function rowDot(m: Float64Array, p: number, q: number, length: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  const end = length & ~3;
  for (let k = 0; k < end; k += 4) {
    s0 += m[p + k]! * m[q + k]!;
    s1 += m[p + k + 1]! * m[q + k + 1]!;
    s2 += m[p + k + 2]! * m[q + k + 2]!;
    s3 += m[p + k + 3]! * m[q + k + 3]!;
  }
  for (let k = end; k < length; k++) s0 += m[p + k]! * m[q + k]!;
  return s0 + s1 + (s2 + s3);
}

export function solveCholesky(factor: Float64Array, n: number, right: Float64Array): Float64Array {
  const x = right.slice();
  for (let i = 0; i < n; i++) {
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * x[k]!;
    x[i] = sum / factor[i * (n + 1)]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    x[i]! /= factor[i * (n + 1)]!;
    for (let k = 0; k < i; k++) x[k]! -= factor[i * n + k]! * x[i]!;
  }
  return x;
}

/** [n] diagonal of (L L^T)^-1: column lengths of L^-1, made row by row of its transpose. */
export function inverseDiagonal(factor: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n);
  const row = new Float64Array(n);
  for (let column = 0; column < n; column++) {
    row.fill(0);
    row[column] = 1 / factor[column * (n + 1)]!;
    out[column] = row[column]! ** 2;
    for (let i = column + 1; i < n; i++) {
      let sum = 0;
      for (let k = column; k < i; k++) sum -= factor[i * n + k]! * row[k]!;
      row[i] = sum / factor[i * (n + 1)]!;
      out[column]! += row[i]! ** 2;
    }
  }
  return out;
}
