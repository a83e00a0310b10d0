/** Absorption as a user has it corrected: a simulated steel can against its truth, resumed, and settings that cannot be. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { encodeNpy } from "../src/files/npy.ts";
import { openResult, type Result } from "../src/files/result-reader.ts";
import type { RunSummary } from "../src/pipeline/run-scan.ts";
import type { SimulateInput } from "../src/stages/simulate/index.ts";
import { CELL } from "../src/stages/sinogram/index.ts";
import { tempFolder } from "./temp-folder.ts";
import { blocksDone, hashes, runHere, simulate, type VirtualScan } from "./virtual-scan.ts";

const folder = tempFolder();
/** Half of the beam comes through; lines of the three phases lie well apart from each other where they matter. */
const CAN: SimulateInput = {
  seed: 7,
  scan: { translations: 27, angles: 30, stepMm: 0.17, rotationAxis: 13.2, zigZag: true, lineShiftSteps: 1 },
  instrument: { energyKeV: 100, distanceMm: 1500, parallax: false },
  axis: { unit: "q", from: 2.6, to: 4.6, bins: 300 },
  noise: { countsPerRay: 1e6 },
  phases: { Fe: {}, Cu: {}, Al: {} },
  materials: { electrode: { Cu: 0.25, Al: 0.4 } },
  shapes: [
    { kind: "disc", material: "Fe", radiusMm: 1.95 },
    { kind: "disc", material: "electrode", radiusMm: 1.3 },
  ],
};
const DENSITY: Readonly<Record<string, number>> = { Fe: 7.874, Cu: 8.935, Al: 2.699 };
const MODEL = `
profile: {W: {value: 0.0006, refine: true}, X: {value: 0.005, refine: true}}
background: 3
phases: [{name: Fe, structure: Fe}, {name: Cu, structure: Cu}, {name: Al, structure: Al}]
`;
const map = { rietveld: { model: "model.yaml" } };
const ignore = { transmission: "ignore" };
let files: VirtualScan;
let truth: Result;
/** by its diode, in the sinogram stage */
let divided: Ran;

interface Ran {
  readonly summary: RunSummary;
  readonly output: string;
  readonly result: Result;
}

async function ran(name: string, changes: Readonly<Record<string, unknown>>, output = `${name}.nxs`): Promise<Ran> {
  const path = join(folder, output);
  const { json } = await runHere(files.variant(`${name}.yaml`, { map, ...changes }), path);
  return { summary: json, output: path, result: await openResult(path) };
}

const refused = (name: string, changes: Readonly<Record<string, unknown>>, code: string): Promise<void> =>
  // one output for all: what stages before the refusal left is not done again
  expect(runHere(files.variant(`${name}.yaml`, { map, ...changes }), join(folder, "refused.nxs"))).rejects.toThrow(
    expect.objectContaining({ code }),
  );

/** Largest error of a weight fraction of the slice. */
function bulkError(bulk: RunSummary["bulk"]): number {
  const phases = Object.keys(DENSITY);
  const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + (b || 0), 0);
  const mass = phases.map((phase) => DENSITY[phase]! * sum(truth.readMap(`truth/${phase}/volume_fraction`).values));
  const all = mass.reduce((a, b) => a + b, 0);
  return Math.max(
    ...phases.map((phase, p) => Math.abs(bulk!.find(({ name }) => name === phase)!.weightFraction - mass[p]! / all)),
  );
}

/** Predicted over measured transmission - 1, where the sample is. */
function compare({ result }: Ran): { bias: number; rms: number } {
  const [found, diode] = ["absorb", "sinogram"].map((stage) => result.readArray(`${stage}/transmission`));
  const differences = [...diode!.keys()].filter((i) => diode![i]! < 0.97).map((i) => found![i]! / diode![i]! - 1);
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  return { bias: mean(differences), rms: Math.sqrt(mean(differences.map((d) => d * d))) };
}

beforeAll(async () => {
  files = await simulate(join(folder, "can"), CAN, "patterns");
  writeFileSync(join(files.folder, "model.yaml"), MODEL);
  truth = await openResult(files.truthPath);
  divided = await ran("divided", { absorb: {} });
}, 60_000);

