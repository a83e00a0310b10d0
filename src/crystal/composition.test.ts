import { describe, expect, it } from "vitest";
import { referenceStructures } from "../../tests/reference-structures.ts";
import { hasShared, sharedJson } from "../../tests/shared.ts";
import { elementMassAttenuation, linearAttenuationPerMm, massAttenuation } from "./attenuation.ts";
import { cellContent, cellMass, density, structureNotes } from "./composition.ts";
import { formFactor, scatteringFactor } from "./scattering-factor.ts";
import { unitCellAtoms } from "./unit-cell-atoms.ts";

interface Listed {
  id: string;
  density_gemmi: number;
  cell_mass_g_mol: number;
  composition_per_cell: Record<string, number>;
  "mu_rho_103.5keV_cm2_g": number;
  "mu_103.5keV_per_cm": number;
  multiplicities: Record<string, number>;
}

describe.skipIf(!hasShared)("structures against gemmi and xraylib (needs ../shared)", () => {
  const listed = hasShared ? sharedJson<{ structures: Listed[] }>("reference/structures.json").structures : [];
  const structures = hasShared ? referenceStructures() : [];
  it.each(listed.map((entry, i) => [entry.id, entry, structures[i]!] as const))("%s", (_, entry, structure) => {
    expect(Object.fromEntries(cellContent(structure))).toEqual(
      Object.fromEntries(Object.entries(entry.composition_per_cell).map(([el, n]) => [el, expect.closeTo(n, 4)])),
    );
    // cctbx, gemmi and spglib agree on these
    expect(
      Object.fromEntries(unitCellAtoms(structure).map(({ site, positions }) => [site.label, positions.length / 3])),
    ).toEqual(entry.multiplicities);
    expect(cellMass(structure) / entry.cell_mass_g_mol).toBeCloseTo(1, 5);
    // gemmi's u is 1.66053906660e-24 g; cctbx differs by 4e-5
    expect(density(structure) / entry.density_gemmi).toBeCloseTo(1, 5);
    // the compact table is within 2.5e-3 of the one the reference was computed with
    expect(massAttenuation(structure, 103.5) / entry["mu_rho_103.5keV_cm2_g"]).toBeCloseTo(1, 2.5);
    expect((10 * linearAttenuationPerMm(structure, 103.5)) / entry["mu_103.5keV_per_cm"]).toBeCloseTo(1, 2.5);
  });
});

describe.skipIf(!hasShared)("mass attenuation against NIST values (needs ../shared)", () => {
  it("agrees to 0.3 %", () => {
    const rows = sharedJson<{ element: string; keV: number; nist: number }[]>("reference/tables/mu_vs_nist.json");
    const inRange = rows.filter(({ element, keV }) => keV >= 20 && keV <= 200 && /^[A-Z][a-z]?$/.test(element));
    expect(inRange.length).toBeGreaterThan(20);
    for (const { element, keV, nist } of inRange) {
      expect(Math.abs(elementMassAttenuation(element, keV) / nist - 1)).toBeLessThan(3e-3);
    }
  });
});

describe("elementMassAttenuation", () => {
  it("does not interpolate across the K edge of tungsten", () => {
    expect(elementMassAttenuation("W", 69.52)).toBeCloseTo(2.552, 2);
    expect(elementMassAttenuation("W", 69.5222)).toBeCloseTo(11.234, 2);
    expect(elementMassAttenuation("W", 67)).toBeGreaterThan(elementMassAttenuation("W", 69.5));
  });
  it.each([4.9, 201, Number.NaN])("refuses %d keV", (energy) => {
    expect(() => elementMassAttenuation("Fe", energy)).toThrow(
      expect.objectContaining({ code: "energy-out-of-range" }),
    );
  });
});

describe("scatteringFactor", () => {
  it.each([
    ["Ni", "Ni", 28],
    ["O2-", "O2-", 10],
    ["O-2", "O2-", 10],
    ["Ce4+", "Ce4+", 54],
    ["Fe0+", "Fe", 26],
    ["Ni1", "Ni", 28],
    ["LI", "Li", 3],
    ["C0+", "C", 6],
    ["D", "H", 1],
  ])("%s is %s, f0(0) = %d electrons", (symbol, label, electrons) => {
    const factor = scatteringFactor(symbol);
    expect(factor.label).toBe(label);
    // the fits miss Z by up to 0.04 electrons (the table's README)
    expect(Math.abs(formFactor(factor, 0) - electrons)).toBeLessThan(0.04);
  });
  it("says when the neutral atom stands in for an ion", () => {
    expect(scatteringFactor("Ni4+")).toMatchObject({ label: "Ni", isFallback: true });
    const site = { label: "Ni1", scatterer: "Ni4+", x: 0, y: 0, z: 0, occupancy: 1, bIso: 0 };
    const cell = { a: 3, b: 3, c: 3, alpha: 90, beta: 90, gamma: 90 };
    expect(structureNotes({ name: "NiX", cell, operations: ["x,y,z"], sites: [site] })).toEqual([
      "NiX: no form factor for this ion, replaced Ni4+ by Ni",
    ]);
  });
  it.each(["", "Qq", "1", "?"])("refuses %j", (symbol) => {
    expect(() => scatteringFactor(symbol)).toThrow(expect.objectContaining({ code: "unknown-scatterer" }));
  });
});
