// Twin of ../reference/integrate-trimmed.ts, where the meaning is written down; this file is only speed.
// The four frames are done side by side, but for bins with gaps, few pixels or many equal ones: these row by row.
import { highs, lows, selectBoth } from "./bins/select-lanes";
import { SMALL, selectRank } from "./bins/select-rank";
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

/** Of x[0..n), each moved to the nearer of low and high where it lies outside. */
function sumClamped(x: usize, n: u32, low: f32, high: f32): f64 {
  const lo = f32x4.splat(low);
  const hi = f32x4.splat(high);
  let s01 = f64x2.splat(0),
    s23 = f64x2.splat(0);
  const end = x + ((<usize>(n & ~3)) << 2);
  for (; x < end; x += 16) {
    const v = f32x4.pmin(f32x4.pmax(v128.load(x), lo), hi);
    s01 = f64x2.add(s01, f64x2.promote_low_f32x4(v));
    s23 = f64x2.add(s23, f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1)));
  }
  const left = i32x4.gt_s(i32x4.splat(n & 3), i32x4(0, 1, 2, 3));
  const v = v128.and(f32x4.pmin(f32x4.pmax(v128.load(x), lo), hi), left);
  s01 = f64x2.add(s01, f64x2.promote_low_f32x4(v));
  s23 = f64x2.add(s23, f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1)));
  const sum = f64x2.add(s01, s23);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

function trimmedMean(sum: f64, n: u32, k: u32, low: f32, high: f32): f64 {
  return low == high ? <f64>low : (sum - <f64>k * (<f64>low + <f64>high)) / <f64>(n - 2 * k);
}

function droppedAtEachEnd(n: u32, trim: f64): u32 {
  return min(<u32>(trim * <f64>n), (n - 1) >> 1);
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
  const k = droppedAtEachEnd(n, trim);
  const low = selectRank(x, n, k, first, second, sample);
  const high = selectRank(x, n, n - 1 - k, first, second, sample);
  store<f64>(valid, <f64>n);
  store<f64>(mean, trimmedMean(sumClamped(x, n, low, high), n, k, low, high));
}

let sum01: v128 = f64x2.splat(0);
let sum23: v128 = f64x2.splat(0);

/** sumClamped in each lane, into sum01 and sum23; the pixels in the same four partial sums. */
function sumClampedLanes(at: usize, n: u32, low: v128, high: v128): void {
  let a01 = f64x2.splat(0),
    a23 = f64x2.splat(0);
  let b01 = f64x2.splat(0),
    b23 = f64x2.splat(0);
  let c01 = f64x2.splat(0),
    c23 = f64x2.splat(0);
  let d01 = f64x2.splat(0),
    d23 = f64x2.splat(0);
  const end = at + ((<usize>(n & ~3)) << 4);
  for (; at < end; at += 64) {
    const a = f32x4.pmin(f32x4.pmax(v128.load(at), low), high);
    const b = f32x4.pmin(f32x4.pmax(v128.load(at, 16), low), high);
    const c = f32x4.pmin(f32x4.pmax(v128.load(at, 32), low), high);
    const d = f32x4.pmin(f32x4.pmax(v128.load(at, 48), low), high);
    a01 = f64x2.add(a01, f64x2.promote_low_f32x4(a));
    a23 = f64x2.add(a23, f64x2.promote_low_f32x4(v128.shuffle<i64>(a, a, 1, 1)));
    b01 = f64x2.add(b01, f64x2.promote_low_f32x4(b));
    b23 = f64x2.add(b23, f64x2.promote_low_f32x4(v128.shuffle<i64>(b, b, 1, 1)));
    c01 = f64x2.add(c01, f64x2.promote_low_f32x4(c));
    c23 = f64x2.add(c23, f64x2.promote_low_f32x4(v128.shuffle<i64>(c, c, 1, 1)));
    d01 = f64x2.add(d01, f64x2.promote_low_f32x4(d));
    d23 = f64x2.add(d23, f64x2.promote_low_f32x4(v128.shuffle<i64>(d, d, 1, 1)));
  }
  for (let i: u32 = 0; i < (n & 3); i++, at += 16) {
    const v = f32x4.pmin(f32x4.pmax(v128.load(at), low), high);
    const v01 = f64x2.promote_low_f32x4(v);
    const v23 = f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1));
    if (i == 0) {
      a01 = f64x2.add(a01, v01);
      a23 = f64x2.add(a23, v23);
    } else if (i == 1) {
      b01 = f64x2.add(b01, v01);
      b23 = f64x2.add(b23, v23);
    } else {
      c01 = f64x2.add(c01, v01);
      c23 = f64x2.add(c23, v23);
    }
  }
  sum01 = f64x2.add(f64x2.add(a01, c01), f64x2.add(b01, d01));
  sum23 = f64x2.add(f64x2.add(a23, c23), f64x2.add(b23, d23));
}

/** All frames of a bin without gaps. Returns false where it has some. */
function trimLanes(
  at: usize,
  n: u32,
  frameCount: i32,
  trim: f64,
  scratch: usize,
  mean: usize,
  valid: usize,
  stride: usize,
): bool {
  const k = droppedAtEachEnd(n, trim);
  if (!selectBoth(at, n, k, scratch)) return false;
  sumClampedLanes(at, n, lows, highs);
  // to be taken up lane by lane
  v128.store(scratch, lows);
  v128.store(scratch, highs, 16);
  v128.store(scratch, sum01, 32);
  v128.store(scratch, sum23, 48);
  for (let f: usize = 0; f < <usize>frameCount; f++, mean += stride, valid += stride) {
    const lane = scratch + (f << 2);
    store<f64>(valid, <f64>n);
    store<f64>(mean, trimmedMean(load<f64>(scratch + (f << 3), 32), n, k, load<f32>(lane), load<f32>(lane, 16)));
  }
  return true;
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
    const to = (<usize>bin) << 3;
    const at = values + ((<usize>begin) << 4);
    const isMany = end - begin > SMALL;
    if (isMany && trimLanes(at, end - begin, frameCount, trim, scratch, mean + to, valid + to, (<usize>bins) << 3))
      continue;
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
