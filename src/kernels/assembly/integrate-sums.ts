// Twins of ../reference/integrate-sums.ts and integrate-regroup.ts, where the meaning is written down; this file is
// only speed. Four pixels of four frames are loaded, turned about, and each pixel then fills the lanes with its frames.

// The four pixels at hand, one vector each: lane = frame. Globals, because a function returns one value.
let x0: v128 = i32x4.splat(0);
let x1: v128 = i32x4.splat(0);
let x2: v128 = i32x4.splat(0);
let x3: v128 = i32x4.splat(0);

function turn(a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  x0 = v128.shuffle<i64>(ab, cd, 0, 2);
  x1 = v128.shuffle<i64>(ab, cd, 1, 3);
  x2 = v128.shuffle<i64>(abHigh, cdHigh, 0, 2);
  x3 = v128.shuffle<i64>(abHigh, cdHigh, 1, 3);
}

function gapsOf<T>(raw: v128): v128 {
  if (isFloat<T>()) return f32x4.ne(raw, raw);
  return i32x4.lt_s(raw, i32x4.splat(0));
}

function addMissing(gap: v128, at: usize, norm: f64, dark: f64): void {
  const gaps = i32x4.bitmask(gap);
  for (let f = 0; f < 4; f++, at += 16) {
    if (!((gaps >> f) & 1)) continue;
    store<f64>(at, load<f64>(at) + norm);
    store<f64>(at, load<f64>(at, 8) + dark, 8);
  }
}

function addWhole<T>(raw: v128, cell: usize, signal: usize): void {
  const at = signal + (cell << 5);
  const high = v128.shuffle<i64>(raw, raw, 1, 1);
  if (isFloat<T>()) {
    v128.store(at, f64x2.add(v128.load(at), f64x2.promote_low_f32x4(raw)));
    v128.store(at, f64x2.add(v128.load(at, 16), f64x2.promote_low_f32x4(high)), 16);
  } else {
    v128.store(at, f64x2.add(v128.load(at), f64x2.convert_low_i32x4_s(raw)));
    v128.store(at, f64x2.add(v128.load(at, 16), f64x2.convert_low_i32x4_s(high)), 16);
  }
}

function addWholeMissing<T>(
  raw: v128,
  cell: u32,
  cells: u32,
  norm: usize,
  dark: usize,
  hasDark: i32,
  missing: usize,
): v128 {
  if (cell == cells) return i32x4.splat(0);
  const gap = gapsOf<T>(raw);
  if (v128.any_true(gap))
    addMissing(gap, missing + ((<usize>cell) << 6), <f64>load<f32>(norm), hasDark ? <f64>load<f32>(dark) : 0);
  return v128.andnot(raw, gap);
}

function sumWhole<T>(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  cell: usize,
  norm: usize,
  dark: usize,
  hasDark: i32,
  from: u32,
  to: u32,
  cells: u32,
  signal: usize,
  missing: usize,
): void {
  const none = i32x4.splat(cells);
  const end = (<usize>to) << 2;
  for (let p = (<usize>from) << 2; p < end; p += 16) {
    const where = v128.load(cell + p);
    if (i32x4.all_true(i32x4.eq(where, none))) continue;
    const a = v128.load(f0 + p);
    const b = v128.load(f1 + p);
    const c = v128.load(f2 + p);
    const d = v128.load(f3 + p);
    const gap = v128.or(v128.or(gapsOf<T>(a), gapsOf<T>(b)), v128.or(gapsOf<T>(c), gapsOf<T>(d)));
    turn(a, b, c, d);
    const c0 = i32x4.extract_lane(where, 0);
    const c1 = i32x4.extract_lane(where, 1);
    const c2 = i32x4.extract_lane(where, 2);
    const c3 = i32x4.extract_lane(where, 3);
    if (v128.any_true(gap)) {
      x0 = addWholeMissing<T>(x0, c0, cells, norm + p, dark + p, hasDark, missing);
      x1 = addWholeMissing<T>(x1, c1, cells, norm + p + 4, dark + p + 4, hasDark, missing);
      x2 = addWholeMissing<T>(x2, c2, cells, norm + p + 8, dark + p + 8, hasDark, missing);
      x3 = addWholeMissing<T>(x3, c3, cells, norm + p + 12, dark + p + 12, hasDark, missing);
    }
    addWhole<T>(x0, c0, signal);
    addWhole<T>(x1, c1, signal);
    addWhole<T>(x2, c2, signal);
    addWhole<T>(x3, c3, signal);
  }
}

export function integrateWhole(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  isFloatFrame: i32,
  cell: usize,
  norm: usize,
  dark: usize,
  hasDark: i32,
  from: i32,
  to: i32,
  cells: i32,
  signal: usize,
  missing: usize,
): void {
  if (isFloatFrame) sumWhole<f32>(f0, f1, f2, f3, cell, norm, dark, hasDark, from, to, cells, signal, missing);
  else sumWhole<i32>(f0, f1, f2, f3, cell, norm, dark, hasDark, from, to, cells, signal, missing);
}

