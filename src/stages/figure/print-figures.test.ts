import fc from "fast-check";
import { expect, it } from "vitest";
import { svgToPng } from "../../files/svg-to-png.ts";
import { componentPixels } from "./component-image.ts";
import { barChartBlock, curvesFigure, mapGridBlock, meanAndDeviation, printFigure, tableBlock } from "./index.ts";
import { hklText, indexedPatternBlock, placeLabels, spread } from "./indexed-pattern.ts";
import { partOf } from "./map-grid.ts";

it("labels are as near to their lines as their width allows, in order, and inside the plot", () => {
  expect(spread([10, 50, 90], 11, [0, 100])).toEqual([10, 50, 90]);
  // three at one place stand around it
  expect(spread([50, 50, 50], 10, [0, 100])).toEqual([40, 50, 60]);
  expect(spread([98, 99], 10, [0, 100])).toEqual([90, 100]);
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 500, noNaN: true }), { maxLength: 40 }), (wanted) => {
      const sorted = wanted.sort((a, b) => a - b);
      const placed = spread(sorted, 11, [0, 500]);
      for (let i = 1; i < placed.length; i++) expect(placed[i]! - placed[i - 1]!).toBeGreaterThan(11 - 1e-9);
      for (const place of placed) expect(place).toBeGreaterThanOrEqual(-1e-9);
      for (const place of placed) expect(place).toBeLessThanOrEqual(500 + 1e-9);
    }),
  );
});

it("indices that would run together are set apart", () => {
  expect(hklText([1, 0, 4])).toBe("104");
  expect(hklText([1, 0, 10])).toBe("1 0 10");
  expect(hklText([1, -2, 0])).toBe("1 −2 0");
});

it("the strongest line of each phase has its indices, and none stands on another", () => {
  const reflections = Array.from({ length: 200 }, (_, i) => ({
    position: 1 + (i * 9) / 200,
    hkl: [i % 10, 0, 0] as const,
    intensity: 1 + (i % 17),
  }));
  const strong = { position: 5.003, hkl: [7, 7, 7] as const, intensity: 500 };
  const phases = ["A", "B"].map((name) => ({ name, colour: `#${name}`, reflections: [...reflections, strong] }));
  const labels = placeLabels(phases, [1, 10], 600);
  expect(labels.filter(({ text }) => text === "777")).toHaveLength(2);
  const places = labels.map(({ x }) => x);
  for (let i = 1; i < places.length; i++) expect(places[i]! - places[i - 1]!).toBeGreaterThanOrEqual(11 - 1e-9);
  for (const { x, at } of labels) expect(Math.abs(x - at)).toBeLessThanOrEqual(26 + 1e-9);
});

it("a component alone has its colour, half of it is pale, and none is white", () => {
  const component = (colour: string, amounts: number[]) => ({ label: colour, colour, amounts });
  const pixels = componentPixels({
    rows: 1,
    cols: 4,
    components: [component("#ff0000", [1, 0.5, 0, 1]), component("#0000ff", [0, 0, Number.NaN, 0.5])],
  });
  expect([...pixels.subarray(0, 9)]).toEqual([255, 0, 0, 255, 128, 128, 255, 255, 255]);
  // 1 of red to an eighth of blue
  expect([...pixels.subarray(9)]).toEqual([Math.round((255 * 8) / 9), 0, Math.round(255 / 9)]);
});

it("means are given to the second digit of their deviation", () => {
  expect(meanAndDeviation([14.2, 14.5, 14.8, Number.NaN])).toBe("14.50 ± 0.30");
  expect(meanAndDeviation([Number.NaN])).toBe("none");
});

const map = (first: number) => ({
  rows: 20,
  cols: 20,
  values: Float64Array.from({ length: 400 }, (_, i) => first + i),
});

