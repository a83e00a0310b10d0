import { describe, expect, it } from "vitest";
import { addPeak, createLineShape, erf, foldLineShape, pseudoVoigtBelow } from "./line-shape.ts";

const edges = Float64Array.from({ length: 1001 }, (_, i) => 1 + i * 0.007);
const fwhmDeg = (angle: number): number => 0.02 + 0.001 * angle;
const logTan = (angle: number): number => Math.log(Math.tan((angle * Math.PI) / 180));

describe("foldLineShape", () => {
  it.each([0, 0.25, 1])("gives the bin-averaged pseudo-Voigt to 1e-3 of its height (eta = %d)", (eta) => {
    const shape = createLineShape({ binEdgesDeg: edges, from: logTan(1.2), to: logTan(7.8), fwhmDeg, eta });
    const nodes = new Float32Array(shape.tails.length / shape.bins);
    for (const angle of [1.3, 2.8183, 4.0001, 7.7]) {
      const grid = new Float32Array(shape.count);
      const out = new Float32Array(shape.bins);
      addPeak(grid, 0, (logTan(angle) - shape.x0) / shape.dx, 5);
      foldLineShape(shape, grid, out, nodes);
      const exact = out.map((_, b) => {
        const below = (i: number): number => pseudoVoigtBelow(edges[i]! - angle, fwhmDeg(angle), eta);
        return (5 * (below(b + 1) - below(b))) / (edges[b + 1]! - edges[b]!);
      });
      const height = Math.max(...exact);
      out.forEach((value, b) => expect(Math.abs(value - exact[b]!) / height).toBeLessThan(1e-3));
    }
  });
});

describe("addPeak", () => {
  it("keeps area and the first three moments at any place between two points", () => {
    for (const place of [10, 10.1, 10.5, 10.99]) {
      const grid = new Float32Array(30);
      addPeak(grid, 0, place, 2);
      for (const power of [0, 1, 2, 3]) {
        const moment = grid.reduce((sum, value, i) => sum + value * (i - place) ** power, 0);
        expect(moment).toBeCloseTo(power === 0 ? 2 : 0, 5);
      }
    }
  });
});

// Abramowitz & Stegun, table 7.1
it.each([
  [0, 0],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [2.5, 0.999593047982555],
  [3.5, 0.9999992569016276],
  [-1, -0.8427007929497149],
])("erf(%d) = %d", (x, value) => expect(erf(x)).toBeCloseTo(value, 12));
