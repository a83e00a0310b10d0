// Twins of ../reference/dlsr-rays.ts, where the meaning is written down; this file is only speed.
function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

function low(x: v128): v128 {
  return f64x2.promote_low_f32x4(x);
}
function high(x: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
}

export function rayDots(out: usize, a: usize, b: usize, rays: i32, terms: i32): void {
  const bytes = (<usize>terms) << 2;
  for (let ray = 0; ray < rays; ray++, out += 8) {
    let sum = f64x2.splat(0.0);
    const stop = a + bytes;
    for (; a < stop; a += 16, b += 16) {
      const x = v128.load(a);
      const y = v128.load(b);
      sum = f64x2.add(sum, f64x2.mul(low(x), low(y)));
      sum = f64x2.add(sum, f64x2.mul(high(x), high(y)));
    }
    store<f64>(out, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  }
}

export function rayAdd(out: usize, a: usize, factors: usize, rays: i32, terms: i32): void {
  const bytes = (<usize>terms) << 2;
  for (let ray = 0; ray < rays; ray++, factors += 4) {
    const factor = v128.load32_splat(factors);
    const stop = a + bytes;
    for (; a < stop; a += 16, out += 16) v128.store(out, madd(factor, v128.load(a), v128.load(out)));
  }
}

export function rayScale(out: usize, factors: usize, rays: i32, terms: i32): void {
  const bytes = (<usize>terms) << 2;
  for (let ray = 0; ray < rays; ray++, factors += 4) {
    const factor = v128.load32_splat(factors);
    const stop = out + bytes;
    for (; out < stop; out += 16) v128.store(out, f32x4.mul(factor, v128.load(out)));
  }
}

export function raysBlur(out: usize, rays: usize, angles: i32, translations: i32, terms: i32, side: f32): void {
  const bytes = (<usize>terms) << 2;
  const tap = f32x4.splat(side);
  const centre = f32x4.splat(1 - 2 * side);
  const zero = f32x4.splat(0);
  for (let angle = 0; angle < angles; angle++) {
    for (let j = 0; j < translations; j++) {
      const isFirst = j == 0;
      const isLast = j == translations - 1;
      const stop = rays + bytes;
      for (; rays < stop; rays += 16, out += 16) {
        const before = isFirst ? zero : v128.load(rays - bytes);
        const after = isLast ? zero : v128.load(rays + bytes);
        v128.store(out, f32x4.add(f32x4.mul(centre, v128.load(rays)), f32x4.mul(tap, f32x4.add(before, after))));
      }
    }
  }
}
