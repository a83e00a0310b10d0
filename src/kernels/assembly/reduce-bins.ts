// Twin of ../reference/reduce-bins.ts, where the meaning is written down; this file is only speed.
// Four rays by eight terms stay in registers over a block of bins whose part of the matrix stays in the first-level
// cache for all rays of a block.
function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

const BINS: i32 = 128;
const RAYS: i32 = 32;

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
  for (let k: usize = 0; k < row; k += 32) {
    let ray = first;
    let to = out + <usize>first * row + k;
    let from = data + <usize>first * line + ((<usize>bin) << 2);
    for (; ray + 4 <= last; ray += 4) {
      addFour(to, from, m + k, row, line, n);
      to += row << 2;
      from += line << 2;
    }
    for (; ray < last; ray++) {
      addOne(to, from, m + k, row, n);
      to += row;
      from += line;
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

/** Eight terms of four rays. */
function addFour(a: usize, data: usize, m: usize, row: usize, line: usize, n: usize): void {
  const b = a + row;
  const c = b + row;
  const d = c + row;
  let a0 = v128.load(a);
  let a1 = v128.load(a, 16);
  let b0 = v128.load(b);
  let b1 = v128.load(b, 16);
  let c0 = v128.load(c);
  let c1 = v128.load(c, 16);
  let d0 = v128.load(d);
  let d1 = v128.load(d, 16);
  const end = data + n;
  const two = line << 1;
  const three = two + line;
  for (; data < end; data += 4, m += row) {
    const w0 = v128.load(m);
    const w1 = v128.load(m, 16);
    const x = v128.load32_splat(data);
    a0 = madd(x, w0, a0);
    a1 = madd(x, w1, a1);
    const y = v128.load32_splat(data + line);
    b0 = madd(y, w0, b0);
    b1 = madd(y, w1, b1);
    const z = v128.load32_splat(data + two);
    c0 = madd(z, w0, c0);
    c1 = madd(z, w1, c1);
    const u = v128.load32_splat(data + three);
    d0 = madd(u, w0, d0);
    d1 = madd(u, w1, d1);
  }
  v128.store(a, a0);
  v128.store(a, a1, 16);
  v128.store(b, b0);
  v128.store(b, b1, 16);
  v128.store(c, c0);
  v128.store(c, c1, 16);
  v128.store(d, d0);
  v128.store(d, d1, 16);
}
