/** Measured and independently simulated scans, the whole way through the pipeline. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { STATUS } from "../src/data/index.ts";
import { openHdf5 } from "../src/files/hdf5.ts";
import { openResult } from "../src/files/result-reader.ts";
import { correlate } from "../src/pipeline/compare-truth.ts";
import { runScan } from "../src/pipeline/run-scan.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { hasShared, shared } from "./shared.ts";
import { unzip } from "./unzip.ts";

const folder = mkdtempSync(join(tmpdir(), "xrdct-real-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(name: string, yaml: string) {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, yaml);
  const output = join(folder, `${name}.nxs`);
  const signal = new AbortController().signal;
  const summary = await runScan(readScan(path), { output, workers: 2, memoryBytes: 3e9, onProgress: () => {}, signal });
  return { summary, result: await openResult(output) };
}

describe.skipIf(!hasShared)("a scan in the P07 layout, made by another program (needs ../shared)", () => {
  it("finds order, shift and axis by itself and maps NMC 003 and Cu 111", { timeout: 180_000 }, async () => {
    const { summary, result } = await run(
      "aaa",
      `title: AAA dev cell
input: {kind: p07, folder: "${shared("data/simulated/aaa_dev")}"}
energyKeV: 103.5013
distanceMm: 1000
stepMm: 0.1355556
angles: {start: 0, end: 180, inclusive: true}
reconstruct: {method: cgls, iterations: 15}
map:
  regions:
    - {name: NMC532, range: [1.20, 1.45], peaks: [{name: "003", hkl: [0, 0, 3], d: 4.83}]}
    - {name: Cu, range: [2.95, 3.065], peaks: [{name: "111", hkl: [1, 1, 1], d: 2.087}]}
`,
    );
    const notes = summary.stages.find(({ name }) => name === "sinogram")!.notes;
    expect(notes[0]).toMatch(/zig-zag.*shifted by 1\.00/);
    const axis = Number(/rotation axis at ([\d.]+)/.exec(notes[1]!)![1]);
    expect(Math.abs(axis - 41.3)).toBeLessThan(0.05);
    const truth = await openHdf5(shared("data/simulated/aaa_dev/truth.h5"));
    const correlation = (peak: string, phase: string): number => {
      const { values, status } = result.readMap(`map/${peak}/area`);
      const seen = [...values.keys()].filter((i) => status![i] !== STATUS.notFitted);
      const fraction = truth.numbers(`${phase}/volume_fraction`)!;
      return correlate(
        seen.map((i) => values[i]! || 0),
        seen.map((i) => fraction[i]!),
      );
    };
    // 0.96 over the fitted voxels; the layers of 70 um are thinner than the voxels of 136 um
    expect(correlation("NMC532/003", "NMC532")).toBeGreaterThan(0.95);
    expect(correlation("Cu/111", "Cu")).toBeGreaterThan(0.8);
    truth.close();
    result.close();
  });
});

describe.skipIf(!hasShared)("the 143 NCA patterns as a raster map (needs ../shared)", () => {
  it("gives a near 2.877 and c near 14.24 Å at index 85", { timeout: 60_000 }, async () => {
    const files = unzip(readFileSync(shared("data/xrdct/scimap_34IDE_nca_map/xrd-map-34-ID-E.zip")))
      .filter(({ name }) => /Data_\d+\.chi$/.test(name))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(files).toHaveLength(143);
    const paths = files.map(({ name, data }, i) => {
      const path = join(folder, `${String(i).padStart(4, "0")}-${name.split("/").at(-1)}`);
      writeFileSync(path, data);
      return path;
    });
    const { result } = await run(
      "nca",
      `title: NCA particle
input: {kind: raster, rows: 13, cols: 11, axisUnit: two-theta, files: ${JSON.stringify(paths)}}
energyKeV: 25
map:
  regions:
    - {name: "003", phase: NCA, range: [5.6, 6.4], peaks: [{name: "003", hkl: [0, 0, 3], d: 4.75}]}
    - {name: "101", phase: NCA, range: [11.2, 12.1], peaks: [{name: "101", hkl: [1, 0, 1], d: 2.45}]}
  lattices: [{phase: NCA, system: hexagonal}]
`,
    );
    const [a, c] = [result.readMap("map/NCA/a"), result.readMap("map/NCA/c")];
    expect(a.values[85]).toBeCloseTo(2.877, 2);
    expect(Math.abs(c.values[85]! - 14.24)).toBeLessThan(0.02);
    expect(c.esd![85]).toBeGreaterThan(0);
    expect(c.esd![85]).toBeLessThan(0.01);
    result.close();
  });
});
