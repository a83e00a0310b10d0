import { describe, expect, it } from "vitest";
import { expectOnlyInputErrors } from "../../../tests/parser-fuzz.ts";
import { parseCalibration, readCalibration } from "./read-calibration.ts";

const CSV = `# formula: LiNi0.5Mn0.3Co0.2O2
# source: own cells, coulometry
# x_esd: 0.01
x, a (Å), c (Å), sigma_a, sigma_c
1, 2.870, 14.25, 0.001, 0.004
0.7, 2.848, 14.36, 0.001, 0.004
0.4, 2.822, 14.505, 0.001, 0.004
`;
const YAML = `formula: LiNi0.5Mn0.3Co0.2O2
x_esd: 0.01
rows:
  - {x: 0.4, a: 2.822, c: 14.505, sigma_a: 0.001, sigma_c: 0.004}
  - {x: 0.7, a: 2.848, c: 14.36, sigma_a: 0.001, sigma_c: 0.004}
  - {x: 1, a: 2.870, c: 14.25, sigma_a: 0.001, sigma_c: 0.004}
`;

describe("tables by file", () => {
  it.each([
    ["own.csv", CSV],
    ["own.yaml", YAML],
    ["semicolons.csv", CSV.replace(/, /g, ";")],
    [
      "blanks.txt",
      CSV.replace(/ \(Å\)/g, "")
        .replace(/^(x|\d.*?),/gm, (line) => line)
        .replace(/^[^#].*$/gm, (line) => line.replaceAll(",", " ")),
    ],
    ["windows.csv", `\uFEFF${CSV.replaceAll("\n", "\r\n")}`],
  ])("%s: the same numbers, ascending in x", (name, text) => {
    const table = parseCalibration(text, name);
    expect([...table.x]).toEqual([0.4, 0.7, 1]);
    expect([...table.a]).toEqual([2.822, 2.848, 2.87]);
    expect([...table.c]).toEqual([14.505, 14.36, 14.25]);
    expect(table.esdA[0]).toBe(0.001);
    expect(table.esdC[0]).toBe(0.004);
    expect(table.xEsd).toBe(0.01);
    expect(table.formula).toBe("LiNi0.5Mn0.3Co0.2O2");
  });

  it("takes the composition from the phase, and 0.05 for x, where the file says nothing", () => {
    const table = parseCalibration("x,a,c\n1,2.87,14.25\n0.7,2.85,14.36\n0.4,2.82,14.5\n", "own.csv", "LiNiO2");
    expect([table.formula, table.xEsd, table.esdA[0]]).toEqual(["LiNiO2", 0.05, 0]);
    expect(() => parseCalibration("x,a,c\n1,2.87,14.25\n", "own.csv")).toThrow(/composition/);
  });

  it.each([
    ["a column missing", CSV.replace("c (Å)", "volume"), /line 4.*x, a and c/],
    ["a column twice", CSV.replace("sigma_a", "a"), /line 4.*two columns/],
    ["no number", CSV.replace("14.36", "n/a"), /line 6: c is "n\/a"/],
    ["a field missing", CSV.replace(", 14.36, 0.001, 0.004", ""), /line 6: c is ""/],
    ["a decimal comma", CSV.replaceAll(", ", ";").replace("2.870", "2,870"), /line 5: a is "2,870"/],
    ["per cent", CSV.replace("\n1, ", "\n100, "), /x = 100/],
    ["x_esd that is none", CSV.replace("x_esd: 0.01", "x_esd: good"), /x_esd is "good"/],
    ["no table", "", /composition|three are needed/],
  ])("refuses %s in one message", (_, text, message) => {
    expect(() => parseCalibration(text, "own.csv")).toThrow(message);
  });

  it("names what the program has where a name is misspelt", () => {
    expect(() => readCalibration("NMC523")).toThrow(/did you mean "NMC532"/);
  });

  it.each([
    ["own.csv", CSV],
    ["own.yaml", YAML],
  ])("%s, damaged in any way, gives a table or an InputError", (name, text) => {
    const parse = (bytes: Uint8Array) => parseCalibration(new TextDecoder().decode(bytes), name, "LiNiO2");
    expectOnlyInputErrors(new TextEncoder().encode(text), parse, 150);
  });
});
