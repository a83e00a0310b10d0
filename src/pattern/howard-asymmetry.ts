/**
 * Howard's asymmetry: a number without a model of the slits, and of either sign. The line is spread from 2theta by
 * -A f cot 2theta with f from 0 to 1, each f = v^2 as heavy as its stretch of v: a tail at the low-angle side below 90
 * degrees where A is above 0.
 *
 * The paper, GSAS's profile function 2 (asym = 100 A) and FullProf sum over v by Simpson's rule with three or five
 * terms; here Gauss-Legendre with as many nodes as the width asks for, which is what their sum tends to. It is also
 * what Finger, Cox & Jephcoat's line becomes where one slit is far smaller than the other, A = 90 H^2 / pi.
 *
 * Source: Howard, J. Appl. Cryst. 15 (1982) 615-620.
 */
import { type AxialComponents, nodesFor, type Quadrature } from "./axial-divergence.ts";

const RAD = Math.PI / 180;
/** The asymmetry may be refined from 0, where its column is to be right too. */
const LEAST_NODES = 5;
/** A weight that does not fall off towards the end of the tail wants more than axial divergence, as measured. */
const MORE_NODES = 2;

/** Nodes that a line needs so that it is right to 1e-4 of its top. */
export function howardNodes(twoThetaDeg: number, asymmetryDeg: number, fwhm: number, eta: number): number {
  return Math.max(LEAST_NODES, nodesFor(Math.abs(asymmetryDeg / Math.tan(twoThetaDeg * RAD)) / fwhm, eta) + MORE_NODES);
}

/** Components of the line at 2theta, and their derivatives by 2theta (per degree) and by the asymmetry A, degrees. */
export function howardComponents(
  twoThetaDeg: number,
  asymmetryDeg: number,
  nodes: Quadrature,
  out: AxialComponents,
): void {
  const cot = 1 / Math.tan(twoThetaDeg * RAD);
  const n = nodes.at.length;
  for (let k = 0; k < n; k++) {
    const f = nodes.at[k]! * nodes.at[k]!;
    out.shift[k] = -asymmetryDeg * f * cot;
    out.shiftByTwoTheta[k] = asymmetryDeg * f * (1 + cot * cot) * RAD;
    out.shiftByA[k] = -f * cot;
    out.share[k] = nodes.weight[k]!;
    out.shareByTwoTheta[k] = 0;
  }
  out.count = n;
}
