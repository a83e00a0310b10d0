/**
 * Lithium from a and c together: the probability of x along a calibration curve.
 *
 *   ln p(x | a, c) = -1/2 r' S^-1 r - 1/2 ln |S|,   r = (a - a(x), c - c(x)),   uniform in x over the table
 *   S = measured covariance + what samples lie off the curve by + s^2 (a, c)(a, c)'
 *
 * s is the relative standard uncertainty of a common scale (distance, wavelength, parallax). Where it is large, only
 * c/a counts. c is two-valued, and c/a nearly so: p may have two branches, and both are given.
 */
import { interpolate, type LithiumCalibration } from "./calibration.ts";

export interface PosteriorOptions {
  /** relative; of a and c alike */
  readonly scaleEsd: number;
  /** correlation of the measured a and c */
  readonly correlation?: number;
}

/** What a and c say of x. Overwritten by the next call. */
export interface LithiumPosterior {
  /** mean and standard deviation of the heavier branch */
  x: number;
  sd: number;
  /** 95 % of all the probability, both branches; the error of the table's x is not in it */
  low: number;
  high: number;
  /** of the heavier branch, 0.5 to 1 */
  weight: number;
  /** mean of the other branch; NaN where there is none */
  other: number;
  isOutside: boolean;
  /** smallest r' S^-1 r: of one degree of freedom where the table is right */
  chi2: number;
  /** change of x with a and c, 1/angstrom */
  byA: number;
  byC: number;
}

/** Points of the curve lie this far apart in x. */
const STEP = 0.0005;
/** A valley below this share of the lower peak parts two branches. */
const VALLEY = 0.6;
/** The lighter branch counts from this share on. */
const LEAST_BRANCH = 0.025;
/** A distance from the curve with a probability of 1e-3 for one degree of freedom. */
const FAR = 10.83;
/** At an end of the table, already this far off it means that x lies beyond. */
const FAR_AT_END = 2.71;

export interface LithiumCurve {
  /** [point] */
  readonly x: Float64Array;
  readonly a: Float64Array;
  readonly c: Float64Array;
  /** probability density of the last call, 1 at its top */
  readonly density: Float64Array;
  /** @param esdA, esdC standard uncertainties, angstrom; infinite where one is not known */
  evaluate(a: number, c: number, esdA: number, esdC: number): LithiumPosterior;
}

/** -2 ln p above its least from which on p is nothing. */
const NEGLIGIBLE = 80;

