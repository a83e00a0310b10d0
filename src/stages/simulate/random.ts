/**
 * Seeded chance: xoshiro128** (Blackman & Vigna, ACM Trans. Math. Softw. 47 (2021) 36) and the distributions a
 * diffraction experiment needs. A stream is named by integers (seed, line, translation, ...), so that any worker makes
 * the same line whatever was made before.
 */
export interface Random {
  /** in [0, 1), 32 bits */
  uniform(): number;
  /** mean 0, standard deviation 1 */
  normal(): number;
  /** counts of the given mean; exact at all means */
  poisson(mean: number): number;
}

/** The stream of this name: the same numbers whatever was drawn from others. */
export function createRandom(...stream: readonly number[]): Random {
  const next = xoshiro128(stream);
  const uniform = (): number => next() * 2 ** -32;
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    poisson: (mean) => {
      if (mean < 10) return poissonByInversion(mean, uniform);
      // NaN stays NaN; above 1e15 a count is no longer exact in a double
      return mean < 1e15 ? poissonByRejection(mean, uniform) : mean;
    },
  };
}

/** State filled by splitmix32 over the words of the stream's name, so that neighbouring names are unrelated. */
function xoshiro128(stream: readonly number[]): () => number {
  let mixed = 0x9e3779b9;
  const splitmix = (): number => {
    mixed = (mixed + 0x9e3779b9) | 0;
    let z = mixed;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  for (const word of stream) mixed = Math.imul(splitmix() ^ (word | 0), 0x85ebca6b) ^ Math.floor(word / 2 ** 32);
  let [a, b, c, d] = [splitmix(), splitmix(), splitmix(), splitmix() | 1];
  const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k));
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return result >>> 0;
  };
}

/** Search up the distribution function; short for small means. */
function poissonByInversion(mean: number, uniform: () => number): number {
  if (!(mean > 0)) return 0;
  let u = uniform();
  let p = Math.exp(-mean);
  let k = 0;
  // 2^-32 steps of u leave the far tail (probability below 1e-9) out: the bound ends the search there
  while (u > p && k < 100) {
    u -= p;
    p *= mean / ++k;
  }
  return k;
}

/** Transformed rejection with squeeze, PTRS: Hörmann, Insurance: Mathematics and Economics 12 (1993) 39. */
function poissonByRejection(mean: number, uniform: () => number): number {
  const root = Math.sqrt(mean);
  const logMean = Math.log(mean);
  const b = 0.931 + 2.53 * root;
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const vr = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const us = 0.5 - Math.abs(u);
    const k = Math.floor(((2 * a) / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (Math.log((v * inverseAlpha) / (a / (us * us) + b)) <= k * logMean - mean - logFactorial(k)) return k;
  }
}

const SMALL_LOG_FACTORIALS = Float64Array.from({ length: 16 }, (_, n) => {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return Math.log(product);
});

/** Stirling's series; better than 1e-11 from 16 on. */
function logFactorial(n: number): number {
  if (n < 16) return SMALL_LOG_FACTORIALS[n]!;
  const inverse = 1 / n;
  const square = inverse * inverse;
  const series = inverse * (1 / 12 - square * (1 / 360 - square / 1260));
  return (n + 0.5) * Math.log(n) - n + 0.9189385332046727 + series;
}
