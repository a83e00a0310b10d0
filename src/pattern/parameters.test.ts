import { expect, it } from "vitest";
import { builtInStructure, type Structure } from "../crystal/index.ts";
import type { PatternModel } from "./model.ts";
import { modelParameters } from "./parameters.ts";

const model = (structures: readonly Structure[], more: Partial<PatternModel> = {}): PatternModel => ({
  radiation: [{ ratio: 1, weight: 1 }],
  polarization: 0,
  lorentz: "azimuthal-mean",
  profile: "tchz",
  hasAsymmetry: false,
  background: { chebyshev: 2 },
  peaks: [],
  phases: structures.map((structure) => ({ name: structure.name, kind: "rietveld", structure })),
  cutoff: 0,
  marginDeg: 1,
  holdsWidths: false,
  ...more,
});
const namesOf = (one: PatternModel): string[] => modelParameters(one, 0.5, 1).map(({ name }) => name);

it("names only what symmetry leaves free", () => {
  const names = namesOf(model([builtInStructure("NMC532")]));
  expect(names).toEqual(expect.arrayContaining(["NMC532/a", "NMC532/c", "NMC532/O5/z", "NMC532/Ni1/occupancy"]));
  expect(names.filter((name) => /\/(b|alpha|beta|gamma|Ni1\/z)$/.test(name))).toEqual(
    names.filter((name) => /\/(Ni1|Mn2|Co3|Li4|O5)\/b$/.test(name)),
  );
});

it("tells sites of one label apart", () => {
  const [site] = builtInStructure("Cu").sites;
  const split: Structure = { ...builtInStructure("Cu"), sites: [site!, { ...site!, scatterer: "Ni" }] };
  expect(namesOf(model([split]))).toEqual(
    expect.arrayContaining([`Cu/${site!.label}/occupancy`, `Cu/${site!.label}#2/occupancy`]),
  );
});

it("refuses two phases, or free peaks, of one name", () => {
  const error = (name: string) =>
    expect.objectContaining({ code: "model-names", message: expect.stringContaining(`"${name}"`) });
  expect(() => namesOf(model([builtInStructure("Cu"), builtInStructure("Cu")]))).toThrow(error("Cu/scale"));
  expect(() => namesOf(model([], { peaks: ["halo", "halo"] }))).toThrow(error("peaks/halo/area"));
});
