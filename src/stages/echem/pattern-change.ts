/**
 * What changes most over a series: the score of each pattern on their first principal component, each pattern divided
 * by its mean, so that a beam that loses intensity is no change. Found by power iteration.
 *
 * @param patterns [pattern][bin]; bins that are NaN in any pattern that holds something are left out
 * @returns [pattern] with a standard deviation of 1, its sign free; NaN for a pattern without any value
 */
export function patternChange(patterns: readonly Float64Array[]): Float64Array {
  const held = patterns.filter((pattern) => pattern.some(Number.isFinite));
  const bins = Array.from({ length: held[0]?.length ?? 0 }, (_, i) => i).filter((i) =>
    held.every((pattern) => Number.isFinite(pattern[i]!)),
  );
  const scaled = held.map((pattern) => {
    const mean = bins.reduce((sum, i) => sum + pattern[i]!, 0) / bins.length;
    return bins.map((i) => pattern[i]! / mean);
  });
  const middle = bins.map((_, i) => scaled.reduce((sum, row) => sum + row[i]!, 0) / scaled.length);
  const rows = scaled.map((row) => row.map((value, i) => value - middle[i]!));
  const gram = rows.map((a) => rows.map((b) => a.reduce((sum, value, i) => sum + value * b[i]!, 0)));
  const scores = firstVector(gram);
  let k = 0;
  return Float64Array.from(patterns, (pattern) => (pattern.some(Number.isFinite) ? scores[k++]! : Number.NaN));
}

const MOST_STEPS = 500;

/** Eigenvector of the largest eigenvalue of a symmetric matrix without negative ones, of length sqrt(n). */
function firstVector(matrix: readonly number[][]): number[] {
  const n = matrix.length;
  // a straight line is no eigenvector of what changes evenly around the middle, and orthogonal to none that drifts
  let vector = Array.from({ length: n }, (_, i) => i - (n - 1) / 2 + 0.1);
  for (let step = 0; step < MOST_STEPS; step++) {
    const next = matrix.map((row) => row.reduce((sum, value, i) => sum + value * vector[i]!, 0));
    const length = Math.sqrt(next.reduce((sum, value) => sum + value * value, 0) / n);
    if (!(length > 0)) return new Array<number>(n).fill(0);
    const scaled = next.map((value) => value / length);
    const moved = scaled.reduce((most, value, i) => Math.max(most, Math.abs(value - vector[i]!)), 0);
    vector = scaled;
    if (moved < 1e-9) break;
  }
  return vector;
}
