/** The start page: from `xrdct serve` alone to a first map. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openResult } from "../../src/files/result-reader.ts";
import { tempFolder } from "../temp-folder.ts";
import { type App, demoFolder, hasChromium, openApp, shoot } from "./app.ts";

/** The ends of viridis, as its authors give them. */
const LOWEST = [68, 1, 84];
const HIGHEST = [253, 231, 37];

interface Pixels {
  readonly rows: number;
  readonly cols: number;
  /** RGBA, the first row at the top */
  readonly data: readonly number[];
}

describe.skipIf(!hasChromium)("the start page (needs Chromium)", () => {
  let app: App;
  let demo: string;
  beforeAll(async () => {
    demo = await demoFolder();
    app = await openApp(demo);
  }, 300_000);
  afterAll(() => app.close());

  it("shows the newest result by its first map, in the colours of its values", async () => {
    const { page } = app;
    const card = page.locator('[data-result="cell.nxs"]');
    const canvas = card.locator("canvas");
    await canvas.waitFor();
    const name = (await canvas.getAttribute("data-thumbnail"))!;
    const { rows, cols, data } = await canvas.evaluate((element): Pixels => {
      const { width, height } = element as HTMLCanvasElement;
      const context = (element as HTMLCanvasElement).getContext("2d")!;
      return { rows: height, cols: width, data: [...context.getImageData(0, 0, width, height).data] };
    });
    const result = await openResult(join(demo, "cell.nxs"));
    const { ny, nx, values } = result.readMap(name);
    result.close();
    expect([rows, cols]).toEqual([ny, nx]);
    // row 0 of a map is the lowest, of a canvas the highest
    const pixel = (i: number): number[] => {
      const at = 4 * ((ny - 1 - Math.floor(i / nx)) * nx + (i % nx));
      return data.slice(at, at + 4);
    };
    const finite = [...values].filter(Number.isFinite);
    const [least, most] = [Math.min(...finite), Math.max(...finite)];
    expect(pixel(values.indexOf(least))).toEqual([...LOWEST, 255]);
    expect(pixel(values.indexOf(most))).toEqual([...HIGHEST, 255]);
    expect(pixel(values.findIndex(Number.isNaN))[3]).toBe(0);
    await shoot(page, "start");
  });

  it("walks into folders, shows a model and leads a scan to the page of runs", async () => {
    const { page } = app;
    await page.getByRole("button", { name: "scan/" }).click();
    await page.getByRole("button", { name: "model.yaml" }).click();
    const text = page.getByRole("textbox", { name: "scan/model.yaml" });
    expect(await text.inputValue()).toContain("title: simulated Li-ion cell");
    // the address follows a moment later
    await expect.poll(() => decodeURIComponent(page.url())).toContain("scan/model.yaml");
    await page.reload();
    await text.waitFor();
    await page.getByLabel("names that contain").fill("SCAN.y");
    const rows = page.locator("[data-panel=files] tr[data-file]");
    await expect.poll(() => rows.count()).toBe(1);
    expect(await rows.first().getAttribute("data-kind")).toBe("scan");
    await rows.first().getByRole("link").click();
    await page.waitForURL(/#\/run\?file=scan\/scan.yaml/);
    await page.goBack();
  });

  it("is one click from a map", async () => {
    const { page } = app;
    await page.goto(`${app.server.origin}/#/start`);
    await page.locator('[data-result="cell.nxs"] a').click();
    await page.locator("[data-plot=image] canvas").waitFor();
    expect(page.url()).toContain("#/explore?file=cell.nxs");
    expect(app.problems).toEqual([]);
  });
});

describe.skipIf(!hasChromium)("the start page of other folders (needs Chromium)", () => {
  const root = tempFolder();

  it("says what to do where there is nothing, and fits into dark and projector", { timeout: 60_000 }, async () => {
    mkdirSync(join(root, "empty"));
    const app = await openApp(join(root, "empty"), { theme: "dark", width: 1920, height: 1080 });
    try {
      const help = app.page.locator("[data-panel=no-results]");
      expect(await help.innerText()).toContain("npx xrdct demo");
      expect(await app.page.locator("[data-panel=files]").innerText()).toContain("This folder is empty");
      await shoot(app.page, "start-empty");
      expect(app.problems).toEqual([]);
    } finally {
      await app.close();
    }
  });

  it("opens the file that was named, once", { timeout: 120_000 }, async () => {
    const folder = join(root, "named");
    mkdirSync(folder);
    writeFileSync(join(folder, "frame.cbf"), "###CBF");
    const app = await openApp(folder, { open: "frame.cbf" });
    try {
      await app.page.waitForURL(/#\/frames\?file=frame.cbf/);
      await app.page.getByRole("button", { name: "Files" }).click();
      await app.page.locator("[data-panel=files]").waitFor();
      expect(app.page.url()).toContain("#/start");
    } finally {
      await app.close();
    }
  });
});
