// Twin of ../reference/integrate-clipped.ts, where the meaning is written down; this file is only speed.
import { separate } from "./bins/separate";

let sumW: f64 = 0;
let sumWX: f64 = 0;
let sumWXX: f64 = 0;
let count: i32 = 0;

function highHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
}

function acrossLanes(low: v128, high: v128): f64 {
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** x is padded to a multiple of 4 with NaN, which no interval holds; weight may run on into the next bin. */
function sumInside(x: usize, weight: usize, n: u32, low: f32, high: f32): void {
  const lo = f32x4.splat(low);
  const hi = f32x4.splat(high);
  let w01 = f64x2.splat(0),
    w23 = f64x2.splat(0);
  let x01 = f64x2.splat(0),
    x23 = f64x2.splat(0);
  let q01 = f64x2.splat(0),
    q23 = f64x2.splat(0);
  let inside = i32x4.splat(0);
  const end = x + ((<usize>((n + 3) & ~3)) << 2);
  for (; x < end; x += 16, weight += 16) {
    const raw = v128.load(x);
    const keep = v128.and(f32x4.ge(raw, lo), f32x4.le(raw, hi));
    inside = i32x4.sub(inside, keep);
    const v = v128.and(raw, keep);
    const w = v128.and(v128.load(weight), keep);
    const vLow = f64x2.promote_low_f32x4(v),
      vHigh = highHalf(v);
    const wLow = f64x2.promote_low_f32x4(w),
      wHigh = highHalf(w);
    const wvLow = f64x2.mul(wLow, vLow),
      wvHigh = f64x2.mul(wHigh, vHigh);
    w01 = f64x2.add(w01, wLow);
    w23 = f64x2.add(w23, wHigh);
    x01 = f64x2.add(x01, wvLow);
    x23 = f64x2.add(x23, wvHigh);
    q01 = f64x2.add(q01, f64x2.mul(wvLow, vLow));
    q23 = f64x2.add(q23, f64x2.mul(wvHigh, vHigh));
  }
  sumW = acrossLanes(w01, w23);
  sumWX = acrossLanes(x01, x23);
  sumWXX = acrossLanes(q01, q23);
  count =
    i32x4.extract_lane(inside, 0) +
    i32x4.extract_lane(inside, 1) +
    i32x4.extract_lane(inside, 2) +
    i32x4.extract_lane(inside, 3);
}

function varianceInside(x: usize, weight: usize, scale: usize, n: u32, low: f32, high: f32): f64 {
  const lo = f32x4.splat(low);
  const hi = f32x4.splat(high);
  let s01 = f64x2.splat(0),
    s23 = f64x2.splat(0);
  const end = x + ((<usize>((n + 3) & ~3)) << 2);
  for (; x < end; x += 16, weight += 16, scale += 16) {
    const raw = v128.load(x);
    const keep = v128.and(f32x4.ge(raw, lo), f32x4.le(raw, hi));
    const v = v128.and(raw, keep);
    const w = v128.and(v128.load(weight), keep);
    const c = v128.and(v128.load(scale), keep);
    const wLow = f64x2.promote_low_f32x4(w),
      wHigh = highHalf(w);
    s01 = f64x2.add(
      s01,
      f64x2.mul(f64x2.mul(wLow, wLow), f64x2.mul(f64x2.promote_low_f32x4(c), f64x2.promote_low_f32x4(v))),
    );
    s23 = f64x2.add(s23, f64x2.mul(f64x2.mul(wHigh, wHigh), f64x2.mul(highHalf(c), highHalf(v))));
  }
  return acrossLanes(s01, s23);
}

function clipRow(
  x: usize,
  n: u32,
  begin: u32,
  scale: usize,
  weight: usize,
  pixels: f64,
  threshold: f64,
  iterations: i32,
  isAzimuthal: i32,
  mean: usize,
  variance: usize,
  normalisation: usize,
  kept: usize,
): void {
  const w = weight + ((<usize>begin) << 2);
  let low: f32 = -Infinity;
  let high: f32 = Infinity;
  sumInside(x, w, n, low, high);
  for (let round = 0; round < iterations && count > 0; round++) {
    const average = sumWX / sumW;
    const spread = isAzimuthal ? sumWXX / sumW - average * average : average;
    const left = (<f64>count / <f64>n) * pixels;
    const cut = max(threshold, sqrt<f64>(2 * Math.log(max<f64>(left, 3) / sqrt<f64>(2 * Math.PI))));
    const reach = cut * sqrt<f64>(max<f64>(spread, 0));
    low = max<f32>(low, <f32>(average - reach));
    high = min<f32>(high, <f32>(average + reach));
    const before = count;
    sumInside(x, w, n, low, high);
    if (count == before) break;
  }
  store<f64>(mean, count > 0 ? sumWX / sumW : NaN);
  store<f64>(variance, varianceInside(x, w, scale + ((<usize>begin) << 2), n, low, high));
  store<f64>(normalisation, sumW);
  store<f64>(kept, <f64>count);
}

export function integrateClipped(
  values: usize,
  frameCount: i32,
  scale: usize,
  weight: usize,
  pixels: usize,
  start: usize,
  from: i32,
  to: i32,
  bins: i32,
  threshold: f64,
  iterations: i32,
  isAzimuthal: i32,
  scratch: usize,
  mean: usize,
  variance: usize,
  normalisation: usize,
  kept: usize,
): void {
  for (let bin = from; bin < to; bin++) {
    const begin = load<u32>(start + ((<usize>bin) << 2));
    const end = load<u32>(start + ((<usize>bin) << 2), 4);
    const inBin = <f64>load<f32>(pixels + ((<usize>bin) << 2));
    const stride = (((<usize>(end - begin) + 3) & ~3) << 2) + 16;
    separate(values, begin, end, scratch, stride, NaN);
    for (let f = 0; f < frameCount; f++) {
      const out = (<usize>(f * bins + bin)) << 3;
      clipRow(
        scratch + <usize>f * stride,
        end - begin,
        begin,
        scale,
        weight,
        inBin,
        threshold,
        iterations,
        isAzimuthal,
        mean + out,
        variance + out,
        normalisation + out,
        kept + out,
      );
    }
  }
}
