/**
 * How well a moving slice is explained by a fixed one at a placement.
 *
 * Of each moving channel m (resampled onto the fixed grid) as much as possible is explained by the fixed channels f and
 * a constant: rho = |Q m|^2 / |C m|^2, with Q the projection off f and 1 and C that off 1. For one fixed channel rho is
 * 1 - r^2, r the normalised correlation; contrast and offset are free, so a cell of another state of charge, or an
 * image of another kind, is no different. L = sum over channels of ln rho, which is the likelihood of residuals of a
 * normal distribution of unknown width.
 *
 * The derivative of Q m / |C m| by the placement is (Q J - Q m (m^T C J) / |C m|^2) / |C m|, J the derivative of m
 * (G. H. Golub & V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, with the part that is quadratic in residuals left out).
 */
import { type Alignment, P, type Parameters4, type Sampler, visit } from "./alignment.ts";
import { invertSmall, timesVector } from "./small-matrix.ts";

export interface Agreement {
  /** sum over channels of ln rho */
  readonly L: number;
  /** half of the derivative of L by the parameters */
  readonly gradient: Float64Array;
  /** [4 x 4] Gauss-Newton's half of the second derivative */
  readonly curvature: Float64Array;
  /** of each moving channel: root of the share that is explained, with its sign where it has one */
  readonly correlations: readonly number[];
  /** voxels compared */
  readonly count: number;
  /** [channel][1 + number of fixed channels] constant and factors of the explanation */
  readonly factors: readonly Float64Array[];
}

/** Sums over the voxels that both slices have, of one moving channel and the fixed ones that explain it. */
interface Sums {
  readonly moving: Float32Array;
  readonly fixed: readonly Float32Array[];
  readonly bb: Float64Array;
  readonly bm: Float64Array;
  readonly bj: Float64Array;
  mm: number;
  readonly mj: Float64Array;
  readonly jj: Float64Array;
}

/** How well both agree at these parameters, and how that changes with them. */
export function agreement(alignment: Alignment, parameters: Parameters4): Agreement {
  const { explained, moving, fixed } = alignment;
  const sums = explained.map(({ moving: name, fixed: names }): Sums => {
    const k = names.length + 1;
    return {
      moving: moving.channels.get(name)!,
      fixed: names.map((channel) => fixed.channels.get(channel)!),
      ...{ bb: new Float64Array(k * k), bm: new Float64Array(k), bj: new Float64Array(k * P) },
      ...{ mm: 0, mj: new Float64Array(P), jj: new Float64Array(P * P) },
    };
  });
  const basis = new Float64Array(1 + Math.max(...explained.map(({ fixed: names }) => names.length)));
  const count = visit(alignment, parameters, (at, sampler, derivatives) => {
    for (const sum of sums) add(sum, at, sampler, derivatives, basis);
  });
  const gradient = new Float64Array(P);
  const curvature = new Float64Array(P * P);
  const parts = sums.map((sum, i) => reduce(sum, count, explained[i]!.isSigned, gradient, curvature));
  return {
    L: parts.reduce((total, { L }) => total + L, 0),
    ...{ gradient, curvature, count },
    correlations: parts.map(({ correlation }) => correlation),
    factors: parts.map(({ factors }) => factors),
  };
}

