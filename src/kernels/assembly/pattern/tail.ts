// addTail of ../../reference/pattern-lines.ts: the Lorentzian alone, eight points a turn.
import * as line from "./shape";
import { addPositions } from "./tail-positions";
import { addShapes } from "./tail-shapes";

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

export function addTail(from: i32, to: i32, needs: i32): void {
  if (from == to) return;
  if (needs == line.VALUES) {
    addValues(from, to, line.areaLorentz);
    return;
  }
  let area = line.areaLorentz;
  let term = line.terms;
  let column = line.termColumns;
  let left = <i32>((line.termsEnd - term) >> 5);
  while (left > 0) {
    const count = left == 4 ? 2 : left == 6 ? 3 : min(left, 5);
    if (needs == line.POSITIONS) addPositions(from, to, area, term, column, count);
    else addShapes(from, to, area, term, column, count);
    area = 0; // y has it; adding nothing is quicker than a second loop without y
    term += (<usize>count) << 5;
    column += (<usize>count) << 2;
    left -= count;
  }
}

function addValues(from: i32, to: i32, area: f64): void {
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const areas = f64x2.splat(area);
  const ones = f64x2.splat(1.0);
  const x = line.x;
  const y = line.y;
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
  }
}
