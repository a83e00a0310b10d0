import { expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { builtInStructure } from "../crystal/index.ts";
import { createPatternCalculator } from "./calculator.ts";
import { checkModel } from "./check-model.ts";
import type { PatternModel, PhaseKind } from "./model.ts";

const kernels = kernelBuilds.find(({ name }) => name === "simd")!.create();
const range = (low: number, high: number): number[] =>
  Array.from({ length: Math.round((high - low) / 0.01) + 1 }, (_, i) => low + 0.01 * i);

interface Given {
  readonly phases: readonly (readonly [string, string, PhaseKind?])[];
  readonly peaks?: readonly string[];
  readonly values?: Record<string, number>;
  readonly x?: number[];
}

function sentences({ phases, peaks = [], values = {}, x = range(2, 10) }: Given): string[] {
  const model: PatternModel = {
    radiation: [{ ratio: 1, weight: 1 }],
    polarization: 0,
    lorentz: "azimuthal-mean",
    profile: "tchz",
    hasAsymmetry: false,
    background: { chebyshev: 2 },
    peaks,
    phases: phases.map(([name, structure, kind = "rietveld"]) => ({
      name,
      kind,
      structure: builtInStructure(structure),
    })),
    cutoff: 0,
    marginDeg: 1,
    holdsWidths: false,
  };
  const calculator = createPatternCalculator(kernels, model, 0.2, x);
  const all = { W: 1e-3, ...values };
  for (const [name, value] of Object.entries(all)) calculator.values[calculator.indexOf(name)] = value;
  const before = calculator.values.slice();
  const found = checkModel(calculator);
  expect(calculator.values).toEqual(before);
  return found;
}

it("a sound model gives none", () => {
  const given: Given = {
    phases: [
      ["Si", "Si"],
      ["LaB6", "LaB6", "pawley"],
      ["Ni", "Ni", "le-bail"],
    ],
    peaks: ["halo"],
    values: { "peaks/halo/position": 4, "peaks/halo/fwhm": 1 },
  };
  expect(sentences(given)).toEqual([]);
});

it("a width that is not real: phase, angles, remedy", () => {
  // -0.03 tan + 0.001 < 0 beyond 2theta = 3.8
  const [found, ...more] = sentences({ phases: [["Si", "Si"]], values: { V: -0.03 } });
  expect(more).toEqual([]);
  expect(found).toMatch(/phase Si is not above 0 at 2θ = 5\.97 to 1\d\.\d\d° \(\d+ lines\): raise W/);
});

it("a phase without a line in the range, also where only a gap has one", () => {
  const outside = sentences({ phases: [["Si", "Si"]], x: range(2, 3) });
  expect(outside).toEqual([
    expect.stringMatching(/Phase Si has no line where there are points \(2θ = 2\.00 to 3\.00°\)/),
  ]);
  // Si 111 at 3.66
  const gap = sentences({ phases: [["Si", "Si"]], x: [...range(2, 3.4), ...range(3.9, 5)] });
  expect(gap).toEqual([expect.stringContaining("Phase Si has no line")]);
});

it("the same structure twice", () => {
  const given: Given = {
    phases: [
      ["one", "Si"],
      ["Ni", "Ni"],
      ["two", "Si"],
    ],
    values: { "one/scale": 0 },
  };
  expect(sentences(given)).toEqual([expect.stringContaining("Phases one and two have the same lines")]);
  expect(sentences({ ...given, values: { "two/a": 5.35 } })).toEqual([]);
});

it("a phase under one with free intensities", () => {
  const given: Given = {
    phases: [
      ["free", "Si", "pawley"],
      ["on", "Si"],
    ],
  };
  expect(sentences(given)).toEqual([
    expect.stringContaining("Every line of phase on lies on one of phase free, whose intensities are free"),
  ]);
});

it("a free peak where there are no points", () => {
  const given: Given = { phases: [["Si", "Si"]], peaks: ["halo"], values: { "peaks/halo/position": 14.2 } };
  expect(sentences(given)).toEqual([expect.stringContaining("Free peak halo is at 2θ = 14.20°")]);
});