describe("absorption from the phases", () => {
  let plain: Ran;
  let corrected: Ran;
  beforeAll(async () => {
    plain = await ran("plain", { sinogram: ignore });
    corrected = await ran("corrected", { sinogram: ignore, absorb: { scale: { by: "phase", phase: "Fe" } } });
  }, 120_000);

  it("brings scales to those of rays divided by the diode, without one; weight fractions stay at the truth", () => {
    expect(bulkError(corrected.summary.bulk)).toBeLessThan(0.008);
    const core = ({ result }: Ran): number => {
      const { values, nx } = result.readMap("map/Cu/scale");
      const there = [...values.keys()].filter((i) => Math.hypot((i % nx) - 13, Math.floor(i / nx) - 13) < 5);
      return there.reduce((sum, i) => sum + values[i]!, 0);
    };
    expect(core(plain) / core(divided)).toBeLessThan(0.7);
    expect(Math.abs(core(corrected) / core(divided) - 1)).toBeLessThan(0.07);
  });

  it("finds the transmission to 7 % rms, and the sum of the attenuation to 10 %", () => {
    expect(compare(corrected).rms).toBeLessThan(0.07);
    const mu = corrected.result.readMap("absorb/mu");
    const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
    expect(mu.unit).toBe("1/mm");
    expect(Math.abs(sum(mu.values) / sum(truth.readMap("truth/mu").values) - 1)).toBeLessThan(0.1);
  });

  it("keeps the maps before, and says what each pass came to", () => {
    const names = corrected.result.list().map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["absorb/before/Fe/weight_fraction", "absorb/before/Cu/a"]));
    const before = corrected.result.readMap("absorb/before/Fe/weight_fraction").values;
    expect([...before]).toEqual([...plain.result.readMap("map/Fe/weight_fraction").values]);
    const report = JSON.parse(corrected.result.readNote("absorb/report")!);
    expect(report.passes[0].bulk.Fe).toBeCloseTo(
      plain.summary.bulk!.find(({ name }) => name === "Fe")!.weightFraction,
      10,
    );
    expect(report.passes.length).toBe(2);
    expect(report.after.Fe).toBeCloseTo(corrected.summary.bulk![0]!.weightFraction, 10);
    expect(report.factor.by).toBe("phase");
  });

  it("is up to date when run again, and comes to the same bits when its work is lost", async () => {
    const expected = await hashes(corrected.output);
    const again = await ran("corrected", { sinogram: ignore, absorb: { scale: { by: "phase", phase: "Fe" } } });
    expect(again.summary.isUpToDate).toBe(true);
    rmSync(`${corrected.output}.work/absorb`, { recursive: true });
    const lost = await ran("corrected", { sinogram: ignore, absorb: { scale: { by: "phase", phase: "Fe" } } });
    expect(await hashes(lost.output)).toEqual(expected);
    expect(blocksDone({ json: lost.summary })["map-1"]).toBe(0);
  });
});

describe("with a diode", () => {
  it("compares and leaves alone what the sinogram stage has divided", () => {
    const { bias, rms } = compare(divided);
    expect(Math.abs(bias)).toBeLessThan(0.01);
    expect(rms).toBeLessThan(0.04);
    const report = JSON.parse(divided.result.readNote("absorb/report")!);
    expect(report.outcome).toBe("compared");
    expect(report.factor.by).toBe("transmission");
    const [before, after] = ["absorb/before", "map"].map((stage) =>
      divided.result.readMap(`${stage}/Fe/weight_fraction`),
    );
    expect([...after!.values]).toEqual([...before!.values]);
  });

  it("divides by it where the sinogram stage was told not to, air and all", async () => {
    const own = await ran("own", { sinogram: ignore, absorb: { from: "transmission" } });
    expect(bulkError(own.summary.bulk)).toBeLessThan(0.008);
    const compared = await ran("compared", { sinogram: ignore, absorb: {} });
    expect(bulkError(compared.summary.bulk)).toBeLessThan(0.008);
  });

  it("flags rays that are opaque, and refuses a scan of which most are", async () => {
    const some = await ran("some", {
      sinogram: ignore,
      absorb: { from: "transmission", minimumTransmission: 0.5, mostOpaque: 0.95 },
    });
    const cells = some.result.readArray("sinogram/cells");
    const flagged = [...cells].filter((bits) => (bits & CELL.opaque) !== 0).length;
    expect(flagged).toBeGreaterThan(10);
    expect(some.summary.stages.find(({ name }) => name === "absorb")!.notes.join()).toContain(`${flagged} opaque rays`);
    await refused(
      "opaque",
      { sinogram: ignore, absorb: { from: "transmission", minimumTransmission: 0.75 } },
      "absorb-opaque",
    );
  });
});

