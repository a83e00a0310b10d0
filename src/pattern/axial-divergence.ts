/**
 * Axial divergence: the asymmetry that a finite height of sample (2S) and receiving slit (2H) at distance L gives.
 *
 * A ray that leaves the equatorial plane by the height h = z L hits the cylinder of the detector at 2phi, where
 * cos 2phi = cos 2theta sqrt(1 + z^2). The line is the sum of symmetric lines at 2phi with weights
 *
 *   W(z) / ((1 + z^2) sin 2phi) dz,   W = 2 min(S, H) for z < |H - S|, else H + S - z    (0 <= z <= H + S, in units of L)
 *
 * which is the paper's integral over 2phi with the height as its variable: the singularity at 2phi = 2theta is gone, so
 * a few Gauss-Legendre nodes are enough. A cone narrower than the slit ends at z = |tan 2theta|, where sin 2phi = 0;
 * near there the variable is u, z = |tan 2theta| sin u, as dz / sin 2phi = du / |cos 2theta|.
 *
 * Source: Finger, Cox & Jephcoat, J. Appl. Cryst. 27 (1994) 892-900, equations 4-11.
 */

const RAD = Math.PI / 180;

/** Most Gauss-Legendre nodes in one panel of the integral. */
export const MOST_AXIAL_NODES = 200;

/** The components of one line; [n] each, filled by `axialComponents` or `howardComponents`. */
export interface AxialComponents {
  /** components in use */
  count: number;
  /** position less 2theta, degrees */
  readonly shift: Float64Array;
  /** shares, sum 1 */
  readonly share: Float64Array;
  readonly shiftByTwoTheta: Float64Array;
  readonly shareByTwoTheta: Float64Array;
  readonly shiftByS: Float64Array;
  readonly shareByS: Float64Array;
  readonly shiftByH: Float64Array;
  readonly shareByH: Float64Array;
  /** by Howard's asymmetry */
  readonly shiftByA: Float64Array;
}

export function createAxialComponents(capacity: number): AxialComponents {
  const array = (): Float64Array => new Float64Array(capacity);
  return {
    count: 0,
    shift: array(),
    share: array(),
    shiftByTwoTheta: array(),
    shareByTwoTheta: array(),
    shiftByS: array(),
    shareByS: array(),
    shiftByH: array(),
    shareByH: array(),
    shiftByA: array(),
  };
}

/** How far from 2theta a ray of height z arrives, degrees; not further than the cone reaches. */
function axialReach(twoThetaDeg: number, z: number): number {
  const t = twoThetaDeg * RAD;
  const cosine = Math.cos(t) * Math.sqrt(1 + z * z);
  return Math.abs(t - Math.acos(Math.min(1, Math.max(-1, cosine)))) / RAD;
}

/**
 * Nodes that the two panels of a line need so that it is right to 1e-4 of its top: out[0] for heights under |H - S|,
 * out[1] above. True to panels of 39 widths; beyond, the number stays at the most there are.
 */
export function axialNodes(
  twoThetaDeg: number,
  s: number,
  h: number,
  fwhm: number,
  eta: number,
  out: Int32Array,
): void {
  const flat = axialReach(twoThetaDeg, Math.abs(h - s));
  const whole = axialReach(twoThetaDeg, h + s);
  out[0] = nodesFor(flat / fwhm, eta);
  out[1] = nodesFor((whole - flat) / fwhm, eta);
}

/**
 * As measured for reaches from 0.0003 to 30 widths (axial-divergence.test.ts holds it). Nodes grow with the reach as
 * the logarithm of the error allowed, and the Lorentzian part, whose poles are the nearest, may err by 1e-4 / eta.
 *
 * @param reach length of a panel over the line's width
 */
