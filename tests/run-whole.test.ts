/** Whole runs of simulated scans held against their truth: patterns, frames, a raster map, a volume. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode as decodePng } from "fast-png";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { STATUS } from "../src/data/index.ts";
import { decodeEdf } from "../src/files/edf.ts";
import { createHdf5 } from "../src/files/hdf5-writer.ts";
import { decodeNpy } from "../src/files/npy.ts";
import { formatXye, parsePattern } from "../src/files/pattern-text.ts";
import { openResult, type Result } from "../src/files/result-reader.ts";
import { decodeTiff } from "../src/files/tiff.ts";
import { correlate } from "../src/pipeline/compare-truth.ts";
import { exportArray } from "../src/pipeline/export-array.ts";
import { tempFolder } from "./temp-folder.ts";
import { FRAMES, hashes, MAP, PATTERNS, type Ran, ROTATION_AXIS, run, simulate, xrdctHere } from "./virtual-scan.ts";

const folder = tempFolder();

const notesOf = (ran: Ran, stage: string): string =>
  ran.json.stages.find(({ name }: { name: string }) => name === stage).notes.join("\n");

/** Correlation of an area map with the true fraction, over the voxels that were seen; no signal counts as none. */
function correlation(result: Result, truth: Result, peak: string, phase: string): number {
  const { values, status } = result.readMap(`map/${peak}/area`);
  const fraction = truth.readMap(`truth/${phase}/volume_fraction`).values;
  const seen = [...values.keys()].filter((i) => status![i] !== STATUS.notFitted);
  return correlate(
    seen.map((i) => (Number.isFinite(values[i]!) ? values[i]! : 0)),
    seen.map((i) => fraction[i]!),
  );
}

/** Mean of a map over the voxels whose fit converged and that the phase fills by more than half. */
function meanWhereFull(result: Result, truth: Result, map: string, phase: string): number {
  const { values, status } = result.readMap(map);
  const fraction = truth.readMap(`truth/${phase}/volume_fraction`).values;
  const full = [...values].filter((_, i) => status![i] === STATUS.converged && fraction[i]! > 0.5);
  expect(full.length).toBeGreaterThan(5);
  return full.reduce((sum, value) => sum + value, 0) / full.length;
}

const trueCell = (truth: Result, phase: string): number =>
  truth.readMap(`truth/${phase}/a`).values.find((value) => Number.isFinite(value))!;

describe("a scan of patterns", () => {
  const output = join(folder, "patterns.nxs");
  let ran: Ran;
  let result: Result;
  let truth: Result;
  let scan: string;
  beforeAll(async () => {
    const files = await simulate(join(folder, "patterns"), PATTERNS, "patterns");
    scan = files.variant("run.yaml", { map: MAP });
    ran = await run(scan, output, ["--workers", "2"]);
    result = await openResult(output);
    truth = await openResult(files.truthPath);
  });

  it("finds zig-zag, shift and rotation axis by itself", () => {
    const notes = notesOf(ran, "sinogram");
    expect(notes).toMatch(/^zig-zag: every second line runs backwards, shifted by 1\.0\d steps/m);
    const axis = Number(/rotation axis at ([\d.]+) steps/.exec(notes)![1]);
    expect(Math.abs(axis - ROTATION_AXIS)).toBeLessThan(0.05);
  });

  it("maps each phase where it is, with its cell", () => {
    expect(correlation(result, truth, "Cu/111", "Cu")).toBeGreaterThan(0.95);
    expect(correlation(result, truth, "Al/200", "Al")).toBeGreaterThan(0.85);
    for (const phase of ["Al", "Cu"]) {
      const ratio = meanWhereFull(result, truth, `map/${phase}/a`, phase) / trueCell(truth, phase);
      expect(Math.abs(ratio - 1)).toBeLessThan(5e-4); // half of what the parallax of 1.5 mm at 2 m can do
    }
  });

  it.each([1, 3])("gives the same bits with %d worker threads as with 2", async (workers) => {
    const other = join(folder, `workers-${workers}.nxs`);
    expect((await run(scan, other, ["--workers", String(workers)])).code).toBe(0);
    expect(await hashes(other)).toEqual(await hashes(output));
  });

  it("gives the same bits in little memory, with fewer threads", async () => {
    const other = join(folder, "small-memory.nxs");
    expect((await run(scan, other, ["--workers", "3", "--memory-gb", "0.1"])).code).toBe(0);
    expect(await hashes(other)).toEqual(await hashes(output));
  });

  it("is exported in every format, and read again", async () => {
    const name = "map/Cu/111/area";
    const map = result.readMap(name);
    const exported = async (format: string, what = name): Promise<Buffer> =>
      Buffer.from((await exportArray(result, what, format)).bytes as Uint8Array);
    const expected = Float32Array.from(map.values);
    const npy = decodeNpy(await exported("npy"), "a.npy");
    expect([npy.shape, Float32Array.from(npy.data)]).toEqual([[map.ny, map.nx], expected]);
    for (const frame of [decodeTiff(await exported("tif"), "a.tif"), decodeEdf(await exported("edf"), "a.edf")]) {
      expect([frame.rows, frame.cols, Float32Array.from(frame.data)]).toEqual([map.ny, map.nx, expected]);
    }
    const csv = (await exported("csv")).toString();
    const grid = csv
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.split(",").map((field) => (field === "" ? Number.NaN : Number(field))));
    expect(Float32Array.from(grid.reverse().flat())).toEqual(expected); // the first line is the highest y
    const pattern = parsePattern((await exported("xye", "map/summed_pattern")).toString(), "sum.xye", { axis: "q" });
    const summed = result.readArray("map/summed_pattern");
    expect(pattern.intensity.length).toBe(summed.length);
    pattern.intensity.forEach((value, i) => {
      expect(value).toBeCloseTo(Number(summed[i]), 5);
    });
    expect((await exported("svg")).toString()).toContain("</svg>");
    const png = decodePng(await exported("png"));
    expect(png.width * png.height).toBeGreaterThan(1e5);
  });

  it("has its figures drawn", async () => {
    const drawn = await xrdctHere(["figure", output, "-o", join(folder, "figures"), "--json", "--format", "svg"]);
    expect(drawn.code).toBe(0);
    const files = readdirSync(join(folder, "figures"));
    expect(files).toEqual(expect.arrayContaining(["maps.svg", "sinogram.svg", "map-summed_pattern.svg"]));
    for (const name of files) expect(readFileSync(join(folder, "figures", name), "utf8")).toContain("</svg>");
  });
});

