/** Robust location and scale: of numbers some of which are wrong or missing. Values that are not finite do not count. */

/** The middle value, or the mean of the middle two; NaN of nothing. */
export function median(values: ArrayLike<number>): number {
  const finite = new Float64Array(values.length);
  let n = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i]!)) finite[n++] = values[i]!;
  const sorted = finite.subarray(0, n).sort();
  return n === 0 ? Number.NaN : (sorted[(n - 1) >> 1]! + sorted[n >> 1]!) / 2;
}

/** Standard deviation of the core of a distribution: 1.4826 (that of a normal one) times the median distance from `centre`. */
export function robustSpread(values: ArrayLike<number>, centre = median(values)): number {
  return 1.4826 * median(Float64Array.from(values, (x) => Math.abs(x - centre)));
}

/**
 * The value that a share of the others lies below, interpolated linearly between its neighbours in rank.
 * Of many values an even sample is taken: a quantile of a whole image need not be sorted out to the last place.
 *
 * @param share 0 to 1
 */
export function quantile(values: ArrayLike<number>, share: number): number {
  // an odd stride, so that the sample does not fall on one side of a zig-zag
  const stride = values.length > 2 * SAMPLE ? Math.floor(values.length / SAMPLE) | 1 : 1;
  const sample = new Float64Array(Math.ceil(values.length / stride));
  let n = 0;
  for (let i = 0; i < values.length; i += stride) if (Number.isFinite(values[i]!)) sample[n++] = values[i]!;
  if (n === 0) return Number.NaN;
  const sorted = sample.subarray(0, n).sort();
  const at = share * (n - 1);
  const low = Math.floor(at);
  const high = Math.min(n - 1, low + 1);
  return sorted[low]! + (at - low) * (sorted[high]! - sorted[low]!);
}
/** Values at least that a quantile rests on. */
const SAMPLE = 8192;

/** Median of the first n values of a small array, which is sorted in place. */
export function medianOfFew(values: Float64Array | number[], n: number): number {
  for (let i = 1; i < n; i++) {
    const value = values[i]!;
    let j = i - 1;
    for (; j >= 0 && values[j]! > value; j--) values[j + 1] = values[j]!;
    values[j + 1] = value;
  }
  return n === 0 ? Number.NaN : (values[(n - 1) >> 1]! + values[n >> 1]!) / 2;
}
