/** Volumes out to nDTomo and pyFAI and in again, and through the library: the maps come out the same. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { energyKeVToWavelengthA } from "../src/data/axis.ts";
import { openP07Scan } from "../src/files/p07.ts";
import { openResult } from "../src/files/result-reader.ts";
import { arrangeSinograms, MapConfig, mapPeaks, reconstructVolume } from "../src/index.ts";
import { tempFolder } from "./temp-folder.ts";
import { MAP, PATTERNS, run, runHere, simulate, xrdctHere } from "./virtual-scan.ts";

const folder = tempFolder();
const result = join(folder, "cell.nxs");
const ENERGY = 71;

beforeAll(async () => {
  const scan = await simulate(folder, { ...PATTERNS, instrument: { distanceMm: 2000, energyKeV: ENERGY } }, "patterns");
  await runHere(scan.variant("with-map.yaml", { map: MAP }), result);
}, 60_000);

const exported = async (format: string, ...more: string[]): Promise<string> => {
  const path = join(folder, `${format}.h5`);
  const ran = await xrdctHere(["export", result, "--format", format, "-o", path, "--json", ...more]);
  expect(ran).toMatchObject({ code: 0, json: { written: path, format } });
  return path;
};

/** scan.yaml of an HDF5 file that another program could have made. */
const scanOf = (name: string, input: object, more: object): string => {
  const path = join(folder, name);
  writeFileSync(path, stringify({ title: "again", input, energyKeV: ENERGY, ...more }));
  return path;
};

it.each(["ndtomo", "pyfai-diffmap"])("%s: a volume out, in again, and mapped to the same numbers", async (format) => {
  const file = await exported(format);
  const again = join(folder, `${format}.nxs`);
  await runHere(scanOf(`${format}.yaml`, { kind: "volume", file }, { stepMm: 0.16, map: MAP }), again);
  const [before, after] = [await openResult(result), await openResult(again)];
  expect(after.readArray("read/data")).toEqual(before.readArray("reconstruct/data"));
  // pyFAI's layout carries the uncertainties, nDTomo's has no place for them
  const hasErrors = format === "pyfai-diffmap";
  if (hasErrors) expect(after.readArray("read/data_esd")).toEqual(before.readArray("reconstruct/data_esd"));
  for (const name of ["map/Al/200/position", "map/Al/200/area", "map/Cu/111/position"]) {
    const [one, two] = [before.readMap(name), after.readMap(name)];
    const converged = [...one.status!.keys()].filter((i) => one.status![i] === 0);
    const fitted = converged.filter((i) => two.status![i] === 0);
    expect(fitted.length).toBeGreaterThan(20);
    if (hasErrors) expect(fitted).toEqual(converged);
    // fits start from the mean pattern, of all voxels here and of those within the circle there
    const off = fitted.map((i) => Math.abs(two.values[i]! - one.values[i]!) / one.esd![i]!).sort((a, b) => a - b);
    if (hasErrors) expect(off.at(-1)).toBeLessThan(0.1);
    else expect(off[Math.floor(off.length / 2)]).toBeLessThan(1);
  }
  before.close();
  after.close();
});

