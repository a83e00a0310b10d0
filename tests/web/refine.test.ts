/** The refine page: what it shows equals what the file holds, and a changed model does what it says. */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { STATUS } from "../../src/data/index.ts";
import { openResult, type Result } from "../../src/files/result-reader.ts";
import { tempFolder } from "../temp-folder.ts";
import { type App, DEMO_SIZE, demoFolder, hasChromium, openApp, shoot, shownValue } from "./app.ts";

describe.skipIf(!hasChromium)("the refine page (needs Chromium)", () => {
  const folder = tempFolder();
  let app: App;
  let result: Result;

  beforeAll(async () => {
    const demo = await demoFolder();
    mkdirSync(join(folder, "scan"));
    copyFileSync(join(demo, "cell.nxs"), join(folder, "cell.nxs"));
    for (const name of ["scan.yaml", "model.yaml"]) copyFileSync(join(demo, "scan", name), join(folder, "scan", name));
    result = await openResult(join(folder, "cell.nxs"));
    app = await openApp(folder, { hash: "#/refine?file=cell.nxs" });
  });
  afterAll(async () => {
    result.close();
    await app.close();
  });

  const row = (name: string): Locator => app.page.locator(`[data-table="parameters"] [data-parameter="${name}"]`);
  const cell = async (name: string, kind = "now"): Promise<number> => {
    const text = await row(name).locator(`[data-cell="${kind}"]`).getAttribute("data-value");
    return text ? Number(text) : Number.NaN;
  };
  const title = (text: string) => app.page.locator('[data-panel="fit"]').getByRole("heading", { name: text });
  const shown = async (): Promise<{ y: number; x: number }> => {
    const at = async (axis: string) => Number(await app.page.getByLabel(`voxel ${axis}`).inputValue());
    return { y: await at("y"), x: await at("x") };
  };

  /** every number of the table against the maps of the file */
  async function expectMapValues({ y, x }: { y: number; x: number }): Promise<void> {
    await title(`voxel x ${x}, y ${y}`).waitFor();
    const at = y * DEMO_SIZE + x;
    const a = result.readMap("map/NMC532/a");
    for (const name of ["NMC532/a", "NMC532/c", "NMC532/scale", "Al/a", "Cu/scale", "background/0"]) {
      const map = result.readMap(`map/${name}`);
      expect([name, Math.fround(await cell(name))]).toEqual([name, map.values[at]]);
      expect([name, await cell(name, "before")]).toEqual([name, map.values[at]]);
    }
    const share = result.readMap("map/NMC532/weight_fraction").values[at]!;
    expect(await cell("NMC532/weight_fraction")).toBeCloseTo(100 * share, 4);
    expect(await row("NMC532/a").locator("[data-status]").getAttribute("data-status")).toBe(
      a.status![at] === STATUS.converged ? "converged" : "noSignal",
    );
    expect(Math.fround(await shownValue(app.page, '[data-number="rwp"]'))).toBe(result.readMap("map/rwp").values[at]);
    expect(Math.fround(await shownValue(app.page, '[data-number="gof"]'))).toBe(result.readMap("map/gof").values[at]);
  }

  it("opens with the mean pattern, refined as the map's was", async () => {
    await title("mean pattern").waitFor();
    const { statistics, parameters } = JSON.parse(result.readNote("map/refinement")!);
    expect(await shownValue(app.page, '[data-number="rwp"]')).toBeCloseTo(statistics.rwp, 4);
    const a = parameters.find(({ name }: { name: string }) => name === "NMC532/a");
    expect(Math.abs((await cell("NMC532/a")) - a.value)).toBeLessThan(0.1 * a.esd);
    expect(await app.page.locator("[data-ticks]").count()).toBe(6);
  });

  it("shows the voxel that is clicked, or gone to by arrow keys, as the file holds it", async () => {
    const { page } = app;
    await page.locator('[data-plot="place"] canvas').click();
    const clicked = await shown();
    expect(Math.abs(clicked.x - (DEMO_SIZE >> 1))).toBeLessThan(3);
    const { status } = result.readMap("map/NMC532/a");
    const isGood = (y: number, x: number) => status![y * DEMO_SIZE + x] === STATUS.converged;
    const y = Array.from({ length: DEMO_SIZE }, (_, i) => i).find((i) => isGood(i, 20) && isGood(i + 1, 21))!;
    await page.getByLabel("voxel y").fill(String(y));
    await page.getByLabel("voxel x").fill("20");
    await page.getByLabel("voxel x").blur();
    await expectMapValues({ y, x: 20 });
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowUp");
    await expectMapValues({ y: y + 1, x: 21 });
    await expect.poll(() => decodeURIComponent(page.url())).toContain(`"voxel":[21,${y + 1}]`);
    await shoot(page, "refine-voxel");
  });

  it("refines with a changed model beside what was before, and goes back", async () => {
    const { page } = app;
    const before = await shownValue(page, '[data-number="rwp"]');
    await page.keyboard.press("m");
    const box = page.getByLabel("refine NMC532/gaussianStrain");
    await box.click();
    await expect.poll(() => page.getByLabel("model.yaml").inputValue()).toMatch(/gaussianStrain: *{.*refine: true/);
    await page.getByRole("button", { name: /^refine voxel/ }).click();
    await page.getByRole("columnheader", { name: "before" }).waitFor();
    const row_ = row("NMC532/gaussianStrain");
    expect(await row_.locator("[data-status]").getAttribute("data-status")).toBe("refined");
    expect(await shownValue(page, '[data-number="rwp-before"]')).toBe(before);
    const [now, was] = [await cell("NMC532/a"), await cell("NMC532/a", "before")];
    const esd = Number(await row("NMC532/a").locator('[data-cell="before"]').getAttribute("data-esd"));
    const difference = Number(await row("NMC532/a").locator("[data-difference]").getAttribute("data-difference"));
    expect(difference).toBeCloseTo((now - was) / esd, 9);
    await shoot(page, "refine-model");
    await page.getByRole("button", { name: "undo" }).click();
    await page.getByRole("columnheader", { name: "in the map" }).waitFor();
    expect(await shownValue(page, '[data-number="rwp"]')).toBe(before);
    await expect.poll(() => box.isChecked()).toBe(false);
  });

  it("names the line of a mistake, and refines nothing with it", async () => {
    const { page } = app;
    const editor = page.getByLabel("model.yaml");
    const text = await editor.inputValue();
    const line = text.split("\n").indexOf("profile:") + 1;
    await editor.fill(text.replace("profile:", "profil:"));
    const problem = page.locator('[data-panel="model"] [role="alert"]');
    await problem.waitFor();
    expect(await problem.getAttribute("data-code")).toBe("config-invalid");
    expect(await problem.textContent()).toContain(`line ${line}: profil`);
    expect(await page.locator(`[data-wrong="${line}"]`).count()).toBe(1);
    expect(await page.getByRole("button", { name: /^refine voxel/ }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "as read" }).click();
    await problem.waitFor({ state: "detached" });
  });

  it("leaves a range out that is dragged over the pattern", async () => {
    const { page } = app;
    const box = (await page.locator('[data-plot="fit"] canvas').boundingBox())!;
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + 0.4 * box.width, y);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.45 * box.width, y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => page.locator('[data-plot="fit"] [data-excluded]').count()).toBe(1);
    const points = await shownValue(page, '[data-number="points"]');
    await page.getByRole("button", { name: /^refine voxel/ }).click();
    await page.getByRole("columnheader", { name: "before" }).waitFor();
    const [from, to] = parse(await page.getByLabel("model.yaml").inputValue()).exclude[0] as [number, number];
    const [, , q] = result.axes("reconstruct/data");
    const { wavelengthA } = JSON.parse(result.readNote("map/refinement")!);
    const twoTheta = Array.from(q!.values, (one) => (360 / Math.PI) * Math.asin((one * wavelengthA) / (4 * Math.PI)));
    const left = twoTheta.filter((x) => x >= from && x <= to).length;
    expect(left).toBeGreaterThan(10);
    expect(await shownValue(page, '[data-number="points"]')).toBe(points - left);
  });

  it("keeps the model as a file, and hands it to a run of the map", async () => {
    const { page } = app;
    const text = await page.getByLabel("model.yaml").inputValue();
    await page.getByText("save model", { exact: true }).click();
    await page.getByLabel("file to save").fill("kept.yaml");
    await page.locator('[data-menu="save-model"]').getByRole("button", { name: "save", exact: true }).click();
    await page.getByText("saved as kept.yaml").waitFor();
    expect(readFileSync(join(folder, "kept.yaml"), "utf8")).toBe(text);
    await page.getByText("start the map with it").click();
    await page.getByRole("button", { name: "go to the run" }).click();
    await page.waitForURL(/#\/run\?file=scan\/scan-refined-1\.yaml/);
    expect(existsSync(join(folder, "scan", "scan-model-1.yaml"))).toBe(true);
    expect(app.problems).toEqual([]);
  });
});
