// addTail of ../../reference/pattern-lines.ts: the Lorentzian alone, eight points a turn, which share a division.
import * as line from "./shape";

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

export function addTail(from: i32, to: i32, needs: i32): void {
  if (needs == line.VALUES) addValues(from, to);
  else if (needs == line.POSITIONS) addPositions(from, to);
  else addShapes(from, to);
}

function addValues(from: i32, to: i32): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const area = f64x2.splat(line.areaLorentz);
  const one = f64x2.splat(1.0);
  const end = line.x + ((<usize>to) << 3);
  let y = line.y + ((<usize>from) << 3);
  for (let x = line.x + ((<usize>from) << 3); x < end; x += 64) {
    const d0 = f64x2.sub(v128.load(x), position);
    const d1 = f64x2.sub(v128.load(x, 16), position);
    const d2 = f64x2.sub(v128.load(x, 32), position);
    const d3 = f64x2.sub(v128.load(x, 48), position);
    const q0 = madd(d0, d0, h2);
    const q1 = madd(d1, d1, h2);
    const q2 = madd(d2, d2, h2);
    const q3 = madd(d3, d3, h2);
    const low = f64x2.mul(q0, q1);
    const high = f64x2.mul(q2, q3);
    const all = f64x2.div(one, f64x2.mul(low, high));
    const inverseLow = f64x2.mul(all, high);
    const inverseHigh = f64x2.mul(all, low);
    v128.store(y, madd(area, f64x2.mul(inverseLow, q1), v128.load(y)));
    v128.store(y, madd(area, f64x2.mul(inverseLow, q0), v128.load(y, 16)), 16);
    v128.store(y, madd(area, f64x2.mul(inverseHigh, q3), v128.load(y, 32)), 32);
    v128.store(y, madd(area, f64x2.mul(inverseHigh, q2), v128.load(y, 48)), 48);
    y += 64;
  }
}

function addPositions(from: i32, to: i32): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const end = (<usize>to) << 3;
  const terms = line.terms;
  const termsEnd = line.termsEnd;
  const columns = line.columns;
  const columnBytes = line.columnBytes;
  for (let i = (<usize>from) << 3; i < end; i += 64) {
    const x = line.x + i;
    const y = line.y + i;
    const d0 = f64x2.sub(v128.load(x), position);
    const d1 = f64x2.sub(v128.load(x, 16), position);
    const d2 = f64x2.sub(v128.load(x, 32), position);
    const d3 = f64x2.sub(v128.load(x, 48), position);
    const q0 = madd(d0, d0, h2);
    const q1 = madd(d1, d1, h2);
    const q2 = madd(d2, d2, h2);
    const q3 = madd(d3, d3, h2);
    const low = f64x2.mul(q0, q1);
    const high = f64x2.mul(q2, q3);
    const all = f64x2.div(f64x2.splat(1.0), f64x2.mul(low, high));
    const inverseLow = f64x2.mul(all, high);
    const inverseHigh = f64x2.mul(all, low);
    const r0 = f64x2.mul(inverseLow, q1);
    const r1 = f64x2.mul(inverseLow, q0);
    const r2 = f64x2.mul(inverseHigh, q3);
    const r3 = f64x2.mul(inverseHigh, q2);
    const area = f64x2.splat(line.areaLorentz);
    v128.store(y, madd(area, r0, v128.load(y)));
    v128.store(y, madd(area, r1, v128.load(y, 16)), 16);
    v128.store(y, madd(area, r2, v128.load(y, 32)), 32);
    v128.store(y, madd(area, r3, v128.load(y, 48)), 48);
    const lorentz = f64x2.splat(line.lorentz);
    const P0 = f64x2.mul(lorentz, r0);
    const P1 = f64x2.mul(lorentz, r1);
    const P2 = f64x2.mul(lorentz, r2);
    const P3 = f64x2.mul(lorentz, r3);
    const v0 = f64x2.mul(d0, r0);
    const v1 = f64x2.mul(d1, r1);
    const v2 = f64x2.mul(d2, r2);
    const v3 = f64x2.mul(d3, r3);
    const X0 = f64x2.mul(P0, f64x2.add(v0, v0));
    const X1 = f64x2.mul(P1, f64x2.add(v1, v1));
    const X2 = f64x2.mul(P2, f64x2.add(v2, v2));
    const X3 = f64x2.mul(P3, f64x2.add(v3, v3));
    let column = line.termColumns;
    for (let term = terms; term < termsEnd; term += 32) {
      const at = columns + <usize>i32.load(column) * columnBytes + i;
      const cP = v128.load_splat<f64>(term);
      const cX = v128.load_splat<f64>(term, 8);
      v128.store(at, madd(cX, X0, madd(cP, P0, v128.load(at))));
      v128.store(at, madd(cX, X1, madd(cP, P1, v128.load(at, 16))), 16);
      v128.store(at, madd(cX, X2, madd(cP, P2, v128.load(at, 32))), 32);
      v128.store(at, madd(cX, X3, madd(cP, P3, v128.load(at, 48))), 48);
      column += 4;
    }
  }
}

