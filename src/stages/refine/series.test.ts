import { describe, expect, it } from "vitest";
import { simulatePattern, WAVELENGTH_A } from "../../../tests/simulated-pattern.ts";
import type { Pattern } from "../../data/index.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import { ModelConfig } from "../../refinement/index.ts";
import { findBadPatterns } from "./bad-patterns.ts";
import { refineNext } from "./refine-next.ts";
import { refinePattern } from "./refine-pattern.ts";
import { refineSurface } from "./refine-surface.ts";
import { flaggedEntry, type SeriesEntry } from "./series-entry.ts";
import { seriesColumns, seriesCsv, seriesReport } from "./series-table.ts";
import { settleConfig } from "./settle-config.ts";

const kernels = loadKernels();
const files = { structures: new Map() };
const config = ModelConfig.parse({
  wavelength: WAVELENGTH_A,
  zero: 0,
  background: 3,
  profile: { W: 6e-4, X: 0.008, Y: 0.02 },
  phases: [{ structure: "Ni" }, { structure: "Al" }],
});
const pattern = (a: number, seed: number): Pattern =>
  simulatePattern(
    [
      { name: "Ni", scale: 2e-4, values: { a } },
      { name: "Al", scale: 2e-4 },
    ],
    { seed, kernels },
  );

function series(edges: readonly number[]): SeriesEntry[] {
  const entries: SeriesEntry[] = [];
  edges.forEach((a, index) => {
    const place = { index, name: `p${index}`, variable: 10 * index };
    entries.push(refineNext(kernels, config, files, pattern(a, index), place, entries).entry);
  });
  return entries;
}
const edge = ({ parameters }: SeriesEntry) => parameters.find(({ name }) => name === "Ni/a")!;

describe("a series", () => {
  it("each starts from the one before, and ends where a fit of its own would", () => {
    const edges = [3.52, 3.521, 3.522, 3.523];
    const entries = series(edges);
    expect(entries.map(({ start }) => start)).toEqual(["model", "previous", "previous", "previous"]);
    entries.forEach((entry, i) => {
      expect(Math.abs(edge(entry).value - edges[i]!) / edge(entry).esd!).toBeLessThan(4);
      const alone = refinePattern(kernels, config, files, pattern(edges[i]!, i), "alone");
      const own = alone.parameters.find(({ name }) => name === "Ni/a")!;
      // both stop within a hundredth of an esd of the minimum
      expect(Math.abs(edge(entry).value - own.value) / own.esd!).toBeLessThan(0.05);
    });
  });

  it("a jump that leaves the valley of the last fit starts again from the model, and says so", () => {
    const edges = [3.52, 3.5203, 3.5206, 3.5209, 3.575, 3.5753];
    const entries = series(edges);
    expect(entries[4]).toMatchObject({ start: "restarted", status: "converged" });
    expect(entries[4]!.note).toMatch(/GoF .* is usual; another start gave the better fit/);
    entries.forEach((entry, i) => {
      expect(Math.abs(edge(entry).value - edges[i]!) / edge(entry).esd!, `pattern ${i}`).toBeLessThan(4);
    });
    expect(entries[5]!.start).toBe("previous");
  });

  it("what is decided about the zero of the first holds for all", () => {
    const open = { ...config, zero: undefined } as unknown as ModelConfig;
    const entries: SeriesEntry[] = [];
    for (let index = 0; index < 3; index++) {
      const place = { index, name: `p${index}`, variable: index };
      entries.push(refineNext(kernels, open, files, pattern(3.52, index), place, entries).entry);
    }
    for (const { parameters } of entries) expect(parameters.find(({ name }) => name === "zero")!.status).toBe("fixed");
  });

  it("tables have a row for each pattern, also for those that are flagged", () => {
    const entries = [...series([3.52, 3.521]), flaggedEntry(2, 'a "b", c', 20, "dark", "no beam")];
    const csv = seriesCsv(entries, "time (s)");
    const lines = csv.trim().split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^index,pattern,time \(s\),flag,status,start,Rwp,GoF,Ni\/weightFraction,/);
    expect(lines[3]).toMatch(/^2,"a ""b"", c",20,dark,,,,/);
    const column = seriesColumns(entries).find(({ name }) => name === "Ni/a")!;
    expect(column.values[1]).toBe(edge(entries[1]!).value);
    expect(column.values[2]).toBeNaN();
    expect(seriesReport(entries, "time (s)").join("\n")).toContain("1 of 3 patterns are flagged and not fitted");
  });
});

