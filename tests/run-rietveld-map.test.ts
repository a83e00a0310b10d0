/** A Rietveld map as a user runs it: against the truth of the simulation, in any number of threads, killed, resumed. */
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { STATUS } from "../src/data/index.ts";
import { encodeNpy } from "../src/files/npy.ts";
import { openResult, type Result } from "../src/files/result-reader.ts";
import { ModelConfig } from "../src/refinement/index.ts";
import { tempFolder } from "./temp-folder.ts";
import {
  blocksDone,
  hashes,
  journalEntries,
  PATTERNS,
  type Ran,
  run,
  runHere,
  runProcess,
  simulate,
  type VirtualScan,
  xrdctHere,
} from "./virtual-scan.ts";

const folder = tempFolder();
const SIZE = 33;
const MODEL = `
profile: {W: {value: 0.0006, refine: true}, X: {value: 0.005, refine: true}}
background: 3
phases:
  - {name: Al, structure: Al}
  - {name: Cu, structure: Cu}
`;
const DENSITY: Readonly<Record<string, number>> = { Al: 2.699, Cu: 8.935 };
/** peaks, too: a thread fits them and the model in one block after another, over the same memory */
const regions = [{ name: "Cu111", phase: "Cu", range: [2.9, 3.1], peaks: [{ name: "p", d: 2.087, hkl: [1, 1, 1] }] }];
const map = { rietveld: { model: "model.yaml" }, regions };
let files: VirtualScan;
let scan: string;
const output = join(folder, "cell.nxs");
let ran: Ran;
let result: Result;
let expected: Record<string, string>;

beforeAll(async () => {
  files = await simulate(join(folder, "cell"), PATTERNS, "patterns");
  writeFileSync(join(folder, "cell", "model.yaml"), MODEL);
  scan = files.variant("run.yaml", { map, reconstruct: { size: SIZE } });
  ran = await run(scan, output, ["--workers", "2"]);
  expect(ran.stderr).toBe("");
  result = await openResult(output);
  expected = await hashes(output);
});

