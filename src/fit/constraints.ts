/**
 * Linear constraints between parameters: p = T q + t, where q are the independent ones among p.
 *
 * Gauss-Jordan elimination makes the first refined parameter of each equation dependent on the others (a later one
 * where its factor is more than ten times as large). The normal equations of q follow from those of p:
 * A_q = T^T A T and g_q = T^T g, the covariance of p from that of q: T C T^T. All are done in place, over the few
 * factors that are not zero: an independent parameter keeps its place in the arrays, the place of a dependent one
 * falls idle. Fixed parameters stay symbols in the rows, so that their values may change from fit to fit.
 * Source: Golub & Van Loan, Matrix Computations (4th ed. 2013), section 3.4 for the choice of pivots.
 */
import { InputError } from "../data/index.ts";
import type { LinearEquation } from "./linear-equation.ts";

/** Dependent parameters by row: p[dependent[r]] = constant[r] + sum of factor[k] p[column[k]], k = start[r] .. start[r + 1] */
export interface ConstraintRows {
  readonly dependent: Int32Array;
  readonly start: Int32Array;
  readonly column: Int32Array;
  readonly factor: Float64Array;
  readonly constant: Float64Array;
}

export type ParameterRole = "independent" | "dependent" | "fixed";

export interface LinearConstraints {
  readonly n: number;
  /** [n] */
  readonly roles: readonly ParameterRole[];
  /** dependent parameters that the equations leave no freedom: their esd is 0 */
  readonly pinned: readonly number[];
  /** texts of the equations that follow from the others */
  readonly redundant: readonly string[];
  readonly rows: ConstraintRows;
  /** Write the dependent parameters of p [n] from the independent and fixed ones. */
  expand(p: Float64Array): void;
  /** In place, T^T A T and T^T g of normal [n, n] and downhill [n]; rows and columns of dependent ones become 0. */
  reduce(normal: Float64Array, downhill: Float64Array): void;
  /** In place, T C T^T of a covariance [n, n] that holds the independent parameters. */
  expandCovariance(covariance: Float64Array): void;
}

/** A factor below this share of the largest in its equation is rounding. */
const NEGLIGIBLE = 1e-11;
/** Share of the largest factor that a pivot needs, so that rounding does not grow. */
const STABLE = 0.1;
/** Relative error to which an equation between fixed parameters must hold: what a person types. */
const HOLDS = 1e-7;

/**
 * Linear equations between parameters, as a change of variables that fulfils them.
 *
 * @param n         number of parameters
 * @param equations see parseLinearEquation
 * @param fixed     [n] nonzero: the parameter keeps its value
 * @param p         [n] values, of which those of fixed parameters are checked; unchanged
 * @throws InputError "constraint-inconsistent" where the equations contradict each other or the fixed values
 */
export function createLinearConstraints(
  n: number,
  equations: readonly LinearEquation[],
  fixed: ArrayLike<number | boolean>,
  p: Float64Array,
): LinearConstraints {
  const { solved, redundant } = eliminate(n, equations, fixed, p);
  const rows = toRows(solved, n);
  const roles = Array.from({ length: n }, (_, j): ParameterRole => (fixed[j] ? "fixed" : "independent"));
  for (const d of rows.dependent) roles[d] = "dependent";
  const pinned = [...rows.dependent].filter((_, r) =>
    rows.column.subarray(rows.start[r], rows.start[r + 1]).every((j) => roles[j] === "fixed"),
  );
  const { dependent, start, column, factor, constant } = rows;
  /** 1 where a column moves: fixed parameters stand in the rows but have no normal equation */
  const moves = Uint8Array.from(roles, (role) => (role === "independent" ? 1 : 0));

  return {
    n,
    roles,
    pinned,
    redundant,
    rows,
    expand(values) {
      for (let r = 0; r < dependent.length; r++) {
        let sum = constant[r]!;
        for (let k = start[r]!; k < start[r + 1]!; k++) sum += factor[k]! * values[column[k]!]!;
        values[dependent[r]!] = sum;
      }
    },
    reduce(normal, downhill) {
      for (let r = 0; r < dependent.length; r++) {
        const d = dependent[r]!;
        for (let k = start[r]!; k < start[r + 1]!; k++) {
          const j = column[k]!;
          const f = factor[k]!;
          if (!moves[j]) continue;
          downhill[j]! += f * downhill[d]!;
          for (let i = 0; i < n; i++) normal[j * n + i]! += f * normal[d * n + i]!;
          for (let i = 0; i < n; i++) normal[i * n + j]! += f * normal[i * n + d]!;
        }
        downhill[d] = 0;
        for (let i = 0; i < n; i++) normal[d * n + i] = normal[i * n + d] = 0;
      }
    },
    expandCovariance(covariance) {
      for (let r = 0; r < dependent.length; r++) {
        const d = dependent[r]!;
        for (let i = 0; i < n; i++) covariance[d * n + i] = covariance[i * n + d] = 0;
      }
      for (let r = 0; r < dependent.length; r++) {
        const d = dependent[r]!;
        for (let k = start[r]!; k < start[r + 1]!; k++) {
          const j = column[k]!;
          const f = factor[k]!;
          if (!moves[j]) continue;
          for (let i = 0; i < n; i++) covariance[d * n + i]! += f * covariance[j * n + i]!;
        }
        for (let i = 0; i < n; i++) if (i !== d) covariance[i * n + d] = covariance[d * n + i]!;
        let variance = 0;
        for (let k = start[r]!; k < start[r + 1]!; k++) {
          if (moves[column[k]!]) variance += factor[k]! * covariance[d * n + column[k]!]!;
        }
        covariance[d * n + d] = variance;
      }
    },
  };
}

