/** Cells side by side: statistics against formulas, differences against what was put in, files as they are opened. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guessRoles, REGIONS, type SliceMaps } from "../src/data/index.ts";
import { encodeNpy } from "../src/files/npy.ts";
import { openResult } from "../src/files/result-reader.ts";
import { compareCells } from "../src/pipeline/study/compare-cells.ts";
import { readMasks } from "../src/pipeline/study/read-masks.ts";
import { registerCells } from "../src/pipeline/study/register-cells.ts";
import { writeComparison } from "../src/pipeline/study/write-comparison.ts";
import { CompareConfig, csvTable, describe as describeValues, markdownTable } from "../src/stages/compare/index.ts";
import { asSliceMaps, type DrawOptions, drawCell } from "./drawn-cells.ts";
import { h5py, hasH5py } from "./h5py.ts";
import { tempFolder } from "./temp-folder.ts";

const folder = tempFolder();
const turned: DrawOptions = { rotationDeg: 73.4, shiftMm: [0.13, -0.07], scale: 1.01 };
const pristine = asSliceMaps("pristine", drawCell(), () => 14.507);
const charged = asSliceMaps("charged", drawCell(turned), () => 14.472, { seed: 2 });
const config = CompareConfig.parse({ maps: ["NMC532/c", "Al/a"] });

const compared = await compareCells([{ slice: pristine }, { slice: charged }], { config });

describe("two cells", () => {
  const pair = compared.pairs.find(({ map, region }) => map === "NMC532/c" && region === "all")!;

  it("differ in c by what they were made with, within the uncertainty and 0.001 angstrom", () => {
    expect(Math.abs(pair.difference + 0.035)).toBeLessThan(Math.min(1e-3, 4 * pair.esd));
    expect(pair.paired).toBe(true);
    expect(pair.z).toBeCloseTo(pair.difference / pair.esd, 6);
  });

  it("are cropped alike, and the reference's own voxels stay as they are", () => {
    const [own, other] = compared.cells.map(({ aligned }) => aligned);
    expect([other!.ny, other!.nx, other!.voxelMm]).toEqual([own!.ny, own!.nx, own!.voxelMm]);
    const cut = (pristine.ny - own!.ny) / 2;
    const from = pristine.maps.get("NMC532/c")!.values;
    const to = own!.maps.get("NMC532/c")!.values;
    for (let row = 0; row < own!.ny; row++)
      for (let col = 0; col < own!.nx; col++)
        expect(to[row * own!.nx + col]).toEqual(from[(row + cut) * pristine.nx + col + cut]);
  });

  it("have difference maps with the uncertainties of both, in esd of about one where nothing differs", () => {
    const { difference, significance } = compared.differences.find(({ map }) => map === "Al/a")!;
    const a = compared.cells[0]!.aligned.maps.get("Al/a")!.esd!;
    const b = compared.cells[1]!.aligned.maps.get("Al/a")!.esd!;
    const here = [...difference.values.keys()].filter((i) => Number.isFinite(difference.values[i]!));
    expect(here.length).toBeGreaterThan(50);
    for (const i of here) expect(difference.esd![i]).toBeCloseTo(Math.hypot(a[i]!, b[i]!), 7);
    const rms = Math.sqrt(here.reduce((sum, i) => sum + significance!.values[i]! ** 2, 0) / here.length);
    expect(rms).toBeGreaterThan(0.8);
    expect(rms).toBeLessThan(1.3);
  });

  it("count the same voxels in all cells with the common mask, their own with the other", async () => {
    const counts = (of: typeof compared) => of.statistics.filter(({ map }) => map === "NMC532/c").map(({ n }) => n);
    expect(new Set(counts(compared)).size).toBe(1);
    const own = await compareCells([{ slice: pristine }, { slice: charged }], { config: { ...config, mask: "own" } });
    for (const n of counts(own)) expect(n).toBeGreaterThan(counts(compared)[0]!);
    expect(own.pairs.every(({ paired }) => !paired)).toBe(true);
  });
});

it("a standard takes a wrong distance out of all lattice parameters, and says by how much", async () => {
  const error = 800e-6;
  const wrong: SliceMaps = {
    ...charged,
    maps: new Map(
      [...charged.maps].map(([name, map]) =>
        /\/[ac]$/.test(name) ? [name, { ...map, values: map.values.map((value) => value * (1 + error)) }] : [name, map],
      ),
    ),
  };
  const cells = [{ slice: pristine }, { slice: wrong }];
  const without = (await compareCells(cells, { config })).pairs[0]!;
  expect(without.difference).toBeCloseTo(14.472 * (1 + error) - 14.507, 3);
  const compared = await compareCells(cells, { config: { ...config, standard: "Al" } });
  const { standard, pairs } = compared;
  expect(Math.abs(standard[1]!.error - error)).toBeLessThan(4 * standard[1]!.errorEsd);
  expect(standard[1]!.errorEsd).toBeLessThan(2e-5);
  expect(Math.abs(pairs[0]!.difference + 0.035)).toBeLessThan(1e-3);
  expect(pairs[0]!.standardEsd).toBeCloseTo(14.47 * standard[1]!.errorEsd, 4);
  expect(compared.notes.join()).toContain("ppm");
});

describe("a standard that another foil does not bear out", () => {
  /** Al is longer by one error, and so is Cu by another. */
  const stretched = (ofAl: number, ofCu: number): { slice: SliceMaps }[] =>
    [pristine, charged].map((slice, i) => {
      const foil = slice.maps.get("Al/a")!;
      const longer = (name: string, error: number) =>
        [name, { ...foil, name, values: foil.values.map((value) => value * (1 + i * error)) }] as const;
      return { slice: { ...slice, maps: new Map([...slice.maps, longer("Al/a", ofAl), longer("Cu/a", ofCu)]) } };
    });

  it("corrects no more surely than both agree", async () => {
    const { standard, pairs, notes } = await compareCells(stretched(800e-6, 500e-6), {
      config: { ...config, standard: "Al" },
    });
    expect(standard[1]!.error).toBeCloseTo(800e-6, 4);
    expect(standard[1]!.errorEsd / 300e-6).toBeCloseTo(1, 1);
    expect(standard[1]!.against).toMatchObject({ phase: "Cu" });
    // c was not stretched at all: what the standard does to it is within what it says of itself
    expect(Math.abs(pairs[0]!.difference + 0.035)).toBeLessThan(3 * pairs[0]!.standardEsd);
    expect(notes.join()).toContain("By Cu it would be");
  });

  it("is told where nothing is corrected, as a foil cannot have changed", async () => {
    const { notes } = await compareCells(stretched(800e-6, 0), { config });
    const ppm = /^Al cannot have changed, and its a differs by (\d+) ppm between charged and/m.exec(
      notes.join("\n"),
    )![1];
    // the means of the foil have an uncertainty of about 12 ppm
    expect(Math.abs(Number(ppm) - 800)).toBeLessThan(50);
    expect(compared.notes.join("\n")).not.toContain("cannot have changed");
  });

  it("is refused where they disagree by more than there is to correct", async () => {
    const compare = compareCells(stretched(100e-6, -200e-6), { config: { ...config, standard: "Al" } });
    await expect(compare).rejects.toThrow(expect.objectContaining({ code: "compare-standard-doubtful" }));
    await expect(compare).rejects.toThrow(/Al.* differs by \d+ ppm .*Cu by -2\d\d ppm/);
  });

  it("is taken where the user vouches for it, with the uncertainty given", async () => {
    const { standard } = await compareCells(stretched(100e-6, -200e-6), {
      config: { ...config, standard: "Al", standardEsdPpm: 30 },
    });
    // and that of the mean of the foil, about 12 ppm
    expect(standard[1]!.errorEsd).toBeGreaterThan(30e-6);
    expect(standard[1]!.errorEsd).toBeLessThan(36e-6);
    expect(standard[1]!.against).toBeUndefined();
  });
});

