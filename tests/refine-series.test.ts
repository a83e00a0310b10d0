/** Measured series with published answers, with the models of examples/. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { loadModel } from "../src/pipeline/refine/load-model.ts";
import { refineSeries, type SeriesResult } from "../src/pipeline/refine/refine-series.ts";
import { hasShared, shared } from "./shared.ts";
import { tempFolder } from "./temp-folder.ts";
import { unzip } from "./unzip.ts";

const folder = tempFolder();

/** The members of a zip archive whose names match, as files. */
function unpack(archive: string, name: string, wanted: RegExp): string {
  const target = join(folder, name);
  mkdirSync(target);
  for (const member of unzip(readFileSync(shared(archive)))) {
    if (wanted.test(member.name)) writeFileSync(join(target, member.name.split("/").at(-1)!), member.data);
  }
  return target;
}

const SEQUENCE = "data/powder/gsas2_cucr2o4_sequence_11bm";

describe.skipIf(!hasShared)("CuCr2O4 from 7 to 289 K at 11-BM (needs ../shared)", () => {
  let series: SeriesResult;
  beforeAll(async () => {
    const patterns = unpack(`${SEQUENCE}/SeqTut.zip`, "cucr2o4", /\.fxye$/);
    series = await refineSeries(loadKernels(), loadModel("examples/refine-cucr2o4-series.yaml"), [patterns]);
  }, 120_000);
  const edgeOf = (index: number, name: string) =>
    series.entries[index]!.parameters.find((one) => one.name === name)!.value;

  it("fits all 17, the temperature read from the files", () => {
    expect(series.entries.map(({ status }) => status)).toEqual(new Array(17).fill("converged"));
    expect(series.entries[0]!.variable).toBe(6.778);
    expect(series.entries[16]!.variable).toBe(288.7);
  });

  it("cells of the first within 50 ppm of GSAS-II's", () => {
    // SingleHistFit.lst, "New unit cell"
    const cell = { a: 7.712694, b: 8.543289, c: 8.536427 };
    for (const [edge, value] of Object.entries(cell)) {
      expect(Math.abs(edgeOf(0, `CuCr2O4/${edge}`) / value - 1), edge).toBeLessThan(50e-6);
    }
  });

  it("no wR more than 0.5 above GSAS-II's", () => {
    const list = readFileSync(shared(`${SEQUENCE}/SeqFit.lst`), "utf8");
    const theirs = [...list.matchAll(/Final refinement wR = *([\d.]+)%/g)].map(([, percent]) => Number(percent));
    expect(theirs).toHaveLength(17);
    series.entries.forEach(({ statistics, name }, i) => {
      expect(100 * statistics!.rwp - theirs[i]!, name).toBeLessThan(0.5);
    });
  });

  it("half a per cent of CuO in the first: 0.0048 within 0.001", () => {
    const { weightFraction, isHeld } = series.entries[0]!.phases.find(({ name }) => name === "CuO")!;
    expect(isHeld).toBe(false);
    expect(Math.abs(weightFraction! - 0.0048)).toBeLessThan(0.001);
  });

  it("a expands, b contracts, all the way", () => {
    for (let i = 1; i < 17; i++) {
      expect(edgeOf(i, "CuCr2O4/a")).toBeGreaterThan(edgeOf(i - 1, "CuCr2O4/a"));
      expect(edgeOf(i, "CuCr2O4/b")).toBeLessThan(edgeOf(i - 1, "CuCr2O4/b"));
    }
  });
});

describe.skipIf(!hasShared)("LNMO while it charges, DanMAX (needs ../shared)", () => {
  it("a falls from 8.143 to 8.130; the scan without beam is flagged, not fitted", { timeout: 120_000 }, async () => {
    const scans = unpack("data/powder/maak_lnmo_operando_danmax/LNMO_p8_dev.zip", "lnmo", /\.h5$/);
    const { entries } = await refineSeries(loadKernels(), loadModel("examples/refine-lnmo-operando.yaml"), [scans]);
    expect(entries).toHaveLength(14);
    expect(entries[13]).toMatchObject({ variable: 52, flag: "dark", status: null, parameters: [] });
    const fitted = entries.slice(0, 13);
    const a = fitted.map(({ parameters }) => parameters.find(({ name }) => name === "LNMO/a")!.value);
    expect(fitted.map(({ status }) => status)).toEqual(new Array(13).fill("converged"));
    // from the centroid of 400, ../shared/data/powder/PROVENANCE.md: 8.1432 to 8.1300
    expect(Math.abs(a[0]! - 8.1432)).toBeLessThan(0.001);
    expect(Math.abs(a[12]! - 8.13)).toBeLessThan(0.001);
    for (let i = 1; i < 13; i++) expect(a[i]!).toBeLessThan(a[i - 1]!);
  });
});
