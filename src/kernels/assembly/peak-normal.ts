// Twin of ../reference/peak-normal.ts, where the meaning is written down; this file is only speed.
// Four rows of J share each load of the weighted row.

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

function lanes(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

function dot1(left: usize, right: usize, bytes: usize): f64 {
  let sum = f64x2.splat(0.0);
  for (let i: usize = 0; i < bytes; i += 16) sum = madd(v128.load(left + i), v128.load(right + i), sum);
  return lanes(sum);
}

export function peakNormal(
  A: usize,
  g: usize,
  J: usize,
  residual: usize,
  weight: usize,
  weighted: usize,
  parameters: i32,
  n: i32,
): void {
  const bytes = (<usize>n) << 3;
  for (let a = 0; a < parameters; a++) {
    const row = J + <usize>a * bytes;
    const rowA = A + ((<usize>(a * parameters)) << 3);
    // the gradient's dot product rides on the pass that weights the row
    let gradient = f64x2.splat(0.0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const w = f64x2.mul(v128.load(weight + i), v128.load(row + i));
      v128.store(weighted + i, w);
      gradient = madd(w, v128.load(residual + i), gradient);
    }
    f64.store(g + ((<usize>a) << 3), lanes(gradient));
    let b = 0;
    for (; b + 3 <= a; b += 4) {
      const b0 = J + <usize>b * bytes;
      const b1 = b0 + bytes;
      const b2 = b1 + bytes;
      const b3 = b2 + bytes;
      let s0 = f64x2.splat(0.0);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      for (let i: usize = 0; i < bytes; i += 16) {
        const w = v128.load(weighted + i);
        s0 = madd(w, v128.load(b0 + i), s0);
        s1 = madd(w, v128.load(b1 + i), s1);
        s2 = madd(w, v128.load(b2 + i), s2);
        s3 = madd(w, v128.load(b3 + i), s3);
      }
      const to = rowA + ((<usize>b) << 3);
      f64.store(to, lanes(s0));
      f64.store(to, lanes(s1), 8);
      f64.store(to, lanes(s2), 16);
      f64.store(to, lanes(s3), 24);
    }
    for (; b + 1 <= a; b += 2) {
      const b0 = J + <usize>b * bytes;
      const b1 = b0 + bytes;
      let s0 = f64x2.splat(0.0);
      let s1 = s0;
      for (let i: usize = 0; i < bytes; i += 16) {
        const w = v128.load(weighted + i);
        s0 = madd(w, v128.load(b0 + i), s0);
        s1 = madd(w, v128.load(b1 + i), s1);
      }
      const to = rowA + ((<usize>b) << 3);
      f64.store(to, lanes(s0));
      f64.store(to, lanes(s1), 8);
    }
    if (b <= a) f64.store(rowA + ((<usize>b) << 3), dot1(weighted, J + <usize>b * bytes, bytes));
  }
}