describe("a Rietveld map", () => {
  it("says what the slice holds in all, from its mean and from its voxels", async () => {
    const truth = await openResult(files.truthPath);
    const mass = (phase: string): number =>
      DENSITY[phase]! *
      Array.from(truth.readMap(`truth/${phase}/volume_fraction`).values).reduce((sum, value) => sum + (value || 0), 0);
    const share = mass("Cu") / (mass("Al") + mass("Cu"));
    truth.close();
    const bulk = new Map(ran.json.bulk.map((phase: { name: string }) => [phase.name, phase]));
    const { weightFraction, weightFractionEsd, voxelSum } = bulk.get("Cu") as Record<string, number>;
    expect(Math.abs(weightFraction! - share)).toBeLessThan(0.015);
    expect(Math.abs(voxelSum! - share)).toBeLessThan(0.015);
    expect(weightFractionEsd).toBeGreaterThan(0);
    expect(weightFractionEsd).toBeLessThan(0.02);
    const notes = ran.json.stages.at(-1).notes.join("\n");
    expect(notes).toMatch(/^bulk: Cu .* wt% \(mean pattern/m);
  });

  it("finds copper where it is, and marks where it is not", () => {
    const [fraction, scale] = [result.readMap("map/Cu/weight_fraction"), result.readMap("map/Cu/scale")];
    const [middle, rod] = [SIZE >> 1, { x: 0.5, y: 0.4 }];
    const at = (xMm: number, yMm: number): number =>
      (middle + Math.round(yMm / 0.16)) * SIZE + middle + Math.round(xMm / 0.16);
    expect(fraction.values[at(rod.x, rod.y)]).toBeGreaterThan(0.95);
    expect(fraction.status![at(rod.x, rod.y)]).toBe(STATUS.converged);
    expect(fraction.values[at(-0.8, -0.6)]).toBeLessThan(0.05);
    expect(scale.status![at(-0.8, -0.6)]).toBe(STATUS.noSignal);
    expect(result.readMap("map/Cu/a").values[at(-0.8, -0.6)]).toBeNaN();
    const fit = result.readMap("map/rwp").status!;
    const fitted = fit.filter((status) => status !== STATUS.notFitted).length;
    const failed = fit.filter((status) => status === STATUS.notConverged).length;
    expect(fitted).toBeGreaterThan(200);
    expect(failed).toBeLessThan(0.01 * fitted);
  });

  it("lists maps with esd and status, the calculated mean pattern, its model and what was refined", () => {
    const names = result.list().map(({ name }) => name);
    const ofPhase = ["scale", "weight_fraction", "a"].flatMap((key) =>
      ["", "_esd", "_status"].map((end) => `map/Al/${key}${end}`),
    );
    expect(names).toEqual(expect.arrayContaining([...ofPhase, "map/rwp", "map/gof", "map/summed_pattern_calculated"]));
    const model = ModelConfig.parse(parse(result.readNote("map/model")!));
    expect(model.phases.map(({ name }) => name)).toEqual(["Al", "Cu"]);
    expect(model.wavelength?.value).toBeGreaterThan(0);
    const { parameters, bulk, statistics } = JSON.parse(result.readNote("map/refinement")!);
    expect(parameters.find(({ name }: { name: string }) => name === "Al/a").esd).toBeGreaterThan(0);
    expect(bulk).toHaveLength(2);
    expect(statistics.rwp).toBeLessThan(0.15);
  });

  it("has its figures drawn", async () => {
    const drawn = await xrdctHere(["figure", output, "-o", join(folder, "figures"), "--json", "--format", "svg"]);
    expect(drawn.stderr).toBe("");
    const svg = readFileSync(join(folder, "figures", "map-summed_pattern.svg"), "utf8");
    expect(svg).toContain("calculated");
    expect(svg).toContain("difference");
    expect(readdirSync(join(folder, "figures")).some((name) => name.startsWith("maps"))).toBe(true);
  });

  it.each([1, 3])("gives the same bits with %d worker threads as with 2", async (workers) => {
    const other = join(folder, `workers-${workers}.nxs`);
    expect((await run(scan, other, ["--workers", String(workers)])).code).toBe(0);
    expect(await hashes(other)).toEqual(expected);
  });

  it("killed in the middle and run again gives the same bits, and does nothing twice", async () => {
    const other = join(folder, "killed.nxs");
    expect(runProcess(scan, other, ["--workers", "2"], "line:map:2").signal).toBe("SIGKILL");
    expect(existsSync(other)).toBe(false);
    const kept = journalEntries(other, "map");
    expect(kept).toBeGreaterThan(0);
    const again = await run(scan, other);
    expect(blocksDone(again)["map"]! + kept).toBe(blocksDone(ran)["map"]);
    expect(await hashes(other)).toEqual(expected);
  });

  it("is made again when the model changes, and not when only its place does", async () => {
    const other = join(folder, "changed.nxs");
    copyFileSync(output, other);
    writeFileSync(join(folder, "cell", "other.yaml"), MODEL);
    const moved = files.variant("moved.yaml", {
      map: { ...map, rietveld: { model: "./model.yaml" } },
      reconstruct: { size: SIZE },
    });
    expect((await runHere(moved, output)).json.maps.length).toBeGreaterThan(0);
    writeFileSync(join(folder, "cell", "model.yaml"), MODEL.replace("background: 3", "background: 2"));
    try {
      const changed = await runHere(scan, output);
      expect(blocksDone(changed)["map"]).toBeGreaterThan(0);
      expect(blocksDone(changed)["reconstruct"]).toBe(0);
    } finally {
      writeFileSync(join(folder, "cell", "model.yaml"), MODEL);
    }
  });
});

describe("settings that cannot be", () => {
  const failing = (name: string, rietveld: object, changes: object = {}): Promise<Ran> =>
    run(
      files.variant(`${name}.yaml`, { map: { rietveld }, reconstruct: { size: SIZE }, ...changes }),
      join(folder, `${name}.nxs`),
    );

  it.each([
    ["no-model", { model: "nowhere.yaml" }, "nowhere.yaml"],
    ["no-parameter", { model: "model.yaml", refine: ["*/scale", "Al/alpha"] }, "Al/alpha"],
    ["wrong-phase", { model: "model.yaml", phaseMasks: { Ag: "small.npy" } }, "Ag"],
    ["wrong-size", { model: "model.yaml", phaseMasks: { Cu: "small.npy" } }, "2 x 3"],
  ])("%s is refused with its name", async (name, rietveld, word) => {
    writeFileSync(join(folder, "cell", "small.npy"), encodeNpy({ shape: [2, 3], data: new Float32Array(6) }));
    const { code, json, stderr } = await failing(name, rietveld);
    expect(code).toBe(2);
    expect(json.error.code).not.toBe("");
    expect(stderr).toContain(word);
  });

  it("no wavelength anywhere is refused, saying where to write it", async () => {
    const { code, json, stderr } = await failing("no-energy", { model: "model.yaml" }, { energyKeV: undefined });
    expect([code, json.error.code]).toEqual([2, "energy-missing"]);
    expect(stderr).toContain("energyKeV");
  });

  it("a phase mask keeps a phase out of where it is not", async () => {
    const half = Float32Array.from({ length: SIZE * SIZE }, (_, i) => (i % SIZE > SIZE / 2 ? 1 : 0));
    writeFileSync(join(folder, "cell", "half.npy"), encodeNpy({ shape: [SIZE, SIZE], data: half }));
    const ranHalf = await failing("half", { model: "model.yaml", phaseMasks: { Cu: "half.npy" } });
    expect(ranHalf.stderr).toBe("");
    const masked = await openResult(join(folder, "half.nxs"));
    const { values, status } = masked.readMap("map/Cu/scale");
    masked.close();
    half.forEach((isIn, i) => {
      if (isIn) return;
      expect(values[i]).toBeNaN();
      expect(status![i]).toBe(STATUS.notFitted);
    });
    expect(status).toContain(STATUS.converged);
    // another image under the same name: the map is made again, and nothing before it
    writeFileSync(
      join(folder, "cell", "half.npy"),
      encodeNpy({ shape: [SIZE, SIZE], data: half.map((value) => 1 - value) }),
    );
    const again = await failing("half", { model: "model.yaml", phaseMasks: { Cu: "half.npy" } });
    expect(blocksDone(again)["map"]).toBeGreaterThan(0);
    expect(blocksDone(again)["reconstruct"]).toBe(0);
  });
});

describe("parallax of a rod by itself, off the axis of a scan of 180 degrees", () => {
  it("shifts its cell by the mean of t/L over the angles: -2x / (pi L)", async () => {
    const [x, distanceMm] = [1.2, 400];
    const rod = await simulate(
      join(folder, "rod"),
      {
        ...PATTERNS,
        phases: { Cu: {} },
        shapes: [{ kind: "disc", material: "Cu", centreMm: [x, 0], radiusMm: 0.3 }],
        instrument: { distanceMm },
      },
      "patterns",
    );
    writeFileSync(join(folder, "rod", "model.yaml"), MODEL.replace(/.*Al.*\n/, ""));
    const lone = join(folder, "rod.nxs");
    expect((await run(rod.variant("run.yaml", { map, sampleThreshold: 0.3 }), lone)).stderr).toBe("");
    const [mapped, truth] = [await openResult(lone), await openResult(rod.truthPath)];
    const { values, status } = mapped.readMap("map/Cu/a");
    const trueA = truth.readMap("truth/Cu/a").values.find((value) => Number.isFinite(value))!;
    mapped.close();
    truth.close();
    const shifts = [...values].filter((_, i) => status![i] === STATUS.converged).map((a) => a / trueA - 1);
    const mean = shifts.reduce((sum, value) => sum + value, 0) / shifts.length;
    const wanted = (-2 * x) / Math.PI / distanceMm;
    expect(shifts.length).toBeGreaterThan(3);
    expect(Math.abs(mean / wanted - 1)).toBeLessThan(0.25);
  });
});
