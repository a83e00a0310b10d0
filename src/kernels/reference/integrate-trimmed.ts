import { binValues } from "./integrate-regroup.ts";

/**
 * The exact per-pixel trimmed mean of each bin, of four frames: of n valid pixels, corrected by
 * integrateRegroup, the k = floor(trim n) lowest and the k highest are dropped and the rest averaged.
 * k is at most floor((n - 1) / 2), so that trim = 0.5 is the median. Ties need no rule: equal values are equal.
 *
 * Here by sorting; the assembly selects the two thresholds instead. Both add what lies between them in float64, in
 * the order of the pixels, in four partial sums (pixel 0, 4, 8 ...; 1, 5, 9 ...), and so agree in every bit.
 *
 * @param values  [entry, 4] f32, of integrateRegroup
 * @param frameCount 1 to 4: how many of the four are to be done
 * @param start   [bins + 1] where each bin's entries begin
 * @param from, to bins from (included) to (excluded)
 * @param bins    stride of the outputs
 * @param trim    fraction dropped at each end, 0 to 0.5
 * @param scratch f32, six times the largest bin + 256
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
      mean[f * bins + bin] = n === 0 ? Number.NaN : sumBetween(x, k) / (n - 2 * k);
    }
  }
}

function sumBetween(x: Float32Array, k: number): number {
  const n = x.length;
  const sorted = x.slice().sort();
  const [low, high] = [sorted[k]!, sorted[n - 1 - k]!];
  if (low === high) return (n - 2 * k) * low;
  const part = [0, 0, 0, 0];
  let [atMostLow, atLeastHigh] = [0, 0];
  for (let i = 0; i < n; i++) {
    const v = x[i]!;
    if (v <= low) atMostLow++;
    else if (v >= high) atLeastHigh++;
    else part[i & 3]! += v;
  }
  return part[0]! + part[2]! + (part[1]! + part[3]!) + ((atMostLow - k) * low + (atLeastHigh - k) * high);
}
