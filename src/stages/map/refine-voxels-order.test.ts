import { expect, it } from "vitest";
import { kernelBuilds } from "../../../tests/kernel-builds.ts";
import { createPatternCalculator } from "../../pattern/calculator.ts";
import { ModelConfig, resolveModel } from "../../refinement/index.ts";
import { createRandom } from "../simulate/random.ts";
import { createVoxelRefiner, type RietveldBlockResult } from "./refine-voxels.ts";
import { RietveldMapConfig } from "./rietveld-config.ts";
import { createRietveldPlan, type RietveldPlan } from "./rietveld-plan.ts";
import type { VoxelStarts } from "./voxel-starts.ts";

const kernels = kernelBuilds.find(({ name }) => name === "simd")!.create();
const POINTS = 500;
const VOXELS = 5;
const twoThetaDeg = Float64Array.from({ length: POINTS }, (_, i) => 2.5 + 0.01 * i);
const NAMES = ["Cu/scale", "Cu/a", "CeO2/scale", "CeO2/a", "background/0", "background/1"];

/** A plan, and two blocks of counts: copper everywhere with a drifting cell, CeO2 in every other voxel. */
function make(weights: "poisson" | "uniform"): { plan: RietveldPlan; blocks: Float32Array[] } {
  const { model } = resolveModel(ModelConfig.parse({ wavelength: 0.11979, background: 2, phases: ["Cu", "CeO2"] }), {
    structures: new Map(),
  });
  const calculator = createPatternCalculator(kernels, model, 0.11979, twoThetaDeg);
  const { values, indexOf, parameters } = calculator;
  const set = (name: string, value: number): void => {
    values[indexOf(name)] = value;
  };
  set("W", 9e-4);
  set("X", 0.01); // widths that change with the angle, so that where they are held matters
  set("background/0", 80);
  set("Cu/scale", 1e-7);
  set("CeO2/scale", 1e-8);
  const sum = values.slice();
  calculator.evaluate(false);
  const top = calculator.calculated.reduce((most, y) => Math.max(most, y - 80), 0);
  for (const name of ["Cu/scale", "CeO2/scale"]) sum[indexOf(name)]! *= 1500 / top;
  const random = createRandom(7);
  const blocks = [0, 1].map((block) => {
    const patterns = new Float32Array(VOXELS * POINTS);
    for (let voxel = 0; voxel < VOXELS; voxel++) {
      values.set(sum);
      set("Cu/a", sum[indexOf("Cu/a")]! * (1 + 1e-4 * (voxel - 5 * block)));
      if (voxel % 2 === 1) set("CeO2/scale", 0);
      calculator.evaluate(false);
      calculator.calculated.forEach((y, k) => {
        patterns[voxel * POINTS + k] = random.poisson(y);
      });
    }
    return patterns;
  });
  const plan = createRietveldPlan({
    config: RietveldMapConfig.parse({ model: "model.yaml", weights }),
    model,
    wavelengthA: 0.11979,
    parameters: parameters.map(({ name, unit }, i) => ({ name, unit, value: sum[i]! })),
    refined: NAMES,
    bounds: [],
    constraints: [],
    bins: Int32Array.from({ length: POINTS }, (_, k) => k),
    twoThetaDeg,
    hasSigma: false,
  });
  return { plan, blocks };
}

/** Of a block: cells of an earlier scan, each its own way from the sum's. */
function earlier(plan: RietveldPlan, block: number): VoxelStarts {
  const a = new Map(plan.values).get("Cu/a")!;
  const cells = Float32Array.from({ length: VOXELS }, (_, voxel) => a * (1 + 4e-4 * (voxel - 4 * block)));
  return { values: new Map([["Cu/a", cells]]), gof: new Float32Array(VOXELS).fill(1.1) };
}

it.each([
  ["poisson", "without a start"],
  ["uniform", "without a start"],
  ["poisson", "from earlier maps"],
] as const)(
  "gives a block the same bits whatever blocks a thread has done before (%s weights, %s)",
  (weights, start) => {
    const { plan, blocks } = make(weights);
    const starts = (block: number) => (start === "from earlier maps" ? earlier(plan, block) : undefined);
    const { arena } = kernels;
    const refineIn = (order: readonly number[]) => {
      const refiner = createVoxelRefiner(kernels, plan);
      const results = new Map<number, RietveldBlockResult>();
      for (const block of order) {
        // as a thread does: memory taken for a block is given back after it, and the next block writes there first
        const mark = arena.mark();
        arena.f64(1 << 18).fill(Number.NaN);
        arena.release(mark);
        results.set(block, refiner.refine({ patterns: blocks[block]! }, undefined, undefined, starts(block)));
        arena.release(mark);
      }
      refiner.close();
      return results;
    };
    const [forward, backward] = [refineIn([0, 1]), refineIn([1, 0])];
    for (const block of [0, 1]) expect(forward.get(block)).toEqual(backward.get(block));
    const { status, parameters } = forward.get(1)!;
    expect([...status["Cu"]!]).toEqual([0, 0, 0, 0, 0]);
    // absent: flagged, and its cell not mapped
    expect([...status["CeO2"]!].map((one) => one === 0)).toEqual([true, false, true, false, true]);
    expect([...parameters["CeO2/a"]!.values].map(Number.isNaN)).toEqual([false, true, false, true, false]);
  },
);
