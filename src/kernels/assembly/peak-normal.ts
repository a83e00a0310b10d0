// Twin of ../reference/peak-normal.ts, where the meaning is written down; this file is only speed.
// Two weighted rows share each load of J: the sums are bound by loads.

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
  const stride = (<usize>parameters) << 3;
  let a = 0;
  for (; a + 1 < parameters; a += 2) {
    const row = J + <usize>a * bytes;
    const to = A + <usize>a * stride;
    diagonalPair(to, stride, g, a, row, residual, weight, weighted, bytes);
    let b = 0;
    for (; b + 3 < a; b += 4) pairByFour(to + ((<usize>b) << 3), stride, weighted, J + <usize>b * bytes, bytes);
    for (; b < a; b += 2) pairByTwo(to + ((<usize>b) << 3), stride, weighted, J + <usize>b * bytes, bytes);
  }
  if (a == parameters) return;
  const row = J + <usize>a * bytes;
  const to = A + <usize>a * stride;
  for (let i: usize = 0; i < bytes; i += 16) {
    v128.store(weighted + i, f64x2.mul(v128.load(weight + i), v128.load(row + i)));
  }
  f64.store(g + ((<usize>a) << 3), dot1(weighted, residual, bytes));
  for (let b = 0; b <= a; b++) f64.store(to + ((<usize>b) << 3), dot1(weighted, J + <usize>b * bytes, bytes));
}

/** Weights rows a and a + 1, and does on the same pass what needs only these two: their gradients and corner of A. */
function diagonalPair(
  to: usize,
  stride: usize,
  g: usize,
  a: i32,
  row: usize,
  residual: usize,
  weight: usize,
  weighted: usize,
  bytes: usize,
): void {
  let g0 = f64x2.splat(0.0);
  let g1 = g0;
  let s00 = g0;
  let s10 = g0;
  let s11 = g0;
  for (let i: usize = 0; i < bytes; i += 16) {
    const w = v128.load(weight + i);
    const r = v128.load(residual + i);
    const j0 = v128.load(row + i);
    const j1 = v128.load(row + bytes + i);
    const w0 = f64x2.mul(w, j0);
    const w1 = f64x2.mul(w, j1);
    v128.store(weighted + i, w0);
    v128.store(weighted + bytes + i, w1);
    g0 = madd(w0, r, g0);
    g1 = madd(w1, r, g1);
    s00 = madd(w0, j0, s00);
    s10 = madd(w1, j0, s10);
    s11 = madd(w1, j1, s11);
  }
  const gradient = g + ((<usize>a) << 3);
  f64.store(gradient, lanes(g0));
  f64.store(gradient, lanes(g1), 8);
  const corner = to + ((<usize>a) << 3);
  f64.store(corner, lanes(s00));
  f64.store(corner + stride, lanes(s10));
  f64.store(corner + stride, lanes(s11), 8);
}

function pairByFour(to: usize, stride: usize, weighted: usize, b0: usize, bytes: usize): void {
  const b1 = b0 + bytes;
  const b2 = b1 + bytes;
  const b3 = b2 + bytes;
  let s00 = f64x2.splat(0.0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  for (let i: usize = 0; i < bytes; i += 16) {
    const w0 = v128.load(weighted + i);
    const w1 = v128.load(weighted + bytes + i);
    let j = v128.load(b0 + i);
    s00 = madd(w0, j, s00);
    s10 = madd(w1, j, s10);
    j = v128.load(b1 + i);
    s01 = madd(w0, j, s01);
    s11 = madd(w1, j, s11);
    j = v128.load(b2 + i);
    s02 = madd(w0, j, s02);
    s12 = madd(w1, j, s12);
    j = v128.load(b3 + i);
    s03 = madd(w0, j, s03);
    s13 = madd(w1, j, s13);
  }
  f64.store(to, lanes(s00));
  f64.store(to, lanes(s01), 8);
  f64.store(to, lanes(s02), 16);
  f64.store(to, lanes(s03), 24);
  to += stride;
  f64.store(to, lanes(s10));
  f64.store(to, lanes(s11), 8);
  f64.store(to, lanes(s12), 16);
  f64.store(to, lanes(s13), 24);
}

function pairByTwo(to: usize, stride: usize, weighted: usize, b0: usize, bytes: usize): void {
  const b1 = b0 + bytes;
  let s00 = f64x2.splat(0.0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  for (let i: usize = 0; i < bytes; i += 16) {
    const w0 = v128.load(weighted + i);
    const w1 = v128.load(weighted + bytes + i);
    let j = v128.load(b0 + i);
    s00 = madd(w0, j, s00);
    s10 = madd(w1, j, s10);
    j = v128.load(b1 + i);
    s01 = madd(w0, j, s01);
    s11 = madd(w1, j, s11);
  }
  f64.store(to, lanes(s00));
  f64.store(to, lanes(s01), 8);
  to += stride;
  f64.store(to, lanes(s10));
  f64.store(to, lanes(s11), 8);
}
