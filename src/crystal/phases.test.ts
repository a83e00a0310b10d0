import { expect, it } from "vitest";
import { density } from "./composition.ts";
import { builtInStructure, PHASE_NAMES, type PhaseName } from "./phases.ts";

/** g/cm^3, handbooks and certificates; NMC and LiCx from their ideal composition and cell. */
const DENSITY: Record<PhaseName, number> = {
  Fe: 7.874,
  Ni: 8.908,
  Cu: 8.94,
  Al: 2.7,
  NMC532: 4.6,
  graphite: 2.26,
  LiC12: 2.23,
  LiC6: 2.2,
  CeO2: 7.215,
  LaB6: 4.71,
  Si: 2.329,
  Al2O3: 3.987,
};
it.each(PHASE_NAMES)("%s has the density of the handbook to 0.5 %%", (name) => {
  expect(Math.abs(density(builtInStructure(name)) / DENSITY[name] - 1)).toBeLessThan(5e-3);
});
it("names the phases it has when asked for another", () => {
  expect(() => builtInStructure("toString")).toThrow(
    expect.objectContaining({ code: "unknown-phase", message: expect.stringContaining("CeO2") }),
  );
});
