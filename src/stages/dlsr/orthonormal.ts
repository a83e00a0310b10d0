/** Orthonormal sets of patterns, in channels that are divided by their sigma. */

/**
 * Takes out of a row what a set of orthonormal rows holds.
 *
 * @param row     [n] changed in place
 * @param columns [count, n] orthonormal
 */
export function projectOff(row: Float64Array, columns: Float64Array, count: number): void {
  const n = row.length;
  for (let c = 0; c < count; c++) {
    const at = c * n;
    let dot = 0;
    for (let j = 0; j < n; j++) dot += row[j]! * columns[at + j]!;
    for (let j = 0; j < n; j++) row[j]! -= dot * columns[at + j]!;
  }
}

/** A row that keeps less than this of its length is made of the rows before it. */
const DEPENDENT = 1e-7;

/**
 * An orthonormal set that spans the given rows, by Gram and Schmidt's method done twice; rows that depend on those
 * before them are left out.
 *
 * @param rows  [count][n]
 * @param given [givenCount, n] orthonormal already, first in the result
 * @returns [columns, n]
 */
export function orthonormalise(
  rows: readonly Float64Array[],
  n: number,
  given: Float64Array = new Float64Array(0),
): Float64Array {
  const out = new Float64Array(given.length + rows.length * n);
  out.set(given);
  let count = given.length / n;
  for (const row of rows) {
    const left = row.slice();
    const before = norm(left);
    projectOff(left, out, count);
    projectOff(left, out, count);
    const after = norm(left);
    if (!(after > DEPENDENT * before)) continue;
    for (let j = 0; j < n; j++) out[count * n + j] = left[j]! / after;
    count++;
  }
  return out.slice(0, count * n);
}

/** Euclidean length. */
export function norm(row: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < row.length; j++) sum += row[j]! * row[j]!;
  return Math.sqrt(sum);
}
