import { describe, expect, it } from "vitest";
import { SimulateConfig, type SimulateInput } from "./config.ts";
import { drawPhantom } from "./phantom.ts";

const SIZE = 60;
const STEP = 0.1;
const draw = (changes: Partial<SimulateInput>) =>
  drawPhantom(
    SimulateConfig.parse({
      scan: { translations: SIZE, angles: 4, stepMm: STEP },
      axis: { from: 1, to: 6, bins: 100 },
      phases: { Fe: {}, Cu: {}, Al: {} },
      ...changes,
    }),
  );
/** mm^2 of the pure phase */
const areaOf = (phantom: ReturnType<typeof draw>, phase: string): number =>
  phantom.phases[phase]!.fraction.reduce((sum, v) => sum + v, 0) * (STEP / phantom.subVoxels) ** 2;

describe("drawPhantom", () => {
  it.each([
    ["disc", { kind: "disc", material: "Fe", centreMm: [0.3, -0.2], radiusMm: 1.5 }, Math.PI * 1.5 ** 2],
    ["ring", { kind: "ring", material: "Fe", innerMm: 1, outerMm: 1.2 }, Math.PI * (1.2 ** 2 - 1)],
    ["ellipse", { kind: "ellipse", material: "Fe", semiAxesMm: [2, 0.7], angleDeg: 33 }, Math.PI * 1.4],
    ["rectangle", { kind: "rectangle", material: "Fe", sizeMm: [2.3, 0.55], angleDeg: 20 }, 2.3 * 0.55],
    [
      "triangle",
      {
        kind: "polygon",
        material: "Fe",
        verticesMm: [
          [0, 0],
          [2, 0],
          [0, 1.5],
        ],
      },
      1.5,
    ],
  ] as const)("gives a %s its area", (_, shape, area) => {
    expect(areaOf(draw({ shapes: [shape as never] }), "Fe") / area).toBeCloseTo(1, 2);
  });

  it("gives the layers of a jelly roll their shares of the area", () => {
    const phantom = draw({
      materials: { half: { Al: 0.5 } },
      shapes: [
        {
          kind: "jelly-roll",
          innerMm: 0.3,
          outerMm: 2.9,
          layers: [
            { material: "Fe", thicknessMm: 0.05 },
            { material: "Cu", thicknessMm: 0.1 },
            { material: "half", thicknessMm: 0.05 },
          ],
        },
      ],
    });
    const total = areaOf(phantom, "Fe") + areaOf(phantom, "Cu") + 2 * areaOf(phantom, "Al");
    expect(areaOf(phantom, "Fe") / total).toBeCloseTo(0.25, 1.7);
    expect(areaOf(phantom, "Cu") / total).toBeCloseTo(0.5, 1.7);
    // the spiral leaves half a winding open at its start
    expect(total).toBeLessThan(Math.PI * (2.9 ** 2 - 0.3 ** 2));
    expect(total).toBeGreaterThan(Math.PI * (2.9 ** 2 - 0.5 ** 2));
  });

  it("draws later shapes over earlier ones, and y up", () => {
    const phantom = draw({
      subVoxels: 1,
      shapes: [
        { kind: "disc", material: "Fe", radiusMm: 2 },
        { kind: "disc", material: "Cu", centreMm: [0, 1.5], radiusMm: 0.4 },
      ],
    });
    const at = (xMm: number, yMm: number): number =>
      Math.floor(yMm / STEP + SIZE / 2) * SIZE + Math.floor(xMm / STEP + SIZE / 2);
    expect(phantom.phases["Cu"]!.fraction[at(0, 1.5)]).toBe(1);
    expect(phantom.phases["Fe"]!.fraction[at(0, 1.5)]).toBe(0);
    expect(phantom.phases["Fe"]!.fraction[at(0, -1.5)]).toBe(1);
  });

  it("puts fields of lattice parameters where they are asked for", () => {
    const field = { kind: "radial", centre: 4, edge: 4.1, radiusMm: 2 } as const;
    const { a } = draw({ phases: { Fe: { a: field } } }).phases["Fe"]!;
    const centre = (xMm: number): number => a![(SIZE / 2) * SIZE + Math.floor(xMm / STEP + SIZE / 2)]!;
    expect(centre(1.95)).toBeCloseTo(4 + 0.1 * (Math.hypot(1.95, 0.05) / 2), 10);
    const stepped = { kind: "stepped" as const, values: [4, 5], radiusMm: 2 };
    const steps = draw({ phases: { Fe: { a: stepped } } }).phases["Fe"]!.a!;
    expect(new Set(steps)).toEqual(new Set([4, 5]));
  });

  it.each([
    [
      "a shape of a material that is not there",
      { shapes: [{ kind: "disc", material: "Pb", radiusMm: 1 }] },
      "unknown-material",
    ],
    ["a material of a phase that is not there", { materials: { mix: { Pb: 1 } } }, "unknown-material"],
    ["a material with more than its volume", { materials: { mix: { Fe: 0.7, Cu: 0.6 } } }, "material-overfull"],
    ["a ring inside out", { shapes: [{ kind: "ring", material: "Fe", innerMm: 2, outerMm: 1 }] }, "bad-shape"],
  ] as const)("refuses %s", (_, changes, code) => {
    expect(() => draw(changes as never)).toThrow(expect.objectContaining({ code }));
  });
});