/** Four points' derivatives at a time: sixteen would not stay in registers. */
function addShapes(from: i32, to: i32): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const end = (<usize>to) << 3;
  for (let i = (<usize>from) << 3; i < end; i += 64) {
    const x = line.x + i;
    const d0 = f64x2.sub(v128.load(x), position);
    const d1 = f64x2.sub(v128.load(x, 16), position);
    const d2 = f64x2.sub(v128.load(x, 32), position);
    const d3 = f64x2.sub(v128.load(x, 48), position);
    const q0 = madd(d0, d0, h2);
    const q1 = madd(d1, d1, h2);
    const q2 = madd(d2, d2, h2);
    const q3 = madd(d3, d3, h2);
    const low = f64x2.mul(q0, q1);
    const high = f64x2.mul(q2, q3);
    const all = f64x2.div(f64x2.splat(1.0), f64x2.mul(low, high));
    const inverseLow = f64x2.mul(all, high);
    const inverseHigh = f64x2.mul(all, low);
    addFourShapes(i, d0, d1, f64x2.mul(inverseLow, q1), f64x2.mul(inverseLow, q0));
    addFourShapes(i + 32, d2, d3, f64x2.mul(inverseHigh, q3), f64x2.mul(inverseHigh, q2));
  }
}

function addFourShapes(i: usize, d0: v128, d1: v128, r0: v128, r1: v128): void {
  const y = line.y + i;
  const area = f64x2.splat(line.areaLorentz);
  v128.store(y, madd(area, r0, v128.load(y)));
  v128.store(y, madd(area, r1, v128.load(y, 16)), 16);
  const one = f64x2.splat(1.0);
  const lorentz = f64x2.splat(line.lorentz);
  const lorentzFwhm = f64x2.splat(line.lorentzFwhm);
  const twoH2 = f64x2.splat(line.h2 + line.h2);
  const unitLorentz = f64x2.splat(line.unitLorentz);
  const P0 = f64x2.mul(lorentz, r0);
  const P1 = f64x2.mul(lorentz, r1);
  const v0 = f64x2.mul(d0, r0);
  const v1 = f64x2.mul(d1, r1);
  const X0 = f64x2.mul(P0, f64x2.add(v0, v0));
  const X1 = f64x2.mul(P1, f64x2.add(v1, v1));
  const H0 = f64x2.mul(f64x2.mul(lorentzFwhm, r0), f64x2.sub(one, f64x2.mul(twoH2, r0)));
  const H1 = f64x2.mul(f64x2.mul(lorentzFwhm, r1), f64x2.sub(one, f64x2.mul(twoH2, r1)));
  const E0 = f64x2.mul(unitLorentz, r0);
  const E1 = f64x2.mul(unitLorentz, r1);
  let column = line.termColumns;
  const termsEnd = line.termsEnd;
  for (let term = line.terms; term < termsEnd; term += 32) {
    const at = line.columns + <usize>i32.load(column) * line.columnBytes + i;
    const cP = v128.load_splat<f64>(term);
    const cX = v128.load_splat<f64>(term, 8);
    const cH = v128.load_splat<f64>(term, 16);
    const cE = v128.load_splat<f64>(term, 24);
    v128.store(at, madd(cE, E0, madd(cH, H0, madd(cX, X0, madd(cP, P0, v128.load(at))))));
    v128.store(at, madd(cE, E1, madd(cH, H1, madd(cX, X1, madd(cP, P1, v128.load(at, 16))))), 16);
    column += 4;
  }
}
