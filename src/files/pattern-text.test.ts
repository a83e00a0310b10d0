import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../tests/parser-fuzz.ts";
import { hasShared, shared } from "../../tests/shared.ts";
import { AXIS_UNITS, type Pattern } from "../data/index.ts";
import { formatPatternCsv, formatXye, parsePattern } from "./pattern-text.ts";

const code = (wanted: string) => expect.objectContaining({ name: "InputError", code: wanted });
const points = ({ axis, intensity, sigma }: Pattern) =>
  [...axis.values].map((x, i) => [x, intensity[i], ...(sigma ? [sigma[i]] : [])]);
const two = [
  [5.01, 7300, 85.5],
  [5.02, 7115, 84.25],
];

describe("patterns in text", () => {
  it.each([
    ["blanks", "5.01 7300 85.5\n5.02 7115 84.25\n"],
    ["tabs and Windows line ends", "5.01\t7300\t85.5\r\n5.02\t7115\t84.25\r\n"],
    ["commas", "5.01,7300,85.5\n5.02, 7115, 84.25\n"],
    ["commas at the line's end", "5.01, 7300, 85.5,\n5.02, 7115, 84.25,\n"],
    ["decimal commas and blanks", "5,01 7300,0 85,5\n5,02 7115,0 84,25\n"],
    ["decimal commas and semicolons", "5,01;7300;85,5\n5,02;7115;84,25\n"],
    ["semicolons", "5.01; 7300; 85.5\n5.02; 7115; 84.25\n"],
    ["Fortran exponents", "  5.01D+00  7.3D+03  8.55D+01\n  5.02D+00  7.115D+03  8.425D+01\n"],
    ["comments and blank lines", "# made by hand\n! so\n'and so\n\n5.01 7300 85.5\n\n# between\n5.02 7115 84.25\n\n"],
    ["falling angles", "5.02 7115 84.25\n5.01 7300 85.5\n"],
  ])("with %s", (_, text) => {
    expect(points(parsePattern(text, "a.xye"))).toEqual(two);
  });
  it("of two columns have no sigma", () => {
    expect(parsePattern("5.01 7300\n5.02 7115\n", "a.xye").sigma).toBeUndefined();
  });
  it("do not take a third column of zeros for sigma, nor more than three columns", () => {
    expect(parsePattern("1 2 0\n2 3 0\n", "a.xye").sigma).toBeUndefined();
    expect(parsePattern("1 2 1 4\n2 3 1 4\n", "a.xye").sigma).toBeUndefined();
  });
  it.each([
    ["# 2th_deg I", "two-theta", 1],
    ["# q_A^-1 I sigma", "q", 1],
    ["# q_nm^-1 I", "q", 0.1],
    ["2theta (degrees), intensity", "two-theta", 1],
    ["Q Space (Inverse Nanometres)\nIntensity\n2", "q", 0.1],
    ["Q (Å^-1)\tI", "q", 1],
    ["# 2th_rad I", "two-theta", 180 / Math.PI],
    ["# r_mm I", "radius", 1],
  ])("under the head %s have its unit", (head, unit, scale) => {
    const pattern = parsePattern(`${head}\n1 7\n2 8\n`, "a.dat");
    expect(pattern.axis.unit).toBe(unit);
    expect([...pattern.axis.values]).toEqual([scale, 2 * scale]);
  });
  it("without head or telling ending need the unit, which then counts more than the head", () => {
    expect(() => parsePattern("1 7\n2 8\n", "a.xy")).toThrow(code("pattern-axis-unknown"));
    expect(parsePattern("1 7\n2 8\n", "a.xy", { axis: "q" }).axis.unit).toBe("q");
    expect(parsePattern("1 7\n2 8\n", "a.xy", { otherwise: "q" }).axis.unit).toBe("q");
    expect(parsePattern("# 2th_deg\n1 7\n2 8\n", "a.xy", { axis: "q" }).axis.unit).toBe("q");
    expect(parsePattern("# 2th_deg\n1 7\n2 8\n", "a.xy", { otherwise: "q" }).axis.unit).toBe("two-theta");
  });
  it.each([
    ["nothing", "", "pattern-empty"],
    ["prose", "this is\nno pattern at all\n", "pattern-empty"],
    ["one column", "1\n2\n3\n", "pattern-empty"],
    ["words between", `1 2\n${"oops\n".repeat(5)}2 3\n`, "pattern-not-numbers"],
    ["NaN", "1 2\n2 nan\n3 nan\n4 nan\n", "pattern-not-numbers"],
    ["an axis that turns back", "1 2\n3 4\n2 5\n4 1\n", "pattern-not-ascending"],
    ["one position twice", "1 2\n1 4\n2 5\n", "pattern-not-ascending"],
  ])("of %s are refused", (_, text, wanted) => {
    expect(() => parsePattern(text, "bad.xye")).toThrow(code(wanted));
  });

  const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  const made = fc
    .tuple(
      fc.constantFrom(...AXIS_UNITS),
      fc.uniqueArray(finite, { minLength: 2, maxLength: 30, comparator: "SameValueZero" }),
      fc.boolean(),
    )
    .map(([unit, xs, hasSigma]): Pattern => {
      const values = Float64Array.from(xs)
        .map((x) => x + 0)
        .sort();
      const intensity = values.map((x) => Math.sin(x) * 1e3);
      return {
        axis: { unit, values },
        intensity,
        ...(hasSigma && { sigma: values.map((x) => 1 + Math.abs(Math.cos(x))) }),
      };
    });
  it.each([
    ["xye", formatXye],
    ["csv", formatPatternCsv],
  ])("come back as they were written to .%s, unit included", (ending, format) => {
    fc.assert(
      fc.property(made, (pattern) => {
        const read = parsePattern(format(pattern), `a.${ending}`);
        expect(read.axis.unit).toBe(pattern.axis.unit);
        expect(points(read)).toEqual(points(pattern));
      }),
    );
  });
  it("leave bins without a pixel out of .xye", () => {
    const pattern: Pattern = {
      axis: { unit: "q", values: Float64Array.of(1, 2) },
      intensity: Float32Array.of(Number.NaN, 0.1),
    };
    expect(formatXye(pattern, ["a test"])).toBe("# a test\n# q_A^-1 intensity\n2 0.100000001\n");
  });
  it("damaged in any way give an InputError or a pattern", () => {
    const xye = Buffer.from("# two_theta_deg I\n".concat("5.01 7300 85.5\n5.02 7115 84.25\n5.03, 7e3; 84\n"));
    expectOnlyInputErrors(xye, (bytes) => parsePattern(Buffer.from(bytes).toString("latin1"), "fuzz.xye"));
  });
});

