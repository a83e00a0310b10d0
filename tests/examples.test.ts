/** Examples: every scan and every model is valid, and the scans of sinograms run the whole way. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openResult } from "../src/files/result-reader.ts";
import { loadModel } from "../src/pipeline/refine/load-model.ts";
import { figureOf } from "../src/pipeline/result-figures.ts";
import { runScan } from "../src/pipeline/run-scan.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { hasShared } from "./shared.ts";
import { tempFolder } from "./temp-folder.ts";

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
