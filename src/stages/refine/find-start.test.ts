/** From structure files alone: cells that are off, widths that nobody gave, phases that are not there. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasShared, shared, sharedJson } from "../../../tests/shared.ts";
import { distorted, simulatePattern, WAVELENGTH_A } from "../../../tests/simulated-pattern.ts";
import type { Structure } from "../../crystal/index.ts";
import type { Pattern } from "../../data/index.ts";
import { readCif } from "../../files/cif.ts";
import { readPattern } from "../../files/pattern-file.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { ModelConfig } from "../../refinement/index.ts";
import { refinePattern } from "./refine-pattern.ts";
import type { RefinementResult } from "./result.ts";

const kernels = loadKernels();

function fromStructures(
  pattern: Pattern,
  wavelength: number,
  structures: Readonly<Record<string, Structure>>,
  more: object = {},
): RefinementResult {
  const phases = Object.keys(structures).map((name) => ({ cif: `${name}.cif`, name }));
  const config = ModelConfig.parse({ wavelength, phases, ...more });
  const files = { structures: new Map(Object.entries(structures).map(([name, one]) => [`${name}.cif`, [one]])) };
  return refinePattern(kernels, config, files, pattern, "test");
}
const parameterOf = ({ parameters }: RefinementResult, name: string) => parameters.find((one) => one.name === name)!;
/** Distance from the truth in esds. */
const pull = (result: RefinementResult, name: string, truth: number): number => {
  const { value, esd } = parameterOf(result, name);
  return Math.abs(value - truth) / esd!;
};

const truth = [
  { name: "Ni", scale: 2e-4, values: { a: 3.5238 } },
  { name: "NMC532", scale: 8e-5, values: { a: 2.83, c: 14.45, size: 60 } },
];

describe("a refinement from nothing but structures", () => {
  it("finds cells that are 1 to 2 % off, and the statistical limit", () => {
    const structures = {
      Ni: distorted("Ni", { a: 0.012, b: 0.012, c: 0.012 }),
      NMC532: distorted("NMC532", { a: 0.01, b: 0.01, c: 0.014 }),
    };
    expect(Math.abs(structures.NMC532.cell.c / 14.45 - 1)).toBeGreaterThan(0.01);
    const result = fromStructures(simulatePattern(truth), WAVELENGTH_A, structures);
    expect(result.status).toBe("converged");
    expect(result.statistics.reducedChi2).toBeGreaterThan(0.85);
    expect(result.statistics.reducedChi2).toBeLessThan(1.3);
    // X of the truth is shared out to sizes here, which moves cells by nothing that matters
    expect(pull(result, "Ni/a", 3.5238)).toBeLessThan(4);
    expect(pull(result, "NMC532/a", 2.83)).toBeLessThan(4);
    expect(pull(result, "NMC532/c", 14.45)).toBeLessThan(4);
    expect(result.notes.join()).toContain("the search for cells moved them");
  });

  it("holds a phase that is not there where its file has it, with no weight, and says so", () => {
    const structures = { Ni: distorted("Ni", {}), NMC532: distorted("NMC532", {}), LaB6: distorted("LaB6", {}) };
    const result = fromStructures(simulatePattern(truth), WAVELENGTH_A, structures);
    const lab6 = result.phases.find(({ name }) => name === "LaB6")!;
    expect(lab6.isHeld).toBe(true);
    expect(lab6.weightFraction!).toBeLessThan(0.002);
    expect(parameterOf(result, "LaB6/a")).toMatchObject({ status: "held", esd: null });
    expect(parameterOf(result, "LaB6/a").value).toBeCloseTo(structures.LaB6.cell.a, 10);
    expect(result.warnings.join()).toContain("LaB6 is hardly there");
    expect(pull(result, "Ni/a", 3.5238)).toBeLessThan(4);
  });

  it("refines the zero where it is needed, and leaves it alone where not", () => {
    const structures = { Ni: distorted("Ni", {}), NMC532: distorted("NMC532", {}) };
    const needed = fromStructures(simulatePattern(truth, { zero: 0.02 }), WAVELENGTH_A, structures);
    expect(parameterOf(needed, "zero").status).toBe("refined");
    expect(pull(needed, "zero", 0.02)).toBeLessThan(4);
    const idle = fromStructures(simulatePattern(truth), WAVELENGTH_A, structures);
    expect(parameterOf(idle, "zero")).toMatchObject({ value: 0, status: "fixed", esd: null });
    const told = fromStructures(simulatePattern(truth, { zero: 0.02 }), WAVELENGTH_A, structures, { zero: 0 });
    expect(parameterOf(told, "zero").status).toBe("fixed");
  });

  it("trusts a cell that the model gives", () => {
    const pattern = simulatePattern([truth[0]!]);
    const off = { cif: "Ni.cif", name: "Ni", cell: { a: { value: 3.5238 * 1.015, refine: true } } };
    const config = { wavelength: WAVELENGTH_A, phases: [off] };
    const files = { structures: new Map([["Ni.cif", [distorted("Ni", {})]]]) };
    const run = (more: object) =>
      refinePattern(kernels, ModelConfig.parse({ ...config, ...more }), files, pattern, "test");
    const searched = run({ findCells: true });
    expect(searched.statistics.reducedChi2).toBeLessThan(1.3);
    const says = ({ notes }: RefinementResult): boolean => notes.some((note) => note.includes("search for cells"));
    expect(says(searched)).toBe(true);
    expect(says(run({ findCells: false }))).toBe(false);
    expect(says(run({}))).toBe(false);
  });

  it("names the line that no phase has", () => {
    const profile = { W: 6e-4, X: 0.008, Y: 0.02 };
    const result = fromStructures(
      simulatePattern(truth),
      WAVELENGTH_A,
      { NMC532: distorted("NMC532", {}) },
      { profile },
    );
    expect(result.warnings.join()).toMatch(/at 5\.6\d+° \(d = 2\.03\d+ Å\).*a phase or a free peak may be missing/);
  });
});

