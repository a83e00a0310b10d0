import { describe, expect, it } from "vitest";
import {
  axialComponents,
  axialNodes,
  createAxialComponents,
  gaussLegendre,
  MOST_AXIAL_NODES,
} from "./axial-divergence.ts";
import { pseudoVoigt } from "./pseudo-voigt.ts";

const RAD = Math.PI / 180;

/** A line as this module gives it, with the nodes it chooses. */
function ours(x: readonly number[], twoTheta: number, s: number, h: number, fwhm: number, eta: number): number[] {
  const nodes = new Int32Array(2);
  axialNodes(twoTheta, s, h, fwhm, eta, nodes);
  const out = createAxialComponents(2 * MOST_AXIAL_NODES);
  axialComponents(twoTheta, s, h, gaussLegendre(nodes[0]!), gaussLegendre(nodes[1]!), out);
  return x.map((at) => {
    let sum = 0;
    for (let k = 0; k < out.count; k++) {
      sum += out.share[k]! * pseudoVoigt(at, { area: 1, position: twoTheta + out.shift[k]!, fwhm, eta });
    }
    return sum;
  });
}

/**
 * The paper's integral over 2phi as it is written there, by the midpoint rule: D(2phi) = L W / (2 H h cos 2phi),
 * h = L sqrt(cos^2 2phi / cos^2 2theta - 1), from 2phi_min to 2theta; in the square root of the distance from 2theta,
 * where D is infinite.
 */
function paper(x: readonly number[], twoTheta: number, s: number, h: number, fwhm: number, eta: number): number[] {
  const t = twoTheta * RAD;
  const phiOf = (height: number): number =>
    Math.acos(Math.max(-1, Math.min(1, Math.cos(t) * Math.sqrt(1 + height * height))));
  const least = phiOf(s + h);
  const inflection = phiOf(Math.abs(s - h));
  const steps = 4000;
  const sum = x.map(() => 0);
  let total = 0;
  for (let i = 0; i < steps; i++) {
    const v = (i + 0.5) / steps;
    const phi = t + (least - t) * v * v;
    const height = Math.sqrt(Math.max(0, (Math.cos(phi) / Math.cos(t)) ** 2 - 1));
    const isFlat = twoTheta < 90 ? phi > inflection : phi < inflection;
    const w = isFlat ? 2 * Math.min(s, h) : Math.max(0, s + h - height);
    const weight = (w / (2 * h * height * Math.abs(Math.cos(phi)))) * v;
    total += weight;
    x.forEach((at, k) => {
      sum[k]! += weight * pseudoVoigt(at, { area: 1, position: phi / RAD, fwhm, eta });
    });
  }
  return sum.map((value) => value / total);
}

const slits = [
  [0.0005, 0.0005],
  [0.02, 0.02],
  [0.03, 0.01],
  [0.01, 0.03],
] as const;
const widths = [
  [0.01, 0.3],
  [0.08, 0],
  [0.08, 0.6],
  [0.08, 1],
] as const;

describe.each([2, 10, 40, 89, 91, 150])("the line at %d degrees", (twoTheta) => {
  it.each(slits)("is the paper's to 1e-4 of its top, S/L = %d, H/L = %d", (s, h) => {
    for (const [fwhm, eta] of widths) {
      const cosine = Math.min(1, Math.abs(Math.cos(twoTheta * RAD)) * Math.sqrt(1 + (s + h) ** 2));
      const reach = Math.acos(Math.sign(90 - twoTheta) * cosine) / RAD - twoTheta;
      if (Math.abs(reach) > 38 * fwhm) continue; // more components than a line may have
      const x = Array.from({ length: 41 }, (_, i) => twoTheta + reach * 0.025 * i + fwhm * (i / 20 - 1) * 1.5);
      const want = paper(x, twoTheta, s, h, fwhm, eta);
      const got = ours(x, twoTheta, s, h, fwhm, eta);
      const error = Math.max(...got.map((value, i) => Math.abs(value - want[i]!))) / Math.max(...want);
      expect([fwhm, eta, error < 1e-4 ? "right" : error]).toEqual([fwhm, eta, "right"]);
    }
  });
});

it("the mean shift of a small asymmetry is that of the mean square height: -(S^2 + H^2) / 6 cot 2theta", () => {
  const out = createAxialComponents(2 * MOST_AXIAL_NODES);
  const [s, h] = [5e-4, 3e-4];
  axialComponents(30, s, h, gaussLegendre(4), gaussLegendre(4), out);
  let mean = 0;
  for (let k = 0; k < out.count; k++) mean += out.share[k]! * out.shift[k]!;
  // height = u - v with u, v even over 2S and 2H: mean square (S^2 + H^2) / 3, shift -z^2 / 2 cot
  const want = -((s * s + h * h) / 6) / Math.tan(30 * RAD) / RAD;
  expect(mean / want).toBeCloseTo(1, 5);
});

it("gaussLegendre integrates polynomials to degree 2n - 1", () => {
  for (const n of [1, 2, 7, 40]) {
    const { at, weight } = gaussLegendre(n);
    const integral = at.reduce((sum, x, i) => sum + weight[i]! * x ** (2 * n - 1), 0);
    expect(integral).toBeCloseTo(1 / (2 * n), 13);
  }
});
