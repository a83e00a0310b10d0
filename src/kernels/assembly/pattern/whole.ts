// addWhole of ../../reference/pattern-lines.ts: Lorentzian and Gaussian, two points an instruction.
import * as line from "./shape";

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

const TWO_LN2: f64 = 1.3862943611198906;

export function addWhole(from: i32, to: i32, needs: i32): void {
  const end = (<usize>to) << 3;
  const position = f64x2.splat(line.position);
  const h2 = f64x2.splat(line.h2);
  const inverseH2 = f64x2.splat(line.inverseH2);
  const areaLorentz = f64x2.splat(line.areaLorentz);
  const areaGauss = f64x2.splat(line.areaGauss);
  const lorentz = f64x2.splat(line.lorentz);
  const gauss = f64x2.splat(line.gauss);
  const gaussPosition = f64x2.splat(line.gaussPosition);
  const x = line.x;
  const y = line.y;
  for (let i = (<usize>from) << 3; i < end; i += 16) {
    const isPair = i + 16 <= end;
    const d = f64x2.sub(load(x + i, isPair), position);
    const d2 = f64x2.mul(d, d);
    const r = f64x2.div(f64x2.splat(1.0), f64x2.add(h2, d2));
    const w = f64x2.pmin(f64x2.mul(d2, inverseH2), splat(11));
    const e = exp2Pair(w);
    const areas = madd(areaLorentz, r, f64x2.mul(areaGauss, e));
    store(y + i, f64x2.add(load(y + i, isPair), areas), isPair);
    if (needs == line.VALUES) continue;
    const L = f64x2.mul(lorentz, r);
    const v = f64x2.mul(d, r);
    const P = madd(gauss, e, L);
    const dPosition = madd(L, f64x2.add(v, v), f64x2.mul(f64x2.mul(gaussPosition, e), d));
    if (needs == line.POSITIONS) addPositions(i, isPair, P, dPosition);
    else addShapes(i, isPair, P, dPosition, r, e, w);
  }
}

function addPositions(i: usize, isPair: bool, P: v128, dPosition: v128): void {
  let column = line.termColumns;
  for (let term = line.terms; term < line.termsEnd; term += 32) {
    const at = line.columns + <usize>i32.load(column) * line.columnBytes + i;
    const sum = madd(v128.load_splat<f64>(term), P, load(at, isPair));
    store(at, madd(v128.load_splat<f64>(term, 8), dPosition, sum), isPair);
    column += 4;
  }
}

function addShapes(i: usize, isPair: bool, P: v128, dPosition: v128, r: v128, e: v128, w: v128): void {
  const one = f64x2.splat(1.0);
  const twoH2 = f64x2.splat(line.h2 + line.h2);
  const ofLorentz = f64x2.mul(f64x2.mul(f64x2.splat(line.lorentzFwhm), r), f64x2.sub(one, f64x2.mul(twoH2, r)));
  const slope = f64x2.sub(f64x2.mul(f64x2.splat(TWO_LN2), w), one);
  const dFwhm = madd(f64x2.mul(f64x2.splat(line.gaussFwhm), e), slope, ofLorentz);
  const unitGauss = f64x2.mul(f64x2.splat(line.unitGauss), e);
  const dEta = f64x2.sub(f64x2.mul(f64x2.splat(line.unitLorentz), r), unitGauss);
  let column = line.termColumns;
  for (let term = line.terms; term < line.termsEnd; term += 32) {
    const at = line.columns + <usize>i32.load(column) * line.columnBytes + i;
    let sum = madd(v128.load_splat<f64>(term), P, load(at, isPair));
    sum = madd(v128.load_splat<f64>(term, 8), dPosition, sum);
    sum = madd(v128.load_splat<f64>(term, 16), dFwhm, sum);
    store(at, madd(v128.load_splat<f64>(term, 24), dEta, sum), isPair);
    column += 4;
  }
}

/** The last of an odd number of points stands alone. */
function load(at: usize, isPair: bool): v128 {
  return isPair ? v128.load(at) : v128.load64_zero(at);
}

function store(at: usize, value: v128, isPair: bool): void {
  if (isPair) v128.store(at, value);
  else v128.store64_lane(at, value, 0);
}

// 2^-t for two t: peakExp2 of ../peak-profile.ts, whose pairs cannot be exported.
const EXP2 = memory.data<f64>([
  1.0000000000000135, -0.6931471805599462, 0.2402265069564034, -0.05550410866465167, 0.009618129193934313,
  -0.0013333558200794592, 0.0001540343375125101, -1.5252672924850737e-5, 1.325964524488711e-6, -1.0205905413765595e-7,
  6755399441055744.0, 1020.0,
]);

function splat(k: usize): v128 {
  return v128.load_splat<f64>(EXP2 + (k << 3));
}

/** @param t at most 1020 */
function exp2Pair(t: v128): v128 {
  const shifted = f64x2.sub(splat(10), t);
  const g = f64x2.add(f64x2.sub(shifted, splat(10)), t);
  const g2 = f64x2.mul(g, g);
  const g4 = f64x2.mul(g2, g2);
  const low = madd(madd(splat(3), g, splat(2)), g2, madd(splat(1), g, splat(0)));
  const high = madd(madd(splat(7), g, splat(6)), g2, madd(splat(5), g, splat(4)));
  const p = madd(madd(madd(splat(9), g, splat(8)), g4, high), g4, low);
  // the integer in the low mantissa bits, added to the exponent
  return i64x2.add(p, i64x2.shl(shifted, 52));
}
