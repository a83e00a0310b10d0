import { describe, expect, it } from "vitest";
import { columnsCsv, gridCsv } from "./data-files.ts";
import { histogramSvg, imageSvg, mapSvg, patternSvg, scatterSvg, sinogramSvg } from "./figures.ts";

const image = { title: "t", rows: 2, cols: 4, values: Float64Array.from({ length: 8 }, (_, i) => i), label: "c (Å)" };

/** Numbers of the first path of this colour. */
const path = (svg: string, colour: string): number[] =>
  new RegExp(`<path d="([^"]+)"[^>]*stroke="${colour}"`)
    .exec(svg)![1]!
    .match(/[-\d.]+/g)!
    .map(Number);
const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text!);

describe("figures of views", () => {
  it("draw a map's region and cursor where the page has them, and its limits on the bar", () => {
    const shape = { kind: "rectangle", from: [1, 0], to: [3, 1] } as const;
    const svg = mapSvg({
      ...image,
      voxelMm: 0.5,
      limits: [2, 6],
      shapes: [{ shape, colour: "#aa0000", label: "rim" }],
      cursor: { x: 3.9, y: 1.2 },
    });
    // 95 pixels a voxel; y points up
    expect(path(svg, "#aa0000").slice(0, 6)).toEqual([95, 190, 285, 190, 285, 95]);
    expect(path(svg, "#d00000").slice(0, 2)).toEqual([3.5 * 95 - 9, 47.5]);
    expect(texts(svg)).toEqual(expect.arrayContaining(["rim", "c (Å)", "500 µm", "2.0", "6.0"]));
  });
  it("give images the axes of the page, with row 0 at the top where it is there", () => {
    const view = { ...image, start: { x: -1, y: 0 }, step: { x: 0.5, y: 90 }, xLabel: "s (mm)", yLabel: "ω (°)" };
    const line = {
      points: [
        [-1.25, -45],
        [0.75, 135],
      ] as const,
      colour: "#00aa00",
    };
    // elements reach half a step beyond their middles
    const [x0, y0, x1, y1] = path(sinogramSvg({ ...view, lines: [line] }), "#00aa00");
    expect([x0, y0, x1, y1]).toEqual([0, 360, 460, 0]);
    const down = imageSvg({ ...view, isUpsideDown: true, isSquare: false, lines: [line] });
    expect(path(down, "#00aa00")).toEqual([0, 0, 460, 360]);
    expect(texts(down)).toEqual(expect.arrayContaining(["s (mm)", "ω (°)"]));
  });
  it("name curves and draw the ticks that are in range", () => {
    const svg = patternSvg({
      ...{ title: "p", x: [0, 1, 2], xLabel: "2θ (°)", yLabel: "counts", xLimits: [0, 2] },
      curves: [
        { name: "voxel", values: [1, 2, 3] },
        { name: "region", values: [3, 2, 1], colour: "#00aa00" },
      ],
      ticks: [{ name: "Cu", positions: [1, 5], colour: "#0000aa" }],
    });
    expect(texts(svg)).toEqual(expect.arrayContaining(["voxel", "region", "Cu", "2θ (°)"]));
    expect(path(svg, "#0000aa")).toEqual([350, 2, 10]);
  });
  it("leave out points without both values, and counts keep their edges", () => {
    const svg = scatterSvg({
      title: "s",
      xLabel: "a",
      yLabel: "b",
      x: [0, 1, Number.NaN],
      y: [0, 1, 2],
      hasIdentity: true,
    });
    expect(svg.match(/h0/g)).toHaveLength(2);
    const counts = histogramSvg({ title: "h", xLabel: "c", edges: [0, 1, 4], series: [{ name: "n", counts: [2, 4] }] });
    expect(counts).toMatch(/H175\.0V[\d.]+H700\.0/);
  });
});

describe("numbers of views", () => {
  it("are a grid with the highest y first, empty where there is no value, exact to 12 digits", () => {
    const values = [1 / 3, Number.NaN, 2, 3];
    expect(gridCsv({ rows: 2, cols: 2, values }, true, ["head"])).toBe("# head\n2,3\n0.333333333333,\n");
    expect(gridCsv({ rows: 2, cols: 2, values }, false)).toBe("0.333333333333,\n2,3\n");
  });
  it("are columns with names and units, of any length", () => {
    const columns = [
      { name: "q", unit: "1/Å", values: [1, 2] },
      { name: "mean, all", values: [5] },
    ];
    expect(columnsCsv(columns, ["a", "b"])).toBe('# a\n# b\nq [1/Å],"mean, all"\n1,5\n2,\n');
  });
});
