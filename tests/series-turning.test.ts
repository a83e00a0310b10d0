/** Scans whose fast axis is the rotation: run as they were taken, and cut into steps afterwards, against the truth. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { openResult } from "../src/files/result-reader.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import type { SliceSeries } from "../src/pipeline/series/gather-maps.ts";
import { runSeries } from "../src/pipeline/series/series.ts";
import { readSeries } from "../src/pipeline/series/series-config.ts";
import { tempFolder } from "./temp-folder.ts";
import { copperInside, edgeWidth, GROWN, TURNING, TURNING_MODEL, turningSample } from "./turning-sample.ts";
import {
  blocksDone,
  hashes,
  journalEntries,
  run,
  runHere,
  runProcess,
  simulate,
  type VirtualScan,
} from "./virtual-scan.ts";

const folder = tempFolder();
const map = { rietveld: { model: "model.yaml" } };
const { passes: PASSES, turnsPerPass: TURNS, turnS } = TURNING;
let files: VirtualScan;

beforeAll(async () => {
  files = await simulate(folder, turningSample(), "patterns");
  writeFileSync(join(folder, "model.yaml"), TURNING_MODEL);
  files.variant("run.yaml", { map });
}, 120_000);

/** The series of steps of so many passes, each beginning so many passes after the one before. */
async function cut(passesPerStep: number, every: number): Promise<SliceSeries> {
  const path = join(folder, `series-${passesPerStep}.yaml`);
  const turning = {
    scan: "run.yaml",
    turns: PASSES * TURNS,
    turnS,
    turnsPerStep: passesPerStep * TURNS,
    every: every * TURNS,
  };
  writeFileSync(path, stringify({ turning, films: [] }));
  const { slices } = await runSeries(readSeries(path), {
    folder: join(folder, `steps-${passesPerStep}`),
    workers: 2,
    memoryBytes: 3e9,
    onProgress: () => {},
    signal: new AbortController().signal,
  });
  return slices[0]!;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
/** volume share of copper at the middle of a pass */
const truthAt = (pass: number): number => GROWN[0] + ((pass + 0.5) / PASSES) * (GROWN[1] - GROWN[0]);

describe("a sample that turns while its translation creeps", () => {
  it("is run as it was taken, with the axis and the step found, from speeds as from encoders", async () => {
    const axisMm = 19.2 * TURNING.stepMm;
    await runHere(join(folder, "run.yaml"), join(folder, "whole.nxs"), { until: "reconstruct" });
    const whole = await openResult(join(folder, "whole.nxs"));
    const [omega, translation] = whole.axes("sinogram/data");
    expect(omega!.values!.length).toBe(61);
    // two passes interlaced make one of half the step
    expect(translation!.values!.length).toBe(2 * TURNS);
    const steps = -translation!.values![0]!;
    const { firstMm } = { firstMm: 0.1 }; // where most lines begin: half a turn into the first translation
    expect(Math.abs(firstMm + steps * TURNING.stepMm - axisMm)).toBeLessThan(0.2 * TURNING.stepMm);
    whole.close();

    const frames = PASSES * TURNS * 61;
    const { positions } = speeds(frames);
    writeFileSync(join(folder, "omega.txt"), [...Array(frames).keys()].map((i) => ((i * 360) / 61) % 360).join("\n"));
    writeFileSync(join(folder, "x.txt"), positions.join("\n"));
    const turning = { angles: { file: "omega.txt" }, positions: { file: "x.txt" }, axisMm };
    const encoders = files.variant("encoders.yaml", { turning });
    await runHere(encoders, join(folder, "encoders.nxs"), { until: "reconstruct" });
    const [a, b] = [await openResult(join(folder, "whole.nxs")), await openResult(join(folder, "encoders.nxs"))];
    // the axis was found in one and given in the other
    const [first, second] = [a, b].map((file) => file.axes("sinogram/data")[1]!.values![0]!);
    expect(Math.abs(first! - second!)).toBeLessThan(0.2);
    const [found, given] = [a, b].map((file) => Float64Array.from(file.readArray("sinogram/data")));
    const largest = found!.reduce((most, value) => Math.max(most, value), 0);
    const apart = found!.reduce((most, value, i) => Math.max(most, Math.abs(value - given![i]!)), 0);
    expect(apart).toBeLessThan(1e-6 * largest);
    a.close();
    b.close();
  }, 60_000);

  it("comes to the same bits when it was killed while frames were brought onto the grid", async () => {
    const output = join(folder, "killed.nxs");
    const killed = runProcess(join(folder, "run.yaml"), output, ["--until", "sinogram"], "line:arrange:2");
    expect(killed.code).not.toBe(0);
    expect(journalEntries(output, "arrange")).toBeGreaterThan(0);
    const resumed = await run(join(folder, "run.yaml"), output, ["--until", "sinogram"]);
    const { arrange, read } = blocksDone(resumed);
    expect(read).toBe(0);
    expect(arrange).toBeLessThan(160 / 32);
    const whole = join(folder, "unbroken.nxs");
    await runHere(join(folder, "run.yaml"), whole, { until: "sinogram" });
    expect(await hashes(output)).toEqual(await hashes(whole));
  }, 60_000);

  it("gives more temporal resolution at the cost of spatial resolution, and the reverse", async () => {
    const [fast, slow] = [await cut(1, 3), await cut(4, 4)]; // the first and the last pass, and all
    expect(fast.voxelMm).toBeCloseTo(2 * TURNING.stepMm, 6);
    expect(slow.voxelMm).toBeCloseTo(TURNING.stepMm, 6);
    const turnsAt = ({ timeH }: SliceSeries): number[] => [...timeH].map((hours) => (hours * 3600) / turnS);
    expect(turnsAt(fast)).toEqual([expect.closeTo(10, 6), expect.closeTo(70, 6)]);
    expect(turnsAt(slow)).toEqual([expect.closeTo(40, 6)]);

    // in time: a pass sees the copper of its own middle; all passes see the mean, 3/8 of the change away from either
    const truth = [truthAt(0), truthAt(3)];
    const found = [0, 1].map((k) => copperInside(fast, k));
    found.forEach((value, k) => expect(Math.abs(value - truth[k]!)).toBeLessThan(0.01));
    const all = copperInside(slow, 0);
    expect(Math.abs(all - mean(truth))).toBeLessThan(0.03);
    for (const value of truth) expect(Math.abs(all - value)).toBeGreaterThan(0.1);

    // in space: the edge is as wide as the step of either allows, which is twice as large for one pass
    const [coarse, fine] = [mean([0, 1].map((k) => edgeWidth(fast, k))), edgeWidth(slow, 0)];
    expect(coarse / fine).toBeGreaterThan(1.6);
    expect(coarse / fine).toBeLessThan(2.4);
  }, 180_000);

  it("is refused where a section does not fit", () => {
    const bad = (turning: object, more: object = {}) => {
      const path = files.variant("bad.yaml", { turning, ...more });
      return () => readScan(path);
    };
    const { turning } = JSON.parse(JSON.stringify(readScan(join(folder, "run.yaml")).config));
    expect(bad({ ...turning, positions: { file: "x.txt" } })).toThrow(/passes go with positions from speeds/);
    expect(bad(turning, { lines: { to: 4 } })).toThrow(/turning\.turns/);
    expect(bad({ ...turning, angles: { perFrame: 200 } })).toThrow(/three frames/);
  });

  it.each([
    ["more turns than there are", { turns: { from: 0, to: 81 } }, "turning-turns"],
    ["an encoder of another scan", { angles: { file: "short.txt" } }, "turning-count"],
    [
      "a translation that stands",
      { turns: { from: 3, to: 4 }, positions: { stepMm: 0.1 }, passes: undefined },
      "turning-positions",
    ],
  ])("is refused before any work: %s", async (_, changes, code) => {
    writeFileSync(join(folder, "short.txt"), "0\n1\n2\n");
    const { turning } = readScan(join(folder, "run.yaml")).config;
    const path = files.variant("bad.yaml", { map, turning: JSON.parse(JSON.stringify({ ...turning, ...changes })) });
    await expect(runHere(path, join(folder, "bad.nxs"))).rejects.toMatchObject({ code });
  });

  it("needs a scan of turns for a series of turns", async () => {
    const scan = { ...JSON.parse(JSON.stringify(readScan(join(folder, "run.yaml")).config)) };
    delete scan.turning;
    expect(readFileSync(files.variant("still.yaml", { turning: undefined, stepMm: 0.1, map }), "utf8")).not.toContain(
      "turning",
    );
    const path = join(folder, "bad-series.yaml");
    writeFileSync(path, stringify({ turning: { scan: "still.yaml", turns: 80, turnS, turnsPerStep: 20 } }));
    const refused = runSeries(readSeries(path), {
      folder: join(folder, "bad-series"),
      workers: 1,
      memoryBytes: 1e9,
      onProgress: () => {},
      signal: new AbortController().signal,
    });
    await expect(refused).rejects.toMatchObject({ code: "series-windows" });
  });
});

/** What encoders would have written of the simulated scan. */
function speeds(frames: number): { positions: number[] } {
  const offsets = [0, 1, 0, 1];
  const each = TURNS * 61;
  const positions = Array.from({ length: frames }, (_, i) => {
    const pass = Math.floor(i / each);
    return TURNING.stepMm * ((2 * (i - pass * each)) / 61 + offsets[pass]!);
  });
  return { positions };
}
