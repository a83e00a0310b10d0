/**
 * How many voxels of a map count as one: neighbours that share their noise or their structure are not independent.
 *
 *   var(mean) = (s^2 / n) tau,   tau = 1 + sum over all lags other than 0 of rho(lag)
 *
 * rho is the autocorrelation of the values about their mean, averaged over lags of equal length; the sum ends before
 * the first length at which it is not above 0, as later ones hold noise alone.
 *
 * Source: R. E. Thiebaux & F. W. Zwiers, J. Climate Appl. Meteorol. 23 (1984) 800 (effective number of observations);
 * C. J. Geyer, Statist. Sci. 7 (1992) 473 (the sum cut where it turns negative).
 */

const LONGEST_LAG = 40;
/** Pairs at each lag are counted from this many voxels at most. */
const BASES = 4000;
/** Of the lags of one length. */
const MOST_LAGS = 12;

/**
 * @param values [y, x] NaN where there is none
 * @returns tau, 1 or above: n / tau voxels are independent
 */
export function correlationFactor(values: ArrayLike<number>, ny: number, nx: number): number {
  const here: number[] = [];
  let mean = 0;
  for (let i = 0; i < ny * nx; i++)
    if (Number.isFinite(values[i]!)) {
      here.push(i);
      mean += values[i]!;
    }
  mean /= here.length;
  const variance = here.reduce((sum, i) => sum + (values[i]! - mean) ** 2, 0) / here.length;
  if (here.length < 3 || !(variance > 0)) return 1;
  // odd, so that bases do not fall on one column of the grid
  const stride = Math.floor(here.length / BASES) | 1;
  const bases = here.filter((_, i) => i % stride === 0);
  let tau = 1;
  for (const lags of lagRings(Math.min(LONGEST_LAG, Math.max(ny, nx) - 1))) {
    let [sum, pairs] = [0, 0];
    const every = Math.ceil(lags.length / MOST_LAGS);
    const taken = lags.filter((_, k) => k % every === 0);
    for (const [dy, dx] of taken) {
      for (const i of bases) {
        const [row, col] = [Math.floor(i / nx) + dy, (i % nx) + dx];
        if (row < 0 || row >= ny || col < 0 || col >= nx) continue;
        const other = values[row * nx + col]!;
        if (!Number.isFinite(other)) continue;
        sum += (values[i]! - mean) * (other - mean);
        pairs++;
      }
    }
    // pairs that exist, as the mean over a region of any form has them: 2 (half of the lags) pairs / n at each length
    const rho = pairs > 0 ? sum / pairs / variance : 0;
    if (!(rho > 0) || pairs === 0) break;
    tau += (2 * rho * pairs * (lags.length / taken.length)) / bases.length;
  }
  return Math.min(tau, here.length);
}

/** Lags of one half of the plane by their length: 1, 2, 3 ... voxels, rounded. */
function lagRings(longest: number): (readonly [number, number])[][] {
  const rings: (readonly [number, number])[][] = Array.from({ length: longest }, () => []);
  for (let dy = 0; dy <= longest; dy++)
    for (let dx = dy === 0 ? 1 : -longest; dx <= longest; dx++) {
      const length = Math.round(Math.hypot(dx, dy));
      if (length <= longest) rings[length - 1]!.push([dy, dx]);
    }
  return rings;
}
