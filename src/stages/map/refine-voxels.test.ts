/**
 * Voxels of four phases, each of them absent in every third, with cells that vary, in counting noise of known size.
 * Expected: the truth they were made of, and the statistics that the esds promise.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { normal, poisson, seededRandom } from "../../../tests/seeded-random.ts";
import { STATUS } from "../../data/index.ts";
import { createReferenceKernels } from "../../kernels/index.ts";
import { createPatternCalculator } from "../../pattern/calculator.ts";
import { applySettings, createWeightFractions, ModelConfig, resolveModel } from "../../refinement/index.ts";
import {
  createRietveldPlan,
  createVoxelRefiner,
  RietveldMapConfig,
  type RietveldPlan,
  type RietveldPlanInput,
} from "./index.ts";

const PHASES = ["Al", "Cu", "Fe", "graphite"] as const;
const BINS = 500;
const twoThetaDeg = Float64Array.from({ length: BINS }, (_, i) => 1.8 + 0.0085 * i);
const kernels = createReferenceKernels();
const config = ModelConfig.parse({
  wavelength: 0.11979,
  profile: { U: 0.05, W: 4e-4, X: 0.005 },
  background: 2,
  phases: [
    { name: "Al", structure: "Al", scale: 3e-4 },
    { name: "Cu", structure: "Cu", scale: 5e-5 },
    { name: "Fe", structure: "Fe", scale: 2e-4 },
    { name: "graphite", structure: "graphite", scale: 1e-3 },
  ].map(({ scale, ...phase }) => ({ ...phase, scale: { value: scale, refine: true } })),
});
const resolved = resolveModel(config, { structures: new Map() });
const calculator = createPatternCalculator(kernels, resolved.model, resolved.wavelengthA, twoThetaDeg);
const { refined } = applySettings(calculator, resolved);
const { values, indexOf } = calculator;
values[indexOf("background/0")] = 40;
values[indexOf("background/1")] = -10;
const home = values.slice();

const planInput = (change: Partial<RietveldPlanInput> = {}, map: object = {}): RietveldPlanInput => ({
  config: RietveldMapConfig.parse({ model: "model.yaml", ...map }),
  model: resolved.model,
  wavelengthA: resolved.wavelengthA,
  parameters: calculator.parameters.map(({ name, unit }, i) => ({ name, unit, value: home[i]! })),
  refined: refined.map((i) => calculator.parameters[i]!.name),
  bounds: [],
  constraints: [],
  bins: Int32Array.from({ length: BINS }, (_, i) => i),
  twoThetaDeg,
  hasSigma: true,
  ...change,
});
const plan = (map: object = {}, change: Partial<RietveldPlanInput> = {}): RietveldPlan =>
  createRietveldPlan(planInput(change, map));

interface Block {
  readonly patterns: Float32Array;
  readonly sigma: Float32Array;
  /** [voxel] by parameter name */
  readonly truth: (name: string, voxel: number) => number;
  readonly isHere: (phase: string, voxel: number) => boolean;
  readonly shares: readonly Float64Array[];
}

/** @param halo share by which lines are smeared into their neighbours: what the model does not know */
function makeBlock(voxels: number, seed: number, { halo = 0 } = {}): Block {
  const random = seededRandom(seed);
  const patterns = new Float32Array(voxels * BINS);
  const sigma = new Float32Array(voxels * BINS);
  const kept: Float64Array[] = [];
  const shares: Float64Array[] = [];
  const here: boolean[][] = [];
  const weight = createWeightFractions(calculator);
  for (let voxel = 0; voxel < voxels; voxel++) {
    values.set(home);
    here.push(PHASES.map((_, p) => (voxel + p) % 3 !== 0));
    PHASES.forEach((name, p) => {
      values[indexOf(`${name}/scale`)]! *= here[voxel]![p] ? 0.5 + random() : 0;
      values[indexOf(`${name}/a`)]! *= 1 + 1e-3 * (2 * random() - 1);
    });
    values[indexOf("background/0")]! *= 1 + 0.2 * random();
    calculator.evaluate(false);
    const pure = calculator.calculated;
    for (let i = 0; i < BINS; i++) {
      const [before, after] = [pure[Math.max(0, i - 3)]!, pure[Math.min(BINS - 1, i + 3)]!];
      const expected = (1 - halo) * pure[i]! + (halo / 2) * (before + after);
      sigma[voxel * BINS + i] = Math.sqrt(expected);
      patterns[voxel * BINS + i] = expected + Math.sqrt(expected) * normal(random);
    }
    kept.push(values.slice());
    shares.push(new Float64Array(PHASES.length));
    weight.fractions(values, shares[voxel]!);
  }
  values.set(home);
  return {
    patterns,
    sigma,
    truth: (name, voxel) => kept[voxel]![indexOf(name)]!,
    isHere: (phase, voxel) => here[voxel]![PHASES.indexOf(phase as "Al")]!,
    shares,
  };
}