export function nodesFor(reach: number, eta: number): number {
  if (reach < 4e-4) return 1;
  const perWidth = Math.min(5.4, Math.max(3.3, 5.4 + 0.55 * Math.log(Math.max(eta, 1e-3))));
  return Math.min(MOST_AXIAL_NODES, Math.ceil(2 + 2.2 * Math.sqrt(Math.min(1, reach)) + perWidth * reach));
}

/** Gauss-Legendre nodes on [0, 1] and their weights. */
export interface Quadrature {
  readonly at: Float64Array;
  readonly weight: Float64Array;
}

/** Limits of a panel in the variable of integration, with derivatives by 2theta (radians), S and H. */
interface Panel {
  low: number;
  lowByT: number;
  lowByS: number;
  lowByH: number;
  high: number;
  highByT: number;
  highByS: number;
  highByH: number;
}
const emptyPanel = (): Panel => ({
  ...{ low: 0, lowByT: 0, lowByS: 0, lowByH: 0 },
  ...{ high: 0, highByT: 0, highByS: 0, highByH: 0 },
});
// filled and read within one call: an object of its own for each line would be thrown away 100 times a step
const panel = emptyPanel();

/**
 * Components of the line at 2theta, and their derivatives by 2theta (per degree), S/L and H/L.
 *
 * The line is a smooth function of S and of H, also where they are equal: there the panel of heights under |H - S| has
 * no length, but its derivative is needed.
 *
 * @param flat, slope quadratures for heights under and above |H - S|
 */
export function axialComponents(
  twoThetaDeg: number,
  s: number,
  h: number,
  flat: Quadrature,
  slope: Quadrature,
  out: AxialComponents,
): void {
  const t = twoThetaDeg * RAD;
  const limit = Math.abs(Math.tan(t));
  const sign = h > s ? 1 : -1;
  const middle = Math.abs(h - s);
  const most = h + s;
  // far from the end of the cone the height itself is smooth enough, also at 90 degrees, where the end is infinite
  const isNear = most > 0.5 * limit;
  out.count = 0;
  setLimit(panel, "low", 0, 0, 0, isNear, t);
  setLimit(panel, "high", middle, -sign, sign, isNear, t);
  addPanel(panel, flat, false, isNear, t, s, h, out);
  if (middle < limit) {
    setLimit(panel, "low", middle, -sign, sign, isNear, t);
    setLimit(panel, "high", most, 1, 1, isNear, t);
    addPanel(panel, slope, true, isNear, t, s, h, out);
  }
  normalise(out);
}

function setLimit(
  to: Panel,
  end: "low" | "high",
  z: number,
  byS: number,
  byH: number,
  isNear: boolean,
  t: number,
): void {
  let [value, byT, scale] = [z, 0, 1];
  if (isNear) {
    const limit = Math.abs(Math.tan(t));
    if (z >= limit) [value, scale] = [Math.PI / 2, 0];
    else {
      // u = asin(z / limit)
      value = Math.asin(z / limit);
      scale = 1 / Math.sqrt(limit * limit - z * z);
      byT = (-z / limit) * scale * limitSlope(t);
    }
  }
  if (end === "low") {
    to.low = value;
    to.lowByT = byT;
    to.lowByS = byS * scale;
    to.lowByH = byH * scale;
  } else {
    to.high = value;
    to.highByT = byT;
    to.highByS = byS * scale;
    to.highByH = byH * scale;
  }
}

/** d |tan t| / dt */
const limitSlope = (t: number): number => Math.sign(Math.tan(t)) / Math.cos(t) ** 2;

