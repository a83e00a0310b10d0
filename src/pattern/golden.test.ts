import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { hasShared, shared, sharedJson } from "../../tests/shared.ts";
import { readCif } from "../files/cif.ts";
import type { Kernels } from "../kernels/index.ts";
import { createPatternCalculator, type PatternCalculator } from "./calculator.ts";
import type { PatternModel } from "./model.ts";

interface Parameters {
  readonly profile: Record<string, number>;
  readonly zero: number;
  readonly bkg: readonly number[];
  readonly peaks: readonly { pos: number; fwhm: number; eta: number; area: number }[];
  readonly phases: Record<string, { cell: readonly number[]; scale: number; size_nm: number; strain: number }>;
}
interface Golden {
  readonly two_theta_deg: readonly number[];
  readonly exact: readonly number[];
  readonly components: Record<string, readonly number[]>;
  readonly derivatives: Record<string, readonly number[]>;
}

const WAVELENGTH = 0.11979;
/** The reference includes reflections to this spacing, at first order of the pattern's end plus 3 degrees. */
const D_MIN = 0.72;

function calculatorOf(kernels: Kernels, truth: Parameters, twoTheta: readonly number[]): PatternCalculator {
  const margin = (360 / Math.PI) * Math.asin(WAVELENGTH / 2 / D_MIN) - twoTheta.at(-1)!;
  const model: PatternModel = {
    radiation: [{ ratio: 1, weight: 1 }],
    polarization: 0,
    lorentz: "azimuthal-mean",
    profile: "tchz",
    hasAsymmetry: false,
    background: { chebyshev: truth.bkg.length },
    peaks: truth.peaks.map((_, i) => `peak${i}`),
    phases: Object.keys(truth.phases).map((name) => ({
      name,
      kind: "rietveld",
      structure: readCif(readFileSync(shared(`reference/cif/${name}.cif`), "utf8"), name)[0]!,
    })),
    cutoff: 0,
    marginDeg: margin + 1e-9,
    holdsWidths: false,
  };
  const calculator = createPatternCalculator(kernels, model, WAVELENGTH, twoTheta);
  const set = (name: string, value: number): void => {
    calculator.values[calculator.indexOf(name)] = value;
  };
  for (const [name, value] of Object.entries(truth.profile)) set(name, value);
  set("zero", truth.zero);
  truth.bkg.forEach((value, k) => {
    set(`background/${k}`, value);
  });
  truth.peaks.forEach(({ area, pos, fwhm, eta }, i) => {
    set(`peaks/peak${i}/area`, area);
    set(`peaks/peak${i}/position`, pos);
    set(`peaks/peak${i}/fwhm`, fwhm);
    set(`peaks/peak${i}/eta`, eta);
  });
  for (const [name, phase] of Object.entries(truth.phases)) {
    set(`${name}/scale`, phase.scale);
    set(`${name}/a`, phase.cell[0]!);
    if (phase.cell.length > 1) set(`${name}/c`, phase.cell[1]!);
    set(`${name}/size`, phase.size_nm);
    set(`${name}/strain`, phase.strain);
  }
  return calculator;
}

const largest = (values: Iterable<number>): number => {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
};
const difference = (got: ArrayLike<number>, want: readonly number[]): number =>
  largest(want.map((value, i) => got[i]! - value));

describe.skipIf(!hasShared).each(kernelBuilds)("$name: golden patterns (needs ../shared)", ({ create }) => {
  it("mix4: the pattern to 1e-6 at every point, each component to 1e-5 of its largest", () => {
    const golden = sharedJson<Golden>("reference/golden/mix4_pattern.json");
    const truth = sharedJson<{ parameters: Parameters }>("reference/golden/mix4_truth.json").parameters;
    const calculator = calculatorOf(create(), truth, golden.two_theta_deg);
    expect(calculator.evaluate(false)).toBe(true);
    expect(largest(golden.exact.map((value, i) => calculator.calculated[i]! / value - 1))).toBeLessThan(1e-6);
    const out = new Float64Array(golden.exact.length);
    Object.keys(truth.phases).forEach((name, phase) => {
      calculator.phasePattern(phase, out);
      const want = golden.components[name]!;
      expect([name, difference(out, want) / largest(want) < 1e-5]).toEqual([name, true]);
    });
    calculator.background(out);
    expect(difference(out, golden.components["background"]!)).toBeLessThan(1e-5);
  });

  it("mix4: columns of scale, a, c, W, X, zero and size to 1e-5 of their largest", () => {
    const golden = sharedJson<Golden>("reference/golden/mix4_pattern.json");
    const truth = sharedJson<{ parameters: Parameters }>("reference/golden/mix4_truth.json").parameters;
    const calculator = calculatorOf(create(), truth, golden.two_theta_deg);
    const keys = Object.keys(golden.derivatives);
    const ours = keys.map((key) => {
      const [what, phase] = key.split(":");
      return phase ? `${phase}/${what!.replace("_nm", "")}` : what!;
    });
    expect(ours).toHaveLength(7);
    calculator.prepare(ours.map(calculator.indexOf));
    expect(calculator.evaluate(true)).toBe(true);
    keys.forEach((key, j) => {
      const want = golden.derivatives[key]!;
      const column = calculator.columns.subarray(j * calculator.stride, j * calculator.stride + want.length);
      expect([key, difference(column, want) / largest(want) < 1e-5]).toEqual([key, true]);
    });
  });

  it("ceo2: the pattern to 1e-6 at every point", () => {
    const golden = sharedJson<Golden & { parameters: Parameters }>("reference/golden/ceo2.json");
    const calculator = calculatorOf(create(), golden.parameters, golden.two_theta_deg);
    expect(calculator.evaluate(false)).toBe(true);
    expect(largest(golden.exact.map((value, i) => calculator.calculated[i]! / value - 1))).toBeLessThan(1e-6);
  });
});
