/** The residuals of voxels without what the model misses alike. */
import { spreadOfColumns, spreadOfRows, subtractMisfit } from "../../stages/unexplained/index.ts";
import type { WholeModel } from "./unexplained-model.ts";
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
export function cleanResiduals(residuals: SliceResiduals, whole: WholeModel, misfit: Float64Array): CleanResiduals {
  const { ny, nx, points, readRow } = residuals;
  const count = whole.phases.length;
  const row = (y: number): Float32Array => {
    const values = readRow(y);
    subtractMisfit(values, points, whole.scales.subarray(y * nx * count, (y + 1) * nx * count), misfit, count);
    return values;
  };
  return { ny, nx, points, row, sigma: sampleSpread({ ny, nx, points, row }) };
}

/** From pooled bins back to all points. */
export function spreadMisfit(misfit: Float64Array, columns: number, merged: number, points: number): Float64Array {
  if (merged === 1) return misfit;
  return Float64Array.from({ length: (misfit.length / columns) * points }, (_, i) => {
    const [phase, point] = [Math.floor(i / points), i % points];
    return misfit[phase * columns + Math.floor(point / merged)]!;
  });
}

function sampleSpread({ ny, nx, points, row }: Omit<CleanResiduals, "sigma">): Float64Array {
  const step = Math.max(1, Math.floor((ny * nx) / SAMPLE));
  const rows: Float32Array[] = [];
  for (let y = 0; y < ny; y++) {
    const values = row(y);
    for (let x = (step - ((y * nx) % step)) % step; x < nx; x += step) {
      if (Number.isFinite(values[x * points]!)) rows.push(values.slice(x * points, (x + 1) * points));
    }
  }
  const sample = new Float32Array(rows.length * points);
  rows.forEach((values, i) => {
    sample.set(values, i * points);
  });
  const spread = spreadOfColumns(sample, points);
  const largest = spread.reduce((most, value) => Math.max(most, value), 0);
  return spread.map((value) => Math.max(value, 1e-6 * largest));
}

/** [voxel] spread over the bins, over the usual one; at least 1. NaN for voxels that were left out. */
export function noiseOfVoxels({ ny, nx, points, row, sigma }: CleanResiduals): Float32Array {
  const out = new Float32Array(ny * nx).fill(Number.NaN);
  for (let y = 0; y < ny; y++) {
    const values = row(y);
    for (let i = 0; i < values.length; i++) values[i]! /= sigma[i % points]!;
    const spread = spreadOfRows(values, points);
    for (let x = 0; x < nx; x++) {
      if (Number.isFinite(values[x * points]!)) out[y * nx + x] = Math.max(1, spread[x]!);
    }
  }
  return out;
}
