/** Examples: every scan and model is valid, scans of sinograms run the whole way, scripts find what they should. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { calibrateAndIntegrate } from "../examples/calibrate-and-integrate.ts";
import { mapSlice, trueA } from "../examples/map-slice.ts";
import { reconstructAbsorbing, reconstructDisc } from "../examples/reconstruct-slice.ts";
import { STATUS } from "../src/data/index.ts";
import { openResult } from "../src/files/result-reader.ts";
import { loadModel } from "../src/pipeline/refine/load-model.ts";
import { figureOf } from "../src/pipeline/result-figures.ts";
import { runScan } from "../src/pipeline/run-scan.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { hasShared } from "./shared.ts";
import { tempFolder } from "./temp-folder.ts";
import { demoFolder } from "./web/app.ts";

const folder = tempFolder();
const yaml = readdirSync("examples").filter((name) => name.endsWith(".yaml") && !name.startsWith("refine-"));
const examples = yaml.filter((name) => !name.startsWith("refine-"));

it.each(examples)("examples/%s is a valid scan", (name) => {
  expect(readScan(join("examples", name)).config.title).not.toBe("");
});

it.each(yaml.filter((name) => name.startsWith("refine-")))("examples/%s is a valid model", (name) => {
  expect(loadModel(join("examples", name)).config.title).not.toBe("");
});

/** The axis as PROVENANCE.md there has it from independent programs; tolerance in steps. */
const AXES = [
  ["tomopy-tooth", 295.85, 0.35],
  ["savu-i18", 44.7, 0.6],
  ["sd2i-mnnawsio2", 88.97, 0.1],
  ["sd2i-pox", 110.88, 0.1],
] as const;

describe.skipIf(!hasShared)("measured sinograms, without a wavelength (needs ../shared)", () => {
  it.each(AXES)("%s: the rotation axis is at %f", { timeout: 60_000 }, async (name, axis, tolerance) => {
    const output = join(folder, `${name}.nxs`);
    const signal = new AbortController().signal;
    const options = { output, workers: 1, memoryBytes: 2e9, onProgress: () => {}, signal };
    const { stages } = await runScan(readScan(join("examples", `${name}.yaml`)), options);
    const notes = stages.find((stage) => stage.name === "sinogram")!.notes.join("\n");
    const found = Number(/rotation axis at ([\d.]+)/.exec(notes)![1]);
    expect(Math.abs(found - axis)).toBeLessThan(tolerance);
    const result = await openResult(output);
    expect(figureOf(result, "reconstruct/data")).toContain("</svg>");
    result.close();
  });
});

describe("scripts that import the package by its name", () => {
  it("calibrate-and-integrate.ts: the geometry and the lines of CeO2", () => {
    const { calibration, pattern, peaks, truth } = calibrateAndIntegrate();
    const { dist } = calibration.poni;
    expect(Math.abs(dist * 1e3 - truth.distanceMm)).toBeLessThan(5e3 * calibration.esd.dist!);
    expect(pattern.axis.values).toHaveLength(1200);
    const strong = peaks.slice(0, 5).map(({ dA, reflections: [nearest] }) => dA! / nearest!.dA - 1);
    for (const off of strong) expect(Math.abs(off)).toBeLessThan(3e-4);
  });

  it("reconstruct-slice.ts: the disc, fewer streaks by CGLS, and its absorption put right", () => {
    const [fbp, cgls] = [reconstructDisc({ method: "fbp" }), reconstructDisc({ method: "cgls" })];
    expect(fbp.mean).toBeCloseTo(fbp.truth, 1);
    expect(cgls.mean).toBeCloseTo(cgls.truth, 1);
    expect(cgls.streaks).toBeLessThan(fbp.streaks / 3);
    const { asMeasured, corrected, leastTransmission, truth } = reconstructAbsorbing();
    // the chord through the middle, 28 steps of 0.05 mm, at 0.4 / mm; in voxels it is known to a step
    expect(Math.abs(-Math.log(leastTransmission) - 0.4 * 28 * 0.05)).toBeLessThan(0.4 * 0.05);
    expect(asMeasured).toBeLessThan(0.6 * truth);
    expect(Math.abs(corrected / truth - 1)).toBeLessThan(0.01);
  });

  it("map-slice.ts: the lattice parameter of every voxel within its uncertainty, by a peak and by Rietveld", () => {
    const { peaks, maps, bulk } = mapSlice();
    const d = peaks.find(({ name }) => name === "Al/200/d")!;
    const a = maps.find(({ name }) => name === "Al/a")!;
    const pulls = [...a.values].map((value, voxel) => (value - trueA(voxel % a.nx)) / a.esd![voxel]!);
    const rms = Math.sqrt(pulls.reduce((sum, pull) => sum + pull * pull, 0) / pulls.length);
    expect([...a.status!]).toEqual(pulls.map(() => STATUS.converged));
    expect(rms).toBeGreaterThan(0.6);
    expect(rms).toBeLessThan(1.5);
    d.values.forEach((value, voxel) => {
      expect(Math.abs(2 * value - trueA(voxel % a.nx))).toBeLessThan(5 * 2 * d.esd![voxel]!);
    });
    expect(bulk[0]).toMatchObject({ name: "Al", weightFraction: 1 });
  });

  it("result-to-patterns.mjs: the mean pattern of the cathode, as node runs it", async () => {
    const cell = join(await demoFolder(), "cell.nxs");
    const printed = execFileSync(process.execPath, ["examples/result-to-patterns.mjs", cell, "NMC532", "0.5"], {
      encoding: "utf8",
    });
    const rows = printed
      .split("\n")
      .filter((line) => /^\s*\d/.test(line))
      .map((line) => line.trim().split(/\s+/).map(Number));
    const result = await openResult(cell);
    const axis = result.axes("reconstruct/data")[2]!.values;
    result.close();
    expect(rows).toHaveLength(axis.length);
    const [strongest] = rows.sort((one, two) => two[1]! - one[1]!);
    // 003 of NMC532, c about 14.5 angstrom: q = 2 pi 3 / c, within a bin
    expect(Math.abs(strongest![0]! - (6 * Math.PI) / 14.5)).toBeLessThan(0.02);
    expect(strongest![2]).toBeGreaterThan(0);
  });

  it("rows-on-workers.mjs: the same in one thread and in two", async () => {
    const cell = join(await demoFolder(), "cell.nxs");
    const script = `
import { centresOfMass } from "./examples/rows-on-workers.mjs";
const [one, two] = [await centresOfMass(process.argv[1], 1), await centresOfMass(process.argv[1], 2)];
console.log(JSON.stringify([one.length, one[0].length, JSON.stringify(one) === JSON.stringify(two), Math.max(...one.flatMap((row) => [...row].filter(Number.isFinite)))]));`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script, cell], { encoding: "utf8" });
    const [rows, cols, isSame, highest] = JSON.parse(printed) as [number, number, boolean, number];
    expect([rows, cols, isSame]).toEqual([41, 41, true]);
    expect(highest).toBeLessThan(6.01);
  });
});