/** Room for one curve; `evaluate` allocates nothing. */
export function createLithiumCurve(table: LithiumCalibration, options: PosteriorOptions): LithiumCurve {
  const [low, high] = [table.x[0]!, table.x.at(-1)!];
  const n = Math.max(2, Math.ceil((high - low) / STEP) + 1);
  const x = Float64Array.from({ length: n }, (_, k) => low + ((high - low) * k) / (n - 1));
  const sampled = (values: Float64Array): Float64Array => x.map((at) => interpolate(table.x, values, at));
  const [a, c] = [sampled(table.a), sampled(table.c)];
  const [varA, varC] = [table.esdA, table.esdC].map((esd) => sampled(esd).map((value) => value * value));
  // where samples lie as far off the curve everywhere, one inverse does for all its points
  const isEven = [varA!, varC!].every((variance) => variance.every((value) => value === variance[0]));
  const density = new Float64Array(n);
  const distance = new Float64Array(n);
  const iaa = new Float64Array(n);
  const iac = new Float64Array(n);
  const icc = new Float64Array(n);
  const scale2 = options.scaleEsd ** 2;
  const rho = options.correlation ?? 0;
  const step = (high - low) / (n - 1);
  const out: LithiumPosterior = {
    x: Number.NaN,
    sd: Number.NaN,
    low: Number.NaN,
    high: Number.NaN,
    weight: 1,
    other: Number.NaN,
    isOutside: false,
    chi2: Number.NaN,
    byA: Number.NaN,
    byC: Number.NaN,
  };

  /** Fills the density; gives the least chi^2 and where the top is. */
  function fill(ma: number, mc: number, esdA: number, esdC: number): { chi2: number; top: number } {
    // what says nothing of a or c is a very large uncertainty of it
    const [va, vc] = [Math.min(esdA, 100) ** 2, Math.min(esdC, 100) ** 2];
    const covariance = rho * Math.sqrt(va * vc) + scale2 * ma * mc;
    let [chi2, best, top, constant] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
    for (let k = 0; k < n; k++) {
      if (k === 0 || !isEven) {
        const saa = va + varA![k]! + scale2 * ma * ma;
        const scc = vc + varC![k]! + scale2 * mc * mc;
        const det = Math.max(saa * scc - covariance * covariance, 1e-30);
        iaa[k] = scc / det;
        icc[k] = saa / det;
        iac[k] = -covariance / det;
        constant = Math.log(det);
      } else {
        iaa[k] = iaa[0]!;
        icc[k] = icc[0]!;
        iac[k] = iac[0]!;
      }
      const ra = ma - a[k]!;
      const rc = mc - c[k]!;
      const squared = iaa[k]! * ra * ra + 2 * iac[k]! * ra * rc + icc[k]! * rc * rc;
      if (squared < chi2) chi2 = squared;
      distance[k] = squared + constant;
      if (distance[k]! < best) {
        best = distance[k]!;
        top = k;
      }
    }
    for (let k = 0; k < n; k++) {
      const above = distance[k]! - best;
      density[k] = above < NEGLIGIBLE ? Math.exp(-0.5 * above) : 0;
    }
    return { chi2, top };
  }

  function evaluate(ma: number, mc: number, esdA: number, esdC: number): LithiumPosterior {
    const { chi2, top } = fill(ma, mc, esdA, esdC);
    const [from, to] = branchAround(density, top);
    const total = sum(density, 0, n);
    const inside = sum(density, from, to);
    out.weight = inside / total;
    out.other = Number.NaN;
    if (out.weight >= 1 - LEAST_BRANCH) {
      out.weight = 1;
      out.x = moments(0, n, total, ma, mc);
    } else if (out.weight >= 0.5) {
      out.other = meanOutside(from, to);
      out.x = moments(from, to, inside, ma, mc);
    } else {
      // the higher peak is the narrower: the heavier branch is the other one
      const second = branchAround(density, branchAt(meanOutside(from, to)));
      const mass = sum(density, ...second);
      out.weight = mass / total;
      out.other = moments(from, to, inside, ma, mc);
      out.x = moments(...second, mass, ma, mc);
    }
    out.low = quantileAt(0.025 * total);
    out.high = quantileAt(0.975 * total);
    out.chi2 = chi2;
    const isAtEnd = top === 0 || top === n - 1;
    out.isOutside = chi2 > (isAtEnd ? FAR_AT_END : FAR);
    return out;
  }

  /** The highest point of the density outside the first branch lies near the other's mean. */
  function branchAt(mean: number): number {
    let k = Math.max(0, Math.min(n - 1, Math.round((mean - low) / step)));
    while (k + 1 < n && density[k + 1]! > density[k]!) k++;
    while (k > 0 && density[k - 1]! > density[k]!) k--;
    return k;
  }

  function meanOutside(from: number, to: number): number {
    let [weight, mean] = [0, 0];
    for (let k = 0; k < n; k++) {
      if (k >= from && k < to) continue;
      weight += density[k]!;
      mean += density[k]! * x[k]!;
    }
    return mean / weight;
  }

  /** Mean of a branch, returned; its spread and its change with a and c are set: dE[x]/dm = Cov(x, S^-1 f(x)). */
  function moments(from: number, to: number, weight: number, ma: number, mc: number): number {
    let mean = 0;
    for (let k = from; k < to; k++) mean += density[k]! * x[k]!;
    mean /= weight;
    let [variance, byA, byC] = [0, 0, 0];
    for (let k = from; k < to; k++) {
      const off = (x[k]! - mean) * density[k]!;
      const ra = a[k]! - ma;
      const rc = c[k]! - mc;
      variance += off * (x[k]! - mean);
      byA += off * (iaa[k]! * ra + iac[k]! * rc);
      byC += off * (iac[k]! * ra + icc[k]! * rc);
    }
    // a branch narrower than the curve's points is not known better than they are apart
    out.sd = Math.sqrt(variance / weight + step ** 2 / 12);
    out.byA = byA / weight;
    out.byC = byC / weight;
    return mean;
  }

  function quantileAt(mass: number): number {
    let before = 0;
    for (let k = 0; k < n; k++) {
      const after = before + density[k]!;
      if (after >= mass) return x[k]! + step * ((mass - before) / density[k]! - 0.5);
      before = after;
    }
    return high;
  }

  return { x, a, c, density, evaluate };
}

function sum(values: Float64Array, from: number, to: number): number {
  let total = 0;
  for (let k = from; k < to; k++) total += values[k]!;
  return total;
}

/** From the top down both sides to the valleys beyond which the density rises to a peak of its own. */
function branchAround(density: Float64Array, top: number): [number, number] {
  const end = (step: 1 | -1): number => {
    let [lowest, at] = [density[top]!, top];
    for (let k = top + step; k >= 0 && k < density.length; k += step) {
      if (density[k]! < lowest) [lowest, at] = [density[k]!, k];
      // nothing this far below the top weighs anything
      else if (density[k]! > 1e-4 && lowest < VALLEY * density[k]!) return at;
    }
    return step > 0 ? density.length : 0;
  };
  return [end(-1), end(1)];
}
