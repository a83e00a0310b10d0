import { describe, expect, it } from "vitest";
// @ts-expect-error a plain script without types
import { phaseEntries } from "../../scripts/crystal-phases.mjs";
import { massAttenuation } from "./attenuation.ts";
import { bondWarnings, siteOverlaps } from "./bond-lengths.ts";
import { density } from "./composition.ts";
import { builtInStructure, PHASE_NAMES, type PhaseName, phaseSource, phaseTitle } from "./phases.ts";
import { PHASES } from "./tables/phases.ts";

/** g/cm^3, handbooks and certificates; layered oxides, LNMO and LixC from their ideal composition and cell. */
const DENSITY: Record<PhaseName, number> = {
  Fe: 7.874,
  austenite: 7.95,
  Ni: 8.908,
  Cu: 8.94,
  Al: 2.7,
  Li: 0.534,
  NMC111: 4.77,
  NMC532: 4.6,
  "NMC532-lithiated": 4.74,
  "NMC532-discharged": 4.7,
  NMC622: 4.77,
  NMC811: 4.78,
  NCA: 4.73,
  LCO: 5.05,
  LFP: 3.6,
  FePO4: 3.68,
  LMO: 4.28,
  LNMO: 4.45,
  LTO: 3.48,
  graphite: 2.26,
  LiC30: 2.23,
  LiC18: 2.21,
  LiC12: 2.23,
  LiC6: 2.2,
  CeO2: 7.215,
  LaB6: 4.71,
  Si: 2.329,
  Al2O3: 3.987,
  ZnO: 5.675,
  CaF2: 3.18,
  MgO: 3.585,
  Y2O3: 5.03,
  anatase: 3.893,
  rutile: 4.25,
};

it("the table is what phases/*.cif say (node --import tsx scripts/crystal-phases.mjs writes it)", () => {
  expect(PHASES).toEqual(phaseEntries());
});

describe.each(PHASE_NAMES)("%s", (name) => {
  const structure = builtInStructure(name);
  it("has the density of the handbook to 0.5 %", () => {
    expect(Math.abs(density(structure) / DENSITY[name] - 1)).toBeLessThan(5e-3);
  });
  it("has bonds and places as atoms have them, and attenuates", () => {
    expect(siteOverlaps(structure).filter(({ occupancy }) => occupancy > 1.005)).toEqual([]);
    expect(bondWarnings(structure)).toEqual([]);
    expect(massAttenuation(structure, 100)).toBeGreaterThan(0.1);
  });
  it("says where its cell comes from", () => {
    expect(phaseSource(name)).toMatch(/^cell/);
    expect(phaseTitle(name).length).toBeGreaterThan(3);
  });
});

it("names the phases it has when asked for another", () => {
  expect(() => builtInStructure("toString")).toThrow(
    expect.objectContaining({ code: "unknown-phase", message: expect.stringContaining("CeO2") }),
  );
});
