import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { svgToPng } from "../../files/svg-to-png.ts";
import {
  colourPixels,
  formatLength,
  imageFigure,
  mapFigure,
  mapPanel,
  niceLengthMm,
  patternFigure,
  percentileLimits,
  seriesFigure,
  weightedLimits,
} from "./index.ts";
import { cut } from "./svg.ts";

const scale = { colourMap: "greys", limits: [0, 1], transform: "linear" } as const;

describe("colourPixels", () => {
  it("maps the limits to the ends of the colour map, clips beyond them, and draws NaN grey", () => {
    const [low, high, below, none] = [0, 1, -5, Number.NaN].map((value) => [
      ...colourPixels({ rows: 1, cols: 1, values: [value] }, scale, false),
    ]);
    expect(low).toEqual([255, 255, 255]);
    expect(high).toEqual([0, 0, 0]);
    expect(below).toEqual(low);
    expect(none).toEqual([222, 222, 222]);
  });
  it("draws row 0 at the bottom when y points up", () => {
    const up = colourPixels({ rows: 2, cols: 1, values: [0, 1] }, scale, true);
    expect([up[0], up[3]]).toEqual([0, 255]);
  });
  it("is monotonic on a logarithmic scale", () => {
    const shades = colourPixels(
      { rows: 1, cols: 3, values: [1, 10, 100] },
      { ...scale, limits: [1, 100], transform: "log" },
      false,
    );
    expect([shades[0], shades[6]]).toEqual([255, 0]);
    expect(shades[3]).toBeGreaterThan(100);
    expect(shades[3]).toBeLessThan(180);
  });
});

describe("percentileLimits", () => {
  it("leaves out the outermost values and ignores NaN", () => {
    const values = Float64Array.from({ length: 1001 }, (_, i) => i);
    values[0] = Number.NaN;
    values[1000] = 1e9;
    expect(percentileLimits(values)).toEqual([11, 990]);
  });
  it("gives a usable range for a constant and for an empty map", () => {
    const [lo, hi] = percentileLimits([5, 5, 5]);
    expect(hi).toBeGreaterThan(lo);
    expect(percentileLimits([Number.NaN])).toEqual([0, 1]);
  });
});

it("colours span the strong voxels, whatever fits of noise say", () => {
  const values = Float64Array.from({ length: 400 }, (_, i) => (i < 200 ? 2 + i / 1e5 : i % 2 ? 50 : -50));
  const weights = values.map((_, i) => (i < 200 ? 1 : 1e-4));
  const [lo, hi] = weightedLimits(values, weights)!;
  expect(lo).toBeCloseTo(2, 4);
  expect(hi).toBeCloseTo(2.002, 4);
  expect(weightedLimits(values, new Float64Array(400))).toBeUndefined();
});

it("a map that is constant but for a few voxels shows those", () => {
  const values = new Float64Array(1000);
  values[7] = 3;
  expect(percentileLimits(values)).toEqual([0, 3]);
});

it("a difference is drawn about 0", () => {
  const map = { rows: 1, cols: 2, values: [-1, 3], title: "t", label: "Δ" };
  expect(mapFigure({ ...map, colourMap: "difference" })).toContain(">−3<");
});

it("titles end where their figure ends", () => {
  expect(cut("short", 500, 13)).toBe("short");
  const long = cut("x".repeat(300), 400, 13);
  expect(long.length).toBeLessThan(60);
  expect(long.endsWith("…")).toBe(true);
});

it("scale bars are 1, 2 or 5 times a power of ten and about a quarter of the width", () => {
  for (let width = 0.001; width < 50; width *= 1.37) {
    const bar = niceLengthMm(width);
    expect(["1", "2", "5"]).toContain((bar / 10 ** Math.floor(Math.log10(bar) + 1e-9)).toFixed(0));
    expect(bar / width).toBeGreaterThan(0.09);
    expect(bar / width).toBeLessThanOrEqual(0.25);
  }
  expect(formatLength(0.2)).toBe("200 µm");
});

