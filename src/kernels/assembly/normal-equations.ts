// Twin of ../reference/normal-equations.ts, where the meaning is written down; this file is only speed.
// Tiles of three rows by three columns stay in registers; the three rows are weighted once for each block of points.
const BLOCK: i32 = 128;

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

let columns: usize = 0;
let columnBytes: usize = 0;
let supports: usize = 0;
let m: i32 = 0;
let residual: usize = 0;
let weight: usize = 0;
let weighted: usize = 0;
/** nine sums, two lanes each */
let tile: usize = 0;

export function normalEquations(
  matrix: usize,
  downhill: usize,
  columnsAt: usize,
  stride: i32,
  supportsAt: usize,
  observed: usize,
  calculated: usize,
  weightAt: usize,
  n: i32,
  parameters: i32,
  scratch: usize,
): f64 {
  columns = columnsAt;
  columnBytes = (<usize>stride) << 3;
  supports = supportsAt;
  m = parameters;
  residual = scratch;
  weight = weightAt;
  weighted = scratch + ((<usize>((n + 1) & -2)) << 3);
  tile = weighted + ((<usize>(3 * BLOCK)) << 3);
  memory.fill(matrix, 0, (<usize>m * <usize>m) << 3);
  memory.fill(downhill, 0, (<usize>m) << 3);
  setResidual(observed, calculated, n);
  for (let from = 0; from < n; from += BLOCK) addBlock(matrix, downhill, from, min(from + BLOCK, n));
  for (let j = 0; j < m; j++) {
    for (let k = 0; k < j; k++) {
      f64.store(matrix + ((<usize>(j * m + k)) << 3), f64.load(matrix + ((<usize>(k * m + j)) << 3)));
    }
  }
  return chiSquared(observed, calculated, weightAt, n);
}

export function chiSquared(observed: usize, calculated: usize, weight: usize, n: i32): f64 {
  let total: f64 = 0;
  for (let from = 0; from < n; from += BLOCK) {
    let sum = f64x2.splat(0.0);
    const to = min(from + BLOCK, n);
    const end = (<usize>(to & -2)) << 3;
    for (let i = (<usize>from) << 3; i < end; i += 16) {
      const r = f64x2.sub(v128.load(observed + i), v128.load(calculated + i));
      sum = madd(f64x2.mul(v128.load(weight + i), r), r, sum);
    }
    if (to & 1) {
      const r = f64x2.sub(v128.load64_zero(observed + end), v128.load64_zero(calculated + end));
      sum = madd(f64x2.mul(v128.load64_zero(weight + end), r), r, sum);
    }
    total += f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  }
  return total;
}

function setResidual(observed: usize, calculated: usize, n: i32): void {
  const end = (<usize>(n & -2)) << 3;
  for (let i: usize = 0; i < end; i += 16) {
    v128.store(residual + i, f64x2.sub(v128.load(observed + i), v128.load(calculated + i)));
  }
  if (n & 1) f64.store(residual + end, f64.load(observed + end) - f64.load(calculated + end));
}

/** First column >= k whose support touches the block; m, the residual's number, where there is none. */
function nextColumn(k: i32, from: i32, to: i32): i32 {
  for (; k < m; k++) {
    const support = supports + ((<usize>k) << 3);
    if (i32.load(support) < to && i32.load(support, 4) > from) break;
  }
  return k;
}

function columnAt(k: i32): usize {
  return k >= m ? residual : columns + <usize>k * columnBytes;
}

function addBlock(matrix: usize, downhill: usize, from: i32, to: i32): void {
  const start = (<usize>from) << 3;
  let j0 = nextColumn(0, from, to);
  while (j0 < m) {
    const j1 = nextColumn(j0 + 1, from, to);
    const j2 = nextColumn(j1 + 1, from, to);
    weighRow(0, columnAt(j0), from, to);
    weighRow(1, columnAt(j1), from, to);
    weighRow(2, columnAt(j2), from, to);
    let k0 = j0;
    while (k0 <= m) {
      const k1 = nextColumn(k0 + 1, from, to);
      const k2 = nextColumn(k1 + 1, from, to);
      sumTile(columnAt(k0) + start, columnAt(k1) + start, columnAt(k2) + start, to - from);
      addRow(matrix, downhill, j0, k0, k1, k2, 0);
      if (j1 < m) addRow(matrix, downhill, j1, k0, k1, k2, 48);
      if (j2 < m) addRow(matrix, downhill, j2, k0, k1, k2, 96);
      if (k2 >= m) break;
      k0 = nextColumn(k2 + 1, from, to);
    }
    j0 = j2 < m ? nextColumn(j2 + 1, from, to) : m;
  }
}

