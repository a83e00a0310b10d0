/**
 * Residuals of neighbouring points that go together: a profile that is slightly wrong, a pattern whose bins share
 * detector pixels. The esd of the covariance then promise too much, since the points are not independent.
 */

/**
 * What berarLelannFactor divides by: runs occur by chance too. In white Gaussian noise their lengths are geometric
 * with mean 2, E[L (L - 1)] = 4 and E|r| = sqrt(2 / pi), so that the sum of squared run sums is 1 + 4 / pi times the
 * sum of squares. Programs that leave this out widen the esd of faultless fits by half.
 */
export const WHITE_NOISE_RUN_FACTOR = Math.sqrt(1 + 4 / Math.PI);

/**
 * Factor by which esd grow for serial correlation of the residuals, 1 or more; 1 for white noise.
 *
 *   sqrt( sum over runs (sum of r in the run)^2 / sum r^2 ) / WHITE_NOISE_RUN_FACTOR,   a run: neighbours of one sign
 *
 * One number for all parameters: it says how correlated the residuals are, not how wrong any one parameter is.
 *
 * @param weightedResiduals [point] (observed - calculated) / sigma in the order of the axis; what is not finite, as
 *                          at excluded points, ends a run and does not count
 *
 * Source: after Bérar & Lelann, J. Appl. Cryst. 24 (1991) 1-5; the division by its value for white noise is ours.
 */
export function berarLelannFactor(weightedResiduals: ArrayLike<number>): number {
  let squares = 0;
  let runSquares = 0;
  let run = 0;
  for (let i = 0; i < weightedResiduals.length; i++) {
    const r = weightedResiduals[i]!;
    if (!Number.isFinite(r) || r * run <= 0) {
      runSquares += run * run;
      run = 0;
    }
    if (!Number.isFinite(r)) continue;
    run += r;
    squares += r * r;
  }
  runSquares += run * run;
  return squares > 0 ? Math.max(Math.sqrt(runSquares / squares) / WHITE_NOISE_RUN_FACTOR, 1) : 1;
}

/**
 * Durbin and Watson's d = sum (r_i - r_i-1)^2 / sum r_i^2: 2 for independent residuals, towards 0 where neighbours go
 * together, towards 4 where they alternate. 2 (1 - rho) for correlation rho between neighbours.
 *
 * @param weightedResiduals [point] as for berarLelannFactor; differences across what is not finite are left out
 * @returns NaN where there is no residual but 0
 *
 * Source: Hill & Flack, J. Appl. Cryst. 20 (1987) 356-361.
 */
export function durbinWatson(weightedResiduals: ArrayLike<number>): number {
  let squares = 0;
  let differences = 0;
  let before = Number.NaN;
  for (let i = 0; i < weightedResiduals.length; i++) {
    const r = weightedResiduals[i]!;
    if (Number.isFinite(r)) squares += r * r;
    if (Number.isFinite(r - before)) differences += (r - before) ** 2;
    before = r;
  }
  return differences / squares;
}
