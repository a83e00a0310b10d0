/**
 * One damped Gauss-Newton step inside bounds: the convex quadratic problem
 *
 *   minimise  1/2 s^T (A + lambda diag A) s - g^T s    with  low <= s <= high  and  low <= C s <= high
 *
 * by a primal active set. Cutting a free step back to the box instead would leave the other parameters where the
 * cut ones wanted them: with a phase held at scale 0 the background must be solved again without it. Bounds on the
 * parameters that constraints make of others (rows of C) are kept by Lagrange multipliers.
 *
 * Every iterate lies inside the bounds and is no worse than s = 0, so that a search cut short is still a step.
 *
 * Source: Nocedal & Wright, Numerical Optimization (2nd ed. 2006), section 16.5.
 */
import type { ConstraintRows } from "./constraints.ts";
import { createNormalWorkspace, factoriseDamped, solveFactorised } from "./normal-matrix.ts";

export interface StepProblem {
  /** [n, n] A; only rows and columns of active parameters are read, here and in downhill */
  readonly normal: Float64Array;
  /** [n] g */
  readonly downhill: Float64Array;
  /** [n] independent parameters that may move */
  readonly active: Uint8Array;
  /** [n] least step, <= 0; for dependent parameters too */
  readonly low: Float64Array;
  /** [n] largest step, >= 0 */
  readonly high: Float64Array;
  readonly rows: ConstraintRows | null;
}

export interface BoundedStep {
  /** [n] the step last found, dependent parameters included */
  readonly step: Float64Array;
  /** [n] 1 rests on its high bound, -1 on its low one, 0 neither */
  readonly held: Int8Array;
  /** @returns decrease of chi^2 that the undamped model A, g predicts; NaN where the matrix is not positive definite */
  find(problem: StepProblem, lambda: number): number;
}

/** A multiplier of the wrong sign counts where it is more than this share of the gradient. */
const MULTIPLIER_TOLERANCE = 1e-10;
/** A dependent parameter moves where its change is more than this share of the changes that it is made of. */
const MOVES = 1e-12;

