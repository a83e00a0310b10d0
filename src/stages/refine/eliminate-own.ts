/**
 * The step of a surface refinement for one pattern: its own parameters are eliminated from its normal equations, and what
 * is left is added to those of the polynomials' coefficients.
 */
import { createNormalWorkspace, invertNormalMatrix } from "../../fit/normal-matrix.ts";
import type { PatternEquations } from "./pattern-equations.ts";

/** Below this share of its own information a parameter counts as undetermined. */
export const RANK_TOLERANCE = 1e-11;

/** Polynomials in u, within [-1, 1], and where their coefficients lie. */
export interface SurfaceBasis {
  readonly wanted: readonly { readonly name: string; readonly degree: number }[];
  /** first coefficient of each polynomial */
  readonly offset: readonly number[];
  /** of all coefficients */
  readonly count: number;
}

export interface Eliminated {
  /** A_LL^-1 g_L and A_LL^-1 A_LP Phi [own, global] */
  readonly shift: Float64Array;
  readonly coupling: Float64Array;
  /** bounds of the pattern's own parameters */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/**
 * @param equations over the pattern's own parameters first, then those of the polynomials
 * @param normal    [count, count] and downhill [count] of the coefficients: added to
 * @returns how the own parameters follow, and by how much chi^2 would fall with the polynomials held
 */
export function eliminateOwn(
  { matrix, vector, lower, upper }: PatternEquations,
  { own, u }: { readonly own: readonly string[]; readonly u: number },
  { wanted, offset, count }: SurfaceBasis,
  normal: Float64Array,
  downhill: Float64Array,
): { eliminated: Eliminated; promise: number } {
  const l = own.length;
  const m = l + wanted.length;
  const block = new Float64Array(l * l);
  for (let i = 0; i < l; i++) for (let j = 0; j < l; j++) block[i * l + j] = matrix[i * m + j]!;
  const inverse = invertNormalMatrix(block, new Uint8Array(l).fill(1), RANK_TOLERANCE, createNormalWorkspace(l));
  // what a pattern alone does not determine stays where it is
  const a = inverse.matrix.map((value) => (Number.isFinite(value) ? value : 0));
  // [m, count] A Phi of the polynomials' columns
  const columns = new Float64Array(m * count);
  for (let i = 0; i < m; i++) {
    wanted.forEach(({ degree }, q) => {
      for (let j = 0; j <= degree; j++) columns[i * count + offset[q]! + j] = matrix[i * m + l + q]! * u ** j;
    });
  }
  const shift = new Float64Array(l);
  const coupling = new Float64Array(l * count);
  let promise = 0;
  for (let i = 0; i < l; i++) {
    for (let j = 0; j < l; j++) {
      shift[i]! += a[i * l + j]! * vector[j]!;
      for (let g = 0; g < count; g++) coupling[i * count + g]! += a[i * l + j]! * columns[j * count + g]!;
    }
  }
  for (let i = 0; i < l; i++) promise += shift[i]! * vector[i]!;
  wanted.forEach(({ degree }, q) => {
    for (let j = 0; j <= degree; j++) {
      const row = offset[q]! + j;
      const factor = u ** j;
      let right = vector[l + q]!;
      for (let i = 0; i < l; i++) right -= matrix[(l + q) * m + i]! * shift[i]!;
      downhill[row]! += factor * right;
      for (let g = 0; g < count; g++) {
        let sum = columns[(l + q) * count + g]!;
        for (let i = 0; i < l; i++) sum -= matrix[(l + q) * m + i]! * coupling[i * count + g]!;
        normal[row * count + g]! += factor * sum;
      }
    }
  });
  return { eliminated: { shift, coupling, lower, upper }, promise };
}
