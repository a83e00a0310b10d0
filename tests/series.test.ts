/** A series as a user runs it: against the truth of the simulation, warm and cold, killed and resumed, and refused. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { STATUS } from "../src/data/index.ts";
import { openResult } from "../src/files/result-reader.ts";
import { runSeries } from "../src/pipeline/series/series.ts";
import { readSeries } from "../src/pipeline/series/series-config.ts";
import { h5py, hasH5py } from "./h5py.ts";
import { tempFolder } from "./temp-folder.ts";
import { hashes, PATTERNS, type Ran, runHere as runOne, simulate, xrdct, xrdctHere } from "./virtual-scan.ts";

const folder = tempFolder();
const MODEL = `
profile: {W: {value: 0.0006, refine: true}, X: {value: 0.005, refine: true}}
background: 3
phases:
  - {name: Al, structure: Al}
  - {name: Cu, structure: Cu}
`;
const map = { rietveld: { model: "../model.yaml" } };
/** Cu a of the steps, and when they were measured */
const CELLS = [3.6149, 3.6249, 3.6349];
const HOURS = [0, 0.5, 1.5];
const out = join(folder, "series");
let ran: Ran;

const yaml = (name: string, content: object): string => {
  const path = join(folder, name);
  writeFileSync(path, stringify(content));
  return path;
};
const steps = HOURS.map((time, k) => ({ scan: `t${k}/run.yaml`, time }));
const argsOf = (name: string, output: string): string[] => ["series", name, "-o", output, "--json", "--quiet"];
const series = (name: string, output: string): Promise<Ran> => xrdctHere([...argsOf(name, output), "--workers", "1"]);

/** A series whose first step is done: what comes is the others alone. */
function begun(name: string): string {
  const copy = join(folder, name);
  mkdirSync(copy);
  for (const end of [".nxs", ".nxs.work"])
    if (existsSync(join(out, `step-000${end}`)))
      cpSync(join(out, `step-000${end}`), join(copy, `step-000${end}`), { recursive: true });
  return copy;
}

beforeAll(async () => {
  writeFileSync(join(folder, "model.yaml"), MODEL);
  for (const [k, a] of CELLS.entries()) {
    const config = { ...PATTERNS, seed: 20 + k, phases: { Al: {}, Cu: { a } } };
    const files = await simulate(join(folder, `t${k}`), config, "patterns");
    files.variant("run.yaml", { map, reconstruct: { size: 25 } });
    files.variant("plain.yaml", { reconstruct: { size: 25 } });
    files.variant("other.yaml", { map, reconstruct: { size: 31 } });
  }
  ran = xrdct(argsOf(yaml("series.yaml", { title: "a rod that swells", steps, films: ["Cu/a"] }), out));
  expect(ran.stderr).toBe("");
}, 120_000);

