/** Every column of the Jacobian against differences of the pattern, for every kind of parameter. */
import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { builtInStructure, type Structure } from "../crystal/index.ts";
import { createPatternCalculator, type PatternCalculator } from "./calculator.ts";
import type { PatternModel, PhaseModel } from "./model.ts";

/** Twins of the kernels are compared with each other elsewhere; this one is quick. */
const kernels = kernelBuilds.find(({ name }) => name === "simd")!.create();
const atom = { occupancy: 0.9, bIso: 0.5 };
const triclinic: Structure = {
  name: "triclinic",
  cell: { a: 5.1, b: 6.2, c: 7.3, alpha: 82, beta: 97, gamma: 105 },
  operations: ["x,y,z", "-x,-y,-z"],
  sites: [
    { label: "Ni1", scatterer: "Ni", x: 0.11, y: 0.23, z: 0.37, ...atom },
    { label: "O1", scatterer: "O", x: 0.62, y: 0.18, z: 0.81, ...atom },
  ],
};
const monoclinic: Structure = {
  name: "monoclinic",
  cell: { a: 5.1, b: 3.4, c: 5.3, alpha: 90, beta: 99.5, gamma: 90 },
  operations: ["x,y,z", "-x,y,-z"],
  sites: [
    { label: "Cu1", scatterer: "Cu", x: 0, y: 0.1, z: 0, ...atom },
    { label: "O1", scatterer: "O", x: 0.3, y: 0.42, z: 0.24, ...atom },
  ],
};
const hexagonal = builtInStructure("NMC532");
const cubic = builtInStructure("LaB6");

const rietveld = (structure: Structure, more: Partial<PhaseModel> = {}): PhaseModel => ({
  name: structure.name,
  kind: "rietveld",
  structure,
  ...more,
});

const base: PatternModel = {
  radiation: [{ ratio: 1, weight: 1 }],
  polarization: 0,
  lorentz: "azimuthal-mean",
  profile: "tchz",
  hasAsymmetry: false,
  background: { chebyshev: 3 },
  peaks: [],
  phases: [rietveld(cubic)],
  cutoff: 0,
  marginDeg: 1,
  holdsWidths: false,
};
const doublet = [
  { ratio: 1, weight: 2 / 3 },
  { ratio: 1.544426 / 1.540593, weight: 1 / 3 },
];
const profile = { U: 0.06, V: -0.02, W: 0.02, X: 0.03, Y: 0.05, Z: 0.01, zero: 0.04 };

/** From low to high, beyond 90 degrees, with a gap as an excluded region leaves it. */
const range = (low: number, high: number, step = 0.07): number[] =>
  Array.from({ length: Math.floor((high - low) / step) }, (_, i) => low + i * step).filter(
    (x) => x < low + 8 || x > low + 11,
  );

interface Case {
  readonly name: string;
  readonly model: Partial<PatternModel>;
  readonly values?: Record<string, number>;
  readonly wavelength?: number;
  readonly x?: number[];
  /** of the largest of a column */
  readonly tolerance?: number;
}

