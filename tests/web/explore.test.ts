/** The page "explore" on the demo's result: what it shows and saves is what the file holds. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ParameterMap } from "../../src/data/index.ts";
import { openResult, type Result } from "../../src/files/result-reader.ts";
import { type App, demoFolder, hasChromium, openApp, shoot } from "./app.ts";

const FILE = "cell.nxs";
const VOLUME = "reconstruct/data";
const SINOGRAM = "sinogram/data";

describe.skipIf(!hasChromium)("the explore page (needs Chromium)", () => {
  let app: App;
  let result: Result;
  let map: ParameterMap;
  let size: number;

  beforeAll(async () => {
    const folder = await demoFolder();
    result = await openResult(join(folder, FILE));
    map = result.readMap("map/NMC532/a");
    size = map.nx;
    app = await openApp(folder, { hash: hashOf({ map: "map/NMC532/a", voxel: [20, 21], bins: [240, 249] }) });
    await ready();
  }, 240_000);
  afterAll(async () => {
    await app?.close();
    result?.close();
  });

  const hashOf = (view: object): string => `#/explore?file=${FILE}&view=${encodeURIComponent(JSON.stringify(view))}`;
  const view = async (): Promise<Record<string, unknown>> => {
    // a change is written to the address a moment after it is shown
    await app.page.waitForTimeout(300);
    const query = new URLSearchParams(new URL(app.page.url()).hash.split("?")[1]);
    return JSON.parse(query.get("view") ?? "{}");
  };
  const ready = async (): Promise<void> => {
    await app.page.locator('[data-image][data-late="false"]').waitFor();
    await app.page.locator('[data-plot="pattern"] canvas').first().waitFor();
    await app.page.locator('[data-read-out="picked"] [data-value]').waitFor();
  };
  /** Goes to a view as a link does. */
  const open = async (state: object): Promise<void> => {
    await app.page.evaluate((hash) => {
      window.location.hash = hash;
    }, hashOf(state));
    await ready();
  };
  const attribute = (selector: string, name: string): Promise<string | null> =>
    app.page.locator(selector).first().getAttribute(name);
  /** The numbers of a panel, as its menu "save" gives them: rows of cells. */
  const savedCsv = async (panel: string): Promise<string[][]> => {
    const menu = app.page.locator(`[data-panel="${panel}"] [data-take-away]`).first();
    await menu.locator("summary").click();
    const saved = app.page.waitForEvent("download");
    await menu.getByRole("button", { name: "CSV" }).click();
    const text = await readFile(await (await saved).path(), "utf8");
    await app.page.keyboard.press("Escape");
    const lines = text.trim().split("\n");
    return lines.filter((line) => !line.startsWith("#")).map((line) => line.split(","));
  };
  const column = (rows: string[][], name: string): number[] => {
    const at = rows[0]!.findIndex((title) => title.startsWith(name));
    expect(at, `column ${name} in ${rows[0]}`).toBeGreaterThanOrEqual(0);
    return rows.slice(1).map((row) => numberOf(row[at]));
  };
  const numberOf = (cell: string | undefined): number => (cell ? Number(cell) : Number.NaN);
  /** Drags over a plot, in shares of its canvas. */
  const drag = async (plot: string, from: [number, number], to: [number, number]): Promise<void> => {
    const box = (await app.page.locator(`[data-plot="${plot}"] canvas`).first().boundingBox())!;
    const at = ([x, y]: [number, number]): [number, number] => [box.x + x * box.width, box.y + y * box.height];
    await app.page.mouse.move(...at(from));
    await app.page.mouse.down();
    await app.page.mouse.move(...at(to), { steps: 4 });
    await app.page.mouse.up();
  };
  /** [y, x] mean over bins, from the file */
  const meanOfBins = (from: number, to: number): Float64Array => {
    const slab = result.readArray(VOLUME, [0, 0, from], [size, size, to - from]);
    return Float64Array.from({ length: size * size }, (_, i) => {
      let sum = 0;
      for (let bin = 0; bin < to - from; bin++) sum += slab[i * (to - from) + bin]!;
      return sum / (to - from);
    });
  };
  const expectImage = (rows: string[][], expected: ArrayLike<number>, rowsDown = true): void => {
    let worst = 0;
    let scale = 0;
    rows.forEach((cells, line) => {
      const row = rowsDown ? rows.length - 1 - line : line;
      cells.forEach((cell, col) => {
        const value = expected[row * cells.length + col]!;
        scale = Math.max(scale, Number.isFinite(value) ? Math.abs(value) : 0);
        worst = Math.max(worst, Number.isFinite(value) ? Math.abs(numberOf(cell) - value) : cell ? 1e9 : 0);
      });
    });
    expect(scale).toBeGreaterThan(0);
    expect(worst / scale).toBeLessThan(1e-6);
  };

  it("reads out value, uncertainty, status and place of any voxel", async () => {
    for (const [x, y] of [
      [20, 21],
      [11, 25],
      [30, 9],
      [0, 0],
    ] as const) {
      await open({ map: "map/NMC532/a", voxel: [x, y], bins: [240, 249] });
      await app.page.locator(`[data-read-out="picked"][data-x="${x}"][data-y="${y}"]`).waitFor();
      const i = y * size + x;
      expect(Number(await attribute('[data-read-out="picked"] [data-value]', "data-value"))).toBe(map.values[i]);
      expect(Number(await attribute('[data-read-out="picked"] [data-status]', "data-status"))).toBe(map.status![i]);
      if (Number.isFinite(map.esd![i])) {
        expect(Number(await attribute('[data-read-out="picked"] [data-esd]', "data-esd"))).toBe(map.esd![i]);
      }
      const [yAxis, xAxis] = result.axes("map/NMC532/a");
      const mm = (await attribute('[data-read-out="picked"] [data-mm]', "data-mm"))!.split(" ").map(Number);
      expect(mm[0]).toBeCloseTo(xAxis!.values[x]!, 9);
      expect(mm[1]).toBeCloseTo(yAxis!.values[y]!, 9);
    }
  });

  it("puts the cursor's voxel where it is drawn, moves with the arrow keys and through the list", async () => {
    const { page } = app;
    await open({ map: "map/NMC532/a", voxel: [20, 21], bins: [240, 249] });
    const cross = (await page.locator('[data-plot="image"] [data-cross]').boundingBox())!;
    await page.mouse.move(cross.x + cross.width / 2, cross.y + cross.height / 2);
    await page.locator('[data-read-out="cursor"][data-x="20"][data-y="21"]').waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowUp");
    await page.locator('[data-read-out="picked"][data-x="21"][data-y="31"]').waitFor();
    await page.getByRole("listbox", { name: "maps" }).focus();
    const shown = await attribute('[role="option"][aria-selected="true"]', "data-map");
    await page.keyboard.press("ArrowDown");
    const next = await attribute(`[data-map="${shown}"] + [role="option"]`, "data-map");
    await page.locator(`[data-image="${next}"][data-late="false"]`).waitFor();
    expect((await view())["map"]).toBe(next);
  });

  it("draws and saves the pattern of the picked voxel", async () => {
    await open({ map: "map/NMC532/a", voxel: [11, 25], bins: [240, 249] });
    await app.page.getByText("voxel x 11, y 25").waitFor();
    const rows = await savedCsv("pattern");
    const bins = result.axes(VOLUME)[2]!.values.length;
    const expected = result.readArray(VOLUME, [25, 11, 0], [1, 1, bins]);
    const sigma = result.readArray(`${VOLUME}_esd`, [25, 11, 0], [1, 1, bins]);
    column(rows, "voxel x 11 y 25").forEach((value, bin) => expect(value).toBeCloseTo(expected[bin]!, 7));
    column(rows, "sigma").forEach((value, bin) => expect(value).toBeCloseTo(sigma[bin]!, 7));
    expect(rows).toHaveLength(bins + 1);
  });

  it("shows the image and the sinogram of a range that is dragged over the pattern", async () => {
    const { page } = app;
    await drag("pattern", [0.52, 0.4], [0.56, 0.4]);
    await page.locator('[data-kind="bins"][data-late="false"]').waitFor();
    const [from, to] = (await view())["bins"] as [number, number];
    const count = result.axes(VOLUME)[2]!.values.length;
    // 4 % of the axis
    expect(Math.abs(to - from - 0.04 * count)).toBeLessThanOrEqual(2);
    expectImage(await savedCsv("image"), meanOfBins(from, to));
    await page.locator('[data-sinogram][data-late="false"]').waitFor();
    const [angles, translations] = result.axes(SINOGRAM).map(({ values }) => values);
    const shape = [angles!.length, translations!.length, to - from];
    const slab = Float64Array.from(result.readArray(SINOGRAM, [0, 0, from], shape));
    const order = [...angles!.keys()].sort((a, b) => angles![a]! - angles![b]!);
    const mean = order.flatMap((row) =>
      Array.from({ length: translations!.length }, (_, col) => {
        const start = (row * translations!.length + col) * (to - from);
        return slab.subarray(start, start + to - from).reduce((sum, value) => sum + value, 0) / (to - from);
      }),
    );
    expectImage(await savedCsv("lower"), mean);
    const step = result.axes(VOLUME)[1]!.values[1]! - result.axes(VOLUME)[1]!.values[0]!;
    const path = (await attribute("[data-trace]", "data-trace"))!
      .split(" ")
      .map((point) => point.split(",").map(Number));
    path.forEach(([s, omegaDeg], row) => {
      const omega = (omegaDeg! * Math.PI) / 180;
      expect(omegaDeg).toBeCloseTo(angles![order[row]!]!, 9);
      expect(s).toBeCloseTo(
        step * ((11 - (size - 1) / 2) * Math.cos(omega) + (25 - (size - 1) / 2) * Math.sin(omega)),
        6,
      );
    });
  });

  it("takes the background beside the range off, and scrolls by keys", async () => {
    const { page } = app;
    await open({ show: "bins", voxel: [11, 25], bins: [240, 249], side: 6 });
    await page.locator('[data-kind="bins"][data-late="false"]').waitFor();
    const peak = meanOfBins(240, 249);
    const [below, above] = [meanOfBins(234, 240), meanOfBins(249, 255)];
    const net = peak.map((value, i) => value - (below[i]! + above[i]!) / 2);
    expectImage(await savedCsv("image"), net);
    await page.keyboard.press("]");
    await page.locator('[data-bins="241 250"]').waitFor();
    await page.keyboard.press("[");
    await page.keyboard.press("[");
    await page.locator('[data-bins="239 248"]').waitFor();
  });

  it("gives the mean pattern and the map's statistics of a region that is drawn", async () => {
    const { page } = app;
    await open({ map: "map/NMC532/a", voxel: [11, 25], bins: [240, 249] });
    await page.getByLabel("draw a rectangle").click();
    await page.locator('[data-drag="rectangle"]').waitFor();
    await drag("image", [0.25, 0.45], [0.45, 0.58]);
    await page.locator('[data-region="region 1"]').waitFor();
    const { shape } = ((await view())["regions"] as [{ shape: { from: [number, number]; to: [number, number] } }])[0];
    const inside: number[] = [];
    for (let i = 0; i < size * size; i++) {
      const [x, y] = [(i % size) + 0.5, Math.floor(i / size) + 0.5];
      if (x >= shape.from[0] && x < shape.to[0] && y >= shape.from[1] && y < shape.to[1]) inside.push(i);
    }
    const kept = inside.map((i) => (map.status![i] === 0 ? map.values[i]! : Number.NaN)).filter(Number.isFinite);
    const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
    const sd = Math.sqrt(kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (kept.length - 1));
    const cell = async (quantity: string): Promise<number> =>
      Number(await attribute(`[data-region="region 1"] [data-quantity="${quantity}"]`, "data-value"));
    expect(kept.length).toBeGreaterThan(10);
    expect([await cell("voxels"), await cell("used")]).toEqual([inside.length, kept.length]);
    expect(await cell("mean")).toBeCloseTo(mean, 10);
    expect(await cell("sd")).toBeCloseTo(sd, 10);
    await page.locator(".legend").getByText("region 1").waitFor();
    const bins = result.axes(VOLUME)[2]!.values.length;
    const volume = result.readArray(VOLUME);
    column(await savedCsv("pattern"), "region 1").forEach((value, bin) => {
      const sum = inside.reduce((total, i) => total + volume[i * bins + bin]!, 0);
      expect(value).toBeCloseTo(sum / inside.length, 7);
    });
  });

  it("draws polygons click by click, and names the reflections near the pointer", async () => {
    const { page } = app;
    await open({ map: "map/NMC532/a", voxel: [11, 25], bins: [240, 249] });
    await page.getByLabel("draw a polygon").click();
    const box = (await page.locator('[data-plot="image"] canvas').first().boundingBox())!;
    const corners = [
      [0.3, 0.4],
      [0.6, 0.42],
      [0.65, 0.58],
    ].map(([x, y]) => [box.x + x! * box.width, box.y + y! * box.height] as const);
    await page.locator('[data-drag="polygon"]').waitFor();
    for (const [x, y] of corners) {
      await page.mouse.click(x, y);
      // slower than a double click, which would end it
      await page.waitForTimeout(350);
    }
    await page.mouse.dblclick(box.x + 0.35 * box.width, box.y + 0.6 * box.height);
    await page.locator('[data-region="region 1"]').waitFor();
    const { shape } = ((await view())["regions"] as [{ shape: { kind: string; points: unknown[] } }])[0];
    expect([shape.kind, shape.points.length]).toEqual(["polygon", 4]);
    await page.locator('[data-tick-row="NMC532"]').waitFor();
    const marks = (await attribute('[data-tick-row="NMC532"]', "d"))!;
    const pattern = (await page.locator('[data-plot="pattern"] canvas').first().boundingBox())!;
    await page.mouse.move(pattern.x + Number(/M([\d.]+),/.exec(marks)![1]), pattern.y + 30);
    // the first of R-3m with a layered cell
    await page.locator('[data-hkl="0 0 3"]').getByText("NMC532").waitFor();
    await page.locator('[data-ticks="NMC532"] button').click();
    await page.locator('[data-tick-row="NMC532"]').waitFor({ state: "detached" });
  });

  it("draws a profile along a line, with its uncertainty", async () => {
    await open({
      map: "map/NMC532/weight_fraction",
      voxel: [11, 25],
      bins: [240, 249],
      lower: "profile",
      line: { from: [6.5, 24.5], to: [16.5, 24.5], width: 3 },
    });
    await app.page.locator('[data-plot="profile"] canvas').first().waitFor();
    const fraction = result.readMap("map/NMC532/weight_fraction");
    const rows = await savedCsv("lower");
    const [values, esds] = [column(rows, "NMC532 weight fraction"), column(rows, "esd")];
    expect(values).toHaveLength(11);
    values.forEach((value, point) => {
      const across = [23, 24, 25].map((y) => y * size + 6 + point).filter((i) => fraction.status![i] === 0);
      const mean = across.reduce((sum, i) => sum + fraction.values[i]!, 0) / across.length;
      const esd = Math.sqrt(across.reduce((sum, i) => sum + fraction.esd![i]! ** 2, 0)) / across.length;
      if (across.length === 0) return expect([value, esds[point]]).toEqual([Number.NaN, Number.NaN]);
      expect(value).toBeCloseTo(mean, 9);
      expect(esds[point]).toBeCloseTo(esd, 9);
    });
    expect(values.filter(Number.isFinite).length).toBeGreaterThan(4);
  });

  it("reads out the ray under the cursor on the sinogram", async () => {
    const { page } = app;
    await open({ map: "map/NMC532/a", voxel: [11, 25], bins: [240, 241] });
    await page.locator('[data-sinogram][data-late="false"]').waitFor();
    const box = (await page.locator('[data-plot="sinogram"] canvas').first().boundingBox())!;
    await page.mouse.move(box.x + 0.4 * box.width, box.y + 0.3 * box.height);
    await page.locator('[data-read-out="ray"]').waitFor();
    const [angles] = result.axes(SINOGRAM).map(({ values }) => values);
    const row = Number(await attribute('[data-read-out="ray"]', "data-row"));
    const col = Number(await attribute('[data-read-out="ray"]', "data-col"));
    const angle = [...angles!.keys()].sort((a, b) => angles![a]! - angles![b]!)[row]!;
    const [expected] = result.readArray(SINOGRAM, [angle, col, 240], [1, 1, 1]);
    expect(Number(await attribute('[data-read-out="ray"] [data-value]', "data-value"))).toBeCloseTo(expected!, 5);
    // upwards and to the right: 70 % of the angles, 40 % of the translations
    expect(Math.abs(row - 0.7 * angles!.length)).toBeLessThanOrEqual(1);
    expect(Math.abs(col - 0.4 * size)).toBeLessThanOrEqual(1);
  });

  it("changes colours without asking the server again", async () => {
    const { page } = app;
    await open({ map: "map/NMC532/a", voxel: [11, 25], bins: [240, 249] });
    const before = await attribute('[data-plot="image"]', "data-limits");
    const asked: string[] = [];
    page.on("request", (request) => request.url().includes("/api/") && asked.push(request.url()));
    await page.getByLabel("colour map").selectOption("magma");
    await page.getByLabel("colour scale").selectOption("sqrt");
    await page.getByLabel("upper limit").fill("90");
    await page.getByLabel("upper limit").press("Enter");
    await page.waitForFunction(
      (old) => document.querySelector('[data-plot="image"]')?.getAttribute("data-limits") !== old,
      before,
    );
    expect(asked).toEqual([]);
    const finite = Float64Array.from(map.values).filter(Number.isFinite).sort();
    const percentile = (share: number): number => finite[Math.round(share * (finite.length - 1))]!;
    const limits = (await attribute('[data-plot="image"]', "data-limits"))!.split(" ").map(Number);
    expect(limits).toEqual([percentile(0.01), percentile(0.9)]);
  });

  it("is restored from its address", async () => {
    const { page } = app;
    const state = {
      map: "dlsr/NMC532/c",
      voxel: [14, 27],
      bins: [100, 120],
      side: 4,
      unit: "d",
      ordinate: "log",
      hidden: ["Cu"],
      lower: "regions",
      regions: [{ name: "outer turn", colour: 2, shape: { kind: "ellipse", from: [3, 4], to: [12, 30] } }],
      colours: {
        colourMap: "cividis",
        transform: "linear",
        percentiles: [1, 99],
        limits: [14.1, 14.4],
        isSymmetric: false,
      },
    };
    await open(state);
    await page.locator('[data-region="outer turn"]').waitFor();
    const snapshot = async () => ({
      image: await attribute("[data-image]", "data-image"),
      limits: await attribute('[data-plot="image"]', "data-limits"),
      picked: await page.locator('[data-read-out="picked"]').textContent(),
      bins: await attribute("[data-bins]", "data-bins"),
      region: await page.locator('[data-region="outer turn"]').textContent(),
      hidden: await page.locator('[data-ticks="Cu"] button').getAttribute("aria-pressed"),
      axis: await page.getByLabel("axis").inputValue(),
    });
    const before = await snapshot();
    expect(before).toMatchObject({ image: "dlsr/NMC532/c", limits: "14.1 14.4", hidden: "false", axis: "d" });
    await page.reload();
    await ready();
    await page.locator('[data-region="outer turn"]').waitFor();
    expect(await snapshot()).toEqual(before);
    expect(await view()).toEqual(state);
    await shoot(page, "explore");
    expect(app.problems).toEqual([]);
  });
});