describe("a series of slices", () => {
  it("follows the cell that changes, with the time in hours", async () => {
    const means = ran.json.means.find(({ name }: { name: string }) => name === "Cu/a");
    expect(means.timeH).toEqual(HOURS);
    const found = means.common.map(({ mean }: { mean: number }) => mean);
    CELLS.forEach((a, k) => expect(Math.abs(found[k] - found[0] - (a - CELLS[0]!))).toBeLessThan(2e-4));
    const file = await openResult(join(out, "series.nxs"));
    expect(file.entry("series/Cu/a")).toMatchObject({ shape: [3, 25, 25], unit: "Å" });
    expect(file.axisNames("series/Cu/a")).toEqual(["time", "y", "x"]);
    expect(file.axes("series/Cu/a")[0]).toMatchObject({ values: Float64Array.from(HOURS), unit: "h" });
    // in the middle of the rod: weighted by the hours, the slope of 0, 0.5, 1.5 h is 0.013
    const slope = file.readMap("change/Cu/a/slope");
    const at = 25 * (12 + 2) + 12 + 3;
    const expected = slopeOf(HOURS, CELLS);
    expect(Math.abs(slope.values[at]! - expected)).toBeLessThan(4 * slope.esd![at]! + 2e-5);
    file.close();
  });

  it("writes tables, figures and a film with a frame for each step", () => {
    const table = readFileSync(join(out, "means.csv"), "utf8").split("\n");
    expect(table[0]).toContain("time_h");
    expect(table.filter((line) => line.includes(",Cu/a,")).length).toBe(3);
    const film = readFileSync(join(out, "films", "Cu-a.gif"));
    const frames = film.reduce(
      (n, _, i) => n + (film.readUIntBE(i, Math.min(3, film.length - i)) === 0x21f904 ? 1 : 0),
      0,
    );
    expect(frames).toBe(3);
    for (const name of ["figures/means.png", "figures/Cu-a-change.svg", "means.md"])
      expect(existsSync(join(out, name))).toBe(true);
  });

  it("starts each step from the one before, and ends where a cold start ends", async () => {
    expect(ran.json.steps.map(({ startedFrom }: { startedFrom?: number }) => startedFrom)).toEqual([undefined, 0, 1]);
    const cold = join(folder, "cold");
    const alone = await series(yaml("cold.yaml", { steps: steps.slice(1), start: "cold", films: [] }), cold);
    expect(alone.json.steps.some((step: object) => "startedFrom" in step)).toBe(false);
    const [a, b] = [await openResult(join(out, "step-002.nxs")), await openResult(join(cold, "step-001.nxs"))];
    const statuses = [a, b].flatMap((file) => ["Cu", "Al"].map((phase) => file.readMap(`map/${phase}/a`).status!));
    for (const name of ["map/Cu/a", "map/Cu/weight_fraction", "map/Al/a"]) {
      const [warm, other] = [a.readMap(name), b.readMap(name)];
      // a trace of a phase may be found from one start and not from another, and moves the other's share with it
      const known = [...warm.values.keys()].filter((i) => statuses.every((status) => status[i] === STATUS.converged));
      const apart = known.filter((i) => !(Math.abs(warm.values[i]! - other.values[i]!) < other.esd![i]!));
      expect(known.length).toBeGreaterThan(20);
      expect(apart.length, name).toBeLessThan(0.03 * known.length);
    }
    a.close();
    b.close();
  }, 180_000);

  it("does nothing twice, and comes to the same bits when it was killed on the way", async () => {
    const before = await hashes(join(out, "step-002.nxs"));
    const again = await series(join(folder, "series.yaml"), out);
    expect(again.json.steps.every(({ isUpToDate }: { isUpToDate: boolean }) => isUpToDate)).toBe(true);
    const other = begun("killed");
    const killed = xrdct(argsOf(join(folder, "series.yaml"), other), { killAt: "line:map:1" });
    expect(killed.signal).toBe("SIGKILL");
    const resumed = await series(join(folder, "series.yaml"), other);
    expect(resumed.json.steps.map(({ isUpToDate }: { isUpToDate: boolean }) => isUpToDate)).toEqual([
      true,
      false,
      false,
    ]);
    expect(await hashes(join(other, "step-002.nxs"))).toEqual(before);
  }, 180_000);

  it("tells of a step without beam, leaves it out, and starts the next from the last good one", async () => {
    const dark = { ...PATTERNS, noise: { countsPerRay: 3000, airShare: 0.01 }, seed: 9 };
    const files = await simulate(join(folder, "dark"), dark, "patterns");
    files.variant("run.yaml", { map, reconstruct: { size: 25 } });
    const content = { steps: [steps[0], { scan: "dark/run.yaml", time: 0.2 }, steps[1]], films: [] };
    const told = await series(yaml("dark.yaml", content), begun("with-dark"));
    const [first, bad, good] = told.json.steps;
    expect(first.isUpToDate).toBe(true);
    expect(["dark", "failed"]).toContain(bad.flag);
    expect(good.startedFrom).toBe(0);
    expect(told.json.notes[1]).toMatch(/left out/);
    expect(told.json.means[0].timeH).toEqual([0, 0.5]);
  }, 180_000);

  it("follows several heights, each by itself", async () => {
    const results = [0, 1, 2].map((k) => join(out, `step-00${k}.nxs`));
    const content = {
      maps: ["Cu/a"],
      steps: [
        { result: results[0], time: 0, heightMm: 0 },
        { result: results[1], time: 1, heightMm: 0 },
        { result: results[1], time: 0.5, heightMm: 2 },
        { result: results[2], time: 1.5, heightMm: 2 },
      ],
      films: ["Cu/a"],
    };
    const { slices } = await runHere(yaml("heights.yaml", content), join(folder, "heights"));
    expect(slices.map(({ heightMm, timeH }) => [heightMm, [...timeH]])).toEqual([
      [0, [0, 1]],
      [2, [0.5, 1.5]],
    ]);
    expect(existsSync(join(folder, "heights", "figures", "at_2mm-means.png"))).toBe(true);
    // one array [time, z, y, x] of both, and when each slice was scanned
    const path = join(folder, "heights", "series.nxs");
    const file = await openResult(path);
    expect(file.entry("series/Cu/a")).toMatchObject({ shape: [2, 2, 25, 25], unit: "Å" });
    expect(file.axisNames("series/Cu/a")).toEqual(["time", "z", "y", "x"]);
    expect(file.axes("series/Cu/a").map(({ unit }) => unit)).toEqual(["h", "mm", "mm", "mm"]);
    expect([...file.axes("series/Cu/a")[1]!.values!]).toEqual([0, 2]);
    expect([...file.readArray("series/time_of_slice")]).toEqual([0, 0.5, 1, 1.5]);
    const all = file.readArray("series/Cu/a") as Float32Array;
    const result = await openResult(results[2]!);
    const { values, status } = result.readMap("map/Cu/a");
    const last = all.subarray(3 * 625);
    values.forEach((value, i) => expect(last[i]).toBe(status![i] === STATUS.converged ? value : Number.NaN));
    result.close();
    file.close();
    expect(existsSync(join(folder, "heights", "films", "cut-Cu-a.gif"))).toBe(true);
    if (!hasH5py) return;
    const script = `
f = g = h5py.File(args[0])
while 'signal' not in g.attrs: g = g[g.attrs['default']]
print(json.dumps([g.name, list(g[g.attrs['signal']].shape), list(g.attrs['axes'])]))`;
    expect(JSON.parse(h5py(script, path))).toEqual(["/entry/series/Cu/a", [2, 2, 25, 25], ["time", "z", "y", "x"]]);
  });

  it("shows the cell's voltage on the clock of the steps", async () => {
    writeFileSync(join(folder, "cell.csv"), "Time (h),Voltage (V)\n0,3.0\n1,3.7\n2,4.2\n");
    const content = {
      maps: ["Cu/a"],
      steps: [0, 1].map((k) => ({ result: join(out, `step-00${k}.nxs`), time: k })),
      films: [],
    };
    const clocked = { ...content, echem: { file: "cell.csv", startH: 0 } };
    await runHere(yaml("echem.yaml", clocked), join(folder, "echem"));
    expect(readFileSync(join(folder, "echem", "figures", "means.svg"), "utf8")).toContain("voltage (V)");
    const lost = runHere(yaml("lost.yaml", { ...content, echem: { file: "cell.csv" } }), join(folder, "lost"));
    await expect(lost).rejects.toMatchObject({ code: "series-clock" });
  });
});