it("statistics are those of the formulas", () => {
  const values = Float64Array.from({ length: 100 }, (_, i) => ((i * 37) % 101) / 10);
  const esd = values.map((_, i) => 0.1 + (i % 3) / 10);
  const mask = new Uint8Array(100).fill(1);
  mask[7] = 0;
  const found = describeValues({ ny: 10, nx: 10, values, esd }, mask)!;
  const kept = [...values].filter((_, i) => i !== 7);
  const mean = kept.reduce((a, b) => a + b) / 99;
  const sd = Math.sqrt(kept.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 98);
  const weights = [...esd].filter((_, i) => i !== 7).map((s) => s ** -2);
  const total = weights.reduce((a, b) => a + b);
  expect(found.n).toBe(99);
  expect(found.mean).toBeCloseTo(mean, 10);
  expect(found.sd).toBeCloseTo(sd, 10);
  expect(found.weightedMean).toBeCloseTo(kept.reduce((sum, v, i) => sum + v * weights[i]!, 0) / total, 10);
  expect(found.median).toBe(kept.toSorted((a, b) => a - b)[49]);
  expect([found.min, found.max]).toEqual([Math.min(...kept), Math.max(...kept)]);
  const noise = [...esd].filter((_, i) => i !== 7).reduce((sum, s) => sum + s * s, 0) / 99;
  expect(found.heterogeneity).toBeCloseTo(Math.sqrt(sd * sd - noise), 10);
  expect(found.esd).toBeCloseTo(sd / Math.sqrt(found.effective), 10);
  expect(describeValues({ ny: 10, nx: 10, values }, new Uint8Array(100))).toBeUndefined();
});

