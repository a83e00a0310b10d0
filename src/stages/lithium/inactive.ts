/** Material that takes no part in the cycling: as a phase of its own, as a second hump of x, as graphite left over. */

/** Two normal distributions of x that voxels are drawn from, each voxel with noise of its own. */
export interface TwoHumps {
  /** share of the material in the hump of more lithium */
  readonly share: number;
  readonly shareEsd: number;
  /** means of the humps, less lithium first, and their common width beyond noise */
  readonly means: readonly [number, number];
  readonly width: number;
  /** by which the Bayesian information criterion prefers two humps to one */
  readonly preference: number;
  /** density between the humps over that at the lower of them, from the voxels themselves: 1 for a plateau */
  readonly valley: number;
  /** preferred by more than 10, the humps two widths apart, and a valley between them: a gradient is no second hump */
  readonly isBimodal: boolean;
}

const STEPS = 200;
/** A valley is emptier than this share of the lower hump. */
const DEEPEST_PLATEAU = 0.5;
/** Width below which a hump is a point, in x. */
const LEAST_WIDTH = 0.002;

/**
 * Maximum likelihood by expectation and maximisation, from the halves of the distribution on.
 *
 * @param x, esd [voxel] finite
 * @param amount [voxel] material in each, at least 0
 * @param voxelsPerResolution so many voxels count as one
 * @returns undefined of fewer than 20 independent voxels
 */
export function twoHumps(
  x: ArrayLike<number>,
  esd: ArrayLike<number>,
  amount: ArrayLike<number>,
  voxelsPerResolution: number,
): TwoHumps | undefined {
  const n = x.length;
  const independent = n / voxelsPerResolution;
  if (independent < 20) return undefined;
  const total = sumOf(n, (v) => amount[v]!);
  // independent voxels in all, each by its material
  const weight = Float64Array.from({ length: n }, (_, v) => (independent * amount[v]!) / total);
  const one = fitHumps(x, esd, weight, undefined);
  const two = fitHumps(x, esd, weight, one.means[0]);
  const preference = 2 * (two.likelihood - one.likelihood) - 2 * Math.log(independent);
  const apart = two.means[1] - two.means[0];
  const noise = Math.sqrt(sumOf(n, (v) => weight[v]! * esd[v]! ** 2) / independent);
  const valley = valleyOf(x, weight, two.means);
  const isApart = apart > 2 * Math.hypot(two.width, noise) && valley < DEEPEST_PLATEAU;
  const isBimodal = preference > 10 && isApart && two.share > 0 && two.share < 1;
  return {
    share: two.share,
    shareEsd: Math.sqrt(Math.max(0, two.share * (1 - two.share)) / independent),
    means: two.means,
    width: two.width,
    preference,
    valley,
    isBimodal,
  };
}

/** Counts in a window half way between two means, over those in the same window about the emptier mean. */
function valleyOf(x: ArrayLike<number>, weight: Float64Array, [low, high]: readonly [number, number]): number {
  const half = (high - low) / 6;
  const about = (at: number): number => sumOf(x.length, (v) => (Math.abs(x[v]! - at) <= half ? weight[v]! : 0));
  return about((low + high) / 2) / Math.max(Math.min(about(low), about(high)), 1e-12);
}

interface Humps {
  share: number;
  means: [number, number];
  width: number;
  likelihood: number;
}

/** @param split where the two humps start to be told apart; undefined: one hump */
function fitHumps(
  x: ArrayLike<number>,
  esd: ArrayLike<number>,
  weight: Float64Array,
  split: number | undefined,
): Humps {
  const n = x.length;
  const upper = Float64Array.from({ length: n }, (_, v) => (split !== undefined && x[v]! > split ? 1 : 0));
  const out: Humps = { share: 0, means: [0, 0], width: 0.05, likelihood: Number.NEGATIVE_INFINITY };
  for (let step = 0; step < STEPS; step++) {
    maximise(out, x, esd, weight, upper, split !== undefined);
    const before = out.likelihood;
    out.likelihood = expect(out, x, esd, weight, upper);
    if (Math.abs(out.likelihood - before) < 1e-7 * Math.abs(out.likelihood)) break;
  }
  return out;
}

function maximise(
  out: Humps,
  x: ArrayLike<number>,
  esd: ArrayLike<number>,
  weight: Float64Array,
  upper: Float64Array,
  isTwo: boolean,
): void {
  const n = x.length;
  const total = sumOf(n, (v) => weight[v]!);
  out.share = isTwo ? sumOf(n, (v) => weight[v]! * upper[v]!) / total : 0;
  const precision = (v: number): number => weight[v]! / (out.width ** 2 + esd[v]! ** 2);
  for (const j of [0, 1] as const) {
    const part = (v: number): number => precision(v) * (j === 1 ? upper[v]! : 1 - upper[v]!);
    const mass = sumOf(n, part);
    out.means[j] = mass > 0 ? sumOf(n, (v) => part(v) * x[v]!) / mass : out.means[0];
  }
  const [low, high] = out.means;
  const variance = sumOf(n, (v) => {
    const off = (1 - upper[v]!) * (x[v]! - low) ** 2 + upper[v]! * (x[v]! - high) ** 2;
    return weight[v]! * (off - esd[v]! ** 2);
  });
  out.width = Math.sqrt(Math.max(variance / total, LEAST_WIDTH ** 2));
}

/** Fills the share of each voxel in the upper hump. @returns the log-likelihood */
function expect(
  { share, means, width }: Humps,
  x: ArrayLike<number>,
  esd: ArrayLike<number>,
  weight: Float64Array,
  upper: Float64Array,
): number {
  let likelihood = 0;
  for (let v = 0; v < x.length; v++) {
    const variance = width ** 2 + esd[v]! ** 2;
    const log = (mean: number, part: number): number =>
      part > 0 ? Math.log(part) - 0.5 * ((x[v]! - mean) ** 2 / variance + Math.log(2 * Math.PI * variance)) : -1e300;
    const [p, q] = [log(means[0], 1 - share), log(means[1], share)];
    const top = Math.max(p, q);
    const sum = top + Math.log(Math.exp(p - top) + Math.exp(q - top));
    upper[v] = Math.exp(q - sum);
    likelihood += weight[v]! * sum;
  }
  return likelihood;
}

function sumOf(n: number, term: (v: number) => number): number {
  let sum = 0;
  for (let v = 0; v < n; v++) sum += term(v);
  return sum;
}
