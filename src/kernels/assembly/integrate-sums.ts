// Twin of ../reference/integrate-sums.ts, where the meaning is written down; this file is only speed.
const CHUNK: u32 = 64;

function sumBinCounts(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  pixel: usize,
  begin: u32,
  end: u32,
  bin: i32,
  bins: i32,
  signal: usize,
  gaps: usize,
): void {
  let s0: i64 = 0,
    s1: i64 = 0,
    s2: i64 = 0,
    s3: i64 = 0;
  // A sum of 64-bit integers keeps the sign bit of any negative count only by OR, not by addition.
  let o0: i32 = 0,
    o1: i32 = 0,
    o2: i32 = 0,
    o3: i32 = 0;
  const last = pixel + ((<usize>end) << 2);
  for (let at = pixel + ((<usize>begin) << 2); at < last; at += 4) {
    const p = (<usize>load<u32>(at)) << 2;
    const a = load<i32>(f0 + p);
    const b = load<i32>(f1 + p);
    const c = load<i32>(f2 + p);
    const d = load<i32>(f3 + p);
    s0 += <i64>a;
    s1 += <i64>b;
    s2 += <i64>c;
    s3 += <i64>d;
    o0 |= a;
    o1 |= b;
    o2 |= c;
    o3 |= d;
  }
  const out = signal + ((<usize>bin) << 3);
  const stride = (<usize>bins) << 3;
  store<f64>(out, <f64>s0);
  store<f64>(out + stride, <f64>s1);
  store<f64>(out + 2 * stride, <f64>s2);
  store<f64>(out + 3 * stride, <f64>s3);
  const mark = gaps + <usize>bin;
  store<u8>(mark, <u8>(o0 < 0));
  store<u8>(mark + <usize>bins, <u8>(o1 < 0));
  store<u8>(mark + 2 * <usize>bins, <u8>(o2 < 0));
  store<u8>(mark + 3 * <usize>bins, <u8>(o3 < 0));
}

function sumBinFloats(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  pixel: usize,
  begin: u32,
  end: u32,
  bin: i32,
  bins: i32,
  signal: usize,
  gaps: usize,
): void {
  let s0: f64 = 0,
    s1: f64 = 0,
    s2: f64 = 0,
    s3: f64 = 0;
  let m0: i32 = 0,
    m1: i32 = 0,
    m2: i32 = 0,
    m3: i32 = 0;
  const last = pixel + ((<usize>end) << 2);
  for (let at = pixel + ((<usize>begin) << 2); at < last; at += 4) {
    const p = (<usize>load<u32>(at)) << 2;
    const a = load<f32>(f0 + p);
    const b = load<f32>(f1 + p);
    const c = load<f32>(f2 + p);
    const d = load<f32>(f3 + p);
    s0 += <f64>a;
    s1 += <f64>b;
    s2 += <f64>c;
    s3 += <f64>d;
    m0 |= i32(a != a);
    m1 |= i32(b != b);
    m2 |= i32(c != c);
    m3 |= i32(d != d);
  }
  const out = signal + ((<usize>bin) << 3);
  const stride = (<usize>bins) << 3;
  store<f64>(out, s0);
  store<f64>(out + stride, s1);
  store<f64>(out + 2 * stride, s2);
  store<f64>(out + 3 * stride, s3);
  const mark = gaps + <usize>bin;
  store<u8>(mark, <u8>m0);
  store<u8>(mark + <usize>bins, <u8>m1);
  store<u8>(mark + 2 * <usize>bins, <u8>m2);
  store<u8>(mark + 3 * <usize>bins, <u8>m3);
}

export function integrateSums(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  isFloat: i32,
  pixel: usize,
  start: usize,
  from: i32,
  to: i32,
  bins: i32,
  signal: usize,
  gaps: usize,
): void {
  for (let bin = from; bin < to; bin++) {
    const begin = load<u32>(start + ((<usize>bin) << 2));
    const end = load<u32>(start + ((<usize>bin) << 2), 4);
    if (isFloat) sumBinFloats(f0, f1, f2, f3, pixel, begin, end, bin, bins, signal, gaps);
    else sumBinCounts(f0, f1, f2, f3, pixel, begin, end, bin, bins, signal, gaps);
  }
}

// The four frames fill the four lanes.
function load4(f0: usize, f1: usize, f2: usize, f3: usize, p: usize): v128 {
  let v = v128.load32_zero(f0 + p);
  v = v128.load_lane<u32>(f1 + p, v, 1);
  v = v128.load_lane<u32>(f2 + p, v, 2);
  return v128.load_lane<u32>(f3 + p, v, 3);
}

