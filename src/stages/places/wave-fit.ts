/** A closed curve around a point as a sum of waves, fitted to radii some of which are wrong. */
import { linearFit, robustSpread } from "../../fit/index.ts";

/** r(t) = c[0] + sum over k of c[2k-1] cos kt + c[2k] sin kt, t the angle */
export interface Waves {
  readonly coefficients: readonly number[];
  /** of what was fitted about the curve, outliers left out */
  readonly spread: number;
  /** share of the radii that follow the curve */
  readonly support: number;
}

const ROUNDS = 8;
/** In spreads: from here on a radius has no weight (Tukey's biweight; Huber & Ronchetti, Robust Statistics, 2009). */
const REACH = 4.685;

/**
 * @param radii by ray, evenly around; NaN where there is none
 * @param harmonics number of waves
 * @param least spread that counts as such: what is nearer is no outlier
 * @returns undefined where too few radii are left for so many waves
 */
export function fitWaves(radii: ArrayLike<number>, harmonics: number, least: number): Waves | undefined {
  const n = radii.length;
  const rows = Array.from({ length: n }, (_, i) => basis((2 * Math.PI * i) / n, harmonics));
  const observed = Float64Array.from(radii, (radius) => (Number.isFinite(radius) ? radius : 0));
  const weights = Float64Array.from(radii, (radius) => (Number.isFinite(radius) ? 1 : 0));
  let coefficients: readonly number[] = [];
  let spread = Number.NaN;
  for (let round = 0; round < ROUNDS; round++) {
    const fit = linearFit(rows, observed, weights);
    if (!fit) return undefined;
    coefficients = fit.values;
    const residuals = Float64Array.from(radii, (radius, i) => radius - waveAt(coefficients, (2 * Math.PI * i) / n));
    spread = Math.max(least, robustSpread(residuals, 0));
    for (let i = 0; i < n; i++) {
      const u = residuals[i]! / (REACH * spread);
      weights[i] = Math.abs(u) < 1 ? (1 - u * u) ** 2 : 0;
    }
  }
  return { coefficients, spread, support: weights.reduce((sum, w) => sum + (w > 0.5 ? 1 : 0), 0) / n };
}

/** Radius of the curve towards an angle (radians). */
export function waveAt(coefficients: readonly number[], angle: number): number {
  let sum = coefficients[0]!;
  for (let k = 1; 2 * k < coefficients.length; k++) {
    sum += coefficients[2 * k - 1]! * Math.cos(k * angle) + coefficients[2 * k]! * Math.sin(k * angle);
  }
  return sum;
}

function basis(angle: number, harmonics: number): Float64Array {
  const row = new Float64Array(2 * harmonics + 1);
  row[0] = 1;
  for (let k = 1; k <= harmonics; k++) {
    row[2 * k - 1] = Math.cos(k * angle);
    row[2 * k] = Math.sin(k * angle);
  }
  return row;
}
