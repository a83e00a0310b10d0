/**
 * Whether a fit is better by more than chance once it has more parameters: the variance ratio test, which for Rwp is
 * Hamilton's.
 *
 *   F = ((chi2_before - chi2_after) / q) / (chi2_after / (N - p)),   q more parameters, p in all
 *
 * Residuals of neighbouring points go together, so that N is not the number of points but of those that are as good as
 * independent: points / factor^2, factor by Berar & Lelann.
 *
 * Source: W. C. Hamilton, Acta Cryst. 18 (1965) 502-510; Berar & Lelann, J. Appl. Cryst. 24 (1991) 1-5.
 */
export interface FitSize {
  readonly chi2: number;
  /** refined and independent */
  readonly parameters: number;
}

export interface Gain {
  readonly f: number;
  /** degrees of freedom: of what was added, and of what is left */
  readonly added: number;
  readonly left: number;
  /** that a phase which is not there does as much, 0 to 1 */
  readonly chance: number;
}

/** @param correlation berarLelannFactor of the residuals after, 1 or more */
export function testGain(before: FitSize, after: FitSize & { readonly points: number }, correlation: number): Gain {
  const added = Math.max(1, after.parameters - before.parameters);
  const left = after.points / (correlation * correlation) - after.parameters;
  if (!(left >= 1)) return { f: 0, added, left: Math.max(0, left), chance: 1 };
  const f = Math.max(0, (before.chi2 - after.chi2) / added / (after.chi2 / left));
  return { f, added, left, chance: upperTailOfF(f, added, left) };
}

/** Probability of a larger F by chance (Abramowitz & Stegun 26.6.2). */
export function upperTailOfF(f: number, added: number, left: number): number {
  if (!(f > 0)) return 1;
  return Number.isFinite(f) ? incompleteBeta(left / (left + added * f), left / 2, added / 2) : 0;
}

/** Regularised incomplete beta function I_x(a, b) by its continued fraction (DLMF 8.17.22), from its far end. */
function incompleteBeta(x: number, a: number, b: number): number {
  // the fraction ends sooner on this side
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x) - Math.log(a);
  let fraction = 0;
  for (let m = TERMS; m > 0; m--) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    fraction = even / (1 + odd / (1 + fraction));
  }
  return Math.exp(front) / (1 - ((a + b) * x) / (a + 1) / (1 + fraction));
}
/** Pairs of them; about sqrt(max(a, b)) are needed, and patterns have thousands of points. */
const TERMS = 300;

/** Stirling's series (DLMF 5.11.1) beyond 10, and recurrence below. */
function lnGamma(x: number): number {
  if (x < 10) return lnGamma(x + 1) - Math.log(x);
  const square = 1 / (x * x);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
}