/** Adds a tile's sums of one row; the tile may hang over the diagonal and over the last column. */
function addRow(matrix: usize, downhill: usize, j: i32, k0: i32, k1: i32, k2: i32, sums: usize): void {
  if (k0 >= j) addSum(matrix, downhill, j, k0, sums);
  if (k1 >= j && k0 < m) addSum(matrix, downhill, j, k1, sums + 16);
  if (k2 >= j && k1 < m) addSum(matrix, downhill, j, k2, sums + 32);
}

function addSum(matrix: usize, downhill: usize, j: i32, k: i32, sums: usize): void {
  const v = v128.load(tile + sums);
  const at = k == m ? downhill + ((<usize>j) << 3) : matrix + ((<usize>(j * m + k)) << 3);
  f64.store(at, f64.load(at) + (f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1)));
}

function weighRow(row: i32, column: usize, from: i32, to: i32): void {
  let at = weighted + ((<usize>(row * BLOCK)) << 3);
  const end = (<usize>(to & -2)) << 3;
  for (let i = (<usize>from) << 3; i < end; i += 16) {
    v128.store(at, f64x2.mul(v128.load(weight + i), v128.load(column + i)));
    at += 16;
  }
  if (to & 1) v128.store(at, f64x2.mul(v128.load64_zero(weight + end), v128.load64_zero(column + end)));
}

/** The nine sums of three weighted rows by three columns over one block, into the tile. */
function sumTile(c0: usize, c1: usize, c2: usize, points: i32): void {
  const end = (<usize>(points & -2)) << 3;
  let s00 = f64x2.splat(0.0);
  let s01 = s00;
  let s02 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s20 = s00;
  let s21 = s00;
  let s22 = s00;
  const rows = weighted;
  for (let i: usize = 0; i < end; i += 16) {
    const b0 = v128.load(c0 + i);
    const b1 = v128.load(c1 + i);
    const b2 = v128.load(c2 + i);
    const a0 = v128.load(rows + i);
    s00 = madd(a0, b0, s00);
    s01 = madd(a0, b1, s01);
    s02 = madd(a0, b2, s02);
    const a1 = v128.load(rows + i, BLOCK * 8);
    s10 = madd(a1, b0, s10);
    s11 = madd(a1, b1, s11);
    s12 = madd(a1, b2, s12);
    const a2 = v128.load(rows + i, BLOCK * 16);
    s20 = madd(a2, b0, s20);
    s21 = madd(a2, b1, s21);
    s22 = madd(a2, b2, s22);
  }
  if (points & 1) {
    // weighRow left 0 in the lane beyond the last point
    const b0 = v128.load64_zero(c0 + end);
    const b1 = v128.load64_zero(c1 + end);
    const b2 = v128.load64_zero(c2 + end);
    const a0 = v128.load(rows + end);
    const a1 = v128.load(rows + end, BLOCK * 8);
    const a2 = v128.load(rows + end, BLOCK * 16);
    s00 = madd(a0, b0, s00);
    s01 = madd(a0, b1, s01);
    s02 = madd(a0, b2, s02);
    s10 = madd(a1, b0, s10);
    s11 = madd(a1, b1, s11);
    s12 = madd(a1, b2, s12);
    s20 = madd(a2, b0, s20);
    s21 = madd(a2, b1, s21);
    s22 = madd(a2, b2, s22);
  }
  v128.store(tile, s00);
  v128.store(tile, s01, 16);
  v128.store(tile, s02, 32);
  v128.store(tile, s10, 48);
  v128.store(tile, s11, 64);
  v128.store(tile, s12, 80);
  v128.store(tile, s20, 96);
  v128.store(tile, s21, 112);
  v128.store(tile, s22, 128);
}
