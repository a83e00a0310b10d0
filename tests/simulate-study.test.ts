/** The worked study as files: everything that an analysis needs is there, fits together, and agrees with the truth. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { readCyclerFile } from "../src/files/cycler-file.ts";
import { openResult } from "../src/files/result-reader.ts";
import { decodeTiff } from "../src/files/tiff.ts";
import { readYaml } from "../src/files/yaml.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { simulateStudy } from "../src/pipeline/simulate-study.ts";
import { readCalibration } from "../src/pipeline/study/read-calibration.ts";
import { checkStudyFiles } from "../src/pipeline/study/run-cells.ts";
import { readStudy, type Study } from "../src/pipeline/study/study-config.ts";
import { ModelConfig } from "../src/refinement/model-config.ts";
import { STUDY_CELLS } from "../src/stages/simulate/index.ts";
import { WORKED_SIZE as SIZE, workedStudy } from "./worked-study.ts";

const names = STUDY_CELLS.map(({ name }) => name);
let folder: string;
const simulate = (size: number) =>
  simulateStudy({ folder, size, workers: 2, onProgress: () => {}, signal: new AbortController().signal });
const truthOf = (name: string) => JSON.parse(readFileSync(join(folder, name, "truth.json"), "utf8"));
let study: Study;

beforeAll(async () => {
  folder = await workedStudy();
  study = readStudy(join(folder, "study.yaml"));
}, 600_000);

it("writes a study of five cells whose files are all there, with scans and models that can be read", () => {
  expect(study.config.cells.map(({ name }) => name)).toEqual(names);
  expect(() => checkStudyFiles(study)).not.toThrow();
  for (const { name, scan } of study.config.cells) {
    expect(() => readScan(study.resolve(scan!))).not.toThrow();
    const model = readYaml(join(folder, name, "model.yaml"), ModelConfig);
    const phases = model.phases.map((phase) => phase.name ?? phase.structure);
    expect(phases).toEqual(expect.arrayContaining(["Fe", "NMC532", "Cu", "Al", "Ni"]));
    // what is to be found is not said
    expect(phases.filter((phase) => phase?.startsWith("NMC532"))).toHaveLength(1);
  }
});

it("writes cycler data whose charge is the lithium that the truth says was moved", () => {
  for (const { name, echem } of study.config.cells) {
    const records = [echem!].flat().map((file) => readCyclerFile(study.resolve(file)));
    const chargeMAh = records.reduce((sum, { timeS, currentA }) => {
      let part = 0;
      for (let i = 1; i < timeS.length; i++) {
        part += ((currentA![i]! + currentA![i - 1]!) / 2) * (timeS[i]! - timeS[i - 1]!);
      }
      return sum + part / 3.6;
    }, 0);
    const { netChargeMAh, capacityPerContentMAh } = truthOf(name);
    // a cycler is right within its gain, 2e-4 of all that flowed
    expect(Math.abs(chargeMAh - netChargeMAh)).toBeLessThan(1e-3 * capacityPerContentMAh);
  }
});

it("writes one cell with decimal commas and one by another maker's cycler", () => {
  const files = study.config.cells.flatMap(({ echem }) => echem!);
  const texts = files.map((file) => readFileSync(study.resolve(file), "utf8"));
  expect(texts.filter((text) => /\d,\d+E/.test(text)).length).toBeGreaterThan(1);
  expect(texts.filter((text) => text.startsWith("EC-Lab ASCII FILE"))).toHaveLength(1);
});

it("keeps a truth whose maps add up to the inventory", async () => {
  for (const name of names) {
    const truth = await openResult(join(folder, name, "truth.nxs"));
    const map = (of: string) => truth.readMap(`truth/${of}`).values;
    const [fraction, x, a, c] = [map("NMC532/volume_fraction"), map("NMC532/x"), map("NMC532/a"), map("NMC532/c")];
    const voxelMm = 11 / (SIZE - 1);
    let lithium = 0;
    fraction.forEach((share, i) => {
      if (share > 0) lithium += (share * voxelMm ** 2 * 3e21 * x[i]!) / ((Math.sqrt(3) / 2) * a[i]! ** 2 * c[i]!);
    });
    truth.close();
    const { cathode } = truthOf(name);
    const active = cathode.lithium - cathode.inactiveTm * cathode.inactiveX;
    expect(lithium / 6.02214076e23 / active).toBeCloseTo(1, 5);
  }
});

it("writes the curve by which it is to be analysed, and an image of one cell", () => {
  expect(readCalibration(join(folder, "nmc532.csv")).formula).toBe("LiNi0.5Mn0.3Co0.2O2");
  const [head, first] = readFileSync(join(folder, "nmc532.csv"), "utf8")
    .split("\n")
    .filter((line) => !line.startsWith("#"));
  expect(head).toBe("x,a,c");
  expect(first!.split(",").map(Number)).toEqual([0.1, 2.8161, 14.32]);
  const { images } = study.config.cells.find(({ name }) => name === "charged-C2")!;
  const { file } = images[0]!;
  const image = decodeTiff(readFileSync(study.resolve(file)), file);
  expect([image.rows, image.cols]).toEqual([300, 300]);
  // the steel is the brightest by far, the corners are air
  const brightest = Float64Array.from(image.data).reduce((most, value) => Math.max(most, value), 0);
  expect(brightest).toBeGreaterThan(3 * image.data[0]!);
});

it("says nothing of the truth in what is measured", () => {
  const written = readFileSync(join(folder, "study.yaml"), "utf8");
  expect(parse(written)).not.toHaveProperty("x");
  expect(readFileSync(join(folder, "pristine/scan.yaml"), "utf8")).not.toMatch(/rotationAxis|lineShift|seed/);
});

it("does not overwrite a study of another size, and refuses one too small for its layers", async () => {
  await expect(simulate(SIZE + 2)).rejects.toThrow(/holds a simulated study with other settings/);
  await expect(simulate(41)).rejects.toThrow(/at least 61 translations/);
});