describe("GSAS patterns", () => {
  const gsas = (bank: string, body: string) => parsePattern(`a title\nBANK 1 ${bank}\n${body}`, "a.gsas");
  it("of type FXYE have angles in centidegrees, and sigma", () => {
    expect(points(gsas("2 2 CONS 501 1 0 0 FXYE", "501 7300 85.5\n502 7115 84.25\n"))).toEqual(two);
  });
  it("of type STD have counts of two places and six; sigma is their root over the detectors", () => {
    const found = points(gsas("3 1 CONST 1000 2 0 0 STD", "     100 2   400       0\n"));
    expect(found).toEqual([
      [10, 100, 10],
      [10.02, 400, Math.sqrt(200)],
      [10.04, 0, 1],
    ]);
  });
  it("of type ESD have pairs", () => {
    expect(points(gsas("2 1 CONS 1000 10 0 0 ESD", "     100      11     400      22\n"))).toEqual([
      [10, 100, 11],
      [10.1, 400, 22],
    ]);
  });
  it.each([
    ["cut off", "5 2 CONS 501 1 0 0 FXYE", "pattern-truncated"],
    ["with time of flight", "2 2 SLOG 501 1 0 0 STD", "pattern-unsupported"],
    ["of an unknown type", "2 2 CONS 501 1 0 0 TIME_MAP", "pattern-unsupported"],
    ["without a count", "x 2 CONS 501 1 0 0 FXYE", "pattern-unsupported"],
  ])("%s are refused", (_, bank, wanted) => {
    expect(() => gsas(bank, "501 7300 85.5\n502 7115 84.25\n")).toThrow(code(wanted));
  });
  it("damaged in any way give an InputError or a pattern", () => {
    const file = Buffer.from("t\nBANK 1 2 2 CONS 501 1 0 0 FXYE\n501 7300 85.5\n502 7115 84.25\n");
    expectOnlyInputErrors(file, (bytes) => parsePattern(Buffer.from(bytes).toString("latin1"), "fuzz.fxye"));
  });
});

