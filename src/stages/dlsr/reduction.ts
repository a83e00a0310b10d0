/**
 * Few numbers for each ray instead of its channels:
 *
 *   z = B^T diag(1/sigma) y
 *
 * with B of orthonormal columns, off the nuisances: background and eliminated phases leave nothing in z whatever their
 * amount, and the misfit in z is the least-squares misfit of whole patterns restricted to B.
 */
import { InputError } from "../../data/index.ts";
import { type BackgroundKnots, createNuisanceSpace, type EliminatedPhase, type NuisanceSpace } from "./nuisance.ts";
import { projectOff } from "./orthonormal.ts";
import { type KeptPhase, type RetainedPrecision, retainedPrecision, sensitivityBasis } from "./sensitivity-basis.ts";

export interface ReductionOptions {
  /** [channel] expected sigma of a ray; a channel that is not a positive number does not count */
  readonly sigma: Float64Array;
  readonly kept: readonly KeptPhase[];
  readonly eliminated?: readonly EliminatedPhase[];
  readonly background?: BackgroundKnots;
  /** numbers a ray, a multiple of 8 */
  readonly terms: number;
  /** largest |depth / distance| of the sample */
  readonly depth: number;
}

export interface Reduction {
  readonly terms: number;
  /** [channel] degrees */
  readonly twoTheta: Float64Array;
  /** [channel, K] diag(1/sigma) B; rows of channels that do not count are 0 */
  readonly matrix: Float32Array;
  /** [channel, K] the same in float64 */
  readonly exact: Float64Array;
  /** [channel] 1 / sigma, 0 where a channel does not count */
  readonly weight: Float64Array;
  readonly nuisance: NuisanceSpace;
  readonly retained: readonly RetainedPrecision[];
}

/**
 * @throws InputError "dlsr-terms" where K is no multiple of 8 or channels are too few for it; "dlsr-phases" where there
 * is no phase to keep
 */
export function createReduction(options: ReductionOptions): Reduction {
  const { sigma, kept, eliminated = [], background = {}, terms, depth } = options;
  const twoTheta = checkPhases(options);
  const n = twoTheta.length;
  const weight = sigma.map((value) => (value > 0 && value < Infinity ? 1 / value : 0));
  const fwhm = Math.min(
    ...[...kept, ...eliminated].flatMap(({ lines }) =>
      lines.lineCount > 0 ? [lines.fwhmOf(0, twoTheta[n >> 1]!)] : [],
    ),
  );
  const nuisance = createNuisanceSpace(twoTheta, weight, background, eliminated, depth, fwhm);
  const used = weight.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0);
  if (terms < 8 || terms % 8 !== 0 || used - nuisance.count < terms) {
    throw new InputError(
      "dlsr-terms",
      `A ray was to be reduced to ${terms} numbers, from ${used} channels less ${nuisance.count} for background and eliminated phases: a multiple of 8 that is no larger than their difference is needed. 32 is usual; take a wider 2θ range or eliminate fewer phases.`,
    );
  }
  const basis = sensitivityBasis(kept, weight, nuisance.columns, depth, terms);
  for (let k = 0; k < terms; k++) projectOff(basis.subarray(k * n, (k + 1) * n), nuisance.columns, nuisance.count);
  const exact = new Float64Array(n * terms);
  for (let j = 0; j < n; j++) for (let k = 0; k < terms; k++) exact[j * terms + k] = basis[k * n + j]! * weight[j]!;
  return {
    terms,
    twoTheta,
    matrix: Float32Array.from(exact),
    exact,
    weight,
    nuisance,
    retained: retainedPrecision(
      kept,
      eliminated.map(({ lines }) => lines),
      weight,
      nuisance,
      depth,
      basis,
    ),
  };
}

function checkPhases({ sigma, kept, eliminated = [] }: ReductionOptions): Float64Array {
  if (!kept.some(({ lines }) => lines.lineCount > 0)) {
    throw new InputError(
      "dlsr-phases",
      `None of the ${kept.length} phases to keep has a line in the range: name at least one phase with lines there.`,
    );
  }
  const { twoTheta } = kept[0]!.lines;
  const other = [...kept, ...eliminated].find(({ lines }) => lines.twoTheta.length !== twoTheta.length);
  if (other || sigma.length !== twoTheta.length) {
    const name = other ? other.lines.phase : "sigma";
    const count = other ? other.lines.twoTheta.length : sigma.length;
    throw new InputError(
      "dlsr-channels",
      `${name} has ${count} channels and ${kept[0]!.lines.phase} ${twoTheta.length}: all must be made on the same channels.`,
    );
  }
  return twoTheta;
}

/** Sigma of a channel is not taken below this share of the mean sigma squared. */
const LEAST_VARIANCE = 0.02;
const LEAST_RAY_VARIANCE = 0.05;

/**
 * Expected sigma of counts in every channel: the square root of the mean over rays, with a floor.
 *
 * @param mean [channel] over rays; NaN where masked
 * @returns [channel] NaN where masked
 */
export function channelSigma(mean: ArrayLike<number>): Float64Array {
  let sum = 0;
  let count = 0;
  for (let j = 0; j < mean.length; j++) {
    if (!Number.isFinite(mean[j]!)) continue;
    sum += mean[j]!;
    count++;
  }
  const floor = (LEAST_VARIANCE * sum) / count;
  return Float64Array.from(mean, (value) => (Number.isFinite(value) ? Math.sqrt(Math.max(value, floor)) : Number.NaN));
}

/**
 * How much larger than that of the mean ray the variance of one ray is.
 *
 * @param ray    [channel] at `first` of the array
 * @param weight [channel] 1 / sigma
 * @returns Infinity where a channel that counts holds no number
 */
export function rayVariance(ray: ArrayLike<number>, first: number, weight: Float64Array): number {
  let sum = 0;
  let used = 0;
  for (let j = 0; j < weight.length; j++) {
    const w = weight[j]!;
    if (w === 0) continue;
    sum += ray[first + j]! * w * w;
    used++;
  }
  return Number.isFinite(sum) ? Math.max(LEAST_RAY_VARIANCE, sum / used) : Infinity;
}
