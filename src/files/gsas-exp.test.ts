import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { density } from "../crystal/index.ts";
import { parseGsasExp, readGsasExp } from "./gsas-exp.ts";

const column = (text: string): string => text.padEnd(80);
const SMALL = [
  " EXPR  HTYP1  PXC",
  "CRS1    PNAM  salt",
  "CRS1  ABC     5.640200  5.640200  5.640200    Y    0",
  "CRS1  ANGLES   90.0000   90.0000   90.0000",
  "CRS1  AT  1A  NA+1      0.000000  0.000000  0.000000  1.000000NA1        4 000",
  "CRS1  AT  1B  0.020000                                                    I XU",
  "CRS1  AT  2A  CL-1      0.500000  0.500000  0.500000  1.000000CL2        4 000",
  "CRS1  AT  2B  0.010000  0.020000  0.030000  0.000000  0.000000  0.000000  A  U",
  "CRS1  SG SYM  F M 3 M",
  "HST  1 ICONS  1.540500  1.544300       1.5         0       0.5    0       0.5",
  "HST  1 TRNGE  15.00000 129.98000",
  "HST  1EXC  1    20.000    21.000",
  "HAP1 1PRCF      2    6      0.01",
  "HAP1 1PRCF 1   0.200000E+01  -0.200000E+01   0.500000E+01   0.335183E+01",
  "HAP1 1PRCF 2   0.248803E+01   0.000000E+00",
]
  .map(column)
  .join("\n");

describe("an .EXP of old GSAS", () => {
  it("gives phase, instrument, range", () => {
    const { phases, instrument, range, exclude, notes } = parseGsasExp(SMALL, "salt.EXP");
    expect(phases[0]).toMatchObject({
      name: "salt",
      cell: { a: 5.6402, gamma: 90 },
      sites: [
        { label: "NA1", scatterer: "Na1+", x: 0, bIso: expect.closeTo(8 * Math.PI ** 2 * 0.02, 12) },
        { label: "CL2", scatterer: "Cl1-", x: 0.5, bIso: expect.closeTo(8 * Math.PI ** 2 * 0.02, 12) },
      ],
    });
    expect(phases[0]!.operations).toHaveLength(192);
    expect(density(phases[0]!)).toBeCloseTo(2.163, 2); // halite
    expect(instrument).toMatchObject({ lines: [{ wavelengthA: 1.5405 }, { wavelengthA: 1.5443 }], zeroDeg: 0.015 });
    // profile function 2: GU GV GW LX LY
    expect([instrument.X, instrument.Y].map((x) => Number(x.toFixed(9)))).toEqual([0.0335183, 0.0248803]);
    expect([range, exclude]).toEqual([[15, 129.98], [[20, 21]]]);
    expect(notes.join()).toMatch(/anisotropic/);
  });

  it.each([
    ["another file", "CRS1 nothing", "gsas-exp-not-recognised"],
    ["no atoms", SMALL.replaceAll(/AT {2}\d[AB]/g, "XX   "), "gsas-exp-phase"],
    ["no wavelength", SMALL.replace("ICONS", "XXXXX"), "instrument-not-recognised"],
    ["neutrons", SMALL.replace("PXC", "PNC"), "instrument-unsupported"],
    ["a group that is none", SMALL.replace("F M 3 M", "F M 9 M"), "unknown-space-group"],
  ])("says what is wrong with %s", (_, text, code) => {
    expect(() => parseGsasExp(text, "x.EXP")).toThrow(expect.objectContaining({ code }));
  });

  it("survives damage", () => {
    expectOnlyInputErrors(
      new TextEncoder().encode(SMALL),
      (bytes) => parseGsasExp(new TextDecoder("latin1").decode(bytes), "fuzzed"),
      150,
    );
  });
});

describe.skipIf(!hasShared)("measured experiments (needs ../shared)", () => {
  it("fluorapatite: its cell, group and density of 3.2 g/cm^3", () => {
    const { phases, instrument } = readGsasExp(shared("data/powder/gsas_lab_refined/FAP.EXP"));
    expect(phases[0]!.cell).toMatchObject({ a: 9.371724, c: 6.885867, gamma: 120 });
    expect(phases[0]!.sites.map(({ scatterer }) => scatterer)).toEqual(["Ca", "Ca", "P", "F", "O", "O", "O"]);
    expect(phases[0]!.operations).toHaveLength(12);
    expect(density(phases[0]!)).toBeCloseTo(3.2, 1);
    expect(instrument.sampleShiftDeg).toBeCloseTo(0.0490166, 9);
  });

  it("alpha and beta silicon nitride", () => {
    const text = readFileSync(shared("data/powder/gsas_lab_refined/A_SI3N4X.EXP"), "latin1");
    const { phases, instrument } = parseGsasExp(text, "A_SI3N4X.EXP");
    // asym and shft of profile function 2
    expect(instrument.asymmetryDeg).toBeCloseTo(-0.0130255, 9);
    expect(instrument.sampleShiftDeg).toBeCloseTo(0.0151, 9);
    expect(instrument.transparencyDeg).toBeUndefined();
    // 3.18 and 3.20 g/cm^3
    expect(phases.map((phase) => Number(density(phase).toFixed(2)))).toEqual([3.18, 3.2]);
  });
});
