// The terms of a tail that take P and dP/dposition: column += (R + V v) r, v = d r.
// One function for each number of columns, with all factors as parameters: V8 takes arithmetic that is done before a
// loop into it, and an inner loop over the terms costs it the registers that hold r and v.
import * as line from "./shape";
import { columnAt, ofR, ofV } from "./shape";

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

/** @param count 1, 2, 3 or 5 */
export function addPositions(from: i32, to: i32, area: f64, term: usize, column: usize, count: i32): void {
  if (count == 1) addPositions1(from, to, area, columnAt(column), ofR(term), ofV(term));
  else if (count == 2)
    addPositions2(
      from,
      to,
      area,
      columnAt(column),
      ofR(term),
      ofV(term),
      columnAt(column + 4),
      ofR(term + 32),
      ofV(term + 32),
    );
  else if (count == 3)
    addPositions3(
      from,
      to,
      area,
      columnAt(column),
      ofR(term),
      ofV(term),
      columnAt(column + 4),
      ofR(term + 32),
      ofV(term + 32),
      columnAt(column + 8),
      ofR(term + 64),
      ofV(term + 64),
    );
  else
    addPositions5(
      from,
      to,
      area,
      columnAt(column),
      ofR(term),
      ofV(term),
      columnAt(column + 4),
      ofR(term + 32),
      ofV(term + 32),
      columnAt(column + 8),
      ofR(term + 64),
      ofV(term + 64),
      columnAt(column + 12),
      ofR(term + 96),
      ofV(term + 96),
      columnAt(column + 16),
      ofR(term + 128),
      ofV(term + 128),
    );
}

function addPositions1(from: i32, to: i32, area: f64, a: usize, aR: f64, aV: f64): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const areas = f64x2.splat(area);
  const ones = f64x2.splat(1.0);
  const x = line.x;
  const y = line.y;
  const ar = f64x2.splat(aR);
  const av = f64x2.splat(aV);
  const end = (<usize>to) << 3;
  for (let i = (<usize>from) << 3; i < end; i += 64) {
    const d0 = f64x2.sub(v128.load(x + i), position);
    const d1 = f64x2.sub(v128.load(x + i, 16), position);
    const d2 = f64x2.sub(v128.load(x + i, 32), position);
    const d3 = f64x2.sub(v128.load(x + i, 48), position);
    const r0 = f64x2.div(ones, madd(d0, d0, h2));
    const r1 = f64x2.div(ones, madd(d1, d1, h2));
    const r2 = f64x2.div(ones, madd(d2, d2, h2));
    const r3 = f64x2.div(ones, madd(d3, d3, h2));
    v128.store(y + i, madd(areas, r0, v128.load(y + i)));
    v128.store(y + i, madd(areas, r1, v128.load(y + i, 16)), 16);
    v128.store(y + i, madd(areas, r2, v128.load(y + i, 32)), 32);
    v128.store(y + i, madd(areas, r3, v128.load(y + i, 48)), 48);
    const v0 = f64x2.mul(d0, r0);
    const v1 = f64x2.mul(d1, r1);
    const v2 = f64x2.mul(d2, r2);
    const v3 = f64x2.mul(d3, r3);
    v128.store(a + i, madd(madd(av, v0, ar), r0, v128.load(a + i)));
    v128.store(a + i, madd(madd(av, v1, ar), r1, v128.load(a + i, 16)), 16);
    v128.store(a + i, madd(madd(av, v2, ar), r2, v128.load(a + i, 32)), 32);
    v128.store(a + i, madd(madd(av, v3, ar), r3, v128.load(a + i, 48)), 48);
  }
}

