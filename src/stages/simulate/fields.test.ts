import { describe, expect, it } from "vitest";
import { InputError } from "../../data/index.ts";
import { SimulateConfig, type SimulateInput } from "./config.ts";
import { intervalOf } from "./fields.ts";
import { drawPhantom } from "./phantom.ts";

const SIZE = 41;
const STEP = 0.1;
const draw = (changes: Partial<SimulateInput>) =>
  drawPhantom(
    SimulateConfig.parse({
      scan: { translations: SIZE, angles: 4, stepMm: STEP },
      axis: { from: 1, to: 6, bins: 100 },
      phases: { NMC532: {}, LiC6: {}, LiC12: {} },
      subVoxels: 1,
      ...changes,
    }),
  );
const voxelAt = (x: number, y: number): number =>
  Math.round(y / STEP + (SIZE - 1) / 2) * SIZE + Math.round(x / STEP + (SIZE - 1) / 2);

const RAMP: SimulateInput["fields"] = {
  x: {
    base: 0.4,
    near: [
      { ring: { radiusMm: 1.5 }, reachMm: 0.5, change: 0.1 },
      { pointMm: [0.7, -0.2], reachMm: 0.3, change: -0.05 },
    ],
  },
};

describe("fields by place", () => {
  it("add what each place adds, falling to 1/e at its reach", () => {
    const points: [number, number][] = [
      [0, 1],
      [1, 11],
    ];
    const { a } = draw({
      phases: { NMC532: { a: { kind: "curve", field: "x", points } } },
      fields: RAMP,
      shapes: [{ kind: "disc", material: "NMC532", radiusMm: 1.9 }],
    }).phases["NMC532"]!;
    const expected = (x: number, y: number): number =>
      0.4 +
      0.1 * Math.exp(-(((Math.hypot(x, y) - 1.5) / 0.5) ** 2)) -
      0.05 * Math.exp(-((Math.hypot(x - 0.7, y + 0.2) / 0.3) ** 2));
    for (const [x, y] of [
      [1.5, 0],
      [0, 1],
      [0.7, -0.2],
      [-0.4, 0.6],
    ] as const) {
      expect(a![voxelAt(x, y)]).toBeCloseTo(1 + 10 * expected(x, y), 10);
    }
  });

  it("lead a composition along straight lines between its mixtures, and hold the ends", () => {
    const { phases } = draw({
      fields: { y: { base: 0.6, near: [{ ring: { radiusMm: 1.5 }, reachMm: 0.5, change: -0.3 }] } },
      materials: {
        anode: {
          field: "y",
          points: [
            { at: 0.5, phases: { LiC12: 0.6 } },
            { at: 1, phases: { LiC6: 0.7 } },
          ],
        },
      },
      shapes: [{ kind: "disc", material: "anode", radiusMm: 1.9 }],
      supersampling: 1,
    });
    const middle = voxelAt(0, 0);
    const share = (0.6 - 0.3 * Math.exp(-9) - 0.5) / 0.5;
    expect(phases["LiC6"]!.fraction[middle]).toBeCloseTo(0.7 * share, 6);
    expect(phases["LiC12"]!.fraction[middle]).toBeCloseTo(0.6 * (1 - share), 6);
    expect(phases["LiC12"]!.fraction[voxelAt(1.5, 0)]).toBeCloseTo(0.6, 6);
    expect(phases["LiC6"]!.fraction[voxelAt(1.5, 0)]).toBe(0);
  });

  it.each([
    [
      "a field that is not there",
      { kind: "curve", field: "z", points: [[0, 1] as const, [1, 2] as const] },
      'field "z"',
    ],
    [
      "points out of order",
      { kind: "curve", field: "x", points: [[1, 1] as const, [0, 2] as const] },
      "point 2 lies at 0",
    ],
  ])("refuse %s", (_, a, message) => {
    expect(() => draw({ phases: { NMC532: { a: a as never } }, fields: RAMP })).toThrow(message);
  });

  it("refuse a place that is neither a ring nor a point", () => {
    expect(() => draw({ fields: { x: { base: 1, near: [{ reachMm: 1, change: 1 }] } } })).toThrow(InputError);
  });
});

describe("a sample on the stage", () => {
  it("lies turned, scaled and shifted with its shapes and fields", () => {
    const { phases } = draw({
      phases: { NMC532: { a: { kind: "linear", from: 2, to: 4, lengthMm: 2 } } },
      shapes: [{ kind: "disc", material: "NMC532", centreMm: [1, 0], radiusMm: 0.3 }],
      placement: { rotationDeg: 90, shiftMm: [0.2, -0.3], scale: 1.1 },
    });
    const { fraction, a } = phases["NMC532"]!;
    let [sum, sx, sy] = [0, 0, 0];
    fraction.forEach((share, i) => {
      sum += share;
      sx += share * ((i % SIZE) - (SIZE - 1) / 2) * STEP;
      sy += share * (Math.floor(i / SIZE) - (SIZE - 1) / 2) * STEP;
    });
    expect(sx / sum).toBeCloseTo(0.2, 3);
    expect(sy / sum).toBeCloseTo(-0.3 + 1.1, 3);
    expect((sum * STEP ** 2) / (Math.PI * 0.33 ** 2)).toBeCloseTo(1, 1.5);
    // 0.5 mm along the sample's own x
    expect(a![voxelAt(0.2, -0.3 + 0.5)]).toBeCloseTo(3 + 0.5 / 1.1, 10);
  });

  it("shows a shape only over the material that it names", () => {
    const { phases } = draw({
      materials: { hot: { LiC6: 0.5 } },
      shapes: [
        { kind: "disc", material: "NMC532", radiusMm: 1 },
        { kind: "disc", material: "LiC12", radiusMm: 0.5 },
        { kind: "disc", material: "hot", over: "NMC532", centreMm: [0.5, 0], radiusMm: 0.4 },
      ],
    });
    expect(phases["LiC6"]!.fraction[voxelAt(0.7, 0)]).toBeCloseTo(0.5, 6);
    expect(phases["LiC6"]!.fraction[voxelAt(0.3, 0)]).toBe(0);
    expect(phases["LiC12"]!.fraction[voxelAt(0.3, 0)]).toBeCloseTo(1, 6);
  });
});

describe("intervalOf", () => {
  it.each([
    [-1, 0, 0],
    [0.5, 0, 0.5],
    [1, 1, 0],
    [2.5, 1, 0.75],
    [9, 1, 1],
  ])("finds %f", (value, index, share) => {
    expect(intervalOf([0, 1, 3], value)).toEqual({ index, share });
  });
});
