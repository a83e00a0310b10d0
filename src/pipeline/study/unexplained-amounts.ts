/** How much of some patterns the voxels hold, and where that is sure. */
import { STATUS } from "../../data/index.ts";
import { createAmounts, type Projection } from "../../stages/unexplained/index.ts";
import type { CleanResiduals } from "./unexplained-rows.ts";
import type { Step } from "./unexplained-steps.ts";

/** Amounts above this many esds, and above this share of the largest, are a hot spot. */
const [SURE, HOT] = [5, 0.4] as const;
/** How many of the largest amounts say what is large. */
const LARGEST = 5;
/** Of the largest amounts: less is not told from what the model misses. */
const LEAST_AMOUNT = 0.1;

export interface Amounts {
  /** [voxel] */
  readonly values: Float32Array;
  readonly esd: Float32Array;
}

/** Patterns that are told apart, and others that may be there too and are not asked for. */
export interface Sought {
  readonly patterns: readonly Float64Array[];
  readonly beside?: readonly Float64Array[];
}

/**
 * How much of each pattern the voxels hold; each of `sought` by itself, all in one pass over the residuals.
 *
 * @param noise [voxel]
 */
export async function mapAmounts(
  { ny, nx, points, row }: CleanResiduals,
  noise: Float32Array,
  projection: Projection,
  sought: readonly Sought[],
  step: Step,
): Promise<Amounts[][]> {
  const askers = sought.map(({ patterns, beside }) => ({
    amountsOf: createAmounts(patterns, projection, beside),
    value: new Float64Array(patterns.length),
    esd: new Float64Array(patterns.length),
    found: patterns.map((): Amounts => {
      const blank = new Float32Array(ny * nx).fill(Number.NaN);
      return { values: blank, esd: blank.slice() };
    }),
  }));
  for (let y = 0; y < ny; y++) {
    const values = row(y);
    for (let x = 0; x < nx; x++) {
      const voxel = y * nx + x;
      if (!Number.isFinite(noise[voxel]!)) continue;
      const residual = values.subarray(x * points, (x + 1) * points);
      for (const { amountsOf, value, esd, found } of askers) {
        amountsOf(residual, noise[voxel]!, value, esd);
        found.forEach((one, k) => {
          one.values[voxel] = value[k]!;
          one.esd[voxel] = esd[k]!;
        });
      }
    }
    await step();
  }
  return askers.map(({ found }) => found);
}

/** [component] voxels that hold much of it, and more of it than of the others; the strongest first. */
export function hotVoxels(amounts: readonly Amounts[]): number[][] {
  const significance = (k: number, voxel: number): number => amounts[k]!.values[voxel]! / amounts[k]!.esd[voxel]!;
  return amounts.map(({ values }, k) => {
    const own = [...values.keys()].filter(
      (voxel) =>
        significance(k, voxel) > SURE &&
        amounts.every((_, other) => other === k || significance(other, voxel) <= significance(k, voxel)),
    );
    const least = HOT * meanOfLargest(own, values);
    return own.filter((voxel) => values[voxel]! >= least).sort((a, b) => values[b]! - values[a]! || a - b);
  });
}

/** [voxel] of STATUS: where an amount is above its noise, and above what the model misses. */
export function statusOfAmounts({ values, esd }: Amounts): Uint8Array {
  const least =
    LEAST_AMOUNT *
    meanOfLargest(
      [...values.keys()].filter((v) => values[v]! > SURE * esd[v]!),
      values,
    );
  return Uint8Array.from(values, (value, voxel) =>
    Number.isNaN(value)
      ? STATUS.notFitted
      : value > SURE * esd[voxel]! && value > least
        ? STATUS.converged
        : STATUS.noSignal,
  );
}

/** Whether the status of a voxel or of one of its neighbours is converged. */
export function isBeside(status: Uint8Array, ny: number, nx: number, voxel: number): boolean {
  const [y, x] = [Math.floor(voxel / nx), voxel % nx];
  for (let v = Math.max(0, y - 1); v <= Math.min(ny - 1, y + 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(nx - 1, x + 1); u++) {
      if (status[v * nx + u] === STATUS.converged) return true;
    }
  }
  return false;
}

function meanOfLargest(voxels: readonly number[], values: ArrayLike<number>): number {
  const top = voxels
    .map((voxel) => values[voxel]!)
    .sort((a, b) => b - a)
    .slice(0, LARGEST);
  return top.reduce((sum, value) => sum + value, 0) / (top.length || 1);
}

/** Mean of `shares` where there is most of it. */
export function shareOfLargest({ values }: Amounts, status: Uint8Array, shares: Float32Array): number {
  const top = [...values.keys()]
    .filter((voxel) => status[voxel] === STATUS.converged)
    .sort((a, b) => values[b]! - values[a]!)
    .slice(0, LARGEST);
  return top.reduce((sum, voxel) => sum + shares[voxel]!, 0) / (top.length || 1);
}