/** One long closure: its parts share the memory that it takes, and find() takes none. */
export function createBoundedStep(n: number): BoundedStep {
  const work = createNormalWorkspace(n);
  const small = createNormalWorkspace(n);
  const step = new Float64Array(n);
  const held = new Int8Array(n);
  const free = new Uint8Array(n);
  const left = new Float64Array(n);
  const direction = new Float64Array(n);
  const row = new Float64Array(n);
  const responses = Array.from({ length: n }, () => new Float64Array(n));
  const rowHeld = new Int32Array(n);
  const schur = new Float64Array(n * n);
  const schurActive = new Uint8Array(n);
  const reach = new Float64Array(n);
  const multiplier = new Float64Array(n);
  const share = new Float64Array(n);
  let a: Float64Array = row;
  let g: Float64Array = row;
  let active: Uint8Array = free;
  let low: Float64Array = row;
  let high: Float64Array = row;
  let lambda = 0;
  let rows: ConstraintRows | null = null;
  let heldRows = 0;

  /** left = g - (A + lambda diag A) s: the gradient that is left over */
  function setLeft(): void {
    for (let j = 0; j < n; j++) {
      if (!active[j]) continue;
      let sum = g[j]! - lambda * a[j * n + j]! * step[j]!;
      for (let k = 0; k < n; k++) if (active[k]) sum -= a[j * n + k]! * step[k]!;
      left[j] = sum;
    }
  }

  const alongRow = (r: number, vector: Float64Array): number => {
    let sum = 0;
    for (let k = rows!.start[r]!; k < rows!.start[r + 1]!; k++) sum += rows!.factor[k]! * vector[rows!.column[k]!]!;
    return sum;
  };

  /** The way to the minimum over what is free, with every held row unchanged. */
  function setDirection(): boolean {
    for (let j = 0; j < n; j++) free[j] = active[j] && !held[j] ? 1 : 0;
    if (!factoriseDamped(a, free, lambda, work)) return false;
    solveFactorised(left, free, work, direction);
    heldRows = 0;
    if (!rows) return true;
    for (let r = 0; r < rows.dependent.length; r++) {
      if (!held[rows.dependent[r]!] || !hasFreeColumn(r)) continue;
      rowHeld[heldRows] = r;
      solveFactorised(row, free, work, responses[heldRows]!);
      heldRows++;
    }
    return heldRows === 0 || keepHeldRows();
  }

  /** Writes the row into `row`. */
  function hasFreeColumn(r: number): boolean {
    row.fill(0);
    let any = false;
    for (let k = rows!.start[r]!; k < rows!.start[r + 1]!; k++) {
      if (!free[rows!.column[k]!]) continue;
      row[rows!.column[k]!] = rows!.factor[k]!;
      any = true;
    }
    return any;
  }

  function keepHeldRows(): boolean {
    schurActive.fill(0);
    multiplier.fill(0);
    for (let i = 0; i < heldRows; i++) {
      schurActive[i] = 1;
      for (let k = 0; k < heldRows; k++) schur[i * n + k] = alongRow(rowHeld[i]!, responses[k]!);
    }
    // The damping lets rows that say the same share their multiplier; the second pass takes back what it leaves over.
    if (!factoriseDamped(schur, schurActive, MOVES, small)) return false;
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < heldRows; i++) reach[i] = alongRow(rowHeld[i]!, direction);
      solveFactorised(reach, schurActive, small, share);
      for (let i = 0; i < heldRows; i++) {
        multiplier[i]! += share[i]!;
        for (let j = 0; j < n; j++) direction[j]! -= share[i]! * responses[i]![j]!;
      }
    }
    return true;
  }

  /** Go along the direction to its end or to the first bound, which is then held. @returns true at the end */
  function advance(): boolean {
    let part = 1;
    let blocking = -1;
    for (let j = 0; j < n; j++) {
      if (!free[j] || direction[j] === 0) continue;
      const room = ((direction[j]! > 0 ? high[j]! : low[j]!) - step[j]!) / direction[j]!;
      if (room < part) {
        part = Math.max(room, 0);
        blocking = j;
      }
    }
    let isRow = false;
    let sign = blocking >= 0 && direction[blocking]! > 0 ? 1 : -1;
    for (let r = 0; rows && r < rows.dependent.length; r++) {
      const d = rows.dependent[r]!;
      if (held[d]) continue;
      const change = alongRow(r, direction);
      if (!(Math.abs(change) > MOVES * size(r))) continue;
      const room = ((change > 0 ? high[d]! : low[d]!) - alongRow(r, step)) / change;
      if (room < part) {
        part = Math.max(room, 0);
        blocking = d;
        isRow = true;
        sign = change > 0 ? 1 : -1;
      }
    }
    for (let j = 0; j < n; j++) if (free[j]) step[j]! += part * direction[j]!;
    if (blocking < 0) return true;
    held[blocking] = sign;
    if (!isRow) step[blocking] = sign > 0 ? high[blocking]! : low[blocking]!;
    return false;
  }

  function size(r: number): number {
    let sum = 0;
    for (let k = rows!.start[r]!; k < rows!.start[r + 1]!; k++) {
      sum += Math.abs(rows!.factor[k]! * direction[rows!.column[k]!]!);
    }
    return sum;
  }

  /** Let go of the bound that holds back most. @returns false where none does: the minimum */
  function release(): boolean {
    let steepest = 0;
    for (let j = 0; j < n; j++) if (active[j]) steepest = Math.max(steepest, Math.abs(g[j]!) * scaleOf(j));
    let worst = MULTIPLIER_TOLERANCE * steepest;
    let freed = -1;
    for (let j = 0; j < n; j++) {
      if (!active[j] || !held[j] || !(high[j]! > low[j]!)) continue;
      let pull = left[j]!;
      for (let i = 0; i < heldRows; i++) pull -= multiplier[i]! * factorIn(rowHeld[i]!, j);
      const wrong = -held[j]! * pull * scaleOf(j);
      if (wrong > worst) {
        worst = wrong;
        freed = j;
      }
    }
    for (let i = 0; i < heldRows; i++) {
      const d = rows!.dependent[rowHeld[i]!]!;
      if (!(high[d]! > low[d]!)) continue;
      let length = 0;
      for (let k = rows!.start[rowHeld[i]!]!; k < rows!.start[rowHeld[i]! + 1]!; k++) {
        length = Math.hypot(length, rows!.factor[k]! * scaleOf(rows!.column[k]!));
      }
      const wrong = -held[d]! * multiplier[i]! * length;
      if (wrong > worst) {
        worst = wrong;
        freed = d;
      }
    }
    if (freed >= 0) held[freed] = 0;
    return freed >= 0;
  }

  const scaleOf = (j: number): number => (active[j] && a[j * n + j]! > 0 ? 1 / Math.sqrt(a[j * n + j]!) : 0);

  const factorIn = (r: number, j: number): number => {
    for (let k = rows!.start[r]!; k < rows!.start[r + 1]!; k++) if (rows!.column[k] === j) return rows!.factor[k]!;
    return 0;
  };

  /** Bounds that the start rests on and the gradient leans against; what cannot move at all is held too. */
  function holdAtStart(): void {
    for (let j = 0; j < n; j++) {
      held[j] = 0;
      if (!active[j]) continue;
      if (high[j]! <= 0 && (g[j]! > 0 || low[j]! >= 0)) held[j] = 1;
      else if (low[j]! >= 0 && g[j]! < 0) held[j] = -1;
    }
    for (let r = 0; rows && r < rows.dependent.length; r++) {
      const d = rows.dependent[r]!;
      if (high[d]! <= 0 && low[d]! >= 0) held[d] = 1;
    }
  }

  function find(p: StepProblem, damping: number): number {
    ({ normal: a, downhill: g, active, low, high, rows } = p);
    lambda = damping;
    step.fill(0);
    holdAtStart();
    for (let round = 0; round < 4 * n + 20; round++) {
      setLeft();
      if (!setDirection()) {
        if (round === 0) return Number.NaN;
        break;
      }
      if (!advance()) continue;
      setLeft();
      if (!release()) break;
    }
    let gain = 0;
    for (let j = 0; j < n; j++) {
      if (!active[j] || step[j] === 0) continue;
      let curved = 0;
      for (let k = 0; k < n; k++) if (active[k]) curved += a[j * n + k]! * step[k]!;
      gain += step[j]! * (2 * g[j]! - curved);
    }
    for (let r = 0; rows && r < rows.dependent.length; r++) step[rows.dependent[r]!] = alongRow(r, step);
    return gain;
  }

  return { step, held, find };
}
