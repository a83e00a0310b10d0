import { describe, expect, it } from "vitest";
import { curvesFigure, mapFigure, outlinePoints, rgbFigure } from "./index.ts";

/** Numbers of the first path that has this colour. */
const path = (svg: string, colour: string): number[] =>
  (new RegExp(`<path d="([^"]+)"[^>]*stroke="${colour}"`).exec(svg)![1]!.match(/[-\d.]+/g) ?? []).map(Number);

describe("outlinePoints", () => {
  it("closes what has an inside, and keeps a line open", () => {
    expect(outlinePoints({ kind: "voxel", x: 2, y: 3 })).toEqual([
      [2, 3],
      [3, 3],
      [3, 4],
      [2, 4],
      [2, 3],
    ]);
    expect(outlinePoints({ kind: "line", from: [0, 1], to: [2, 3] })).toHaveLength(2);
    expect(
      outlinePoints({
        kind: "polygon",
        points: [
          [0, 0],
          [1, 0],
          [0, 1],
        ],
      })[3],
    ).toEqual([0, 0]);
  });
  it("keeps an ellipse on its equation", () => {
    for (const [x, y] of outlinePoints({ kind: "ellipse", from: [1, 2], to: [5, 4] }))
      expect(((x - 3) / 2) ** 2 + (y - 3) ** 2).toBeCloseTo(1, 12);
  });
});

it("a map's region is drawn with y up, and a cross on its voxel", () => {
  const map = { rows: 10, cols: 10, values: new Float64Array(100), title: "t", label: "l" };
  const svg = mapFigure({
    ...map,
    lines: [{ points: outlinePoints({ kind: "line", from: [0, 0], to: [10, 2.5] }), colour: "#123456", label: "A" }],
    cross: [5, 5],
  });
  // 380 pixels wide and high
  expect(path(svg, "#123456")).toEqual([0, 380, 380, 285]);
  expect(svg).toContain(">A<");
  expect(path(svg, "#d00000").slice(0, 2)).toEqual([181, 190]);
  expect(mapFigure(map)).not.toContain("#d00000");
});

describe("curvesFigure", () => {
  const figure = {
    title: "t",
    x: [0, 1, 2, 3],
    xLabel: "x (mm)",
    yLabel: "a (Å)",
    yLimits: [0, 10] as const,
    curves: [{ name: "one", values: [0, 5, Number.NaN, 10], colour: "#112233" }],
  };
  it("draws values at their places and leaves a gap where there is none", () => {
    const svg = curvesFigure(figure);
    expect(svg).toContain('d="M0.0,320.0L233.3,160.0M700.0,0.0"');
    expect(svg).toContain("x (mm)");
    expect(svg).toContain("a (Å)");
  });
  it("draws esds as bars, a range as a shade, and names several curves", () => {
    const [one] = figure.curves;
    const svg = curvesFigure({
      ...figure,
      range: [1, 2],
      curves: [
        { ...one!, errors: [0, 1, 1, 0] },
        { ...one!, name: "two" },
      ],
    });
    expect(svg).toContain("M233.3,192.0V128.0");
    expect(svg).toMatch(/<rect x="233.33" width="233.33"/);
    expect(svg).toContain(">two<");
  });
  it("keeps the labels of a square-root scale apart", () => {
    const curves = [{ name: "n", values: [0, 40, 300, 1600], colour: "#112233" }];
    const svg = curvesFigure({ ...figure, curves, yLimits: [0, 1600], ordinate: "sqrt" });
    const at = [...svg.matchAll(/translate\(0,([\d.]+)\)"><line x2/g)].map(([, y]) => Number(y));
    expect(at.length).toBeGreaterThan(3);
    at.slice(1).forEach((y, i) => expect(at[i]! - y).toBeGreaterThanOrEqual(14));
  });
  it("draws counts between their edges, also on a logarithmic scale", () => {
    const curves = [{ name: "n", values: [1, 100, 0], colour: "#112233", style: "steps" as const }];
    const linear = curvesFigure({ ...figure, curves, yLimits: [0, 100] });
    expect(linear).toContain("M0.0,320V316.8H233.3V0.0H466.7V320.0H700.0V320");
    expect(curvesFigure({ ...figure, curves, yLimits: [1, 100], ordinate: "log" })).toContain("V320.0H700.0V320");
  });
});

it("a picture of three maps says what each colour stands for, in which range", () => {
  const svg = rgbFigure({
    title: "t",
    rows: 1,
    cols: 2,
    rgb: Uint8Array.of(255, 0, 0, 0, 255, 0),
    voxelMm: 0.1,
    channels: [
      { label: "NMC532 (wt%)", colour: "red", limits: [0, 0.75] },
      { label: "Cu (wt%)", colour: "green", limits: [0, 0.5], weight: 2 },
    ],
  });
  for (const part of ["NMC532 (wt%)", "0.75", "Cu (wt%), × 2", "50 µm"]) expect(svg).toContain(part);
});
