// Twin of ../reference/dlsr-gram.ts, where the meaning is written down; this file is only speed.
// Scratch: points | places | pairs [depths, 4] f64 of 8 voxels | patterns of one voxel's unknowns | mixed.
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

export function dlsrGram(
  out: usize,
  rayWeights: usize,
  translations: i32,
  terms: i32,
  places: usize,
  nodes: usize,
  weights: usize,
  unknowns: i32,
  voxels: i32,
  offsets: usize,
  stencil: i32,
  table: usize,
  depths: i32,
  first: i32,
  end: i32,
  directions: usize,
  angles: i32,
  angleStep: i32,
  rotationAxis: f64,
  depthScale: f64,
  depthOrigin: f64,
  scratch: usize,
): void {
  const points = scratch;
  const group = scratch + 128;
  const allPairs = group + FIELDS;
  const pairBytes = (<usize>depths) << 5;
  const patterns = allPairs + <usize>GROUP * pairBytes;
  const length = (<usize>(depths * terms)) << 2;
  const mixed = patterns + <usize>unknowns * length;
  for (let v = first; v < end; v += GROUP) {
    const n = min(GROUP, end - v);
    loadPoints(points, places, v, n);
    memory.fill(allPairs, 0, <usize>n * pairBytes);
    for (let a = 0; a < angles; a += angleStep) {
      // a ray is one number here
      placeGroup(
        group,
        points,
        rayWeights,
        translations,
        1,
        depths,
        directions,
        a,
        1,
        rotationAxis,
        depthScale,
        depthOrigin,
      );
      for (let g = 0; g < n; g++) addPairs(allPairs + <usize>g * pairBytes, group + ((<usize>g) << 2));
    }
    for (let g = 0; g < n; g++) {
      const voxel = v + g;
      const node = load<i32>(nodes + ((<usize>voxel) << 2));
      for (let i = 0; i < unknowns; i++) {
        const weight = weights + ((<usize>((i * voxels + voxel) * stencil)) << 2);
        lookUpPattern(patterns + <usize>i * length, weight, node, offsets, stencil, table, depths, terms);
      }
      for (let l = 0; l < unknowns; l++) {
        mix(mixed, patterns + <usize>l * length, allPairs + <usize>g * pairBytes, depths, terms);
        for (let i = 0; i <= l; i++) {
          const sum = <f64>angleStep * product(patterns + <usize>i * length, mixed, depths, terms);
          store<f64>(out + ((<usize>((voxel * unknowns + i) * unknowns + l)) << 3), sum);
          store<f64>(out + ((<usize>((voxel * unknowns + l) * unknowns + i)) << 3), sum);
        }
      }
    }
  }
}

/** pairs[d, o] is C[d, d + o]. */
function addPairs(pairs: usize, t: usize): void {
  const ray = <usize>load<u32>(t);
  const left = <f64>load<f32>(t, LEFT);
  const right = <f64>load<f32>(t, RIGHT);
  const share = left * left * <f64>load<f32>(ray) + right * right * <f64>load<f32>(ray, 4);
  const c0 = <f64>load<f32>(t, CUBIC);
  const c1 = <f64>load<f32>(t, CUBIC + 32);
  const c2 = <f64>load<f32>(t, CUBIC + 64);
  const c3 = <f64>load<f32>(t, CUBIC + 96);
  const at = pairs + ((<usize>load<u32>(t, DEPTH)) << 1);
  addPair(at, 0, share * (c0 * c0));
  addPair(at, 8, share * (c0 * c1));
  addPair(at, 16, share * (c0 * c2));
  addPair(at, 24, share * (c0 * c3));
  addPair(at, 32, share * (c1 * c1));
  addPair(at, 40, share * (c1 * c2));
  addPair(at, 48, share * (c1 * c3));
  addPair(at, 64, share * (c2 * c2));
  addPair(at, 72, share * (c2 * c3));
  addPair(at, 96, share * (c3 * c3));
}

function addPair(pairs: usize, offset: usize, value: f64): void {
  store<f64>(pairs + offset, load<f64>(pairs + offset) + value);
}

/** out[d] = sum over d' of C[d, d'] pattern[d']. */
function mix(out: usize, pattern: usize, pairs: usize, depths: i32, terms: i32): void {
  const next = (<usize>depths) << 4;
  const bytes = next * <usize>(terms >> 2);
  for (let d = 0; d < depths; d++) {
    const to = out + ((<usize>d) << 4);
    for (let k: usize = 0; k < bytes; k += next) v128.store(to + k, f32x4.splat(0));
    for (let o = max(0, d - 3); o < min(depths, d + 4); o++) {
      const low = min(d, o);
      const pair = f32x4.splat(<f32>load<f64>(pairs + ((<usize>(low * 4 + max(d, o) - low)) << 3)));
      const from = pattern + ((<usize>o) << 4);
      for (let k: usize = 0; k < bytes; k += next) {
        v128.store(to + k, madd(pair, v128.load(from + k), v128.load(to + k)));
      }
    }
  }
}

function product(a: usize, b: usize, depths: i32, terms: i32): f64 {
  const next = (<usize>depths) << 4;
  const bytes = next * <usize>(terms >> 2);
  let s = f32x4.splat(0);
  for (let d: usize = 0; d < next; d += 16) {
    for (let k = d; k < bytes; k += next) s = madd(v128.load(a + k), v128.load(b + k), s);
  }
  const low = <f64>f32x4.extract_lane(s, 0) + <f64>f32x4.extract_lane(s, 1);
  return low + (<f64>f32x4.extract_lane(s, 2) + <f64>f32x4.extract_lane(s, 3));
}
