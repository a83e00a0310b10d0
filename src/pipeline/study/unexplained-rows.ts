/** The residuals of voxels without what the model misses alike. */
import { spreadOfColumns, subtractMisfit } from "../../stages/unexplained/index.ts";
import type { WholeModel } from "./unexplained-model.ts";
import type { Step } from "./unexplained-steps.ts";
import type { SliceResiduals } from "./voxel-residuals.ts";

export interface CleanResiduals {
  readonly ny: number;
  readonly nx: number;
  readonly points: number;
  /** [x, point] of row y; NaN for voxels that were left out */
  row(y: number): Float32Array;
  /** [point] usual spread of a bin over the voxels */
  readonly sigma: Float64Array;
}

/** Voxels that the spread of bins is taken from. */
const SAMPLE = 4096;

/** @param misfit [phase, point] of a unit of scale */
export async function cleanResiduals(
  residuals: SliceResiduals,
  whole: WholeModel,
  misfit: Float64Array,
  step: Step,
): Promise<CleanResiduals> {
  const { ny, nx, points, readRow } = residuals;
  const count = whole.phases.length;
  const row = (y: number): Float32Array => {
    const values = readRow(y);
    subtractMisfit(values, points, whole.scales.subarray(y * nx * count, (y + 1) * nx * count), misfit, count);
    return values;
  };
  return { ny, nx, points, row, sigma: await sampleSpread({ ny, nx, points, row }, step) };
}

/** From pooled bins back to all points. */
export function spreadMisfit(misfit: Float64Array, columns: number, merged: number, points: number): Float64Array {
  if (merged === 1) return misfit;
  return Float64Array.from({ length: (misfit.length / columns) * points }, (_, i) => {
    const [phase, point] = [Math.floor(i / points), i % points];
    return misfit[phase * columns + Math.floor(point / merged)]!;
  });
}

async function sampleSpread({ ny, nx, points, row }: Omit<CleanResiduals, "sigma">, step: Step): Promise<Float64Array> {
  const every = Math.max(1, Math.floor((ny * nx) / SAMPLE));
  const rows: Float32Array[] = [];
  for (let y = 0; y < ny; y++) {
    const values = row(y);
    for (let x = (every - ((y * nx) % every)) % every; x < nx; x += every) {
      if (Number.isFinite(values[x * points]!)) rows.push(values.slice(x * points, (x + 1) * points));
    }
    await step();
  }
  const sample = new Float32Array(rows.length * points);
  rows.forEach((values, i) => {
    sample.set(values, i * points);
  });
  const spread = spreadOfColumns(sample, points);
  const largest = spread.reduce((most, value) => Math.max(most, value), 0);
  return spread.map((value) => Math.max(value, 1e-6 * largest));
}
