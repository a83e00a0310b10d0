import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openResult, type Result } from "../../src/files/result-reader.ts";
import { COLOUR_MAPS } from "../../src/stages/figure/index.ts";
import { tempFolder } from "../temp-folder.ts";
import { unzip } from "../unzip.ts";
import { type App, demoFolder, hasChromium, openApp, shoot } from "./app.ts";

/** The value below which a share of the sorted values lies. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))]!;
}

/** Converged, without signal or at a bound: what an amount is shown of; in wt%. */
function shares(result: Result, name: string): number[] {
  const { values, status } = result.readMap(name);
  return Array.from(values, (value, i) => ([0, 2, 3].includes(status![i]!) ? 100 * value : Number.NaN));
}

async function taken(page: Page, format: string): Promise<Buffer> {
  const menu = page.locator("[data-take-away]");
  if ((await menu.getAttribute("open")) === null) await menu.locator("summary").click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    menu.getByRole("button", { name: format, exact: true }).click(),
  ]);
  return readFileSync(await download.path());
}

/** The figure, once it shows all that it should. */
async function figureOf(page: Page, maps: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.querySelectorAll("[data-plot=composed] [data-image]").length === wanted,
    maps,
  );
}

const rows = (page: Page): Promise<string[]> => page.locator("[data-panel=panels] .compose-row span").allTextContents();