function add(sum: Sums, at: number, { at: from, nx, wx, wy, dx, dy }: Sampler, d: Float64Array, basis: Float64Array) {
  const { moving, fixed, bb, bm, bj, mj, jj } = sum;
  let [m, mx, my] = [0, 0, 0];
  for (let r = 0; r < 4; r++) {
    const i = from + r * nx;
    const [a, b, c, e] = [moving[i]!, moving[i + 1]!, moving[i + 2]!, moving[i + 3]!];
    const row = wx[0]! * a + wx[1]! * b + wx[2]! * c + wx[3]! * e;
    m += wy[r]! * row;
    my += dy[r]! * row;
    mx += wy[r]! * (dx[0]! * a + dx[1]! * b + dx[2]! * c + dx[3]! * e);
  }
  const k = fixed.length + 1;
  basis[0] = 1;
  for (let i = 1; i < k; i++) basis[i] = fixed[i - 1]![at]!;
  const j0 = mx * d[0]! + my * d[4]!;
  const j1 = mx * d[1]! + my * d[5]!;
  const j2 = mx * d[2]! + my * d[6]!;
  const j3 = mx * d[3]! + my * d[7]!;
  for (let i = 0; i < k; i++) {
    const b = basis[i]!;
    for (let l = 0; l <= i; l++) bb[i * k + l]! += b * basis[l]!;
    bm[i]! += b * m;
    bj[i * P]! += b * j0;
    bj[i * P + 1]! += b * j1;
    bj[i * P + 2]! += b * j2;
    bj[i * P + 3]! += b * j3;
  }
  sum.mm += m * m;
  mj[0]! += m * j0;
  mj[1]! += m * j1;
  mj[2]! += m * j2;
  mj[3]! += m * j3;
  jj[0]! += j0 * j0;
  jj[4]! += j1 * j0;
  jj[5]! += j1 * j1;
  jj[8]! += j2 * j0;
  jj[9]! += j2 * j1;
  jj[10]! += j2 * j2;
  jj[12]! += j3 * j0;
  jj[13]! += j3 * j1;
  jj[14]! += j3 * j2;
  jj[15]! += j3 * j3;
}

/** Below this share of what is left unexplained a channel is explained in full: its weight is bounded. */
const LEAST_RHO = 1e-10;

/** Adds what one channel says to gradient and curvature. */
function reduce(
  { bb, bm, bj, mm, mj, jj }: Sums,
  count: number,
  isSigned: boolean,
  gradient: Float64Array,
  curvature: Float64Array,
): { L: number; correlation: number; factors: Float64Array } {
  const k = bm.length;
  for (let i = 0; i < k; i++) for (let l = 0; l < i; l++) bb[l * k + i] = bb[i * k + l]!;
  for (let i = 0; i < P; i++) for (let l = 0; l < i; l++) jj[l * P + i] = jj[i * P + l]!;
  const energy = mm - (bm[0]! * bm[0]!) / count;
  const none = { L: 0, correlation: 0, factors: new Float64Array(k) };
  if (!(count > P + k) || !(energy > 1e-12 * mm)) return none;
  // fixed channels that vary little, or alike, make no singular matrix
  const trace = bb.reduce((sum, value, i) => (i % (k + 1) === 0 ? sum + value : sum), 0);
  const inverse = invertSmall(
    bb.map((value, i) => (i % (k + 1) === 0 && i > 0 ? value + 1e-10 * trace : value)),
    k,
  );
  if (!inverse) return none;
  const factors = timesVector(inverse, bm);
  const left = mm - factors.reduce((sum, x, i) => sum + x * bm[i]!, 0);
  const rho = Math.max(LEAST_RHO, left / energy);
  const isWrongWay = isSigned && factors[1]! < 0;
  if (isWrongWay) return { ...none, correlation: -Math.sqrt(Math.max(0, 1 - rho)), factors };
  // Q J . Q m, C J . C m and Q J . Q J, all over |C m|^2
  const qm = new Float64Array(P);
  const cm = new Float64Array(P);
  for (let p = 0; p < P; p++) {
    let explained = 0;
    for (let i = 0; i < k; i++) explained += factors[i]! * bj[i * P + p]!;
    qm[p] = (mj[p]! - explained) / energy;
    cm[p] = (mj[p]! - (bm[0]! * bj[p]!) / count) / energy;
  }
  for (let p = 0; p < P; p++) {
    const column = timesVector(
      inverse,
      Float64Array.from({ length: k }, (_, i) => bj[i * P + p]!),
    );
    for (let q = 0; q < P; q++) {
      let shared = 0;
      for (let i = 0; i < k; i++) shared += column[i]! * bj[i * P + q]!;
      const qq = (jj[p * P + q]! - shared) / energy;
      curvature[p * P + q]! += (qq - qm[p]! * cm[q]! - cm[p]! * qm[q]! + rho * cm[p]! * cm[q]!) / rho;
    }
    // where rho is held at its bound L does not change
    if (rho > LEAST_RHO) gradient[p]! += (qm[p]! - rho * cm[p]!) / rho;
  }
  const sign = k === 2 && factors[1]! < 0 ? -1 : 1;
  return { L: Math.log(rho), correlation: sign * Math.sqrt(Math.max(0, 1 - rho)), factors };
}
