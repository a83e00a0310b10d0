import { binValues } from "./integrate-regroup.ts";

/**
 * The exact per-pixel trimmed mean of each bin, of four frames: of n valid pixels, corrected by
 * integrateRegroup, the k = floor(trim n) lowest and the k highest are dropped and the rest averaged.
 * k is at most floor((n - 1) / 2), so that trim = 0.5 is the median. Ties need no rule: equal values are equal.
 *
 * Here by sorting; the assembly selects the two thresholds instead. Both then add in float64, in the order of the pixels
 * and in four partial sums (pixel 0, 4, 8 ...; 1, 5, 9 ...), each value moved to the nearer threshold where it lies
 * outside, and take k times each threshold away again: so they agree in every bit, and nothing has to be counted.
 *
 * @param values  [entry, 4] f32, of integrateRegroup
 * @param frameCount 1 to 4: how many of the four are to be done
 * @param start   [bins + 1] where each bin's entries begin
 * @param from, to bins from (included) to (excluded)
 * @param bins    stride of the outputs
 * @param trim    fraction dropped at each end, 0 to 0.5
 * @param scratch f32, six times the largest bin + 1200
 * @param mean    [4, bins] f64, written; NaN where no pixel is left
 * @param valid   [4, bins] f64 n, written
 */
export function integrateTrimmed(
  values: Float32Array,
  frameCount: number,
  start: Uint32Array,
  from: number,
  to: number,
  bins: number,
  trim: number,
  _scratch: Float32Array,
  mean: Float64Array,
  valid: Float64Array,
): void {
  for (let bin = from; bin < to; bin++) {
    for (let f = 0; f < frameCount; f++) {
      const x = binValues(values, start[bin]!, start[bin + 1]!, f, false);
      const n = x.length;
      const k = Math.min(Math.floor(trim * n), (n - 1) >> 1);
      valid[f * bins + bin] = n;
      mean[f * bins + bin] = n === 0 ? Number.NaN : trimmedMean(x, k);
    }
  }
}

function trimmedMean(x: Float32Array, k: number): number {
  const n = x.length;
  const sorted = x.slice().sort();
  const [low, high] = [sorted[k]!, sorted[n - 1 - k]!];
  if (low === high) return low;
  const part = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) part[i & 3]! += Math.min(Math.max(x[i]!, low), high);
  return (part[0]! + part[2]! + (part[1]! + part[3]!) - k * (low + high)) / (n - 2 * k);
}