/** An equation under elimination: sum factors[j] p[j] = value */
interface Row {
  readonly factors: Float64Array;
  value: number;
  readonly source: string;
  /** the largest size that its factors had: what is far below is rounding */
  readonly size: number;
  readonly written: readonly number[];
}

interface Solved {
  readonly dependent: number;
  readonly row: Row;
}

function eliminate(
  n: number,
  equations: readonly LinearEquation[],
  fixed: ArrayLike<number | boolean>,
  p: Float64Array,
): { solved: Solved[]; redundant: string[] } {
  const solved: Solved[] = [];
  const redundant: string[] = [];
  for (const equation of equations) {
    const row = toRow(equation, n);
    for (const { dependent, row: other } of solved) subtract(row, other, row.factors[dependent]!);
    for (let j = 0; j < n; j++) if (Math.abs(row.factors[j]!) <= NEGLIGIBLE * row.size) row.factors[j] = 0;
    const dependent = choosePivot(row, fixed);
    if (dependent < 0) {
      requireHolds(row, p);
      redundant.push(row.source);
      continue;
    }
    const pivot = row.factors[dependent]!;
    for (let j = 0; j < n; j++) row.factors[j]! /= pivot;
    row.value /= pivot;
    for (const { row: other } of solved) subtract(other, row, other.factors[dependent]!);
    solved.push({ dependent, row });
  }
  return { solved, redundant };
}

function toRow({ terms, value, source }: LinearEquation, n: number): Row {
  const factors = new Float64Array(n);
  for (const { index, factor } of terms) factors[index]! += factor;
  const size = terms.reduce((largest, { factor }) => Math.max(largest, Math.abs(factor)), 0);
  return { factors, value, source, size, written: terms.map(({ index }) => index) };
}

function subtract(row: Row, other: Row, share: number): void {
  if (share === 0) return;
  for (let j = 0; j < row.factors.length; j++) row.factors[j]! -= share * other.factors[j]!;
  row.value -= share * other.value;
}

/** The refined parameter to make dependent: the first written, unless its factor is far below the largest. */
function choosePivot({ factors, written }: Row, fixed: ArrayLike<number | boolean>): number {
  const candidates = [...written, ...factors.keys()].filter((j) => !fixed[j] && factors[j] !== 0);
  const largest = candidates.reduce((most, j) => Math.max(most, Math.abs(factors[j]!)), 0);
  return candidates.find((j) => Math.abs(factors[j]!) >= STABLE * largest) ?? -1;
}

/** What is left of an equation without refined parameters. */
function requireHolds({ factors, value, source }: Row, p: Float64Array): void {
  let sum = 0;
  let size = Math.abs(value);
  factors.forEach((factor, j) => {
    sum += factor * p[j]!;
    size += Math.abs(factor * p[j]!);
  });
  if (Math.abs(sum - value) <= HOLDS * Math.max(size, NEGLIGIBLE)) return;
  throw new InputError(
    "constraint-inconsistent",
    `The constraint "${source}" cannot be met: with the constraints before it and the parameters that are fixed it ` +
      `comes to ${Number(sum.toPrecision(8))} = ${Number(value.toPrecision(8))}. Take it out, correct it, or refine one of its parameters.`,
  );
}

function toRows(solved: readonly Solved[], n: number): ConstraintRows {
  const start = [0];
  const column: number[] = [];
  const factor: number[] = [];
  for (const { dependent, row } of solved) {
    for (let j = 0; j < n; j++) {
      if (j === dependent || Math.abs(row.factors[j]!) <= NEGLIGIBLE) continue;
      column.push(j);
      factor.push(-row.factors[j]!);
    }
    start.push(column.length);
  }
  return {
    dependent: Int32Array.from(solved, (one) => one.dependent),
    start: Int32Array.from(start),
    column: Int32Array.from(column),
    factor: Float64Array.from(factor),
    constant: Float64Array.from(solved, ({ row }) => row.value),
  };
}
