// Twin of ../reference/sinogram.ts, where the meaning is written down; this file is only speed.

export function gatherRows(
  out: usize,
  input: usize,
  source: usize,
  weight: usize,
  rows: i32,
  taps: i32,
  bins: i32,
): void {
  const stride = (<usize>bins) << 2;
  for (let r = 0; r < rows; r++) {
    const row = out + <usize>r * stride;
    let isFirst = true;
    for (let k = 0; k < taps; k++) {
      const tap = (<usize>(r * taps + k)) << 2;
      const w = f32.load(weight + tap);
      if (w == 0) continue;
      const from = input + <usize>i32.load(source + tap) * stride;
      if (isFirst) scaleRow(row, from, w, bins);
      else addRow(row, from, w, bins);
      isFirst = false;
    }
    if (isFirst) memory.fill(row, 0, stride);
  }
}

function scaleRow(out: usize, from: usize, w: f32, bins: i32): void {
  const end = out + ((<usize>bins) << 2);
  const end4 = out + ((<usize>(bins & ~3)) << 2);
  const w4 = f32x4.splat(w);
  const zero = f32x4.splat(0);
  // 0 + x, as the reference has it: minus zero becomes zero
  for (; out < end4; out += 16, from += 16) v128.store(out, f32x4.add(zero, f32x4.mul(w4, v128.load(from))));
  for (; out < end; out += 4, from += 4) f32.store(out, <f32>0 + w * f32.load(from));
}

function addRow(out: usize, from: usize, w: f32, bins: i32): void {
  const end = out + ((<usize>bins) << 2);
  const end4 = out + ((<usize>(bins & ~3)) << 2);
  const w4 = f32x4.splat(w);
  for (; out < end4; out += 16, from += 16) {
    if (ASC_FEATURE_RELAXED_SIMD) v128.store(out, f32x4.relaxed_madd(w4, v128.load(from), v128.load(out)));
    else v128.store(out, f32x4.add(v128.load(out), f32x4.mul(w4, v128.load(from))));
  }
  for (; out < end; out += 4, from += 4) f32.store(out, f32.load(out) + w * f32.load(from));
}

export function gatherVariances(
  out: usize,
  input: usize,
  gain: usize,
  source: usize,
  weight: usize,
  rows: i32,
  taps: i32,
  bins: i32,
  isSigma: i32,
): void {
  const stride = (<usize>bins) << 2;
  for (let r = 0; r < rows; r++) {
    const row = out + <usize>r * stride;
    memory.fill(row, 0, stride);
    for (let k = 0; k < taps; k++) {
      const tap = (<usize>(r * taps + k)) << 2;
      const w = f32.load(weight + tap);
      if (w == 0) continue;
      const from = input + <usize>i32.load(source + tap) * stride;
      if (isSigma) addSquares(row, from, w * w, bins);
      else addCounts(row, from, gain, w * w, bins);
    }
  }
}

function addSquares(out: usize, from: usize, w: f32, bins: i32): void {
  const end = out + ((<usize>bins) << 2);
  const end4 = out + ((<usize>(bins & ~3)) << 2);
  const w4 = f32x4.splat(w);
  for (; out < end4; out += 16, from += 16) {
    const x = v128.load(from);
    v128.store(out, f32x4.add(v128.load(out), f32x4.mul(w4, f32x4.mul(x, x))));
  }
  for (; out < end; out += 4, from += 4) {
    const x = f32.load(from);
    f32.store(out, f32.load(out) + w * (x * x));
  }
}

function addCounts(out: usize, from: usize, gain: usize, w: f32, bins: i32): void {
  const end = out + ((<usize>bins) << 2);
  const end4 = out + ((<usize>(bins & ~3)) << 2);
  const w4 = f32x4.splat(w);
  for (; out < end4; out += 16, from += 16, gain += 16) {
    const g = v128.load(gain);
    const variance = f32x4.mul(g, f32x4.max(v128.load(from), g));
    v128.store(out, f32x4.add(v128.load(out), f32x4.mul(w4, variance)));
  }
  for (; out < end; out += 4, from += 4, gain += 4) {
    const g = f32.load(gain);
    f32.store(out, f32.load(out) + w * (g * max<f32>(f32.load(from), g)));
  }
}

export function slidingMaximum(out: usize, input: usize, rows: i32, bins: i32, reach: i32): void {
  const stride = (<usize>bins) << 2;
  const bins4 = (<usize>(bins & ~3)) << 2;
  for (let r = 0; r < rows; r++) {
    const first = input + <usize>max<i32>(0, r - reach) * stride;
    const last = input + <usize>min<i32>(rows - 1, r + reach) * stride;
    const row = out + <usize>r * stride;
    let b: usize = 0;
    for (; b < bins4; b += 16) {
      let most = v128.load(first + b);
      for (let from = first + stride; from <= last; from += stride) most = f32x4.max(most, v128.load(from + b));
      v128.store(row + b, most);
    }
    for (; b < stride; b += 4) {
      let most = f32.load(first + b);
      for (let from = first + stride; from <= last; from += stride) most = max<f32>(most, f32.load(from + b));
      f32.store(row + b, most);
    }
  }
}

export function flagAbove(
  flags: usize,
  value: usize,
  variance: usize,
  before: usize,
  after: usize,
  n: i32,
  sigmas: f32,
  relative: f32,
): i32 {
  const s4 = f32x4.splat(sigmas);
  const r4 = f32x4.splat(relative);
  const zero = f32x4.splat(0);
  let count = 0;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const at = (<usize>i) << 2;
    const limit = f32x4.min(v128.load(before + at), v128.load(after + at));
    const noise = f32x4.mul(s4, f32x4.sqrt(v128.load(variance + at)));
    const most = f32x4.add(f32x4.add(limit, noise), f32x4.mul(r4, f32x4.max(limit, zero)));
    const bits = i32x4.bitmask(f32x4.gt(v128.load(value + at), most));
    // four flags at once; hot points are rare
    i32.store(flags + i, 0);
    if (bits) {
      for (let k = 0; k < 4; k++) store<u8>(flags + i + k, <u8>((bits >> k) & 1));
      count += popcnt<i32>(bits);
    }
  }
  for (; i < n; i++) {
    const at = (<usize>i) << 2;
    const limit = min<f32>(f32.load(before + at), f32.load(after + at));
    const most = limit + sigmas * sqrt<f32>(f32.load(variance + at)) + relative * max<f32>(limit, 0);
    const isAbove: i32 = f32.load(value + at) > most ? 1 : 0;
    store<u8>(flags + i, <u8>isAbove);
    count += isAbove;
  }
  return count;
}
