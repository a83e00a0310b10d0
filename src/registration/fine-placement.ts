/**
 * The last part of a voxel, and how sure it is.
 *
 * Where two noisy images are laid on each other by their correlation, products of the noise of one with the noise of the
 * other change with the placement as well as what both show. There are far more voxels of noise than of the few edges
 * that tell a rotation (the ends of a roll), so noise decides. Here the fixed slice alone says where to look. With e what
 * it explains of a moving channel m, G the derivatives of e by the placement, and Q the projection off the fixed channels
 * and a constant,
 *
 *   sum over channels of w (Q G)^T m(placement) = 0,    w = 1 / variance of what is left of m
 *
 * is solved. Noise of m has no part in G, that of the fixed channels is projected off as contrast and offset are, so
 * neither has a place that it prefers (instrumental variables: J. D. Sargan, Econometrica 26 (1958) 393).
 */
import {
  type Alignment,
  type Free,
  P,
  type Parameters4,
  restrictedInverse,
  type Sampler,
  toParameters,
  toPlacement,
  visit,
} from "./alignment.ts";
import type { Placement } from "./placement.ts";
import type { KnownImage } from "./slice-image.ts";
import { invertSmall, timesVector } from "./small-matrix.ts";

export interface FinePlacement {
  readonly placement: Placement;
  /** [4 x 4] of rotation (rad), shift (mm) and ln scale, 0 for what was held; undefined where one is not determined */
  readonly covariance: Float64Array | undefined;
  /** voxels compared */
  readonly count: number;
}

/** Sums over the voxels that both slices have, of one moving channel and the fixed ones that explain it. */
interface Channel {
  readonly moving: Float32Array;
  readonly fixed: readonly Float32Array[];
  readonly isSigned: boolean;
  /** [y, x] of the fixed slice: the moving channel as the fixed ones explain it */
  readonly shown: Float32Array;
  /** products of the basis b (1 and the fixed channels), the moving channel m and the derivatives g of `shown` */
  readonly bb: Float64Array;
  readonly bm: Float64Array;
  readonly bg: Float64Array;
  readonly gm: Float64Array;
  readonly gg: Float64Array;
  mm: number;
  /** constant and factors of the fixed channels */
  factors: Float64Array;
  /** [parameter] shares of the basis in the derivatives */
  shares: readonly Float64Array[];
  /** 0 for a channel that says nothing, and before the first pass */
  weight: number;
}

const PASSES = 20;
/** Voxels of the rim that a step may move at most. */
const LONGEST_STEP = 1.5;
/** A step that moves no voxel of the rim by more than this share of a voxel is the last. */
const PRECISION = 1e-3;

/**
 * @param start within a voxel or so
 * @param factors of each moving channel: constant and factors of its fixed ones, as found there
 * @returns undefined where it does not settle
 */
export function finePlacement(
  alignment: Alignment,
  start: Placement,
  factors: readonly Float64Array[],
  free: Free,
): FinePlacement | undefined {
  const { fixed, isMirrored } = alignment;
  const channels = channelsOf(alignment, factors);
  const rim = (Math.max(fixed.ny, fixed.nx) / 2) * fixed.voxelMm;
  let parameters = toParameters(start);
  let inverse: Float64Array | undefined;
  let last: { readonly score: Float64Array; readonly step: Float64Array } | undefined;
  for (let pass = 0; pass < PASSES; pass++) {
    const count = sumUp(alignment, parameters, channels);
    const { score, matrix } = equations(channels, count);
    inverse = inverse && last ? learn(inverse, last, score) : restrictedInverse(matrix, free);
    if (!inverse) return undefined;
    const full = timesVector(inverse, score);
    const size = Math.hypot(rim * full[0]!, full[1]!, full[2]!, rim * full[3]!) / fixed.voxelMm;
    const step = full.map((value) => Math.min(1, LONGEST_STEP / size) * value);
    parameters = parameters.map((value, i) => value + step[i]!) as unknown as Parameters4;
    last = { score, step };
    if (size < PRECISION) {
      const covariance = covarianceOf(alignment, parameters, channels, free);
      return { placement: toPlacement(parameters, isMirrored), covariance, count };
    }
  }
  return undefined;
}

