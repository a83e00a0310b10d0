/** Dependent parameters in what is said after a fit: those held at a bound, and those of undetermined ones. */
import type { ConstraintRows } from "./constraints.ts";

/** How many dependent parameters a bound keeps from moving: each takes one freedom from those that are `free` [n]. */
export function countHeldRows({ dependent, start, column }: ConstraintRows, held: Int8Array, free: Uint8Array): number {
  let count = 0;
  for (let r = 0; r < dependent.length; r++) {
    let canMove = false;
    for (let k = start[r]!; k < start[r + 1]!; k++) if (free[column[k]!]) canMove = true;
    if (held[dependent[r]!] && canMove) count++;
  }
  return count;
}

/** What depends on an undetermined parameter is undetermined too. */
export function spreadToDependent(undetermined: Uint8Array, { dependent, start, column }: ConstraintRows): void {
  for (let r = 0; r < dependent.length; r++) {
    for (let k = start[r]!; k < start[r + 1]!; k++) if (undetermined[column[k]!]) undetermined[dependent[r]!] = 1;
  }
}

/** In place: the covariance [n, n] given that the dependent parameters that are held cannot change. */
export function holdRows(covariance: Float64Array, rows: ConstraintRows, held: Int8Array): void {
  const n = held.length;
  const along = new Float64Array(n);
  for (let r = 0; r < rows.dependent.length; r++) {
    if (!held[rows.dependent[r]!]) continue;
    let variance = 0;
    let size = 0;
    along.fill(0);
    for (let k = rows.start[r]!; k < rows.start[r + 1]!; k++) {
      for (let i = 0; i < n; i++) along[i]! += rows.factor[k]! * covariance[rows.column[k]! * n + i]!;
    }
    for (let k = rows.start[r]!; k < rows.start[r + 1]!; k++) {
      variance += rows.factor[k]! * along[rows.column[k]!]!;
      size += rows.factor[k]! ** 2 * covariance[rows.column[k]! * (n + 1)]!;
    }
    if (!(variance > 1e-12 * size)) continue;
    for (let i = 0; i < n; i++)
      for (let k = 0; k < n; k++) covariance[i * n + k]! -= (along[i]! * along[k]!) / variance;
  }
}