describe.skipIf(!hasChromium)("composing a figure (needs Chromium)", () => {
  const folder = tempFolder();
  let app: App;
  let page: Page;
  let result: Result;
  let names: string[];

  beforeAll(async () => {
    copyFileSync(join(await demoFolder(), "cell.nxs"), join(folder, "cell.nxs"));
    result = await openResult(join(folder, "cell.nxs"));
    app = await openApp(folder, { hash: "#/compose?file=cell.nxs" });
    ({ page } = app);
    await figureOf(page, 6);
    const titles = await page
      .locator(".compose-row span")
      .evaluateAll((all) => all.map((one) => one.getAttribute("title")!));
    names = titles.slice(0, 3).map((title) => title.trim());
  }, 300_000);
  afterAll(async () => {
    result?.close();
    await app?.close();
  });

  it("begins with maps of the result, those of one quantity on one scale: that of the file's values", async () => {
    for (const name of names) expect(name).toMatch(/^map\/\w+\/weight_fraction$/);
    const all = names.flatMap((name) => shares(result, name));
    const limits = await page.locator("[data-limits]").getAttribute("data-value");
    const [lo, hi] = limits!.split(" ").map(Number) as [number, number];
    expect(lo).toBe(0);
    expect(hi).toBeCloseTo(percentile(all, 0.99), 9);
    const labels = await page.locator("[data-cell='0'] text").allTextContents();
    expect(labels.slice(0, 2)).toEqual(["a", (await rows(page))[0]]);
    expect(labels).toContain("weight fraction (wt%)");
    const ticks = labels.map(Number).filter(Number.isFinite);
    expect(Math.max(...ticks)).toBeLessThanOrEqual(hi);
    await shoot(page, "compose");
  });

  it("saves the SVG that is shown, a PNG with the colours of the values, and the numbers", async () => {
    const svg = (await taken(page, "SVG")).toString("utf8");
    const shown = await page.evaluate((text) => {
      const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
      const texts = (root: ParentNode): string[] => [...root.querySelectorAll("text")].map((one) => one.textContent!);
      const isSame = texts(parsed).join("|") === texts(document.querySelector("[data-plot=composed]")!).join("|");
      return { isSame, failed: parsed.querySelector("parsererror")?.textContent };
    }, svg);
    expect(shown).toEqual({ isSame: true, failed: undefined });
    expect(svg).toContain("DejaVu Sans");

    const png = decode(await taken(page, "PNG"));
    // 180 mm at 300 dpi
    expect(png.width).toBeCloseTo((180 / 25.4) * 300, -1);
    const [values, { shape }] = [shares(result, names[0]!), result.list().find(({ name }) => name === names[0])!];
    const voxel = values.indexOf(percentile(values, 0.97));
    const [y, x] = [Math.floor(voxel / shape[1]!), voxel % shape[1]!];
    // where the voxel's middle lies, as a share of the whole figure
    const [right, down] = await page.evaluate(
      ([u, v]) => {
        const sheet = document.querySelector("[data-plot=composed] svg")!.getBoundingClientRect();
        const frame = document.querySelector("[data-image='0']")!.getBoundingClientRect();
        const { width, height } = (document.querySelector("[data-plot=composed] svg") as SVGSVGElement).viewBox.baseVal;
        const scale = Math.min(sheet.width / width, sheet.height / height);
        const [left, top] = [(sheet.width - scale * width) / 2, (sheet.height - scale * height) / 2];
        return [
          (frame.left + u! * frame.width - sheet.left - left) / (scale * width),
          (frame.top + v! * frame.height - sheet.top - top) / (scale * height),
        ];
      },
      [(x + 0.5) / shape[1]!, 1 - (y + 0.5) / shape[0]!],
    );
    const at = png.channels * (Math.floor(down! * png.height) * png.width + Math.floor(right! * png.width));
    const hi = Number((await page.locator("[data-limits]").getAttribute("data-value"))!.split(" ")[1]);
    const expected = COLOUR_MAPS.viridis(Math.min(1, Math.round((255 * values[voxel]!) / hi) / 255));
    const [red, green, blue] = expected.match(/[0-9a-f]{2}/g)!.map((byte) => Number.parseInt(byte, 16));
    const found = [...png.data.slice(at, at + 3)];
    [red!, green!, blue!].forEach((byte, i) => expect(Math.abs(found[i]! - byte)).toBeLessThanOrEqual(2));

    const members = unzip(await taken(page, "ZIP"));
    const csv = members.find(({ name }) => name.startsWith("a-"))!.data.toString("utf8");
    expect(csv).toContain(`# array: ${names[0]}`);
    expect(csv).toContain("# weight fraction (wt%)");
    const lines = csv.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(Number(lines[shape[0]! - 1 - y]!.split(",")[x])).toBeCloseTo(values[voxel]!, 9);
  });

  it("reorders, letters, cuts out a part, and finds all of it again by its address and by its file", async () => {
    const before = await rows(page);
    await page.getByRole("button", { name: "move 1 down" }).click();
    await page.getByLabel("letters").selectOption("upper");
    const frame = (await page.locator("[data-image='2']").boundingBox())!;
    await page.mouse.move(frame.x + 0.26 * frame.width, frame.y + 0.26 * frame.height);
    await page.mouse.down();
    await page.mouse.move(frame.x + 0.74 * frame.width, frame.y + 0.74 * frame.height, { steps: 3 });
    await page.mouse.up();
    const cut = page.getByLabel("left edge");
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>("[aria-label='left edge']")!.value !== "0",
    );
    const [left, text] = [await cut.inputValue(), await page.locator("[data-cell='0'] text").first().textContent()];
    expect(Number(left)).toBe(Math.floor(0.26 * result.list().find(({ name }) => name === names[0])!.shape[1]!));
    expect(text).toBe("A");
    const after = await rows(page);
    expect(after.slice(0, 3)).toEqual([before[1], before[0], before[2]]);

    await page.getByLabel("name of the composition").fill("mine");
    await page.locator("[data-panel=saved]").getByRole("button", { name: "save", exact: true }).click();
    await page.getByText("saved as mine.figure.json").waitFor();
    // the link, opened anew, is the view; the token is not in it
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("[data-take-away] summary").click();
    await page.getByRole("button", { name: "copy link" }).click();
    await page.getByRole("button", { name: "link copied" }).waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).not.toContain(app.server.token);
    await page.goto("about:blank");
    await page.goto(link);
    await figureOf(page, 6);
    expect(await rows(page)).toEqual(after);
    expect(await cut.inputValue()).toBe(left);

    await page.getByRole("button", { name: "begin anew" }).click();
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>("[aria-label='left edge']")!.value === "0",
    );
    expect(await rows(page)).toEqual(before);
    await page.getByLabel("open a composition").selectOption("mine.figure.json");
    await page.getByText("opened mine.figure.json").waitFor();
    await figureOf(page, 6);
    expect(await rows(page)).toEqual(after);
    expect(await cut.inputValue()).toBe(left);
    expect(page.url()).not.toContain("token");
    expect(app.problems).toEqual([]);
  });

  it("takes maps, mixtures and patterns of the result, and says what is not there", async () => {
    await page.getByLabel("what", { exact: true }).selectOption("rgb");
    await page.getByRole("button", { name: "add mixture" }).click();
    await figureOf(page, 7);
    const legend = await page.locator("[data-cell='6'] text").allTextContents();
    const phases = names.map((name) => name.split("/")[1]);
    for (const phase of phases) expect(legend).toContain(`${phase} (wt%)`);
    expect(legend).toContain(phases.join(", "));
    await page.getByLabel("what", { exact: true }).selectOption("pattern");
    await page.getByRole("button", { name: "add pattern" }).click();
    await page.locator("[data-cell='7'] path").first().waitFor();
    expect(await page.locator("[data-cell='7'] text").allTextContents()).toContain("q (Å⁻¹)");
    const csv = unzip(await taken(page, "ZIP"))
      .find(({ name }) => name.startsWith("h-"))!
      .data.toString("utf8");
    const lines = csv.split("\n").filter((line) => /^\d/.test(line));
    const [axis] = result.axes("map/summed_pattern");
    const intensity = result.readArray("map/summed_pattern");
    expect(lines).toHaveLength(intensity.length);
    for (const bin of [0, 77, intensity.length - 1]) {
      const [x, value] = lines[bin]!.split(",").map(Number);
      expect(x).toBeCloseTo(axis!.values[bin]!, 9);
      expect(value! / intensity[bin]!).toBeCloseTo(1, 9);
    }
    await shoot(page, "compose-mixed");
    await page.goto(`${app.server.origin}/#/compose?file=cell.nxs&view={"panels":[{"kind":"map","name":"map/no/a"}]}`);
    await page.getByText("There is no map/no/a in cell.nxs.").first().waitFor();
  });
});
