// Twin of ../reference/filter-rows.ts, where the meaning is written down; this file is only speed.
// After the first stage each block is finished (forward, spectrum, inverse) while it lies in the first cache.

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(c, f32x4.mul(a, b));
}
function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}
// Store (re, im) times (c, d)
function storeTurned(p: usize, re: v128, im: v128, c: v128, d: v128): void {
  v128.store(p, nmadd(im, d, f32x4.mul(re, c)));
  v128.store(p, madd(re, d, f32x4.mul(im, c)), 32);
}

function forward4(p: usize, step: usize, t: usize): void {
  const end = p + step;
  for (; p < end; p += 32, t += 24) {
    const c1 = v128.load32_splat(t);
    const d1 = v128.load32_splat(t, 4);
    const c2 = v128.load32_splat(t, 8);
    const d2 = v128.load32_splat(t, 12);
    const c3 = v128.load32_splat(t, 16);
    const d3 = v128.load32_splat(t, 20);
    for (const half = p + 32; p < half; p += 16) {
      const p1 = p + step;
      const p2 = p1 + step;
      const p3 = p2 + step;
      const ar = f32x4.add(v128.load(p), v128.load(p2));
      const ai = f32x4.add(v128.load(p, 32), v128.load(p2, 32));
      const br = f32x4.sub(v128.load(p), v128.load(p2));
      const bi = f32x4.sub(v128.load(p, 32), v128.load(p2, 32));
      const cr = f32x4.add(v128.load(p1), v128.load(p3));
      const ci = f32x4.add(v128.load(p1, 32), v128.load(p3, 32));
      const dr = f32x4.sub(v128.load(p1), v128.load(p3));
      const di = f32x4.sub(v128.load(p1, 32), v128.load(p3, 32));
      v128.store(p, f32x4.add(ar, cr));
      v128.store(p, f32x4.add(ai, ci), 32);
      storeTurned(p1, f32x4.add(br, di), f32x4.sub(bi, dr), c1, d1);
      storeTurned(p2, f32x4.sub(ar, cr), f32x4.sub(ai, ci), c2, d2);
      storeTurned(p3, f32x4.sub(br, di), f32x4.add(bi, dr), c3, d3);
    }
  }
}

function inverse4(p: usize, step: usize, t: usize): void {
  const end = p + step;
  for (; p < end; p += 32, t += 24) {
    const c1 = v128.load32_splat(t);
    const d1 = v128.load32_splat(t, 4);
    const c2 = v128.load32_splat(t, 8);
    const d2 = v128.load32_splat(t, 12);
    const c3 = v128.load32_splat(t, 16);
    const d3 = v128.load32_splat(t, 20);
    for (const half = p + 32; p < half; p += 16) {
      const p1 = p + step;
      const p2 = p1 + step;
      const p3 = p2 + step;
      let re = v128.load(p1);
      let im = v128.load(p1, 32);
      const r1 = madd(im, d1, f32x4.mul(re, c1));
      const i1 = nmadd(re, d1, f32x4.mul(im, c1));
      re = v128.load(p2);
      im = v128.load(p2, 32);
      const r2 = madd(im, d2, f32x4.mul(re, c2));
      const i2 = nmadd(re, d2, f32x4.mul(im, c2));
      re = v128.load(p3);
      im = v128.load(p3, 32);
      const r3 = madd(im, d3, f32x4.mul(re, c3));
      const i3 = nmadd(re, d3, f32x4.mul(im, c3));
      re = v128.load(p);
      im = v128.load(p, 32);
      const ar = f32x4.add(re, r2);
      const ai = f32x4.add(im, i2);
      const br = f32x4.sub(re, r2);
      const bi = f32x4.sub(im, i2);
      const cr = f32x4.add(r1, r3);
      const ci = f32x4.add(i1, i3);
      const dr = f32x4.sub(r1, r3);
      const di = f32x4.sub(i1, i3);
      v128.store(p, f32x4.add(ar, cr));
      v128.store(p, f32x4.add(ai, ci), 32);
      v128.store(p1, f32x4.sub(br, di));
      v128.store(p1, f32x4.add(bi, dr), 32);
      v128.store(p2, f32x4.sub(ar, cr));
      v128.store(p2, f32x4.sub(ai, ci), 32);
      v128.store(p3, f32x4.add(br, di));
      v128.store(p3, f32x4.sub(bi, dr), 32);
    }
  }
}

