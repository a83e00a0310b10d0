// Twin of ../reference/dlsr-adjoint.ts, where the meaning is written down; this file is only speed.
// Scratch: points | places | blended [ANGLES, K] | gathered of a block of voxels, as in dlsr/place.ts.
import { ANGLES, BLOCK, CUBIC, DEPTH, FIELDS, GROUP, LEFT, loadPoints, PLACES, placeGroup, RIGHT } from "./dlsr/place";

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

export function dlsrAdjoint(
  out: usize,
  rays: usize,
  translations: i32,
  terms: i32,
  places: usize,
  nodes: usize,
  offsets: usize,
  stencil: i32,
  table: usize,
  depths: i32,
  first: i32,
  end: i32,
  directions: usize,
  angle: i32,
  angleEnd: i32,
  rotationAxis: f64,
  depthScale: f64,
  depthOrigin: f64,
  scratch: usize,
): void {
  const points = scratch;
  const group = scratch + 128;
  const blended = group + PLACES;
  const gathered = blended + ((<usize>(ANGLES * terms)) << 2);
  const length = (<usize>(depths * terms)) << 2;
  for (let block = first; block < end; block += BLOCK) {
    const last = min(block + BLOCK, end);
    memory.fill(gathered, 0, <usize>(last - block) * length);
    for (let a = angle; a < angleEnd; a += ANGLES) {
      const turns = min(ANGLES, angleEnd - a);
      for (let v = block; v < last; v += GROUP) {
        const n = min(GROUP, last - v);
        loadPoints(points, places, v, n);
        placeGroup(
          group,
          points,
          rays,
          translations,
          terms,
          depths,
          directions,
          a,
          turns,
          rotationAxis,
          depthScale,
          depthOrigin,
        );
        for (let g = 0; g < n; g++) {
          const t = group + ((<usize>g) << 2);
          blend(blended, t, turns, terms);
          gatherRuns(gathered + <usize>(v - block + g) * length, blended, t, turns, depths, terms);
        }
      }
    }
    for (let v = block; v < last; v++) {
      const node = load<i32>(nodes + ((<usize>v) << 2));
      const to = out + ((<usize>(v * stencil)) << 2);
      multiplyStencil(to, gathered + <usize>(v - block) * length, node, offsets, stencil, table, depths, terms);
    }
  }
}

/** r of one voxel at `turns` angles: [turns, K]. */
function blend(blended: usize, t: usize, turns: i32, terms: i32): void {
  const bytes = (<usize>terms) << 2;
  const last = t + <usize>turns * FIELDS;
  for (; t < last; t += FIELDS) {
    let at = <usize>load<u32>(t);
    const left = v128.load32_splat(t, LEFT);
    const right = v128.load32_splat(t, RIGHT);
    const stop = at + bytes;
    for (; at < stop; at += 32, blended += 32) {
      const to = at + bytes;
      v128.store(blended, madd(right, v128.load(to), f32x4.mul(left, v128.load(at))));
      v128.store(blended, madd(right, v128.load(to, 16), f32x4.mul(left, v128.load(at, 16))), 16);
    }
  }
}

/** Adds one voxel's r, run by run of the same depth nodes. */
function gatherRuns(gathered: usize, blended: usize, t: usize, turns: i32, depths: i32, terms: i32): void {
  const next = (<usize>depths) << 4;
  const bytes = (<usize>terms) << 2;
  const last = t + <usize>turns * FIELDS;
  while (t < last) {
    const depth = load<u32>(t, DEPTH);
    let stop = t + FIELDS;
    let after = blended + bytes;
    while (stop < last && load<u32>(stop, DEPTH) == depth) {
      stop += FIELDS;
      after += bytes;
    }
    let h = gathered + <usize>depth;
    for (let k: usize = 0; k < bytes; k += 32) {
      gatherRun(h, h + next, t, stop, blended + k, bytes);
      h += next << 1;
    }
    t = stop;
    blended = after;
  }
}

/** Eight terms from r on: h and g are the four depth nodes of either half. */
function gatherRun(h: usize, g: usize, t: usize, stop: usize, r: usize, bytes: usize): void {
  let h0 = v128.load(h);
  let h1 = v128.load(h, 16);
  let h2 = v128.load(h, 32);
  let h3 = v128.load(h, 48);
  let g0 = v128.load(g);
  let g1 = v128.load(g, 16);
  let g2 = v128.load(g, 32);
  let g3 = v128.load(g, 48);
  for (; t < stop; t += FIELDS, r += bytes) {
    const x = v128.load(r);
    const y = v128.load(r, 16);
    const c0 = v128.load32_splat(t, CUBIC);
    h0 = madd(c0, x, h0);
    g0 = madd(c0, y, g0);
    const c1 = v128.load32_splat(t, CUBIC + 32);
    h1 = madd(c1, x, h1);
    g1 = madd(c1, y, g1);
    const c2 = v128.load32_splat(t, CUBIC + 64);
    h2 = madd(c2, x, h2);
    g2 = madd(c2, y, g2);
    const c3 = v128.load32_splat(t, CUBIC + 96);
    h3 = madd(c3, x, h3);
    g3 = madd(c3, y, g3);
  }
  v128.store(h, h0);
  v128.store(h, h1, 16);
  v128.store(h, h2, 32);
  v128.store(h, h3, 48);
  v128.store(g, g0);
  v128.store(g, g1, 16);
  v128.store(g, g2, 32);
  v128.store(g, g3, 48);
}

/** out[q] = <gathered, table[node + offsets[q]]>, four table nodes at a time. */
function multiplyStencil(
  out: usize,
  gathered: usize,
  node: i32,
  offsets: usize,
  stencil: i32,
  table: usize,
  depths: i32,
  terms: i32,
): void {
  const bytes = (<usize>(depths * terms)) << 2;
  const next = (<usize>depths) << 4;
  for (let q = 0; q < stencil; q += 4) {
    const n = min(4, stencil - q);
    const from = offsets + ((<usize>q) << 2);
    let a = table + <usize>(node + load<i32>(from)) * bytes;
    let b = n > 1 ? table + <usize>(node + load<i32>(from, 4)) * bytes : a;
    let c = n > 2 ? table + <usize>(node + load<i32>(from, 8)) * bytes : a;
    let d = n > 3 ? table + <usize>(node + load<i32>(from, 12)) * bytes : a;
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let depth = 0; depth < depths; depth++) {
      let h = gathered + ((<usize>depth) << 4);
      for (let k = 0; k < terms; k += 4, h += next, a += 16, b += 16, c += 16, d += 16) {
        const x = v128.load(h);
        s0 = madd(x, v128.load(a), s0);
        s1 = madd(x, v128.load(b), s1);
        s2 = madd(x, v128.load(c), s2);
        s3 = madd(x, v128.load(d), s3);
      }
    }
    const to = out + ((<usize>q) << 2);
    store<f32>(to, total(s0));
    if (n > 1) store<f32>(to, total(s1), 4);
    if (n > 2) store<f32>(to, total(s2), 8);
    if (n > 3) store<f32>(to, total(s3), 12);
  }
}

function total(s: v128): f32 {
  return f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1) + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
}
