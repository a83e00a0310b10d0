import { expect, it } from "vitest";
import { builtInStructure, cellMass, cellVolume } from "../crystal/index.ts";
import type { Pattern } from "../data/index.ts";
import { createReferenceKernels } from "../kernels/index.ts";
import { createPatternCalculator } from "../pattern/calculator.ts";
import {
  applySettings,
  createPatternFit,
  createWeightFractions,
  fitStatistics,
  loadData,
  ModelConfig,
  type ModelConfigInput,
  resolveModel,
  selectData,
} from "./index.ts";

const files = { structures: new Map() };
const twoTheta = Float64Array.from({ length: 700 }, (_, i) => 1.5 + 0.01 * i);

function setUp(input: ModelConfigInput) {
  const resolved = resolveModel(ModelConfig.parse(input), files);
  const calculator = createPatternCalculator(createReferenceKernels(), resolved.model, resolved.wavelengthA, twoTheta);
  return { resolved, calculator, ...applySettings(calculator, resolved) };
}

const TWO: ModelConfigInput = {
  wavelength: 0.12,
  profile: { W: 4e-4, X: 0.003 },
  background: 2,
  phases: ["Cu", { structure: "CeO2", scale: 1 }],
};

function pattern(intensity: ArrayLike<number>, sigma?: ArrayLike<number>): Pattern {
  const values = twoTheta.slice(0, intensity.length);
  return {
    axis: { unit: "two-theta", values },
    intensity: Float64Array.from(intensity),
    ...(sigma && { sigma: Float64Array.from(sigma) }),
  };
}

it("gives weight fractions that are masses over their sum, and esds that follow the covariance", () => {
  const { calculator } = setUp(TWO);
  const { values, indexOf } = calculator;
  values[indexOf("Cu/scale")] = 3e-3;
  values[indexOf("CeO2/scale")] = 1e-3;
  const weights = createWeightFractions(calculator);
  const fraction = new Float64Array(2);
  weights.fractions(values, fraction);
  const mass = (name: string): number => cellMass(builtInStructure(name)) * cellVolume(builtInStructure(name).cell);
  const [cu, ceo2] = [3e-3 * mass("Cu"), 1e-3 * mass("CeO2")];
  expect(fraction[0]).toBeCloseTo(cu / (cu + ceo2), 12);
  expect(fraction[0]! + fraction[1]!).toBeCloseTo(1, 14);
  // one scale with an esd of 1 %: d w / w = (1 - w) 1 %
  const covariance = Float64Array.of((0.01 * 3e-3) ** 2, 0, 0, 0);
  const esd = weights.esd(values, [indexOf("Cu/scale"), indexOf("CeO2/scale")], covariance);
  expect(esd[0]).toBeCloseTo(0.01 * fraction[0]! * (1 - fraction[0]!), 8);
  expect(esd[1]).toBeCloseTo(esd[0]!, 10);
  // both scales up by the same factor change nothing
  const common = Float64Array.of(9e-6, 3e-6, 3e-6, 1e-6).map((v) => v * 1e-4);
  const none = weights.esd(values, [indexOf("Cu/scale"), indexOf("CeO2/scale")], common);
  expect(none[0]).toBeLessThan(1e-7);
});

it("computes R values as Young's book defines them", () => {
  const observed = Float64Array.of(10, 20, 30, 20);
  const calculated = Float64Array.of(11, 19, 30, 22);
  const background = Float64Array.of(5, 5, 5, 5);
  const weight = Float64Array.of(1, 1, 1, 0.5);
  const s = fitStatistics(observed, calculated, background, weight, 1);
  const total = 100 + 400 + 900 + 200;
  expect(s.chi2).toBeCloseTo(1 + 1 + 0 + 2, 12);
  expect(s.rwp).toBeCloseTo(Math.sqrt(4 / total), 12);
  expect(s.rexp).toBeCloseTo(Math.sqrt(3 / total), 12);
  expect(s.gof).toBeCloseTo(s.rwp / s.rexp, 12);
  expect(s.rp).toBeCloseTo(4 / 80, 12);
  expect(s.rwpNoBackground).toBeCloseTo(Math.sqrt(4 / (25 + 225 + 625 + 0.5 * 225)), 12);
  const serial = (-1 - 1) ** 2 + 1 ** 2 + (Math.SQRT1_2 * 2) ** 2;
  expect(s.durbinWatson).toBeCloseTo(serial / 4, 12);
});