function forward3(p: usize, step: usize, t: usize): void {
  const half = f32x4.splat(0.5);
  const sin60 = f32x4.splat(0.8660254037844386);
  const end = p + step;
  for (; p < end; p += 32, t += 16) {
    const c1 = v128.load32_splat(t);
    const d1 = v128.load32_splat(t, 4);
    const c2 = v128.load32_splat(t, 8);
    const d2 = v128.load32_splat(t, 12);
    for (const next = p + 32; p < next; p += 16) {
      const p1 = p + step;
      const p2 = p1 + step;
      const sr = f32x4.add(v128.load(p1), v128.load(p2));
      const si = f32x4.add(v128.load(p1, 32), v128.load(p2, 32));
      const nr = f32x4.mul(f32x4.sub(v128.load(p1), v128.load(p2)), sin60);
      const ni = f32x4.mul(f32x4.sub(v128.load(p1, 32), v128.load(p2, 32)), sin60);
      const mr = f32x4.sub(v128.load(p), f32x4.mul(sr, half));
      const mi = f32x4.sub(v128.load(p, 32), f32x4.mul(si, half));
      v128.store(p, f32x4.add(v128.load(p), sr));
      v128.store(p, f32x4.add(v128.load(p, 32), si), 32);
      storeTurned(p1, f32x4.add(mr, ni), f32x4.sub(mi, nr), c1, d1);
      storeTurned(p2, f32x4.sub(mr, ni), f32x4.add(mi, nr), c2, d2);
    }
  }
}

function inverse3(p: usize, step: usize, t: usize): void {
  const half = f32x4.splat(0.5);
  const sin60 = f32x4.splat(0.8660254037844386);
  const end = p + step;
  for (; p < end; p += 32, t += 16) {
    const c1 = v128.load32_splat(t);
    const d1 = v128.load32_splat(t, 4);
    const c2 = v128.load32_splat(t, 8);
    const d2 = v128.load32_splat(t, 12);
    for (const next = p + 32; p < next; p += 16) {
      const p1 = p + step;
      const p2 = p1 + step;
      let re = v128.load(p1);
      let im = v128.load(p1, 32);
      const r1 = madd(im, d1, f32x4.mul(re, c1));
      const i1 = nmadd(re, d1, f32x4.mul(im, c1));
      re = v128.load(p2);
      im = v128.load(p2, 32);
      const r2 = madd(im, d2, f32x4.mul(re, c2));
      const i2 = nmadd(re, d2, f32x4.mul(im, c2));
      const sr = f32x4.add(r1, r2);
      const si = f32x4.add(i1, i2);
      const nr = f32x4.mul(f32x4.sub(r1, r2), sin60);
      const ni = f32x4.mul(f32x4.sub(i1, i2), sin60);
      re = v128.load(p);
      im = v128.load(p, 32);
      const mr = f32x4.sub(re, f32x4.mul(sr, half));
      const mi = f32x4.sub(im, f32x4.mul(si, half));
      v128.store(p, f32x4.add(re, sr));
      v128.store(p, f32x4.add(im, si), 32);
      v128.store(p1, f32x4.sub(mr, ni));
      v128.store(p1, f32x4.add(mi, nr), 32);
      v128.store(p2, f32x4.add(mr, ni));
      v128.store(p2, f32x4.sub(mi, nr), 32);
    }
  }
}

function forward2(p: usize, step: usize, t: usize): void {
  const end = p + step;
  for (; p < end; p += 32, t += 8) {
    const c = v128.load32_splat(t);
    const d = v128.load32_splat(t, 4);
    for (const next = p + 32; p < next; p += 16) {
      const p1 = p + step;
      const re = f32x4.sub(v128.load(p), v128.load(p1));
      const im = f32x4.sub(v128.load(p, 32), v128.load(p1, 32));
      v128.store(p, f32x4.add(v128.load(p), v128.load(p1)));
      v128.store(p, f32x4.add(v128.load(p, 32), v128.load(p1, 32)), 32);
      storeTurned(p1, re, im, c, d);
    }
  }
}

function inverse2(p: usize, step: usize, t: usize): void {
  const end = p + step;
  for (; p < end; p += 32, t += 8) {
    const c = v128.load32_splat(t);
    const d = v128.load32_splat(t, 4);
    for (const next = p + 32; p < next; p += 16) {
      const p1 = p + step;
      const re = v128.load(p1);
      const im = v128.load(p1, 32);
      const r1 = madd(im, d, f32x4.mul(re, c));
      const i1 = nmadd(re, d, f32x4.mul(im, c));
      v128.store(p1, f32x4.sub(v128.load(p), r1));
      v128.store(p1, f32x4.sub(v128.load(p, 32), i1), 32);
      v128.store(p, f32x4.add(v128.load(p), r1));
      v128.store(p, f32x4.add(v128.load(p, 32), i1), 32);
    }
  }
}

