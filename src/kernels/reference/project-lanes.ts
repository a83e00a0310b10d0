/**
 * Arithmetic on stacks packed by 16 bins, [n, 16]: one coefficient for each of the 16 bins (lanes), or one weight for
 * each of the n elements. Sums are f64.
 */

/** out[i, lane] = source[i * stride + lane] for lane < bins, 0 for the rest. */
export function packLanes(out: Float32Array, source: Float32Array, n: number, stride: number, bins: number): void {
  for (let i = 0; i < n; i++) {
    for (let lane = 0; lane < 16; lane++) out[i * 16 + lane] = lane < bins ? source[i * stride + lane]! : 0;
  }
}

/** out[i * stride + lane] = factor source[i, lane] for lane < bins. */
export function unpackLanes(
  out: Float32Array,
  source: Float32Array,
  n: number,
  stride: number,
  bins: number,
  factor: number,
): void {
  const by = Math.fround(factor);
  for (let i = 0; i < n; i++) {
    for (let lane = 0; lane < bins; lane++) out[i * stride + lane] = by * source[i * 16 + lane]!;
  }
}

/** sums[lane] += the sum over i of a[i, lane] b[i, lane], in f64. */
export function projectDot(sums: Float64Array, a: Float32Array, b: Float32Array, n: number): void {
  for (let i = 0; i < 16 * n; i++) sums[i & 15]! += a[i]! * b[i]!;
}

/** out[i, lane] += factors[lane] added[i, lane] */
export function projectAdd(out: Float32Array, added: Float32Array, factors: Float32Array, n: number): void {
  for (let i = 0; i < 16 * n; i++) out[i]! += Math.fround(factors[i & 15]! * added[i]!);
}

/** out[i, lane] = added[i, lane] + factors[lane] out[i, lane] */
export function projectTurn(out: Float32Array, added: Float32Array, factors: Float32Array, n: number): void {
  for (let i = 0; i < 16 * n; i++) out[i] = added[i]! + Math.fround(factors[i & 15]! * out[i]!);
}

/** out[i, lane] *= weights[i] */
export function projectWeigh(out: Float32Array, weights: Float32Array, n: number): void {
  for (let i = 0; i < 16 * n; i++) out[i]! *= weights[i >> 4]!;
}

/** out[i, lane] = weights[i] (measured[i, lane] - out[i, lane]), and the squares of the differences where weights[i] > 0 into sums. */
export function projectResidual(
  out: Float32Array,
  measured: Float32Array,
  weights: Float32Array,
  sums: Float64Array,
  n: number,
): void {
  for (let i = 0; i < 16 * n; i++) {
    const difference = Math.fround(measured[i]! - out[i]!);
    if (weights[i >> 4]! > 0) sums[i & 15]! += difference * difference;
    out[i] = weights[i >> 4]! * difference;
  }
}

/** image[i, lane] = max(lowest, image[i, lane] + factors[lane] (weights[i] step[i, lane])) */
export function projectStep(
  image: Float32Array,
  step: Float32Array,
  weights: Float32Array,
  factors: Float32Array,
  lowest: number,
  n: number,
): void {
  const f = Math.fround;
  for (let i = 0; i < 16 * n; i++) {
    const moved = f(image[i]! + f(factors[i & 15]! * f(weights[i >> 4]! * step[i]!)));
    image[i] = Math.max(moved, lowest);
  }
}

/** step[i, lane] = 0 where image[i, lane] is 0 and the step would make it negative. */
export function projectOntoFree(step: Float32Array, image: Float32Array, n: number): void {
  for (let i = 0; i < 16 * n; i++) if (image[i]! <= 0 && step[i]! < 0) step[i] = 0;
}

/**
 * out[i, lane] = measured[i, lane] / out[i, lane] where weights[i] > 0 and out is above 0, else 0, with negative
 * measurements as 0; and the squares of measured - out where weights[i] > 0 into sums.
 */
export function projectRatio(
  out: Float32Array,
  measured: Float32Array,
  weights: Float32Array,
  sums: Float64Array,
  n: number,
): void {
  for (let i = 0; i < 16 * n; i++) {
    const isMeasured = weights[i >> 4]! > 0;
    const difference = Math.fround(measured[i]! - out[i]!);
    if (isMeasured) sums[i & 15]! += difference * difference;
    out[i] = isMeasured && out[i]! > 0 ? Math.max(0, measured[i]!) / out[i]! : 0;
  }
}

/** image[i, lane] *= weights[i] step[i, lane], in the lanes whose factor is not 0. */
export function projectScale(
  image: Float32Array,
  step: Float32Array,
  weights: Float32Array,
  factors: Float32Array,
  n: number,
): void {
  for (let i = 0; i < 16 * n; i++) {
    if (factors[i & 15] !== 0) image[i]! *= Math.fround(weights[i >> 4]! * step[i]!);
  }
}