it("pyfai-diffmap: sinograms out, and reconstructed again to the same volume", async () => {
  const file = await exported("pyfai-diffmap", "--map", "sinogram/data");
  const before = await openResult(result);
  const list = [...before.axes("sinogram/data")[0]!.values];
  const found = before.processes().find(({ stage }) => stage === "sinogram")!;
  const rotationAxis = Number(/rotation axis at ([\d.]+)/.exec(found.notes.join())![1]);
  // what was found out and put right stays as it is
  const done = {
    order: "unidirectional",
    lineShiftSteps: 0,
    air: "none",
    closing: "keep",
    rings: "off",
    sigma: "given",
  };
  const sinogram = { ...done, rotationAxis, jumps: "off", hotSpots: "off" };
  const scan = scanOf("sinogram.yaml", { kind: "patterns", file }, { stepMm: 0.16, angles: { list }, sinogram });
  const again = join(folder, "sinogram.nxs");
  await runHere(scan, again);
  const after = await openResult(again);
  expect(after.readArray("sinogram/data")).toEqual(before.readArray("sinogram/data"));
  const [one, two] = [before, after].map((each) => Float32Array.from(each.readArray("reconstruct/data")));
  const highest = one!.reduce((most, value) => Math.max(most, value), 0);
  const off = one!.reduce((most, value, i) => Math.max(most, Math.abs(value - two![i]!)), 0);
  // the axis is printed to 0.01 steps
  expect(off / highest).toBeLessThan(0.02);
  after.close();
  before.close();
});

it("the library's functions on arrays give what a run gives: sinograms and volume every bit, maps within rounding", async () => {
  const scan = await openP07Scan(folder);
  const { axis, angles: lines, translations: points, monitor, transmitted } = scan;
  const intensity = new Float32Array(lines * points * axis.values.length);
  for (let line = 0; line < lines; line++) intensity.set(await scan.readLine(line), line * points * axis.values.length);
  const omegaDeg = Float64Array.from({ length: lines }, (_, i) => (180 * i) / (lines - 1));
  const beam = { ...(monitor && { monitor }), ...(transmitted && { transmitted }) };
  const geometry = { wavelengthA: energyKeVToWavelengthA(ENERGY), distanceM: 2 };
  const sinograms = arrangeSinograms(
    { axis, lines, points, intensity },
    { omegaDeg, stepMm: 0.16, ...beam, ...geometry },
  );
  const volume = reconstructVolume(sinograms);
  const maps = mapPeaks(volume, MapConfig.parse(MAP), geometry);
  const before = await openResult(result);
  expect(sinograms.data).toEqual(before.readArray("sinogram/data"));
  expect(sinograms.sigma).toEqual(before.readArray("sinogram/data_esd"));
  expect(volume.data).toEqual(before.readArray("reconstruct/data"));
  expect(volume.sigma).toEqual(before.readArray("reconstruct/data_esd"));
  for (const name of ["Al/200/position", "Cu/111/area"]) {
    const [wanted, found] = [before.readMap(`map/${name}`), maps.find((map) => map.name === name)!];
    expect(found.status).toEqual(wanted.status);
    wanted.values.forEach((value, i) => {
      if (wanted.status![i] === 0) expect(Math.abs(found.values[i]! - value)).toBeLessThan(0.01 * wanted.esd![i]!);
    });
  }
  before.close();
});

it("the result itself is never written over", async () => {
  const before = readFileSync(result);
  for (const args of [
    ["--format", "ndtomo"],
    ["--format", "pyfai-diffmap"],
    ["--map", "reconstruct/data"],
  ])
    expect(await xrdctHere(["export", result, ...args, "-o", result, "--json"])).toMatchObject({
      code: 2,
      json: { error: { code: "output-is-input" } },
    });
  expect(readFileSync(result).equals(before)).toBe(true);
});

it("a map integrated for another energy is refused, and so is a name that is none", async () => {
  const file = await exported("pyfai-diffmap");
  const scan = scanOf("wrong.yaml", { kind: "volume", file }, { energyKeV: 60, map: MAP });
  const ran = await run(scan, join(folder, "wrong.nxs"));
  expect(ran).toMatchObject({ code: 2, json: { error: { code: "energy-mismatch" } } });
  for (const args of [
    ["--format", "matlab", "-o", join(folder, "x.h5")],
    ["--format", "ndtomo", "-o", join(folder, "x.npy")],
    ["--format", "ndtomo"],
  ])
    expect(await xrdctHere(["export", result, ...args, "--json"])).toMatchObject({
      code: 2,
      json: { error: { code: "bad-option" } },
    });
});
