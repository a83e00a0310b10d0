/**
 * A measured raster: 143 microbeam patterns of a LiNi0.8Co0.15Al0.05O2 particle (APS 34-ID-E, 2015; the test data of
 * scimap), 0.49594 angstrom, 13 rows of 11 columns. "From GSAS-II refinement" scimap has a = 2.88, c = 14.23 for
 * index 85, counted from 0.
 */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { hasShared, shared } from "../../../tests/shared.ts";
import { unzip } from "../../../tests/unzip.ts";
import { type Axis, STATUS } from "../../data/index.ts";
import { createReferenceKernels } from "../../kernels/index.ts";
import { createPeakPlan, findPeaks, fitPeaksBlock, latticeOfPhase, type MapConfigInput } from "./index.ts";

const ROWS = 13;
const COLUMNS = 11;
const WAVELENGTH_A = 0.49594;
const [A, C] = [2.877, 14.24];
const dOf = (h: number, k: number, l: number): number =>
  1 / Math.sqrt((4 / 3) * ((h * h + h * k + k * k) / A ** 2) + (l / C) ** 2);

function peak(name: string, change: object = {}) {
  const hkl = [...name].map(Number) as [number, number, number];
  return { name, hkl, d: dOf(...hkl), ...change };
}
const region = (range: [number, number], ...peaks: ReturnType<typeof peak>[]) => ({
  ...{ name: peaks[0]!.name, phase: "NCA", range, peaks },
});
const config: MapConfigInput = {
  lattices: [{ phase: "NCA", system: "hexagonal" }],
  regions: [
    region([5.75, 6.25], peak("003")),
    region([11.35, 11.85], peak("101")),
    region([13.75, 14.2], peak("104")),
    region([14.95, 15.5], peak("015")),
    region([19.45, 20.15], peak("018"), peak("110", { fwhm: { tie: "018" } })),
  ],
};

/** Fit2D's .chi: four lines of heading, then two-theta and intensity. */
const columnsOf = (text: string): number[][] =>
  text
    .trimEnd()
    .split("\n")
    .slice(4)
    .map((line) => line.trim().split(/\s+/).map(Number));

describe.skipIf(!hasShared)("143 NCA patterns to maps (needs ../shared)", () => {
  let result: ReturnType<typeof fitPeaksBlock>;
  let lattice: ReturnType<typeof latticeOfPhase>;
  let axis: Axis;
  let intensity: Float64Array;
  beforeAll(() => {
    const files = unzip(readFileSync(shared("data/xrdct/scimap_34IDE_nca_map/xrd-map-34-ID-E.zip")));
    const texts = files
      .filter(({ name }) => name.endsWith(".chi"))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, data }) => [name, data.toString("latin1")] as const);
    const columns = texts.map(([, text]) => columnsOf(text));
    axis = { unit: "two-theta", values: Float64Array.from(columns[0]!, ([x]) => x!) };
    const patterns = Float32Array.from(columns.flatMap((rows) => rows.map(([, y]) => y!)));
    intensity = new Float64Array(axis.values.length);
    patterns.forEach((value, i) => {
      intensity[i % intensity.length] = intensity[i % intensity.length]! + value / columns.length;
    });
    const plan = createPeakPlan(config, axis, { wavelengthA: WAVELENGTH_A, summedPattern: { axis, intensity } });
    result = fitPeaksBlock(createReferenceKernels(), plan, { patterns });
    lattice = latticeOfPhase(plan, result, { phase: "NCA", system: "hexagonal" });
  });

  it("has a near 2.877 and c near 14.24 angstrom at index 85", () => {
    const [a, c] = [lattice.edges.a!, lattice.edges.c!];
    expect(result.parameters["NCA/a"]).toEqual(a); // the same, by name, for the pipeline
    expect(result.status["NCA"]).toEqual(lattice.status);
    expect(Math.abs(a.values[85]! - A)).toBeLessThan(0.002);
    expect(Math.abs(c.values[85]! - C)).toBeLessThan(0.005);
    expect(a.esd[85]).toBeLessThan(0.001);
    expect(c.esd[85]).toBeLessThan(0.005);
  });

  it("finds the strong peaks in every point of the raster", () => {
    expect(result.voxels).toBe(ROWS * COLUMNS);
    for (const name of ["003/003", "101/101", "104/104"]) {
      expect(result.status[name]!.every((status) => status === STATUS.converged)).toBe(true);
    }
    expect([...lattice.status].every((status) => status === STATUS.converged)).toBe(true);
  });

  it("shows the particle: the 104 peak is several times stronger in the middle than at the rim", () => {
    const { values } = result.parameters["104/104/area"]!;
    const mean = (inside: boolean): number => {
      const picked = [...values].filter((_, i) => {
        const [row, column] = [Math.floor(i / COLUMNS), i % COLUMNS];
        return (row > 3 && row < 10 && column > 1 && column < 7) === inside && (inside || row > 10 || column > 8);
      });
      return picked.reduce((sum, value) => sum + value, 0) / picked.length;
    };
    expect(mean(true) / mean(false)).toBeGreaterThan(4);
  });

  it("finds and indexes 003, 101, 104, 015, 018, 110 and 113 without being told where", () => {
    const list = ["003", "101", "104", "015", "018", "110", "113", "107", "012", "006"];
    const reflections = list.map((name) => {
      const [h, k, l] = [...name].map(Number) as [number, number, number];
      return { phase: "NCA", h, k, l, dA: dOf(h, k, l) };
    });
    const found = findPeaks({ axis, intensity }, { wavelengthA: WAVELENGTH_A, reflections });
    const names = found.map(({ reflections: [r] }) => (r ? `${r.h}${r.k}${r.l}` : ""));
    expect(names).toEqual(expect.arrayContaining(["003", "101", "104", "015", "018", "110", "113"]));
  });
});
