// Twin of ../reference/backproject-tiles.ts, where the meaning is written down; this file is only speed.
// Angles go in groups of 8 so that a pixel's 16 sums are loaded and stored once for 8 angles; for each line of a tile
// the addresses and weights of 8 angles x 16 pixels are made first, four pixels at a time.
// Scratch: sums [16, 16, 16] f32 | table | group, as in tiles/shares.ts.
import { placeGroup, placeLine, TABLE } from "./tiles/shares";

const SUMS: usize = 16 * 16 * 16 * 4;

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// One line of a tile, one group of angles: sums[x] += the interpolated values of n angles.
function addLine(sums: usize, first: i32, end: i32, table: usize, n: i32): void {
  let sum = sums + ((<usize>first) << 6);
  let at = table + ((<usize>first) << 2);
  const last = table + ((<usize>end) << 2);
  const length = (<usize>n) << 6;
  for (; at < last; at += 4, sum += 64) {
    let a0 = v128.load(sum);
    let a1 = v128.load(sum, 16);
    let a2 = v128.load(sum, 32);
    let a3 = v128.load(sum, 48);
    const stop = at + length;
    for (let t = at; t < stop; t += 64) {
      const row = <usize>load<u32>(t);
      const right = v128.load32_splat(t, TABLE);
      const left = v128.load32_splat(t, 2 * TABLE);
      a0 = madd(left, v128.load(row), madd(right, v128.load(row, 64), a0));
      a1 = madd(left, v128.load(row, 16), madd(right, v128.load(row, 80), a1));
      a2 = madd(left, v128.load(row, 32), madd(right, v128.load(row, 96), a2));
      a3 = madd(left, v128.load(row, 48), madd(right, v128.load(row, 112), a3));
    }
    v128.store(sum, a0);
    v128.store(sum, a1, 16);
    v128.store(sum, a2, 32);
    v128.store(sum, a3, 48);
  }
}

export function backprojectTiles(
  image: usize,
  nx: i32,
  x0: i32,
  x1: i32,
  y0: i32,
  y1: i32,
  spans: usize,
  rows: usize,
  rowLength: i32,
  directions: usize,
  angle0: i32,
  angle1: i32,
  centreX: f64,
  centreY: f64,
  axis: f64,
  scratch: usize,
): void {
  const table = scratch + SUMS;
  const group = table + 3 * TABLE;
  for (let ty = y0; ty < y1; ty += 16) {
    const yEnd = min(ty + 16, y1);
    for (let tx = x0; tx < x1; tx += 16) {
      const xEnd = min(tx + 16, x1);
      let wanted = false;
      for (let y = ty; y < yEnd; y++) {
        const span = spans + ((<usize>y) << 3);
        if (max(tx, load<i32>(span)) < min(xEnd, load<i32>(span, 4))) wanted = true;
      }
      if (!wanted) continue;
      memory.fill(scratch, 0, SUMS);
      for (let g = angle0; g < angle1; g += 8) {
        const n = min(8, angle1 - g);
        placeGroup(group, rows, rowLength, directions, g, n, <f64>tx - centreX, <f64>ty - centreY, axis);
        for (let y = ty; y < yEnd; y++) {
          const span = spans + ((<usize>y) << 3);
          const first = max(tx, load<i32>(span)) - tx;
          const end = min(xEnd, load<i32>(span, 4)) - tx;
          if (first >= end) continue;
          placeLine(table, group, y - ty, n);
          addLine(scratch + ((<usize>(y - ty)) << 10), first, end, table, n);
        }
      }
      for (let y = ty; y < yEnd; y++) {
        const span = spans + ((<usize>y) << 3);
        const first = max(tx, load<i32>(span));
        const end = min(xEnd, load<i32>(span, 4));
        let pixel = image + ((<usize>((y - y0) * nx + first)) << 6);
        let sum = scratch + ((<usize>((y - ty) * 16 + first - tx)) << 6);
        for (let i = (end - first) * 4; i > 0; i--, pixel += 16, sum += 16)
          v128.store(pixel, f32x4.add(v128.load(pixel), v128.load(sum)));
      }
    }
  }
}
