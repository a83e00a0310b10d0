// What the DLSR kernels have in common: where 8 voxels fall on the rays of up to ANGLES angles, and the patterns of a
// voxel at every depth. The meaning is written down in ../../reference/dlsr-place.ts.
// Places: for each angle 8 fields of 8 voxels, 4 bytes each: address of the left ray | bytes to the first depth node |
// 4 Lagrange weights | share of the left ray | of the right one. A ray beside the scan is never touched: where only one
// of the two is on it the pair moves by one and the share goes along; where none is both shares are 0.
// Patterns: [vector of 4 terms, depth, 4], so that the four nodes of a depth are 64 bytes in a row for every K.
//
// A voxel stays between the same depth nodes for a run of angles. So it is taken through all angles of a placing at once,
// first the four nodes against the K terms, then the two rays: eight numbers of four nodes stay in registers.

/** voxels placed together */
export const GROUP: i32 = 8;
/** voxels whose patterns are held at once, in the second-level cache: a square of 8 x 8 shares its rays */
export const BLOCK: i32 = 64;
/** angles placed together: a square's rays of so many angles stay in the first-level cache, or nearly */
export const ANGLES: i32 = 16;
/** bytes of an angle's places */
export const FIELDS: usize = 256;
export const PLACES: usize = FIELDS * <usize>(ANGLES + 1);
export const DEPTH: usize = 32;
export const CUBIC: usize = 64;
export const LEFT: usize = 192;
export const RIGHT: usize = 224;

/** 2^52 + 2^51: adding it leaves a whole number in the low 32 bits. */
const MAGIC: f64 = 6755399441055744.0;

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** x and y of up to 8 voxels in f64: x [8] | y [8]; the last one again beyond n. */
export function loadPoints(points: usize, places: usize, first: i32, n: i32): void {
  for (let g = 0; g < GROUP; g++) {
    const from = places + ((<usize>(first + min(g, n - 1))) << 3);
    const to = points + ((<usize>g) << 3);
    store<f64>(to, <f64>load<f32>(from));
    store<f64>(to, <f64>load<f32>(from, 4), 64);
  }
}

