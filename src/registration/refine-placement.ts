/**
 * The placement at which the moving slice is best explained by the fixed one, to a small part of a voxel.
 *
 * Of each moving channel m (resampled onto the fixed grid) as much as possible is explained by the fixed channels f and
 * a constant: rho = |Q m|^2 / |C m|^2, with Q the projection off f and 1 and C that off 1. For one fixed channel rho is
 * 1 - r^2, r the normalised correlation; contrast and offset are free, so a cell of another state of charge, or an
 * image of another kind, is no different. Minimised is L = sum over channels of ln rho, which is the likelihood of
 * residuals of a normal distribution of unknown width.
 *
 * The derivative of Q m / |C m| by the placement is (Q J - Q m (m^T C J) / |C m|^2) / |C m|, J the derivative of m
 * (G. H. Golub & V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, with the part that is quadratic in residuals left out).
 * Images are interpolated by cubic convolution (R. G. Keys, IEEE Trans. ASSP 29 (1981) 1153): smooth derivatives.
 */
import type { Placement } from "./placement.ts";
import type { Explained } from "./rotation-search.ts";
import type { KnownImage } from "./slice-image.ts";
import { invertSmall, timesVector } from "./small-matrix.ts";
import { correlationFactor } from "./spatial-correlation.ts";

/** rotation (rad), shift x and y (mm), ln scale */
export type Parameters4 = readonly [angle: number, x: number, y: number, logScale: number];

export interface Alignment {
  readonly fixed: KnownImage;
  readonly moving: KnownImage;
  readonly explained: readonly Explained[];
  readonly isMirrored: boolean;
  /** every how many-th voxel of the fixed grid is compared, along both axes */
  readonly stride: number;
  /** of a fixed voxel; left out: all that are known */
  readonly isCompared?: (row: number, col: number) => boolean;
}

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

const P = 4;
const toParameters = ({ rotationDeg, shiftMm, scale }: Placement): Parameters4 => [
  (rotationDeg * Math.PI) / 180,
  shiftMm[0],
  shiftMm[1],
  Math.log(scale),
];
const toPlacement = ([angle, x, y, logScale]: Parameters4, isMirrored: boolean): Placement => ({
  rotationDeg: (angle * 180) / Math.PI,
  shiftMm: [x, y],
  scale: Math.exp(logScale),
  isMirrored,
});

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

/** Where a moving image is sampled: index of the first of 4 x 4 voxels, and their weights. */
interface Sampler {
  at: number;
  readonly nx: number;
  readonly wx: Float64Array;
  readonly wy: Float64Array;
  readonly dx: Float64Array;
  readonly dy: Float64Array;
}

/**
 * Goes over the fixed voxels that the moving slice has a value at.
 *
 * @param work is told the fixed voxel, where to sample, and the derivatives of the place (in moving voxels) by the parameters
 */
function visit(
  { fixed, moving, isMirrored, stride, isCompared }: Alignment,
  [angle, shiftX, shiftY, logScale]: Parameters4,
  work: (at: number, sampler: Sampler, derivatives: Float64Array) => void,
): number {
  const { nx, ny, voxelMm, known } = moving;
  const solid = solidBlocks(moving);
  const s = Math.exp(-logScale) / voxelMm;
  const [c, sn] = [s * Math.cos(angle), s * Math.sin(angle)];
  const flip = isMirrored ? -1 : 1;
  const four = (): Float64Array => new Float64Array(4);
  const sampler: Sampler = { at: 0, nx, wx: four(), wy: four(), dx: four(), dy: four() };
  const d = new Float64Array(2 * P);
  let count = 0;
  for (let row = stride >> 1; row < fixed.ny; row += stride) {
    const qy = (row - (fixed.ny - 1) / 2) * fixed.voxelMm - shiftY;
    for (let col = stride >> 1; col < fixed.nx; col += stride) {
      const at = row * fixed.nx + col;
      if (!fixed.known[at] || (isCompared && !isCompared(row, col))) continue;
      const qx = (col - (fixed.nx - 1) / 2) * fixed.voxelMm - shiftX;
      const ux = c * qx + sn * qy;
      const uy = -sn * qx + c * qy;
      const x = flip * ux + (nx - 1) / 2;
      const y = uy + (ny - 1) / 2;
      const [left, low] = [Math.floor(x), Math.floor(y)];
      if (left < 1 || low < 1 || left > nx - 3 || low > ny - 3 || !solid[low * nx + left]) continue;
      sampler.at = (low - 1) * nx + left - 1;
      cubic(x - left, sampler.wx, sampler.dx);
      cubic(y - low, sampler.wy, sampler.dy);
      d[0] = flip * uy;
      d[1] = -flip * c;
      d[2] = -flip * sn;
      d[3] = -flip * ux;
      d[4] = -ux;
      d[5] = sn;
      d[6] = -c;
      d[7] = -uy;
      work(at, sampler, d);
      count++;
    }
  }
  return known.length > 0 ? count : 0;
}

