import { invertNormalMatrix } from "./normal-matrix.ts";

export interface LinearFit {
  /** [unknown] */
  readonly values: number[];
  /** [unknown] for observations whose variance is 1 / weight */
  readonly variances: number[];
}

/** Below this share of its own information an unknown counts as undetermined. */
const RANK_TOLERANCE = 1e-10;

/**
 * Weighted linear least squares with a few unknowns: minimise sum w_i (observed_i - sum_k rows_ik x_k)^2.
 *
 * @param rows     [observation][unknown]
 * @param observed [observation]
 * @param weight   [observation] 0: left out
 * @returns undefined where the observations do not determine every unknown
 */
export function linearFit(
  rows: readonly ArrayLike<number>[],
  observed: ArrayLike<number>,
  weight: ArrayLike<number>,
): LinearFit | undefined {
  const n = rows[0]?.length ?? 0;
  if (n === 0 || rows.length < n) return undefined;
  const normal = new Float64Array(n * n);
  const right = new Float64Array(n);
  rows.forEach((row, i) => {
    const w = weight[i]!;
    if (w === 0) return;
    for (let a = 0; a < n; a++) {
      right[a]! += w * row[a]! * observed[i]!;
      for (let b = 0; b < n; b++) normal[a * n + b]! += w * row[a]! * row[b]!;
    }
  });
  const { matrix, undetermined } = invertNormalMatrix(normal, new Uint8Array(n).fill(1), RANK_TOLERANCE);
  if (undetermined.length > 0) return undefined;
  const values = Array.from({ length: n }, (_, a) => right.reduce((sum, b, k) => sum + matrix[a * n + k]! * b, 0));
  return { values, variances: Array.from({ length: n }, (_, a) => matrix[a * n + a]!) };
}
