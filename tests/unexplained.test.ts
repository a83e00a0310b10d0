/** `xrdct unexplained` on simulated cells whose mean pattern hides a phase: found without being told, and nothing else. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { builtInStructure, cellMass, cellVolume, PHASE_NAMES } from "../src/crystal/index.ts";
import { openResult, type Result } from "../src/files/result-reader.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { parseModel } from "../src/pipeline/refine/load-model.ts";
import { mapPlanOf, readVoxels, sliceOf } from "../src/pipeline/refine/map-plan.ts";
import { runScan } from "../src/pipeline/run-scan.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { tryPhases } from "../src/pipeline/study/added-phase.ts";
import { readCandidates } from "../src/pipeline/study/candidate-structures.ts";
import {
  findUnexplained,
  type UnexplainedOptions,
  type UnexplainedPhases,
} from "../src/pipeline/study/unexplained-phases.ts";
import { createVoxelResiduals, shapeParameters } from "../src/stages/map/index.ts";
import { presetConfig, type SimulateInput } from "../src/stages/simulate/index.ts";
import { UnexplainedConfig } from "../src/stages/unexplained/index.ts";
import { tempFolder } from "./temp-folder.ts";
import { hiddenCell, simulateHiddenCell } from "./unexplained-cells.ts";

const folder = tempFolder();
const SIZE = 41;
/** A few of the library, so that the tests are quick: none of them is what is hidden. */
const TRIED = ["NMC111", "LMO", "Ni", "CeO2", "Si", "austenite"];
const signal = new AbortController().signal;

async function mapped(name: string, config: SimulateInput): Promise<{ result: Result; truth: Result }> {
  const { scanPath, truthPath } = await simulateHiddenCell(join(folder, name), config);
  const output = join(folder, `${name}.nxs`);
  await runScan(readScan(scanPath), { output, workers: 2, memoryBytes: 2e9, onProgress: () => undefined, signal });
  return { result: await openResult(output), truth: await openResult(truthPath) };
}

const search = (
  result: Result,
  workers = 2,
  tried: readonly string[] = TRIED,
  options: Partial<UnexplainedOptions> = {},
): Promise<UnexplainedPhases> =>
  findUnexplained(result, {
    config: UnexplainedConfig.parse(tried.length > 0 ? {} : { elements: ["Ni"] }),
    candidates: readCandidates(undefined).candidates.filter(({ name }) => tried.includes(name)),
    workers,
    folder,
    onProgress: () => undefined,
    signal,
    ...options,
  });

