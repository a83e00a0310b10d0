// Twin of ../reference/accumulate.ts, where the meaning is written down; this file is only speed.
export function accumulate(out: usize, row: usize, weight: f32, n: i32): void {
  const end = out + ((<usize>n) << 2);
  const end4 = out + ((<usize>(n & ~3)) << 2);
  const w = f32x4.splat(weight);
  for (; out < end4; out += 16, row += 16) {
    if (ASC_FEATURE_RELAXED_SIMD) v128.store(out, f32x4.relaxed_madd(w, v128.load(row), v128.load(out)));
    else v128.store(out, f32x4.add(v128.load(out), f32x4.mul(w, v128.load(row))));
  }
  for (; out < end; out += 4, row += 4) f32.store(out, f32.load(out) + weight * f32.load(row));
}
