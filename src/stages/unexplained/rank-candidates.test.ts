import { describe, expect, it } from "vitest";
import { builtInStructure, reflections } from "../../crystal/index.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { ModelConfig, type ModelConfigInput, resolveModel } from "../../refinement/index.ts";
import { modelColumns } from "./model-columns.ts";
import { createProjection } from "./projection.ts";
import { allowedCandidates, type Candidate, rankCandidates } from "./rank-candidates.ts";

const WAVELENGTH = 0.1198;
const FWHM = 0.025;
const twoThetaDeg = Float64Array.from({ length: 900 }, (_, i) => 1.2 + i * 0.006);
const sigma = new Float64Array(900).fill(0.02);
const RAD = Math.PI / 180;

/** Gaussians at Bragg's angles with m |F|^2 / (sin^2 theta cos theta): not by the calculator that is tested. */
function gaussianPattern(name: string, cell: { a: number; c?: number }, height: number): Float64Array {
  const built = builtInStructure(name);
  const { a, c = cell.a } = cell;
  const structure = { ...built, cell: { ...built.cell, a, b: a, c } };
  const out = new Float64Array(twoThetaDeg.length);
  for (const { dA, multiplicity, fSquared } of reflections(structure, 0.9)) {
    const theta = Math.asin(WAVELENGTH / 2 / dA);
    const area = (multiplicity * fSquared) / (Math.sin(theta) ** 2 * Math.cos(theta));
    const middle = (2 * theta) / RAD;
    for (let i = 0; i < out.length; i++) {
      out[i]! += area * Math.exp(-4 * Math.LN2 * ((twoThetaDeg[i]! - middle) / FWHM) ** 2);
    }
  }
  const most = Math.max(...out);
  return out.map((value) => (height * value) / most);
}

const MODEL: ModelConfigInput = {
  wavelength: WAVELENGTH,
  profile: { U: 0, W: FWHM ** 2 },
  background: 4,
  anomalous: false,
  phases: [{ structure: "NMC532" }, { structure: "Cu" }],
};
const { model } = resolveModel(ModelConfig.parse(MODEL), { structures: new Map() });
const values = new Map([
  ["W", FWHM ** 2],
  ["NMC532/scale", 1],
  ["Cu/scale", 1],
]);
const state = { model, wavelengthA: WAVELENGTH, twoThetaDeg, values };
const kernels = loadKernels();
const names = ["background/0", "background/1", "NMC532/scale", "NMC532/a", "NMC532/c", "Cu/scale", "Cu/a"];
const projection = createProjection(modelColumns(kernels, state, names).values(), sigma);
const library = ["LMO", "LNMO", "LTO", "Ni", "NMC111", "NMC532", "Cu", "Al", "CeO2", "graphite", "LFP", "Si"].map(
  (name): Candidate => ({ name, structure: builtInStructure(name), origin: "library" }),
);
const options = { reach: 0.015, ownReach: 0.03 };
const rank = (pattern: Float64Array, more: readonly Candidate[] = [], elements?: readonly string[]) =>
  rankCandidates(kernels, state, new Map(), projection, projection.remainder(pattern), [...library, ...more], {
    ...options,
    elements,
  });

describe("rankCandidates", () => {
  it("finds a spinel and its cell", () => {
    const [first] = rank(gaussianPattern("LMO", { a: 8.231 }, 1));
    expect(first!.name).toBe("LMO");
    expect(first!.score).toBeGreaterThan(0.97);
    expect(first!.cell.a).toBeCloseTo(8.231, 2);
    expect(first!.lines.filter(({ verdict }) => verdict === "missed")).toEqual([]);
    expect(first!.lines.filter(({ verdict }) => verdict === "matched").length).toBeGreaterThan(4);
  });

  it("finds a phase of the model again at another cell", () => {
    const own: Candidate = { name: "NMC532", structure: builtInStructure("NMC532"), origin: "model" };
    const [first] = rank(gaussianPattern("NMC532", { a: 2.868, c: 14.24 }, 1), [own]).filter(
      ({ origin }) => origin === "model",
    );
    expect(first!.score).toBeGreaterThan(0.95);
    expect(first!.cell.a).toBeCloseTo(2.868, 2);
    expect(first!.cell.c).toBeCloseTo(14.24, 1);
  });

  it("gives little to lines that are there alone, or are not there", () => {
    const spinel = gaussianPattern("LMO", { a: 8.231 }, 1);
    const scores = new Map(rank(spinel).map(({ name, score }) => [name, score]));
    for (const name of ["Si", "CeO2", "Al", "LFP"]) expect(scores.get(name) ?? 0).toBeLessThan(0.4);
    // one line of the spinel alone
    const alone = spinel.map((value, i) => (Math.abs(twoThetaDeg[i]! - 2.77) < 0.05 ? value : 0));
    expect(rank(alone).find(({ name }) => name === "LMO")!.score).toBeLessThan(0.6);
  });

  it("takes what the model could do by itself for nothing new", () => {
    const [at, beside] = [2.8222, 2.8218].map((a) => gaussianPattern("NMC532", { a, c: 14.507 }, 1));
    const shifted = at!.map((value, i) => value - beside![i]!);
    const left = projection.remainder(shifted);
    const all = projection.size(shifted);
    expect(left.reduce((sum, value) => sum + value * value, 0) / all).toBeLessThan(0.05);
  });

  it("keeps to the elements that are allowed", () => {
    expect(allowedCandidates(library, ["Ni"]).map(({ name }) => name)).toEqual(["Ni"]);
    expect(allowedCandidates(library, ["Li", "Mn", "O"]).map(({ name }) => name)).toEqual(["LMO"]);
  });
});
