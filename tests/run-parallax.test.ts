/** Parallax in a whole run, as a user meets it: said, corrected to first order, undone, refused. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { STATUS } from "../src/data/index.ts";
import { openResult } from "../src/files/result-reader.ts";
import { tempFolder } from "./temp-folder.ts";
import { hashes, PATTERNS, type Ran, run, simulate, type VirtualScan } from "./virtual-scan.ts";

const folder = tempFolder();
const [x, distanceMm] = [1.2, 400];
/** A lone grain, from 0 to 180 degrees. */
const SHIFT = (-2 * x) / Math.PI / distanceMm;
const map = {
  rietveld: { model: "model.yaml" },
  lattices: [{ phase: "peaks", system: "cubic" }],
  regions: [{ name: "first", phase: "peaks", range: [2.9, 3.1], peaks: [{ name: "111", d: 2.087, hkl: [1, 1, 1] }] }],
};
let rod: VirtualScan;
let trueA: number;
let conventional: Ran;

/** Mean shift of a map over its converged voxels, relative, each as much as the voxel holds. */
async function shiftOf(file: string, name: string, wanted: number): Promise<number> {
  const result = await openResult(file);
  const { values, status } = result.readMap(name);
  const amount = result.readMap(name.includes("Cu") ? "map/Cu/scale" : "map/first/111/area").values;
  result.close();
  const there = [...values.keys()].filter((i) => status![i] === STATUS.converged && Number.isFinite(values[i]!));
  expect(there.length).toBeGreaterThan(3);
  const total = there.reduce((sum, i) => sum + Math.max(0, amount[i]!), 0);
  return there.reduce((sum, i) => sum + (Math.max(0, amount[i]!) / total) * (values[i]! / wanted - 1), 0);
}
const notesOf = ({ json }: Ran, stage: string): string =>
  json.stages.find(({ name }: { name: string }) => name === stage).notes.join("\n");

beforeAll(async () => {
  rod = await simulate(
    join(folder, "rod"),
    {
      ...PATTERNS,
      phases: { Cu: {} },
      shapes: [{ kind: "disc", material: "Cu", centreMm: [x, 0], radiusMm: 0.3 }],
      instrument: { distanceMm },
    },
    "patterns",
  );
  writeFileSync(
    join(folder, "rod", "model.yaml"),
    "profile: {W: {value: 0.0006, refine: true}, X: {value: 0.005, refine: true}}\nbackground: 3\nphases:\n  - {name: Cu, structure: Cu}\n",
  );
  const truth = await openResult(rod.truthPath);
  trueA = truth.readMap("truth/Cu/a").values.find((value) => Number.isFinite(value))!;
  truth.close();
  conventional = await run(rod.variant("run.yaml", { map, sampleThreshold: 0.3 }), join(folder, "conventional.nxs"));
  expect(conventional.stderr).toBe("");
}, 120_000);

describe("a conventional run", () => {
  it("says how large parallax is, what it does, and what helps", () => {
    const notes = notesOf(conventional, "reconstruct");
    // 12 steps of 0.16 mm, about, at 400 mm
    expect(notes).toMatch(/up to ±4\d\d\d ppm.*steps.*bins/);
    expect(notes).toMatch(/An object at the edge, alone/);
    expect(notes).toMatch(/parallax: true/);
    expect(notesOf(conventional, "map")).toMatch(/Cu: parallax moved it by -\d+ ppm on average/);
  });

  it.each([
    ["map/Cu", "a", () => trueA],
    ["map/first/111", "d", () => trueA / Math.sqrt(3)],
    ["map/peaks", "a", () => trueA],
  ])("maps the shift of %s, and without it what is left is under a tenth", async (name, part, wanted) => {
    const output = join(folder, "conventional.nxs");
    const before = await shiftOf(output, `${name}/${part}`, wanted());
    const after = await shiftOf(output, `${name}/${part}_parallax_corrected`, wanted());
    expect(before / SHIFT).toBeGreaterThan(0.75);
    expect(Math.abs(after)).toBeLessThan(Math.abs(SHIFT) / 10);
    const result = await openResult(output);
    const { unit } = result.readMap(`${name}/parallax_shift`);
    result.close();
    expect(unit).toBe("ppm");
  });

  it("leaves the maps alone where it is told to", async () => {
    const off = join(folder, "off.nxs");
    await run(rod.variant("off.yaml", { map: { ...map, firstMoment: "off" }, sampleThreshold: 0.3 }), off);
    const result = await openResult(off);
    expect(() => result.readMap("map/Cu/parallax_shift")).toThrow();
    result.close();
  });
});

describe("a run with reconstruct.parallax", () => {
  const reconstruct = { method: "cgls", parallax: true };
  it("maps cells free of parallax, by Rietveld and by peaks; the volume is the same in one thread and in two", async () => {
    const scan = rod.variant("free.yaml", { map, reconstruct, sampleThreshold: 0.3 });
    const [one, two] = [join(folder, "one.nxs"), join(folder, "two.nxs")];
    const ran = await run(scan, one, ["--workers", "1"]);
    expect(ran.stderr).toBe("");
    expect(notesOf(ran, "reconstruct")).toMatch(/undone in this volume/);
    expect(Math.abs(await shiftOf(one, "map/Cu/a", trueA))).toBeLessThan(Math.abs(SHIFT) / 20);
    expect(Math.abs(await shiftOf(one, "map/first/111/d", trueA / Math.sqrt(3)))).toBeLessThan(Math.abs(SHIFT) / 20);
    await run(scan, two, ["--workers", "2"]);
    const volumes = [await hashes(one), await hashes(two)].map((all) => all["reconstruct/data"]);
    expect(volumes[0]).toMatch(/x240 /);
    expect(volumes[1]).toBe(volumes[0]);
    const result = await openResult(one);
    expect(() => result.readMap("map/Cu/parallax_shift")).toThrow();
    result.close();
  });

  it.each([
    ["parallax-method", { reconstruct: { parallax: true } }, "method: cgls"],
    ["parallax-needs-distance", { reconstruct, distanceMm: undefined }, "distanceMm"],
    ["parallax-needs-distance", { reconstruct, stepMm: undefined }, "stepMm"],
    ["parallax-too-deep", { reconstruct, distanceMm: 10 }, "distanceMm"],
  ])("refuses what it cannot do: %s", async (code, changes, word) => {
    const scan = rod.variant(`refused-${code}.yaml`, { map: undefined, ...changes });
    const refused = await run(scan, join(folder, "refused.nxs"));
    expect(refused.code).toBe(2);
    expect(refused.stderr + refused.stdout).toContain(code);
    expect(refused.stderr + refused.stdout).toContain(word);
  });
});
