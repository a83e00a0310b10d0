/**
 * What every voxel of a phase misses alike is the model's and no other phase: its profile, its intensities, a background
 * too stiff. It goes with the phase's scale, bin by bin: residual = sum over phases scale x misfit + the rest.
 *
 * Robust, so that a few voxels that hold something else do not count: residuals beyond CLIP times the spread of their
 * bin are pulled in to it (Huber, Robust Statistics, 1981, section 7.8: modified residuals).
 */
import { invertNormalMatrix } from "../../fit/normal-matrix.ts";
import { spreadOfColumns } from "./spread.ts";

/** A phase that is nowhere, or goes with another, takes nothing out. */
const RANK_TOLERANCE = 1e-9;
const CLIP = 2.5;
const ROUNDS = 6;

/**
 * @param data [row, column] residuals
 * @param scales [row, phase]
 * @returns [phase, column] misfit per scale
 */
export function commonMisfit(data: Float32Array, columns: number, scales: Float64Array, phases: number): Float64Array {
  const rows = data.length / columns;
  const normal = new Float64Array(phases * phases);
  for (let r = 0; r < rows; r++) {
    for (let p = 0; p < phases; p++) {
      for (let q = 0; q < phases; q++) normal[p * phases + q]! += scales[r * phases + p]! * scales[r * phases + q]!;
    }
  }
  const { matrix: inverse } = invertNormalMatrix(normal, new Uint8Array(phases).fill(1), RANK_TOLERANCE);
  let misfit = new Float64Array(phases * columns);
  const predicted = new Float64Array(columns);
  const rest = new Float32Array(data.length);
  for (let round = 0; round < ROUNDS; round++) {
    rest.set(data);
    subtractMisfit(rest, columns, scales, misfit, phases);
    // from nothing, and not from plain least squares: a few voxels with much of something would hold it where it is
    const spread = spreadOfColumns(rest, columns);
    const right = new Float64Array(phases * columns);
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        const value = rest[r * columns + c]!;
        const most = CLIP * spread[c]!;
        predicted[c] = data[r * columns + c]! - value + Math.max(-most, Math.min(most, value));
      }
      for (let p = 0; p < phases; p++) {
        const scale = scales[r * phases + p]!;
        if (scale !== 0) for (let c = 0; c < columns; c++) right[p * columns + c]! += scale * predicted[c]!;
      }
    }
    misfit = new Float64Array(phases * columns);
    for (let p = 0; p < phases; p++) {
      for (let q = 0; q < phases; q++) {
        const factor = inverse[p * phases + q]! || 0; // NaN where not determined
        for (let c = 0; c < columns; c++) misfit[p * columns + c]! += factor * right[q * columns + c]!;
      }
    }
  }
  return misfit;
}

/** Takes it out of residuals [row, column], in place. */
export function subtractMisfit(
  data: Float32Array,
  columns: number,
  scales: Float64Array,
  misfit: Float64Array,
  phases: number,
): void {
  const rows = data.length / columns;
  for (let r = 0; r < rows; r++) {
    for (let p = 0; p < phases; p++) {
      const scale = scales[r * phases + p]!;
      if (scale === 0) continue;
      for (let c = 0; c < columns; c++) data[r * columns + c]! -= scale * misfit[p * columns + c]!;
    }
  }
}
