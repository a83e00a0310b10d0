/**
 * How the peak fit's arrays are laid out; ../assembly/peak-workspace.ts computes the same offsets.
 *
 *   model  i32  points | padded | peaks | background terms | parameters | weight mode | iterations | shifts
 *               then slot [4 peaks]: which parameter feeds area, position, fwhm, eta of each peak (-1: fixed),
 *               kind [parameters]: 0 area, 1 position, 2 fwhm, 3 eta, 4 background,
 *               owners [parameters]: bit p set where peak p uses it
 *   table  f64  tolerance | least significance | variance floor | gain | spike sigma | 3 unused
 *               then factor [4 peaks], offset [4 peaks]: slot value = factor * parameter + offset,
 *               start, lower, upper [parameters], x [padded], background basis [terms, padded],
 *               shift [shifts], template [shifts, padded]
 *   out    f64  a row for each voxel: value, esd [parameters], significance, status [peaks],
 *               chi^2, degrees of freedom, iterations
 */
export const PEAK_MODEL_HEADER = 8;
export const PEAK_TABLE_HEADER = 8;
export const PEAK_WEIGHTS = { sigma: 0, poisson: 1, uniform: 2 } as const;
export const PEAK_KIND = { area: 0, position: 1, fwhm: 2, eta: 3, background: 4 } as const;

/** Owners and frozen parameters are bits of an i32. */
export const PEAK_MAX_PARAMETERS = 31;

export const peakOutStride = (parameters: number, peaks: number): number => 2 * parameters + 2 * peaks + 3;

/** Float64 elements of scratch that peakFit needs. */
export const peakScratchLength = (padded: number, peaks: number, parameters: number): number =>
  (12 + parameters) * padded + 3 * parameters * parameters + 9 * parameters + 4 * peaks;

export interface PeakWorkspace {
  readonly points: number;
  readonly padded: number;
  readonly peaks: number;
  readonly terms: number;
  readonly parameters: number;
  readonly mode: number;
  readonly iterationLimit: number;
  readonly shifts: number;
  readonly tolerance: number;
  readonly leastSignificance: number;
  readonly floor: number;
  readonly gain: number;
  readonly spikeSigma: number;
  readonly slot: Int32Array;
  readonly kind: Int32Array;
  readonly owners: Int32Array;
  readonly factor: Float64Array;
  readonly offset: Float64Array;
  readonly start: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly x: Float64Array;
  readonly shift: Float64Array;
  readonly template: Float64Array;
  /** [padded] observed; 0 where a point does not count */
  readonly y: Float64Array;
  /** [padded] what the weights are made from: 1 / sigma^2, or 1; 0 where a point does not count */
  readonly base: Float64Array;
  /** [padded] weights of the accepted and of the trial parameters; swapped when a step is accepted */
  w: Float64Array;
  wTrial: Float64Array;
  readonly fitted: Float64Array;
  readonly residual: Float64Array;
  readonly weighted: Float64Array;
  /** [4, padded] derivatives of a peak whose parameters are shared, scaled or fixed */
  readonly spare: Float64Array[];
  readonly J: Float64Array;
  /** [parameters][padded] rows of J */
  readonly rows: Float64Array[];
  A: Float64Array;
  trialA: Float64Array;
  readonly L: Float64Array;
  g: Float64Array;
  trialG: Float64Array;
  readonly s: Float64Array;
  readonly delta: Float64Array;
  readonly z: Float64Array;
  p: Float64Array;
  trial: Float64Array;
  readonly best: Float64Array;
  readonly slots: Float64Array;
  readonly active: Int32Array;
  /** bits: parameters held at their start because their peaks are not there */
  frozen: number;
  valid: number;
  /** chi^2 of the accepted parameters; of the trial with its own and with the accepted weights */
  cost: number;
  costTrial: number;
  costOldWeights: number;
  iterations: number;
}

export function peakWorkspace(model: Int32Array, table: Float64Array, scratch: Float64Array): PeakWorkspace {
  const [points, padded, peaks, terms, parameters, mode, iterationLimit, shifts] = model as unknown as EightNumbers;
  const [tolerance, leastSignificance, floor, gain, spikeSigma] = table as unknown as EightNumbers;
  const fromModel = taker(model, PEAK_MODEL_HEADER);
  const fromTable = taker(table, PEAK_TABLE_HEADER);
  const fromScratch = taker(scratch, 0);
  const slot = fromModel(4 * peaks);
  const [kind, owners] = [fromModel(parameters), fromModel(parameters)];
  const [factor, offset] = [fromTable(4 * peaks), fromTable(4 * peaks)];
  const [start, lower, upper] = [fromTable(parameters), fromTable(parameters), fromTable(parameters)];
  const x = fromTable(padded);
  const basis = fromTable(terms * padded);
  const [shift, template] = [fromTable(shifts), fromTable(shifts * padded)];
  const points6 = Array.from({ length: 6 }, () => fromScratch(padded)) as SixArrays;
  const [y, base, w, wTrial, fitted, residual] = points6;
  const weighted = fromScratch(2 * padded);
  const spare = Array.from({ length: 4 }, () => fromScratch(padded));
  const J = fromScratch(parameters * padded);
  J.set(basis, (parameters - terms) * padded); // the background's derivatives never change
  const square = parameters * parameters;
  const [A, trialA, L] = [fromScratch(square), fromScratch(square), fromScratch(square)];
  const vectors = Array.from({ length: 8 }, () => fromScratch(parameters));
  const [g, trialG, s, delta, z, p, trial] = vectors as SevenArrays;
  const slots = fromScratch(4 * peaks);
  const last = fromScratch(parameters);
  const rows = Array.from({ length: parameters }, (_, k) => J.subarray(k * padded, (k + 1) * padded));
  const active = new Int32Array(last.buffer, last.byteOffset, parameters);
  const sizes = { points, padded, peaks, terms, parameters, mode, iterationLimit, shifts };
  const settings = { tolerance, leastSignificance, floor, gain, spikeSigma };
  const given = { slot, kind, owners, factor, offset, start, lower, upper, x, shift, template };
  const perPoint = { y, base, w, wTrial, fitted, residual, weighted, spare, J, rows };
  const system = { A, trialA, L, g, trialG, s, delta, z, p, trial, best: vectors[7]!, slots, active };
  const state = { frozen: 0, valid: 0, cost: 0, costTrial: 0, costOldWeights: 0, iterations: 0 };
  return { ...sizes, ...settings, ...given, ...perPoint, ...system, ...state };
}

type EightNumbers = [number, number, number, number, number, number, number, number];
type SixArrays = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
type SevenArrays = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];

/** Hands out one subarray after the other. */
function taker<T extends Int32Array | Float64Array>(array: T, from: number): (length: number) => T {
  let at = from;
  return (length) => {
    const view = array.subarray(at, at + length) as T;
    at += length;
    return view;
  };
}
