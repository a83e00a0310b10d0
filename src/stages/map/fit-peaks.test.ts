import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../../tests/kernel-builds.ts";
import { normal, seededRandom } from "../../../tests/seeded-random.ts";
import { type Axis, STATUS } from "../../data/index.ts";
import { pseudoVoigt } from "../../pattern/pseudo-voigt.ts";
import { createPeakPlan, fitPeaksBlock, type MapConfigInput, type PeakBlockResult } from "./index.ts";

const kernels = kernelBuilds[1]!.create(); // simd: the reference's bits at a tenth of the time
const bins = 64;
const axis: Axis = { unit: "two-theta", values: Float64Array.from({ length: bins }, (_, i) => 2.2 + 0.005 * i) };
const WIDE = { refine: "voxel", min: -2, max: 3 } as const;

interface TruePeak {
  area: number;
  position: number;
  fwhm: number;
  eta: number;
}
const LINE = { level: 150, slope: 80 };
const lineAt = (x: number): number => LINE.level + LINE.slope * (x - 2.3575);

function model(peaks: readonly TruePeak[]): Float64Array {
  return axis.values.map((x) => peaks.reduce((sum, peak) => sum + pseudoVoigt(x, peak), lineAt(x)));
}

/** Seeded: uniform numbers, and from them normal and exact Poisson ones. */
function chance(seed: number) {
  const uniform = seededRandom(seed);
  const poisson = (mean: number): number => {
    // Multiply uniform numbers until they fall under exp(-mean); in parts, for exp(-mean) not to underflow.
    let count = 0;
    for (let part = mean; part > 0; part -= 100) {
      const least = Math.exp(-Math.min(part, 100));
      for (let product = uniform(); product > least; product *= uniform()) count++;
    }
    return count;
  };
  return { uniform, normal: () => normal(uniform), poisson };
}

const single = (peak: object = {}): MapConfigInput => ({
  regions: [{ name: "r", range: [2.2, 2.52], peaks: [{ name: "p", position: 2.36, fwhm: 0.035, eta: WIDE, ...peak }] }],
});

function block(count: number, make: (voxel: number) => Float64Array): Float32Array {
  const patterns = new Float32Array(count * bins);
  for (let v = 0; v < count; v++) patterns.set(make(v), v * bins);
  return patterns;
}

const statusCounts = (result: PeakBlockResult, peak: string): number[] =>
  Object.values(STATUS).map((code) => result.status[peak]!.filter((s) => s === code).length);

/** Mean and standard deviation of (found - true) / esd over the voxels that have both. */
function pulls(result: PeakBlockResult, name: string, truth: (voxel: number) => number) {
  const { values, esd } = result.parameters[name]!;
  const list = [...values].flatMap((value, v) => (esd![v]! > 0 ? [(value - truth(v)) / esd![v]!] : []));
  const mean = list.reduce((a, b) => a + b, 0) / list.length;
  return {
    mean,
    std: Math.sqrt(list.reduce((sum, pull) => sum + (pull - mean) ** 2, 0) / list.length),
    n: list.length,
  };
}

/** Four standard errors of a mean and a standard deviation of n unit normal numbers. */
function expectUnitNormal({ mean, std, n }: { mean: number; std: number; n: number }): void {
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(n));
  expect(Math.abs(std - 1)).toBeLessThan(4 / Math.sqrt(2 * n));
}

