import { describe, expect, it } from "vitest";
import { referenceStructures } from "../../tests/reference-structures.ts";
import { hasShared, sharedJson } from "../../tests/shared.ts";
import { anomalousFactors, structureAnomalousFactors } from "./anomalous.ts";
import { builtInStructure } from "./phases.ts";
import { createStructureFactors } from "./structure-factors.ts";

interface Table {
  energy_keV: number[];
  elements: {
    symbol: string;
    f_prime: number[];
    f_doubleprime: number[];
    edges: { keV: number }[];
  }[];
}

describe.skipIf(!hasShared)("f' and f'' against xraylib's full table (needs ../shared)", () => {
  it("are within 0.002 electrons + 0.5 % of f', 0.002 electrons or 0.5 % of f'', 3 % away from edges", () => {
    const table = sharedJson<Table>("reference/tables/xray_elements.json");
    expect(table.elements).toHaveLength(92);
    const wrong: string[] = [];
    let count = 0;
    for (const { symbol, f_prime, f_doubleprime, edges } of table.elements) {
      table.energy_keV.forEach((energy, i) => {
        const { fPrime, fDoublePrime } = anomalousFactors(symbol, energy);
        if (edges.some(({ keV }) => Math.abs(energy / keV - 1) < 0.03)) return;
        count++;
        const [one, two] = [f_prime[i]!, f_doubleprime[i]!];
        const isFine =
          Math.abs(fPrime - one) <= 0.002 + 0.005 * Math.abs(one) &&
          Math.abs(fDoublePrime - two) <= Math.max(0.002, 0.005 * two);
        if (!isFine) wrong.push(`${symbol} ${energy}: ${fPrime} ${one}, ${fDoublePrime} ${two}`);
      });
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(14_000);
  });
  it("give the |F|^2 of cctbx with the full table's f' and f'' to 2e-4 of the strongest", () => {
    for (const structure of referenceStructures().filter(({ name }) =>
      /ZnO|CeO2|LaB6|NMC532$|Fe_alpha|Cu/.test(name),
    )) {
      const { reflections: want, energy_keV } = sharedJson<{
        energy_keV: number;
        reflections: { hkl: [number, number, number]; d: number; F2_wk1995_anomalous: number }[];
      }>(`reference/reflections/${structure.name}.json`);
      const list = want.map(({ hkl: [h, k, l] }) => ({ h, k, l }));
      const got = new Float64Array(list.length);
      const anomalous = structureAnomalousFactors(structure, energy_keV);
      const s2 = Float64Array.from(want, ({ d }) => 1 / (4 * d * d));
      createStructureFactors(structure, list, { anomalous }).evaluate(s2, got, null);
      const strongest = Math.max(...want.map((r) => r.F2_wk1995_anomalous));
      got.forEach((value, i) => expect(Math.abs(value - want[i]!.F2_wk1995_anomalous) / strongest).toBeLessThan(2e-4));
    }
  });
  it("are those of the reference lists at 103.5 keV to 0.002 electrons", () => {
    for (const name of ["ZnO", "CeO2", "LaB6", "NMC532", "Fe_alpha"]) {
      const { f_prime_f_doubleprime: want, energy_keV } = sharedJson<{
        energy_keV: number;
        f_prime_f_doubleprime: Record<string, [number, number]>;
      }>(`reference/reflections/${name}.json`);
      for (const [element, [one, two]] of Object.entries(want)) {
        const { fPrime, fDoublePrime } = anomalousFactors(element, energy_keV);
        expect(Math.abs(fPrime - one)).toBeLessThan(2e-3);
        expect(Math.abs(fDoublePrime - two)).toBeLessThan(Math.max(1e-3, 0.01 * two));
      }
    }
  });
});

describe("anomalousFactors", () => {
  it("jumps at the K edge of iron, 7.112 keV: f'' from below 0.5 to above 3.5 electrons", () => {
    expect(anomalousFactors("Fe", 7.111).fDoublePrime).toBeLessThan(0.5);
    expect(anomalousFactors("Fe", 7.113).fDoublePrime).toBeGreaterThan(3.5);
  });
  it("is what the Kramers-Kronig sum rule leaves far above all edges: f' of light atoms near 0", () => {
    for (const element of ["H", "Li", "C", "O"]) {
      expect(Math.abs(anomalousFactors(element, 100).fPrime)).toBeLessThan(0.005);
    }
  });
  it("gives the elements of a structure", () => {
    expect([...structureAnomalousFactors(builtInStructure("LaB6"), 80).keys()]).toEqual(["La", "B"]);
  });
  it.each([
    ["Fe", 4.9, "energy-out-of-range"],
    ["Fe", Number.NaN, "energy-out-of-range"],
    ["Pu", 80, "no-anomalous-factor"],
  ])("refuses %s at %d keV", (element, energy, code) => {
    expect(() => anomalousFactors(element, energy)).toThrow(expect.objectContaining({ code }));
  });
});
