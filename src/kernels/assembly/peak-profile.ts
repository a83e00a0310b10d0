// Twin of ../reference/peak-profile.ts, where the meaning is written down; this file is only speed.
// Constants lie in a table: a v128.const in a hot loop is dear in V8.
const EXP2 = memory.data<f64>([
  1.0000000000000135, -0.6931471805599462, 0.2402265069564034, -0.05550410866465167, 0.009618129193934313,
  -0.0013333558200794592, 0.0001540343375125101, -1.5252672924850737e-5, 1.325964524488711e-6, -1.0205905413765595e-7,
  6755399441055744.0, 1020.0,
]);
const SQRT_LN2_OVER_PI: f64 = 0.46971863934982566;
const PI: f64 = 3.141592653589793;
const LN2: f64 = 0.6931471805599453;

function splat(k: usize): v128 {
  return v128.load_splat<f64>(EXP2 + (k << 3));
}

function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(f64x2.mul(a, b), c);
}

function exp2Pair(t: v128): v128 {
  const clamped = f64x2.pmin(t, splat(11));
  const shifted = f64x2.sub(splat(10), clamped);
  const g = f64x2.add(f64x2.sub(shifted, splat(10)), clamped);
  const g2 = f64x2.mul(g, g);
  const g4 = f64x2.mul(g2, g2);
  const low = madd(madd(splat(3), g, splat(2)), g2, madd(splat(1), g, splat(0)));
  const high = madd(madd(splat(7), g, splat(6)), g2, madd(splat(5), g, splat(4)));
  const p = madd(madd(madd(splat(9), g, splat(8)), g4, high), g4, low);
  // the integer in the low mantissa bits, added to the exponent
  return i64x2.add(p, i64x2.shl(shifted, 52));
}

export function peakExp2(t: f64): f64 {
  return f64x2.extract_lane(exp2Pair(f64x2.splat(t)), 0);
}

export function peakProfile(
  model: usize,
  dArea: usize,
  dPosition: usize,
  dFwhm: usize,
  dEta: usize,
  x: usize,
  n: i32,
  area: f64,
  position: f64,
  fwhm: f64,
  eta: f64,
): void {
  const scale = f64x2.splat(2.0 / fwhm);
  const l = 2.0 / (PI * fwhm);
  const g = (2.0 * SQRT_LN2_OVER_PI) / fwhm;
  const lorentz = f64x2.splat(l);
  const gauss = f64x2.splat(g);
  const etaLorentz = f64x2.splat(eta * l);
  const etaGauss = f64x2.splat((1.0 - eta) * g);
  const gaussSlope = f64x2.splat((1.0 - eta) * g * LN2);
  const areaOverFwhm = f64x2.splat(area / fwhm);
  const fourAreaOverFwhm = f64x2.splat(4.0 * (area / fwhm));
  const areas = f64x2.splat(area);
  const centre = f64x2.splat(position);
  const one = f64x2.splat(1.0);
  const end = x + ((<usize>n) << 3);
  for (; x < end; x += 16) {
    const u = f64x2.mul(f64x2.sub(v128.load(x), centre), scale);
    const u2 = f64x2.mul(u, u);
    const L = f64x2.div(one, f64x2.add(one, u2));
    const G = exp2Pair(u2);
    const eL = f64x2.mul(etaLorentz, L);
    const pv = f64x2.add(eL, f64x2.mul(etaGauss, G));
    const slope = f64x2.add(f64x2.mul(eL, L), f64x2.mul(gaussSlope, G));
    v128.store(model, f64x2.add(v128.load(model), f64x2.mul(areas, pv)));
    v128.store(dArea, pv);
    v128.store(dPosition, f64x2.mul(fourAreaOverFwhm, f64x2.mul(u, slope)));
    v128.store(dFwhm, f64x2.mul(areaOverFwhm, f64x2.sub(f64x2.mul(f64x2.add(u2, u2), slope), pv)));
    v128.store(dEta, f64x2.mul(areas, f64x2.sub(f64x2.mul(lorentz, L), f64x2.mul(gauss, G))));
    model += 16;
    dArea += 16;
    dPosition += 16;
    dFwhm += 16;
    dEta += 16;
  }
}
