/** Measured series of patterns over time. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { runSeries } from "../src/pipeline/series/series.ts";
import { readSeries } from "../src/pipeline/series/series-config.ts";
import { hasShared, shared } from "./shared.ts";
import { tempFolder } from "./temp-folder.ts";
import { unzip } from "./unzip.ts";

describe.skipIf(!hasShared)("LNMO while it charges (needs ../shared)", () => {
  const folder = tempFolder();
  it("shrinks evenly over time; the scan without beam is told and left out", async () => {
    const files = unzip(readFileSync(shared("data/powder/maak_lnmo_operando_danmax/LNMO_p8_dev.zip")));
    for (const { name, data } of files) if (name.endsWith(".h5")) writeFileSync(join(folder, name), data);
    const model = new URL("../examples/refine-lnmo-operando.yaml", import.meta.url).pathname;
    const path = join(folder, "series.yaml");
    writeFileSync(path, stringify({ patterns: { files: "*.h5", model, times: { everyH: 0.5 } } }));
    const { patterns, notes } = await runSeries(readSeries(path), {
      folder: join(folder, "out"),
      workers: 1,
      memoryBytes: 1e9,
      onProgress: () => {},
      signal: new AbortController().signal,
    });
    const a = patterns!.flatMap(({ parameters }) => parameters.find(({ name }) => name === "LNMO/a")?.value ?? []);
    expect(patterns!.map(({ variable }) => variable)).toEqual(Array.from({ length: 14 }, (_, k) => 0.5 * k));
    expect(a.length).toBe(13);
    expect(a.every((value, k) => k === 0 || value < a[k - 1]!)).toBe(true);
    // a(400) of the description: 8.1432 to 8.1300 Å, by one line; the whole pattern changes alike
    expect(Math.abs(a[0]! - a.at(-1)! - 0.0132)).toBeLessThan(0.002);
    expect(notes).toEqual([expect.stringMatching(/scan-0052.h5 at 6.5 h left out, dark/)]);
  }, 60_000);
});

describe.skipIf(!hasShared)("TiO2-bronze while it takes lithium up (needs ../shared)", () => {
  const folder = tempFolder();
  const CYCLER = "09092019_Li-TiO2-Bronze-3nm-p2_05_6_cropped.txt";
  const archive = "data/powder/maak_tio2bronze_operando_iq_echem/iq_and_echem.zip";
  /** a record of 80151 s and 43 patterns, one after the other */
  const times = { startH: 80151 / 43 / 7200, everyH: 80151 / 43 / 3600 };
  const files = hasShared ? unzip(readFileSync(shared(archive))) : [];
  for (const { name, data } of files) writeFileSync(join(folder, name), data);

  const series = (name: string, content: object) => {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, stringify(content));
    return runSeries(readSeries(path), {
      folder: join(folder, name),
      workers: 1,
      memoryBytes: 1e9,
      onProgress: () => {},
      signal: new AbortController().signal,
    });
  };

  it("has most of the line that lithium brings where the voltage is lowest, and none at 3 V", async () => {
    const model = new URL("../examples/refine-tio2-bronze.yaml", import.meta.url).pathname;
    const { patterns, notes } = await series("line", {
      patterns: { files: "*.chi", axisUnit: "q", model, times },
      echem: { file: CYCLER, startH: 0 },
    });
    const area = patterns!.map(
      ({ parameters }) => parameters.find(({ name }) => name === "peaks/lithiated/area")?.value ?? Number.NaN,
    );
    expect(area.flatMap((value, k) => (Number.isFinite(value) ? [] : [k + 1]))).toEqual([31, 32]);
    expect(notes.map((note) => /ss_(\d+)\.chi at [\d.]{5,7} h left out, dark/.exec(note)?.[1])).toEqual(["31", "32"]);
    const rows = readFileSync(join(folder, CYCLER), "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([hours, volts]) => Number.isFinite(hours) && Number.isFinite(volts));
    const lowest = rows.reduce((best, row) => (row[1]! < best[1]! ? row : best));
    const highest = rows
      .filter(([hours]) => hours! > lowest[0]!)
      .reduce((best, row) => (row[1]! > best[1]! ? row : best));
    const at = (hours: number): number => Math.round((hours - times.startH) / times.everyH);
    const most = area.reduce((best, value, k) => (value > area[best]! ? k : best), 0);
    expect(Math.abs(most - at(lowest[0]!))).toBeLessThanOrEqual(1);
    expect(Math.abs(area[at(highest[0]!)]!)).toBeLessThan(0.05 * area[most]!);
    expect(readFileSync(join(folder, "line", "series.svg"), "utf8")).toContain("voltage (V)");
  }, 60_000);

  it("has no cell that can be refined, which is said and not hidden", async () => {
    copyFileSync(new URL("fixtures/TiO2-bronze.cif", import.meta.url).pathname, join(folder, "TiO2-bronze.cif"));
    const free = (value: number) => ({ value, refine: true });
    const carbon = [3.27, 5.74, 6.8, 9.85].map((position, k) => ({
      name: `carbon ${k}`,
      position: free(position),
      fwhm: free([0.8, 0.5, 1.2, 0.6][k]!),
      eta: 0.5,
    }));
    const between = (min: number, max: number) => ({ refine: true, min, max });
    const cell = { a: between(11.9, 12.7), b: between(3.65, 3.95), c: between(6.4, 6.75), beta: between(105, 109) };
    const model = join(folder, "cell-model.yaml");
    writeFileSync(
      model,
      stringify({
        wavelength: 0.2073,
        range: [1.8, 12],
        weights: "uniform",
        zero: 0,
        findCells: false,
        profile: { W: 0.001, X: 0.01 },
        background: { chebyshev: 5 },
        peaks: [...carbon, { name: "low angle", position: free(1.5), fwhm: free(2), eta: 0 }],
        phases: [{ name: "bronze", cif: "TiO2-bronze.cif", size: { value: 3, refine: true, min: 1.5, max: 10 }, cell }],
      }),
    );
    const chosen = files.map(({ name }) => name).filter((name) => /_(01|22)\.chi$/.test(name));
    const { patterns } = await series("cell", {
      patterns: { files: chosen, axisUnit: "q", model, times: [0, 1] },
    });
    for (const { parameters, warnings } of patterns!) {
      const own = parameters.filter(({ name }) => /^bronze\/(a|b|c|beta)$/.test(name));
      expect(own.some(({ status }) => status !== "refined")).toBe(true);
      expect(warnings.join("\n")).toMatch(/bronze\/\w+ lies on a bound|bronze is hardly there/);
    }
  }, 60_000);
});
