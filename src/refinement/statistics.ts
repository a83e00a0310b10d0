/**
 * How well a calculated pattern fits.
 *
 * Sources: Young (ed.), The Rietveld Method (1993), chapter 1; Hill & Flack, J. Appl. Cryst. 20 (1987) 356 for the
 * Durbin-Watson statistic. R values are shares, not per cent, and contain the background unless the name says not.
 */
export interface FitStatistics {
  /** sqrt(sum w (o - c)^2 / sum w o^2) */
  readonly rwp: number;
  /** likewise with the background taken from o in the denominator */
  readonly rwpNoBackground: number;
  /** sum |o - c| / sum |o| */
  readonly rp: number;
  /** sqrt((points - parameters) / sum w o^2) */
  readonly rexp: number;
  /** sqrt(chi^2 / (points - parameters)) */
  readonly gof: number;
  readonly chi2: number;
  readonly reducedChi2: number;
  /** 2 for residuals without serial correlation, near 0 where neighbours go together */
  readonly durbinWatson: number;
  readonly points: number;
  /** refined and independent */
  readonly parameters: number;
}

/**
 * Rwp, Rp, Rexp, chi squared and goodness of fit, shares from 0 up.
 *
 * @param observed [n], as calculated and background, in one unit
 * @param weight   [n] 1 / sigma squared; 0: left out
 */
export function fitStatistics(
  observed: Float64Array,
  calculated: Float64Array,
  background: Float64Array,
  weight: Float64Array,
  parameters: number,
): FitStatistics {
  const n = observed.length;
  let [chi2, total, net, absolute, all, serial] = [0, 0, 0, 0, 0, 0];
  let before = 0;
  for (let i = 0; i < n; i++) {
    const [o, w] = [observed[i]!, weight[i]!];
    const r = o - calculated[i]!;
    const scaled = Math.sqrt(w) * r;
    chi2 += w * r * r;
    total += w * o * o;
    net += w * (o - background[i]!) ** 2;
    absolute += Math.abs(r);
    all += Math.abs(o);
    if (i > 0) serial += (scaled - before) ** 2;
    before = scaled;
  }
  const freedom = n - parameters;
  return {
    rwp: Math.sqrt(chi2 / total),
    rwpNoBackground: Math.sqrt(chi2 / net),
    rp: absolute / all,
    rexp: Math.sqrt(freedom / total),
    gof: Math.sqrt(chi2 / freedom),
    chi2,
    reducedChi2: chi2 / freedom,
    durbinWatson: serial / chi2,
    points: n,
    parameters,
  };
}