describe("a scan of frames", () => {
  const map = {
    regions: [
      { name: "Al", phase: "Al", range: [2.7, 3.1], peaks: [{ name: "111", d: 2.338, hkl: [1, 1, 1] }] },
      { name: "Cu", phase: "Cu", range: [3.6, 4], peaks: [{ name: "200", d: 1.807, hkl: [2, 0, 0] }] },
    ],
  };

  it("is mapped like a scan of patterns, and the same bits with 1 and 3 threads", async () => {
    const files = await simulate(join(folder, "frames"), FRAMES, "frames");
    const scan = files.variant("run.yaml", { map, integrate: { bins: 600 } });
    const output = join(folder, "frames.nxs");
    const ran = await run(scan, output, ["--workers", "1"]);
    expect(ran.stderr).toBe("");
    const axis = Number(/rotation axis at ([\d.]+) steps/.exec(notesOf(ran, "sinogram"))![1]);
    expect(Math.abs(axis - FRAMES.scan.rotationAxis!)).toBeLessThan(0.1);
    const [result, truth] = [await openResult(output), await openResult(files.truthPath)];
    expect(correlation(result, truth, "Cu/200", "Cu")).toBeGreaterThan(0.9);
    expect(correlation(result, truth, "Al/111", "Al")).toBeGreaterThan(0.8);
    const d = meanWhereFull(result, truth, "map/Cu/200/d", "Cu");
    expect(Math.abs((2 * d) / trueCell(truth, "Cu") - 1)).toBeLessThan(3e-3); // pixels are 0.066°, the ring is at 3.8°
    result.close();
    truth.close();
    const other = join(folder, "frames-3.nxs");
    await run(scan, other, ["--workers", "3"]);
    expect(await hashes(other)).toEqual(await hashes(output));
  });
});

describe("patterns that are voxels already", () => {
  const [ny, nx, bins] = [6, 5, 121];
  const twoTheta = Float64Array.from({ length: bins }, (_, i) => 2.7 + (0.6 * i) / (bins - 1));
  const areaAt = (y: number, x: number): number => 100 + 10 * x + 20 * y;
  const positionAt = (y: number, x: number): number => 3 + 0.004 * x - 0.002 * y;
  /** a Gaussian of FWHM 0.05° on a slope */
  const patternAt = (y: number, x: number): Float64Array =>
    twoTheta.map((at) => {
      const height = (areaAt(y, x) / 0.05) * 2 * Math.sqrt(Math.LN2 / Math.PI);
      return height * Math.exp(-4 * Math.LN2 * ((at - positionAt(y, x)) / 0.05) ** 2) + 50 + 10 * at;
    });
  const voxels = [...Array(ny * nx).keys()].map((i) => [Math.floor(i / nx), i % nx] as const);
  const map = { regions: [{ name: "r", range: [2.8, 3.2], peaks: [{ name: "p", position: 3 }] }] };

  async function expectMapped(scan: object, name: string): Promise<void> {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, stringify({ ...scan, energyKeV: 60, map }));
    const output = join(folder, `${name}.nxs`);
    expect((await run(path, output)).stderr).toBe("");
    const result = await openResult(output);
    const [area, position] = [result.readMap("map/r/p/area"), result.readMap("map/r/p/position")];
    result.close();
    expect([area.ny, area.nx]).toEqual([ny, nx]);
    voxels.forEach(([y, x], i) => {
      expect(area.status![i]).toBe(STATUS.converged);
      expect(Math.abs(area.values[i]! / areaAt(y, x) - 1)).toBeLessThan(2e-3);
      expect(Math.abs(position.values[i]! - positionAt(y, x))).toBeLessThan(1e-5);
    });
  }

  it("a raster of pattern files, row by row", async () => {
    mkdirSync(join(folder, "raster"));
    voxels.forEach(([y, x], i) => {
      const pattern = { axis: { unit: "two-theta" as const, values: twoTheta }, intensity: patternAt(y, x) };
      writeFileSync(join(folder, "raster", `p${String(i).padStart(3, "0")}.xye`), formatXye(pattern));
    });
    await expectMapped(
      { input: { kind: "raster", files: "raster/*.xye", rows: ny, cols: nx, axisUnit: "two-theta" } },
      "raster",
    );
  });

  it("a volume as nDTomo writes it", async () => {
    const file = await createHdf5(join(folder, "volume.h5"));
    const data = new Float32Array(ny * nx * bins);
    voxels.forEach(([y, x], i) => {
      data.set(patternAt(y, x), i * bins);
    });
    file.dataset("data", [ny, nx, bins], data);
    file.dataset("tth", [bins], twoTheta);
    file.finish();
    await expectMapped({ input: { kind: "volume", file: "volume.h5" } }, "volume");
  });
});
