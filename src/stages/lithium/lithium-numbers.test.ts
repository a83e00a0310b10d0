/** Formulas, tables and worked examples against the numbers of ../shared/reference/lithium. */
import { describe, expect, it } from "vitest";
import { hasShared, sharedJson } from "../../../tests/shared.ts";
import { builtInStructure } from "../../crystal/index.ts";
import { phaseAmount } from "./amounts.ts";
import {
  CALIBRATIONS,
  calibrationFor,
  createCalibration,
  interpolate,
  lithiumOnLine,
  NMC532_LINE,
} from "./calibration.ts";
import { capacityPerLithium, molarMass, parseFormula } from "./formula.ts";
import { lithiumOfWeights } from "./graphite.ts";
import { GRAPHITE_STAGES, lithiumOfSpacing, stageOf } from "./graphite-stages.ts";
import { NMC811_ROWS } from "./tables/nmc811.ts";

interface Reference {
  readonly NMC811_Maerker2019: {
    readonly rows: readonly (readonly [number, number, number, number])[];
    readonly fit_a_linear_x_0p4_1: { readonly slope_A_per_Li: number };
    readonly c_max: { readonly c: number; readonly x: number; readonly a: number };
  };
  readonly NMC532_paper_states: Readonly<
    Record<
      string,
      { readonly a: number | null; readonly x_from_a?: number; readonly x_from_a_range?: [number, number] }
    >
  >;
  readonly specific_capacity_mAh_per_g_per_Li: Readonly<Record<string, number>>;
  readonly worked_example_paper_anode: Readonly<
    Record<string, { readonly wt_LiC6: number; readonly wt_LiC12: number; readonly x: number }>
  >;
}
const reference = hasShared ? sharedJson<Reference>("reference/lithium/lithium_content.json") : undefined;

const FORMULAS: Readonly<Record<string, string>> = {
  NMC111: "LiNi0.333333Mn0.333333Co0.333333O2",
  NMC532: "LiNi0.5Mn0.3Co0.2O2",
  NMC622: "LiNi0.6Mn0.2Co0.2O2",
  NMC811: "LiNi0.8Mn0.1Co0.1O2",
  LiCoO2: "LiCoO2",
  NCA: "LiNi0.8Co0.15Al0.05O2",
  LiFePO4: "LiFePO4",
  LiC6: "LiC6",
  C6: "C6",
};

describe.skipIf(!reference)("reference numbers (needs ../shared)", () => {
  it.each(Object.keys(FORMULAS))("capacity of %s for one lithium", (name) => {
    expect(capacityPerLithium(FORMULAS[name]!)).toBeCloseTo(reference!.specific_capacity_mAh_per_g_per_Li[name]!, 1);
  });

  it("the table is the published one, row by row, and its largest c where it was", () => {
    const { rows, c_max: largest } = reference!.NMC811_Maerker2019;
    expect(NMC811_ROWS).toEqual(rows.map(([, x, a, c]) => [x, a, c]));
    const { x, a, c } = CALIBRATIONS.NMC811;
    const top = c.indexOf(Math.max(...c));
    expect(c[top]).toBe(largest.c);
    expect(a[top]).toBe(largest.a);
    expect(x[top]).toBeCloseTo((0.357 + 0.3458) / 2, 6);
  });

  it.each(["pristine (as received)", "charged C/2", "discharged C/20", "discharged C/2"])(
    "x from a alone: %s",
    (name) => {
      const { a, x_from_a: x, x_from_a_range: range } = reference!.NMC532_paper_states[name]!;
      expect(lithiumOnLine(a!, NMC532_LINE)).toBeCloseTo(x!, 2);
      expect(lithiumOnLine(a!, { a0: 2.872, slope: 0.0805 })).toBeCloseTo(range![0], 2);
      expect(lithiumOnLine(a!, { a0: 2.866, slope: 0.0875 })).toBeCloseTo(range![1], 2);
      expect(NMC532_LINE.slope).toBe(reference!.NMC811_Maerker2019.fit_a_linear_x_0p4_1.slope_A_per_Li);
    },
  );

  it.each(["charged_C2", "charged_C20"])("x of the paper's anode from weights: %s", (name) => {
    const { wt_LiC6, wt_LiC12, x } = reference!.worked_example_paper_anode[name]!;
    const phases = [
      { weight: wt_LiC6, molarMass: molarMass("LiC6"), li: 1, c: 6 },
      { weight: wt_LiC12, molarMass: molarMass("LiC12"), li: 1, c: 12 },
    ];
    expect(lithiumOfWeights(phases)).toBeCloseTo(x, 3);
  });
});