describe("a single peak", () => {
  it("is found exactly where there is no noise", () => {
    const truth: TruePeak = { area: 40, position: 2.371, fwhm: 0.043, eta: 0.37 };
    const result = fitPeaksBlock(kernels, createPeakPlan(single(), axis), { patterns: block(1, () => model([truth])) });
    expect(result.status["r/p"]![0]).toBe(STATUS.converged);
    for (const name of ["area", "position", "fwhm", "eta"] as const) {
      // float32 patterns: 6e-8 of about 900 counts
      expect(Math.abs(result.parameters[`r/p/${name}`]!.values[0]! / truth[name] - 1)).toBeLessThan(2e-5);
    }
    expect(result.parameters["r/background"]!.values[0]).toBeCloseTo(lineAt(2.36), 2);
  });

  it("has esds that are the spread, without bias, from Poisson counts", () => {
    const { uniform, poisson } = chance(1);
    const truths = Array.from({ length: 1500 }, (): TruePeak => {
      const [position, fwhm] = [2.34 + 0.04 * uniform(), 0.03 + 0.02 * uniform()];
      return { area: 60 + 40 * uniform(), position, fwhm, eta: 0.2 + 0.6 * uniform() };
    });
    const patterns = block(truths.length, (v) => model([truths[v]!]).map(poisson));
    const plan = createPeakPlan({ ...single(), weights: "poisson" }, axis);
    const result = fitPeaksBlock(kernels, plan, { patterns });
    expect(statusCounts(result, "r/p")[STATUS.converged]).toBe(truths.length);
    for (const name of ["area", "position", "fwhm", "eta"] as const) {
      expectUnitNormal(pulls(result, `r/p/${name}`, (v) => truths[v]![name]));
    }
    expectUnitNormal(pulls(result, "r/background", () => lineAt(2.36)));
  });

  it("has esds that are the spread from a given sigma, whatever its scale", () => {
    const { normal } = chance(2);
    const truth: TruePeak = { area: 0.3, position: 2.36, fwhm: 0.04, eta: 0.5 };
    const shape = model([truth]).map((value, i) => value - lineAt(axis.values[i]!));
    const sigmas = axis.values.map((_, i) => 0.05 * (1 + (i % 3)));
    const patterns = block(800, () => shape.map((value, i) => value + sigmas[i]! * normal()));
    const config = single({ eta: { value: 0.5, refine: "no" } });
    const plan = createPeakPlan(config, axis, { hasSigma: true });
    expect(plan.weights).toBe("sigma");
    const result = fitPeaksBlock(kernels, plan, { patterns, sigma: block(800, () => sigmas) });
    for (const name of ["area", "position", "fwhm"] as const) {
      expectUnitNormal(pulls(result, `r/p/${name}`, () => truth[name]));
    }
  });

  it.each([-0.05, -0.03, 0.03, 0.05])("is found %d degrees (over a width) from where it starts", (shift) => {
    const truth: TruePeak = { area: 40, position: 2.36 + shift, fwhm: 0.03, eta: 0.4 };
    const result = fitPeaksBlock(kernels, createPeakPlan(single(), axis), { patterns: block(1, () => model([truth])) });
    expect(result.parameters["r/p/position"]!.values[0]).toBeCloseTo(truth.position, 5);
  });

  it("is found at the region's edge, with the larger esd that half a peak has", () => {
    const { poisson } = chance(3);
    const plan = createPeakPlan({ ...single({ position: 2.21, eta: 0.4 }), weights: "poisson" }, axis);
    const truth: TruePeak = { area: 60, position: 2.203, fwhm: 0.04, eta: 0.5 };
    const held = createPeakPlan(
      { ...single({ position: 2.21, eta: { value: 0.5, refine: "no" } }), weights: "poisson" },
      axis,
    );
    const patterns = block(400, () => model([truth]).map(poisson));
    expectUnitNormal(pulls(fitPeaksBlock(kernels, held, { patterns }), "r/p/position", () => truth.position));
    expect(plan.regions[0]!.fit.parameters).toBe(5); // eta is the summed pattern's business unless asked for
  });
});

describe("a peak that is not there", () => {
  const { poisson } = chance(4);
  const patterns = block(1000, () => model([]).map(poisson));
  const plan = createPeakPlan({ ...single({ eta: 0.5 }), weights: "poisson" }, axis);
  const result = fitPeaksBlock(kernels, plan, { patterns });

  it("has status noSignal and no position, width or d", () => {
    const counts = statusCounts(result, "r/p");
    expect(counts[STATUS.noSignal]).toBeGreaterThanOrEqual(990);
    expect(counts[STATUS.noSignal]! + counts[STATUS.converged]! + counts[STATUS.atBound]!).toBe(1000);
    result.status["r/p"]!.forEach((status, v) => {
      if (status !== STATUS.noSignal) return;
      expect(result.parameters["r/p/position"]!.values[v]).toBeNaN();
      expect(result.parameters["r/p/fwhm"]!.values[v]).toBeNaN();
    });
  });

  it("has an area of zero within its esd, so that a map of areas has no holes", () => {
    const { mean, std } = pulls(result, "r/p/area", () => 0);
    expect(Math.abs(mean)).toBeLessThan(0.15);
    expect(std).toBeGreaterThan(0.85);
    expect(std).toBeLessThan(1.15);
  });

  it("never takes a neighbour with it: in a doublet the other peak is still right", () => {
    const config = doublet();
    const truth: TruePeak = { area: 50, position: 2.34, fwhm: 0.035, eta: 0.4 };
    const { poisson: draw } = chance(5);
    const lone = block(400, () => model([truth]).map(draw));
    const fitted = fitPeaksBlock(kernels, createPeakPlan(config, axis), { patterns: lone });
    expect(statusCounts(fitted, "pair/right")[STATUS.noSignal]).toBeGreaterThanOrEqual(396);
    expectUnitNormal(pulls(fitted, "pair/left/position", () => truth.position));
  });
});

