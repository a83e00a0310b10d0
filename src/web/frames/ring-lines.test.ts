import { describe, expect, it } from "vitest";
import { type Poni, placement, twoThetaRad } from "../../geometry/index.ts";
import { namePlace, ringLines } from "./ring-lines.ts";

const shape = { rows: 300, cols: 200 };
const poni: Poni = {
  dist: 0.1,
  poni1: 0.017,
  poni2: 0.009,
  rot1: 0.08,
  rot2: -0.05,
  rot3: 0.3,
  pixel1: 1e-4,
  pixel2: 1.1e-4,
};

describe("the line of a ring", () => {
  // flipped files too: the .poni counts from another corner
  it.each([1, 2, 3, 4] as const)("lies on its two-theta, orientation %d", (orientation) => {
    const own = { ...poni, orientation };
    const place = placement(own, shape);
    const t = new Float64Array(3);
    const points = ringLines(own, shape, 4, 2, false).flat();
    expect(points.length).toBeGreaterThan(50);
    for (const [col, row] of points) {
      place(row, col, t);
      expect((twoThetaRad(t) * 180) / Math.PI).toBeCloseTo(4, 9);
    }
  });

  it("is cut at the beam, and named up and to the left of it", () => {
    const flat: Poni = { ...poni, poni1: 0.015, poni2: 0.011, rot1: 0, rot2: 0, rot3: 0 };
    const lines = ringLines(flat, shape, 3, 2, true);
    for (const [col] of lines.flat()) expect(col).toBeLessThanOrEqual(100);
    const [col, row] = namePlace(lines, [150, 100])!;
    expect(col - 100).toBeLessThan(0);
    expect((col - 100) / (row - 150)).toBeCloseTo(1, 0);
  });
});
