// Twin of ../reference/project-tiles.ts, where the meaning is written down; this file is only speed.
// A pixel's 16 bins are loaded once for 8 angles, and neighbouring pixels come back to the same row element only
// after 8 others, so that no store is waited for.
// Scratch: addresses [8, 16] i32 | right and left weights [2, 8, 16] f32 | per angle of the
// group (32 bytes each).

const MAGIC: f32 = 8388608.0;
const TABLE: usize = 8 * 16 * 4;

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

function shareLine(pixels: usize, first: i32, end: i32, table: usize, n: i32): void {
  let pixel = pixels + ((<usize>first) << 6);
  let at = table + ((<usize>first) << 2);
  const last = table + ((<usize>end) << 2);
  const length = (<usize>n) << 6;
  for (; at < last; at += 4, pixel += 64) {
    const p0 = v128.load(pixel);
    const p1 = v128.load(pixel, 16);
    const p2 = v128.load(pixel, 32);
    const p3 = v128.load(pixel, 48);
    const stop = at + length;
    for (let t = at; t < stop; t += 64) {
      const row = <usize>load<u32>(t);
      const right = v128.load32_splat(t, TABLE);
      const left = v128.load32_splat(t, 2 * TABLE);
      v128.store(row, madd(left, p0, v128.load(row)));
      v128.store(row, madd(left, p1, v128.load(row, 16)), 16);
      v128.store(row, madd(left, p2, v128.load(row, 32)), 32);
      v128.store(row, madd(left, p3, v128.load(row, 48)), 48);
      v128.store(row, madd(right, p0, v128.load(row, 64)), 64);
      v128.store(row, madd(right, p1, v128.load(row, 80)), 80);
      v128.store(row, madd(right, p2, v128.load(row, 96)), 96);
      v128.store(row, madd(right, p3, v128.load(row, 112)), 112);
    }
  }
}

export function projectTiles(
  rows: usize,
  rowLength: i32,
  image: usize,
  nx: i32,
  x0: i32,
  x1: i32,
  y0: i32,
  y1: i32,
  spans: usize,
  directions: usize,
  angle0: i32,
  angle1: i32,
  centreX: f64,
  centreY: f64,
  axis: f64,
  scratch: usize,
): void {
  const table = scratch;
  const group = table + 3 * TABLE;
  const magic = f32x4.splat(MAGIC);
  const magicBits = i32x4.splat(0x4b000000);
  const zero = f32x4.splat(0);
  const steps = f32x4(0, 1, 2, 3);
  for (let ty = y0; ty < y1; ty += 16) {
    const yEnd = min(ty + 16, y1);
    for (let tx = x0; tx < x1; tx += 16) {
      const xEnd = min(tx + 16, x1);
      for (let g = angle0; g < angle1; g += 8) {
        const n = min(8, angle1 - g);
        for (let k = 0; k < n; k++) {
          const direction = directions + <usize>(g + k) * 24;
          const c = load<f64>(direction);
          const s = load<f64>(direction, 8);
          const u = axis + (<f64>tx - centreX) * c + (<f64>ty - centreY) * s;
          const base = Math.floor(u + Math.min(0, 15 * c) + Math.min(0, 15 * s) - 0.001);
          const entry = group + ((<usize>k) << 5);
          store<i32>(entry, <i32>rows + (((g + k) * rowLength + <i32>base) << 6));
          store<f32>(entry, <f32>(u - base), 4);
          store<f32>(entry, <f32>c, 8);
          store<f32>(entry, <f32>s, 12);
          const width = load<f64>(direction, 16);
          store<f32>(entry, <f32>width, 16);
          store<f32>(entry, <f32>(1 - width), 20);
          store<f32>(entry, <f32>(1 / (width * width)), 24);
        }
        for (let y = ty; y < yEnd; y++) {
          const span = spans + ((<usize>y) << 3);
          const first = max(tx, load<i32>(span)) - tx;
          const end = min(xEnd, load<i32>(span, 4)) - tx;
          if (first >= end) continue;
          const dy = <f32>(y - ty);
          for (let k = 0; k < n; k++) {
            const entry = group + ((<usize>k) << 5);
            const row = i32x4.splat(load<i32>(entry));
            const start = f32x4.splat(load<f32>(entry, 4) + dy * load<f32>(entry, 12));
            const c = f32x4.splat(load<f32>(entry, 8));
            const width = f32x4.splat(load<f32>(entry, 16));
            const dead = f32x4.splat(load<f32>(entry, 20));
            const height = f32x4.splat(load<f32>(entry, 24));
            let t = table + ((<usize>k) << 6);
            for (let x = 0; x < 16; x += 4, t += 16) {
              const v = f32x4.add(start, f32x4.mul(f32x4.add(f32x4.splat(<f32>x), steps), c));
              const whole = f32x4.floor(v);
              v128.store(t, i32x4.add(row, i32x4.shl(i32x4.sub(f32x4.add(whole, magic), magicBits), 6)));
              const f = f32x4.sub(v, whole);
              v128.store(t, f32x4.mul(f32x4.pmax(f32x4.sub(f, dead), zero), height), TABLE);
              v128.store(t, f32x4.mul(f32x4.pmax(f32x4.sub(width, f), zero), height), 2 * TABLE);
            }
          }
          shareLine(image + ((<usize>((y - y0) * nx + tx)) << 6), first, end, table, n);
        }
      }
    }
  }
}
