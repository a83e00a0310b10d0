import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { seriesMapFigure } from "./series-map-figure.ts";

const patterns = [0, 1, 2].map((k) => Float64Array.from({ length: 4 }, (_, i) => 10 * k + i));
const figure = (time: readonly number[], duration?: number): string =>
  seriesMapFigure({
    title: "three patterns",
    x: { label: "q (Å⁻¹)", values: [1, 2, 3, 4] },
    time: { label: "time (h)", values: time },
    ...(duration !== undefined && { duration }),
    patterns,
    label: "intensity (counts)",
    sides: [{ label: "voltage (V)", time: [0, 2, 4], values: [3, 4, 3], marks: { time: [1], values: [3.5] } }],
  });

/** Of the heat map: RGB of the first bin at a share of its height, from the bottom. */
function colourAt(svg: string, share: number): string {
  const { width, height, data, channels } = decode(
    Buffer.from(/href="data:image\/png;base64,([^"]+)"/.exec(svg)![1]!, "base64"),
  );
  const row = Math.min(height - 1, Math.floor((1 - share) * height));
  return [...data.slice(row * width * channels, row * width * channels + 3)].join();
}

describe("seriesMapFigure", () => {
  it("shows each pattern from its time until the next, time running upwards", () => {
    const svg = figure([0, 1, 3]);
    const [first, second, third] = [0.1, 0.4, 0.9].map((share) => colourAt(svg, share));
    expect(new Set([first, second, third]).size).toBe(3);
    expect(colourAt(svg, 0.24)).toBe(first);
    expect(colourAt(svg, 0.26)).toBe(second);
    expect(colourAt(svg, 0.74)).toBe(second);
    expect(colourAt(svg, 0.76)).toBe(third);
  });

  it("is grey where no pattern stands", () => {
    const svg = figure([1, 2, 3], 0.5);
    for (const share of [0.1, 0.45, 0.95]) expect(colourAt(svg, share)).toBe("222,222,222");
    expect(colourAt(svg, 0.3)).not.toBe("222,222,222");
  });

  it("names every axis with its unit", () => {
    const svg = figure([0, 1, 3]);
    for (const label of ["q (Å⁻¹)", "time (h)", "voltage (V)", "intensity (counts)"]) expect(svg).toContain(label);
  });
});