/** Mean and standard deviation of (value - truth) / esd. */
function pulls(list: readonly number[]): { mean: number; deviation: number } {
  const mean = list.reduce((sum, x) => sum + x, 0) / list.length;
  return { mean, deviation: Math.sqrt(list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (list.length - 1)) };
}

describe("a block of four phases", () => {
  const voxels = 120;
  const block = makeBlock(voxels, 11);
  let result: ReturnType<ReturnType<typeof createVoxelRefiner>["refine"]>;
  beforeAll(() => {
    const refiner = createVoxelRefiner(kernels, plan());
    result = refiner.refine(block);
    refiner.close();
  });
  const at = (name: string) => result.parameters[name]!;

  it("converges everywhere, with a goodness of fit of 1", () => {
    expect([...new Set(result.status["fit"])]).toEqual([STATUS.converged]);
    const { mean } = pulls([...at("gof").values]);
    expect(Math.abs(mean - 1)).toBeLessThan(0.01);
  });

  it.each(PHASES)(
    "%s: scales without bias where it is and where it is not, with the esds that noise gives",
    (phase) => {
      for (const isHere of [true, false]) {
        const list = [...Array(voxels).keys()]
          .filter((voxel) => block.isHere(phase, voxel) === isHere)
          .map((voxel) => {
            const { values, esd } = at(`${phase}/scale`);
            return (values[voxel]! - block.truth(`${phase}/scale`, voxel)) / esd![voxel]!;
          });
        const { mean, deviation } = pulls(list);
        expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(list.length));
        expect(Math.abs(deviation - 1)).toBeLessThan(4 / Math.sqrt(2 * list.length));
      }
    },
  );

  it.each(PHASES)("%s: cell and weight fraction where it is, no cell and noSignal where it is not", (phase) => {
    const [cell, share] = [at(`${phase}/a`), at(`${phase}/weight_fraction`)];
    const found: { a: number[]; w: number[] } = { a: [], w: [] };
    for (let voxel = 0; voxel < voxels; voxel++) {
      const status = result.status[phase]![voxel];
      if (!block.isHere(phase, voxel)) {
        expect(status).toBe(STATUS.noSignal);
        expect(cell.values[voxel]).toBeNaN();
        expect(share.values[voxel]).toBeLessThan(0.02);
        continue;
      }
      expect(status).toBe(STATUS.converged);
      found.a.push((cell.values[voxel]! - block.truth(`${phase}/a`, voxel)) / cell.esd![voxel]!);
      found.w.push((share.values[voxel]! - block.shares[voxel]![PHASES.indexOf(phase)]!) / share.esd![voxel]!);
    }
    for (const list of [found.a, found.w]) {
      const { mean, deviation } = pulls(list);
      expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(list.length));
      expect(Math.abs(deviation - 1)).toBeLessThan(4 / Math.sqrt(2 * list.length));
    }
  });

  it("has the same bits from a refiner that has done other blocks before", () => {
    const refiner = createVoxelRefiner(kernels, plan());
    refiner.refine(makeBlock(5, 99));
    const again = refiner.refine(block);
    refiner.close();
    expect(again.parameters).toEqual(result.parameters);
    expect(again.status).toEqual(result.status);
  });

  it("leaves a masked phase out, and fits the others as if it were not in the model", () => {
    const mask = new Uint8Array(voxels).fill(1);
    const refiner = createVoxelRefiner(kernels, plan());
    const masked = refiner.refine(block, new Map([["Cu", mask]]));
    refiner.close();
    for (let voxel = 0; voxel < voxels; voxel++) {
      expect(masked.status["Cu"]![voxel]).toBe(STATUS.notFitted);
      expect(masked.parameters["Cu/scale"]!.values[voxel]).toBeNaN();
      expect(masked.parameters["Cu/weight_fraction"]!.values[voxel]).toBeNaN();
      if (block.isHere("Cu", voxel)) continue;
      const [free, without] = [at("Al/scale"), masked.parameters["Al/scale"]!].map(({ values }) => values[voxel]!);
      expect(Math.abs(free! - without!)).toBeLessThan(at("Al/scale").esd![voxel]!);
    }
  });
});

