import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { unzip } from "../../tests/unzip.ts";
import { formatInstprm, parseInstprm, parseInstrument, readInstrument } from "./instprm.ts";

const SYNCHROTRON = `#GSAS-II instrument parameter file; do not add/delete items!
Type:PXC
Bank:1.0
Lam:0.1665
Polariz.:0.99
Azimuth:0.0
Zero:-0.004
U:18.7174
V:0.6003
W:1.1470
X:0.28143
Y:0.001
Z:0.05
SH/L:0.0005
`;
const codeOf = (text: string): unknown => {
  try {
    parseInstrument(text, "some.instprm");
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

describe("a .instprm", () => {
  const [instrument] = parseInstprm(SYNCHROTRON, "some.instprm");

  it("gives the widths that GSAS-II's formulas give", () => {
    // GSAS-II: sigma^2 = U tan^2 + V tan + W in centidegree^2, gamma = X / cos + Y tan + Z in centidegrees
    const theta = (12.3 * Math.PI) / 360;
    const [t, c] = [Math.tan(theta), Math.cos(theta)];
    const sigmaDeg = Math.sqrt(18.7174 * t * t + 0.6003 * t + 1.147) / 100;
    const { U, V, W, X, Y, Z } = instrument!;
    expect(Math.sqrt(U * t * t + V * t + W)).toBeCloseTo(2 * Math.sqrt(2 * Math.LN2) * sigmaDeg, 12);
    expect(X / c + Y * t + Z).toBeCloseTo((0.28143 / c + 0.001 * t + 0.05) / 100, 14);
  });

  it("gives wavelength, zero, polarisation and half of SH/L each", () => {
    expect(instrument).toMatchObject({ lines: [{ wavelengthA: 0.1665, weight: 1 }], zeroDeg: -0.004, bank: 1 });
    expect(instrument!.polarization).toBeCloseTo(0.01, 12);
    expect([instrument!.SL, instrument!.HL]).toEqual([0.00025, 0.00025]);
    expect(instrument!.notes).toEqual([]);
  });

  it("turns the polarisation with the azimuth", () => {
    const [turned] = parseInstprm(SYNCHROTRON.replace("Azimuth:0.0", "Azimuth:90"), "x");
    expect(turned!.polarization).toBeCloseTo(0.99, 12);
    const [half] = parseInstprm(SYNCHROTRON.replace("Azimuth:0.0", "Azimuth:45"), "x");
    expect(half!.polarization).toBeCloseTo(0.5, 12);
  });

  it("with two lines is a laboratory tube", () => {
    const text = SYNCHROTRON.replace("Lam:0.1665", "Lam1:1.5405;Lam2:1.5443; I(L2)/I(L1): 0.5").concat(
      "Source:CuKa\nDiff-type:Bragg-Brentano\nGonio. radius:217.5\n",
    );
    expect(parseInstprm(text, "x")[0]).toMatchObject({
      lines: [
        { wavelengthA: 1.5405, weight: 1 },
        { wavelengthA: 1.5443, weight: 0.5 },
      ],
      geometry: "bragg-brentano",
      radiusMm: 217.5,
    });
  });

  it("may hold several banks, flags behind values, and text between triple quotes", () => {
    const bank = (n: number, lam: string): string =>
      `#Bank ${n}: GSAS-II instrument parameter file; do not add/delete items!\n  Type:PXC\n  Lam:${lam}:True\n  W:2:False\n  note:'''text: of\nLam:9\nseveral lines'''\n`;
    const banks = parseInstprm(bank(2, "0.2") + bank(7, "0.3"), "two.instprm");
    expect(banks.map(({ bank: n, lines }) => [n, lines[0]!.wavelengthA])).toEqual([
      [2, 0.2],
      [7, 0.3],
    ]);
    expect(banks[0]!.notes).toEqual(["two.instprm, bank 2: U, V, X, Y not given, taken as 0"]);
  });

  it("names what it does not use", () => {
    expect(parseInstprm(`${SYNCHROTRON}difC:22000\n`, "x")[0]!.notes).toEqual(["x: difC = 22000 is not used"]);
  });

  it.each([
    ["time of flight", SYNCHROTRON.replace("PXC", "PNT"), "instrument-unsupported"],
    ["neutrons", SYNCHROTRON.replace("PXC", "PNC"), "instrument-unsupported"],
    ["a pink beam", SYNCHROTRON.replace("PXC", "PXB"), "instrument-unsupported"],
    ["no wavelength", SYNCHROTRON.replace("Lam:0.1665\n", ""), "instrument-value"],
    ["a word for a number", SYNCHROTRON.replace("18.7174", "broad"), "instrument-value"],
    ["a share above 1", SYNCHROTRON.replace("0.99", "1.99"), "instrument-value"],
    ["another kind of file", "title: x\n1 2 3\n", "instrument-not-recognised"],
    ["an empty file", "", "instrument-not-recognised"],
    ["neutrons of old GSAS", "INS   BANK      1\nINS   HTYPE   PNCR\nINS  1 ICONS 1.9\n", "instrument-unsupported"],
    ["old GSAS without a bank", "INS   BANK      1\nINS   HTYPE   PXCR\n", "instrument-not-recognised"],
  ])("says what is wrong with %s", (_, text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it("comes back from what is written", () => {
    const { notes: _, ...parameters } = instrument!;
    const doublet = {
      ...parameters,
      lines: [
        { wavelengthA: 1.5405929, weight: 1 },
        { wavelengthA: 1.5444274, weight: 0.5 },
      ],
      geometry: "bragg-brentano" as const,
      radiusMm: 185,
      name: "D8",
    };
    for (const one of [parameters, doublet]) {
      const [back] = parseInstprm(formatInstprm(one, ["a comment: with a colon"]), "x");
      for (const key of ["U", "V", "W", "X", "Y", "Z", "SL", "HL", "zeroDeg", "polarization"] as const) {
        expect(back![key]).toBeCloseTo(one[key]!, 11);
      }
      expect(back).toMatchObject({ lines: one.lines, notes: [] });
    }
  });

  it("survives damage", () => {
    expectOnlyInputErrors(new TextEncoder().encode(SYNCHROTRON), (bytes) =>
      parseInstrument(new TextDecoder("latin1").decode(bytes), "fuzzed"),
    );
    const prm = `INS   BANK      1\nINS   HTYPE   PXCR\nINS  1 ICONS 0.4130110    0.0000    0.0000               0.990    0     0.500\nINS  1PRCF1     3   19   0.00100\nINS  1PRCF11       1.163000      -0.126000       0.063000   0.000000E+00\n`;
    expectOnlyInputErrors(new TextEncoder().encode(prm), (bytes) =>
      parseInstrument(new TextDecoder("latin1").decode(bytes), "fuzzed"),
    );
  });
});

describe.skipIf(!hasShared)("files of old GSAS (needs ../shared)", () => {
  const K = (8 * Math.LN2) / 1e4;

  it("11-BM's, profile function 3", () => {
    const [bank] = readInstrument(shared("data/powder/aps11bm_si640d_al2o3_676a/11bmb_8341.prm"));
    expect(bank).toMatchObject({
      bank: 1,
      name: "APS11BM",
      lines: [{ wavelengthA: 0.413011 }],
      SL: 0.0011,
      HL: 0.0011,
    });
    expect([bank!.U / K, bank!.V / K, bank!.W / K].map((x) => Number(x.toFixed(9)))).toEqual([1.163, -0.126, 0.063]);
    expect(bank!.X).toBeCloseTo(0.00173, 12);
    expect([bank!.Y, bank!.Z]).toEqual([0, 0]);
    expect(bank!.polarization).toBeCloseTo(0.01, 12);
    expect(bank!.notes).toEqual([]);
  });

  it("the tutorial's of 11-BM, out of its archive", () => {
    const entry = unzip(readFileSync(shared("data/powder/gsas2_cucr2o4_sequence_11bm/SeqTut.zip"))).find(
      ({ name }) => name === "OH_00.prm",
    );
    const [bank] = parseInstrument(new TextDecoder().decode(entry!.data), "OH_00.prm");
    expect(bank!.lines[0]!.wavelengthA).toBe(0.413263);
  });

  it("a laboratory tube's", () => {
    const [bank] = readInstrument(shared("data/powder/gsas_lab_refined/INST_XRY.PRM"));
    expect(bank!.lines).toEqual([
      { wavelengthA: 1.5405, weight: 1 },
      { wavelengthA: 1.5443, weight: 0.5 },
    ]);
    // GU GV GW GP = 2 -2 5 0.1, LX LY = 0 0, S/L = H/L = 0.01; GP goes into U and W
    expect([bank!.U / K, bank!.V / K, bank!.W / K].map((x) => Number(x.toFixed(9)))).toEqual([2.1, -2, 5.1]);
    expect([bank!.SL, bank!.HL, bank!.polarization!.toFixed(9)]).toEqual([0.01, 0.01, "0.300000000"]);
  });
});
