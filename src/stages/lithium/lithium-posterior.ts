/**
 * Lithium from a and c together: the probability of x along a calibration curve.
 *
 *   ln p(x | a, c) = -1/2 r' S^-1 r - 1/2 ln |S|,   r = (a - a(x), c - c(x)),   uniform in x over the table
 *   S = measured covariance + what samples lie off the curve by + s^2 (a, c)(a, c)'
 *
 * x is where p is greatest, the point of the curve nearest to (a, c) in the metric of S: what lies on the curve is read
 * without bias, which the mean of p would have where the curve bends. Bands and deviations are of p.
 *
 * s is the relative standard uncertainty of a common scale (distance, wavelength, parallax). Where it is large, only
 * c/a counts. c is two-valued, and c/a nearly so: p may have two branches, and both are given.
 */
import { type LithiumCalibration, smoothCurve } from "./calibration.ts";

export interface PosteriorOptions {
  /** relative; of a and c alike */
  readonly scaleEsd: number;
  /** correlation of the measured a and c */
  readonly correlation?: number;
}

/** What a and c say of x. Overwritten by the next call. */
export interface LithiumPosterior {
  /** where p is greatest in the heavier branch, and the root of the mean square distance of that branch from it */
  x: number;
  sd: number;
  /** 95 % of all the probability, both branches; the error of the table's x is not in it */
  low: number;
  high: number;
  /** of the heavier branch, 0.5 to 1 */
  weight: number;
  /** where p is greatest in the other branch; NaN where there is none */
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

/** The tangent of the curve is taken over so many points to both sides. */
const TANGENT = 8;
/** -2 ln p above its least from which on p is nothing. */
const NEGLIGIBLE = 80;

/** Room for one curve; `evaluate` allocates nothing. */
export function createLithiumCurve(table: LithiumCalibration, options: PosteriorOptions): LithiumCurve {
  const [low, high] = [table.x[0]!, table.x.at(-1)!];
  const n = Math.max(4 * TANGENT, Math.ceil((high - low) / STEP) + 1);
  const x = Float64Array.from({ length: n }, (_, k) => low + ((high - low) * k) / (n - 1));
  const sampled = (values: Float64Array): Float64Array => smoothCurve(table.x, values, x);
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
    const branch = branchAround(density, top);
    const total = sum(density, 0, n);
    out.weight = sum(density, ...branch) / total;
    out.other = Number.NaN;
    if (out.weight >= 1 - LEAST_BRANCH) {
      out.weight = 1;
      describe(top, 0, n, ma, mc);
    } else {
      const second = highestOutside(density, branch);
      // the higher peak may be the narrower, and the other branch the heavier
      const isFirst = out.weight >= 0.5;
      const main = isFirst ? branch : branchAround(density, second);
      if (!isFirst) out.weight = sum(density, ...main) / total;
      describe(isFirst ? top : second, ...main, ma, mc);
      out.other = x[isFirst ? second : top]!;
    }
    out.low = quantileAt(0.025 * total);
    out.high = quantileAt(0.975 * total);
    out.chi2 = chi2;
    const isAtEnd = top === 0 || top === n - 1;
    out.isOutside = chi2 > (isAtEnd ? FAR_AT_END : FAR);
    return out;
  }

  /** x at a peak, between the points of the curve; its spread; its change with a and c by the curve's tangent. */
  function describe(peak: number, from: number, to: number, ma: number, mc: number): void {
    const k = Math.max(TANGENT, Math.min(n - 1 - TANGENT, peak));
    const h = TANGENT * step;
    const slope = (of: Float64Array): number => (of[k + TANGENT]! - of[k - TANGENT]!) / (2 * h);
    const bend = (of: Float64Array): number => (of[k + TANGENT]! - 2 * of[k]! + of[k - TANGENT]!) / (h * h);
    const [ta, tc] = [slope(a), slope(c)];
    const [ga, gc] = [iaa[k]! * ta + iac[k]! * tc, iac[k]! * ta + icc[k]! * tc];
    const [ra, rc] = [ma - a[k]!, mc - c[k]!];
    const information = ga * ta + gc * tc;
    const bent = bend(a) * (iaa[k]! * ra + iac[k]! * rc) + bend(c) * (iac[k]! * ra + icc[k]! * rc);
    const curvature = Math.max(information - bent, 0.25 * information, 1e-12);
    out.byA = ga / curvature;
    out.byC = gc / curvature;
    out.x = x[peak]! + withinStep(distance, peak) * step;
    let [mass, square] = [0, 0];
    for (let j = from; j < to; j++) {
      mass += density[j]!;
      square += density[j]! * (x[j]! - out.x) ** 2;
    }
    // a branch narrower than the curve's points is not known better than they are apart
    out.sd = Math.sqrt(square / mass + step ** 2 / 12);
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

/** Offset of the minimum from point k by a parabola through it and its neighbours, -0.5 to 0.5; 0 at the ends. */
function withinStep(values: Float64Array, k: number): number {
  if (k === 0 || k === values.length - 1) return 0;
  const [before, at, after] = [values[k - 1]!, values[k]!, values[k + 1]!];
  const bend = before - 2 * at + after;
  return bend > 0 ? Math.max(-0.5, Math.min(0.5, (0.5 * (before - after)) / bend)) : 0;
}

function highestOutside(density: Float64Array, [from, to]: readonly [number, number]): number {
  let top = from > 0 ? 0 : to;
  for (let k = 0; k < density.length; k++) {
    if ((k < from || k >= to) && density[k]! > density[top]!) top = k;
  }
  return top;
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
