/** What a fit says about its parameters' uncertainties: esd, correlations, and factors that widen them. */

export interface Covariance {
  /** [n, n] inverse of J^T W J, in units of the residuals' variance; 0 for fixed and NaN for undetermined ones */
  readonly matrix: Float64Array;
  /** [n] standard uncertainties for residuals of unit variance: times sqrt(reduced chi^2) where sigma is not known */
  readonly esd: Float64Array;
  readonly undetermined: readonly number[];
}

/** [n, n] correlations of a covariance matrix; 1 on the diagonal, 0 where a variance is 0. */
export function correlations(covariance: Float64Array): Float64Array {
  const n = Math.round(Math.sqrt(covariance.length));
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const scale = Math.sqrt(covariance[i * n + i]! * covariance[j * n + j]!);
      out[i * n + j] = i === j ? 1 : scale === 0 ? 0 : covariance[i * n + j]! / scale;
    }
  }
  return out;
}

export interface Correlation {
  /** indices of the two parameters, first < second */
  readonly first: number;
  readonly second: number;
  /** -1 to 1 */
  readonly correlation: number;
}

/**
 * Pairs of parameters that the data hardly tell apart, the strongest first.
 *
 * Pairs with an undetermined parameter (NaN) are not listed, being named as such; nor are fixed ones.
 *
 * @param covariance [n, n]
 * @param threshold  least |correlation| listed
 */
export function strongCorrelations(covariance: Float64Array, threshold: number): Correlation[] {
  const n = Math.round(Math.sqrt(covariance.length));
  const matrix = correlations(covariance);
  const found: Correlation[] = [];
  for (let first = 0; first < n; first++) {
    for (let second = first + 1; second < n; second++) {
      const correlation = matrix[first * n + second]!;
      if (correlation !== 0 && Math.abs(correlation) >= threshold) found.push({ first, second, correlation });
    }
  }
  return found.sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation));
}

/**
 * A covariance with all esd times `factor`: sqrt(reduced chi^2), the goodness of fit, or berarLelannFactor.
 * Correlations stay as they are.
 */
export function scaleCovariance({ matrix, esd, undetermined }: Covariance, factor: number): Covariance {
  return {
    matrix: matrix.map((value) => value * factor * factor),
    esd: esd.map((value) => value * factor),
    undetermined,
  };
}

/**
 * Goodness of fit sqrt(chi^2 / (points - free parameters)); NaN where there are no more points than parameters.
 *
 * @param freeParameters independent ones: without those fixed, dependent or resting on a bound
 */
export function goodnessOfFit(chi2: number, points: number, freeParameters: number): number {
  return points > freeParameters ? Math.sqrt(chi2 / (points - freeParameters)) : Number.NaN;
}