/** Of the slice's mass, from the true volumes. */
function trueShare(truth: Result, phase: string, structures: Readonly<Record<string, string>> = {}): number {
  const mass = (name: string): number => {
    const { cell, ...structure } = builtInStructure(structures[name] ?? name);
    const density = cellMass({ cell, ...structure }) / cellVolume(cell);
    const { values } = truth.readMap(`truth/${name}/volume_fraction`);
    return Float64Array.from(values).reduce((sum, value) => sum + (Number.isFinite(value) ? value : 0) * density, 0);
  };
  const names = truth.list().flatMap(({ name }) => /^truth\/(.+)\/volume_fraction$/.exec(name)?.[1] ?? []);
  const crystals = names.filter((name) => (PHASE_NAMES as string[]).includes(structures[name] ?? name));
  return mass(phase) / crystals.reduce((sum, name) => sum + mass(name), 0);
}

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const both = Array.from(a, (_, i) => i).filter((i) => Number.isFinite(a[i]!) && Number.isFinite(b[i]!));
  const mean = (of: ArrayLike<number>): number => both.reduce((sum, i) => sum + of[i]!, 0) / both.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const i of both) {
    ab += (a[i]! - ma) * (b[i]! - mb);
    aa += (a[i]! - ma) ** 2;
    bb += (b[i]! - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

describe("a second layered phase in hot spots of the cathode", () => {
  let cell: { result: Result; truth: Result };
  let found: UnexplainedPhases;
  beforeAll(async () => {
    cell = await mapped("inactive", hiddenCell("inactive-cathode", SIZE));
    found = await search(cell.result);
  }, 300_000);

  it("is below one per cent of the slice, and above twenty where it is", () => {
    expect(trueShare(cell.truth, "inactive", { inactive: "NMC532" })).toBeLessThan(0.01);
    const { values } = cell.truth.readMap("truth/inactive/weight_fraction");
    const most = Float64Array.from(values).reduce((a, b) => (b > a ? b : a), 0);
    expect(most).toBeGreaterThan(0.2);
  });

  it("is found without being told, at its cell", () => {
    const phases = found.components.filter(({ verdict }) => verdict === "phase");
    expect(phases).toHaveLength(1);
    expect(phases[0]!.best!.name).toBe("NMC532");
    expect(phases[0]!.best!.origin).toBe("model");
    // parallax moves cells by 0.2 % from one side of this cell to the other
    expect(phases[0]!.best!.cell.a).toBeCloseTo(2.868, 2);
    expect(Math.abs(phases[0]!.best!.cell.c - 14.24)).toBeLessThan(0.03);
    expect(phases[0]!.best!.score).toBeGreaterThan(0.9);
  });

  it("is where it truly is, and as much of it", () => {
    const amount = found.maps.find(({ name }) => /component-\d+\/scale$/.test(name))!;
    const truth = cell.truth.readMap("truth/inactive/volume_fraction").values;
    const filled = Float64Array.from(truth, (value) => (Number.isFinite(value) ? value : 0));
    expect(correlation(amount.values, filled)).toBeGreaterThan(0.85);
    const share = trueShare(cell.truth, "inactive", { inactive: "NMC532" });
    expect(found.phases[0]!.bulkShare / share).toBeGreaterThan(0.6);
    expect(found.phases[0]!.bulkShare / share).toBeLessThan(1.4);
  });

  it("makes the hot spots fit when it is added", () => {
    const [added] = tryPhases(loadKernels(), found.model, found.twoThetaDeg, found.components);
    expect(added!.after.statistics.rwp).toBeLessThan(0.7 * added!.before.statistics.rwp);
    const phase = added!.after.phases.find(({ name }) => name === added!.name)!;
    expect(phase.weightFraction).toBeGreaterThan(0.08);
    expect(phase.cell.a).toBeCloseTo(2.868, 1);
    expect(() => tryPhases(loadKernels(), found.model, found.twoThetaDeg, found.components, ["unobtainium"])).toThrow(
      expect.objectContaining({ code: "unexplained-add" }),
    );
  });

  it("shows in the misfit of windows about its lines, and there alone", () => {
    const [first] = found.windows;
    const peak = found.components.find(({ verdict }) => verdict === "phase")!.peaks.find(({ line }) => line === "003")!;
    const about003 = found.windows.find(({ fromDeg, toDeg }) => fromDeg < peak.position && peak.position < toDeg)!;
    expect(first!.about).toContain("NMC532");
    expect(about003.about).toContain("003");
    const { values, esd } = found.maps.find(({ name }) => name === `windows/${about003.name}/excess`)!;
    const truth = cell.truth.readMap("truth/inactive/volume_fraction").values;
    const filled = Float64Array.from(truth, (value) => (Number.isFinite(value) ? value : 0));
    expect(correlation(values, filled)).toBeGreaterThan(0.85);
    const sure = [...values.keys()].filter((voxel) => values[voxel]! > 8 * esd![voxel]!);
    expect(sure.length).toBeGreaterThan(10);
  });

  it("has an uncertainty that holds the truth", () => {
    const [phase] = found.phases;
    const share = trueShare(cell.truth, "inactive", { inactive: "NMC532" });
    expect(Math.abs(phase!.bulkShare - share)).toBeLessThan(3 * phase!.bulkShareEsd);
    expect(phase!.bulkShareEsd).toBeLessThan(0.5 * share);
    expect(phase!.name).toBe("NMC532-2");
  });

  it("is the same for any number of threads, and after an interruption", async () => {
    const stop = new AbortController();
    const resumed: number[] = [];
    const interrupted = search(cell.result, 1, [], {
      signal: stop.signal,
      onProgress: (event) => {
        if (event.type === "stage-progress" && event.done === 2) stop.abort();
      },
    });
    await expect(interrupted).rejects.toThrow();
    const alone = await search(cell.result, 1, [], {
      onProgress: (event) => {
        if (event.type === "stage-start" && event.stage === "residuals") resumed.push(event.resumed);
      },
    });
    expect(resumed).toEqual([2]);
    expect(existsSync(join(folder, ".unexplained.work"))).toBe(false);
    const together = await search(cell.result, 2, []);
    expect(alone.maps).toEqual(together.maps);
    expect(alone.components.map(({ peaks }) => peaks)).toEqual(together.components.map(({ peaks }) => peaks));
  }, 300_000);

  it("stands on residuals that are those of the map, at the map's own cells", () => {
    const { result } = cell;
    const plan = mapPlanOf(result, parseModel(result.readNote("map/model")!, "model", "."));
    const slice = sliceOf(result);
    const own = result.readMap("map/rwp");
    const start = 20 * slice.nx;
    const residuals = createVoxelResiduals(loadKernels(), plan);
    const shapes = shapeParameters(plan)
      .filter((name) => result.list().some((entry) => entry.name === `map/${name}`))
      .map((name) => [name, result.readMap(`map/${name}`).values.slice(start, start + slice.nx)] as const);
    const { rwp } = residuals.residuals(readVoxels(result, slice, start, slice.nx, own.status!), new Map(shapes));
    residuals.close();
    const ratios = [...rwp].map((value, x) => value / own.values[start + x]!).filter(Number.isFinite);
    expect(ratios.length).toBeGreaterThan(20);
    const sorted = ratios.sort((a, b) => a - b);
    expect(Math.abs(sorted[sorted.length >> 1]! - 1)).toBeLessThan(1e-3);
    expect(sorted.at(-1)!).toBeLessThan(1.1);
  });
});

it("finds no phase where there is none to find", async () => {
  const { result } = await mapped("plain", presetConfig("demo", SIZE));
  const { components } = await search(result);
  expect(components.filter(({ verdict }) => verdict === "phase" || verdict === "same")).toEqual([]);
  const wrong = UnexplainedConfig.parse({ windows: [{ name: "beyond", fromDeg: 80, toDeg: 81 }] });
  await expect(search(result, 1, [], { config: wrong })).rejects.toMatchObject({ code: "unexplained-window" });
}, 300_000);

it("says what is missing: a map, a folder of CIFs", async () => {
  const { scanPath } = await simulateHiddenCell(join(folder, "bare"), presetConfig("demo", 9));
  const output = join(folder, "bare.nxs");
  const until = { until: "reconstruct" as const };
  await runScan(readScan(scanPath), {
    output,
    workers: 1,
    memoryBytes: 1e9,
    onProgress: () => undefined,
    signal,
    ...until,
  });
  await expect(search(await openResult(output))).rejects.toMatchObject({ code: "unexplained-needs-map" });
  const broken = join(folder, "cifs");
  mkdirSync(broken);
  writeFileSync(join(broken, "broken.cif"), "data_x\n_cell_length_a 3\n");
  for (const path of [join(folder, "nowhere"), broken])
    expect(() => readCandidates(path)).toThrow(expect.objectContaining({ code: "unexplained-cifs" }));
}, 60_000);