function doublet(): MapConfigInput {
  const eta = { value: 0.4, refine: "no" } as const;
  const left = { name: "left", position: 2.34, fwhm: 0.035, eta };
  const right = { name: "right", position: 2.38, fwhm: { tie: "left" }, eta };
  return { regions: [{ name: "pair", range: [2.2, 2.52], peaks: [left, right] }], weights: "poisson" };
}

it("separates a doublet closer than a width, with a common width", () => {
  const { poisson } = chance(7);
  const left: TruePeak = { area: 60, position: 2.345, fwhm: 0.04, eta: 0.4 };
  const right: TruePeak = { area: 45, position: 2.379, fwhm: 0.04, eta: 0.4 };
  const patterns = block(600, () => model([left, right]).map(poisson));
  const result = fitPeaksBlock(kernels, createPeakPlan(doublet(), axis), { patterns });
  expect(statusCounts(result, "pair/left")[STATUS.converged]).toBeGreaterThanOrEqual(597);
  for (const name of ["area", "position", "fwhm"] as const) {
    const { mean, std } = pulls(result, `pair/left/${name}`, () => left[name]);
    // The model is not linear over one esd where peaks overlap: a bias of a tenth of an esd is left.
    expect(Math.abs(mean)).toBeLessThan(0.3);
    expect(Math.abs(std - 1)).toBeLessThan(0.15);
  }
  expect(result.parameters["pair/right/fwhm"]!.values).toEqual(result.parameters["pair/left/fwhm"]!.values);
});

it("ties with factor and offset", () => {
  const truth = { area: 60, position: 2.33, fwhm: 0.035, eta: 0.4 };
  const second = { ...truth, area: 30, position: 2.33 + 0.05 };
  const config = doublet();
  const [left, right] = config.regions![0]!.peaks;
  Object.assign(right!, { area: { tie: "left", factor: 0.5 }, position: { value: 2.38, tie: "left", offset: 0.05 } });
  const patterns = block(1, () => model([truth, second]));
  const { parameters } = fitPeaksBlock(kernels, createPeakPlan(config, axis), { patterns });
  expect(left!.name).toBe("left");
  expect(parameters["pair/left/area"]!.values[0]).toBeCloseTo(60, 2);
  expect(parameters["pair/right/area"]!.values[0]).toBeCloseTo(30, 2);
  expect(parameters["pair/right/area"]!.esd![0]).toBeCloseTo(parameters["pair/left/area"]!.esd![0]! / 2, 10);
  expect(parameters["pair/right/position"]!.values[0]).toBeCloseTo(2.38, 5);
});

describe("bad points", () => {
  const truth: TruePeak = { area: 60, position: 2.365, fwhm: 0.04, eta: 0.4 };
  const plan = createPeakPlan({ ...single(), weights: "poisson" }, axis);
  const { poisson } = chance(8);
  const clean = model([truth]).map(poisson);

  it("missing points are left out: the rest gives the same peak", () => {
    const patterns = block(1, () => clean.map((value, i) => (i === 30 || i === 34 || i > 58 ? Number.NaN : value)));
    const { parameters, status } = fitPeaksBlock(kernels, plan, { patterns });
    expect(status["r/p"]![0]).toBe(STATUS.converged);
    for (const name of ["area", "position", "fwhm", "eta"] as const) {
      const { values, esd } = parameters[`r/p/${name}`]!;
      expect(Math.abs(values[0]! - truth[name])).toBeLessThan(4 * esd![0]!);
    }
  });

  it("a voxel without enough points, or masked, is not fitted and has no numbers", () => {
    const patterns = block(3, (v) => (v === 0 ? clean.map(() => Number.NaN) : clean));
    const result = fitPeaksBlock(kernels, plan, { patterns, mask: Uint8Array.of(0, 1, 0) });
    expect([...result.status["r/p"]!]).toEqual([STATUS.notFitted, STATUS.notFitted, STATUS.converged]);
    for (const { values } of Object.values(result.parameters)) {
      expect([values[0], values[1]]).toEqual([Number.NaN, Number.NaN]);
    }
  });

  it("a spike shows in the goodness of fit, and spikeSigma takes it out", () => {
    const spiked = clean.map((value, i) => (i === 12 ? value + 3000 : value));
    const patterns = block(2, (v) => (v === 0 ? clean : spiked));
    const kept = fitPeaksBlock(kernels, plan, { patterns });
    expect(kept.parameters["r/gof"]!.values[1]).toBeGreaterThan(5);
    const cleaned = createPeakPlan({ ...single(), weights: "poisson", spikeSigma: 6 }, axis);
    const { parameters } = fitPeaksBlock(kernels, cleaned, { patterns });
    expect(parameters["r/gof"]!.values[1]).toBeLessThan(1.5);
    for (const name of ["area", "position", "fwhm"] as const) {
      const { values, esd } = parameters[`r/p/${name}`]!;
      expect(Math.abs(values[1]! - values[0]!)).toBeLessThan(esd![0]!);
    }
  });

  it("zeros everywhere are no signal, not an error", () => {
    const result = fitPeaksBlock(kernels, plan, { patterns: new Float32Array(bins) });
    expect(result.status["r/p"]![0]).toBe(STATUS.noSignal);
    expect(result.parameters["r/p/area"]!.values[0]).toBe(0);
  });
});

