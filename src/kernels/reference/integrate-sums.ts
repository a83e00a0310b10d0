/**
 * Sums over the pixels of each bin, for four frames in one pass over the table of pixels.
 *
 * Frames are int32 counts (negative: gap) or float32 (NaN: gap). A bin with a gap in it is only marked; its sums are
 * wrong until integrateGaps has done it again.
 */
type FrameView = Int32Array | Float32Array;

/**
 * Without splitting: signal = sum of counts. Exact for integers.
 *
 * @param f0, f1, f2, f3 [pixel] frames
 * @param isFloat  1: float32 frames, 0: int32
 * @param pixel    [entry] index into the frame
 * @param start    [bins + 1] where each bin's entries begin
 * @param from, to bins from (included) to (excluded)
 * @param bins     stride of the outputs
 * @param signal   [4, bins] f64, written
 * @param gaps     [4, bins] u8, 1 where a pixel of the bin is missing, written
 */
export function integrateSums(
  f0: FrameView,
  f1: FrameView,
  f2: FrameView,
  f3: FrameView,
  isFloat: number,
  pixel: Uint32Array,
  start: Uint32Array,
  from: number,
  to: number,
  bins: number,
  signal: Float64Array,
  gaps: Uint8Array,
): void {
  const frames = [f0, f1, f2, f3];
  for (let bin = from; bin < to; bin++) {
    for (let f = 0; f < 4; f++) {
      const frame = frames[f]!;
      let sum = 0;
      let gap = 0;
      for (let e = start[bin]!; e < start[bin + 1]!; e++) {
        const v = frame[pixel[e]!]!;
        sum += v;
        if (isFloat ? Number.isNaN(v) : v < 0) gap = 1;
      }
      signal[f * bins + bin] = sum;
      gaps[f * bins + bin] = gap;
    }
  }
}

/** Entries summed in float32 before they are added to the float64 sum. */
const CHUNK = 64;

/**
 * With splitting: signal = sum of share x counts, variance = sum of share^2 x counts.
 * Float32 over 64 entries at a time, then float64.
 *
 * @param coef     [entry] f32 share of the pixel
 * @param variance [4, bins] f64, written; others as integrateSums
 */
export function integrateShares(
  f0: FrameView,
  f1: FrameView,
  f2: FrameView,
  f3: FrameView,
  isFloat: number,
  pixel: Uint32Array,
  coef: Float32Array,
  start: Uint32Array,
  from: number,
  to: number,
  bins: number,
  signal: Float64Array,
  variance: Float64Array,
  gaps: Uint8Array,
): void {
  const frames = [f0, f1, f2, f3];
  const { fround } = Math;
  for (let bin = from; bin < to; bin++) {
    for (let f = 0; f < 4; f++) {
      const frame = frames[f]!;
      let [sum, square, gap] = [0, 0, 0];
      for (let chunk = start[bin]!; chunk < start[bin + 1]!; chunk += CHUNK) {
        let [part, partSquare] = [0, 0];
        for (let e = chunk; e < Math.min(chunk + CHUNK, start[bin + 1]!); e++) {
          const v = frame[pixel[e]!]!;
          if (isFloat ? Number.isNaN(v) : v < 0) gap = 1;
          const share = fround(coef[e]! * fround(v));
          part = fround(part + share);
          partSquare = fround(partSquare + fround(coef[e]! * share));
        }
        sum += part;
        square += partSquare;
      }
      signal[f * bins + bin] = sum;
      variance[f * bins + bin] = square;
      gaps[f * bins + bin] = gap;
    }
  }
}

/**
 * The marked bins of one frame again, leaving the gaps out; float64 throughout.
 *
 * @param hasCoef        0: every share is 1 and coef is not read
 * @param norm           [pixel] f32 solid angle x polarisation x flat
 * @param dark           [pixel] f32, subtracted; not read when hasDark is 0
 * @param signal         [bins] f64 sum of share x (counts - dark), written where marked; so are the next two
 * @param variance       [bins] f64 sum of share^2 x counts
 * @param normalisation  [bins] f64 sum of share x norm
 * @param gaps           [bins] u8
 */
export function integrateGaps(
  frame: FrameView,
  isFloat: number,
  pixel: Uint32Array,
  coef: Float32Array,
  hasCoef: number,
  norm: Float32Array,
  dark: Float32Array,
  hasDark: number,
  start: Uint32Array,
  from: number,
  to: number,
  signal: Float64Array,
  variance: Float64Array,
  normalisation: Float64Array,
  gaps: Uint8Array,
): void {
  for (let bin = from; bin < to; bin++) {
    if (!gaps[bin]) continue;
    let [sum, square, normSum] = [0, 0, 0];
    for (let e = start[bin]!; e < start[bin + 1]!; e++) {
      const p = pixel[e]!;
      const v = frame[p]!;
      if (isFloat ? Number.isNaN(v) : v < 0) continue;
      const c = hasCoef ? coef[e]! : 1;
      sum += c * (hasDark ? v - dark[p]! : v);
      square += c * c * v;
      normSum += c * norm[p]!;
    }
    signal[bin] = sum;
    variance[bin] = square;
    normalisation[bin] = normSum;
  }
}