describe.skipIf(!hasShared)("golden patterns from structures with wrong cells (needs ../shared)", () => {
  const structure = (name: string, factors: readonly [number, number]): Structure => {
    const [found] = readCif(readFileSync(shared(`reference/cif/${name}.cif`), "utf8"), name);
    const { a, b, c, ...angles } = found!.cell;
    return { ...found!, cell: { a: a * factors[0], b: b * factors[0], c: c * factors[1], ...angles } };
  };

  it("mix4: four cells 1 to 1.6 % off, each edge its own way", () => {
    const result = fromStructures(
      readPattern(shared("reference/golden/mix4.xye")),
      0.11979,
      {
        Cu: structure("Cu", [1.01, 1.01]),
        Al: structure("Al", [0.99, 0.99]),
        NMC: structure("NMC532_charged_paper", [1.012, 0.984]),
        LiC12: structure("LiC12", [0.992, 1.01]),
      },
      { peaks: [{ name: "separator", position: { value: 1.68, refine: true }, fwhm: 0.11, eta: 0.6 }] },
    );
    expect(result.status).toBe("converged");
    expect(result.statistics.reducedChi2).toBeLessThan(1.2);
    const cells = {
      "Cu/a": 3.61496,
      "Al/a": 4.04958,
      "NMC/a": 2.822,
      "NMC/c": 14.507,
      "LiC12/a": 4.288,
      "LiC12/c": 7.065,
    };
    for (const [name, value] of Object.entries(cells)) expect(pull(result, name, value), name).toBeLessThan(4);
    // truth: 0.30, 0.12, 0.43, 0.15
    const fractions = result.phases.map(({ weightFraction }) => weightFraction!);
    [0.3, 0.12, 0.43, 0.15].forEach((share, p) => expect(Math.abs(fractions[p]! - share)).toBeLessThan(0.01));
  });

  it("ceo2: 0.7 % off", () => {
    const golden = sharedJson<{ two_theta_deg: number[]; noisy: number[] }>("reference/golden/ceo2.json");
    const pattern: Pattern = {
      axis: { unit: "two-theta", values: Float64Array.from(golden.two_theta_deg) },
      intensity: Float64Array.from(golden.noisy),
    };
    const result = fromStructures(pattern, 0.11979, { CeO2: structure("CeO2", [1.0071, 1.0071]) });
    expect(result.status).toBe("converged");
    expect(result.statistics.reducedChi2).toBeLessThan(1.15);
    expect(pull(result, "CeO2/a", 5.411651)).toBeLessThan(4);
  });
});
