/** The Study page: what it shows of several cells against the arrays of the file, and what lies beside it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ParameterMap } from "../../src/data/index.ts";
import { createResultWriter } from "../../src/files/result-writer.ts";
import { cyclingCurves } from "../../src/pipeline/study/cycling-curves.ts";
import { writeStudyFigures } from "../../src/pipeline/study/study-figures.ts";
import type { StudyInfo } from "../../src/server/wire.ts";
import { N, places, study, VOXEL_MM } from "../study-figures-cells.ts";
import { type App, hasChromium, openApp, shoot, shownValue } from "./app.ts";

const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 90_000 });

/** As `xrdct study` leaves it. */
async function writeStudyFile(path: string): Promise<void> {
  const startedAt = "2026-01-01T00:00:00.000Z";
  const writer = await createResultWriter(path, { program: "xrdct", version: "0", startedAt, title: study.title });
  const put = (name: string, map: ParameterMap): void => writer.map(name, map, { voxelMm: VOXEL_MM });
  const [reference] = study.cells;
  for (const { name, aligned, lithium } of study.cells) {
    for (const [map, values] of aligned.maps) put(`compare/${name}/${map}`, values);
    for (const [map, values] of lithium.maps) put(`lithium/${name}/${map}`, values);
    const from = reference!.aligned.maps.get("NMC532/c")!.values;
    const c = aligned.maps.get("NMC532/c")!;
    const difference = c.values.map((value, i) => value - from[i]!);
    if (name !== reference!.name) put(`compare/${name}/difference/NMC532/c`, { ...c, values: difference });
    const place = (map: string, values: ArrayLike<number>): void =>
      put(`places/${name}/${map}`, { name: map, ny: N, nx: N, unit: "", values: Float32Array.from(values) });
    place("region", places.region);
    place("to_casing", places.toCasingMm);
    place("depth", places.depth);
    place("along", places.alongMm);
    place("layer", places.layer);
  }
  const common = { startedAt, endedAt: startedAt, config: {}, notes: [], inputs: [] };
  for (const stage of ["compare", "lithium", "places"]) writer.process(stage, common);
  writer.finish(startedAt);
}

const report = {
  title: study.title,
  reference: "one",
  notes: ["three: a note"],
  closings: [{ what: "balance", unit: "mol/mol", z: 0.3, words: "0.01(3): closes" }],
  cells: study.cells.map(({ name, label }) => ({
    name,
    label,
    state: "charged",
    // the first lies beside the served folder, the others are gone
    result: name === "one" ? "../../beside.nxs" : `/elsewhere/${name}.nxs`,
    places: {
      electrodes: [{ electrode: "cathode", lengthMm: 21, turns: null }],
      layers: [{ electrode: "cathode", side: "inner", thicknessMm: 0.3 }],
    },
    lithium: { rows: [{ electrode: "NMC532", kind: "all", x: 0.4321, esd: 0.001, total: 0.05 }] },
    cycling: { capacity: { ah: 0.345, esd: 0.001 }, segments: [{ kind: "CC", trueRate: 1.16 }, { kind: "rest" }] },
  })),
};