/** The inverse with which the last step would have led where it did (C. G. Broyden, Math. Comp. 19 (1965) 577). */
function learn(
  inverse: Float64Array,
  { score, step }: { readonly score: Float64Array; readonly step: Float64Array },
  now: Float64Array,
): Float64Array {
  const done = timesVector(
    inverse,
    score.map((value, i) => value - now[i]!),
  );
  const along = step.map((_, k) => step.reduce((sum, value, i) => sum + value * inverse[i * P + k]!, 0));
  const size = dot(step, done);
  if (!(Math.abs(size) > 0)) return inverse;
  return inverse.map((value, at) => {
    const [i, k] = [Math.floor(at / P), at % P];
    return value + ((step[i]! - done[i]!) * along[k]!) / size;
  });
}

function channelsOf({ fixed, moving, explained }: Alignment, factors: readonly Float64Array[]): Channel[] {
  return explained.map(({ moving: name, fixed: names, isSigned }, i) => {
    const k = names.length + 1;
    const by = names.map((channel) => fixed.channels.get(channel)!);
    return {
      ...{ moving: moving.channels.get(name)!, fixed: by, isSigned, shown: explanation(fixed, by, factors[i]!) },
      ...{ bb: new Float64Array(k * k), bm: new Float64Array(k), bg: new Float64Array(k * P), mm: 0 },
      ...{ gm: new Float64Array(P), gg: new Float64Array(P * P), factors: factors[i]!, shares: [], weight: 0 },
    };
  });
}

function explanation({ ny, nx }: KnownImage, by: readonly Float32Array[], factors: Float64Array): Float32Array {
  const out = new Float32Array(ny * nx).fill(factors[0]!);
  by.forEach((values, i) => {
    const factor = factors[i + 1]!;
    for (let v = 0; v < out.length; v++) out[v]! += factor * values[v]!;
  });
  return out;
}

/** The moving channel where a voxel of the fixed one lies on it. */
function valueAt(moving: Float32Array, { at, nx, wx, wy }: Sampler): number {
  let m = 0;
  for (let r = 0, i = at; r < 4; r++, i += nx)
    m += wy[r]! * (wx[0]! * moving[i]! + wx[1]! * moving[i + 1]! + wx[2]! * moving[i + 2]! + wx[3]! * moving[i + 3]!);
  return m;
}

/** Its derivatives by the parameters. */
function derivativesAt(moving: Float32Array, { at, nx, wx, wy, dx, dy }: Sampler, d: Float64Array, out: Float64Array) {
  let [mx, my] = [0, 0];
  for (let r = 0, i = at; r < 4; r++, i += nx) {
    const [a, b, c, e] = [moving[i]!, moving[i + 1]!, moving[i + 2]!, moving[i + 3]!];
    mx += wy[r]! * (dx[0]! * a + dx[1]! * b + dx[2]! * c + dx[3]! * e);
    my += dy[r]! * (wx[0]! * a + wx[1]! * b + wx[2]! * c + wx[3]! * e);
  }
  for (let p = 0; p < P; p++) out[p] = mx * d[p]! + my * d[P + p]!;
}

/**
 * Derivatives of what explains a channel by the parameters, were it moved as the moving slice is.
 *
 * @param turned what `turn` gives
 */
function shownDerivativesAt(shown: Float32Array, at: number, nx: number, turned: Float64Array, out: Float64Array) {
  const gx = (shown[at + 1]! - shown[at - 1]!) / 2;
  const gy = (shown[at + nx]! - shown[at - nx]!) / 2;
  for (let p = 0; p < P; p++) out[p] = gx * turned[p]! + gy * turned[P + p]!;
}

