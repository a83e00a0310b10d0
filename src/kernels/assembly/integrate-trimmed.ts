// Twin of ../reference/integrate-trimmed.ts, where the meaning is written down; this file is only speed.
// A selection, not a sort (after Floyd & Rivest, Comm. ACM 18 (1975) 165): a sorted sample of the bin brackets the
// wanted rank, one SIMD pass counts what lies below and packs what lies inside, and the same again on the few that
// are left. A wrong bracket costs one more pass, never a wrong value.
import { separate } from "./bins/separate";

/** Takes the NaN out of x[0..n), in place; pads with +infinity. Returns how many are left. */
function leaveOutGaps(x: usize, n: u32): u32 {
  let to = x;
  const end = x + ((<usize>n) << 2);
  for (let at = x; at < end; at += 4) {
    const v = load<f32>(at);
    if (v != v) continue;
    store<f32>(to, v);
    to += 4;
  }
  v128.store(to, f32x4.splat(Infinity));
  return <u32>((to - x) >> 2);
}

const SAMPLE: u32 = 32;
const SMALL: u32 = 40;

// Shuffles that pack the lanes of a 4-bit mask to the front, and how many lanes those are.
// biome-ignore format: one row a mask
const PACK: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0000
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0001
  4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0010
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0011
  8, 9, 10, 11, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0100
  0, 1, 2, 3, 8, 9, 10, 11, 8, 9, 10, 11, 12, 13, 14, 15, // 0101
  4, 5, 6, 7, 8, 9, 10, 11, 8, 9, 10, 11, 12, 13, 14, 15, // 0110
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 0111
  12, 13, 14, 15, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 1000
  0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, // 1001
  4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, // 1010
  0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15, 12, 13, 14, 15, // 1011
  8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15, // 1100
  0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15, // 1101
  4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 12, 13, 14, 15, // 1110
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // 1111
]);

let below: u32 = 0;

/** Packs the values low <= x <= high of [from, end) to `out`; counts those < low into `below`. Returns how many it packed. */
function packBetween(from: usize, end: usize, low: f32, high: f32, out: usize): u32 {
  const lo = f32x4.splat(low);
  const hi = f32x4.splat(high);
  let under = i32x4.splat(0);
  let to = out;
  for (let at = from; at < end; at += 16) {
    const x = v128.load(at);
    const isUnder = f32x4.lt(x, lo);
    under = i32x4.sub(under, isUnder);
    const outside = i32x4.bitmask(v128.or(isUnder, f32x4.gt(x, hi)));
    const inside = outside ^ 15;
    v128.store(to, i8x16.swizzle(x, v128.load(PACK + ((<usize>inside) << 4))));
    to += (<usize>popcnt(inside)) << 2;
  }
  below =
    i32x4.extract_lane(under, 0) +
    i32x4.extract_lane(under, 1) +
    i32x4.extract_lane(under, 2) +
    i32x4.extract_lane(under, 3);
  return <u32>((to - out) >> 2);
}

function insertionSort(x: usize, n: u32): void {
  const end = x + ((<usize>n) << 2);
  for (let i = x + 4; i < end; i += 4) {
    const value = load<f32>(i);
    let j = i;
    while (j > x && load<f32>(j - 4) > value) {
      store<f32>(j, load<f32>(j - 4));
      j -= 4;
    }
    store<f32>(j, value);
  }
}

/**
 * The value of the given rank (from 0) of x[0..n), followed by up to three times +infinity; x is left as it is.
 * @param first, second buffers of n + 4 values; sample: of SMALL
 */
function selectRank(x: usize, n: u32, rank: u32, first: usize, second: usize, sample: usize): f32 {
  let source = x;
  let out = first;
  while (n > SMALL) {
    const step = n / SAMPLE;
    for (let i: u32 = 0; i < SAMPLE; i++)
      store<f32>(sample + ((<usize>i) << 2), load<f32>(source + ((<usize>(i * step)) << 2)));
    insertionSort(sample, SAMPLE);
    const q = (<f32>rank + 0.5) / <f32>n;
    const half: f32 = 2 * sqrt<f32>(<f32>SAMPLE * q * (1 - q)) + 0.5;
    const lowAt = <i32>floor<f32>(q * <f32>SAMPLE - half);
    const highAt = <i32>floor<f32>(q * <f32>SAMPLE + half);
    let low: f32 = lowAt < 0 ? -Infinity : load<f32>(sample + ((<usize>lowAt) << 2));
    let high: f32 = highAt >= <i32>SAMPLE ? Infinity : load<f32>(sample + ((<usize>highAt) << 2));
    // Padding to a multiple of 4 is +infinity and comes last; `inside` never counts it.
    const end = source + ((<usize>((n + 3) & ~3)) << 2);
    let inside = min(packBetween(source, end, low, high, out), n - below);
    if (inside == n) {
      // Ties: the bracket holds everything. Split about one value instead, which always gets further.
      low = load<f32>(sample + ((<usize>(SAMPLE / 2)) << 2));
      high = low;
      inside = min(packBetween(source, end, low, high, out), n - below);
    }
    if (rank < below) {
      inside = below;
      // The largest float below `low`: everything under the bracket.
      packBetween(source, end, -Infinity, nextBelow(low), out);
    } else if (rank < below + inside) {
      if (low == high) return low;
      rank -= below;
    } else {
      const passed = below + inside;
      rank -= passed;
      inside = n - passed;
      packBetween(source, end, nextAbove(high), Infinity, out);
    }
    n = inside;
    v128.store(out + ((<usize>n) << 2), f32x4.splat(Infinity));
    source = out;
    out = out == first ? second : first;
  }
  memory.copy(sample, source, (<usize>n) << 2);
  insertionSort(sample, n);
  return load<f32>(sample + ((<usize>rank) << 2));
}

