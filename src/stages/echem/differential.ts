/**
 * dQ/dV and dV/dQ of a half cycle.
 *
 * dQ/dV: the charge between two rows is spread evenly over the voltages between them, whichever way they go, and the
 * sum is smoothed with a Gaussian. Noise then only widens features by its own size, and the area stays the charge.
 * dV/dQ: slope of straight lines through the rows, weighted with a Gaussian along the charge.
 */
import type { CyclerRecord } from "../../data/index.ts";
import { cumulativeCharge } from "./charge.ts";

export interface DifferentialCapacity {
  /** middles of the bins */
  readonly voltageV: Float64Array;
  /** positive while charging, negative while discharging */
  readonly ahPerV: Float64Array;
}

export interface DifferentialVoltage {
  /** passed since the first row, never negative */
  readonly chargeAh: Float64Array;
  readonly vPerAh: Float64Array;
}

/** FWHM of a Gaussian over its standard deviation. */
const FWHM_PER_SIGMA = 2 * Math.sqrt(2 * Math.LN2);
const BINS_PER_FWHM = 4;
/** Standard deviations up to which a Gaussian is counted. */
const REACH = 4;
/** A record of a scan of hours is no finer than this; more bins are a mistake in the smoothing. */
const MOST_BINS = 200_000;
const POINTS = 400;

/** @param rows the first and the last of the half cycle; undefined where no charge is known */
export function differentialCapacity(
  record: CyclerRecord,
  [first, last]: readonly [number, number],
  smoothingV: number,
): DifferentialCapacity | undefined {
  const charge = cumulativeCharge(record);
  if (!charge || last <= first) return undefined;
  const volts = record.voltageV.subarray(first, last + 1);
  const step = smoothingV / BINS_PER_FWHM;
  const sigma = smoothingV / FWHM_PER_SIGMA;
  // room for what the Gaussian carries outwards
  const margin = (Math.ceil((REACH * sigma) / step) + 1) * step;
  const from = least(volts) - margin;
  const count = Math.ceil((-least(volts.map((value) => -value)) + margin - from) / step);
  if (count > MOST_BINS) return undefined;
  const bins = new Float64Array(count);
  for (let i = first + 1; i <= last; i++) {
    spread(
      bins,
      charge[i]! - charge[i - 1]!,
      (record.voltageV[i - 1]! - from) / step,
      (record.voltageV[i]! - from) / step,
    );
  }
  return {
    voltageV: bins.map((_, k) => from + (k + 0.5) * step),
    ahPerV: smooth(bins, sigma / step).map((ah) => ah / step),
  };
}

const least = (values: Float64Array): number =>
  values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);

/** Adds an amount evenly to the bins between two places, in bins. */
function spread(bins: Float64Array, amount: number, a: number, b: number): void {
  const [low, high] = a < b ? [a, b] : [b, a];
  if (high - low < 1e-9) {
    bins[Math.floor(low)]! += amount;
    return;
  }
  for (let k = Math.floor(low); k <= Math.min(bins.length - 1, Math.floor(high)); k++) {
    const share = (Math.min(high, k + 1) - Math.max(low, k)) / (high - low);
    bins[k]! += amount * Math.max(0, share);
  }
}

/** Convolved with a Gaussian of unit sum. */
function smooth(values: Float64Array, sigma: number): Float64Array {
  const reach = Math.ceil(REACH * sigma);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, k) =>
    Math.exp(-((k - reach) ** 2) / (2 * sigma ** 2)),
  );
  const sum = kernel.reduce((a, b) => a + b);
  const out = new Float64Array(values.length);
  values.forEach((value, i) => {
    if (value === 0) return;
    for (let k = Math.max(0, i - reach); k <= Math.min(values.length - 1, i + reach); k++) {
      out[k]! += (value * kernel[k - i + reach]!) / sum;
    }
  });
  return out;
}

/** @param smoothingShare FWHM as a share of the charge between the two rows */
export function differentialVoltage(
  record: CyclerRecord,
  [first, last]: readonly [number, number],
  smoothingShare: number,
): DifferentialVoltage | undefined {
  const all = cumulativeCharge(record);
  if (!all || last - first < 3) return undefined;
  const charge = all.slice(first, last + 1).map((value) => Math.abs(value - all[first]!));
  const total = charge.at(-1)!;
  if (!(total > 0)) return undefined;
  const sigma = (smoothingShare * total) / FWHM_PER_SIGMA;
  const chargeAh = Float64Array.from({ length: POINTS }, (_, k) => ((k + 0.5) / POINTS) * total);
  let low = 0;
  const vPerAh = chargeAh.map((at) => {
    while (low < charge.length - 1 && charge[low]! < at - REACH * sigma) low++;
    const sums = { w: 0, q: 0, v: 0, qq: 0, qv: 0 };
    for (let i = low; i < charge.length && charge[i]! <= at + REACH * sigma; i++) {
      const q = charge[i]! - at;
      const w = Math.exp(-(q ** 2) / (2 * sigma ** 2));
      const v = record.voltageV[first + i]!;
      sums.w += w;
      sums.q += w * q;
      sums.v += w * v;
      sums.qq += w * q * q;
      sums.qv += w * q * v;
    }
    const spreadQ = sums.w * sums.qq - sums.q ** 2;
    // rows too far apart for the smoothing say nothing here
    return spreadQ > 1e-12 * sums.w * sums.qq ? (sums.w * sums.qv - sums.q * sums.v) / spreadQ : Number.NaN;
  });
  return { chargeAh, vPerAh };
}