function forwardStage(p: usize, radix: i32, step: i32, twiddle: usize): void {
  if (radix == 4) forward4(p, (<usize>step) << 6, twiddle);
  else if (radix == 3) forward3(p, (<usize>step) << 6, twiddle);
  else forward2(p, (<usize>step) << 6, twiddle);
}

function inverseStage(p: usize, radix: i32, step: i32, twiddle: usize): void {
  if (radix == 4) inverse4(p, (<usize>step) << 6, twiddle);
  else if (radix == 3) inverse3(p, (<usize>step) << 6, twiddle);
  else inverse2(p, (<usize>step) << 6, twiddle);
}

// One block of `length` elements from stage `first` on: forward, times spectrum, inverse.
function filterBlock(
  data: usize,
  length: i32,
  radices: usize,
  first: i32,
  stages: i32,
  twiddles: usize,
  spectrum: usize,
): void {
  let block = length;
  let t = twiddles;
  for (let stage = first; stage < stages; stage++) {
    const radix = load<i32>(radices + ((<usize>stage) << 2));
    const step = block / radix;
    for (let at = 0; at < length; at += block) forwardStage(data + ((<usize>at) << 6), radix, step, t);
    t += (<usize>((radix - 1) * step)) << 3;
    block = step;
  }
  for (let i = 0; i < length; i++) {
    const p = data + ((<usize>i) << 6);
    const s = v128.load32_splat(spectrum + ((<usize>i) << 2));
    v128.store(p, f32x4.mul(v128.load(p), s));
    v128.store(p, f32x4.mul(v128.load(p, 16), s), 16);
    v128.store(p, f32x4.mul(v128.load(p, 32), s), 32);
    v128.store(p, f32x4.mul(v128.load(p, 48), s), 48);
  }
  for (let stage = stages - 1; stage >= first; stage--) {
    const radix = load<i32>(radices + ((<usize>stage) << 2));
    const step = block;
    block *= radix;
    t -= (<usize>((radix - 1) * step)) << 3;
    for (let at = 0; at < length; at += block) inverseStage(data + ((<usize>at) << 6), radix, step, t);
  }
}

// Two angles, 8 bins: first -> real parts, second -> imaginary parts (0 without a second).
function loadPair(scratch: usize, first: usize, second: usize, translations: i32, length: i32): void {
  const end = scratch + ((<usize>translations) << 6);
  memory.fill(end, 0, (<usize>(length - translations)) << 6);
  const zero = f32x4.splat(0);
  for (; scratch < end; scratch += 64, first += 64) {
    v128.store(scratch, v128.load(first));
    v128.store(scratch, v128.load(first, 16), 16);
    v128.store(scratch, second ? v128.load(second) : zero, 32);
    v128.store(scratch, second ? v128.load(second, 16) : zero, 48);
    if (second) second += 64;
  }
}

function storePair(scratch: usize, row: usize, translations: i32, weight: v128): void {
  const end = scratch + ((<usize>translations) << 6);
  for (; scratch < end; scratch += 64, row += 64) {
    v128.store(row, f32x4.mul(v128.load(scratch), weight));
    v128.store(row, f32x4.mul(v128.load(scratch, 16), weight), 16);
  }
}

export function filterRows(
  rows: usize,
  rowLength: i32,
  pad: i32,
  translations: i32,
  angle0: i32,
  angle1: i32,
  weights: usize,
  length: i32,
  radices: usize,
  stages: i32,
  twiddles: usize,
  spectrum: usize,
  scratch: usize,
): void {
  const radix = load<i32>(radices);
  const step = length / radix;
  const next = twiddles + ((<usize>((radix - 1) * step)) << 3);
  for (let angle = angle0; angle < angle1; angle += 2) {
    const weight = weights + ((<usize>angle) << 2);
    for (let half: usize = 0; half < 64; half += 32) {
      const first = rows + ((<usize>(angle * rowLength + pad)) << 6) + half;
      const second = angle + 1 < angle1 ? first + ((<usize>rowLength) << 6) : 0;
      loadPair(scratch, first, second, translations, length);
      forwardStage(scratch, radix, step, twiddles);
      for (let b = 0; b < radix; b++)
        filterBlock(
          scratch + ((<usize>(b * step)) << 6),
          step,
          radices,
          1,
          stages,
          next,
          spectrum + ((<usize>(b * step)) << 2),
        );
      inverseStage(scratch, radix, step, twiddles);
      storePair(scratch, first, translations, v128.load32_splat(weight));
      if (second) storePair(scratch + 32, second, translations, v128.load32_splat(weight, 4));
    }
  }
}
