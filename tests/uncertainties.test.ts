/**
 * What the esds promise, against chance: 200 patterns of one model with noise of known size, fitted, and every
 * parameter's (found - true) / esd. The mean of 200 such numbers is 0 within 0.07, their standard deviation 1 within
 * 0.05 (standard errors); some twenty are looked at, so 3.2 standard errors are allowed.
 */
import { describe, expect, it } from "vitest";
import type { Pattern } from "../src/data/index.ts";
import { goodnessOfFit, scaleCovariance } from "../src/fit/index.ts";
import { createPatternCalculator } from "../src/pattern/calculator.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import {
  applySettings,
  createPatternFit,
  createWeightFractions,
  ModelConfig,
  type ModelConfigInput,
  resolveModel,
} from "../src/refinement/index.ts";
import { type RefinementResult, refinePattern } from "../src/stages/refine/index.ts";
import { normal, poisson, seededRandom } from "./seeded-random.ts";

const kernels = loadKernels();
const files = { structures: new Map() };
const twoThetaDeg = Float64Array.from({ length: 400 }, (_, i) => 2 + 0.025 * i);
const [PATTERNS, MEAN_WITHIN, SD_WITHIN] = [200, 0.22, 0.16] as const;

const free = (value: number, more: object = {}) => ({ value, refine: true, ...more });
const NMC = {
  structure: "NMC532",
  name: "NMC",
  scale: free(1e-4),
  cell: { a: free(2.868), c: free(14.24) },
  size: free(60),
  sites: { O5: { z: free(0.2585), b: free(0.9) } },
};
const CEO2 = { structure: "CeO2", scale: free(2e-5), cell: { a: free(5.412) }, overallB: free(0.2) };
const NI = { structure: "Ni", scale: free(3e-4), cell: { a: free(3.524) }, size: free(60) };
const BASE = {
  wavelength: 0.2,
  cutoff: 0,
  profile: { U: 0.001, W: free(8e-4), X: free(0.012) },
  zero: free(0.004),
  background: { chebyshev: [400, -80] },
};
const MODEL: ModelConfigInput = {
  ...BASE,
  phases: [{ ...NMC, texture: [{ hkl: [0, 0, 1], r: free(0.8) }] }, CEO2],
};
const TIED: ModelConfigInput = {
  ...BASE,
  phases: [{ ...NMC, overallB: free(0.2) }, CEO2, NI],
  constraints: ["NMC/overallB = CeO2/overallB", "Ni/size = NMC/size"],
};

/** The model at its own values, and a fit of its refined parameters. */
function setUp(input: ModelConfigInput) {
  const resolved = resolveModel(ModelConfig.parse(input), files);
  const calculator = createPatternCalculator(kernels, resolved.model, resolved.wavelengthA, twoThetaDeg);
  const settings = applySettings(calculator, resolved);
  const weightFractions = createWeightFractions(calculator);
  const fit = createPatternFit(
    kernels,
    calculator,
    { ...settings, constraints: resolved.constraints },
    weightFractions,
  );
  calculator.prepare([]);
  expect(calculator.evaluate(false)).toBe(true);
  return { calculator, fit, weightFractions, truth: calculator.values.slice(), exact: calculator.calculated.slice() };
}