/** @param isSlope heights above |H - S|; @param isNear whether the variable is u */
function addPanel(
  p: Panel,
  nodes: Quadrature,
  isSlope: boolean,
  isNear: boolean,
  t: number,
  s: number,
  h: number,
  out: AxialComponents,
): void {
  const cos0 = Math.cos(t);
  const sin0 = Math.sin(t);
  const limit = Math.abs(Math.tan(t));
  const limitByT = isNear ? limitSlope(t) : 0;
  const length = p.high - p.low;
  const lengthByT = p.highByT - p.lowByT;
  const lengthByS = p.highByS - p.lowByS;
  const lengthByH = p.highByH - p.lowByH;
  const n = nodes.at.length;
  for (let i = 0; i < n; i++) {
    const v = nodes.at[i]!;
    const u = p.low + length * v;
    const z = isNear ? limit * Math.sin(u) : u;
    const zByU = isNear ? limit * Math.cos(u) : 1;
    const zByT = zByU * (p.lowByT + lengthByT * v) + limitByT * (isNear ? Math.sin(u) : 0);
    const zByS = zByU * (p.lowByS + lengthByS * v);
    const zByH = zByU * (p.lowByH + lengthByH * v);
    const root = Math.sqrt(1 + z * z);
    const cosine = cos0 * root;
    const sine = isNear ? Math.abs(cos0) * zByU : Math.sqrt((1 - cosine) * (1 + cosine));
    const phiByZ = -(cos0 * z) / (root * sine);
    const phiByT = (sin0 * root) / sine + phiByZ * zByT;
    const k = out.count++;
    out.shift[k] = (Math.atan2(sine, cosine) - t) / RAD;
    out.shiftByTwoTheta[k] = phiByT - 1;
    out.shiftByS[k] = (phiByZ * zByS) / RAD;
    out.shiftByH[k] = (phiByZ * zByH) / RAD;
    const w = isSlope ? h + s - z : 2 * Math.min(s, h);
    const wByT = isSlope ? -zByT : 0;
    const wByS = isSlope ? 1 - zByS : s < h ? 2 : 0;
    const wByH = isSlope ? 1 - zByH : s < h ? 0 : 2;
    // the factor |cos 2theta| of the other variable is the same for all components
    const shared = nodes.weight[i]! / ((1 + z * z) * (isNear ? 1 : sine));
    const cot = isNear ? 0 : cosine / sine;
    const share = shared * length * w;
    const logByZ = (-2 * z) / (1 + z * z);
    out.share[k] = share;
    out.shareByTwoTheta[k] = (shared * (lengthByT * w + length * wByT) + share * (logByZ * zByT - cot * phiByT)) * RAD;
    out.shareByS[k] = shared * (lengthByS * w + length * wByS) + share * (logByZ - cot * phiByZ) * zByS;
    out.shareByH[k] = shared * (lengthByH * w + length * wByH) + share * (logByZ - cot * phiByZ) * zByH;
  }
}

/** Shares to sum 1, and their derivatives to sum 0. */
function normalise(out: AxialComponents): void {
  const n = out.count;
  let sum = 0;
  for (let k = 0; k < n; k++) sum += out.share[k]!;
  normaliseSlope(out.shareByTwoTheta, out.share, sum, n);
  normaliseSlope(out.shareByS, out.share, sum, n);
  normaliseSlope(out.shareByH, out.share, sum, n);
  for (let k = 0; k < n; k++) out.share[k]! /= sum;
}

function normaliseSlope(slope: Float64Array, share: Float64Array, sum: number, n: number): void {
  let total = 0;
  for (let k = 0; k < n; k++) total += slope[k]!;
  for (let k = 0; k < n; k++) slope[k] = slope[k]! / sum - (share[k]! * total) / (sum * sum);
}

/** Gauss-Legendre nodes and weights on [0, 1] (Newton on the Legendre polynomial). */
export function gaussLegendre(n: number): Quadrature {
  const at = new Float64Array(n);
  const weight = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      let [p, before] = [1, 0];
      for (let k = 1; k <= n; k++) [p, before] = [((2 * k - 1) * x * p - (k - 1) * before) / k, p];
      slope = (n * (x * p - before)) / (x * x - 1);
      const change = p / slope;
      x -= change;
      if (Math.abs(change) < 1e-15) break;
    }
    at[i] = (1 - x) / 2;
    weight[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { at, weight };
}
