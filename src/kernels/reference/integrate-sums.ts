/**
 * Sums over the pixels of each cell (a radial bin, or a radial and azimuthal one), for four frames at once: pixel
 * after pixel, so that the frames and the tables are read in order and only the sums are jumped about in.
 *
 * Frames are int32 counts (negative: gap) or float32 (NaN: gap). A gap adds nothing to signal and variance; what it
 * would have added to the normalisation and the dark counts is added to `missing`.
 */
type FrameView = Int32Array | Float32Array;

/**
 * Without splitting: signal = sum of counts, exact for integers.
 *
 * @param f0, f1, f2, f3 [pixel] frames
 * @param isFloat  1: float32 frames, 0: int32
 * @param cell     [pixel] which cell each pixel is in; `cells` where in none (padded with that to a multiple of 4)
 * @param norm     [pixel] f32 solid angle x polarisation x flat
 * @param dark     [pixel] f32; not read when hasDark is 0
 * @param from, to pixels from (included, a multiple of 4) to (excluded)
 * @param cells    number of cells
 * @param signal   [cells + 1, 4] f64, added to; the last row is scratch
 * @param missing  [cells + 1, 4, 2] f64 normalisation and dark counts of the gaps, added to
 */
export function integrateWhole(
  f0: FrameView,
  f1: FrameView,
  f2: FrameView,
  f3: FrameView,
  isFloat: number,
  cell: Uint32Array,
  norm: Float32Array,
  dark: Float32Array,
  hasDark: number,
  from: number,
  to: number,
  cells: number,
  signal: Float64Array,
  missing: Float64Array,
): void {
  const frames = [f0, f1, f2, f3];
  for (let p = from; p < to; p++) {
    if (cell[p]! === cells) continue;
    for (let f = 0; f < 4; f++) {
      const at = cell[p]! * 4 + f;
      const v = frames[f]![p]!;
      if (isFloat ? Number.isNaN(v) : v < 0) {
        missing[2 * at] = missing[2 * at]! + norm[p]!;
        if (hasDark) missing[2 * at + 1] = missing[2 * at + 1]! + dark[p]!;
      } else signal[at] = signal[at]! + v;
    }
  }
}

/**
 * With splitting: signal = sum of share x counts, variance = sum of share^2 x counts; products in float32, sums in
 * float64.
 *
 * @param first    [pixel + 1] where each pixel's shares begin (padded with the last value to a multiple of 4, plus 1)
 * @param cell     [share] the cell it goes to
 * @param coef     [share] f32
 * @param variance [cells + 1, 4] f64, added to; others as integrateWhole
 */
export function integrateShares(
  f0: FrameView,
  f1: FrameView,
  f2: FrameView,
  f3: FrameView,
  isFloat: number,
  first: Uint32Array,
  cell: Uint32Array,
  coef: Float32Array,
  norm: Float32Array,
  dark: Float32Array,
  hasDark: number,
  from: number,
  to: number,
  signal: Float64Array,
  variance: Float64Array,
  missing: Float64Array,
): void {
  const frames = [f0, f1, f2, f3];
  const { fround } = Math;
  for (let p = from; p < to; p++) {
    for (let e = first[p]!; e < first[p + 1]!; e++) {
      const c = coef[e]!;
      for (let f = 0; f < 4; f++) {
        const at = cell[e]! * 4 + f;
        const v = frames[f]![p]!;
        if (isFloat ? Number.isNaN(v) : v < 0) {
          missing[2 * at] = missing[2 * at]! + c * norm[p]!;
          if (hasDark) missing[2 * at + 1] = missing[2 * at + 1]! + c * dark[p]!;
          continue;
        }
        const share = fround(c * fround(v));
        signal[at] = signal[at]! + share;
        variance[at] = variance[at]! + fround(c * share);
      }
    }
  }
}
