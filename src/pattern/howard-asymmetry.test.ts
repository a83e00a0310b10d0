import { describe, expect, it } from "vitest";
import { axialComponents, createAxialComponents, gaussLegendre, MOST_AXIAL_NODES } from "./axial-divergence.ts";
import { howardComponents, howardNodes } from "./howard-asymmetry.ts";
import { pseudoVoigt } from "./pseudo-voigt.ts";

const RAD = Math.PI / 180;

function ours(x: readonly number[], twoTheta: number, asymmetry: number, fwhm: number, eta: number): number[] {
  const out = createAxialComponents(2 * MOST_AXIAL_NODES);
  howardComponents(twoTheta, asymmetry, gaussLegendre(howardNodes(twoTheta, asymmetry, fwhm, eta)), out);
  return x.map((at) => {
    let sum = 0;
    for (let k = 0; k < out.count; k++) {
      sum += out.share[k]! * pseudoVoigt(at, { area: 1, position: twoTheta + out.shift[k]!, fwhm, eta });
    }
    return sum;
  });
}

/** Howard's sum as GSAS has it: lines at 2theta - f A / tan 2theta, f = ((i - 1) / (n - 1))^2, Simpson's weights. */
function simpson(
  x: readonly number[],
  twoTheta: number,
  asymmetry: number,
  fwhm: number,
  eta: number,
  n: number,
): number[] {
  return x.map((at) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const weight = (i === 0 || i === n - 1 ? 1 : i % 2 === 1 ? 4 : 2) / (3 * (n - 1));
      const position = twoTheta - ((i / (n - 1)) ** 2 * asymmetry) / Math.tan(twoTheta * RAD);
      sum += weight * pseudoVoigt(at, { area: 1, position, fwhm, eta });
    }
    return sum;
  });
}

const around = (twoTheta: number, reach: number, fwhm: number): number[] =>
  Array.from({ length: 61 }, (_, i) => twoTheta - reach * (i / 60) + fwhm * (i / 30 - 1) * 1.5);
const worst = (got: readonly number[], want: readonly number[]): number =>
  Math.max(...got.map((value, i) => Math.abs(value - want[i]!))) / Math.max(...want);

describe.each([8, 20, 60, 90, 110, 160])("Howard's line at %d degrees", (twoTheta) => {
  it.each([
    [0.013, 0.1, 0.5],
    [-0.013, 0.1, 0.5],
    [0.05, 0.06, 0],
    [-0.3, 0.08, 1],
  ])("is the limit of his Simpson sum, A = %d, FWHM = %d, eta = %d", (asymmetry, fwhm, eta) => {
    const x = around(twoTheta, asymmetry / Math.tan(twoTheta * RAD), fwhm);
    const got = ours(x, twoTheta, asymmetry, fwhm, eta);
    expect(worst(got, simpson(x, twoTheta, asymmetry, fwhm, eta, 2001))).toBeLessThan(1e-4);
  });
});

it("is his sum of five lines to 0.1 % of the top at the asymmetries that he had: alpha-Si3N4 of GSAS at 20 degrees", () => {
  const x = around(20, -0.036, 0.11);
  expect(worst(ours(x, 20, -0.0130255, 0.11, 0.5), simpson(x, 20, -0.0130255, 0.11, 0.5, 5))).toBeLessThan(1e-3);
});

it("has the tail at low angles below 90 degrees, at high ones above, where A is above 0", () => {
  const out = createAxialComponents(2 * MOST_AXIAL_NODES);
  for (const [twoTheta, asymmetry, sign] of [
    [30, 0.1, -1],
    [30, -0.1, 1],
    [130, 0.1, 1],
  ] as const) {
    howardComponents(twoTheta, asymmetry, gaussLegendre(5), out);
    for (let k = 0; k < out.count; k++) expect(Math.sign(out.shift[k]!)).toBe(sign);
  }
});

it.each([25, 60, 120])(
  "is axial divergence at %d degrees where one slit is far the smaller, A = 90 H^2 / pi",
  (twoTheta) => {
    const h = 0.02;
    const [fwhm, eta] = [0.08, 0.4];
    const axial = createAxialComponents(2 * MOST_AXIAL_NODES);
    axialComponents(twoTheta, 1e-6, h, gaussLegendre(20), gaussLegendre(2), axial);
    const x = around(twoTheta, (90 * h * h) / Math.PI / Math.tan(twoTheta * RAD), fwhm);
    const want = x.map((at) => {
      let sum = 0;
      for (let k = 0; k < axial.count; k++) {
        sum += axial.share[k]! * pseudoVoigt(at, { area: 1, position: twoTheta + axial.shift[k]!, fwhm, eta });
      }
      return sum;
    });
    // what is left is of the fourth order in H
    expect(worst(ours(x, twoTheta, (90 * h * h) / Math.PI, fwhm, eta), want)).toBeLessThan(1e-3);
  },
);