const cases: Case[] = [
  {
    name: "cubic, sizes and strains, Gaussian ones too",
    model: {
      background: { chebyshev: 4, points: [22, 40, 80], measured: { twoThetaDeg: [20, 150], intensity: [3, 9] } },
    },
    values: { "LaB6/size": 60, "LaB6/strain": 0.002, "LaB6/gaussianSize": 90, "LaB6/gaussianStrain": 0.001 },
  },
  {
    name: "hexagonal, size and strain with axes, two textures, overall B",
    model: {
      phases: [
        rietveld(hexagonal, {
          sizeAxis: [0, 0, 1],
          strainAxis: [1, 0, 1],
          texture: [{ hkl: [0, 0, 1] }, { hkl: [1, 0, 0] }],
        }),
      ],
    },
    values: {
      "NMC532/size": 60,
      "NMC532/axialSize": 25,
      "NMC532/strain": 0.001,
      "NMC532/axialStrain": 0.003,
      "NMC532/overallB": 0.3,
      "NMC532/texture(0 0 1)": 0.7,
      "NMC532/texture(1 0 0)": 1.2,
    },
  },
  {
    name: "triclinic, one texture, displaced sample, polarisation",
    model: {
      phases: [rietveld(triclinic, { texture: [{ hkl: [1, 1, 0] }] })],
      polarization: 0.45,
      displacement: { geometry: "bragg-brentano", lengthMm: 200 },
    },
    values: { displacement: 0.15, "triclinic/texture": 0.8, "triclinic/size": 100 },
    x: range(20, 60),
  },
  {
    name: "transparent and displaced sample, Howard's asymmetry of either sign on a doublet",
    model: {
      displacement: { geometry: "bragg-brentano", lengthMm: 200, hasTransparency: true },
      hasHowardAsymmetry: true,
      radiation: doublet,
      marginDeg: 3,
    },
    values: { displacement: 0.1, transparency: 0.03, asym: -0.04 },
  },
  {
    name: "Howard's asymmetry from 0",
    model: { hasHowardAsymmetry: true },
    values: { asym: 0 },
  },
  {
    name: "Howard's asymmetry, widths held",
    model: { hasHowardAsymmetry: true, holdsWidths: true, displacement: { geometry: "bragg-brentano", lengthMm: 200 } },
    values: { asym: 0.06, displacement: 0 },
  },
  {
    name: "monoclinic, anomalous scattering, K-alpha doublet, ring sums",
    model: {
      phases: [rietveld(monoclinic, { anomalous: new Map([["Cu", { fPrime: -2, fDoublePrime: 0.6 }]]) })],
      radiation: doublet,
      lorentz: "ring-sum",
      polarization: 0.5,
    },
    values: { "monoclinic/size": 80, "monoclinic/gaussianSize": 100 },
  },
  {
    name: "asymmetry, H > S",
    model: { hasAsymmetry: true, radiation: doublet, marginDeg: 3 },
    values: { SL: 0.015, HL: 0.025 },
  },
  {
    name: "a Lorentzian width that would be negative below 44 degrees",
    model: {},
    values: { X: -0.03, Y: 0.08, Z: 0 },
  },
  { name: "asymmetry, H < S", model: { hasAsymmetry: true, marginDeg: 3 }, values: { SL: 0.03, HL: 0.01 } },
  {
    // differences by S alone step from one quadrature to another, each right to 1e-4
    name: "asymmetry, H = S",
    model: { hasAsymmetry: true, marginDeg: 3 },
    values: { SL: 0.02, HL: 0.02 },
    tolerance: 3e-4,
  },
  {
    name: "asymmetry where the cone does not reach the whole slit",
    model: { hasAsymmetry: true },
    values: { SL: 0.05, HL: 0.03, U: 0, V: 0, W: 0.01 },
    wavelength: 0.2,
    x: range(1, 12, 0.03),
  },
  {
    name: "displaced along the beam of a flat detector",
    model: { displacement: { geometry: "detector", lengthMm: 1000 } },
    values: { displacement: 2, W: 1e-4, U: 0, V: 0, X: 0.005, Y: 0, Z: 0, "LaB6/size": 50 },
    wavelength: 0.12,
    x: range(1, 12, 0.02),
  },
  {
    name: "pseudo-voigt",
    model: { profile: "pseudo-voigt" },
    values: { eta0: 0.3, eta1: 0.004, "LaB6/width": 1.3 },
  },
  {
    name: "Pawley and a free peak",
    model: { phases: [rietveld(cubic, { kind: "pawley" }), rietveld(hexagonal)], peaks: ["halo"] },
    values: {
      "peaks/halo/area": 30,
      "peaks/halo/position": 44,
      "peaks/halo/fwhm": 3,
      "peaks/halo/eta": 0.4,
      "LaB6/I(1 0 0)": 2,
      "LaB6/I(1 1 0)": 3,
      "LaB6/I(3 0 0)": 4,
    },
  },
  { name: "Le Bail", model: { phases: [rietveld(hexagonal, { kind: "le-bail" })] } },
  {
    name: "widths held",
    model: { holdsWidths: true, radiation: doublet, hasAsymmetry: true, marginDeg: 3 },
    values: { "LaB6/size": 60, SL: 0.02, HL: 0.01 },
  },
];

