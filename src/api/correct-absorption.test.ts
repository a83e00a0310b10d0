import { expect, it } from "vitest";
import { correctAbsorption } from "./correct-absorption.ts";

const rays = {
  omegaDeg: Float64Array.of(0),
  ...{ translations: 3, rotationAxis: 1, stepMm: 0.5 },
  axis: { unit: "channel" as const, values: Float64Array.of(0) },
  data: Float32Array.of(1, 1, 1),
};

it("a ray is divided by what comes through its voxels", () => {
  // at 0 degrees each ray goes through one column; of the circle in the grid the middle column has three voxels, the others one
  const { data, transmission } = correctAbsorption(rays, new Float64Array(9).fill(0.4));
  expect(transmission[1]).toBeCloseTo(Math.exp(-0.4 * 3 * 0.5), 6);
  expect(data[1]).toBeCloseTo(Math.exp(0.4 * 3 * 0.5), 6);
});

it("a map of mu that is not square is refused: its rows would be taken for other ones", () => {
  expect(() => correctAbsorption(rays, new Float64Array(8))).toThrow(/square.*8 values/);
  expect(() => correctAbsorption(rays, new Float64Array(0))).toThrow(RangeError);
});
