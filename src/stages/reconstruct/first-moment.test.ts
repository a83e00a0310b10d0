import { describe, expect, it } from "vitest";
import { createReferenceKernels } from "../../kernels/index.ts";
import { firstMomentShift } from "./first-moment.ts";
import { createReconstructionPlan } from "./plan.ts";

const N = 41;
const stepMm = 0.25;
const distanceMm = 1000;
const kernels = createReferenceKernels();
const disc = (x: number, y: number, radius: number, value = 1) =>
  Float32Array.from({ length: N * N }, (_, v) =>
    ((v % N) - 20 - x) ** 2 + (Math.floor(v / N) - 20 - y) ** 2 <= radius ** 2 ? value : 0,
  );
const shiftOf = (weight: Float32Array, arcDeg: number, depthSign: 1 | -1 = 1, from = 0) => {
  const angles = 60;
  const plan = createReconstructionPlan(
    { method: "fbp" },
    {
      omegaDeg: Array.from({ length: angles }, (_, i) => from + (i * arcDeg) / angles),
      translations: N,
      rotationAxis: 20,
      stepMm,
    },
  );
  return firstMomentShift(kernels, plan, weight, { distanceMm, depthSign });
};
const mean = (shift: Float32Array, weight: Float32Array) => {
  const inside = [...shift].filter((_, v) => weight[v]! > 0);
  return inside.reduce((sum, value) => sum + value, 0) / inside.length;
};

describe("firstMomentShift", () => {
  it.each([
    [12, 0],
    [0, 12],
    [-9, 7],
  ])("is -2x / (pi L) for a lone grain on half a turn: x = %d, y = %d", (x, y) => {
    const weight = disc(x, y, 1.5);
    // the mean of -x sin + y cos over 0 to 180 degrees, the last angle left out
    const angles = Array.from({ length: 60 }, (_, i) => (i * Math.PI) / 60);
    const t = angles.reduce((sum, omega) => sum - x * Math.sin(omega) + y * Math.cos(omega), 0) / 60;
    const wanted = (t * stepMm) / distanceMm;
    if (y === 0) expect(wanted / ((-2 * x * stepMm) / (Math.PI * distanceMm))).toBeCloseTo(1, 3);
    // 3 % of it: a grain of three voxels through a filter
    expect(Math.abs(mean(shiftOf(weight, 180), weight) - wanted)).toBeLessThan(6e-5);
    expect(Math.abs(mean(shiftOf(weight, 180, -1), weight) + wanted)).toBeLessThan(6e-5);
  });

  it("is nothing for it on a whole turn", () => {
    const weight = disc(12, 0, 1.5);
    expect(Math.abs(mean(shiftOf(weight, 360), weight))).toBeLessThan(1e-5);
  });

  it("is small for a disc about the axis", () => {
    const weight = disc(0, 0, 14);
    const shift = shiftOf(weight, 180);
    // against 14 steps of 0.25 mm at 1 m
    [...shift].forEach((value, v) => {
      const r = Math.hypot((v % N) - 20, Math.floor(v / N) - 20);
      if (r < 12) expect(Math.abs(value)).toBeLessThan(0.06 * ((14 * stepMm) / distanceMm));
    });
  });

  it("says NaN where the phase is not, and takes NaN for nothing", () => {
    const weight = disc(5, 5, 3);
    weight[0] = Number.NaN;
    const shift = shiftOf(weight, 180);
    weight.forEach((value, v) => expect(Number.isNaN(shift[v]!)).toBe(!(value > 0)));
  });
});
