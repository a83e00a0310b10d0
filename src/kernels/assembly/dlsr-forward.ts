// Twin of ../reference/dlsr-forward.ts, where the meaning is written down; this file is only speed.
// Scratch: points | places | mixed [ANGLES, K] | patterns of a block of voxels, as in dlsr/place.ts.
import {
  ANGLES,
  BLOCK,
  CUBIC,
  DEPTH,
  FIELDS,
  GROUP,
  LEFT,
  loadPoints,
  lookUpPattern,
  PLACES,
  placeGroup,
  RIGHT,
} from "./dlsr/place";

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

export function dlsrForward(
  rays: usize,
  translations: i32,
  terms: i32,
  places: usize,
  nodes: usize,
  weights: usize,
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
  const mixed = group + PLACES;
  const patterns = mixed + ((<usize>(ANGLES * terms)) << 2);
  const length = (<usize>(depths * terms)) << 2;
  for (let block = first; block < end; block += BLOCK) {
    const last = min(block + BLOCK, end);
    for (let v = block; v < last; v++) {
      const weight = weights + ((<usize>(v * stencil)) << 2);
      const node = load<i32>(nodes + ((<usize>v) << 2));
      lookUpPattern(patterns + <usize>(v - block) * length, weight, node, offsets, stencil, table, depths, terms);
    }
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
          mixRuns(mixed, patterns + <usize>(v - block + g) * length, t, turns, depths, terms);
          share(mixed, t, turns, terms);
        }
      }
    }
  }
}

/** Patterns of one voxel at `turns` angles, run by run of the same depth nodes: out [turns, K]. */
function mixRuns(out: usize, pattern: usize, t: usize, turns: i32, depths: i32, terms: i32): void {
  const next = (<usize>depths) << 4;
  const bytes = (<usize>terms) << 2;
  const last = t + <usize>turns * FIELDS;
  while (t < last) {
    const depth = load<u32>(t, DEPTH);
    let stop = t + FIELDS;
    let after = out + bytes;
    while (stop < last && load<u32>(stop, DEPTH) == depth) {
      stop += FIELDS;
      after += bytes;
    }
    let e = pattern + <usize>depth;
    for (let k: usize = 0; k < bytes; k += 32) {
      mixRun(e, e + next, t, stop, out + k, bytes);
      e += next << 1;
    }
    t = stop;
    out = after;
  }
}

/** Eight terms: h and g are the four depth nodes of either half. */
function mixRun(h: usize, g: usize, t: usize, stop: usize, out: usize, bytes: usize): void {
  const h0 = v128.load(h);
  const h1 = v128.load(h, 16);
  const h2 = v128.load(h, 32);
  const h3 = v128.load(h, 48);
  const g0 = v128.load(g);
  const g1 = v128.load(g, 16);
  const g2 = v128.load(g, 32);
  const g3 = v128.load(g, 48);
  for (; t < stop; t += FIELDS, out += bytes) {
    const c0 = v128.load32_splat(t, CUBIC);
    const c1 = v128.load32_splat(t, CUBIC + 32);
    const c2 = v128.load32_splat(t, CUBIC + 64);
    const c3 = v128.load32_splat(t, CUBIC + 96);
    v128.store(out, madd(c3, h3, madd(c2, h2, madd(c1, h1, f32x4.mul(c0, h0)))));
    v128.store(out, madd(c3, g3, madd(c2, g2, madd(c1, g1, f32x4.mul(c0, g0)))), 16);
  }
}

/** Adds one voxel's patterns p [turns, K] to the two rays of every angle. */
function share(p: usize, t: usize, turns: i32, terms: i32): void {
  const bytes = (<usize>terms) << 2;
  const last = t + <usize>turns * FIELDS;
  for (; t < last; t += FIELDS) {
    let at = <usize>load<u32>(t);
    const left = v128.load32_splat(t, LEFT);
    const right = v128.load32_splat(t, RIGHT);
    const stop = at + bytes;
    for (; at < stop; at += 32, p += 32) {
      const to = at + bytes;
      const x = v128.load(p);
      const y = v128.load(p, 16);
      v128.store(at, madd(x, left, v128.load(at)));
      v128.store(at, madd(y, left, v128.load(at, 16)), 16);
      v128.store(to, madd(x, right, v128.load(to)));
      v128.store(to, madd(y, right, v128.load(to, 16)), 16);
    }
  }
}
