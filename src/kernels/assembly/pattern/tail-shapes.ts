// The terms of a tail that take all four derivatives: column += (R + V v + S r) r, v = d r.
// Why there is one function for each number of columns: tail-positions.ts.
import * as line from "./shape";
import { columnAt, ofR, ofSquare, ofV } from "./shape";

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

/** @param count 1, 2, 3 or 5 */
export function addShapes(from: i32, to: i32, area: f64, term: usize, column: usize, count: i32): void {
  if (count == 1) addShapes1(from, to, area, columnAt(column), ofR(term), ofV(term), ofSquare(term));
  else if (count == 2)
    addShapes2(
      from,
      to,
      area,
      columnAt(column),
      ofR(term),
      ofV(term),
      ofSquare(term),
      columnAt(column + 4),
      ofR(term + 32),
      ofV(term + 32),
      ofSquare(term + 32),
    );
  else if (count == 3)
    addShapes3(
      from,
      to,
      area,
      columnAt(column),
      ofR(term),
      ofV(term),
      ofSquare(term),
      columnAt(column + 4),
      ofR(term + 32),
      ofV(term + 32),
      ofSquare(term + 32),
      columnAt(column + 8),
      ofR(term + 64),
      ofV(term + 64),
      ofSquare(term + 64),
    );
  else
    addShapes5(
      from,
      to,
      area,
      columnAt(column),
      ofR(term),
      ofV(term),
      ofSquare(term),
      columnAt(column + 4),
      ofR(term + 32),
      ofV(term + 32),
      ofSquare(term + 32),
      columnAt(column + 8),
      ofR(term + 64),
      ofV(term + 64),
      ofSquare(term + 64),
      columnAt(column + 12),
      ofR(term + 96),
      ofV(term + 96),
      ofSquare(term + 96),
      columnAt(column + 16),
      ofR(term + 128),
      ofV(term + 128),
      ofSquare(term + 128),
    );
}

function addShapes1(from: i32, to: i32, area: f64, a: usize, aR: f64, aV: f64, aS: f64): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const areas = f64x2.splat(area);
  const ones = f64x2.splat(1.0);
  const x = line.x;
  const y = line.y;
  const ar = f64x2.splat(aR);
  const av = f64x2.splat(aV);
  const as = f64x2.splat(aS);
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
    v128.store(a + i, madd(madd(as, r0, madd(av, v0, ar)), r0, v128.load(a + i)));
    v128.store(a + i, madd(madd(as, r1, madd(av, v1, ar)), r1, v128.load(a + i, 16)), 16);
    v128.store(a + i, madd(madd(as, r2, madd(av, v2, ar)), r2, v128.load(a + i, 32)), 32);
    v128.store(a + i, madd(madd(as, r3, madd(av, v3, ar)), r3, v128.load(a + i, 48)), 48);
  }
}

function addShapes2(
  from: i32,
  to: i32,
  area: f64,
  a: usize,
  aR: f64,
  aV: f64,
  aS: f64,
  b: usize,
  bR: f64,
  bV: f64,
  bS: f64,
): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const areas = f64x2.splat(area);
  const ones = f64x2.splat(1.0);
  const x = line.x;
  const y = line.y;
  const ar = f64x2.splat(aR);
  const av = f64x2.splat(aV);
  const as = f64x2.splat(aS);
  const br = f64x2.splat(bR);
  const bv = f64x2.splat(bV);
  const bs = f64x2.splat(bS);
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
    v128.store(a + i, madd(madd(as, r0, madd(av, v0, ar)), r0, v128.load(a + i)));
    v128.store(a + i, madd(madd(as, r1, madd(av, v1, ar)), r1, v128.load(a + i, 16)), 16);
    v128.store(a + i, madd(madd(as, r2, madd(av, v2, ar)), r2, v128.load(a + i, 32)), 32);
    v128.store(a + i, madd(madd(as, r3, madd(av, v3, ar)), r3, v128.load(a + i, 48)), 48);
    v128.store(b + i, madd(madd(bs, r0, madd(bv, v0, br)), r0, v128.load(b + i)));
    v128.store(b + i, madd(madd(bs, r1, madd(bv, v1, br)), r1, v128.load(b + i, 16)), 16);
    v128.store(b + i, madd(madd(bs, r2, madd(bv, v2, br)), r2, v128.load(b + i, 32)), 32);
    v128.store(b + i, madd(madd(bs, r3, madd(bv, v3, br)), r3, v128.load(b + i, 48)), 48);
  }
}

