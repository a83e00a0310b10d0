import type { LinearConstraints } from "./constraints.ts";

export interface Bounds {
  /** [n] -Infinity: none; dependent parameters too */
  readonly lower: Float64Array;
  /** [n] */
  readonly upper: Float64Array;
  /** [n] independent parameters that may move */
  readonly free: Uint8Array;
}

/**
 * Bring p [n] inside its bounds, in place: projections in turn onto the box and onto the bounds of those dependent
 * parameters that lie outside theirs. Allocates nothing.
 *
 * @returns false where no point was found that meets all
 */
export function makeFeasible(
  p: Float64Array,
  { lower, upper, free }: Bounds,
  constraints: LinearConstraints | null,
): boolean {
  for (let round = 0; round < 100; round++) {
    for (let j = 0; j < p.length; j++) if (free[j]) p[j] = Math.min(Math.max(p[j]!, lower[j]!), upper[j]!);
    if (!constraints) return true;
    constraints.expand(p);
    if (pushInside(p, lower, upper, free, constraints)) return true;
  }
  return false;
}

function pushInside(
  p: Float64Array,
  lower: Float64Array,
  upper: Float64Array,
  free: Uint8Array,
  { rows: { dependent, start, column, factor } }: LinearConstraints,
): boolean {
  let isInside = true;
  for (let r = 0; r < dependent.length; r++) {
    const d = dependent[r]!;
    let length = 0;
    let size = 0;
    for (let k = start[r]!; k < start[r + 1]!; k++) {
      size = Math.max(size, Math.abs(factor[k]! * p[column[k]!]!));
      if (free[column[k]!]) length += factor[k]! ** 2;
    }
    const inside = Math.min(Math.max(p[d]!, lower[d]!), upper[d]!);
    const excess = p[d]! - inside;
    if (Math.abs(excess) <= 1e-12 * size) {
      p[d] = inside;
      continue;
    }
    isInside = false;
    for (let k = start[r]!; k < start[r + 1]!; k++) {
      if (free[column[k]!]) p[column[k]!]! -= (excess * factor[k]!) / length;
    }
  }
  return isInside;
}