describe("the way out", () => {
  it("is in the projector of sirt and cgls", async () => {
    const reconstruct = { method: "cgls", iterations: 8 };
    const exact = await ran("exact", { absorb: { order: "exact", passes: 1 }, reconstruct });
    const notes = exact.summary.stages.find(({ name }) => name === "reconstruct")!.notes;
    expect(notes.join()).toContain("way out");
    // the first reconstruction was without it: at 2θ of 3 to 5 degrees it is little, and it is there
    const [before, after] = ["absorb/before", "map"].map((stage) =>
      exact.result.readMap(`${stage}/Fe/weight_fraction`),
    );
    const changes = [...after!.values.keys()]
      .map((i) => Math.abs(after!.values[i]! - before!.values[i]!))
      .filter((change) => Number.isFinite(change));
    const largest = Math.max(...changes);
    expect(largest).toBeGreaterThan(1e-6);
    expect(changes.reduce((sum, change) => sum + change, 0) / changes.length).toBeLessThan(0.01);
  });
});

describe("attenuation given", () => {
  const SIZE = 27;
  const muImage = (): Float32Array => Float32Array.from(truth.readMap("truth/mu").values, (mu) => mu * 10);

  it("as an image, or uniform in what scatters", async () => {
    writeFileSync(join(files.folder, "mu.npy"), encodeNpy({ shape: [SIZE, SIZE], data: muImage() }));
    const image = await ran("image", {
      sinogram: ignore,
      absorb: { from: "image", image: { file: "mu.npy", perMm: 0.1 } },
    });
    expect(compare(image).rms).toBeLessThan(0.03);
    expect(bulkError(image.summary.bulk)).toBeLessThan(0.008);
    const uniform = await ran("uniform", {
      sinogram: ignore,
      sampleThreshold: 0.2,
      absorb: { from: "uniform", uniform: { muPerMm: 0.26 } },
    });
    expect(uniform.result.readMap("absorb/mu").values[13 * SIZE + 13]).toBeCloseTo(0.26, 6);
    expect(uniform.result.readMap("absorb/mu").values[0]).toBe(0);
  });

  it.each([
    ["no-image", { from: "image" }, "absorb-image-missing"],
    ["small", { from: "image", image: { file: "small.npy" } }, "absorb-image-size"],
    ["empty", { from: "image", image: { file: "small.npy", pixelMm: 0.1 } }, "absorb-image-empty"],
    ["no-uniform", { from: "uniform" }, "absorb-uniform-missing"],
    ["mask-size", { from: "uniform", uniform: { muPerMm: 1, mask: "small.npy" } }, "absorb-image-size"],
  ])("is refused: %s", async (name, absorb, code) => {
    writeFileSync(join(files.folder, "small.npy"), encodeNpy({ shape: [2, 3], data: new Float32Array(6) }));
    await refused(name, { sinogram: ignore, absorb }, code);
  });
});

describe("what cannot be", () => {
  it.each([
    ["no-map", { map: undefined, absorb: {} }, "absorb-needs-rietveld"],
    ["fbp-exact", { absorb: { order: "exact" } }, "absorb-order-method"],
    [
      "two-projectors",
      { absorb: { order: "exact" }, reconstruct: { method: "cgls", parallax: true } },
      "absorb-order-parallax",
    ],
    ["no-step", { stepMm: undefined, absorb: { from: "transmission" } }, "absorb-step-missing"],
    ["no-phase", { sinogram: ignore, absorb: { scale: { by: "phase", phase: "steel" } } }, "absorb-scale-phase"],
    ["ambiguous", { sinogram: ignore, absorb: { scale: { by: "densest" }, mostAttenuation: 0.3 } }, "absorb-ambiguous"],
  ])("%s is refused", async (name, changes, code) => {
    await refused(name, changes, code);
  });

  it("a phase without density is refused by its name", async () => {
    writeFileSync(
      join(files.folder, "no-density.yaml"),
      MODEL.replace("{name: Al, structure: Al}", "{name: Al, structure: Al, kind: le-bail}"),
    );
    await refused(
      "pawley",
      { sinogram: ignore, map: { rietveld: { model: "no-density.yaml" } }, absorb: {} },
      "absorb-phase-density",
    );
  });
});