describe.skipIf(!hasChromium)("a study in the app (needs Chromium)", () => {
  let root: string;
  let folder: string;
  let app: App;
  let page: Page;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "xrdct-study-"));
    folder = join(root, "served");
    writeFileSync(join(root, "beside.nxs"), "");
    mkdirSync(join(folder, "out", "tables"), { recursive: true });
    mkdirSync(join(folder, "bare"));
    await writeStudyFile(join(folder, "out", "study.nxs"));
    await writeStudyFile(join(folder, "bare", "compare.nxs"));
    writeFileSync(join(folder, "out", "report.json"), JSON.stringify(report));
    writeFileSync(join(folder, "out", "tables", "statistics.csv"), "a,b\n1,2\n");
    writeFileSync(join(folder, "out", "tables", "cycling.json"), JSON.stringify(cyclingCurves(study)));
    writeFileSync(join(folder, "secret.csv"), "secret");
    await writeStudyFigures(study, join(folder, "out", "figures"), ["svg"]);
    app = await openApp(folder, { width: 1440, height: 900 });
    page = app.page;
  }, 300_000);

  afterAll(async () => {
    await app?.close();
    rmSync(root, { recursive: true, force: true });
  });

  const open = async (view: object, file = "out/study.nxs"): Promise<void> => {
    await page.goto(`${app.server.origin}/#/study?file=${file}&view=${encodeURIComponent(JSON.stringify(view))}`);
  };

  const focused = () => page.evaluate(() => document.activeElement?.textContent);

  it("lists the studies of the folder", async () => {
    await page.goto(`${app.server.origin}/#/study`);
    await page.getByRole("link", { name: "out/study.nxs" }).click();
    await page.locator('[data-panel="study-cells"]').waitFor();
    expect(page.url()).toContain("file=out/study.nxs");
  });

  it("says what each cell is, and whether lithium balances", async () => {
    await open({});
    const row = page.locator('tr[data-cell="two"]');
    await row.waitFor();
    expect(await row.innerText()).toMatch(/charged, C\/2\s+charged\s+1\.2C\s+345\.0\(10\)\s+0\.43\(5\)/);
    expect(await shownValue(page, 'tr[data-cell="two"] [data-lithium="NMC532"]')).toBe(0.4321);
    expect(await page.locator('[data-panel="study-closings"]').innerText()).toContain("0.01(3): closes");
    // no link that leads nowhere: what would serve it, or that it is gone
    expect(await page.locator('[data-panel="study-cells"] a').count()).toBe(0);
    expect(await page.locator('[data-read="elsewhere"] pre').innerText()).toBe(`npx xrdct serve ${root}`);
    expect(await page.locator('[data-read="gone"]').innerText()).toContain("/elsewhere/two.nxs");
    await shoot(page, "study-cells");
  });

  it("reads the voltage at the pointer, of the cells that are wanted, and changes its curves by keys", async () => {
    await open({});
    const plot = page.locator('[data-plot="cycling-voltage-time"]');
    await plot.locator("canvas").waitFor();
    await plot.scrollIntoViewIfNeeded();
    const box = (await plot.boundingBox())!;
    const read = page.locator('[data-read="cycling"]');
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.5);
    await eventually(() => read.getAttribute("data-x")).not.toBeNull();
    // 3 V and 1 V more for each hour, in steps of 36 s; the record of an hour is drawn in minutes
    const [x, value] = [Number(await read.getAttribute("data-x")), Number(await read.getAttribute("data-value"))];
    expect(value).toBeCloseTo(3 + x / 60, 5);
    expect((x * 60) % 36).toBeCloseTo(0, 3);
    expect(await plot.locator("[data-near]").count()).toBe(1);
    // all three cells were cycled alike: the first is named until it is left out
    expect(await read.innerText()).toMatch(/^pristine \(true 2C, 4C\): time [\d.]+ min, voltage [\d.]+ V$/);
    await page.getByLabel("pristine (true 2C, 4C)").uncheck();
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.6);
    await eventually(() => read.innerText()).toMatch(/^charged, C\/2 /);
    await shoot(page, "study-cycling");
    await page.getByRole("tab", { name: "V(t)" }).focus();
    await page.keyboard.press("End");
    await page.locator('[data-plot="cycling-dv-dq"]').waitFor();
    await page.keyboard.press("ArrowLeft");
    await page.locator('[data-plot="cycling-dq-dv"]').waitFor();
    await eventually(focused).toBe("dQ/dV");
  });

  it("goes through its modes by keys, and keeps the focus on their tab", async () => {
    await open({});
    await page.getByRole("tab", { name: "cells" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByLabel("quantity").waitFor();
    await eventually(focused).toBe("maps");
    await page.keyboard.press("End");
    await page.locator('[data-panel="study-figures"]').waitFor();
    await page.keyboard.press("ArrowRight");
    await page.locator('[data-panel="study-cells"]').waitFor();
    expect(await page.getByRole("tab", { name: "maps" }).getAttribute("tabindex")).toBe("-1");
    // after a click the arrows are the voxel's again
    await page.getByRole("tab", { name: "maps" }).click();
    await eventually(() => page.evaluate(() => document.activeElement?.tagName)).toBe("BODY");
  });

  it("shows one quantity of all cells in one scale, and their numbers under one cursor", async () => {
    const [x, y] = [N / 2 + 6, N / 2];
    await open({ mode: "maps", quantity: "compare/NMC532/c", voxel: [x, y] });
    for (const { name, aligned } of study.cells) {
      const { values, status } = aligned.maps.get("NMC532/c")!;
      const good = Array.from(values).filter((_, i) => status![i] === 0);
      const mean = good.reduce((sum, value) => sum + value, 0) / good.length;
      const at = `[data-panel="study-numbers"] tr[data-cell="${name}"]`;
      await eventually(() => shownValue(page, `${at} [data-read="mean"]`)).toBeCloseTo(mean, 6);
      expect(await shownValue(page, `${at} [data-read="here"]`)).toBe(values[y * N + x]);
    }
    const limits = await page
      .locator('[data-plot^="study-"]')
      .evaluateAll((plots) => plots.map((plot) => plot.getAttribute("data-limits")));
    expect(limits).toHaveLength(3);
    expect(new Set(limits).size).toBe(1);
    await eventually(() => page.locator("[data-cross]").count()).toBe(3);
    await shoot(page, "study-maps");
  });

  it("moves all cursors with the arrow keys, and leaves out cells that are not wanted", async () => {
    await open({ mode: "maps", quantity: "compare/NMC532/c", voxel: [30, 30], hidden: ["two"] });
    await page.locator('[data-panel="study-three"]').waitFor();
    expect(await page.locator('[data-panel="study-two"]').count()).toBe(0);
    await page.keyboard.press("ArrowRight");
    await eventually(() => page.locator('[data-panel="study-numbers"]').innerText()).toContain("x 31, y 30");
  });

  it("shows differences from the reference on a scale about 0", async () => {
    await open({ mode: "maps", quantity: "compare/NMC532/c", show: "difference" });
    const mean = '[data-panel="study-numbers"] tr[data-cell="two"] [data-read="mean"]';
    const [a, b] = study.cells.map(({ aligned }) => aligned.maps.get("NMC532/c")!.values);
    const both = Array.from(b!, (value, i) => value - a![i]!).filter(Number.isFinite);
    const expected = both.reduce((sum, value) => sum + value, 0) / both.length;
    await eventually(() => shownValue(page, mean)).toBeCloseTo(expected, 6);
    expect(await page.locator('[data-panel="study-one"]').count()).toBe(0);
    const limits = (await page.locator('[data-plot="study-two"]').getAttribute("data-limits"))!.split(" ").map(Number);
    expect(limits[0]).toBe(-limits[1]!);
  });

  it("draws curves by place and unwound electrodes", async () => {
    await open({ mode: "places", quantity: "lithium/NMC532/x" });
    for (const name of ["curves", "unwound"]) {
      const picture = page.locator(`img[data-figure="${name}"]`);
      await picture.waitFor();
      const svg = decodeURIComponent((await picture.getAttribute("src"))!);
      for (const { label } of study.cells) expect(svg).toContain(label);
    }
    await page.getByRole("button", { name: "− own median" }).click();
    const relative = async (): Promise<string> =>
      decodeURIComponent((await page.locator('img[data-figure="curves"]').getAttribute("src"))!);
    await eventually(relative).toContain("Δ NMC532 x");
    await shoot(page, "study-places");
  });

  it("shows the figures and gives the tables", async () => {
    await open({ mode: "files", figure: "rwp" });
    const picture = page.locator('img[data-figure="rwp"]');
    await picture.waitFor();
    await eventually(() => picture.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBeGreaterThan(100);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "tables/statistics.csv" }).click(),
    ]);
    expect(readFileSync((await download.path())!, "utf8")).toBe("a,b\n1,2\n");
    await shoot(page, "study-files");
  });

  it("shows the maps of a file without a report", async () => {
    await open({ mode: "maps", quantity: "compare/NMC532/c" }, "bare/compare.nxs");
    await page.locator('[data-panel="study-two"]').waitFor();
  });

  it("gives nothing but figures and tables", async () => {
    const ask = async (query: string): Promise<number> =>
      page.evaluate(async (path) => (await fetch(path)).status, `/api/study/part?file=out/study.nxs&part=${query}`);
    expect(await ask("figures/rwp.svg")).toBe(200);
    expect(await ask("../secret.csv")).toBe(400);
    expect(await ask("figures/../../secret.csv")).toBe(400);
    expect(await ask("study.nxs")).toBe(400);
    const info = await page.evaluate(async () => (await fetch("/api/study?file=out/study.nxs")).json());
    expect((info as StudyInfo).tables).toEqual(["tables/cycling.json", "tables/statistics.csv", "report.json"]);
  });

  it("says it where a report is none", async () => {
    writeFileSync(join(folder, "bare", "report.json"), "{");
    await open({ mode: "cells" }, "bare/compare.nxs");
    await page.reload();
    await page.locator('[data-code="study-report"]').waitFor();
  });
});