describe.skipIf(!hasShared)("measured patterns (needs ../shared)", () => {
  // points, first and last position, first intensity: as in the file itself; ranges as in ../shared/data/*/PROVENANCE.md
  it.each([
    ["powder/scimap_lab/corundum.xye", "two-theta", 6851, 10.0001001358032, 80.0060510728508, 1.09375],
    ["powder/scimap_lab/LMO-two-phase.plt", "two-theta", 4001, 55, 75, 4.00041],
    [
      "powder/powderline_lab6_28ID1_0.1665A/example_LaB6.xye",
      "two-theta",
      4096,
      0.6472655703,
      15.86732137,
      30.65519524,
    ],
    ["powder/cpd_round_robin/CPD-1H.PRN", "two-theta", 7251, 5, 150, 158],
    ["powder/nist_lab6_lab/NIST660CBI.gsas", "two-theta", 8378, 15.0066, 124.9991231, 2364],
    ["powder/gsas_lab_refined/FAP.XRA", "two-theta", 5753, 15, 130.04, 609],
    ["detector/dioptas_ceo2_30keV/CeO2_Pilatus1M.xy", "two-theta", 1512, 0.01019698551, 30.82548718, 2.434518099],
    ["detector/bruker_gadds_nca/map-0.plt", "two-theta", 4001, 53, 73, 7.131316],
  ])("%s", (path, unit, count, first, last, intensity) => {
    const { axis, intensity: y } = parsePattern(readFileSync(shared(`data/${path}`), "latin1"), path);
    expect([axis.unit, axis.values.length]).toEqual([unit, count]);
    expect(axis.values[0]).toBeCloseTo(first, 9);
    expect(axis.values[count - 1]).toBeCloseTo(last, 6);
    expect(y[0]).toBe(intensity);
  });
  it("say that they do not know where the file does not (FeSb_19RBM.xy)", () => {
    const path = shared("data/powder/guillemot_topas/FeSb_19RBM.xy");
    expect(() => parsePattern(readFileSync(path, "latin1"), path)).toThrow(code("pattern-axis-unknown"));
  });
  const zipped = (zip: string, name: string): string =>
    execFileSync("unzip", ["-p", shared(`data/${zip}`), name], { encoding: "latin1", maxBuffer: 1e8 });
  const hasUnzip = (() => {
    try {
      execFileSync("unzip", ["-v"]);
      return true;
    } catch {
      return false;
    }
  })();
  it.skipIf(!hasUnzip)("34-ID-E's .chi, and the same pattern as .xy", () => {
    const zip = "xrdct/scimap_34IDE_nca_map/xrd-map-34-ID-E.zip";
    const chi = parsePattern(zipped(zip, "Data_0001.chi"), "Data_0001.chi");
    expect([chi.axis.unit, chi.axis.values.length, chi.axis.values[1999]]).toEqual(["two-theta", 2000, 22.994251]);
    const xy = parsePattern(zipped(zip, "Data_0001.xy"), "Data_0001.xy", { axis: "two-theta" });
    expect(xy).toEqual(chi);
  });
  it.skipIf(!hasUnzip)("11-BM's .fxye: 49 498 points from 0.5 to 50 degrees", () => {
    const zip = "powder/aps11bm_si640d_al2o3_676a/11bmb_8341.fxye.zip";
    const { axis, sigma } = parsePattern(zipped(zip, "11bmb_8341.fxye"), "11bmb_8341.fxye");
    expect([axis.values.length, axis.values[0]]).toEqual([49498, 0.5]);
    expect(axis.values.at(-1)).toBeCloseTo(49.997, 6);
    expect(sigma?.[0]).toBe(24.246314);
  });
});
