/**
 * Rietveld maps of data that this program had no part in: the simulated AAA cell against its truth, and the measured
 * NCA particle against the refinement of its authors. docs/validation/rietveld-maps.md lists the figures.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { STATUS } from "../src/data/index.ts";
import { openHdf5 } from "../src/files/hdf5.ts";
import { openResult, type Result } from "../src/files/result-reader.ts";
import { correlate } from "../src/pipeline/compare-truth.ts";
import type { RunSummary } from "../src/pipeline/run-scan.ts";
import { AAA_DATA, aaaMap, exampleScan, summaryOf } from "./aaa-cell.ts";
import { hasShared, shared } from "./shared.ts";
import { tempFolder } from "./temp-folder.ts";
import { unzip } from "./unzip.ts";
import { runHere } from "./virtual-scan.ts";

const folder = tempFolder();

/** [ny, nx] Gaussian of 0.6 voxels: what FBP with a ramp makes of edges, about. */
function blurred(values: ArrayLike<number>, nx: number): Float64Array {
  const kernel = [-2, -1, 0, 1, 2].map((d) => Math.exp((-d * d) / (2 * 0.6 ** 2)));
  const total = kernel.reduce((sum, value) => sum + value, 0);
  let out = Float64Array.from(values);
  for (const stride of [1, nx]) {
    const before = out;
    out = before.map((_, i) =>
      kernel.reduce((sum, weight, k) => sum + (weight / total) * (before[i + (k - 2) * stride] ?? 0), 0),
    );
  }
  return out;
}