/** Derivatives of the place in voxels of the fixed grid (x, then y) from those in voxels of the moving one. */
function turn(d: Float64Array, voxelMm: number, out: Float64Array): void {
  // by the fixed grid's x and y: those by the shift, the other way round
  const [xx, xy, yx, yy] = [-voxelMm * d[1]!, -voxelMm * d[2]!, -voxelMm * d[5]!, -voxelMm * d[6]!];
  const determinant = xx * yy - xy * yx;
  for (let p = 0; p < P; p++) {
    out[p] = (yy * d[p]! - xy * d[P + p]!) / determinant;
    out[P + p] = (xx * d[P + p]! - yx * d[p]!) / determinant;
  }
}

/** Goes over the voxels that have neighbours on all sides. */
function overVoxels(
  alignment: Alignment,
  parameters: Parameters4,
  work: (at: number, sampler: Sampler, d: Float64Array, turned: Float64Array) => void,
): number {
  const { nx, ny, voxelMm } = alignment.fixed;
  const turned = new Float64Array(2 * P);
  let count = 0;
  visit(alignment, parameters, (at, sampler, d) => {
    const row = Math.floor(at / nx);
    const col = at - row * nx;
    if (row < 1 || col < 1 || row > ny - 2 || col > nx - 2) return;
    turn(d, voxelMm, turned);
    work(at, sampler, d, turned);
    count++;
  });
  return count;
}

function sumUp(alignment: Alignment, parameters: Parameters4, channels: readonly Channel[]): number {
  for (const channel of channels) {
    for (const sums of [channel.bb, channel.bm, channel.bg, channel.gm, channel.gg]) sums.fill(0);
    channel.mm = 0;
  }
  const { nx } = alignment.fixed;
  const g = new Float64Array(P);
  const basis = new Float64Array(1 + Math.max(...channels.map(({ fixed }) => fixed.length)));
  basis[0] = 1;
  return overVoxels(alignment, parameters, (at, sampler, _, turned) => {
    for (const channel of channels) {
      shownDerivativesAt(channel.shown, at, nx, turned, g);
      add(channel, at, valueAt(channel.moving, sampler), basis, g);
    }
  });
}

function add(channel: Channel, at: number, m: number, basis: Float64Array, g: Float64Array): void {
  const { fixed, bb, bm, bg, gm, gg } = channel;
  const k = bm.length;
  for (let i = 1; i < k; i++) basis[i] = fixed[i - 1]![at]!;
  channel.mm += m * m;
  for (let i = 0; i < k; i++) {
    const b = basis[i]!;
    bm[i]! += b * m;
    for (let l = 0; l <= i; l++) bb[i * k + l]! += b * basis[l]!;
    for (let p = 0; p < P; p++) bg[i * P + p]! += b * g[p]!;
  }
  for (let p = 0; p < P; p++) {
    gm[p]! += g[p]! * m;
    for (let q = 0; q < P; q++) gg[p * P + q]! += g[p]! * g[q]!;
  }
}

/**
 * What a placement has to make zero, and a matrix that leads there: (Q G)^T Q G, in which the noise that is left in G makes
 * steps too short and never too long. Sets contrast and weight of each channel.
 */
function equations(channels: readonly Channel[], count: number): { score: Float64Array; matrix: Float64Array } {
  const score = new Float64Array(P);
  const matrix = new Float64Array(P * P);
  for (const channel of channels) {
    explain(channel, count);
    const { weight, shares, bm, bg, gm, gg } = channel;
    if (weight === 0) continue;
    for (let p = 0; p < P; p++) {
      score[p]! += weight * (gm[p]! - dot(shares[p]!, bm));
      for (let q = 0; q < P; q++) matrix[p * P + q]! += weight * (gg[p * P + q]! - dot(shares[p]!, column(bg, q)));
    }
  }
  // the place moves against what the moving slice is found at
  return { score: score.map((value) => -value), matrix };
}

const column = (bg: Float64Array, p: number): Float64Array => bg.filter((_, at) => at % P === p);
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

