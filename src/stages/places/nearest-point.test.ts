import fc from "fast-check";
import { expect, it } from "vitest";
import { distanceToPoints } from "./nearest-point.ts";

it("is what trying all points gives, between voxels, outside, and where many lie on one another", () => {
  const coordinate = fc.oneof(fc.double({ min: -5, max: 25, noNaN: true }), fc.integer({ min: 0, max: 20 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 60 }), (points) => {
      const found = distanceToPoints(Float64Array.from(points.flat()), 17, 21);
      for (let i = 0; i < found.length; i++) {
        const [x, y] = [i % 21, Math.floor(i / 21)];
        const tried = Math.min(...points.map(([px, py]) => Math.hypot(px - x, py - y)));
        if (Math.abs(found[i]! - tried) > 1e-5) return false;
      }
      return true;
    }),
    { numRuns: 60 },
  );
});

it("is NaN without points and where nobody asks", () => {
  expect(distanceToPoints(new Float64Array(0), 2, 2).every(Number.isNaN)).toBe(true);
  const some = distanceToPoints(Float64Array.from([0, 0]), 1, 3, (i) => i !== 1);
  expect([...some]).toEqual([0, Number.NaN, 2]);
});