/** What has an esd -> pulls over many patterns; sigma is taken `sigmaShare` times what it is, and gof makes up for it. */
function pullsOf(input: ModelConfigInput, sigmaShare = 1): Map<string, number[]> {
  const mark = kernels.arena.mark();
  const { calculator, fit, weightFractions, truth, exact } = setUp(input);
  const count = calculator.phases.length;
  const [wanted, found] = [new Float64Array(count), new Float64Array(count)];
  weightFractions.fractions(truth, wanted);
  const pulls = new Map<string, number[]>();
  const add = (name: string, pull: number): void => {
    pulls.set(name, [...(pulls.get(name) ?? []), pull]);
  };
  for (let seed = 1; seed <= PATTERNS; seed++) {
    const random = seededRandom(seed);
    fit.observed.set(exact.map((y) => y + Math.sqrt(y) * normal(random)));
    fit.weight.set(exact.map((y) => 1 / (sigmaShare * sigmaShare * y)));
    calculator.values.set(truth);
    const summary = fit.solve();
    expect(summary.status).toBe("converged");
    const gof = goodnessOfFit(summary.finalCost, exact.length, summary.freeCount);
    const { esd, matrix } = scaleCovariance(fit.covariance(), sigmaShare === 1 ? 1 : gof);
    fit.refined.forEach((i, j) => {
      add(calculator.parameters[i]!.name, (calculator.values[i]! - truth[i]!) / esd[j]!);
    });
    weightFractions.fractions(calculator.values, found);
    const weightEsd = weightFractions.esd(calculator.values, fit.refined, matrix);
    for (let p = 0; p < count; p++) add(`weight ${p}`, (found[p]! - wanted[p]!) / weightEsd[p]!);
    const freedom = exact.length - summary.freeCount;
    add("chi2", (summary.finalCost * sigmaShare ** 2 - freedom) / Math.sqrt(2 * freedom));
  }
  kernels.arena.release(mark);
  return pulls;
}

const meanOf = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
function wrongPulls(pulls: Map<string, number[]>): string[] {
  return [...pulls].flatMap(([name, list]) => {
    const mean = meanOf(list);
    const sd = Math.sqrt(meanOf(list.map((value) => (value - mean) ** 2)));
    if (process.env["SHOW_PULLS"]) console.log(name.padEnd(20), mean.toFixed(3), sd.toFixed(3));
    const isRight = Math.abs(mean) < MEAN_WITHIN && Math.abs(sd - 1) < SD_WITHIN;
    return isRight ? [] : [`${name}: ${mean.toFixed(3)} +- ${sd.toFixed(3)}`];
  });
}

describe("esds are the standard deviations of what is found", () => {
  it("scale, cell, zero, W, X, size, texture, z, b, background, weight fractions, chi^2", () => {
    const pulls = pullsOf(MODEL);
    expect([...pulls.keys()]).toEqual(
      expect.arrayContaining([
        "zero",
        "W",
        "X",
        "NMC/c",
        "NMC/size",
        "NMC/texture",
        "NMC/O5/z",
        "NMC/O5/b",
        "weight 1",
      ]),
    );
    expect(wrongPulls(pulls)).toEqual([]);
  });

  it("of tied parameters, and times the goodness of fit where sigma is given half as large as it is", () => {
    const pulls = pullsOf(TIED, 0.5);
    expect(pulls.get("Ni/size")).toEqual(pulls.get("NMC/size"));
    expect(wrongPulls(pulls)).toEqual([]);
  });

  it("where a weight fraction is held, which then has none", () => {
    const mark = kernels.arena.mark();
    const { weightFractions, truth } = setUp(TIED);
    const share = new Float64Array(3);
    weightFractions.fractions(truth, share);
    const input = { ...TIED, constraints: [...TIED.constraints!, `weight(CeO2) = ${share[1]}`] };
    const { fit, calculator } = setUp(input);
    fit.observed.set(calculator.calculated);
    fit.weight.set(calculator.calculated.map((y) => 1 / y));
    fit.solve();
    const esd = weightFractions.esd(calculator.values, fit.refined, fit.covariance().matrix);
    // what is left is of the cell, whose volume the equation holds as it stands
    expect(esd[1]! / esd[0]!).toBeLessThan(0.02);
    kernels.arena.release(mark);
    const pulls = pullsOf(input);
    // its own scatter is rounding over rounding
    pulls.delete("weight 1");
    expect(wrongPulls(pulls)).toEqual([]);
  });
});