function addShapes3(
  from: i32,
  to: i32,
  area: f64,
  a: usize,
  aR: f64,
  aV: f64,
  aS: f64,
  b: usize,
  bR: f64,
  bV: f64,
  bS: f64,
  c: usize,
  cR: f64,
  cV: f64,
  cS: f64,
): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const areas = f64x2.splat(area);
  const ones = f64x2.splat(1.0);
  const x = line.x;
  const y = line.y;
  const ar = f64x2.splat(aR);
  const av = f64x2.splat(aV);
  const as = f64x2.splat(aS);
  const br = f64x2.splat(bR);
  const bv = f64x2.splat(bV);
  const bs = f64x2.splat(bS);
  const cr = f64x2.splat(cR);
  const cv = f64x2.splat(cV);
  const cs = f64x2.splat(cS);
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
    v128.store(a + i, madd(madd(as, r0, madd(av, v0, ar)), r0, v128.load(a + i)));
    v128.store(a + i, madd(madd(as, r1, madd(av, v1, ar)), r1, v128.load(a + i, 16)), 16);
    v128.store(a + i, madd(madd(as, r2, madd(av, v2, ar)), r2, v128.load(a + i, 32)), 32);
    v128.store(a + i, madd(madd(as, r3, madd(av, v3, ar)), r3, v128.load(a + i, 48)), 48);
    v128.store(b + i, madd(madd(bs, r0, madd(bv, v0, br)), r0, v128.load(b + i)));
    v128.store(b + i, madd(madd(bs, r1, madd(bv, v1, br)), r1, v128.load(b + i, 16)), 16);
    v128.store(b + i, madd(madd(bs, r2, madd(bv, v2, br)), r2, v128.load(b + i, 32)), 32);
    v128.store(b + i, madd(madd(bs, r3, madd(bv, v3, br)), r3, v128.load(b + i, 48)), 48);
    v128.store(c + i, madd(madd(cs, r0, madd(cv, v0, cr)), r0, v128.load(c + i)));
    v128.store(c + i, madd(madd(cs, r1, madd(cv, v1, cr)), r1, v128.load(c + i, 16)), 16);
    v128.store(c + i, madd(madd(cs, r2, madd(cv, v2, cr)), r2, v128.load(c + i, 32)), 32);
    v128.store(c + i, madd(madd(cs, r3, madd(cv, v3, cr)), r3, v128.load(c + i, 48)), 48);
  }
}

function addShapes5(
  from: i32,
  to: i32,
  area: f64,
  a: usize,
  aR: f64,
  aV: f64,
  aS: f64,
  b: usize,
  bR: f64,
  bV: f64,
  bS: f64,
  c: usize,
  cR: f64,
  cV: f64,
  cS: f64,
  d: usize,
  dR: f64,
  dV: f64,
  dS: f64,
  e: usize,
  eR: f64,
  eV: f64,
  eS: f64,
): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const areas = f64x2.splat(area);
  const ones = f64x2.splat(1.0);
  const x = line.x;
  const y = line.y;
  const ar = f64x2.splat(aR);
  const av = f64x2.splat(aV);
  const as = f64x2.splat(aS);
  const br = f64x2.splat(bR);
  const bv = f64x2.splat(bV);
  const bs = f64x2.splat(bS);
  const cr = f64x2.splat(cR);
  const cv = f64x2.splat(cV);
  const cs = f64x2.splat(cS);
  const dr = f64x2.splat(dR);
  const dv = f64x2.splat(dV);
  const ds = f64x2.splat(dS);
  const er = f64x2.splat(eR);
  const ev = f64x2.splat(eV);
  const es = f64x2.splat(eS);
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
    v128.store(a + i, madd(madd(as, r0, madd(av, v0, ar)), r0, v128.load(a + i)));
    v128.store(a + i, madd(madd(as, r1, madd(av, v1, ar)), r1, v128.load(a + i, 16)), 16);
    v128.store(a + i, madd(madd(as, r2, madd(av, v2, ar)), r2, v128.load(a + i, 32)), 32);
    v128.store(a + i, madd(madd(as, r3, madd(av, v3, ar)), r3, v128.load(a + i, 48)), 48);
    v128.store(b + i, madd(madd(bs, r0, madd(bv, v0, br)), r0, v128.load(b + i)));
    v128.store(b + i, madd(madd(bs, r1, madd(bv, v1, br)), r1, v128.load(b + i, 16)), 16);
    v128.store(b + i, madd(madd(bs, r2, madd(bv, v2, br)), r2, v128.load(b + i, 32)), 32);
    v128.store(b + i, madd(madd(bs, r3, madd(bv, v3, br)), r3, v128.load(b + i, 48)), 48);
    v128.store(c + i, madd(madd(cs, r0, madd(cv, v0, cr)), r0, v128.load(c + i)));
    v128.store(c + i, madd(madd(cs, r1, madd(cv, v1, cr)), r1, v128.load(c + i, 16)), 16);
    v128.store(c + i, madd(madd(cs, r2, madd(cv, v2, cr)), r2, v128.load(c + i, 32)), 32);
    v128.store(c + i, madd(madd(cs, r3, madd(cv, v3, cr)), r3, v128.load(c + i, 48)), 48);
    v128.store(d + i, madd(madd(ds, r0, madd(dv, v0, dr)), r0, v128.load(d + i)));
    v128.store(d + i, madd(madd(ds, r1, madd(dv, v1, dr)), r1, v128.load(d + i, 16)), 16);
    v128.store(d + i, madd(madd(ds, r2, madd(dv, v2, dr)), r2, v128.load(d + i, 32)), 32);
    v128.store(d + i, madd(madd(ds, r3, madd(dv, v3, dr)), r3, v128.load(d + i, 48)), 48);
    v128.store(e + i, madd(madd(es, r0, madd(ev, v0, er)), r0, v128.load(e + i)));
    v128.store(e + i, madd(madd(es, r1, madd(ev, v1, er)), r1, v128.load(e + i, 16)), 16);
    v128.store(e + i, madd(madd(es, r2, madd(ev, v2, er)), r2, v128.load(e + i, 32)), 32);
    v128.store(e + i, madd(madd(es, r3, madd(ev, v3, er)), r3, v128.load(e + i, 48)), 48);
  }
}
