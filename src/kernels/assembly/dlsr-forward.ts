// Twin of ../reference/dlsr-forward.ts, where the meaning is written down; this file is only speed.
// Eight voxels keep their patterns in the first-level cache over all angles, and share the rays of an angle.
// Scratch: points | places | patterns of 8 voxels, as in dlsr/place.ts.
import {
  ANGLES,
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
  const patterns = group + PLACES;
  const length = (<usize>(depths * terms)) << 2;
  for (let v = first; v < end; v += GROUP) {
    const n = min(GROUP, end - v);
    loadPoints(points, places, v, n);
    for (let g = 0; g < n; g++) {
      const weight = weights + ((<usize>((v + g) * stencil)) << 2);
      const node = load<i32>(nodes + ((<usize>(v + g)) << 2));
      lookUpPattern(patterns + <usize>g * length, weight, node, offsets, stencil, table, depths, terms);
    }
    for (let a = angle; a < angleEnd; a += ANGLES) {
      const turns = min(ANGLES, angleEnd - a);
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
      for (let i = 0; i < turns; i++) addGroup(group + <usize>i * FIELDS, n, patterns, length, depths, terms);
    }
  }
}

function addGroup(t: usize, n: i32, patterns: usize, length: usize, depths: i32, terms: i32): void {
  const next = (<usize>depths) << 4;
  const bytes = (<usize>terms) << 2;
  for (let g = 0; g < n; g++, t += 4, patterns += length) {
    const ray = <usize>load<u32>(t);
    const c0 = v128.load32_splat(t, CUBIC);
    const c1 = v128.load32_splat(t, CUBIC + 32);
    const c2 = v128.load32_splat(t, CUBIC + 64);
    const c3 = v128.load32_splat(t, CUBIC + 96);
    const left = v128.load32_splat(t, LEFT);
    const right = v128.load32_splat(t, RIGHT);
    let e = patterns + <usize>load<u32>(t, DEPTH);
    let to = ray + bytes;
    for (let at = ray; at < ray + bytes; at += 32, to += 32) {
      const e1 = e + next;
      let p0 = f32x4.mul(c0, v128.load(e));
      let p1 = f32x4.mul(c0, v128.load(e1));
      p0 = madd(c1, v128.load(e, 16), p0);
      p1 = madd(c1, v128.load(e1, 16), p1);
      p0 = madd(c2, v128.load(e, 32), p0);
      p1 = madd(c2, v128.load(e1, 32), p1);
      p0 = madd(c3, v128.load(e, 48), p0);
      p1 = madd(c3, v128.load(e1, 48), p1);
      v128.store(at, madd(left, p0, v128.load(at)));
      v128.store(at, madd(left, p1, v128.load(at, 16)), 16);
      v128.store(to, madd(right, p0, v128.load(to)));
      v128.store(to, madd(right, p1, v128.load(to, 16)), 16);
      e = e1 + next;
    }
  }
}
