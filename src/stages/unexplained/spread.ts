/** Robust spreads of a table of residuals, which say what a bin and a voxel can tell. */
import { robustSpread } from "../../fit/index.ts";

/** Rows that a spread rests on, evenly spaced. */
const SAMPLE = 4096;

/** [column] robust standard deviation over the rows. */
export function spreadOfColumns(data: Float32Array, columns: number): Float64Array {
  const rows = data.length / columns;
  const step = Math.max(1, Math.floor(rows / SAMPLE));
  const sample = new Float64Array(Math.ceil(rows / step));
  return Float64Array.from({ length: columns }, (_, c) => {
    for (let i = 0; i < sample.length; i++) sample[i] = data[i * step * columns + c]!;
    return robustSpread(sample);
  });
}

/** [row] robust standard deviation over the columns. */
export function spreadOfRows(data: Float32Array, columns: number): Float64Array {
  return Float64Array.from({ length: data.length / columns }, (_, r) =>
    robustSpread(data.subarray(r * columns, (r + 1) * columns), 0),
  );
}

export interface NormalisedRows {
  /** [row, column] in units of the bin's spread, and of the voxel's where that is above 1 */
  readonly data: Float32Array;
  /** [column] */
  readonly ofColumn: Float64Array;
  /** [row] at least 1 */
  readonly ofRow: Float64Array;
}

/**
 * Residuals in units of what is usual: bins of strong lines, which all models miss, and voxels that the model fits badly
 * as a whole count for less.
 */
export function normaliseRows(residuals: Float32Array, columns: number): NormalisedRows {
  const ofColumn = spreadOfColumns(residuals, columns);
  const least = ofColumn.reduce((most, value) => Math.max(most, value), 0) * 1e-6;
  for (let c = 0; c < columns; c++) ofColumn[c] = Math.max(ofColumn[c]!, least) || 1;
  const data = residuals.map((value, i) => value / ofColumn[i % columns]!);
  const ofRow = spreadOfRows(data, columns).map((value) => Math.max(1, value));
  for (let i = 0; i < data.length; i++) data[i]! /= ofRow[Math.floor(i / columns)]!;
  return { data, ofColumn, ofRow };
}