describe.skipIf(!hasShared)("the AAA cell, FBP of 100 projections (needs ../shared)", () => {
  const DENSITY = { NMC532: 4.7, Al: 2.7, Cu: 8.94, Fe: 7.87, graphite: 2.26, LiC12: 2.2 } as const;
  const phases = Object.keys(DENSITY) as (keyof typeof DENSITY)[];
  let summary: RunSummary;
  let result: Result;
  const truth = new Map<string, Float64Array>();
  beforeAll(async () => {
    const file = await openHdf5(join(AAA_DATA, "truth.h5"));
    for (const phase of phases) {
      for (const name of ["volume_fraction", "bulk_weight_fraction", ...(phase === "NMC532" ? ["c"] : [])])
        truth.set(`${phase}/${name}`, Float64Array.from(file.read(`${phase}/${name}`)));
    }
    file.close();
    const run = await aaaMap();
    summary = summaryOf(run);
    result = await openResult(join(run, "cell.nxs"));
  }, 300_000);

  it("is what the example maps, which the run whose maps are looked at goes on from", () => {
    const [{ title, ...maps }, { title: _, dlsr, ...goesOn }] = ["aaa-rietveld.yaml", "aaa-dlsr.yaml"].map((name) =>
      exampleScan(name, {}),
    );
    expect(title).toMatch(/AAA/);
    expect(dlsr).toBeDefined();
    expect(goesOn).toEqual(maps);
  });

  it.each(phases)("%s: bulk weight fraction within 1.5 wt%, within three esds, and the voxels' sum too", (phase) => {
    const found = summary.bulk!.find(({ name }) => name === phase)!;
    const wanted = truth.get(`${phase}/bulk_weight_fraction`)![0]!;
    expect(Math.abs(found.weightFraction - wanted)).toBeLessThan(0.01);
    expect(Math.abs(found.weightFraction - wanted)).toBeLessThan(3 * found.weightFractionEsd);
    expect(Math.abs(found.voxelSum - wanted)).toBeLessThan(0.015);
  });

  it("all but a hundredth of the voxels converge", () => {
    const status = result.readMap("map/rwp").status!;
    const count = (wanted: number): number => status.filter((value) => value === wanted).length;
    expect(count(STATUS.converged)).toBeGreaterThan(4500);
    expect(count(STATUS.notConverged)).toBeLessThan(0.01 * count(STATUS.converged));
  });

  it.each([
    ["NMC532", 0.96, 0.07],
    ["Al", 0.9, 0.035],
    ["Cu", 0.91, 0.065],
    ["Fe", 0.985, 0.05],
    ["graphite", 0.95, 0.045],
    ["LiC12", 0.95, 0.035],
  ] as const)(
    "%s: its map is the truth's at the resolution of FBP (correlation over %d, rms under %d)",
    (phase, r, most) => {
      const { values, nx } = result.readMap(`map/${phase}/weight_fraction`);
      const mass = phases.map((name) =>
        blurred(truth.get(`${name}/volume_fraction`)!, nx).map((v) => v * DENSITY[name]),
      );
      const all = mass[0]!.map((_, i) => mass.reduce((sum, one) => sum + one[i]!, 0));
      const seen = [...values.keys()].filter((i) => Number.isFinite(values[i]!) && all[i]! > 0.3);
      const share = (i: number): number => mass[phases.indexOf(phase)]![i]! / all[i]!;
      expect(
        correlate(
          seen.map((i) => values[i]!),
          seen.map(share),
        ),
      ).toBeGreaterThan(r);
      const squares = seen.reduce((sum, i) => sum + (values[i]! - share(i)) ** 2, 0);
      expect(Math.sqrt(squares / seen.length)).toBeLessThan(most);
    },
  );

  it("c of NMC532: 500 ppm rms where it is 1.4 % from least to most, and no slope along x as a lone grain has", () => {
    const { values, status, nx } = result.readMap("map/NMC532/c");
    const [c, volume] = [truth.get("NMC532/c")!, truth.get("NMC532/volume_fraction")!];
    const good = [...values.keys()].filter((i) => status![i] === STATUS.converged && volume[i]! > 0.2);
    const error = good.map((i) => values[i]! / c[i]! - 1);
    expect(good.length).toBeGreaterThan(1500);
    expect(Math.sqrt(error.reduce((sum, e) => sum + e * e, 0) / good.length)).toBeLessThan(5e-4);
    expect(
      correlate(
        good.map((i) => values[i]!),
        good.map((i) => c[i]!),
      ),
    ).toBeGreaterThan(0.99);
    const xMm = good.map((i) => ((i % nx) - (nx - 1) / 2) * 0.13556);
    const slope = xMm.reduce((sum, x, k) => sum + x * error[k]!, 0) / xMm.reduce((sum, x) => sum + x * x, 0);
    expect(Math.abs(slope)).toBeLessThan(0.1 * (2 / Math.PI / 1000));
  });
});

describe.skipIf(!hasShared)("143 patterns of an NCA particle (needs ../shared)", () => {
  it("all converge; index 85 has a = 2.875, c = 14.24 angstrom", { timeout: 60_000 }, async () => {
    for (const { name, data } of unzip(readFileSync(shared("data/xrdct/scimap_34IDE_nca_map/xrd-map-34-ID-E.zip")))) {
      if (!name.endsWith(".chi")) continue;
      const path = join(folder, "nca", name.split("/").at(-1)!);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, data);
    }
    const [scan, output] = ["nca.yaml", "nca.nxs"].map((name) => join(folder, name)) as [string, string];
    writeFileSync(scan, stringify(exampleScan("nca-rietveld.yaml", { files: join(folder, "nca", "Data_*.chi") })));
    await runHere(scan, output);
    const result = await openResult(output);
    const [a, c] = [result.readMap("map/NCA/a"), result.readMap("map/NCA/c")];
    result.close();
    expect([...a.status!].every((status) => status === STATUS.converged)).toBe(true);
    expect(Math.abs(a.values[85]! - 2.875)).toBeLessThan(1e-3);
    expect(Math.abs(c.values[85]! - 14.24)).toBeLessThan(5e-3);
    expect(a.esd![85]).toBeLessThan(5e-4);
    expect(c.esd![85]).toBeLessThan(3e-3);
  });
});