function addPositions2(from: i32, to: i32, area: f64, a: usize, aR: f64, aV: f64, b: usize, bR: f64, bV: f64): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const areas = f64x2.splat(area);
  const ones = f64x2.splat(1.0);
  const x = line.x;
  const y = line.y;
  const ar = f64x2.splat(aR);
  const av = f64x2.splat(aV);
  const br = f64x2.splat(bR);
  const bv = f64x2.splat(bV);
  const end = (<usize>to) << 3;
  for (let i = (<usize>from) << 3; i < end; i += 64) {
    const d0 = f64x2.sub(v128.load(x + i), position);
    const d1 = f64x2.sub(v128.load(x + i, 16), position);
    const d2 = f64x2.sub(v128.load(x + i, 32), position);
    const d3 = f64x2.sub(v128.load(x + i, 48), position);
    const r0 = f64x2.div(ones, madd(d0, d0, h2));
    const r1 = f64x2.div(ones, madd(d1, d1, h2));
    const r2 = f64x2.div(ones, madd(d2, d2, h2));
    const r3 = f64x2.div(ones, madd(d3, d3, h2));
    v128.store(y + i, madd(areas, r0, v128.load(y + i)));
    v128.store(y + i, madd(areas, r1, v128.load(y + i, 16)), 16);
    v128.store(y + i, madd(areas, r2, v128.load(y + i, 32)), 32);
    v128.store(y + i, madd(areas, r3, v128.load(y + i, 48)), 48);
    const v0 = f64x2.mul(d0, r0);
    const v1 = f64x2.mul(d1, r1);
    const v2 = f64x2.mul(d2, r2);
    const v3 = f64x2.mul(d3, r3);
    v128.store(a + i, madd(madd(av, v0, ar), r0, v128.load(a + i)));
    v128.store(a + i, madd(madd(av, v1, ar), r1, v128.load(a + i, 16)), 16);
    v128.store(a + i, madd(madd(av, v2, ar), r2, v128.load(a + i, 32)), 32);
    v128.store(a + i, madd(madd(av, v3, ar), r3, v128.load(a + i, 48)), 48);
    v128.store(b + i, madd(madd(bv, v0, br), r0, v128.load(b + i)));
    v128.store(b + i, madd(madd(bv, v1, br), r1, v128.load(b + i, 16)), 16);
    v128.store(b + i, madd(madd(bv, v2, br), r2, v128.load(b + i, 32)), 32);
    v128.store(b + i, madd(madd(bv, v3, br), r3, v128.load(b + i, 48)), 48);
  }
}

function addPositions3(
  from: i32,
  to: i32,
  area: f64,
  a: usize,
  aR: f64,
  aV: f64,
  b: usize,
  bR: f64,
  bV: f64,
  c: usize,
  cR: f64,
  cV: f64,
): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const areas = f64x2.splat(area);
  const ones = f64x2.splat(1.0);
  const x = line.x;
  const y = line.y;
  const ar = f64x2.splat(aR);
  const av = f64x2.splat(aV);
  const br = f64x2.splat(bR);
  const bv = f64x2.splat(bV);
  const cr = f64x2.splat(cR);
  const cv = f64x2.splat(cV);
  const end = (<usize>to) << 3;
  for (let i = (<usize>from) << 3; i < end; i += 64) {
    const d0 = f64x2.sub(v128.load(x + i), position);
    const d1 = f64x2.sub(v128.load(x + i, 16), position);
    const d2 = f64x2.sub(v128.load(x + i, 32), position);
    const d3 = f64x2.sub(v128.load(x + i, 48), position);
    const r0 = f64x2.div(ones, madd(d0, d0, h2));
    const r1 = f64x2.div(ones, madd(d1, d1, h2));
    const r2 = f64x2.div(ones, madd(d2, d2, h2));
    const r3 = f64x2.div(ones, madd(d3, d3, h2));
    v128.store(y + i, madd(areas, r0, v128.load(y + i)));
    v128.store(y + i, madd(areas, r1, v128.load(y + i, 16)), 16);
    v128.store(y + i, madd(areas, r2, v128.load(y + i, 32)), 32);
    v128.store(y + i, madd(areas, r3, v128.load(y + i, 48)), 48);
    const v0 = f64x2.mul(d0, r0);
    const v1 = f64x2.mul(d1, r1);
    const v2 = f64x2.mul(d2, r2);
    const v3 = f64x2.mul(d3, r3);
    v128.store(a + i, madd(madd(av, v0, ar), r0, v128.load(a + i)));
    v128.store(a + i, madd(madd(av, v1, ar), r1, v128.load(a + i, 16)), 16);
    v128.store(a + i, madd(madd(av, v2, ar), r2, v128.load(a + i, 32)), 32);
    v128.store(a + i, madd(madd(av, v3, ar), r3, v128.load(a + i, 48)), 48);
    v128.store(b + i, madd(madd(bv, v0, br), r0, v128.load(b + i)));
    v128.store(b + i, madd(madd(bv, v1, br), r1, v128.load(b + i, 16)), 16);
    v128.store(b + i, madd(madd(bv, v2, br), r2, v128.load(b + i, 32)), 32);
    v128.store(b + i, madd(madd(bv, v3, br), r3, v128.load(b + i, 48)), 48);
    v128.store(c + i, madd(madd(cv, v0, cr), r0, v128.load(c + i)));
    v128.store(c + i, madd(madd(cv, v1, cr), r1, v128.load(c + i, 16)), 16);
    v128.store(c + i, madd(madd(cv, v2, cr), r2, v128.load(c + i, 32)), 32);
    v128.store(c + i, madd(madd(cv, v3, cr), r3, v128.load(c + i, 48)), 48);
  }
}