it("never throws, and gives numbers only with a status that stands for them, whatever the patterns hold", () => {
  const plans = (["poisson", "uniform"] as const).map((weights) =>
    createPeakPlan({ ...doublet(), weights, spikeSigma: 5 }, axis),
  );
  const value = fc.oneof(
    fc.float({ min: -100, max: 1000 }),
    fc.constantFrom(0, Number.NaN, Infinity, -Infinity, 1e30, -1e30, 1e-30),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: bins, maxLength: bins }), (values) => {
      for (const plan of plans) {
        const { status, parameters } = fitPeaksBlock(kernels, plan, { patterns: Float32Array.from(values) });
        const code = status["pair/left"]![0]!;
        const position = parameters["pair/left/position"]!.values[0]!;
        const hasPosition = code === STATUS.converged || code === STATUS.atBound;
        expect(Object.values(STATUS)).toContain(code);
        expect(Number.isFinite(position)).toBe(hasPosition);
        if (hasPosition) expect(position >= 2.2 && position <= 2.52).toBe(true);
      }
    }),
    { numRuns: 200, seed: 7 },
  );
});

describe("status", () => {
  it("is atBound, without esd of that parameter, where a width wants out of its bounds", () => {
    const patterns = block(1, () => model([{ area: 60, position: 2.36, fwhm: 0.06, eta: 0.4 }]));
    const plan = createPeakPlan(single({ fwhm: { value: 0.03, min: 0.02, max: 0.04 } }), axis);
    const result = fitPeaksBlock(kernels, plan, { patterns });
    expect(result.status["r/p"]![0]).toBe(STATUS.atBound);
    expect(result.parameters["r/p/fwhm"]!.values[0]).toBe(0.04);
    expect(result.parameters["r/p/fwhm"]!.esd![0]).toBeNaN();
    expect(result.parameters["r/p/position"]!.esd![0]).toBeGreaterThan(0);
  });

  it("is undetermined where two peaks are the same", () => {
    const held = { value: 2.36, refine: "no" } as const;
    const peak = { position: held, fwhm: { value: 0.04, refine: "no" as const }, eta: 0.4 };
    const peaks = [
      { ...peak, name: "one" },
      { ...peak, name: "two" },
    ];
    const plan = createPeakPlan({ regions: [{ name: "r", range: [2.2, 2.52], peaks }], minSignificance: 0 }, axis);
    const result = fitPeaksBlock(kernels, plan, {
      patterns: block(1, () => model([{ area: 60, position: 2.36, fwhm: 0.04, eta: 0.4 }])),
    });
    expect(result.status["r/one"]![0]).not.toBe(STATUS.converged);
    expect(result.parameters["r/one/area"]!.values[0]).toBeNaN();
  });
});

it("gives the same bits however a scan is cut into blocks", () => {
  const { uniform, poisson } = chance(9);
  const count = 301;
  const patterns = block(count, () =>
    model([{ area: 80 * uniform(), position: 2.33 + 0.06 * uniform(), fwhm: 0.04, eta: 0.4 }]).map(poisson),
  );
  const plan = createPeakPlan({ ...single(), weights: "poisson" }, axis);
  const whole = fitPeaksBlock(kernels, plan, { patterns });
  for (const size of [1, 7, 64, 150]) {
    for (const { name } of plan.parameters) {
      const parts: number[] = [];
      for (let from = 0; from < count; from += size) {
        const part = patterns.subarray(from * bins, Math.min(count, from + size) * bins);
        if (size === 1 && from > 20) break;
        parts.push(...fitPeaksBlock(kernels, plan, { patterns: part }).parameters[name]!.values);
      }
      expect(parts).toEqual([...whole.parameters[name]!.values.subarray(0, parts.length)]);
    }
  }
});