function calculatorOf({ model, values = {}, wavelength = 1.540593, x = range(20, 140) }: Case): PatternCalculator {
  const calculator = createPatternCalculator(kernels, { ...base, ...model }, wavelength, x);
  const known = new Set(calculator.parameters.map(({ name }) => name));
  for (const [name, value] of Object.entries(profile)) {
    if (known.has(name)) calculator.values[calculator.indexOf(name)] = value;
  }
  calculator.parameters.forEach(({ name }, i) => {
    if (name.startsWith("background/")) calculator.values[i] = 5;
    if (name.endsWith("/scale")) calculator.values[i] = 1e-4;
  });
  for (const [name, value] of Object.entries(values)) calculator.values[calculator.indexOf(name)] = value;
  return calculator;
}

/** Steps small beside what the parameter does, large beside rounding. */
function stepOf(name: string, value: number): number {
  if (/(zero|position|SL|HL|asym|transparency)$/.test(name)) return 1e-5;
  if (/\/(x|y|z|a|b|c)$/.test(name)) return 2e-5;
  if (/^(U|V|W|X|Y|Z)$/.test(name)) return Math.min(1e-5, 0.01 * Math.abs(value) || 1e-5);
  if (/wavelength/.test(name)) return 2e-6 * value;
  if (/(alpha|beta|gamma)$/.test(name)) return 1e-4;
  if (/displacement$/.test(name)) return 1e-3;
  return value === 0 ? 1e-3 : 1e-4 * Math.abs(value);
}

/** d pattern / d parameter by four points, error of the fourth order. */
function differences(calculator: PatternCalculator, parameter: number, step: number): Float64Array {
  const start = calculator.values[parameter]!;
  const out = new Float64Array(calculator.calculated.length);
  for (const [at, weight] of [
    [1, 8],
    [-1, -8],
    [2, -1],
    [-2, 1],
  ] as const) {
    calculator.values[parameter] = start + at * step;
    if (!calculator.evaluate(false)) throw new Error("no pattern");
    for (let i = 0; i < out.length; i++) out[i]! += (weight * calculator.calculated[i]!) / (12 * step);
  }
  calculator.values[parameter] = start;
  return out;
}

/** Parameters whose 0 means that the effect is not in the model: there is no derivative to compare. */
const isAbsent = (name: string, value: number): boolean =>
  value === 0 && /\/(size|axialSize|gaussianSize|strain|axialStrain|gaussianStrain)$/.test(name);

