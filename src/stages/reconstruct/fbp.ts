/**
 * Filtered back-projection of a block of bins:
 *
 *   f(x, y) = sum over angles of d(omega) (h * p)(x cos omega + y sin omega)
 *
 * It is linear, so the variance is the same with squares: d(omega)^2 and the squared filter.
 */
import type { Kernels } from "../../kernels/index.ts";
import {
  backprojectStrip,
  imageLength,
  LANES,
  packRows,
  placeProjector,
  rowsLength,
  STRIP,
  unpackBins,
} from "../../projector/index.ts";
import { clearNotFinite } from "./clear-not-finite.ts";
import type { ReconstructionPlan } from "./plan.ts";
import type { AwayPair, Work } from "./work.ts";

/**
 * @param out  [y, x, bins]
 * @param away back-projects instead of this thread, by linear interpolation
 * @returns [bin] whether its sinogram was finite; where not, out is NaN
 */
export function fbp(
  kernels: Kernels,
  plan: ReconstructionPlan,
  sinogram: Float32Array,
  bins: number,
  out: Float32Array,
  away?: AwayPair,
): Work<boolean[]> {
  const filter = {
    spectrum: plan.filterSpectrum,
    weights: plan.angles.weights,
    scale: plan.scale,
    square: false,
  };
  return backprojectFiltered(kernels, plan, sinogram, bins, out, filter, away);
}

/**
 * The standard uncertainty of fbp's result.
 *
 * @param sigma [angle, translation, bins] of the rays, taken as independent
 * @param out   [y, x, bins]
 * @param away  as for fbp
 */
export function* fbpSigma(
  kernels: Kernels,
  plan: ReconstructionPlan,
  sigma: Float32Array,
  bins: number,
  out: Float32Array,
  away?: AwayPair,
): Work {
  const filter = {
    spectrum: plan.varianceSpectrum,
    weights: plan.angles.weights.map((weight) => weight * weight),
    scale: plan.scale * plan.scale,
    square: true,
  };
  yield* backprojectFiltered(kernels, plan, sigma, bins, out, filter, away);
  // The transform's rounding may leave a variance of 0 a little below 0.
  for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(Math.max(0, out[i]!));
}

interface Filter {
  readonly spectrum: Float32Array;
  /** [angle] */
  readonly weights: Float64Array;
  readonly scale: number;
  /** the rays are squared first */
  readonly square: boolean;
}

function* backprojectFiltered(
  kernels: Kernels,
  plan: ReconstructionPlan,
  rays: Float32Array,
  bins: number,
  out: Float32Array,
  filter: Filter,
  away?: AwayPair,
): Work<boolean[]> {
  const { arena } = kernels;
  const { projector } = plan;
  const { size, sample, spans } = projector;
  const mark = arena.mark();
  const placed = placeProjector(kernels, projector, "interpolate");
  const filterRows = placeFilter(kernels, plan, filter);
  const rows = arena.f32(rowsLength(projector));
  const strip = arena.f32(away ? imageLength(projector) : STRIP * size * LANES);
  const sums = arena.f64(LANES);
  const isSound: boolean[] = [];
  for (let first = 0; first < bins; first += LANES) {
    packRows(kernels, projector, rays, rows, bins, first);
    if (filter.square) for (let i = 0; i < rows.length; i++) rows[i]! *= rows[i]!;
    sums.fill(0);
    kernels.run.projectDot(sums, rows, rows, rows.length / LANES);
    const isBad = clearNotFinite(sums, rows);
    filterRows(rows);
    if (away) yield away.backproject(rows, strip);
    for (let y0 = 0; y0 < size; y0 += STRIP) {
      const y1 = Math.min(size, y0 + STRIP);
      const lines = away ? strip.subarray(y0 * size * LANES, y1 * size * LANES) : strip;
      if (!away) backprojectStrip(kernels, placed, rows, lines.fill(0), y0, y1);
      clearOutside(lines, sample.subarray(y0 * size, y1 * size), spans.subarray(2 * y0, 2 * y1), size);
      unpackBins(kernels, out.subarray(y0 * size * bins), lines, bins, first, (y1 - y0) * size, filter.scale);
    }
    for (let bin = first; bin < Math.min(bins, first + LANES); bin++) {
      isSound.push(!isBad[bin - first]);
      if (isBad[bin - first]) for (let i = bin; i < out.length; i += bins) out[i] = NaN;
    }
  }
  arena.release(mark);
  return isSound;
}

/** The spans of a sample mask with hollows take in voxels that are not sample. */
function clearOutside(strip: Float32Array, sample: Uint8Array, spans: Int32Array, size: number): void {
  for (let y = 0; y < spans.length / 2; y++) {
    for (let x = spans[2 * y]!; x < spans[2 * y + 1]!; x++) {
      const voxel = y * size + x;
      if (sample[voxel] === 0) strip.fill(0, voxel * LANES, (voxel + 1) * LANES);
    }
  }
}

const ANGLES_A_CALL = 32;

function placeFilter(
  { arena, run }: Kernels,
  { projector, fourier }: ReconstructionPlan,
  filter: Filter,
): (rows: Float32Array) => void {
  const { angles, rowLength, pad, translations } = projector;
  const spectrum = arena.f32(fourier.length);
  const twiddles = arena.f32(fourier.twiddles.length);
  const radices = arena.i32(fourier.radices.length);
  const weights = arena.f32(angles);
  const scratch = arena.f32(fourier.length * LANES);
  spectrum.set(filter.spectrum);
  twiddles.set(fourier.twiddles);
  radices.set(fourier.radices);
  weights.set(filter.weights);
  return (rows) => {
    for (let angle = 0; angle < angles; angle += ANGLES_A_CALL) {
      run.filterRows(
        ...([rows, rowLength, pad, translations, angle, Math.min(angles, angle + ANGLES_A_CALL), weights] as const),
        ...([fourier.length, radices, radices.length, twiddles, spectrum, scratch] as const),
      );
    }
  };
}
