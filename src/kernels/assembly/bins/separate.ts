// Both robust statistics begin here: the counterpart of binValues in ../../reference/integrate-regroup.ts.

/**
 * One bin's values of four frames, side by side, to four rows one behind the other, `stride` bytes apart; each padded
 * to a multiple of 4 with `padding`. Returns whether any is NaN.
 */
export function separate(values: usize, begin: u32, end: u32, out: usize, stride: usize, padding: f32): bool {
  let at = values + ((<usize>begin) << 4);
  const last = values + ((<usize>end) << 4);
  const last4 = at + ((<usize>((end - begin) & ~3)) << 4);
  let bad = f32x4.splat(0);
  let to = out;
  for (; at < last4; at += 64, to += 16) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    bad = v128.or(bad, v128.or(v128.or(f32x4.ne(a, a), f32x4.ne(b, b)), v128.or(f32x4.ne(c, c), f32x4.ne(d, d))));
    const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
    v128.store(to + stride, v128.shuffle<i64>(ab, cd, 1, 3));
    v128.store(to + 2 * stride, v128.shuffle<i64>(abHigh, cdHigh, 0, 2));
    v128.store(to + 3 * stride, v128.shuffle<i64>(abHigh, cdHigh, 1, 3));
  }
  for (; at < last; at += 16, to += 4) {
    const a = v128.load(at);
    bad = v128.or(bad, f32x4.ne(a, a));
    v128.store_lane<f32>(to, a, 0);
    v128.store_lane<f32>(to + stride, a, 1);
    v128.store_lane<f32>(to + 2 * stride, a, 2);
    v128.store_lane<f32>(to + 3 * stride, a, 3);
  }
  const pad = f32x4.splat(padding);
  for (let f: usize = 0; f < 4; f++) v128.store(to + f * stride, pad);
  return v128.any_true(bad);
}
