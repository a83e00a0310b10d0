import { describe, expect, it } from "vitest";
import { jacobianError } from "../../../tests/jacobian-error.ts";
import type { Evaluate } from "../../fit/index.ts";
import { chiRad, detectorAxes, detectorPosition, type Poni, placement, twoThetaRad } from "../../geometry/index.ts";
import { geometryEvaluate } from "./fit-geometry.ts";
import { geometryVector, ringByEnergy, ringTwoTheta, twoThetaOfPoints } from "./ring-geometry.ts";
import type { RingPoint } from "./ring-points.ts";

const px = 172e-6;
const poni: Poni = { dist: 0.2, poni1: 0.05, poni2: 0.03, rot1: 0.2, rot2: -0.1, rot3: 0.4, pixel1: px, pixel2: px };
const pixels = [
  [0, 0],
  [10.5, 700.25],
  [500, 3],
  [431.5, 380.5],
] as const;

describe("two-theta of points", () => {
  it("is that of geometry/poni", () => {
    const out = new Float64Array(pixels.length);
    twoThetaOfPoints(
      geometryVector(poni, 50),
      pixels.map(([row]) => row * px),
      pixels.map(([, col]) => col * px),
      out,
      null,
    );
    const t = new Float64Array(3);
    pixels.forEach(([row, col], i) => {
      placement(poni, { rows: 1, cols: 1 })(row, col, t);
      expect(out[i]).toBeCloseTo(twoThetaRad(t), 14);
    });
  });

  it("has the derivatives that finite differences give, by every parameter", () => {
    const points = pixels.map(([row, col], ring) => ({ ring, row, col, esdTwoTheta: 1e-4 }) as RingPoint);
    const all = geometryEvaluate(points, [3, 2, 1.5, 1], poni);
    const step = [1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 1e-3];
    // Without rot3, which turns the rings in themselves: its derivative is 0 and differences give rounding errors.
    const full = geometryVector(poni, 50);
    const n = points.length + 2;
    const jacobianOfAll = new Float64Array(7 * n);
    const evaluate: Evaluate = (p, residuals, jacobian) => {
      full.set([...p.subarray(0, 5), poni.rot3, p[5]!]);
      all(full, residuals, jacobian && jacobianOfAll);
      for (let i = 0; jacobian && i < n; i++) {
        for (let j = 0; j < 6; j++) jacobian[6 * i + j] = jacobianOfAll[7 * i + (j < 5 ? j : 6)]!;
      }
      return true;
    };
    const at = Float64Array.of(...full.subarray(0, 5), 50);
    expect(jacobianError(evaluate, at, n, step).error).toBeLessThan(1e-7);
  });

  it("turns back into the pixel it came from", () => {
    const axes = detectorAxes(poni.rot1, poni.rot2, poni.rot3);
    const t = new Float64Array(3);
    for (const [row, col] of pixels) {
      placement(poni, { rows: 1, cols: 1 })(row, col, t);
      const [r, c] = detectorPosition(poni, axes, twoThetaRad(t), chiRad(t));
      expect(r).toBeCloseTo(row, 9);
      expect(c).toBeCloseTo(col, 9);
    }
    expect(detectorPosition(poni, axes, Math.PI - 0.1, 0)[0]).toBeNaN();
  });
});

it("a ring moves with the energy as Bragg's law says", () => {
  const h = 1e-4;
  const numeric = (ringTwoTheta(1.5, 50 + h) - ringTwoTheta(1.5, 50 - h)) / (2 * h);
  expect(ringByEnergy(1.5, 50)).toBeCloseTo(numeric, 10);
});