describe("figures", () => {
  const map = {
    rows: 3,
    cols: 4,
    values: Float32Array.from({ length: 12 }, (_, i) => i),
    title: "a < b & c",
    label: "c (Å)",
    voxelMm: 0.1,
  };
  it("have unit, scale bar and escaped titles, and render to PNG", async () => {
    const svg = mapFigure(map);
    for (const part of ["c (Å)", "100 µm", "a &lt; b &amp; c", "data:image/png;base64"]) expect(svg).toContain(part);
    const png = decode(await svgToPng(svg, 1));
    expect(png.width).toBeGreaterThan(300);
    expect(new Set(png.data).size).toBeGreaterThan(20); // something is drawn
  });
  it("letter panels, and say when the size is not known", () => {
    const { voxelMm: _, ...unknown } = map;
    const svg = mapPanel([map, unknown]);
    expect(svg).toMatch(/font-weight="700">b</);
    expect(svg).toContain("step not known");
  });
  it("leave gaps where a pattern has none", () => {
    const values = Float64Array.of(1, 2, 3, 4);
    const svg = patternFigure({
      title: "p",
      axis: { unit: "q", values },
      observed: [1, Number.NaN, 3, 4],
      ticks: [{ name: "Cu", positions: [2, 99] }],
    });
    expect(svg.match(/M[\d.]+,[\d.]+M[\d.]+,[\d.]+L/)).not.toBeNull();
    expect(svg).toContain("q (Å⁻¹)");
  });
  it("draw lines over images in the units of the axes", () => {
    const figure = { ...map, x: { domain: [0, 4] as const, label: "x" }, y: { domain: [0, 3] as const, label: "y" } };
    const svg = imageFigure({
      ...figure,
      lines: [
        {
          points: [
            [0, 0],
            [4, 3],
          ],
          colour: "red",
          label: "111",
        },
      ],
    });
    expect(svg).toMatch(/M0\.0,0\.0L460\.0,360\.0/);
  });
});

describe("figures of refinements", () => {
  const values = Float64Array.from({ length: 11 }, (_, i) => i);
  const fit = {
    title: "fit",
    axis: { unit: "two-theta" as const, values },
    observed: values.map((x) => 10 + x),
    calculated: values.map(() => 10),
    background: values.map(() => 1),
  };
  it("draw the difference over its uncertainty, and only the range that is asked for", () => {
    expect(patternFigure(fit)).toContain(">difference<");
    const svg = patternFigure({ ...fit, sigma: values.map(() => 2), range: [4, 8], notes: ["Rwp 1.00 %"] });
    expect(svg).toContain("difference / σ");
    expect(svg).toContain("Rwp 1.00 %");
    // (10 + x - 10) / 2 from 4 to 8 is 2 to 4
    const labels = [...svg.matchAll(/fill="#555">([\d.]+)</g)].map(([, text]) => Number(text));
    expect(Math.min(...labels)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...labels)).toBeLessThanOrEqual(4);
    expect(svg.match(/h0/g)).toHaveLength(5);
  });
  it("draw a series: a dot for each value, a bar for each esd, a cross where nothing was fitted", () => {
    const svg = seriesFigure({
      title: "series",
      x: { label: "T (K)", values: [1, 2, 3] },
      panels: [{ label: "a (Å)", values: [4, 4.1, Number.NaN], esds: [0.01, Number.NaN, Number.NaN] }],
      isDoubtful: [false, true, false],
      isFlagged: [false, false, true],
    });
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg.match(/<circle[^>]*fill="white"/g)).toHaveLength(1);
    expect(svg.match(/M[\d.]+,[\d.]+V/g)).toHaveLength(1);
    expect(svg.match(/l6,6m0,-6l-6,6/g)).toHaveLength(1);
  });
});
