import { binValues } from "./integrate-regroup.ts";

/**
 * The sigma-clipped mean of each bin, of four frames. A pixel's value is x = (counts - dark) x scale, its weight
 * w = share x solid angle x polarisation x flat; the mean is sum(w x) / sum(w). Each round drops what lies further
 * than c sigma from the mean, for good, with
 *   sigma^2 = mean (Poisson) or sum(w (x - mean)^2) / sum(w) (azimuthal),
 *   c = max(threshold, sqrt(2 ln(n / sqrt(2 pi)))), n the pixels left (Chauvenet),
 * which without splitting are the rules of pyFAI 0.21's sigma_clip_ng.
 *
 * @param values   [entry, 4] f32, of integrateRegroup
 * @param frameCount 1 to 4: how many of the four are to be done
 * @param scale    [entry] f32, 1 / (solid angle x polarisation x flat)
 * @param weight   [entry] f32
 * @param pixels   [bins] f32 sum of shares in the bin: its number of pixels
 * @param threshold in sigma
 * @param isAzimuthal 1: azimuthal, 0: Poisson
 * @param scratch  f32, four times the largest bin + 256
 * @param mean     [4, bins] f64, written; NaN where no pixel is left
 * @param variance [4, bins] f64 sum of w^2 scale x over the pixels kept: Poisson variance of sum(w x), written
 * @param normalisation [4, bins] f64 sum of w over the pixels kept, written
 * @param kept     [4, bins] f64 entries kept, written; other parameters as integrateTrimmed
 */
export function integrateClipped(
  values: Float32Array,
  frameCount: number,
  scale: Float32Array,
  weight: Float32Array,
  pixels: Float32Array,
  start: Uint32Array,
  from: number,
  to: number,
  bins: number,
  threshold: number,
  iterations: number,
  isAzimuthal: number,
  _scratch: Float32Array,
  mean: Float64Array,
  variance: Float64Array,
  normalisation: Float64Array,
  kept: Float64Array,
): void {
  for (let bin = from; bin < to; bin++) {
    const [begin, end] = [start[bin]!, start[bin + 1]!];
    const w = weight.subarray(begin, end);
    for (let f = 0; f < frameCount; f++) {
      const x = binValues(values, begin, end, f, true);
      const interval: Interval = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
      let sums = sumInside(x, w, interval);
      for (let round = 0; round < iterations && sums.count > 0; round++) {
        const average = sums.wx / sums.w;
        const spread = isAzimuthal ? sums.wxx / sums.w - average * average : average;
        // n as a float32, like the table: the logarithm hides the rounding
        const n = (sums.count / (end - begin)) * pixels[bin]!;
        const cut = Math.max(threshold, Math.sqrt(2 * Math.log(Math.max(n, 3) / Math.sqrt(2 * Math.PI))));
        const reach = cut * Math.sqrt(Math.max(spread, 0));
        interval.low = Math.max(interval.low, Math.fround(average - reach));
        interval.high = Math.min(interval.high, Math.fround(average + reach));
        const before = sums.count;
        sums = sumInside(x, w, interval);
        if (sums.count === before) break;
      }
      const at = f * bins + bin;
      mean[at] = sums.count > 0 ? sums.wx / sums.w : Number.NaN;
      variance[at] = varianceInside(x, w, scale, begin, interval);
      normalisation[at] = sums.w;
      kept[at] = sums.count;
    }
  }
}

interface Interval {
  low: number;
  high: number;
}

/** Four partial sums, as the SIMD lanes have them, so that both twins round alike. */
function sumInside(x: Float32Array, w: Float32Array, { low, high }: Interval) {
  const [sw, swx, swxx] = [new Float64Array(4), new Float64Array(4), new Float64Array(4)];
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const v = x[i]!;
    if (!(v >= low && v <= high)) continue;
    count++;
    const lane = i & 3;
    const wv = w[i]! * v;
    sw[lane]! += w[i]!;
    swx[lane]! += wv;
    swxx[lane]! += wv * v;
  }
  return { w: acrossLanes(sw), wx: acrossLanes(swx), wxx: acrossLanes(swxx), count };
}

function varianceInside(
  x: Float32Array,
  w: Float32Array,
  scale: Float32Array,
  begin: number,
  { low, high }: Interval,
): number {
  const sum = new Float64Array(4);
  for (let i = 0; i < x.length; i++) {
    const v = x[i]!;
    if (v >= low && v <= high) sum[i & 3]! += w[i]! * w[i]! * (scale[begin + i]! * v);
  }
  return acrossLanes(sum);
}

const acrossLanes = (sum: Float64Array): number => sum[0]! + sum[2]! + (sum[1]! + sum[3]!);