/** [y, x] 1 where the 4 x 4 voxels from one below and left are all known. */
function solidBlocks(image: KnownImage): Uint8Array {
  const kept = solids.get(image);
  if (kept) return kept;
  const { nx, ny, known } = image;
  const out = new Uint8Array(nx * ny);
  for (let row = 1; row < ny - 2; row++)
    for (let col = 1; col < nx - 2; col++) {
      let all = 1;
      for (let r = row - 1; r <= row + 2; r++) for (let k = col - 1; k <= col + 2; k++) all &= known[r * nx + k]!;
      out[row * nx + col] = all;
    }
  solids.set(image, out);
  return out;
}
const solids = new WeakMap<KnownImage, Uint8Array>();

/** Weights of four neighbours and their derivatives; u from the second to the third, 0 to 1. */
function cubic(u: number, w: Float64Array, d: Float64Array): void {
  const [u2, u3] = [u * u, u * u * u];
  w[0] = -0.5 * u3 + u2 - 0.5 * u;
  w[1] = 1.5 * u3 - 2.5 * u2 + 1;
  w[2] = -1.5 * u3 + 2 * u2 + 0.5 * u;
  w[3] = 0.5 * u3 - 0.5 * u2;
  d[0] = -1.5 * u2 + 2 * u - 0.5;
  d[1] = 4.5 * u2 - 5 * u;
  d[2] = -4.5 * u2 + 4 * u + 0.5;
  d[3] = 1.5 * u2 - u;
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

/** Which of rotation, x, y and scale are refined. */
export type Free = readonly [boolean, boolean, boolean, boolean];

export interface Refined {
  readonly placement: Placement;
  readonly L: number;
  readonly correlation: number;
  readonly correlations: readonly number[];
  /** voxels compared */
  readonly count: number;
  readonly isConverged: boolean;
  readonly factors: readonly Float64Array[];
}

const ITERATIONS = 40;
/** Of ln rho: less than rounding makes of it. */
const NOTHING_TO_GAIN = 1e-9;
/** Voxels: a step this small that gains nothing ends at what sums of float64 can tell. */
const AS_ROUNDING_LETS = 0.01;
/** No step moves the rim by more than this many voxels of the fixed grid. */
const LONGEST_STEP = 1.5;

/**
 * From a start that is right to about half of the width of what is to be aligned.
 *
 * The curvature of Gauss and Newton holds the gradients of noise as well, so its steps are too short; what gradients
 * change from step to step corrects it (Broyden, Fletcher, Goldfarb, Shanno; scaled once as J. Nocedal & S. J. Wright,
 * Numerical Optimization, 2nd ed., eq. 6.20 has it).
 *
 * @param free which of rotation, x, y and scale are refined
 * @param precision a step that moves no voxel of the rim by more than this share of a voxel ends the search
 */
export function refinePlacement(
  alignment: Alignment,
  start: Placement,
  free: Free = [true, true, true, true],
  precision = 2e-4,
): Refined {
  let parameters = toParameters(start);
  let now = agreement(alignment, parameters);
  let inverse = restrictedInverse(now.curvature, free);
  let isConverged = false;
  const { fixed } = alignment;
  const rim = (Math.max(fixed.ny, fixed.nx) / 2) * fixed.voxelMm;
  const sizeOf = (step: Float64Array): number =>
    Math.hypot(rim * step[0]!, step[1]!, step[2]!, rim * step[3]!) / fixed.voxelMm;
  let isScaled = false;
  for (let pass = 0; pass < ITERATIONS && inverse && !isConverged; pass++) {
    const full = timesVector(inverse, now.gradient).map((value) => -value);
    let share = Math.min(1, LONGEST_STEP / sizeOf(full));
    let there: Agreement | undefined;
    let step = full;
    for (let attempt = 0; attempt < 5; attempt++, share *= 0.25) {
      step = full.map((value) => share * value);
      const next = agreement(alignment, parameters.map((value, i) => value + step[i]!) as unknown as Parameters4);
      // fewer voxels in common are no better agreement
      if (next.L < now.L && next.count > 0.7 * now.count) {
        there = next;
        break;
      }
      if (sizeOf(step) < precision) break;
    }
    isConverged = sizeOf(step) < precision || -dot(full, now.gradient) < NOTHING_TO_GAIN;
    if (!there) {
      isConverged ||= sizeOf(full) < AS_ROUNDING_LETS;
      break;
    }
    const change = there.gradient.map((value, i) => value - now.gradient[i]!);
    inverse = learn(inverse, step, change, free, isScaled);
    isScaled = true;
    parameters = parameters.map((value, i) => value + step[i]!) as unknown as Parameters4;
    now = there;
  }
  return {
    placement: toPlacement(parameters, alignment.isMirrored),
    ...{ L: now.L, correlations: now.correlations, count: now.count, isConverged, factors: now.factors },
    correlation: now.correlations.reduce((sum, r) => sum + r, 0) / now.correlations.length,
  };
}

/** The inverse curvature, after gradients changed by `change` over `step`. */
function learn(
  inverse: Float64Array,
  step: Float64Array,
  change: Float64Array,
  free: Free,
  isScaled: boolean,
): Float64Array {
  const y = change.map((value, i) => (free[i] ? value : 0));
  const along = dot(step, y);
  if (!(along > 0)) return inverse;
  const factor = isScaled ? 1 : along / dot(y, timesVector(inverse, y));
  const scaled = inverse.map((value) => factor * value);
  const hy = timesVector(scaled, y);
  const grow = 1 + dot(y, hy) / along;
  return scaled.map((value, at) => {
    const [i, j] = [Math.floor(at / P), at % P];
    return value + (grow * step[i]! * step[j]! - hy[i]! * step[j]! - step[i]! * hy[j]!) / along;
  });
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** The inverse for the parameters that are free; 0 for the others. */
function restrictedInverse(matrix: Float64Array, free: readonly boolean[]): Float64Array | undefined {
  const kept = [0, 1, 2, 3].filter((i) => free[i]);
  const inverse = invertSmall(
    kept.flatMap((i) => kept.map((j) => matrix[i * P + j]!)),
    kept.length,
  );
  if (!inverse) return undefined;
  const out = new Float64Array(P * P);
  kept.forEach((i, a) => {
    kept.forEach((j, b) => {
      out[i * P + j] = inverse[a * kept.length + b]!;
    });
  });
  return out;
}

/**
 * The covariance of a placement (rotation in rad, shift in mm, ln scale).
 *
 * Noise has gradients too: with those of the moving image alone a circle would seem to know its rotation. Each product of
 * derivatives that says how much is known is therefore of the moving image's with that of its explanation by the fixed
 * one, whose noise is another's; what noise and its gradients do to the place found is of the moving image's alone:
 * covariance = B^-1 M B^-1, B the first and M the second (P. J. Huber, Proc. 5th Berkeley Symp. 1 (1967) 221).
 * Residuals that hang together widen it: see spatial-correlation.ts.
 *
 * @returns [4 x 4] with 0 for what was held; undefined where something is not determined at all
 */
export function placementCovariance(
  alignment: Alignment,
  { placement, factors }: Refined,
  free: Free,
): Float64Array | undefined {
  const { fixed, moving, explained, stride } = alignment;
  const [rows, cols] = [Math.ceil(fixed.ny / stride), Math.ceil(fixed.nx / stride)];
  const channels = explained.map(({ moving: name, fixed: names }, channel) => ({
    values: moving.channels.get(name)!,
    shown: explanation(fixed, names, factors[channel]!),
    left: new Float32Array(rows * cols).fill(Number.NaN),
    squares: 0,
    products: new Float64Array(P * P),
    own: new Float64Array(P * P),
    ...{ ofMoving: new Float64Array(P), ofFixed: new Float64Array(P) },
  }));
  const count = visit(alignment, toParameters(placement), (at, { at: from, nx, wx, wy, dx, dy }, d) => {
    const row = Math.floor(at / fixed.nx);
    const col = at % fixed.nx;
    if (row < 1 || col < 1 || row > fixed.ny - 2 || col > fixed.nx - 2) return;
    const to = Math.floor(row / stride) * cols + Math.floor(col / stride);
    // derivatives of the place by the fixed grid's x and y, from those by the shift
    const h = -fixed.voxelMm;
    const [xx, xy, yx, yy] = [d[1]! * h, d[2]! * h, d[5]! * h, d[6]! * h];
    const determinant = xx * yy - xy * yx;
    for (const { values, shown, left, products, own, ofMoving, ofFixed } of channels) {
      let [m, mx, my] = [0, 0, 0];
      for (let r = 0; r < 4; r++)
        for (let k = 0; k < 4; k++) {
          const value = values[from + r * nx + k]!;
          m += wy[r]! * wx[k]! * value;
          mx += wy[r]! * dx[k]! * value;
          my += dy[r]! * wx[k]! * value;
        }
      const gx = (shown[at + 1]! - shown[at - 1]!) / 2;
      const gy = (shown[at + fixed.nx]! - shown[at - fixed.nx]!) / 2;
      const [ex, ey] = [(yy * gx - yx * gy) / determinant, (xx * gy - xy * gx) / determinant];
      left[to] = m - shown[at]!;
      for (let p = 0; p < P; p++) {
        const jm = mx * d[p]! + my * d[P + p]!;
        ofMoving[p]! += jm;
        ofFixed[p]! += ex * d[p]! + ey * d[P + p]!;
        for (let q = 0; q < P; q++) {
          products[p * P + q]! += jm * (ex * d[q]! + ey * d[P + q]!);
          own[p * P + q]! += jm * (mx * d[q]! + my * d[P + q]!);
        }
      }
    }
  });
  const information = new Float64Array(P * P);
  const spread = new Float64Array(P * P);
  for (const { left, products, own, ofMoving, ofFixed } of channels) {
    const finite = left.filter((value) => Number.isFinite(value));
    const variance = finite.reduce((sum, value) => sum + value * value, 0) / finite.length;
    if (!(variance > 0)) continue;
    const weight = 1 / (variance * correlationFactor(left, rows, cols));
    for (let p = 0; p < P; p++)
      for (let q = 0; q < P; q++) {
        const [a, b] = [products[p * P + q]!, products[q * P + p]!];
        const means = (ofMoving[p]! * ofFixed[q]! + ofMoving[q]! * ofFixed[p]!) / (2 * count);
        information[p * P + q]! += weight * ((a + b) / 2 - means);
        spread[p * P + q]! += weight * (own[p * P + q]! - (ofMoving[p]! * ofMoving[q]!) / count);
      }
  }
  const bread = restrictedInverse(information, free);
  const covariance = bread && product(product(bread, spread), bread);
  return covariance && [0, 1, 2, 3].every((i) => !free[i] || covariance[i * (P + 1)]! > 0) ? covariance : undefined;
}

const product = (a: Float64Array, b: Float64Array): Float64Array =>
  a.map((_, at) => {
    let sum = 0;
    for (let k = 0; k < P; k++) sum += a[at - (at % P) + k]! * b[k * P + (at % P)]!;
    return sum;
  });

/** [y, x] the moving channel as the fixed ones explain it. */
function explanation(fixed: KnownImage, names: readonly string[], factors: Float64Array): Float32Array {
  const out = new Float32Array(fixed.ny * fixed.nx).fill(factors[0]!);
  names.forEach((name, i) => {
    const values = fixed.channels.get(name)!;
    for (let v = 0; v < out.length; v++) out[v]! += factors[i + 1]! * values[v]!;
  });
  return out;
}
