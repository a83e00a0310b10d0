/**
 * A small image in which every ring counts alike: binned, square root (so that noise is the same everywhere), less
 * the local mean, over the local spread, clipped. Spots, gradients and the beam stop's shadow lose their weight.
 */

import type { Frame } from "../../data/index.ts";
import { median } from "../../fit/index.ts";

export interface ContrastImage {
  readonly rows: number;
  readonly cols: number;
  /** detector pixels to one pixel here, along both axes */
  readonly binning: number;
  /** [row, col], -CLIP to CLIP; NaN where too few pixels are usable */
  readonly data: Float32Array;
}

const CLIP = 3;

/**
 * @param valid       [row, col] 1 = usable
 * @param longestSide of the small image, pixels
 * @param radius      half-width of the neighbourhood whose mean and spread are taken out, small pixels
 */
export function contrastImage(frame: Frame, valid: Uint8Array, longestSide: number, radius: number): ContrastImage {
  const small = binFrame(frame, valid, Math.max(1, Math.round(Math.max(frame.rows, frame.cols) / longestSide)));
  const { rows, cols, data } = small;
  const present = Float64Array.from(data, (v) => (Number.isNaN(v) ? 0 : 1));
  const value = Float64Array.from(data, (v) => (Number.isNaN(v) ? 0 : v));
  const count = boxSum(present, rows, cols, radius);
  const sum = boxSum(value, rows, cols, radius);
  const squares = boxSum(
    value.map((v) => v * v),
    rows,
    cols,
    radius,
  );
  const spread = new Float64Array(rows * cols);
  for (let i = 0; i < spread.length; i++) {
    const mean = sum[i]! / count[i]!;
    spread[i] = Math.sqrt(Math.max(squares[i]! / count[i]! - mean * mean, 0));
  }
  const typical = median(spread.filter((s, i) => present[i] === 1 && s > 0));
  const out = new Float32Array(rows * cols).fill(Number.NaN);
  for (let i = 0; i < out.length; i++) {
    if (!present[i]) continue;
    // Where there is next to no structure the noise is not blown up to full contrast.
    const z = (value[i]! - sum[i]! / count[i]!) / Math.max(spread[i]!, 0.3 * typical, 1e-9);
    out[i] = Math.min(Math.max(z, -CLIP), CLIP);
  }
  return { rows, cols, binning: small.binning, data: out };
}

/** sqrt of the mean count of binning x binning pixels; NaN where fewer than half are usable. */
function binFrame({ rows, cols, data }: Frame, valid: Uint8Array, binning: number): ContrastImage {
  const [outRows, outCols] = [Math.floor(rows / binning), Math.floor(cols / binning)];
  const out = new Float32Array(outRows * outCols);
  for (let row = 0; row < outRows; row++) {
    for (let col = 0; col < outCols; col++) {
      let [sum, count] = [0, 0];
      for (let r = row * binning; r < (row + 1) * binning; r++) {
        for (let at = r * cols + col * binning, end = at + binning; at < end; at++) {
          if (!valid[at]) continue;
          sum += data[at]!;
          count++;
        }
      }
      out[row * outCols + col] = 2 * count >= binning * binning ? Math.sqrt(sum / count) : Number.NaN;
    }
  }
  return { rows: outRows, cols: outCols, binning, data: out };
}

/** [row, col] sum over the square of half-width `radius` about each pixel, cut off at the edges. */
function boxSum(data: Float64Array, rows: number, cols: number, radius: number): Float64Array {
  const along = new Float64Array(data.length);
  const both = new Float64Array(data.length);
  slide(data, along, rows, cols, cols, 1, radius);
  slide(along, both, cols, rows, 1, cols, radius);
  return both;
}

function slide(
  from: Float64Array,
  to: Float64Array,
  lines: number,
  length: number,
  lineStride: number,
  stride: number,
  radius: number,
): void {
  for (let line = 0; line < lines; line++) {
    let sum = 0;
    const at = (i: number): number => line * lineStride + i * stride;
    for (let i = 0; i < Math.min(radius, length); i++) sum += from[at(i)]!;
    for (let i = 0; i < length; i++) {
      if (i + radius < length) sum += from[at(i + radius)]!;
      if (i - radius > 0) sum -= from[at(i - radius - 1)]!;
      to[at(i)] = sum;
    }
  }
}

/** The usable pixels of a contrast image as a list. */
export interface Points {
  /** small-image pixels, 0 at the first pixel's outer corner */
  readonly row: Float32Array;
  readonly col: Float32Array;
  readonly value: Float32Array;
}

export function contrastPoints({ rows, cols, data }: ContrastImage): Points {
  const present = data.reduce((n, v) => n + (Number.isNaN(v) ? 0 : 1), 0);
  const points = { row: new Float32Array(present), col: new Float32Array(present), value: new Float32Array(present) };
  for (let row = 0, at = 0, to = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++, at++) {
      if (Number.isNaN(data[at]!)) continue;
      points.row[to] = row + 0.5;
      points.col[to] = col + 0.5;
      points.value[to++] = data[at]!;
    }
  }
  return points;
}