it("keeps ties and weight constraints while it fits, with esds of the tied ones", () => {
  const input: ModelConfigInput = {
    ...TWO,
    phases: [
      { structure: "Cu", name: "A", cell: { a: { refine: true } } },
      { structure: "Cu", name: "B", cell: { a: { value: 3.65, refine: true } } },
      "CeO2",
    ],
    constraints: ["A/a = B/a - 0.03", "weight(CeO2) = 0.4"],
  };
  const { resolved, calculator, refined, lower, upper } = setUp(input);
  const { values, indexOf } = calculator;
  const set = (name: string, value: number): void => {
    values[indexOf(name)] = value;
  };
  set("A/a", 3.61);
  set("B/a", 3.64);
  set("A/scale", 4e-3);
  set("B/scale", 2e-3);
  set("CeO2/scale", 1.5e-4);
  set("background/0", 50);
  calculator.prepare([]);
  expect(calculator.evaluate(false)).toBe(true);
  const truth = calculator.calculated.slice();
  const weights = createWeightFractions(calculator);
  const share = new Float64Array(3);
  weights.fractions(values, share);
  // start off, with the constraint on the true share
  set("A/a", 3.605);
  set("B/a", 3.63);
  for (const name of ["A/scale", "B/scale", "CeO2/scale"]) set(name, 1e-3);
  const constraints = ["A/a = B/a - 0.03", `weight(CeO2) = ${share[2]}`];
  const kernels = createReferenceKernels();
  const fit = createPatternFit(kernels, calculator, { refined, lower, upper, constraints }, weights);
  loadData(fit, selectData(pattern(truth, truth.map(Math.sqrt)), "truth"));
  const summary = fit.solve();
  expect(["converged", "undetermined"]).toContain(summary.status);
  expect(values[indexOf("A/a")]).toBeCloseTo(3.61, 5);
  expect(values[indexOf("B/a")]! - values[indexOf("A/a")]!).toBeCloseTo(0.03, 12);
  expect(values[indexOf("A/scale")]! / 4e-3).toBeCloseTo(1, 4);
  const { esd } = fit.covariance();
  const at = (name: string): number => refined.indexOf(indexOf(name));
  expect(esd[at("A/a")]).toBeGreaterThan(0);
  expect(esd[at("B/a")]).toBeCloseTo(esd[at("A/a")]!, 12);
  expect(resolved.constraints).toHaveLength(2);
});

it("leaves out what is no number, outside the range, excluded, or without sigma, and says so", () => {
  const intensity = twoTheta.map((_, i) => 10 + (i % 3));
  intensity[5] = Number.NaN;
  const sigma = intensity.map(Math.sqrt);
  sigma[7] = 0;
  const data = selectData(pattern(intensity, sigma), "p", {
    range: [1.5, 3],
    exclude: [[2, 2.105]],
  });
  expect(data.weights).toBe("sigma");
  expect(data.observed).toHaveLength(151 - 11 - 2);
  expect(data.notes).toHaveLength(2);
  expect(data.weight[0]).toBeCloseTo(1 / intensity[0]!, 12);
});

it.each<[string, () => unknown]>([
  ["pattern-no-sigma", () => selectData(pattern([...twoTheta]), "p", { weights: "sigma" })],
  ["pattern-negative", () => selectData(pattern(twoTheta.map((x) => x - 3)), "p", { weights: "counts" })],
  ["pattern-points", () => selectData(pattern([...twoTheta]), "p", { range: [20, 30] })],
  ["pattern-empty", () => selectData(pattern(twoTheta.map(() => 0)), "p", {})],
  ["model-wavelength", () => setUp({ phases: ["Cu"] })],
  ["model-wavelength", () => setUp({ wavelength: 0.1, energyKeV: 100, phases: ["Cu"] })],
  ["model-phase", () => setUp({ wavelength: 0.12, phases: ["Cu", "Cu"] })],
  ["model-phase", () => setUp({ wavelength: 0.12, phases: [{ name: "nothing" }] })],
  ["unknown-phase", () => setUp({ wavelength: 0.12, phases: ["Kryptonite"] })],
  ["model-parameter", () => setUp({ wavelength: 0.12, phases: [{ structure: "Cu", cell: { c: 3.6 } }] })],
  ["model-parameter", () => setUp({ wavelength: 0.12, phases: [{ structure: "Cu", sites: { Xx1: { b: 1 } } }] })],
  ["model-bounds", () => setUp({ wavelength: 0.12, zero: { value: 0.5, max: 0.1 }, phases: ["Cu"] })],
])("refuses with %s", (code, act) => {
  expect(act).toThrow(expect.objectContaining({ code }) as Error);
});

it("takes one asymmetry, and transparency of flat samples only", () => {
  const both = { ...TWO, profile: { W: 4e-4, SL: 0.01, asym: -0.01 } };
  expect(() => ModelConfig.parse(both)).toThrow(/two asymmetries, asym \(Howard\) and SL, HL/);
  const displacement = { geometry: "detector", lengthMm: 800, transparency: 0.01 } as const;
  expect(() => ModelConfig.parse({ ...TWO, displacement })).toThrow(/transparency is that of a flat sample/);
  const { calculator, resolved } = setUp({
    ...TWO,
    profile: { W: 4e-4, asym: { value: -0.01, refine: true } },
    displacement: { ...displacement, geometry: "bragg-brentano" },
  });
  const { values, indexOf, parameters } = calculator;
  expect([values[indexOf("asym")], values[indexOf("transparency")]]).toEqual([-0.01, 0.01]);
  expect(parameters.map(({ name }) => name)).not.toContain("SL");
  expect(resolved.model.hasAsymmetry).toBe(false);
});