describe.each(cases)("$name", (one) => {
  const tolerance = one.tolerance ?? 1e-6;
  const calculator = calculatorOf(one);
  const held = /^(U|V|W|X|Y|Z)$|\/(size|strain|gaussianSize|gaussianStrain)$/;
  const names = calculator.parameters
    .filter(({ name }, i) => !isAbsent(name, calculator.values[i]!) && !(one.model.holdsWidths && held.test(name)))
    .map(({ name }) => name);

  it("has the columns of finite differences", () => {
    const refined = names.map(calculator.indexOf);
    calculator.prepare(refined);
    expect(calculator.evaluate(true)).toBe(true);
    const n = calculator.calculated.length;
    const pattern = calculator.calculated.slice();
    const columns = refined.map((_, j) => calculator.columns.slice(j * calculator.stride, j * calculator.stride + n));
    const wrong: string[] = [];
    refined.forEach((parameter, j) => {
      const step = stepOf(names[j]!, calculator.values[parameter]!);
      const want = differences(calculator, parameter, step);
      const largest = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const worst = want.reduce((most, v, i) => Math.max(most, Math.abs(v - columns[j]![i]!)), 0);
      // rounding of the pattern limits what differences can say
      const limit = tolerance * largest + (1e-14 * Math.max(...pattern)) / step;
      if (!(worst <= limit)) wrong.push(`${names[j]}: ${worst / largest}`);
    });
    expect(wrong).toEqual([]);
    expect(calculator.evaluate(false)).toBe(true);
    expect(calculator.calculated).toEqual(pattern);
  });

  it("has zeros outside of the supports, whatever was there before", () => {
    calculator.prepare(names.map(calculator.indexOf));
    const before = calculator.values.slice();
    calculator.values[calculator.indexOf("zero")]! += 3;
    calculator.evaluate(true);
    calculator.values.set(before);
    calculator.evaluate(true);
    const n = calculator.calculated.length;
    names.forEach((name, j) => {
      const column = calculator.columns.subarray(j * calculator.stride, j * calculator.stride + n);
      const [first, end] = calculator.supports.subarray(2 * j, 2 * j + 2) as unknown as [number, number];
      expect([name, column.subarray(0, first).every((v) => v === 0)]).toEqual([name, true]);
      expect([name, column.subarray(end).every((v) => v === 0)]).toEqual([name, true]);
    });
  });
});

it("S and H tied: the two columns add up to the difference by both", () => {
  const calculator = calculatorOf(cases.find(({ name }) => name === "asymmetry, H = S")!);
  const [s, h] = ["SL", "HL"].map(calculator.indexOf) as [number, number];
  calculator.prepare([s, h]);
  calculator.evaluate(true);
  const { stride } = calculator;
  const sum = calculator.calculated.map((_, i) => calculator.columns[i]! + calculator.columns[stride + i]!);
  const step = 1e-5;
  const at = (value: number): Float64Array => {
    calculator.values[s] = value;
    calculator.values[h] = value;
    calculator.evaluate(false);
    return calculator.calculated.slice();
  };
  const [up, down, up2, down2] = [at(0.02 + step), at(0.02 - step), at(0.02 + 2 * step), at(0.02 - 2 * step)];
  const want = sum.map((_, i) => (8 * (up[i]! - down[i]!) - (up2[i]! - down2[i]!)) / (12 * step));
  const largest = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  expect(sum.reduce((most, v, i) => Math.max(most, Math.abs(v - want[i]!)), 0) / largest).toBeLessThan(1e-6);
});

it("a cut-off leaves a line and its columns as they are inside its span, and nothing outside", () => {
  const peak = (cutoff: number): PatternCalculator => {
    const calculator = calculatorOf({
      name: "cut",
      model: { phases: [], background: { chebyshev: 0 }, peaks: ["one"], cutoff },
      values: { "peaks/one/area": 30, "peaks/one/position": 60, "peaks/one/fwhm": 0.5, "peaks/one/eta": 0.5 },
    });
    calculator.prepare(["area", "position", "fwhm", "eta"].map((key) => calculator.indexOf(`peaks/one/${key}`)));
    calculator.evaluate(true);
    return calculator;
  };
  const [whole, cut] = [peak(0), peak(1e-4)];
  // 1 / (1 + (2 d / fwhm)^2) = 1e-4 at 25 degrees; spans run from and to multiples of eight points
  const first = cut.twoTheta.findIndex((x) => x >= 35) & -8;
  const end = (cut.twoTheta.findIndex((x) => x > 85) + 7) & -8;
  cut.twoTheta.forEach((_, i) => {
    const isIn = i >= first && i < end;
    expect(cut.calculated[i]).toBe(isIn ? whole.calculated[i] : 0);
    for (let j = 0; j < 4; j++) {
      const at = j * cut.stride + i;
      expect(Math.abs(cut.columns[at]! - (isIn ? whole.columns[at]! : 0))).toBeLessThan(1e-15);
    }
  });
  expect(cut.calculated.some((v) => v === 0)).toBe(true);
});