function shareBin<T>(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  pixel: usize,
  coef: usize,
  begin: u32,
  end: u32,
  bin: i32,
  bins: i32,
  signal: usize,
  variance: usize,
  gaps: usize,
): void {
  let s01 = f64x2.splat(0),
    s23 = f64x2.splat(0),
    q01 = f64x2.splat(0),
    q23 = f64x2.splat(0);
  let gap = i32x4.splat(0);
  const toCoef = coef - pixel;
  for (let chunk = begin; chunk < end; chunk += CHUNK) {
    let part = f32x4.splat(0);
    let square = f32x4.splat(0);
    const last = pixel + ((<usize>min(chunk + CHUNK, end)) << 2);
    for (let at = pixel + ((<usize>chunk) << 2); at < last; at += 4) {
      const raw = load4(f0, f1, f2, f3, (<usize>load<u32>(at)) << 2);
      let v: v128;
      if (isFloat<T>()) {
        v = raw;
        gap = v128.or(gap, f32x4.ne(v, v));
      } else {
        v = f32x4.convert_i32x4_s(raw);
        gap = v128.or(gap, raw);
      }
      const c = v128.load_splat<f32>(at + toCoef);
      const share = f32x4.mul(c, v);
      part = f32x4.add(part, share);
      square = f32x4.add(square, f32x4.mul(c, share));
    }
    s01 = f64x2.add(s01, f64x2.promote_low_f32x4(part));
    s23 = f64x2.add(
      s23,
      f64x2.promote_low_f32x4(i8x16.shuffle(part, part, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)),
    );
    q01 = f64x2.add(q01, f64x2.promote_low_f32x4(square));
    q23 = f64x2.add(
      q23,
      f64x2.promote_low_f32x4(i8x16.shuffle(square, square, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)),
    );
  }
  const stride = (<usize>bins) << 3;
  const out = signal + ((<usize>bin) << 3);
  v128.store_lane<f64>(out, s01, 0);
  v128.store_lane<f64>(out + stride, s01, 1);
  v128.store_lane<f64>(out + 2 * stride, s23, 0);
  v128.store_lane<f64>(out + 3 * stride, s23, 1);
  const outSquare = variance + ((<usize>bin) << 3);
  v128.store_lane<f64>(outSquare, q01, 0);
  v128.store_lane<f64>(outSquare + stride, q01, 1);
  v128.store_lane<f64>(outSquare + 2 * stride, q23, 0);
  v128.store_lane<f64>(outSquare + 3 * stride, q23, 1);
  const signs = i32x4.bitmask(gap);
  const mark = gaps + <usize>bin;
  store<u8>(mark, <u8>(signs & 1));
  store<u8>(mark + <usize>bins, <u8>((signs >> 1) & 1));
  store<u8>(mark + 2 * <usize>bins, <u8>((signs >> 2) & 1));
  store<u8>(mark + 3 * <usize>bins, <u8>((signs >> 3) & 1));
}

export function integrateShares(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  isFloatFrame: i32,
  pixel: usize,
  coef: usize,
  start: usize,
  from: i32,
  to: i32,
  bins: i32,
  signal: usize,
  variance: usize,
  gaps: usize,
): void {
  for (let bin = from; bin < to; bin++) {
    const begin = load<u32>(start + ((<usize>bin) << 2));
    const end = load<u32>(start + ((<usize>bin) << 2), 4);
    if (isFloatFrame) shareBin<f32>(f0, f1, f2, f3, pixel, coef, begin, end, bin, bins, signal, variance, gaps);
    else shareBin<i32>(f0, f1, f2, f3, pixel, coef, begin, end, bin, bins, signal, variance, gaps);
  }
}

export function integrateGaps(
  frame: usize,
  isFloatFrame: i32,
  pixel: usize,
  coef: usize,
  hasCoef: i32,
  norm: usize,
  dark: usize,
  hasDark: i32,
  start: usize,
  from: i32,
  to: i32,
  signal: usize,
  variance: usize,
  normalisation: usize,
  gaps: usize,
): void {
  for (let bin = from; bin < to; bin++) {
    if (!load<u8>(gaps + <usize>bin)) continue;
    const begin = load<u32>(start + ((<usize>bin) << 2));
    const end = load<u32>(start + ((<usize>bin) << 2), 4);
    let sum: f64 = 0,
      square: f64 = 0,
      normSum: f64 = 0;
    for (let e = begin; e < end; e++) {
      const p = (<usize>load<u32>(pixel + ((<usize>e) << 2))) << 2;
      let v: f64;
      if (isFloatFrame) {
        v = <f64>load<f32>(frame + p);
        if (v != v) continue;
      } else {
        const count = load<i32>(frame + p);
        if (count < 0) continue;
        v = <f64>count;
      }
      const c = hasCoef ? <f64>load<f32>(coef + ((<usize>e) << 2)) : 1;
      sum += c * (hasDark ? v - <f64>load<f32>(dark + p) : v);
      square += c * c * v;
      normSum += c * <f64>load<f32>(norm + p);
    }
    const at = (<usize>bin) << 3;
    store<f64>(signal + at, sum);
    store<f64>(variance + at, square);
    store<f64>(normalisation + at, normSum);
  }
}
