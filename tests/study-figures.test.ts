/** The figures of a study: which there are, and that their numbers are those of the maps. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { REGIONS } from "../src/data/index.ts";
import { cyclingCurves } from "../src/pipeline/study/cycling-curves.ts";
import { aboutMedian, outsideOf, shownValues } from "../src/pipeline/study/figures/shown-maps.ts";
import { statisticsCsv, studyStatistics } from "../src/pipeline/study/figures/statistics-tables.ts";
import { studyFigures, writeStudyFigures } from "../src/pipeline/study/study-figures.ts";
import { describeRecord, EchemConfig } from "../src/stages/echem/index.ts";
import { profileOf, sectorsOf, unwoundMap } from "../src/stages/figure/index.ts";
import { cAt, N, places, region, study, xAt } from "./study-figures-cells.ts";

const folder = mkdtempSync(join(tmpdir(), "study-figures-"));
afterAll(() => rmSync(folder, { recursive: true }));

const one = study.cells[0]!;

it("draws what the data are there for, and leaves out the rest", () => {
  const names = studyFigures(study).map(({ name }) => name);
  expect(names).toEqual([
    "components",
    "cycling",
    "phases",
    "lattice-NMC532",
    "lithium",
    "heterogeneity",
    "profiles-lithium",
    "profiles-lattice",
    "profiles-heterogeneity",
    "unwound-NMC532-x",
    "unwound-anode-x",
    "unwound-NMC532-c",
    "rwp",
    "differences",
    "table",
    "table-thirds",
  ]);
  const bare = {
    ...study,
    cells: study.cells.map(({ cycling: _, ...cell }) => ({ ...cell, lithium: { ...cell.lithium, maps: new Map() } })),
  };
  const left = studyFigures(bare).map(({ name }) => name);
  expect(left).not.toContain("cycling");
  expect(left).not.toContain("lithium");
  expect(studyFigures({ ...study, cells: [one] }).map(({ name }) => name)).not.toContain("differences");
});

it("every figure has units, and every map a scale bar", () => {
  for (const { name, svg } of studyFigures(study)) {
    expect(svg, name).toMatch(/^<svg [^>]*width="(90|120|180)mm"/);
    if (/^(components|phases|lattice|lithium|rwp|differences)/.test(name)) expect(svg, name).toContain(">1 mm<");
  }
  const svg = studyFigures(study).find(({ name }) => name === "lattice-NMC532")!.svg;
  expect(svg).toContain("c (Å)");
  for (const { label } of study.cells) expect(svg).toContain(label);
});

it("lattice parameters are shown only where their phase is", () => {
  const shown = shownValues(one.aligned, "NMC532/c")!;
  shown.forEach((value, i) => expect(Number.isFinite(value)).toBe(region[i] === REGIONS.cathode));
  const amounts = shownValues(one.aligned, "NMC532/weight_fraction")!;
  amounts.forEach((value, i) => expect(Number.isFinite(value)).toBe(region[i] !== REGIONS.outside));
});

it("profiles give back the formula that the maps follow", () => {
  const x = shownValues(one.lithium, "NMC532/x")!;
  const isIn = (i: number) => region[i] === REGIONS.cathode;
  const { at, mean, esd, voxels } = profileOf(x, places.toCasingMm, isIn, sectorsOf(one.aligned), [0, 2.1], 7);
  expect(voxels.reduce((sum, n) => sum + n, 0)).toBe(region.filter((label) => label === REGIONS.cathode).length);
  at.forEach((toCasing, bin) => {
    if (!Number.isFinite(mean[bin]!)) return;
    expect(mean[bin]!).toBeCloseTo(xAt(0, toCasing), 2);
    expect(esd[bin]!).toBeLessThan(0.002);
  });
});

it("the uncertainty of a profile is that of independent sectors", () => {
  // each sector of 30 degrees has its own value: 1 or 3, alternating; the mean is 2, its uncertainty sd / sqrt(12)
  const sectorOf = (i: number): number => {
    const turn = Math.atan2(Math.floor(i / N) - (N - 1) / 2, (i % N) - (N - 1) / 2) / (2 * Math.PI) + 0.5;
    return Math.min(11, Math.floor(12 * turn));
  };
  const values = Float64Array.from({ length: N * N }, (_, i) => (sectorOf(i) % 2 ? 3 : 1));
  const { mean, esd } = profileOf(
    values,
    new Float64Array(N * N),
    (i) => region[i] === REGIONS.cathode,
    sectorsOf(one.aligned),
    [0, 1],
    1,
  );
  expect(mean[0]!).toBeCloseTo(2, 1);
  expect(esd[0]!).toBeCloseTo(Math.sqrt(12 / 11) / Math.sqrt(12), 2);
});

it("what differs inside a cell does not depend on its state", () => {
  const [a, b] = study.cells.map((cell) => aboutMedian(shownValues(cell.lithium, "NMC532/x"), cell.places, "cathode")!);
  for (const [i, value] of a!.entries()) {
    expect(Number.isFinite(value)).toBe(region[i] === REGIONS.cathode);
    if (Number.isFinite(value)) expect(b![i]!).toBeCloseTo(value, 6);
  }
});

it("unwinding puts a voxel where its place says", () => {
  const { rows, cols, values } = unwoundMap(places.alongMm, places, new Map([[0, "inner"]]), {
    lengthMm: 21,
    columns: 7,
    depths: 6,
  });
  expect([rows, cols]).toEqual([12, 7]);
  // the cathode has a coating on the inner side alone: the rows above its collector are empty
  for (let row = 6; row < 12; row++) for (let col = 0; col < 7; col++) expect(values[row * 7 + col]).toBeNaN();
  for (let row = 0; row < 6; row++)
    for (let col = 0; col < 7; col++) {
      const along = values[row * 7 + col]!;
      if (Number.isFinite(along)) expect(Math.floor(along / 3)).toBe(col);
    }
});

it("curves of charge and discharge carry the charge that passed, and true C-rates", () => {
  const { plots } = cyclingCurves(study)!;
  expect(plots.map(({ name }) => name)).toEqual(["voltage-time", "voltage-capacity", "dq-dv", "dv-dq"]);
  // 0.4 A over 50 steps of 36 s in, 0.2 A over 50 out: 100 mAh, so that 0.4 A are 4C
  const capacity = plots[1]!.curves[0]!;
  expect(capacity.label).toBe("pristine (true 2C, 4C)");
  const ends = capacity.x.flatMap((x, i) => (capacity.x[i + 1] === null ? [x] : []));
  expect(ends).toEqual([(400 * 50 * 36) / 3600, (200 * 50 * 36) / 3600]);
  const svg = studyFigures(study).find(({ name }) => name === "cycling")!.svg;
  for (const { label } of plots[0]!.curves) expect(svg).toContain(label);
});

it("dQ/dV holds the charge of the steps whose voltage moves, and none of those at constant voltage", () => {
  // an hour at 1 A from 3 to 4 V, then half an hour at 4 V with a current that falls to 0.1 A
  const rows = 5401;
  const timeS = Float64Array.from({ length: rows }, (_, i) => i);
  const record = {
    ...{ source: "", format: "", notes: [], timeS },
    voltageV: timeS.map((t) => 3 + Math.min(1, t / 3600)),
    currentA: timeS.map((t) => (t <= 3600 ? 1 : 0.1 + 0.9 * Math.exp(-(t - 3600) / 600))),
  };
  const config = EchemConfig.parse({});
  const cycling = { name: "cc-cv", record, description: describeRecord(record, config), config };
  expect(cycling.description.segments.map(({ kind }) => kind)).toEqual(["CC", "CV"]);
  const { plots } = cyclingCurves({ cells: [{ ...one, cycling }] })!;
  const { x, y } = plots.find(({ name }) => name === "dq-dv")!.curves[0]!;
  const step = x[1]! - x[0]!;
  expect(y.reduce((sum: number, value) => sum + (value ?? 0) * step, 0)).toBeCloseTo(1000, -1);
  // 1 Ah over 1 V; the 0.2 Ah at 4 V would be a peak of 19 Ah/V
  expect(Math.max(...y.map((value) => value ?? 0))).toBeLessThan(1200);
});

it("draws cells of one state by themselves, against the first of them, on scales of their own", () => {
  const states = ["pristine", "charged", "charged"];
  const figures = studyFigures({ ...study, cells: study.cells.map((cell, i) => ({ ...cell, state: states[i]! })) });
  const names = figures.map(({ name }) => name).filter((name) => /^(charged|pristine)-/.test(name));
  expect(names).toEqual([
    "charged-phases",
    "charged-lattice-NMC532",
    "charged-lithium",
    "charged-differences",
    "charged-differences-2",
  ]);
  const { svg } = figures.find(({ name }) => name === "charged-differences")!;
  expect(svg).toContain("Differences from charged, C/2");
  expect(svg).not.toContain("pristine");
  expect(studyFigures({ ...study, cells: study.cells.map((cell) => ({ ...cell, state: "charged" })) })).toHaveLength(
    studyFigures(study).length,
  );
});

it("draws no amounts outside of the cell, and no lithium in its casing", () => {
  const outside = outsideOf(new Float64Array(N * N).fill(1), places, ["outside", "casing"])!;
  outside.forEach((value, i) =>
    expect(Number.isFinite(value)).toBe(region[i] !== REGIONS.outside && region[i] !== REGIONS.casing),
  );
  // where no regions are known, nothing is hidden
  const unknown = { ...places, region: new Uint8Array(N * N) };
  expect(outsideOf(outside, unknown, ["outside"])).toBe(outside);
});

it("statistics are those of the voxels, in CSV in full", () => {
  const rows = studyStatistics(study);
  const inside = [...region.keys()].filter((i) => region[i] === REGIONS.cathode);
  const c = inside.map((i) => Math.fround(cAt(0.02, places.toCasingMm[i]!)));
  const mean = c.reduce((sum, value) => sum + value, 0) / c.length;
  const found = rows.find(
    ({ cell, quantity, part }) => cell === "two" && quantity === "NMC532/c" && part === "whole slice",
  )!;
  expect(found.voxels).toBe(inside.length);
  expect(found.mean).toBeCloseTo(mean, 5);
  expect(found.standardDeviation).toBeCloseTo(
    Math.sqrt(c.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (c.length - 1)),
    5,
  );
  expect(found.unit).toBe("Å");
  const outer = rows.find(
    ({ cell, quantity, part }) => cell === "two" && quantity === "NMC532/c" && part === "outer third",
  )!;
  expect(outer.mean).toBeLessThan(found.mean);
  const csv = statisticsCsv(rows).trim().split("\n");
  expect(csv[0]).toBe("cell,quantity,unit,part,voxels,mean,standard deviation,standard uncertainty of the mean,median");
  expect(csv).toHaveLength(rows.length + 1);
  expect(csv.find((line) => line.startsWith("two,NMC532/c,Å,whole slice"))).toContain(String(found.mean));
});

it("writes figures and tables, with names that are names of files", async () => {
  const written = await writeStudyFigures(study, folder, ["svg"], {
    inventory: study.cells.map(({ label }) => ({
      label,
      cathodeMAh: 300,
      cathodeEsd: 10,
      anodeMAh: 290,
      anodeEsd: 12,
      cyclerMAh: 305,
      cyclerEsd: 1,
    })),
  });
  expect(written.map((path) => path.slice(folder.length + 1)).sort()).toEqual(readdirSync(folder).sort());
  expect(readdirSync(folder)).toContain("inventory.svg");
  expect(readFileSync(join(folder, "table.md"), "utf8")).toMatch(/\| NMC532 c \(Å\) \| 14\.\d+ ± 0\.\d+ \|/);
});