const patternOf = (intensity: Float64Array, sigma?: Float64Array): Pattern => ({
  axis: { unit: "two-theta", values: twoThetaDeg },
  intensity,
  ...(sigma && { sigma }),
});
const refined = (input: ModelConfigInput, pattern: Pattern): RefinementResult =>
  refinePattern(kernels, ModelConfig.parse(input), files, pattern, "simulated");
const esdOf = ({ parameters }: RefinementResult, name: string): number =>
  parameters.find((one) => one.name === name)!.esd!;

describe("a report", () => {
  const mark = kernels.arena.mark();
  const { exact } = setUp(MODEL);
  kernels.arena.release(mark);
  const random = seededRandom(7);
  const noisy = exact.map((y) => y + Math.sqrt(y) * normal(random));

  it("has the volume's esd from those of the cell", () => {
    const result = refined(MODEL, patternOf(noisy, exact.map(Math.sqrt)));
    const { cell, volumeEsd } = result.phases[1]!;
    expect(volumeEsd! / (3 * cell.a ** 2 * esdOf(result, "CeO2/a"))).toBeCloseTo(1, 5);
  });

  it("gives esds that do not depend on the unit of intensity where sigma is not known", () => {
    const of = (factor: number) => refined({ ...MODEL, weights: "uniform" }, patternOf(noisy.map((y) => y * factor)));
    const [counts, shares] = [of(1), of(1 / 150000)];
    for (const name of ["NMC/c", "CeO2/a", "zero"]) {
      expect([name, (esdOf(shares, name) / esdOf(counts, name)).toFixed(3)]).toEqual([name, "1.000"]);
    }
    expect(shares.esd.kind).toBe("gof");
  });
});

describe("a model that only says what is refined", () => {
  const patternFor = (input: ModelConfigInput): Pattern => {
    const mark = kernels.arena.mark();
    const { exact } = setUp(input);
    kernels.arena.release(mark);
    return patternOf(exact, exact.map(Math.sqrt));
  };
  const nickel = { ...NI, size: 60 };

  it("finds a Gaussian strain, which has no slope at 0", () => {
    const pattern = patternFor({ ...BASE, phases: [{ ...nickel, gaussianStrain: 0.002 }] });
    const profile = { ...BASE.profile, W: 8e-4, X: 0.012 };
    const result = refined({ ...BASE, profile, phases: [{ ...nickel, gaussianStrain: true }] }, pattern);
    expect(result.parameters.find(({ name }) => name === "Ni/gaussianStrain")!.value).toBeCloseTo(0.002, 6);
  });

  it("says that 75 is no weight fraction", () => {
    const input = { ...BASE, phases: [nickel, CEO2], constraints: ["weight(Ni) = 75"] };
    expect(() => refined(input, patternFor({ ...input, constraints: [] }))).toThrow(/75 % is 0.75/);
  });
});

/** Five counts a point, and no lines: what is found for the background is the bias of the weights. */
describe("weights at low counts", () => {
  const level = (weights: "counts" | "model"): number =>
    meanOf(
      Array.from({ length: 10 }, (_, seed) => {
        const random = seededRandom(seed + 1);
        const intensity = Float64Array.from(twoThetaDeg, () => poisson(5, random));
        const input = { ...BASE, profile: { W: 8e-4 }, zero: 0, weights, phases: [] };
        const peak = { name: "one", position: 5, fwhm: 0.1, eta: 0.5, area: { value: 0, refine: false } };
        const { pattern } = refined({ ...input, background: 1, peaks: [peak] }, patternOf(intensity));
        return pattern.background[0]!;
      }),
    );
  // 400 x 10 points of 5 +- 2.24: the mean is known to 0.035
  it("from the counts pull the fit down by a count", () => {
    expect(level("counts")).toBeGreaterThan(3.7);
    expect(level("counts")).toBeLessThan(4.2);
  });
  it("from the model do not", () => {
    expect(Math.abs(level("model") - 5)).toBeLessThan(0.11);
  });
});
