import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../../tests/kernel-builds.ts";
import { LANES, pathOut, placeAttenuated, rowsLength, unpackRows } from "../../projector/index.ts";
import { createReconstructionPlan, reconstructBlock } from "./index.ts";

const SIZE = 33;
const omegaDeg = Array.from({ length: 24 }, (_, i) => 7.5 * i);
const shape = { omegaDeg, translations: 35, rotationAxis: 17.2, stepMm: 0.2 };
const within = (i: number, radius: number): number =>
  Math.hypot((i % SIZE) - 16, Math.floor(i / SIZE) - 16) < radius ? 1 : 0;
/** a steel can about a light core, and what scatters: the core */
const mu = Float64Array.from(
  { length: SIZE * SIZE },
  (_, i) => 0.5 * (within(i, 15) - within(i, 12)) + 0.1 * within(i, 12),
);
const scatters = Float32Array.from({ length: SIZE * SIZE }, (_, i) => 10 * within(i, 9) + 5 * within(i, 4));
const path = pathOut(mu, { omegaDeg, size: SIZE, stepMm: 0.2, twoThetaDeg: 25 });

describe.each([
  ["cgls", 0.25],
  ["sirt", 0.85], // slow: most of what is left after 60 iterations is what it has not done yet
] as const)("%s of rays that leave under 25 degrees", (method, share) => {
  it("is nearer with the way out in the projector than with straight paths", () => {
    const kernels = kernelBuilds.at(-1)!.create();
    const plan = createReconstructionPlan({ method, iterations: 60, tolerance: 0, size: SIZE }, shape);
    const tanSquared = new Float64Array(1).fill(Math.tan((25 * Math.PI) / 180) ** 2);
    const pair = placeAttenuated(kernels, plan.projector, path);
    pair.aim(tanSquared);
    const image = kernels.arena.f32(SIZE * SIZE * LANES);
    scatters.forEach((value, v) => {
      image[v * LANES] = value;
    });
    const rows = kernels.arena.f32(rowsLength(plan.projector)).fill(0);
    pair.project(image, rows);
    const sinogram = new Float32Array(24 * 35);
    unpackRows(kernels, plan.projector, rows, sinogram, 1, 0);
    const error = (isExact: boolean): number => {
      const out = new Float32Array(SIZE * SIZE);
      reconstructBlock(kernels, { plan, sinogram, bins: 1, ...(isExact && { wayOut: { path, tanSquared } }) }, out);
      return Math.sqrt(out.reduce((sum, value, i) => sum + within(i, 7) * (value - scatters[i]!) ** 2, 0));
    };
    const [straight, exact] = [error(false), error(true)];
    expect(exact).toBeLessThan(share * straight);
  });
});
