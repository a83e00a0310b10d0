/** Comparing maps, mixing colours, brushing histograms, drawing masks: what the page shows against the file's arrays. */
import { copyFileSync, existsSync, linkSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import type { Download, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ParameterMap } from "../../src/data/index.ts";
import { decodeNpy } from "../../src/files/npy.ts";
import { openResult, type Result } from "../../src/files/result-reader.ts";
import { type App, demoFolder, hasChromium, openApp, shoot, shownValue } from "./app.ts";

const FIRST = "map/NMC532/c";
const SECOND = "dlsr/NMC532/c";
const RGB = ["map/NMC532/weight_fraction", "map/Fe/weight_fraction", "map/graphite/weight_fraction"] as const;

const isGood = ({ values, status }: ParameterMap, i: number): boolean =>
  Number.isFinite(values[i]!) && (!status || status[i] === 0);
const median = (sorted: readonly number[]): number =>
  (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The machine may be busy. */
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 90_000 });

describe.skipIf(!hasChromium)("several maps of a result (needs Chromium)", () => {
  let folder: string;
  let app: App;
  let page: Page;
  let result: Result;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "xrdct-compare-"));
    copyFileSync(join(await demoFolder(), "cell.nxs"), join(folder, "cell.nxs"));
    linkSync(join(folder, "cell.nxs"), join(folder, "again.nxs"));
    result = await openResult(join(folder, "cell.nxs"));
    app = await openApp(folder);
    page = app.page;
  }, 300_000);

  afterAll(async () => {
    await app?.close();
    result?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (view: object): Promise<void> => {
    const hash = `#/explore?file=cell.nxs&view=${encodeURIComponent(JSON.stringify(view))}`;
    await page.goto(`${app.server.origin}/${hash}`);
  };
  const shown = (name: string): Promise<number> => shownValue(page, `[data-read="${name}"]`);
  const viewOf = async (): Promise<Record<string, unknown>> => {
    const { hash } = new URL(page.url());
    return JSON.parse(new URLSearchParams(hash.split("?")[1]).get("view") ?? "{}");
  };
  const saved = async (panel: string, format: string): Promise<Buffer> => {
    const menu = page.locator(`[data-panel="${panel}"] details.menu`);
    await menu.locator("summary").click();
    const [download]: [Download, unknown] = await Promise.all([
      page.waitForEvent("download"),
      menu.getByRole("button", { name: format, exact: true }).click(),
    ]);
    await menu.locator("summary").click();
    return readFileSync(await download.path());
  };

  it("two maps are compared voxel by voxel, in numbers and at the pointer", async () => {
    const [first, second] = [result.readMap(FIRST), result.readMap(SECOND)];
    const used = [...first.values.keys()].filter((i) => isGood(first, i) && isGood(second, i));
    const differences = used.map((i) => second.values[i]! - first.values[i]!);
    const at = used[used.length >> 1]!;
    const [x, y] = [at % first.nx, Math.floor(at / first.nx)];
    await open({ mode: "compare", voxel: [x, y] });
    await page.locator(`[data-voxel="${x} ${y}"]`).waitFor();
    expect(used.length).toBeGreaterThan(50);
    expect(await shown("count")).toBe(used.length);
    expect(await shown("difference-mean")).toBeCloseTo(mean(differences), 9);
    expect(await shown("difference-median")).toBeCloseTo(median(differences.toSorted((a, b) => a - b)), 9);
    expect(await shown("difference-rms")).toBeCloseTo(Math.sqrt(mean(differences.map((d) => d * d))), 9);
    expect(await shown("voxel-first")).toBe(first.values[at]);
    expect(await shown("voxel-second")).toBe(second.values[at]);
    expect(await shown("voxel-difference")).toBe(second.values[at]! - first.values[at]!);
    expect(await shown("voxel-difference-esd")).toBeCloseTo(Math.hypot(first.esd![at]!, second.esd![at]!), 12);

    const canvas = page.locator('[data-plot="compare-first"] canvas');
    await canvas.hover();
    await page.getByText("pointed at").waitFor();
    const middle = (await page.locator("[data-voxel]").getAttribute("data-voxel"))!.split(" ").map(Number);
    const i = middle[1]! * first.nx + middle[0]!;
    expect(await shown("voxel-second")).toEqual(second.values[i]);
    // the cross is on both maps, the difference and its significance
    expect(await page.locator('[data-panel^="compare-"]:has([data-cross])').count()).toBeGreaterThanOrEqual(4);

    // wheel on one map: the others follow
    const ticks = (name: string): Promise<string[]> =>
      page.locator(`[data-plot="${name}"] .visx-axis-tick text`).allTextContents();
    const before = await ticks("compare-second");
    for (let turn = 0; turn < 12; turn++) await page.mouse.wheel(0, -100);
    await eventually(() => ticks("compare-second")).not.toEqual(before);
    await eventually(async () => (await ticks("compare-second")).join()).toBe((await ticks("compare-first")).join());
    await shoot(page, "explore-compare");

    await page.getByRole("button", { name: /swap/ }).click();
    await eventually(() => shown("difference-mean")).toBeCloseTo(-mean(differences), 9);
    // the same map of another file
    await page.getByLabel("file of the second map").selectOption("again.nxs");
    await eventually(() => shown("difference-rms")).toBe(0);
    await page.getByLabel("second map", { exact: true }).selectOption(FIRST);
    await eventually(() => shown("difference-mean")).toBeCloseTo(-mean(differences), 9);
    const npy = decodeNpy(await saved("compare-difference", "NPY"), "difference.npy");
    expect(npy.shape).toEqual([first.ny, first.nx]);
    expect(npy.data[at]).toBeCloseTo(first.values[at]! - second.values[at]!, 12);
  }, 120_000);

  it("three maps are the red, green and blue of each voxel, on the page and in the PNG", async () => {
    const maps = RGB.map((name) => result.readMap(name));
    const [{ nx, ny }] = maps as [ParameterMap];
    const limits = [
      [0, 1],
      [0.1, 0.9],
      [0, 0.5],
    ] as const;
    const gamma = 0.5;
    const weights = [1, 1, 1.5];
    const byteOf = (c: number, i: number): number => {
      const value = maps[c]!.values[i]!;
      if (!Number.isFinite(value)) return 0;
      const [lo, hi] = limits[c]!;
      const share = Math.min(1, Math.max(0, (value - lo) / (hi - lo)));
      return Math.round(255 * Math.min(1, weights[c]! * share) ** gamma);
    };
    const pixel = (i: number): number[] =>
      maps.every(({ values }) => Number.isNaN(values[i])) ? [141, 141, 141] : [0, 1, 2].map((c) => byteOf(c, i));
    const all = Array.from({ length: nx * ny }, (_, i) => i);
    // a voxel in which all three are seen, as far as there is one
    const at = all
      .toSorted((a, b) => Math.min(...pixel(b)) - Math.min(...pixel(a)))
      .find((i) => maps.every(({ values }) => Number.isFinite(values[i])))!;
    const [red, green, blue] = RGB;
    await open({
      mode: "rgb",
      ...{ red, green, blue, gamma, blueWeight: 1.5 },
      ...{ redLimits: limits[0], greenLimits: limits[1], blueLimits: limits[2] },
      voxel: [at % nx, Math.floor(at / nx)],
    });
    const read = page.locator('[data-read="voxel-rgb"]');
    await read.waitFor();
    expect(await read.getAttribute("data-value")).toBe(pixel(at).join(" "));
    expect(await shown("voxel-green")).toBe(maps[1]!.values[at]);
    await shoot(page, "explore-rgb");

    const png = decode(await saved("rgb", "PNG"));
    const zoom = 380 / Math.max(nx, ny);
    for (const i of all.filter((one) => one % 97 === 0)) {
      // of the figure: margins of 16 and 34, y up, two pixels a unit
      const px = Math.floor(2 * (16 + (0.5 + (i % nx)) * zoom));
      const py = Math.floor(2 * (34 + (ny - 0.5 - Math.floor(i / nx)) * zoom));
      // the cross covers its voxel and its neighbours
      if (Math.hypot((i % nx) - (at % nx), Math.floor(i / nx) - Math.floor(at / nx)) < 3) continue;
      const start = (py * png.width + px) * png.channels;
      expect([...png.data.slice(start, start + 3)], `voxel ${i}`).toEqual(pixel(i));
    }

    await page.getByLabel("blue weight").fill("0.5");
    weights[2] = 0.5;
    await eventually(() => read.getAttribute("data-value")).toBe(pixel(at).join(" "));
    await page.getByRole("button", { name: "turn colours" }).click();
    await eventually(async () => (await viewOf())["green"]).toBe(red);
    expect(await read.getAttribute("data-value")).toBe([2, 0, 1].map((c) => byteOf(c, at)).join(" "));
  }, 120_000);

  it("a range of the histogram is the voxels with those values, and their mean pattern", async () => {
    const map = result.readMap(FIRST);
    const good = [...map.values.keys()].filter((i) => isGood(map, i));
    await open({ lower: "histogram", map: FIRST });
    const bars = page.locator('[data-plot="histogram"] svg');
    await bars.waitFor();
    expect(await shown("histogram-total")).toBe(good.length);
    const { x, y, width, height } = (await bars.boundingBox())!;
    await page.mouse.move(x + 0.45 * width, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + 0.5 * width, y + height / 2, { steps: 3 });
    await page.mouse.move(x + 0.55 * width, y + height / 2, { steps: 3 });
    await page.mouse.up();
    await page.locator('[data-read="brush-count"]').waitFor();
    const brush = await page.locator('[data-read="brush"]').getAttribute("data-value");
    const [from, to] = brush!.split(" ").map(Number) as [number, number];
    const inside = good.filter((i) => map.values[i]! >= from && map.values[i]! <= to);
    expect(inside.length).toBeGreaterThan(0);
    expect(await shown("brush-count")).toBe(inside.length);
    expect(await shown("brush-share")).toBeCloseTo(inside.length / good.length, 12);

    const [reply] = await Promise.all([
      page.waitForResponse(
        (response) => response.url().includes("/api/pattern") && response.request().method() === "POST",
      ),
      page.getByRole("button", { name: "mean pattern" }).click(),
    ]);
    const { arrays, meta } = JSON.parse((await reply.allHeaders())["x-xrdct-arrays"]!);
    expect(meta.voxels).toBe(inside.length);
    expect(arrays[0].name).toBe("intensity");
    const bytes = await reply.body();
    const intensity = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + arrays[0].shape[0] * 8));
    const bin = 40;
    const image = result.readArray("reconstruct/data", [0, 0, bin], [map.ny, map.nx, 1]);
    expect(intensity[bin]).toBeCloseTo(mean(inside.map((i) => image[i]!)), 9);
    await shoot(page, "explore-histogram");

    // an end of the colours, by the keyboard: the map's colours follow
    const handle = page.getByRole("slider", { name: "upper end of the colours" });
    const before = Number(await handle.getAttribute("data-value"));
    await handle.press("ArrowLeft");
    await eventually(async () => Number(await handle.getAttribute("data-value"))).toBeLessThan(before);
    const upper = Number(await handle.getAttribute("data-value"));
    const limits = (await page.locator('[data-plot="image"]').getAttribute("data-limits"))!.split(" ").map(Number);
    expect(limits[1]).toBe(upper);

    await page.getByRole("button", { name: "to the mask" }).click();
    await eventually(() => shown("mask-voxels")).toBe(inside.length);
  }, 120_000);

  it("masks are drawn, cut, saved, replaced, loaded, deleted, and say what every map is inside", async () => {
    const map = result.readMap(FIRST);
    const { nx, ny } = map;
    const ellipse = { kind: "ellipse", from: [3, 5], to: [37, 34] } as const;
    const hole = { kind: "rectangle", from: [10, 10.6], to: [20, 21] } as const;
    const expected = Uint8Array.from({ length: nx * ny }, (_, i) => {
      const [x, y] = [(i % nx) + 0.5, Math.floor(i / nx) + 0.5];
      const isOut = ((x - 20) / 17) ** 2 + ((y - 19.5) / 14.5) ** 2 >= 1;
      return Number(!isOut && !(x > 10 && x < 20 && y > 10.6 && y < 21));
    });
    const count = expected.reduce((sum, one) => sum + one, 0);
    const pieces = [
      { kind: "shape", shape: ellipse },
      { kind: "shape", shape: hole, isHole: true },
    ];
    await open({ lower: "masks", map: FIRST, pieces });
    await eventually(() => shown("mask-voxels")).toBe(count);

    await page.getByLabel("name of the mask").fill("cathode");
    await page.getByRole("button", { name: "save", exact: true }).click();
    await page.locator('[data-mask="cathode"]').waitFor();
    const file = join(folder, "cell.cathode.mask.npy");
    const written = decodeNpy(readFileSync(file), file);
    expect(written.shape).toEqual([ny, nx]);
    expect([...written.data]).toEqual([...expected]);

    await page.getByRole("button", { name: /statistics of all/ }).click();
    await page.locator('[data-statistics="done"]').waitFor();
    const inside = [...map.values.keys()].filter((i) => expected[i] && isGood(map, i));
    const cell = (quantity: string): Promise<number> =>
      shownValue(page, `[data-statistics] [data-map="${FIRST}"] [data-quantity="${quantity}"]`);
    expect(await cell("used")).toBe(inside.length);
    expect(await cell("mean")).toBeCloseTo(mean(inside.map((i) => map.values[i]!)), 9);
    await shoot(page, "explore-masks");

    // a rectangle by hand, on the image: one piece more, under the same name only when it is said
    await page.getByRole("button", { name: "draw a rectangle" }).click();
    const box = (await page.locator('[data-plot="image"] canvas').boundingBox())!;
    await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.45 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.5 * box.height, { steps: 4 });
    await page.mouse.move(box.x + 0.7 * box.width, box.y + 0.55 * box.height, { steps: 4 });
    await page.mouse.up();
    await eventually(async () => ((await viewOf())["pieces"] as unknown[]).length).toBe(3);
    const drawn = ((await viewOf())["pieces"] as { shape: typeof hole }[])[2]!.shape;
    const joined = expected.map((one, i) => {
      const [x, y] = [(i % nx) + 0.5, Math.floor(i / nx) + 0.5];
      return one || Number(x >= drawn.from[0] && x < drawn.to[0] && y >= drawn.from[1] && y < drawn.to[1]);
    });
    const voxels = joined.reduce((sum, one) => sum + one, 0);
    expect(voxels).toBeGreaterThan(count);
    expect(await shown("mask-voxels")).toBe(voxels);
    await page.getByRole("button", { name: "save", exact: true }).click();
    await page.locator('[data-code="mask-exists"]').waitFor();
    await page.getByRole("button", { name: "replace it" }).click();
    await page.locator('[data-mask="cathode"]', { hasText: `${voxels} voxels` }).waitFor();
    expect([...decodeNpy(readFileSync(file), file).data]).toEqual([...joined]);

    await page.getByRole("button", { name: "clear", exact: true }).click();
    await page.getByRole("button", { name: "load cathode" }).click();
    await eventually(() => shown("mask-voxels")).toBe(voxels);
    expect(await page.locator('[data-piece="shape"]').count()).toBe(3);
    await page.getByRole("button", { name: "delete cathode" }).click();
    await page.getByRole("button", { name: "delete cathode for good" }).click();
    await page.locator('[data-mask="cathode"]').waitFor({ state: "detached" });
    expect(existsSync(file)).toBe(false);
    // the one refusal that the test asked for
    expect(app.problems.filter((problem) => !problem.includes("400"))).toEqual([]);
  }, 120_000);
});
