import { describe, expect, it } from "vitest";
import { STATUS } from "../../data/index.ts";
import { areaRatio, type CrystalSystem, latticeFromPeaks, type SpacingMap } from "./index.ts";

type Hkl = readonly [number, number, number];

/** 1/d^2 from the general formula for right angles, or hexagonal axes. */
function spacing(system: CrystalSystem, [h, k, l]: Hkl, a: number, b: number, c: number): number {
  if (system === "hexagonal") return 1 / Math.sqrt((4 / 3) * ((h * h + h * k + k * k) / a ** 2) + (l / c) ** 2);
  return 1 / Math.sqrt((h / a) ** 2 + (k / b) ** 2 + (l / c) ** 2);
}

const maps = (system: CrystalSystem, hkls: readonly Hkl[], a: number, b: number, c: number, esd = 1e-4): SpacingMap[] =>
  hkls.map((hkl) => ({ hkl, dA: [spacing(system, hkl, a, b, c)], esd: [esd] }));

describe("latticeFromPeaks", () => {
  it.each<[CrystalSystem, Hkl[], number, number, number]>([
    ["cubic", [[1, 1, 1]], 5.4113, 5.4113, 5.4113],
    [
      "cubic",
      [
        [1, 1, 1],
        [2, 2, 0],
      ],
      3.615,
      3.615,
      3.615,
    ],
    [
      "tetragonal",
      [
        [1, 0, 1],
        [1, 1, 0],
        [0, 0, 2],
      ],
      4.594,
      4.594,
      2.958,
    ],
    [
      "hexagonal",
      [
        [0, 0, 3],
        [1, 0, 1],
        [1, 0, 4],
        [1, 1, 0],
      ],
      2.877,
      2.877,
      14.24,
    ],
    [
      "orthorhombic",
      [
        [2, 0, 0],
        [1, 1, 1],
        [0, 2, 0],
        [0, 2, 1],
      ],
      10.33,
      6.01,
      4.69,
    ],
  ])("finds the edges of a %s cell exactly", (system, hkls, a, b, c) => {
    const { edges, status } = latticeFromPeaks(system, maps(system, hkls, a, b, c));
    expect(status[0]).toBe(STATUS.converged);
    expect(edges.a!.values[0]).toBeCloseTo(a, 10);
    if (edges.b) expect(edges.b.values[0]).toBeCloseTo(b, 10);
    if (edges.c) expect(edges.c.values[0]).toBeCloseTo(c, 10);
  });

  it("carries the esd of one spacing: esd(a) / a = esd(d) / d", () => {
    const { edges, gof } = latticeFromPeaks("cubic", maps("cubic", [[1, 1, 1]], 5.4, 5.4, 5.4, 2e-4));
    expect(edges.a!.esd[0]).toBeCloseTo(2e-4 * Math.sqrt(3), 10);
    expect(gof[0]).toBeNaN(); // nothing to spare
  });

  it("with n equal spacings the esd falls by sqrt(n)", () => {
    const { edges } = latticeFromPeaks(
      "cubic",
      maps(
        "cubic",
        [
          [1, 1, 1],
          [1, 1, 1],
          [1, 1, 1],
          [1, 1, 1],
        ],
        5.4,
        5.4,
        5.4,
        2e-4,
      ),
    );
    expect(edges.a!.esd[0]).toBeCloseTo((2e-4 * Math.sqrt(3)) / 2, 10);
  });

  it("widens the esd by the disagreement of the reflections, unless asked not to", () => {
    const spacings = maps(
      "cubic",
      [
        [1, 1, 1],
        [2, 2, 0],
      ],
      5.4,
      5.4,
      5.4,
    );
    const apart = [spacings[0]!, { ...spacings[1]!, dA: [(spacings[1]!.dA[0] as number) + 5e-4] }];
    const scaled = latticeFromPeaks("cubic", apart);
    const bare = latticeFromPeaks("cubic", apart, "none");
    expect(scaled.gof[0]).toBeGreaterThan(2);
    expect(scaled.edges.a!.esd[0]! / bare.edges.a!.esd[0]!).toBeCloseTo(scaled.gof[0]!, 10);
  });

  it("says where it cannot: no peak, or too few", () => {
    const [first, second] = maps(
      "hexagonal",
      [
        [0, 0, 3],
        [1, 1, 0],
      ],
      2.877,
      2.877,
      14.24,
    ) as [SpacingMap, SpacingMap];
    const d = (map: SpacingMap) => map.dA[0] as number;
    const spacings = [
      { ...first, dA: [d(first), Number.NaN, d(first)], esd: [1e-4, Number.NaN, 1e-4] },
      { ...second, dA: [d(second), Number.NaN, Number.NaN], esd: [1e-4, Number.NaN, Number.NaN] },
    ];
    const { edges, status } = latticeFromPeaks("hexagonal", spacings);
    expect([...status]).toEqual([STATUS.converged, STATUS.noSignal, STATUS.undetermined]);
    expect([edges.a!.values[1], edges.a!.values[2], edges.c!.values[2]]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  it("refuses reflections that can never determine the cell", () => {
    const spacings = maps(
      "hexagonal",
      [
        [0, 0, 3],
        [0, 0, 6],
      ],
      2.877,
      2.877,
      14.24,
    );
    expect(() => latticeFromPeaks("hexagonal", spacings)).toThrow(expect.objectContaining({ code: "map-lattice-hkl" }));
    expect(() => latticeFromPeaks("cubic", [])).toThrow(expect.objectContaining({ code: "map-lattice-hkl" }));
  });
});

it("areaRatio adds relative variances", () => {
  const of = (value: number, esd: number) => ({ values: Float64Array.of(value), esd: Float64Array.of(esd) });
  const { values, esd } = areaRatio(of(6, 0.3), of(3, 0.12));
  expect(values[0]).toBe(2);
  expect(esd[0]! / 2).toBeCloseTo(Math.hypot(0.05, 0.04), 12);
});