describe("bad patterns", () => {
  it("are dark ones and dips, not slow changes", () => {
    const slow = Array.from({ length: 20 }, (_, i) => 100 + 5 * i);
    expect(findBadPatterns(slow, 0.25).every((one) => one === null)).toBe(true);
    const bad = slow.with(4, 0.3).with(12, 60).with(19, Number.NaN);
    expect(findBadPatterns(bad, 0.25).map((one) => one?.flag ?? "")).toEqual(
      Array.from({ length: 20 }, (_, i) => (i === 4 ? "dark" : i === 12 ? "dip" : "")),
    );
    expect(findBadPatterns([5], 0.25)).toEqual([null]);
  });
});

describe("a surface refinement", () => {
  const [a0, a1, a2] = [3.52, 4e-5, 6e-7];
  const times = Array.from({ length: 8 }, (_, i) => 10 * i);
  const patterns = times.map((t, i) => pattern(a0 + a1 * t + a2 * t * t, 100 + i));
  const parametric = ModelConfig.parse({
    wavelength: WAVELENGTH_A,
    zero: 0,
    background: 3,
    profile: { W: 6e-4, X: 0.008, Y: 0.02 },
    phases: [{ structure: "Ni" }, { structure: "Al" }],
    series: { mode: "parametric", polynomials: { "Ni/a": 2, "Al/a": 0 } },
  });
  const entries: SeriesEntry[] = [];
  patterns.forEach((one, index) => {
    const place = { index, name: `p${index}`, variable: times[index]! };
    entries.push(refineNext(kernels, parametric, files, one, place, entries).entry);
  });
  const read = async (index: number) => patterns[index]!;

  it("gives the polynomial within its esds, from all patterns together", async () => {
    const { result, entries: refined } = await refineSurface(kernels, parametric, files, entries, read);
    expect(result.status).toBe("converged");
    expect(result.parameters).toBe(8 * 5 + 4); // 2 scales and 3 background terms each; 3 + 1 coefficients
    expect(result.reducedChi2).toBeGreaterThan(0.93);
    expect(result.reducedChi2).toBeLessThan(1.07);
    const { origin, coefficients, esds } = result.polynomials[0]!;
    // the truth about the same origin
    const expected = [a0 + a1 * origin + a2 * origin * origin, a1 + 2 * a2 * origin, a2];
    expected.forEach((value, j) => expect(Math.abs(coefficients[j]! - value) / esds[j]!, `t^${j}`).toBeLessThan(4));
    // 8 patterns know one cell of aluminium sqrt(8) times better than one does
    const single = entries[0]!.parameters.find(({ name }) => name === "Al/a")!.esd!;
    expect(result.polynomials[1]!.esds[0]! / (single / Math.sqrt(8))).toBeGreaterThan(0.9);
    expect(result.polynomials[1]!.esds[0]! / (single / Math.sqrt(8))).toBeLessThan(1.1);
    // fewer parameters fit a little worse: by chi-squared of as many degrees of freedom, 12
    expect(result.chi2 - result.chi2Free).toBeGreaterThan(0);
    expect(result.chi2 - result.chi2Free).toBeLessThan(35);
    for (const { parameters, start } of refined) {
      expect(start).toBe("surface");
      expect(parameters.find(({ name }) => name === "Ni/a")).toMatchObject({ status: "tied" });
    }
  });

  it("refuses polynomials of what is not refined, and degrees that the series cannot have", async () => {
    const wrong = (polynomials: Record<string, number>) =>
      refineSurface(kernels, { ...parametric, series: { ...parametric.series, polynomials } }, files, entries, read);
    await expect(wrong({ "Ni/aa": 1 })).rejects.toThrow(/"Ni\/aa" is none of the refined parameters; did you mean/);
    await expect(wrong({})).rejects.toMatchObject({ code: "series-polynomials" });
    const few = entries.slice(0, 3);
    await expect(refineSurface(kernels, parametric, files, few, read)).rejects.toThrow(/degree 2 needs at least 4/);
  });
});

describe("a settled model", () => {
  it("starts at its own minimum and asks for the same parameters", () => {
    const data = pattern(3.521, 7);
    const open = ModelConfig.parse({ wavelength: WAVELENGTH_A, background: 3, phases: ["Ni", "Al"] });
    const first = refinePattern(kernels, open, files, data, "first");
    const settled = ModelConfig.parse(JSON.parse(JSON.stringify(settleConfig(open, first.parameters))));
    const again = refinePattern(kernels, settled, files, data, "again");
    expect(again.stages.reduce((sum, { iterations }) => sum + iterations, 0)).toBeLessThan(4);
    expect(again.statistics.chi2 / first.statistics.chi2).toBeCloseTo(1, 5);
    expect(again.parameters.map(({ name, status }) => `${name} ${status}`)).toEqual(
      first.parameters.map(({ name, status }) => `${name} ${status}`),
    );
  });
});