function nextBelow(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  if (x == 0) return reinterpret<f32>(0x80000001);
  return reinterpret<f32>(bits < 0 ? bits + 1 : bits - 1);
}

function nextAbove(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  if (x == 0) return reinterpret<f32>(1);
  return reinterpret<f32>(bits < 0 ? bits - 1 : bits + 1);
}

function sumBetween(x: usize, n: u32, k: u32, low: f32, high: f32): f64 {
  if (low == high) return <f64>(n - 2 * k) * <f64>low;
  const lo = f32x4.splat(low);
  const hi = f32x4.splat(high);
  let s01 = f64x2.splat(0),
    s23 = f64x2.splat(0);
  let lower = i32x4.splat(0),
    higher = i32x4.splat(0);
  const end = x + ((<usize>((n + 3) & ~3)) << 2);
  for (let at = x; at < end; at += 16) {
    const v = v128.load(at);
    const isLow = f32x4.le(v, lo);
    const isHigh = f32x4.ge(v, hi);
    lower = i32x4.sub(lower, isLow);
    higher = i32x4.sub(higher, isHigh);
    const between = v128.andnot(v, v128.or(isLow, isHigh));
    s01 = f64x2.add(s01, f64x2.promote_low_f32x4(between));
    s23 = f64x2.add(
      s23,
      f64x2.promote_low_f32x4(i8x16.shuffle(between, between, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7)),
    );
  }
  const sum = f64x2.add(s01, s23);
  const atMostLow =
    i32x4.extract_lane(lower, 0) +
    i32x4.extract_lane(lower, 1) +
    i32x4.extract_lane(lower, 2) +
    i32x4.extract_lane(lower, 3);
  const padding = <i32>(((n + 3) & ~3) - n);
  const atLeastHigh =
    i32x4.extract_lane(higher, 0) +
    i32x4.extract_lane(higher, 1) +
    i32x4.extract_lane(higher, 2) +
    i32x4.extract_lane(higher, 3) -
    padding;
  return (
    f64x2.extract_lane(sum, 0) +
    f64x2.extract_lane(sum, 1) +
    (<f64>(atMostLow - <i32>k) * <f64>low + <f64>(atLeastHigh - <i32>k) * <f64>high)
  );
}

function trimRow(
  x: usize,
  n: u32,
  trim: f64,
  first: usize,
  second: usize,
  sample: usize,
  mean: usize,
  valid: usize,
): void {
  if (n == 0) {
    store<f64>(mean, NaN);
    store<f64>(valid, 0);
    return;
  }
  const k = min(<u32>(trim * <f64>n), (n - 1) >> 1);
  const low = selectRank(x, n, k, first, second, sample);
  const high = selectRank(x, n, n - 1 - k, first, second, sample);
  store<f64>(valid, <f64>n);
  store<f64>(mean, sumBetween(x, n, k, low, high) / <f64>(n - 2 * k));
}

export function integrateTrimmed(
  values: usize,
  frameCount: i32,
  start: usize,
  from: i32,
  to: i32,
  bins: i32,
  trim: f64,
  scratch: usize,
  mean: usize,
  valid: usize,
): void {
  for (let bin = from; bin < to; bin++) {
    const begin = load<u32>(start + ((<usize>bin) << 2));
    const end = load<u32>(start + ((<usize>bin) << 2), 4);
    // scratch: the sample, four rows, two buffers for the selection
    const stride = (((<usize>(end - begin) + 3) & ~3) << 2) + 16;
    const rows = scratch + 256;
    const first = rows + 4 * stride;
    const hasGaps = separate(values, begin, end, rows, stride, Infinity);
    for (let f = 0; f < frameCount; f++) {
      const x = rows + <usize>f * stride;
      const n = hasGaps ? leaveOutGaps(x, end - begin) : end - begin;
      const out = (<usize>(f * bins + bin)) << 3;
      trimRow(x, n, trim, first, first + stride, scratch, mean + out, valid + out);
    }
  }
}