it("maps of one row have one colour bar; enlarged parts have scale bars of their own", async () => {
  const row = {
    title: "Cu, weight fraction",
    label: "wt%",
    scale: { colourMap: "viridis", limits: [0, 500], transform: "linear" },
    maps: [map(0), undefined, map(100)],
    frame: { x: 5, y: 5, width: 4, height: 4 },
    hasHistograms: true,
  } as const;
  const svg = printFigure(
    { widthMm: 180, fontPt: 7, title: "t" },
    mapGridBlock({ columns: ["one", "two", "three"], rows: [row], voxelMm: 0.1 }),
  );
  expect(svg).toContain('width="180mm"');
  // three samples, two of them with maps, each once whole and once enlarged, and the colour bar
  expect(svg.match(/<image/g)).toHaveLength(5);
  expect(svg).toContain("500 µm");
  expect(svg).toContain("100 µm");
  expect(svg).toContain(">not in its model<");
  expect((await svgToPng(svg)).length).toBeGreaterThan(1000);
});

it("the enlarged part is the part that is framed", () => {
  expect([...Array.from(partOf(map(0), { x: 3, y: 2, width: 2, height: 2 }).values)]).toEqual([43, 44, 63, 64]);
});

it("bars stand on 0 and whiskers reach one standard uncertainty", () => {
  const chart = { yLabel: "mAh", series: [{ label: "s", colour: "#123456" }], height: 100 };
  const { svg } = barChartBlock({ ...chart, groups: [{ label: "g", values: [10], esds: [2] }] })(300);
  // the axis ends 6 % above 12: 12.72
  const [, y, height] = /<rect x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)" fill="#123456"/.exec(svg)!;
  expect(Number(y)).toBeCloseTo(100 * (1 - 10 / 12.72), 1);
  expect(Number(y) + Number(height)).toBeCloseTo(100, 1);
  const [, low, high] = /M[\d.]+,([\d.]+)V([\d.]+)M/.exec(svg)!;
  expect(Number(low)).toBeCloseTo(100 * (1 - 8 / 12.72), 0);
  expect(Number(high)).toBeCloseTo(100 * (1 - 12 / 12.72), 0);
});

it("a table that is wider than its room is made smaller, not cut", () => {
  const heads = ["", "a long name of a cell", "another long name of a cell"];
  const wide = tableBlock({ heads, rows: [["c (Å)", "14.5 ± 0.1", "14.4 ± 0.1"]] })(200);
  expect(Number(/scale\(([\d.]+)\)/.exec(wide.svg)![1])).toBeLessThan(1);
  expect(wide.svg).toContain("another long name of a cell");
});

it("bands reach one standard uncertainty up and down, and break where the curve does", () => {
  const svg = curvesFigure({
    title: "",
    x: [0, 1, 2, 3, 4],
    xLabel: "x",
    yLabel: "y",
    yLimits: [0, 4],
    curves: [
      { name: "c", colour: "#abcdef", values: [2, 2, Number.NaN, 2, 2], errors: [1, 1, 1, 1, 1], errorStyle: "band" },
    ],
  });
  const [, d] = /d="([^"]+)" fill="#abcdef"/.exec(svg)!;
  expect(d!.match(/Z/g)).toHaveLength(2);
  expect(new Set([...d!.matchAll(/,([\d.]+)/g)].map(([, y]) => Number(y)))).toEqual(new Set([80, 240]));
});

it("patterns above each other have a lane each, and ticks of every phase", () => {
  const x = Float64Array.from({ length: 50 }, (_, i) => 1 + i / 10);
  const pattern = (label: string) => ({
    label,
    x,
    observed: x.map((at) => at ** 2),
    calculated: x.map((at) => at ** 2),
  });
  const { svg } = indexedPatternBlock({
    unit: "two-theta",
    patterns: [pattern("one cell"), pattern("another")],
    phases: [{ name: "Cu", colour: "#111111", reflections: [{ position: 3, hkl: [1, 1, 1], intensity: 1 }] }],
  })(600);
  for (const part of ["one cell", "another", ">111<", ">Cu<", "2θ (°)"]) expect(svg).toContain(part);
});
