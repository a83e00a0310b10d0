// Twin of ../reference/reduce-bins.ts, where the meaning is written down; this file is only speed.
// Three rays by sixteen terms stay in registers over a block of bins whose part of the matrix stays in the first-level
// cache for all rays of a block.
function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

const BINS: i32 = 128;
const RAYS: i32 = 48;

export function reduceBins(out: usize, data: usize, matrix: usize, rays: i32, bins: i32, terms: i32): void {
  for (let ray = 0; ray < rays; ray += RAYS) {
    const lastRay = min(ray + RAYS, rays);
    for (let bin = 0; bin < bins; bin += BINS) {
      addBlock(out, data, matrix, ray, lastRay, bin, min(bin + BINS, bins), bins, terms);
    }
  }
}

function addBlock(
  out: usize,
  data: usize,
  matrix: usize,
  first: i32,
  last: i32,
  bin: i32,
  end: i32,
  bins: i32,
  terms: i32,
): void {
  const row = (<usize>terms) << 2;
  const line = (<usize>bins) << 2;
  const m = matrix + <usize>bin * row;
  const n = (<usize>(end - bin)) << 2;
  for (let k: usize = 0; k < row; k += 64) {
    const isWhole = k + 64 <= row;
    let ray = first;
    if (isWhole) {
      for (; ray + 3 <= last; ray += 3) {
        addThree(out + <usize>ray * row + k, data + ((<usize>(ray * bins + bin)) << 2), m + k, row, line, n);
      }
    }
    for (; ray < last; ray++) {
      const to = out + <usize>ray * row + k;
      const from = data + ((<usize>(ray * bins + bin)) << 2);
      addOne(to, from, m + k, row, n);
      if (isWhole) addOne(to + 32, from, m + k + 32, row, n);
    }
  }
}

/** Eight terms of one ray. */
function addOne(out: usize, data: usize, m: usize, row: usize, n: usize): void {
  let s0 = v128.load(out);
  let s1 = v128.load(out, 16);
  const end = data + n;
  for (; data < end; data += 4, m += row) {
    const x = v128.load32_splat(data);
    s0 = madd(x, v128.load(m), s0);
    s1 = madd(x, v128.load(m, 16), s1);
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
}

/** Sixteen terms of three rays. */
function addThree(out: usize, data: usize, m: usize, row: usize, line: usize, n: usize): void {
  const outB = out + row;
  const outC = outB + row;
  let a0 = v128.load(out);
  let a1 = v128.load(out, 16);
  let a2 = v128.load(out, 32);
  let a3 = v128.load(out, 48);
  let b0 = v128.load(outB);
  let b1 = v128.load(outB, 16);
  let b2 = v128.load(outB, 32);
  let b3 = v128.load(outB, 48);
  let c0 = v128.load(outC);
  let c1 = v128.load(outC, 16);
  let c2 = v128.load(outC, 32);
  let c3 = v128.load(outC, 48);
  const end = data + n;
  const two = line << 1;
  for (; data < end; data += 4, m += row) {
    const x = v128.load32_splat(data);
    const y = v128.load32_splat(data + line);
    const z = v128.load32_splat(data + two);
    let w = v128.load(m);
    a0 = madd(x, w, a0);
    b0 = madd(y, w, b0);
    c0 = madd(z, w, c0);
    w = v128.load(m, 16);
    a1 = madd(x, w, a1);
    b1 = madd(y, w, b1);
    c1 = madd(z, w, c1);
    w = v128.load(m, 32);
    a2 = madd(x, w, a2);
    b2 = madd(y, w, b2);
    c2 = madd(z, w, c2);
    w = v128.load(m, 48);
    a3 = madd(x, w, a3);
    b3 = madd(y, w, b3);
    c3 = madd(z, w, c3);
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
  v128.store(outB, b0);
  v128.store(outB, b1, 16);
  v128.store(outB, b2, 32);
  v128.store(outB, b3, 48);
  v128.store(outC, c0);
  v128.store(outC, c1, 16);
  v128.store(outC, c2, 32);
  v128.store(outC, c3, 48);
}