describe("formulas", () => {
  it("reads brackets, repeated elements and fractions", () => {
    expect([...parseFormula("Li(Ni0.8Co0.15Al0.05)O2")]).toEqual(
      expect.arrayContaining([
        ["Li", 1],
        ["Ni", 0.8],
        ["O", 2],
      ]),
    );
    expect(parseFormula("Li1.1 (Ni0.5Mn0.5)2 O4").get("Mn")).toBe(1);
  });

  it.each(["", "Li(NiO2", "LixCoO2", "2Li", "Li..5O2", "Xx2O3"])('refuses "%s"', (formula) => {
    expect(() => molarMass(formula)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/lithium-formula|unknown-scatterer/) }),
    );
  });
});

describe("tables", () => {
  const row = (x: number, a: number, c: number) => ({ x, a, c });
  const make = (rows: { x: number; a: number; c: number }[]) =>
    createCalibration({ name: "own.csv", formula: "LiCoO2", source: "", rows, xEsd: 0 });

  it.each([
    ["two rows", [row(0.5, 2.81, 14.4), row(1, 2.816, 14.05)]],
    ["x twice", [row(0.5, 2.81, 14.4), row(0.5, 2.812, 14.3), row(1, 2.816, 14.05)]],
    ["nanometres", [row(0.5, 0.281, 1.44), row(0.7, 0.2812, 1.43), row(1, 0.2816, 1.405)]],
    ["per cent", [row(50, 2.81, 14.4), row(70, 2.812, 14.3), row(100, 2.816, 14.05)]],
    ["one row in another unit", [row(0.5, 2.81, 14.4), row(0.7, 2.812, 14.3), row(1, 5.3, 14.05)]],
    ["no number", [row(0.5, 2.81, 14.4), row(0.7, Number.NaN, 14.3), row(1, 2.816, 14.05)]],
  ])("refuses %s", (_, rows) => {
    expect(() => make(rows)).toThrow(expect.objectContaining({ code: "lithium-table" }));
  });

  it("is chosen by composition: NMC532, nickel-rich, others wider, no other oxide", () => {
    const content = (formula: string) => calibrationFor(parseFormula(formula));
    expect(content("LiNi0.5Mn0.3Co0.2O2")!.name).toBe("NMC532");
    expect(content("LiNi0.8Co0.15Al0.05O2")!.name).toBe("NMC811");
    expect(content("LiNi0.6Mn0.2Co0.2O2")!.esdC[0]).toBeGreaterThan(0.05);
    expect(content("LiCoO2")).toBeUndefined();
    expect(content("LiMn2O4")).toBeUndefined();
  });

  it("the table of NMC532 goes through the cell as made and the paper's largest c", () => {
    const { x, a, c } = CALIBRATIONS.NMC532;
    expect([interpolate(x, a, 1), interpolate(x, c, 1)]).toEqual([expect.closeTo(2.87, 6), expect.closeTo(14.25, 6)]);
    expect(Math.max(...c)).toBeCloseTo(14.508, 2);
  });
});

describe("graphite", () => {
  it.each([
    ["graphite", 0, 3.3555],
    ["LiC30", 0.2, 3.4693],
    ["LiC12", 0.5, 3.5325],
    ["LiC6", 1, 3.706],
  ])("%s: the program's structure has the stage's lithium and layer spacing", (name, x, spacing) => {
    const structure = builtInStructure(name);
    const one = { name: "", ny: 1, nx: 1, unit: "", values: Float64Array.of(1) };
    const maps = { name: "", ny: 1, nx: 1, voxelMm: 1, maps: new Map([[`${name}/scale`, one]]) };
    const content = phaseAmount(maps, name, structure)!.content;
    expect((6 * (content.get("Li") ?? 0)) / content.get("C")!).toBeCloseTo(x, 6);
    expect(stageOf(x).spacing).toBe(spacing);
    expect(lithiumOfSpacing(spacing)).toBeCloseTo(x, 6);
    const layers = Math.round(structure.cell.c / 3.5);
    expect(structure.cell.c / layers).toBeCloseTo(spacing, 3);
  });

  it("stages rise in lithium and spacing, each within its range", () => {
    for (const [i, { x, low, high, spacing }] of GRAPHITE_STAGES.entries()) {
      expect(low).toBeLessThanOrEqual(x);
      expect(high).toBeGreaterThanOrEqual(x);
      if (i > 0) expect(spacing).toBeGreaterThan(GRAPHITE_STAGES[i - 1]!.spacing);
    }
  });
});