function addShares<T>(
  raw: v128,
  begin: u32,
  end: u32,
  cell: usize,
  coef: usize,
  norm: usize,
  dark: usize,
  hasDark: i32,
  signal: usize,
  variance: usize,
  missing: usize,
): void {
  const gap = gapsOf<T>(raw);
  const hasGap = v128.any_true(gap);
  let value = isFloat<T>() ? raw : f32x4.convert_i32x4_s(raw);
  if (hasGap) value = v128.andnot(value, gap);
  for (let e = (<usize>begin) << 2; e < (<usize>end) << 2; e += 4) {
    const to = <usize>load<u32>(cell + e);
    const c = v128.load_splat<f32>(coef + e);
    const share = f32x4.mul(c, value);
    const square = f32x4.mul(c, share);
    const s = signal + (to << 5);
    v128.store(s, f64x2.add(v128.load(s), f64x2.promote_low_f32x4(share)));
    v128.store(s, f64x2.add(v128.load(s, 16), f64x2.promote_low_f32x4(v128.shuffle<i64>(share, share, 1, 1))), 16);
    const q = variance + (to << 5);
    v128.store(q, f64x2.add(v128.load(q), f64x2.promote_low_f32x4(square)));
    v128.store(q, f64x2.add(v128.load(q, 16), f64x2.promote_low_f32x4(v128.shuffle<i64>(square, square, 1, 1))), 16);
    if (hasGap) {
      const weight = <f64>load<f32>(coef + e);
      addMissing(gap, missing + (to << 6), weight * <f64>load<f32>(norm), hasDark ? weight * <f64>load<f32>(dark) : 0);
    }
  }
}

function sumShares<T>(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  first: usize,
  cell: usize,
  coef: usize,
  norm: usize,
  dark: usize,
  hasDark: i32,
  from: u32,
  to: u32,
  signal: usize,
  variance: usize,
  missing: usize,
): void {
  const end = (<usize>to) << 2;
  for (let p = (<usize>from) << 2; p < end; p += 16) {
    const e0 = load<u32>(first + p);
    const e1 = load<u32>(first + p, 4);
    const e2 = load<u32>(first + p, 8);
    const e3 = load<u32>(first + p, 12);
    const e4 = load<u32>(first + p, 16);
    if (e0 == e4) continue;
    turn(v128.load(f0 + p), v128.load(f1 + p), v128.load(f2 + p), v128.load(f3 + p));
    addShares<T>(x0, e0, e1, cell, coef, norm + p, dark + p, hasDark, signal, variance, missing);
    addShares<T>(x1, e1, e2, cell, coef, norm + p + 4, dark + p + 4, hasDark, signal, variance, missing);
    addShares<T>(x2, e2, e3, cell, coef, norm + p + 8, dark + p + 8, hasDark, signal, variance, missing);
    addShares<T>(x3, e3, e4, cell, coef, norm + p + 12, dark + p + 12, hasDark, signal, variance, missing);
  }
}

export function integrateShares(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  isFloatFrame: i32,
  first: usize,
  cell: usize,
  coef: usize,
  norm: usize,
  dark: usize,
  hasDark: i32,
  from: i32,
  to: i32,
  signal: usize,
  variance: usize,
  missing: usize,
): void {
  if (isFloatFrame)
    sumShares<f32>(f0, f1, f2, f3, first, cell, coef, norm, dark, hasDark, from, to, signal, variance, missing);
  else sumShares<i32>(f0, f1, f2, f3, first, cell, coef, norm, dark, hasDark, from, to, signal, variance, missing);
}

function corrected<T>(raw: v128, scale: v128, dark: usize, hasDark: i32): v128 {
  // NaN of a float frame comes through by itself.
  if (isFloat<T>()) return f32x4.mul(hasDark ? f32x4.sub(raw, v128.load(dark)) : raw, scale);
  let value = f32x4.convert_i32x4_s(raw);
  if (hasDark) value = f32x4.sub(value, v128.load(dark));
  // All bits set are a NaN.
  return v128.or(f32x4.mul(value, scale), gapsOf<T>(raw));
}

function regroup<T>(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  first: usize,
  hasShares: i32,
  position: usize,
  scale: usize,
  dark: usize,
  hasDark: i32,
  from: u32,
  to: u32,
  values: usize,
): void {
  const end = (<usize>to) << 2;
  for (let p = (<usize>from) << 2; p < end; p += 16) {
    if (hasShares && load<u32>(first + p) == load<u32>(first + p, 16)) continue;
    const c = v128.load(scale + p);
    turn(
      corrected<T>(v128.load(f0 + p), c, dark + p, hasDark),
      corrected<T>(v128.load(f1 + p), c, dark + p, hasDark),
      corrected<T>(v128.load(f2 + p), c, dark + p, hasDark),
      corrected<T>(v128.load(f3 + p), c, dark + p, hasDark),
    );
    if (!hasShares) {
      v128.store(values + ((<usize>load<u32>(position + p)) << 4), x0);
      v128.store(values + ((<usize>load<u32>(position + p, 4)) << 4), x1);
      v128.store(values + ((<usize>load<u32>(position + p, 8)) << 4), x2);
      v128.store(values + ((<usize>load<u32>(position + p, 12)) << 4), x3);
      continue;
    }
    for (let i: usize = 0; i < 4; i++) {
      const x = i == 0 ? x0 : i == 1 ? x1 : i == 2 ? x2 : x3;
      const last = load<u32>(first + p + (i << 2), 4);
      for (let e = load<u32>(first + p + (i << 2)); e < last; e++) {
        v128.store(values + ((<usize>load<u32>(position + ((<usize>e) << 2))) << 4), x);
      }
    }
  }
}

export function integrateRegroup(
  f0: usize,
  f1: usize,
  f2: usize,
  f3: usize,
  isFloatFrame: i32,
  first: usize,
  hasShares: i32,
  position: usize,
  scale: usize,
  dark: usize,
  hasDark: i32,
  from: i32,
  to: i32,
  values: usize,
): void {
  if (isFloatFrame) regroup<f32>(f0, f1, f2, f3, first, hasShares, position, scale, dark, hasDark, from, to, values);
  else regroup<i32>(f0, f1, f2, f3, first, hasShares, position, scale, dark, hasDark, from, to, values);
}