it("starts from the summed pattern: position, width and shape need not be given", () => {
  const { poisson } = chance(10);
  const truth: TruePeak = { area: 60, position: 2.39, fwhm: 0.04, eta: 0.3 };
  const patterns = block(50, () => model([truth]).map(poisson));
  const intensity = new Float64Array(bins);
  for (let i = 0; i < patterns.length; i++) intensity[i % bins] = intensity[i % bins]! + patterns[i]! / 50;
  const region = { name: "r", range: [2.2, 2.52] as [number, number], peaks: [{ name: "p" }] };
  const plan = createPeakPlan({ regions: [region] }, axis, { summedPattern: { axis, intensity }, wavelengthA: 0.12 });
  const { start } = plan.regions[0]!.peaks[0]!;
  expect(start.position).toBeCloseTo(2.39, 3);
  expect(start.fwhm).toBeCloseTo(0.04, 2);
  expect(Math.abs(start.eta - 0.3)).toBeLessThan(0.1);
  expect(plan.parameters.map(({ name }) => name)).toEqual([
    "r/p/area",
    "r/p/position",
    "r/p/fwhm",
    "r/p/d",
    "r/background",
    "r/residual",
  ]);
  const { parameters } = fitPeaksBlock(kernels, plan, { patterns });
  const [twoTheta, esd] = [parameters["r/p/position"]!.values[0]!, parameters["r/p/position"]!.esd![0]!];
  const theta = (twoTheta * Math.PI) / 360;
  expect(parameters["r/p/d"]!.values[0]).toBeCloseTo(0.12 / (2 * Math.sin(theta)), 9); // Bragg
  // |dd/d(2theta)| = d cot(theta) / 2
  const slope = (0.12 / (2 * Math.sin(theta))) * (1 / Math.tan(theta) / 2) * (Math.PI / 180);
  expect(parameters["r/p/d"]!.esd![0]! / (slope * esd)).toBeCloseTo(1, 6);
});

describe("bad input names what to do", () => {
  const copper = { name: "111", hkl: [1, 1, 1] as [number, number, number], position: 2.36, fwhm: 0.035 };
  const crowd = Array.from({ length: 7 }, (_, i) => ({
    name: `${i}`,
    position: 2.25 + 0.03 * i,
    fwhm: 0.02,
    eta: WIDE,
  }));
  const region = (change: object) => ({ regions: [{ ...single().regions![0]!, ...change }] });
  it.each([
    ["map-region-outside", region({ range: [9, 9.5] })],
    ["map-region-outside", single({ position: 3 })],
    ["map-start-unknown", single({ fwhm: undefined })],
    ["map-start-unknown", single({ position: undefined })],
    ["map-tie-unknown", single({ fwhm: { tie: "nobody" } })],
    ["map-bounds", single({ fwhm: { value: 0.03, min: 0.05, max: 0.04 } })],
    ["map-bounds", single({ fwhm: -1 })],
    ["map-too-many-parameters", region({ background: 3, peaks: crowd })],
    ["map-name-twice", { regions: [...single().regions!, ...single().regions!] }],
    ["map-needs-sigma", { ...single(), weights: "sigma" as const }],
    ["axis-needs-wavelength", single({ position: undefined, d: 2.9 })],
    ["map-lattice-hkl", { ...single({ hkl: [1, 1, 1] }), lattices: [{ phase: "Cu", system: "cubic" as const }] }],
    [
      "axis-needs-wavelength",
      { ...region({ phase: "Cu", peaks: [copper] }), lattices: [{ phase: "Cu", system: "cubic" as const }] },
    ],
  ])("%s", (code, config) => {
    expect(() => createPeakPlan(config, axis)).toThrow(expect.objectContaining({ code }));
  });

  it("map-shape", () => {
    const plan = createPeakPlan(single(), axis);
    const wrong = { patterns: new Float32Array(bins + 1) };
    expect(() => fitPeaksBlock(kernels, plan, wrong)).toThrow(expect.objectContaining({ code: "map-shape" }));
  });

  it("a misspelt key is an error", () => {
    expect(() => createPeakPlan(single({ fwmh: 0.03 }), axis)).toThrow(/fwmh/);
  });
});