function addPositions5(
  from: i32,
  to: i32,
  area: f64,
  a: usize,
  aR: f64,
  aV: f64,
  b: usize,
  bR: f64,
  bV: f64,
  c: usize,
  cR: f64,
  cV: f64,
  d: usize,
  dR: f64,
  dV: f64,
  e: usize,
  eR: f64,
  eV: f64,
): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const areas = f64x2.splat(area);
  const ones = f64x2.splat(1.0);
  const x = line.x;
  const y = line.y;
  const ar = f64x2.splat(aR);
  const av = f64x2.splat(aV);
  const br = f64x2.splat(bR);
  const bv = f64x2.splat(bV);
  const cr = f64x2.splat(cR);
  const cv = f64x2.splat(cV);
  const dr = f64x2.splat(dR);
  const dv = f64x2.splat(dV);
  const er = f64x2.splat(eR);
  const ev = f64x2.splat(eV);
  const end = (<usize>to) << 3;
  for (let i = (<usize>from) << 3; i < end; i += 64) {
    const d0 = f64x2.sub(v128.load(x + i), position);
    const d1 = f64x2.sub(v128.load(x + i, 16), position);
    const d2 = f64x2.sub(v128.load(x + i, 32), position);
    const d3 = f64x2.sub(v128.load(x + i, 48), position);
    const r0 = f64x2.div(ones, madd(d0, d0, h2));
    const r1 = f64x2.div(ones, madd(d1, d1, h2));
    const r2 = f64x2.div(ones, madd(d2, d2, h2));
    const r3 = f64x2.div(ones, madd(d3, d3, h2));
    v128.store(y + i, madd(areas, r0, v128.load(y + i)));
    v128.store(y + i, madd(areas, r1, v128.load(y + i, 16)), 16);
    v128.store(y + i, madd(areas, r2, v128.load(y + i, 32)), 32);
    v128.store(y + i, madd(areas, r3, v128.load(y + i, 48)), 48);
    const v0 = f64x2.mul(d0, r0);
    const v1 = f64x2.mul(d1, r1);
    const v2 = f64x2.mul(d2, r2);
    const v3 = f64x2.mul(d3, r3);
    v128.store(a + i, madd(madd(av, v0, ar), r0, v128.load(a + i)));
    v128.store(a + i, madd(madd(av, v1, ar), r1, v128.load(a + i, 16)), 16);
    v128.store(a + i, madd(madd(av, v2, ar), r2, v128.load(a + i, 32)), 32);
    v128.store(a + i, madd(madd(av, v3, ar), r3, v128.load(a + i, 48)), 48);
    v128.store(b + i, madd(madd(bv, v0, br), r0, v128.load(b + i)));
    v128.store(b + i, madd(madd(bv, v1, br), r1, v128.load(b + i, 16)), 16);
    v128.store(b + i, madd(madd(bv, v2, br), r2, v128.load(b + i, 32)), 32);
    v128.store(b + i, madd(madd(bv, v3, br), r3, v128.load(b + i, 48)), 48);
    v128.store(c + i, madd(madd(cv, v0, cr), r0, v128.load(c + i)));
    v128.store(c + i, madd(madd(cv, v1, cr), r1, v128.load(c + i, 16)), 16);
    v128.store(c + i, madd(madd(cv, v2, cr), r2, v128.load(c + i, 32)), 32);
    v128.store(c + i, madd(madd(cv, v3, cr), r3, v128.load(c + i, 48)), 48);
    v128.store(d + i, madd(madd(dv, v0, dr), r0, v128.load(d + i)));
    v128.store(d + i, madd(madd(dv, v1, dr), r1, v128.load(d + i, 16)), 16);
    v128.store(d + i, madd(madd(dv, v2, dr), r2, v128.load(d + i, 32)), 32);
    v128.store(d + i, madd(madd(dv, v3, dr), r3, v128.load(d + i, 48)), 48);
    v128.store(e + i, madd(madd(ev, v0, er), r0, v128.load(e + i)));
    v128.store(e + i, madd(madd(ev, v1, er), r1, v128.load(e + i, 16)), 16);
    v128.store(e + i, madd(madd(ev, v2, er), r2, v128.load(e + i, 32)), 32);
    v128.store(e + i, madd(madd(ev, v3, er), r3, v128.load(e + i, 48)), 48);
  }
}
