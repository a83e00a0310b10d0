/** c[k] of 2^-g = sum c[k] g^k on -1/2 <= g <= 1/2: interpolation at ten Chebyshev nodes, relative error < 2e-14. */
const [C0, C1, C2, C3, C4, C5, C6, C7, C8, C9] = [
  1.0000000000000135, -0.6931471805599462, 0.2402265069564034, -0.05550410866465167, 0.009618129193934313,
  -0.0013333558200794592, 0.0001540343375125101, -1.5252672924850737e-5, 1.325964524488711e-6, -1.0205905413765595e-7,
] as const;
/** 1.5 * 2^52: taking t from it leaves the nearest integer to -t (ties to even) in the low bits of the mantissa. */
const ROUND = 6755399441055744;
/** Above this 2^-t is set to 2^-1020, far under anything that adds to a count. */
const MOST = 1020;

/**
 * 2^-t for t >= 0, relative error < 2e-14; the same bits as the assembly build without fused multiply-add.
 * The polynomial is summed in pairs (Estrin), which a processor can do side by side.
 */
export function peakExp2(t: number): number {
  const clamped = Math.min(t, MOST);
  const whole = ROUND - clamped - ROUND;
  const g = whole + clamped;
  const g2 = g * g;
  const g4 = g2 * g2;
  const low = (C3 * g + C2) * g2 + (C1 * g + C0);
  const high = (C7 * g + C6) * g2 + (C5 * g + C4);
  const p = ((C9 * g + C8) * g4 + high) * g4 + low;
  return p * 2 ** whole;
}

/**
 * Adds one area-normalised pseudo-Voigt to a model, and writes its four derivatives.
 *
 *   pV = eta L + (1 - eta) G,   L = 2 / (pi H) / (1 + u^2),   G = 2 sqrt(ln 2 / pi) / H * 2^(-u^2),   u = 2 (x - c) / H
 *
 * The Gaussian is a power of two, so that no logarithm of two is multiplied in and taken out again.
 *
 * @param model     [n] f64, area * pV is added to it
 * @param dArea     [n] f64, written; likewise dPosition, dFwhm, dEta
 * @param x         [n] f64, any unit; position and fwhm in the same
 * @param n         even (pad the last point)
 * @param area      integrated intensity, intensity x unit of x
 * @param eta       Lorentzian share
 */
export function peakProfile(
  model: Float64Array,
  dArea: Float64Array,
  dPosition: Float64Array,
  dFwhm: Float64Array,
  dEta: Float64Array,
  x: Float64Array,
  n: number,
  area: number,
  position: number,
  fwhm: number,
  eta: number,
): void {
  const scale = 2 / fwhm;
  const lorentz = 2 / (Math.PI * fwhm);
  const gauss = (2 * SQRT_LN2_OVER_PI) / fwhm;
  const etaLorentz = eta * lorentz;
  const etaGauss = (1 - eta) * gauss;
  const areaOverFwhm = area / fwhm;
  const gaussSlope = etaGauss * Math.LN2;
  const fourAreaOverFwhm = 4 * areaOverFwhm;
  for (let i = 0; i < n; i++) {
    const u = (x[i]! - position) * scale;
    const u2 = u * u;
    const L = 1 / (1 + u2);
    const G = peakExp2(u2);
    const pv = etaLorentz * L + etaGauss * G;
    const slope = etaLorentz * L * L + gaussSlope * G;
    model[i] = model[i]! + area * pv;
    dArea[i] = pv;
    dPosition[i] = fourAreaOverFwhm * (u * slope);
    dFwhm[i] = areaOverFwhm * ((u2 + u2) * slope - pv);
    dEta[i] = area * (lorentz * L - gauss * G);
  }
}

const SQRT_LN2_OVER_PI = 0.46971863934982566;
