/**
 * Axial divergence: the asymmetry that a finite height of sample (2S) and receiving slit (2H) at distance L gives.
 *
 * A ray that leaves the equatorial plane by the height h hits the cylinder of the detector at 2phi, where
 * cos 2phi = cos 2theta sqrt(1 + (h/L)^2). The line is the sum of symmetric lines at 2phi with weights
 *
 *   W(h) / ((1 + (h/L)^2) sin 2phi) dh,   W = 2 min(S, H) for h < |H - S|, else H + S - h    (0 <= h <= H + S)
 *
 * which is the paper's integral over 2phi with h as its variable: the singularity at 2phi = 2theta is gone, so a few
 * Gauss-Legendre nodes are enough.
 *
 * Source: Finger, Cox & Jephcoat, J. Appl. Cryst. 27 (1994) 892-900, equations 4-11.
 */

const RAD = Math.PI / 180;

/** The components of one line; [n] each, filled by `axialComponents`. */
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
  };
}

/** How far the tail reaches from 2theta, degrees; says how many nodes a line needs. */
export function axialReach(twoThetaDeg: number, s: number, h: number): number {
  const t = twoThetaDeg * RAD;
  const cosine = Math.cos(t) * Math.sqrt(1 + (s + h) ** 2);
  return Math.abs(t - Math.acos(Math.min(1, Math.max(-1, cosine)))) / RAD;
}

/**
 * Components of the line at 2theta, and their derivatives by 2theta (per degree), S/L and H/L.
 *
 * @param nodes Gauss-Legendre nodes on [0, 1] and weights; used once for h < |H - S| and once above
 */
export function axialComponents(
  twoThetaDeg: number,
  s: number,
  h: number,
  nodes: { readonly at: Float64Array; readonly weight: Float64Array },
  out: AxialComponents,
): void {
  const n = nodes.at.length;
  const flat = Math.abs(h - s);
  const most = h + s;
  const sign = h > s ? 1 : -1;
  out.count = 0;
  // [lower limit, its derivatives by S, H; length, its derivatives]
  if (flat > 0) addPanel(0, 0, 0, flat, -sign, sign, false);
  addPanel(flat, -sign, sign, most - flat, 1 + sign, 1 - sign, true);
  normalise(out);

  function addPanel(
    low: number,
    lowByS: number,
    lowByH: number,
    length: number,
    lengthByS: number,
    lengthByH: number,
    isSlope: boolean,
  ): void {
    const t = twoThetaDeg * RAD;
    const [cos0, sin0] = [Math.cos(t), Math.sin(t)];
    const smaller = Math.min(s, h);
    for (let i = 0; i < n; i++) {
      const u = nodes.at[i]!;
      const z = low + length * u;
      const root = Math.sqrt(1 + z * z);
      const cosine = cos0 * root;
      if (Math.abs(cosine) >= 1) continue; // the cone does not reach this height
      const sine = Math.sqrt(1 - cosine * cosine);
      const k = out.count++;
      const zByS = lowByS + lengthByS * u;
      const zByH = lowByH + lengthByH * u;
      // d(2phi) = -d(cosine) / sine
      const phiByZ = -(cos0 * (z / root)) / sine;
      const phiByT = (sin0 * root) / sine;
      out.shift[k] = (Math.acos(cosine) - t) / RAD;
      out.shiftByTwoTheta[k] = phiByT - 1;
      out.shiftByS[k] = (phiByZ * zByS) / RAD;
      out.shiftByH[k] = (phiByZ * zByH) / RAD;
      const w = isSlope ? most - z : 2 * smaller;
      const wByS = isSlope ? 1 - zByS : s < h ? 2 : 0;
      const wByH = isSlope ? 1 - zByH : s < h ? 0 : 2;
      const shared = nodes.weight[i]! / ((1 + z * z) * sine);
      const share = shared * length * w;
      // d ln(1 / ((1 + z^2) sine)) by z at fixed 2theta, and by 2theta
      const logByZ = (-2 * z) / (1 + z * z) - (cosine / sine) * phiByZ;
      const logByT = -(cosine / sine) * phiByT;
      out.share[k] = share;
      out.shareByTwoTheta[k] = share * logByT * RAD;
      out.shareByS[k] = shared * (lengthByS * w + length * wByS) + share * logByZ * zByS;
      out.shareByH[k] = shared * (lengthByH * w + length * wByH) + share * logByZ * zByH;
    }
  }
}

/** Shares to sum 1, and their derivatives to sum 0. */
function normalise(out: AxialComponents): void {
  const n = out.count;
  let sum = 0;
  for (let k = 0; k < n; k++) sum += out.share[k]!;
  for (const slope of [out.shareByTwoTheta, out.shareByS, out.shareByH]) {
    let total = 0;
    for (let k = 0; k < n; k++) total += slope[k]!;
    for (let k = 0; k < n; k++) slope[k] = slope[k]! / sum - (out.share[k]! * total) / (sum * sum);
  }
  for (let k = 0; k < n; k++) out.share[k]! /= sum;
}

/** Gauss-Legendre nodes and weights on [0, 1] (Newton on the Legendre polynomial). */
export function gaussLegendre(n: number): { at: Float64Array; weight: Float64Array } {
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