it("bands, regions and drawn masks are regions of the tables", async () => {
  const size = pristine.ny * pristine.nx;
  const nan = () => new Float32Array(size).fill(Number.NaN);
  const toCasingMm = Float32Array.from(
    { length: size },
    (_, i) => 2.8 - 0.1 * Math.hypot((i % 61) - 30, Math.floor(i / 61) - 30),
  );
  const places = {
    ...{ ny: pristine.ny, nx: pristine.nx, voxelMm: pristine.voxelMm },
    region: new Uint8Array(size).fill(REGIONS.cathode),
    ...{ toCasingMm, toCoreMm: nan(), toTabMm: nan(), toSeparatorMm: nan(), depth: nan(), alongMm: nan() },
    ...{ layer: new Int16Array(size).fill(-1), layers: [] },
  };
  const upper = Uint8Array.from({ length: size }, (_, i) => (i > size / 2 ? 1 : 0));
  const { statistics } = await compareCells([{ slice: pristine, places }, { slice: charged }], {
    ...{ config, masks: new Map([["upper", upper]]) },
  });
  const of = (region: string) =>
    statistics.find((row) => row.map === "NMC532/c" && row.region === region && row.cell === "charged");
  expect(of("cathode")!.n).toBe(of("all")!.n);
  const bands = ["casing 0 to 0.5 mm", "casing 0.5 to 1 mm", "casing 1 to 2 mm", "casing from 2 mm"].map(
    (name) => of(name)?.n ?? 0,
  );
  expect(bands.reduce((a, b) => a + b)).toBe(of("all")!.n);
  expect(of("mask upper")!.n).toBeLessThan(0.8 * of("all")!.n);
  expect(of("anode")).toBeUndefined();
});

it.each([
  ["compare-cells", [{ slice: pristine }], {}],
  ["compare-cells", [{ slice: pristine }, { slice: pristine }], {}],
  ["compare-cells", [{ slice: pristine }, { slice: charged }], { reference: "nobody" }],
  ["compare-maps", [{ slice: pristine }, { slice: charged }], { config: CompareConfig.parse({ maps: ["LFP/a"] }) }],
  ["compare-standard", [{ slice: pristine }, { slice: charged }], { config: { ...config, standard: "Ag" } }],
  ["compare-no-amounts", [{ slice: pristine }, { slice: { ...charged, maps: new Map() } }], {}],
])("refuses with %s", async (code, cells, options) => {
  await expect(compareCells(cells, options)).rejects.toThrow(expect.objectContaining({ code }));
});

it("several threads find the placements of one", async () => {
  const large = { size: 190, supersampling: 4 };
  const cells = [0, 40, -70].map((rotationDeg) => ({
    slice: asSliceMaps(`by ${rotationDeg}`, drawCell({ ...large, rotationDeg }), () => 14.5),
  }));
  const roles = guessRoles([...new Set([...cells[0]!.slice.maps.keys()].map((name) => name.split("/")[0]!))]);
  const slices = cells.map(({ slice }) => slice);
  const inThreads = await registerCells(slices, "by 0", roles, { config, workers: 2 });
  expect([...inThreads.keys()].sort()).toEqual(["by -70", "by 40"]);
  const compared = await compareCells(cells, { config, workers: 1 });
  for (const { name, registration } of compared.cells) expect(inThreads.get(name)).toEqual(registration);
});

it("tables are read back by others: quotes, empty fields, bars", () => {
  const table = {
    head: ["a", "b"],
    rows: [
      ['x,"y"', Number.NaN],
      ["p|q", 1.5],
    ],
  };
  expect(csvTable(table)).toBe('a,b\n"x,""y""",\np|q,1.5\n');
  expect(markdownTable(table)).toContain("p\\|q | 1.5");
});

it("masks drawn in the app are read, and refused where they are of another size", () => {
  const result = join(folder, "cell.nxs");
  writeFileSync(join(folder, "cell.rim.mask.npy"), encodeNpy({ shape: [2, 3], data: Uint8Array.of(0, 1, 0, 0, 2, 0) }));
  expect([...readMasks(result, [2, 3]).get("rim")!]).toEqual([0, 1, 0, 0, 1, 0]);
  expect(() => readMasks(result, [3, 3])).toThrow(expect.objectContaining({ code: "mask-shape" }));
});

it("files: compare.nxs opens here and in h5py, with tables and figures beside it", async () => {
  const output = join(folder, "out");
  const compared = await compareCells([{ slice: pristine }, { slice: charged }], { config });
  const written = await writeComparison(compared, { folder: output, formats: ["svg"], inputs: [], config });
  for (const path of written) expect(existsSync(path)).toBe(true);
  const result = await openResult(join(output, "compare.nxs"));
  const map = result.readMap("compare/charged/NMC532/c");
  expect(map.unit).toBe("Å");
  expect([...map.values]).toEqual([...compared.cells[1]!.aligned.maps.get("NMC532/c")!.values]);
  expect(result.first()).toBe("compare/charged/difference/NMC532/c");
  result.close();
  expect(readFileSync(join(output, "statistics.csv"), "utf8").split("\n")[0]).toContain(
    "map,unit,region,cell,n,effective,mean,esd",
  );
  expect(readFileSync(join(output, "compare.md"), "utf8")).toContain("## Differences");
  if (!hasH5py) return;
  const shape = h5py(
    "f = h5py.File(args[0]); print(f['entry/compare/charged/NMC532/c/data'].shape[0])",
    join(output, "compare.nxs"),
  );
  expect(Number(shape)).toBe(compared.ny);
});
