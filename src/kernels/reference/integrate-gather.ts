/**
 * (counts - dark) x scale of one bin's pixels, in float32 as the hardware rounds it; gaps are left out, or NaN.
 * Not a kernel of its own: the first step of the robust statistics.
 */
export function gatherBin(
  frame: Int32Array | Float32Array,
  isFloat: number,
  pixel: Uint32Array,
  scale: Float32Array,
  dark: Float32Array,
  hasDark: number,
  begin: number,
  end: number,
  keepGaps: boolean,
): Float32Array {
  const { fround } = Math;
  const out = new Float32Array(end - begin);
  let count = 0;
  for (let e = begin; e < end; e++) {
    const v = frame[pixel[e]!]!;
    const isGap = isFloat ? Number.isNaN(v) : v < 0;
    if (isGap && !keepGaps) continue;
    const counts = hasDark ? fround(fround(v) - dark[e]!) : fround(v);
    out[count++] = isGap ? Number.NaN : counts * scale[e]!;
  }
  return out.subarray(0, count);
}