function explain(channel: Channel, count: number): void {
  const { bb, bm, bg, mm, isSigned } = channel;
  const k = bm.length;
  for (let i = 0; i < k; i++) for (let l = 0; l < i; l++) bb[l * k + i] = bb[i * k + l]!;
  const energy = mm - (bm[0]! * bm[0]!) / count;
  if (!(count > P + k) || !(energy > 1e-12 * mm)) return;
  // fixed channels that vary little, or alike, make no singular matrix
  const trace = bb.reduce((sum, value, i) => (i % (k + 1) === 0 ? sum + value : sum), 0);
  const inverse = invertSmall(
    bb.map((value, i) => (i % (k + 1) === 0 && i > 0 ? value + 1e-10 * trace : value)),
    k,
  );
  if (!inverse) return;
  channel.factors = timesVector(inverse, bm);
  channel.shares = [0, 1, 2, 3].map((p) => timesVector(inverse, column(bg, p)));
  const left = mm - dot(channel.factors, bm);
  if (isSigned && !(channel.factors[1]! > 0)) channel.weight = 0;
  // kept from the first on, so that all steps solve the same equations; a channel explained in full has a weight all the same
  else channel.weight ||= count / Math.max(left, 1e-6 * energy);
}

/** Blocks across the fixed slice. */
const BLOCKS = 8;

/**
 * A^-1 M A^-T with A = (Q G)^T J, J the derivatives of the moving slice: how the equations change with the placement, of
 * two images with noises of their own, so that noise alone adds nothing to it. M is the covariance of what they come to
 * (P. J. Huber, Proc. 5th Berkeley Symp. 1 (1967) 221), from sums over square blocks: whatever is left over hangs together
 * inside of them, noise after reconstruction and places where two cells really differ alike (K.-Y. Liang & S. L. Zeger,
 * Biometrika 73 (1986) 13).
 */
function covarianceOf(
  alignment: Alignment,
  parameters: Parameters4,
  channels: readonly Channel[],
  free: Free,
): Float64Array | undefined {
  const { nx, ny } = alignment.fixed;
  const side = Math.max(ny, nx) / BLOCKS;
  const sums = new Float64Array(BLOCKS ** 2 * P);
  const seen = new Uint8Array(BLOCKS ** 2);
  const matrix = new Float64Array(P * P);
  const [g, j] = [new Float64Array(P), new Float64Array(P)];
  const said = channels.filter(({ weight }) => weight > 0);
  overVoxels(alignment, parameters, (at, sampler, d, turned) => {
    const row = Math.floor(at / nx);
    const block = Math.floor(row / side) * BLOCKS + Math.floor((at - row * nx) / side);
    seen[block] = 1;
    for (const { moving, fixed, shown, factors, shares, weight } of said) {
      shownDerivativesAt(shown, at, nx, turned, g);
      derivativesAt(moving, sampler, d, j);
      let left = valueAt(moving, sampler) - factors[0]!;
      for (let i = 0; i < fixed.length; i++) left -= factors[i + 1]! * fixed[i]![at]!;
      for (let p = 0; p < P; p++) {
        let own = g[p]! - shares[p]![0]!;
        for (let i = 0; i < fixed.length; i++) own -= shares[p]![i + 1]! * fixed[i]![at]!;
        sums[block * P + p]! += weight * own * left;
        for (let q = 0; q < P; q++) matrix[p * P + q]! += weight * own * j[q]!;
      }
    }
  });
  const inverse = restrictedInverse(matrix, free);
  const blocks = seen.reduce((sum, one) => sum + one, 0);
  if (!inverse || [0, 1, 2, 3].some((p) => free[p] && !(inverse[p * (P + 1)]! > 0)) || blocks <= P) return undefined;
  const spread = new Float64Array(P * P);
  for (let at = 0; at < sums.length; at += P)
    for (let p = 0; p < P; p++)
      for (let q = 0; q < P; q++) spread[p * P + q]! += (sums[at + p]! * sums[at + q]! * blocks) / (blocks - P);
  const out = new Float64Array(P * P);
  for (let p = 0; p < P; p++)
    for (let q = 0; q < P; q++)
      for (let a = 0; a < P; a++)
        for (let b = 0; b < P; b++) out[p * P + q]! += inverse[p * P + a]! * spread[a * P + b]! * inverse[q * P + b]!;
  return out;
}