describe("a series.yaml that cannot be", () => {
  it.each([
    ["a scan that is not there", { steps: [{ scan: "nowhere.yaml", time: 0 }] }, "series-steps"],
    ["a scan without maps", { steps: [{ scan: "t0/plain.yaml", time: 0 }] }, "series-no-map"],
    ["two steps at one time", { steps: [steps[0], steps[0]] }, "series-times"],
    ["dates and hours", { steps: [steps[0], { ...steps[1], time: "2026-01-01T00:00:00Z" }] }, "series-times"],
    ["several files and one time", { steps: [{ scan: "t*/run.yaml", time: 0 }] }, "series-times"],
    ["nothing to follow", {}, "config-invalid"],
    ["scan and result", { steps: [{ ...steps[0], result: "x.nxs" }] }, "config-invalid"],
    [
      "too many passes",
      { interlaced: { scan: "t0/run.yaml", passes: 2, linesPerPass: 12, lineS: 1, passesPerStep: 3 } },
      "series-windows",
    ],
  ])("is refused before any work: %s", async (_, content, code) => {
    const output = join(folder, "refused");
    await expect(runHere(yaml("refused.yaml", content), output)).rejects.toMatchObject({ code });
    expect(existsSync(join(output, "step-000.nxs"))).toBe(false);
  });

  it("says where grids differ", async () => {
    const results = [0, 1].map((k) => ({ result: join(out, `step-00${k}.nxs`), time: k }));
    const other = join(folder, "other.nxs");
    await runOne(join(folder, "t1", "other.yaml"), other);
    const path = yaml("grids.yaml", { steps: [...results, { result: other, time: 3 }] });
    await expect(runHere(path, join(folder, "grids"))).rejects.toMatchObject({
      code: "series-grid",
      message: expect.stringMatching(/31 x 31.*25 x 25/),
    });
  });

  it("takes dates, and counts hours from the first", async () => {
    const results = [0, 1].map((k) => ({
      result: join(out, `step-00${k}.nxs`),
      time: `2026-03-0${k + 1}T12:00:00Z`,
    }));
    const { slices } = await runHere(yaml("dates.yaml", { steps: results, films: [] }), join(folder, "dates"));
    expect([...slices[0]!.timeH]).toEqual([0, 24]);
  });
});

/** In this process, which spares its start. */
const runHere = (path: string, output: string) =>
  Promise.resolve(path).then((file) =>
    runSeries(readSeries(file), {
      folder: output,
      workers: 2,
      memoryBytes: 3e9,
      onProgress: () => {},
      signal: new AbortController().signal,
    }),
  );

/** The slope of a straight line through points of equal weight; esds of a voxel are nearly the same at all steps. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const up = x.reduce((sum, value, k) => sum + (value - mx) * (y[k]! - my), 0);
  return up / x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
}