function join(a: v128, b: v128): v128 {
  const low = f32x4.demote_f64x2_zero(a);
  const high = f32x4.demote_f64x2_zero(b);
  return i8x16.shuffle(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
}

function joinWhole(a: v128, b: v128): v128 {
  const low = f64x2.add(a, f64x2.splat(MAGIC));
  const high = f64x2.add(b, f64x2.splat(MAGIC));
  return i8x16.shuffle(low, high, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}

function firstNode(u: v128, last: v128): v128 {
  const before = f64x2.sub(f64x2.floor(u), f64x2.splat(1.0));
  return f64x2.pmax(f64x2.pmin(before, last), f64x2.splat(0.0));
}

/** The places of `n` angles from `angle` on for the points of loadPoints. */
export function placeGroup(
  table: usize,
  points: usize,
  rays: usize,
  translations: i32,
  terms: i32,
  depths: i32,
  directions: usize,
  angle: i32,
  n: i32,
  rotationAxis: f64,
  depthScale: f64,
  depthOrigin: f64,
): void {
  const axis = f64x2.splat(rotationAxis);
  const scale = f64x2.splat(depthScale);
  const origin = f64x2.splat(depthOrigin);
  const last = f64x2.splat(<f64>(depths - 4));
  const one = f64x2.splat(1.0);
  const lastPair = i32x4.splat(translations - 2);
  const bytes = i32x4.splat(terms << 2);
  for (let a = angle; a < angle + n; a++) {
    const c = v128.load64_splat(directions + ((<usize>a) << 4));
    const s = v128.load64_splat(directions + ((<usize>a) << 4), 8);
    const row = i32x4.splat(<i32>rays + ((a * translations * terms) << 2));
    for (let lane: usize = 0; lane < 32; lane += 16) {
      const x0 = v128.load(points + (lane << 1));
      const x1 = v128.load(points + (lane << 1), 16);
      const y0 = v128.load(points + (lane << 1), 64);
      const y1 = v128.load(points + (lane << 1), 80);
      const lateral0 = f64x2.add(axis, f64x2.add(f64x2.mul(x0, c), f64x2.mul(y0, s)));
      const lateral1 = f64x2.add(axis, f64x2.add(f64x2.mul(x1, c), f64x2.mul(y1, s)));
      const whole0 = f64x2.floor(lateral0);
      const whole1 = f64x2.floor(lateral1);
      const j = joinWhole(whole0, whole1);
      const pair = i32x4.max_s(i32x4.min_s(j, lastPair), i32x4.splat(0));
      let right = join(f64x2.sub(lateral0, whole0), f64x2.sub(lateral1, whole1));
      let left = f32x4.sub(f32x4.splat(1), right);
      const off = i32x4.sub(j, pair);
      if (v128.any_true(off)) {
        const isIn = i32x4.eq(off, i32x4.splat(0));
        const wasRight = v128.and(right, i32x4.eq(off, i32x4.splat(-1)));
        const wasLeft = v128.and(left, i32x4.eq(off, i32x4.splat(1)));
        left = v128.or(v128.and(left, isIn), wasRight);
        right = v128.or(v128.and(right, isIn), wasLeft);
      }
      const u0 = f64x2.add(origin, f64x2.mul(scale, f64x2.sub(f64x2.mul(y0, c), f64x2.mul(x0, s))));
      const u1 = f64x2.add(origin, f64x2.mul(scale, f64x2.sub(f64x2.mul(y1, c), f64x2.mul(x1, s))));
      const node0 = firstNode(u0, last);
      const node1 = firstNode(u1, last);
      const e = join(f64x2.sub(u0, f64x2.add(node0, one)), f64x2.sub(u1, f64x2.add(node1, one)));
      const t = table + <usize>(a - angle) * FIELDS + lane;
      v128.store(t, i32x4.add(row, i32x4.mul(pair, bytes)));
      v128.store(t, i32x4.shl(joinWhole(node0, node1), 4), DEPTH);
      storeCubic(t, e);
      v128.store(t, left, LEFT);
      v128.store(t, right, RIGHT);
    }
  }
}

function storeCubic(t: usize, e: v128): void {
  const behind = f32x4.add(f32x4.splat(1), e);
  const ahead = f32x4.sub(f32x4.splat(1), e);
  const beyond = f32x4.sub(f32x4.splat(2), e);
  const outer = f32x4.mul(f32x4.mul(e, ahead), f32x4.splat(-1.0 / 6.0));
  const inner = f32x4.mul(f32x4.mul(behind, beyond), f32x4.splat(0.5));
  v128.store(t, f32x4.mul(outer, beyond), CUBIC);
  v128.store(t, f32x4.mul(inner, ahead), CUBIC + 32);
  v128.store(t, f32x4.mul(inner, e), CUBIC + 64);
  v128.store(t, f32x4.mul(outer, behind), CUBIC + 96);
}

/** The pattern of a voxel. Table nodes are read from end to end, four at a time, which the hardware foresees. */
export function lookUpPattern(
  out: usize,
  weights: usize,
  node: i32,
  offsets: usize,
  stencil: i32,
  table: usize,
  depths: i32,
  terms: i32,
): void {
  const bytes = (<usize>(depths * terms)) << 2;
  memory.fill(out, 0, bytes);
  let q = 0;
  for (; q + 4 <= stencil; q += 4) {
    const from = offsets + ((<usize>q) << 2);
    const weight = weights + ((<usize>q) << 2);
    addFour(
      out,
      table + <usize>(node + load<i32>(from)) * bytes,
      table + <usize>(node + load<i32>(from, 4)) * bytes,
      table + <usize>(node + load<i32>(from, 8)) * bytes,
      table + <usize>(node + load<i32>(from, 12)) * bytes,
      weight,
      depths,
      terms,
    );
  }
  for (; q < stencil; q++) {
    const a = table + <usize>(node + load<i32>(offsets + ((<usize>q) << 2))) * bytes;
    addOne(out, a, v128.load32_splat(weights + ((<usize>q) << 2)), depths, terms);
  }
}

function addFour(out: usize, a: usize, b: usize, c: usize, d: usize, weight: usize, depths: i32, terms: i32): void {
  const next = (<usize>depths) << 4;
  const row = (<usize>terms) << 2;
  const wa = v128.load32_splat(weight);
  const wb = v128.load32_splat(weight, 4);
  const wc = v128.load32_splat(weight, 8);
  const wd = v128.load32_splat(weight, 12);
  const last = out + next;
  for (; out < last; out += 16) {
    const stop = a + row;
    for (let to = out; a < stop; a += 32, b += 32, c += 32, d += 32) {
      const too = to + next;
      let s = madd(wa, v128.load(a), v128.load(to));
      let t = madd(wa, v128.load(a, 16), v128.load(too));
      s = madd(wb, v128.load(b), s);
      t = madd(wb, v128.load(b, 16), t);
      s = madd(wc, v128.load(c), s);
      t = madd(wc, v128.load(c, 16), t);
      s = madd(wd, v128.load(d), s);
      t = madd(wd, v128.load(d, 16), t);
      v128.store(to, s);
      v128.store(too, t);
      to = too + next;
    }
  }
}

function addOne(out: usize, a: usize, weight: v128, depths: i32, terms: i32): void {
  const next = (<usize>depths) << 4;
  const row = (<usize>terms) << 2;
  const last = out + next;
  for (; out < last; out += 16) {
    const stop = a + row;
    for (let to = out; a < stop; a += 16, to += next) v128.store(to, madd(weight, v128.load(a), v128.load(to)));
  }
}