describe("voxels that are not as they should be", () => {
  it("are left alone: masked, empty, without enough points; bins that are no number do no harm", () => {
    const { patterns, sigma, truth } = makeBlock(6, 5);
    patterns.fill(0, BINS, 2 * BINS);
    patterns.fill(Number.NaN, 2 * BINS, 3 * BINS);
    for (let i = 0; i < BINS; i += 7) patterns[3 * BINS + i] = Number.NaN;
    for (let i = 0; i < BINS; i += 5) sigma[4 * BINS + i] = 0;
    const refiner = createVoxelRefiner(kernels, plan());
    const { status, parameters } = refiner.refine({ patterns, sigma, mask: Uint8Array.of(1, 0, 0, 0, 0, 0) });
    refiner.close();
    const { converged, notFitted } = STATUS;
    expect([...status["fit"]!]).toEqual([notFitted, notFitted, notFitted, converged, converged, converged]);
    for (const voxel of [3, 4]) {
      const phase = status["Al"]![voxel] === converged ? "Al" : "Cu";
      const { values, esd } = parameters[`${phase}/scale`]!;
      expect(Math.abs(values[voxel]! - truth(`${phase}/scale`, voxel))).toBeLessThan(4 * esd![voxel]!);
    }
  });

  it("have no weight fractions where all is noise", () => {
    const random = seededRandom(2);
    const patterns = Float32Array.from({ length: 4 * BINS }, () => normal(random));
    const refiner = createVoxelRefiner(kernels, plan());
    const { parameters, status } = refiner.refine({ patterns, sigma: new Float32Array(4 * BINS).fill(1) });
    refiner.close();
    for (const phase of PHASES) {
      expect([...status[phase]!]).toEqual(new Array(4).fill(STATUS.noSignal));
      expect([...parameters[`${phase}/weight_fraction`]!.values]).toEqual(new Array(4).fill(Number.NaN));
    }
  });

  it("poisson weights: few counts give scales without bias", () => {
    const random = seededRandom(8);
    const [voxels, few] = [60, 0.002];
    values.set(home);
    calculator.evaluate(false);
    const expected = calculator.calculated.map((y) => y * few);
    const patterns = Float32Array.from({ length: voxels * BINS }, (_, i) => poisson(expected[i % BINS]!, random));
    const refiner = createVoxelRefiner(kernels, plan({ weights: "poisson" }, { hasSigma: false }));
    const { parameters } = refiner.refine({ patterns });
    refiner.close();
    for (const phase of PHASES) {
      const { values: scale, esd } = parameters[`${phase}/scale`]!;
      const { mean } = pulls([...scale].map((s, v) => (s - few * home[indexOf(`${phase}/scale`)]!) / esd![v]!));
      expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(voxels) + 0.15);
    }
  });
});

describe("weights of the slice", () => {
  const voxels = 45;
  const block = makeBlock(voxels, 3, { halo: 0.9 });
  const mean = new Float32Array(BINS);
  const sliceSigma = new Float64Array(BINS);
  for (let i = 0; i < voxels * BINS; i++) {
    mean[i % BINS]! += block.patterns[i]! / voxels;
    sliceSigma[i % BINS]! += block.sigma[i]! ** 2;
  }
  sliceSigma.forEach((variance, i) => {
    sliceSigma[i] = Math.sqrt(variance) / voxels;
  });
  const refine = ["*/scale", "background/*"];

  /** [phase] mean scale of the voxels over the scale of the mean pattern */
  function ratios(weights: string): number[] {
    const change = { sliceSigma, isReconstructed: true };
    const refiner = createVoxelRefiner(kernels, plan({ weights, refine }, change));
    const { parameters } = refiner.refine(block);
    const whole = createVoxelRefiner(kernels, plan({ weights: "sigma", refine }));
    const of = whole.refine({ patterns: mean, sigma: Float32Array.from(sliceSigma) });
    whole.close();
    refiner.close();
    return PHASES.map((phase) => {
      const sum = parameters[`${phase}/scale`]!.values.reduce((total, value) => total + value, 0);
      return sum / voxels / of.parameters[`${phase}/scale`]!.values[0]!;
    });
  }

  it("let voxels add up to the mean pattern, though lines have a shape that the model lacks", () => {
    for (const ratio of ratios("slice")) expect(Math.abs(ratio - 1)).toBeLessThan(1e-5);
    expect(plan({}, { sliceSigma, isReconstructed: true }).weights).toBe("slice");
  });
  it("which weights of their own do not", () => {
    expect(Math.max(...ratios("sigma").map((ratio) => Math.abs(ratio - 1)))).toBeGreaterThan(0.01);
  });
});

describe("createRietveldPlan", () => {
  it("has maps of fractions, scales, cells and the fit, and takes sigma where voxels were measured", () => {
    const { parameters, weights } = plan({}, { sliceSigma: new Float64Array(BINS).fill(1) });
    expect(weights).toBe("sigma");
    expect(parameters.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["Al/weight_fraction", "graphite/c", "background/0", "rwp", "gof"]),
    );
    expect(plan({}, { hasSigma: false }).parameters.at(-1)!.name).toBe("residual");
  });
  it.each([
    ["map-refine", { refine: ["*/scale", "Al/b"] }, {}, /"Al\/b" is none/],
    ["map-refine", { refine: ["*/a"] }, {}, /no scale/],
    ["map-weights", { weights: "sigma" }, { hasSigma: false }, /no standard uncertainties/],
    ["map-weights", { weights: "slice" }, { hasSigma: false }, /weights is slice/],
  ])("%s: %j", (code, map, change, message) => {
    expect(() => plan(map, change)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});
