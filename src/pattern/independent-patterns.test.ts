/**
 * Whole patterns against a program written from the papers alone (scripts/independent-patterns.py: numpy, gemmi's
 * operations, cctbx's form factors; every hkl of the sphere summed by itself). Tolerances are shares of the highest
 * point: rounding without axial divergence; with it, ten times what the nodes of its integral give.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { type Cell, equivalentBIso, spaceGroupTriplets } from "../crystal/index.ts";
import { createPatternCalculator } from "./calculator.ts";
import type { PatternModel, TextureAxis } from "./model.ts";

type Six = [number, number, number, number, number, number];
interface Case {
  name: string;
  wavelength: number;
  range: [number, number];
  step: number;
  model: PatternModel;
  values: Record<string, number>;
  phases: {
    name: string;
    group: string;
    cell: Six;
    sites: {
      label: string;
      scatterer: string;
      x: number;
      y: number;
      z: number;
      occupancy: number;
      b: number;
      u?: Six;
    }[];
    anomalous?: Record<string, [number, number]>;
    texture?: (TextureAxis & { r: number })[];
    sizeAxis?: [number, number, number];
    strainAxis?: [number, number, number];
  }[];
  top: number;
  /** index of the point, intensity */
  points: [number, number][];
}
const fixture = process.env["INDEPENDENT_PATTERNS"] ?? "tests/fixtures/independent-patterns.json";
const { program, cases } = JSON.parse(readFileSync(fixture, "utf8")) as { program: string; cases: Case[] };
const kernels = kernelBuilds.find(({ name }) => name === "simd")!;

function calculatorOf({ model, phases, range, step, wavelength, values }: Case) {
  const x = Array.from({ length: Math.floor((range[1] - range[0]) / step + 1e-6) + 1 }, (_, i) => range[0] + i * step);
  const own: PatternModel = {
    ...model,
    peaks: [],
    holdsWidths: false,
    phases: phases.map((phase) => {
      const [a, b, c, alpha, beta, gamma] = phase.cell;
      const cell: Cell = { a, b, c, alpha, beta, gamma };
      const sites = phase.sites.map(({ b: bIso, u, ...site }) => ({
        ...site,
        ...(u ? { uAniso: u, bIso: equivalentBIso(u, cell) } : { bIso }),
      }));
      const { name, anomalous, texture, sizeAxis, strainAxis } = phase;
      return {
        name,
        kind: "rietveld",
        structure: { name, cell, operations: spaceGroupTriplets(phase.group), sites },
        ...(texture && { texture }),
        ...(sizeAxis && { sizeAxis }),
        ...(strainAxis && { strainAxis }),
        ...(anomalous && {
          anomalous: new Map(
            Object.entries(anomalous).map(([element, [fPrime, fDoublePrime]]) => [element, { fPrime, fDoublePrime }]),
          ),
        }),
      };
    }),
  };
  const calculator = createPatternCalculator(kernels.create(), own, wavelength, x);
  for (const [name, value] of Object.entries(values)) calculator.values[calculator.indexOf(name)] = value;
  for (const { name, texture } of phases) {
    if (texture) calculator.values[calculator.indexOf(`${name}/texture`)] = texture[0]!.r;
  }
  return calculator;
}

describe(`patterns of ${program}`, () => {
  it.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const calculator = calculatorOf(one);
    calculator.prepare([]);
    expect(calculator.evaluate(false)).toBe(true);
    let worst = 0;
    let at = 0;
    for (const [i, want] of one.points) {
      const error = Math.abs(calculator.calculated[i]! - want) / one.top;
      if (error > worst) [worst, at] = [error, calculator.twoTheta[i]!];
    }
    if (process.env["INDEPENDENT_PATTERNS"]) console.log(one.name, worst.toExponential(2), at);
    const tolerance = one.model.hasAsymmetry ? 1e-5 : 2e-7;
    expect([at, worst < tolerance ? "agrees" : worst]).toEqual([at, "agrees"]);
  });
});
