/**
 * Brings the pixels of each bin together, corrected: value = (counts - dark) x scale in float32, NaN for a gap, of
 * four frames side by side. Pixel after pixel: a bin's values are written one behind the other, so the memory in use
 * at a time is one cache line a bin.
 *
 * @param f0, f1, f2, f3 [pixel] int32 counts (negative: gap) or float32 (NaN: gap)
 * @param isFloat  1: float32 frames, 0: int32
 * @param first    [pixel + 1] where each pixel's entries begin in `position`; not read when hasShares is 0
 * @param hasShares 0: one entry a pixel, position[pixel]
 * @param position [entry] place of the pixel among the values; `entries` where in no bin
 * @param scale    [pixel] f32, 1 / (solid angle x polarisation x flat)
 * @param dark     [pixel] f32; not read when hasDark is 0
 * @param from, to pixels from (included, a multiple of 4) to (excluded)
 * @param values   [entries + 1, 4] f32, written; the last row is scratch
 */
export function integrateRegroup(
  f0: Int32Array | Float32Array,
  f1: Int32Array | Float32Array,
  f2: Int32Array | Float32Array,
  f3: Int32Array | Float32Array,
  isFloat: number,
  first: Uint32Array,
  hasShares: number,
  position: Uint32Array,
  scale: Float32Array,
  dark: Float32Array,
  hasDark: number,
  from: number,
  to: number,
  values: Float32Array,
): void {
  const frames = [f0, f1, f2, f3];
  const { fround } = Math;
  for (let p = from; p < to; p++) {
    const [begin, end] = hasShares ? [first[p]!, first[p + 1]!] : [p, p + 1];
    for (let f = 0; f < 4; f++) {
      const v = frames[f]![p]!;
      const isGap = isFloat ? Number.isNaN(v) : v < 0;
      const value = isGap ? Number.NaN : fround((hasDark ? fround(fround(v) - dark[p]!) : fround(v)) * scale[p]!);
      for (let e = begin; e < end; e++) values[position[e]! * 4 + f] = value;
    }
  }
}

/** One frame's values of one bin; the gaps are left out, or kept in their place as NaN. */
export function binValues(values: Float32Array, begin: number, end: number, frame: number, keepGaps: boolean) {
  const out = new Float32Array(end - begin);
  let count = 0;
  for (let e = begin; e < end; e++) {
    const v = values[e * 4 + frame]!;
    if (keepGaps || !Number.isNaN(v)) out[count++] = v;
  }
  return out.subarray(0, count);
}
