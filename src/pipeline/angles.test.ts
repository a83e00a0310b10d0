import { describe, expect, it } from "vitest";
import { anglesOf, windowOf } from "./angles.ts";
import { parseScan, type Scan } from "./scan-config.ts";

const scan = (more: string): Scan =>
  parseScan(`input: {kind: p07, folder: .}\nenergyKeV: 71\n${more}`, "/somewhere/scan.yaml");
const angles = (more: string, lines: number): number[] => {
  const one = scan(more);
  return [...anglesOf(one.config.angles, lines, one)];
};

describe("anglesOf", () => {
  it("goes through all angles in passes", () => {
    expect(angles("angles: {end: 8, passes: 2}", 8)).toEqual([0, 2, 4, 6, 1, 3, 5, 7]);
    expect(angles("angles: {end: 8, passes: [0, 2, 1, 3]}", 8)).toEqual([0, 4, 2, 6, 1, 5, 3, 7]);
    expect(angles("angles: {end: 7, inclusive: true}", 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("refuses passes that do not make up the scan", () => {
    expect(() => angles("angles: {passes: 3}", 8)).toThrow(/which 3 does not divide/);
    expect(() => angles("angles: {passes: [0, 0]}", 8)).toThrow(/is needed once/);
  });
});

describe("windowOf", () => {
  it("takes part of a scan, beginning with an even line", () => {
    expect(windowOf(scan("lines: {from: 4, to: 9}"), 20)).toEqual({ from: 4, count: 5 });
    expect(windowOf(scan("lines: {from: 4}"), 20)).toEqual({ from: 4, count: 16 });
    expect(windowOf(scan(""), 20)).toEqual({ from: 0, count: 20 });
    expect(() => windowOf(scan("lines: {from: 4, to: 30}"), 20)).toThrow(/the scan has 20 lines/);
    expect(() => scan("lines: {from: 3}")).toThrow(/lines.from/);
  });
});
