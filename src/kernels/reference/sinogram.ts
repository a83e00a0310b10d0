/**
 * The sinogram stage's passes over blocks of [row, bin], a row being one point of one line. Rows are combined with
 * weights, bins are independent of each other.
 */

/**
 * out[r] = sum over k of weight[r, k] input[source[r, k]]; taps of weight 0 are not read, so NaN there does no harm.
 *
 * @param out    [row, bin]
 * @param input  [any row, bin]
 * @param source [row, tap] row of the input
 * @param weight [row, tap]
 */
export function gatherRows(
  out: Float32Array,
  input: Float32Array,
  source: Int32Array,
  weight: Float32Array,
  rows: number,
  taps: number,
  bins: number,
): void {
  for (let r = 0; r < rows; r++) {
    const to = r * bins;
    for (let b = 0; b < bins; b++) out[to + b] = 0;
    for (let k = 0; k < taps; k++) {
      const w = weight[r * taps + k]!;
      if (w === 0) continue;
      const from = source[r * taps + k]! * bins;
      // fround twice: the same rounding as f32.mul then f32.add
      for (let b = 0; b < bins; b++) out[to + b] = out[to + b]! + Math.fround(w * input[from + b]!);
    }
  }
}

/**
 * Variance of what gatherRows gives: out[r, b] = sum over k of weight^2 variance(source, b), where the variance is
 * sigma^2 if the input is sigma (isSigma = 1), else gain[b] max(intensity, gain[b]): Poisson counts behind an
 * intensity, of which at least one is assumed.
 *
 * @param gain [bin] only read if the input is intensity
 */
export function gatherVariances(
  out: Float32Array,
  input: Float32Array,
  gain: Float32Array,
  source: Int32Array,
  weight: Float32Array,
  rows: number,
  taps: number,
  bins: number,
  isSigma: number,
): void {
  for (let r = 0; r < rows; r++) {
    const to = r * bins;
    for (let b = 0; b < bins; b++) out[to + b] = 0;
    for (let k = 0; k < taps; k++) {
      const w = weight[r * taps + k]!;
      if (w === 0) continue;
      const w2 = Math.fround(w * w);
      const from = source[r * taps + k]! * bins;
      for (let b = 0; b < bins; b++) {
        const x = input[from + b]!;
        const variance = isSigma ? Math.fround(x * x) : Math.fround(gain[b]! * Math.max(x, gain[b]!));
        out[to + b] = out[to + b]! + Math.fround(w2 * variance);
      }
    }
  }
}

/** out[r, b] = the largest input[r + d, b] with |d| <= reach, inside the rows. NaN anywhere there gives NaN. */
export function slidingMaximum(
  out: Float32Array,
  input: Float32Array,
  rows: number,
  bins: number,
  reach: number,
): void {
  for (let r = 0; r < rows; r++) {
    const first = Math.max(0, r - reach);
    const last = Math.min(rows - 1, r + reach);
    for (let b = 0; b < bins; b++) {
      let most = input[first * bins + b]!;
      for (let row = first + 1; row <= last; row++) most = Math.max(most, input[row * bins + b]!);
      out[r * bins + b] = most;
    }
  }
}

/**
 * flags[i] = 1 where value is above limit + sigmas sqrt(variance) + relative max(limit, 0), with limit the smaller
 * of before and after; else 0. Comparisons with NaN are false. Gives the number of flags set.
 */
export function flagAbove(
  flags: Uint8Array,
  value: Float32Array,
  variance: Float32Array,
  before: Float32Array,
  after: Float32Array,
  n: number,
  sigmas: number,
  relative: number,
): number {
  const f = Math.fround;
  const s = f(sigmas);
  const share = f(relative);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const limit = Math.min(before[i]!, after[i]!);
    const most = f(f(limit + f(s * f(Math.sqrt(variance[i]!)))) + f(share * Math.max(limit, 0)));
    const isAbove = value[i]! > most ? 1 : 0;
    flags[i] = isAbove;
    count += isAbove;
  }
  return count;
}
