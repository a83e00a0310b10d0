/** xrdct refine as it is run: one pattern with all that it writes, a series, and a series that was cut off. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Pattern } from "../src/data/index.ts";
import { formatXye } from "../src/files/pattern-text.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { loadModel } from "../src/pipeline/refine/load-model.ts";
import { refineSeries } from "../src/pipeline/refine/refine-series.ts";
import { simulatePattern, WAVELENGTH_A } from "./simulated-pattern.ts";
import { tempFolder } from "./temp-folder.ts";
import { xrdctHere } from "./virtual-scan.ts";

const folder = tempFolder();
const at = (name: string): string => join(folder, name);
const nickel = (a: number, seed: number): Pattern =>
  simulatePattern([{ name: "Ni", scale: 2e-4, values: { a } }], { seed });

writeFileSync(at("model.yaml"), `title: nickel\nwavelength: ${WAVELENGTH_A}\nphases: [Ni]\nbackground: 3\nzero: 0\n`);
writeFileSync(at("ni.xye"), formatXye(nickel(3.52, 1)));
const q = Float64Array.from(
  nickel(3.52, 1).axis.values,
  (x) => ((4 * Math.PI) / WAVELENGTH_A) * Math.sin((x * Math.PI) / 360),
);
writeFileSync(at("ni-q.xye"), formatXye({ ...nickel(3.52, 1), axis: { unit: "q", values: q } }));
mkdirSync(at("series"));
for (let i = 0; i < 5; i++) {
  const dark = i === 3;
  const pattern = nickel(3.52 + 4e-4 * i, i);
  const shown = dark ? { ...pattern, intensity: pattern.intensity.map((y) => y / 1000) } : pattern;
  writeFileSync(at(`series/scan-${8 + i}.xye`), formatXye(shown, [`Temp (K) = ${300 + 10 * i}`]));
}

describe("one pattern", () => {
  it("gives report, result, curves, figure, and a model that starts where it ended", async () => {
    const outputs = ["-o", "r.json", "--figure", "r.svg", "--curves", "r.csv", "--save-model", "settled.yaml"];
    const ran = await xrdctHere(["refine", "ni.xye", "--model", "model.yaml", ...outputs], { cwd: folder });
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toMatch(/Ni\/a +3\.5[12]\d+\(\d+\) +Å/);
    const result = JSON.parse(readFileSync(at("r.json"), "utf8"));
    expect(result.status).toBe("converged");
    expect(Math.abs(result.statistics.gof - 1)).toBeLessThan(0.1);
    const svg = readFileSync(at("r.svg"), "utf8");
    for (const word of ["observed", "background", "difference / σ", "Rwp", "Ni"]) expect(svg).toContain(word);
    const rows = readFileSync(at("r.csv"), "utf8").trim().split("\n");
    expect(rows[0]).toBe("two_theta_deg,observed,sigma,calculated,background,difference,Ni");
    expect(rows).toHaveLength(1501);
    const [, observed, , calculated, background, difference, ni] = rows[700]!.split(",").map(Number) as number[];
    expect(difference).toBeCloseTo(observed! - calculated!, 3);
    expect(background! + ni!).toBeCloseTo(calculated!, 3);
    const again = await xrdctHere(["refine", "ni.xye", "--model", "settled.yaml", "--json"], { cwd: folder });
    expect(again.json.statistics.chi2 / result.statistics.chi2).toBeCloseTo(1, 4);
    expect(
      again.json.stages.reduce((sum: number, stage: { iterations: number }) => sum + stage.iterations, 0),
    ).toBeLessThan(4);
  });

  it("over q is converted with the model's wavelength", async () => {
    const refined = async (name: string) =>
      (await xrdctHere(["refine", name, "--model", "model.yaml", "--json"], { cwd: folder })).json;
    const [two, byQ] = [await refined("ni.xye"), await refined("ni-q.xye")];
    const a = (json: { parameters: { name: string; value: number }[] }) =>
      json.parameters.find(({ name }) => name === "Ni/a")!.value;
    expect(a(byQ)).toBeCloseTo(a(two), 6);
  });

  it.each([
    ["phases: [Ni]", /gives no wavelength/, "model-wavelength"],
    ["wavelength: 0.2\nphases:\n  - {structure: Ni, sizee: 3}", /line 3: .*did you mean "size"/, "config-invalid"],
    [
      "wavelength: 0.2\nphases:\n  - {structure: Ni, sites: {Nj1: {b: true}}}",
      /Ni\/Nj1\/b.*did you mean/,
      "model-parameter",
    ],
    ["wavelength: 0.2\nphases: [nowhere.cif]", /nowhere\.cif/, "file-not-readable"],
    ["wavelength: 0.2\nphases: [Ni]\nseries: {mode: sideways}", /line 3: series\.mode/, "config-invalid"],
  ])("refuses %j in words", async (text, message, code) => {
    writeFileSync(at("bad.yaml"), text);
    const ran = await xrdctHere(["refine", "ni.xye", "--model", "bad.yaml", "-o", "none.json", "--json"], {
      cwd: folder,
    });
    expect(ran.code).toBe(2);
    expect(ran.json.error.code).toBe(code);
    expect(ran.json.error.message).toMatch(message);
    expect(existsSync(at("none.json"))).toBe(false);
  });
});

describe("a series", () => {
  const variable = 'series: {variable: {name: temperature, unit: K, header: "Temp (K)"}}\n';
  writeFileSync(at("series.yaml"), `${readFileSync(at("model.yaml"), "utf8")}${variable}`);

  it("from a folder: result, table, figure; the dark pattern is flagged", async () => {
    const outputs = ["-o", "s.json", "--table", "s.csv", "--figure", "s.svg", "--each", "each"];
    const ran = await xrdctHere(["refine", "series", "--model", "series.yaml", "--quiet", ...outputs], { cwd: folder });
    expect(ran.stderr).toBe("");
    expect(ran.stdout).toContain("1 of 5 patterns are flagged and not fitted");
    const { entries } = JSON.parse(readFileSync(at("s.json"), "utf8"));
    // natural order: 8, 9, 10, ...
    expect(entries.map(({ variable: t }: { variable: number }) => t)).toEqual([300, 310, 320, 330, 340]);
    expect(entries.map(({ flag }: { flag: string }) => flag)).toEqual(["", "", "", "dark", ""]);
    expect(readFileSync(at("s.csv"), "utf8").trim().split("\n")).toHaveLength(6);
    expect(readFileSync(at("s.svg"), "utf8")).toContain("temperature (K)");
    expect(existsSync(at("each/scan-12.xye.svg"))).toBe(true);
    expect(existsSync(at("s.json.partial"))).toBe(false);
  });

  it("that was interrupted goes on with what is missing, to the same result", async () => {
    const model = loadModel(at("series.yaml"));
    const whole = await refineSeries(loadKernels(), model, [at("series")]);
    const journal = at("cut.partial");
    const abort = new AbortController();
    const onProgress = (event: { type: string; done?: number }) => {
      if (event.type === "stage-progress" && event.done === 2) abort.abort();
    };
    await expect(
      refineSeries(loadKernels(), model, [at("series")], { journal, signal: abort.signal, onProgress }),
    ).rejects.toThrow();
    writeFileSync(journal, `${readFileSync(journal, "utf8")}{"index":2,"na`); // killed while it wrote
    let resumed = -1;
    const rest = await refineSeries(loadKernels(), model, [at("series")], {
      journal,
      onProgress: (event) => {
        if (event.type === "stage-start") resumed = event.resumed;
      },
    });
    expect(resumed).toBe(2);
    expect(JSON.parse(JSON.stringify(rest))).toEqual(JSON.parse(JSON.stringify(whole)));
  });

  it("each on its own gives the same cells", async () => {
    const model = loadModel(at("series.yaml"));
    const { config } = model;
    const alone = { ...model, config: { ...config, series: { ...config.series, mode: "independent" as const } } };
    const results = await Promise.all([model, alone].map((one) => refineSeries(loadKernels(), one, [at("series")])));
    const a = results.map(({ entries }) =>
      entries.map(({ parameters }) => parameters.find(({ name }) => name === "Ni/a")),
    );
    a[0]!.forEach((one, i) => {
      if (one) expect(Math.abs(one.value - a[1]![i]!.value) / one.esd!).toBeLessThan(0.1);
    });
  });

  it.each([
    [["nowhere/*.xye"], "file-not-readable"],
    [["series/*.txt"], "series-empty"],
    [["series", "--curves", "x.csv"], "bad-option"],
    [["ni.xye", "--table", "x.csv"], "bad-option"],
  ])("refuses %j", async (args, code) => {
    const ran = await xrdctHere(["refine", ...args, "--model", "model.yaml", "--json"], { cwd: folder });
    expect(ran.code).toBe(2);
    expect(ran.json.error.code).toBe(code);
  });
});
