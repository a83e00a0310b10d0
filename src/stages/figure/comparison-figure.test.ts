import { describe, expect, it } from "vitest";
import { comparisonFigure } from "./comparison-figure.ts";
import { histogram } from "./histogram.ts";

const map = (title: string, values: number[]) => ({
  title,
  label: "c (Å)",
  rows: 2,
  cols: 2,
  values,
  voxelMm: 0.1,
  limits: [14, 15] as [number, number],
});

describe("a comparison of two maps", () => {
  const svg = comparisonFigure({
    title: "NMC532: c",
    maps: [map("conventional", [14.1, 14.2, 14.3, Number.NaN]), map("direct", [14.2, 14.2, 14.2, Number.NaN])],
    histogram: { label: "c (Å)", series: [{ name: "direct", values: [14.2, 14.2] }], esd: 0.01 },
    lines: ["mean 14.2 & more"],
  });

  it("has a letter for each panel, scale bars, units and the numbers", () => {
    expect(svg.match(/font-weight="700">[abc]</g)).toHaveLength(3);
    expect(svg.match(/c \(Å\)/g)!.length).toBeGreaterThanOrEqual(3);
    expect(svg).toContain("mean 14.2 &amp; more");
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("a histogram", () => {
  it("draws shares of the voxels that have a value, each bar where it belongs", () => {
    const svg = histogram(
      { label: "a", series: [{ name: "s", values: [0, 0, 0, 9.9, Number.NaN] }], limits: [0, 10] },
      400,
      300,
    );
    // ten bars: three quarters of the voxels in the first, one quarter in the last
    const [, path] = /d="(M0[^"]*)" fill="none"/.exec(svg)!;
    const tops = [...path!.matchAll(/V([\d.]+)H/g)].map(([, y]) => Number(y));
    const base = 300 - 34 - 52;
    expect(tops).toHaveLength(10);
    expect((base - tops[0]!) / (base - tops[9]!)).toBeCloseTo(3, 1);
    expect(tops.slice(1, 9).every((y) => y === base)).toBe(true);
  });

  it.each([
    ["nothing", []],
    ["one value", [3, 3]],
    ["no number", [Number.NaN]],
  ])("survives %s", (_, values) => {
    const svg = histogram({ label: "a", series: [{ name: "s", values }] }, 400, 300);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});
