import { InputError } from "../data/index.ts";
import type { BackgroundModel } from "./model.ts";

/**
 * Chebyshev polynomials of the first kind on a range mapped to [-1, 1]; a background is sum c[k] T_k.
 *
 * @param x     [n]
 * @param range [low, high] that goes to -1 and 1
 * @returns [degree + 1, n] T_k(x)
 */
export function chebyshevBasis(x: ArrayLike<number>, range: readonly [number, number], degree: number): Float64Array {
  const n = x.length;
  const out = new Float64Array((degree + 1) * n);
  const centre = (range[0] + range[1]) / 2;
  const half = (range[1] - range[0]) / 2;
  for (let i = 0; i < n; i++) {
    const t = (x[i]! - centre) / half;
    let previous = t; // T_-1 = T_1
    let current = 1;
    for (let k = 0; k <= degree; k++) {
      out[k * n + i] = current;
      [previous, current] = [current, 2 * t * current - previous];
    }
  }
  return out;
}

/**
 * Powers of the range mapped to [-1, 1]: the same polynomials, with the background at the middle of the range as the
 * first coefficient, so that it can be mapped with its esd.
 *
 * @returns [degree + 1, n] t^k
 */
export function powerBasis(x: ArrayLike<number>, range: readonly [number, number], degree: number): Float64Array {
  const n = x.length;
  const out = new Float64Array((degree + 1) * n);
  const centre = (range[0] + range[1]) / 2;
  const half = (range[1] - range[0]) / 2;
  for (let i = 0; i < n; i++) {
    const t = (x[i]! - centre) / half;
    for (let k = 0, power = 1; k <= degree; k++, power *= t) out[k * n + i] = power;
  }
  return out;
}

/** A background that is linear in its numbers: one row a parameter. */
export interface BackgroundRows {
  readonly count: number;
  readonly names: readonly string[];
  /** [count, n] */
  readonly rows: Float64Array;
}

/**
 * The rows of a model's background in the order of its parameters: Chebyshev terms, points between which it runs in
 * straight lines (and level beyond the ends), a measured pattern with its scale.
 *
 * @param twoTheta [n] ascending
 * @throws InputError "bad-background"
 */
export function backgroundRows(
  { chebyshev, points, measured }: BackgroundModel,
  twoTheta: Float64Array,
): BackgroundRows {
  const n = twoTheta.length;
  if (points) checkPoints(points);
  if (measured) checkMeasured(measured, twoTheta);
  const names: string[] = [];
  const parts: Float64Array[] = [];
  if (chebyshev > 0) {
    parts.push(chebyshevBasis(twoTheta, [twoTheta[0]!, twoTheta[n - 1]!], chebyshev - 1));
    for (let k = 0; k < chebyshev; k++) names.push(`background/${k}`);
  }
  points?.forEach((point, k) => {
    const [before, after] = [points[k - 1], points[k + 1]];
    names.push(`background/at ${point}`);
    parts.push(
      twoTheta.map((x) => {
        if (x < point) return before === undefined ? 1 : Math.max(0, (x - before) / (point - before));
        return after === undefined ? 1 : Math.max(0, (after - x) / (after - point));
      }),
    );
  });
  if (measured) {
    names.push("background/scale");
    parts.push(interpolate(measured.twoThetaDeg, measured.intensity, twoTheta));
  }
  const rows = new Float64Array(names.length * n);
  let at = 0;
  for (const part of parts) {
    rows.set(part, at);
    at += part.length;
  }
  return { count: names.length, names, rows };
}

function checkPoints(points: readonly number[]): void {
  const wrong = points.findIndex((point, k) => !Number.isFinite(point) || (k > 0 && !(point > points[k - 1]!)));
  if (wrong < 0) return;
  throw new InputError(
    "bad-background",
    `Background point ${wrong + 1} of ${points.length} is at 2θ = ${points[wrong]}°, after ${points[wrong - 1] ?? "none"}: rising 2θ are needed. Sort the points and take out repeats.`,
  );
}

function checkMeasured(
  { twoThetaDeg, intensity }: NonNullable<BackgroundModel["measured"]>,
  twoTheta: Float64Array,
): void {
  const count = twoThetaDeg.length;
  if (count < 2 || intensity.length !== count) {
    throw new InputError(
      "bad-background",
      `The measured background has ${count} 2θ and ${intensity.length} intensities: as many of each are needed, and at least 2. Give a pattern measured without sample.`,
    );
  }
  for (let i = 0; i < count; i++) {
    if (Number.isFinite(intensity[i]!) && (i === 0 || twoThetaDeg[i]! > twoThetaDeg[i - 1]!)) continue;
    throw new InputError(
      "bad-background",
      `The measured background has intensity ${intensity[i]} at 2θ = ${twoThetaDeg[i]}° (point ${i + 1} of ${count}): rising 2θ with finite intensities are needed. Take that point out of the file.`,
    );
  }
  // beyond its ends by more than a step it would be a guess
  const low = twoThetaDeg[0]! - (twoThetaDeg[1]! - twoThetaDeg[0]!);
  const high = twoThetaDeg[count - 1]! + (twoThetaDeg[count - 1]! - twoThetaDeg[count - 2]!);
  const [from, to] = [twoTheta[0]!, twoTheta[twoTheta.length - 1]!];
  if (from >= low && to <= high) return;
  throw new InputError(
    "bad-background",
    `The measured background covers 2θ = ${twoThetaDeg[0]} to ${twoThetaDeg[count - 1]}°, the pattern ${from} to ${to}°: the whole range is needed. Fit a smaller range, or measure the background further.`,
  );
}

/** Straight lines between the given points; the end values beyond them. */
function interpolate(x: ArrayLike<number>, y: ArrayLike<number>, at: Float64Array): Float64Array {
  let k = 0;
  return at.map((value) => {
    while (k < x.length - 2 && x[k + 1]! < value) k++;
    const t = Math.min(1, Math.max(0, (value - x[k]!) / (x[k + 1]! - x[k]!)));
    return y[k]! + t * (y[k + 1]! - y[k]!);
  });
}
