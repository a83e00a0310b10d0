/**
 * Results of measured scans, as they come: a raster map of peaks without a Rietveld model, and a slice of one channel
 * without any map. What the page shows is what the file, and the measured pattern behind it, hold.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeCbf } from "../../src/files/cbf.ts";
import { openResult, type Result } from "../../src/files/result-reader.ts";
import { hasShared, shared } from "../shared.ts";
import { tempFolder } from "../temp-folder.ts";
import { unzip } from "../unzip.ts";
import { runHere } from "../virtual-scan.ts";
import { type App, hasChromium, openApp, shoot, shownValue } from "./app.ts";

/** The machine may be busy. */
const SLOW = { timeout: 90_000 };
const ROWS = 13;
const COLS = 11;
const RASTER = `title: NCA particle
input: {kind: raster, files: "nca/Data_*.chi", rows: ${ROWS}, cols: ${COLS}, axisUnit: two-theta}
energyKeV: 25
map:
  regions:
    - {name: "003", phase: NCA, range: [5.6, 6.4], peaks: [{name: "003", hkl: [0, 0, 3], d: 4.75}]}
    - {name: "101", phase: NCA, range: [11.2, 12.1], peaks: [{name: "101", hkl: [1, 0, 1], d: 2.45}]}
  lattices: [{phase: NCA, system: hexagonal}]
`;
const CHANNEL = `title: POX catalyst
input: {kind: sinograms, file: ${JSON.stringify(
  shared("data/xrdct/sd2i_xrdct_sinograms/sd2i_MnNaWSiO2_POX.h5"),
)}, dataset: POX}
sinogram: {order: unidirectional, lineShiftSteps: 0, air: none, sigma: none}
reconstruct: {method: fbp}
`;

const name = "measured results in the app (needs Chromium, needs ../shared)";
describe.skipIf(!hasChromium || !hasShared)(name, () => {
  const folder = tempFolder();
  const opened: Record<string, Result> = {};
  let app: App;

  beforeAll(async () => {
    mkdirSync(join(folder, "nca"));
    for (const { name, data } of unzip(readFileSync(shared("data/xrdct/scimap_34IDE_nca_map/xrd-map-34-ID-E.zip")))) {
      if (/Data_\d+\.chi$/.test(name)) writeFileSync(join(folder, "nca", name.split("/").at(-1)!), data);
    }
    for (const [scan, text] of Object.entries({ raster: RASTER, channel: CHANNEL })) {
      const [yaml, output] = [join(folder, `${scan}.yaml`), join(folder, `${scan}.nxs`)];
      writeFileSync(yaml, text);
      await runHere(yaml, output);
      opened[scan] = await openResult(output);
    }
    app = await openApp(folder);
  }, 240_000);
  afterAll(async () => {
    await app?.close();
    for (const result of Object.values(opened)) result.close();
  });

  const goTo = async (page: string, scan: string, view: object = {}): Promise<void> => {
    const query = `file=${scan}.nxs&view=${encodeURIComponent(JSON.stringify(view))}`;
    await app.page.goto(`${app.server.origin}/#/${page}?${query}`);
  };
  /** What "save" of a panel gives as CSV: rows of cells, without the lines that say what they are. */
  const csvOf = async (panel: string): Promise<string[][]> => {
    const menu = app.page.locator(`[data-panel="${panel}"] [data-take-away]`).first();
    await menu.locator("summary").click();
    const [download] = await Promise.all([
      app.page.waitForEvent("download"),
      menu.getByRole("button", { name: "CSV" }).click(),
    ]);
    await app.page.keyboard.press("Escape");
    const lines = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\n");
    return lines.filter((line) => !line.startsWith("#")).map((line) => line.split(","));
  };
  /** the intensities of the point's own file, as the instrument's software wrote them: point 0 is the lowest left one */
  const measured = (point: number): number[] =>
    readFileSync(join(folder, "nca", `Data_${String(point + 1).padStart(4, "0")}.chi`), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter((cells) => cells.length === 2 && cells.every(Number.isFinite))
      .map(([, intensity]) => intensity!);
  /** The image as saved, by rows from the lowest. */
  const imageOf = async (): Promise<number[][]> => (await csvOf("image")).map((row) => row.map(Number)).reverse();
  const percentile = (values: ArrayLike<number>, share: number): number => {
    const sorted = Float64Array.from(values).filter(Number.isFinite).sort();
    return sorted[Math.round(share * (sorted.length - 1))]!;
  };

  it("shows values, uncertainties and places of the raster's voxels as the file holds them", async () => {
    const map = opened["raster"]!.readMap("map/NCA/c");
    const picked = '[data-read-out="picked"]';
    for (const [x, y] of [
      [2, 4],
      [5, 9],
      [0, 12],
    ] as const) {
      await goTo("explore", "raster", { map: "map/NCA/c", voxel: [x, y] });
      await app.page.locator(`${picked}[data-x="${x}"][data-y="${y}"] [data-value]`).waitFor();
      const i = y * COLS + x;
      expect(await shownValue(app.page, `${picked} [data-value]`)).toBe(map.values[i]);
      expect(Number(await app.page.locator(`${picked} [data-esd]`).getAttribute("data-esd"))).toBe(map.esd![i]);
    }
    // the file knows no step: its axes, and the page's, count voxels from 0
    expect([...opened["raster"]!.axes("map/NCA/c")[1]!.values].slice(0, 3)).toEqual([0, 1, 2]);
    const ticks = await app.page.locator('[data-plot="image"] .visx-axis-tick text').allTextContents();
    expect(ticks.length).toBeGreaterThan(2);
    for (const tick of ticks) expect(Number(tick)).toBeGreaterThanOrEqual(0);
    await shoot(app.page, "measured-raster");
  });

  it("draws the pattern that was measured in a voxel, and the mean of those in a region", async () => {
    const shape = { kind: "rectangle", from: [1, 3], to: [4, 6] };
    await goTo("explore", "raster", {
      map: "map/NCA/c",
      voxel: [2, 4],
      bins: [515, 527],
      lower: "regions",
      regions: [{ name: "grain", colour: 1, shape }],
    });
    await app.page.locator(".legend").getByText("grain").waitFor();
    await app.page.locator('[data-region="grain"] [data-quantity="mean"]').waitFor();
    const inside = [3, 4, 5].flatMap((y) => [1, 2, 3].map((x) => y * COLS + x));
    const [, ...lines] = await csvOf("pattern");
    const one = measured(4 * COLS + 2);
    const several = inside.map(measured);
    expect(one).toHaveLength(lines.length);
    lines.forEach((cells, bin) => {
      const mean = several.reduce((sum, pattern) => sum + pattern[bin]!, 0) / several.length;
      // the file keeps float32
      expect(Math.abs(Number(cells[1]) - one[bin]!)).toBeLessThan(1e-6 * (1 + one[bin]!));
      expect(Math.abs(Number(cells.at(-1)) - mean)).toBeLessThan(1e-6 * (1 + mean));
    });
    const map = opened["raster"]!.readMap("map/NCA/c");
    const good = inside.filter((i) => map.status![i] === 0).map((i) => map.values[i]!);
    const mean = good.reduce((sum, value) => sum + value, 0) / good.length;
    expect(good.length).toBeGreaterThan(6);
    expect(await shownValue(app.page, '[data-region="grain"] [data-quantity="used"]')).toBe(good.length);
    expect(await shownValue(app.page, '[data-region="grain"] [data-quantity="mean"]')).toBeCloseTo(mean, 10);
  });

  it("shows the mean of the measured intensities over a range of bins", async () => {
    await goTo("explore", "raster", { show: "bins", voxel: [2, 4], bins: [515, 527] });
    await app.page.locator('[data-kind="bins"][data-late="false"]').waitFor();
    const image = await imageOf();
    expect([image.length, image[0]!.length]).toEqual([ROWS, COLS]);
    image.forEach((row, y) => {
      row.forEach((value, x) => {
        const range = measured(y * COLS + x).slice(515, 527);
        const mean = range.reduce((sum, one) => sum + one, 0) / range.length;
        expect(Math.abs(value - mean)).toBeLessThan(1e-6 * (1 + mean));
      });
    });
  });

  it("mixes maps of peaks as red and green, of the values in the file", async () => {
    const [red, green] = ["map/003/003/area", "map/101/101/area"];
    const byteOf = (map: string, i: number): number => {
      const { values } = opened["raster"]!.readMap(map);
      const [lo, hi] = [percentile(values, 0.01), percentile(values, 0.99)];
      return Math.round(255 * Math.min(1, Math.max(0, (values[i]! - lo) / (hi - lo))));
    };
    for (const [x, y] of [
      [4, 4],
      [1, 6],
    ] as const) {
      await goTo("explore", "raster", { mode: "rgb", red, green, voxel: [x, y] });
      await app.page.locator(`[data-voxel="${x} ${y}"]`).waitFor();
      const i = y * COLS + x;
      const bytes = await app.page.locator('[data-read="voxel-rgb"]').getAttribute("data-value");
      expect(bytes).toBe(`${byteOf(red, i)} ${byteOf(green, i)} 0`);
    }
    // the widest unit stays inside its box
    const isInside = await app.page.locator('[data-channel="red"]').evaluate((box) => {
      const right = (one: Element): number => one.getBoundingClientRect().right;
      return [...box.querySelectorAll("*")].every((one) => right(one) <= right(box));
    });
    expect(isInside).toBe(true);
    await shoot(app.page, "measured-rgb");
  });

  it("compares maps, composes a figure and asks for a model where there was no Rietveld map", async () => {
    const { page } = app;
    await goTo("explore", "raster", { mode: "compare", a: "map/003/003/area", b: "map/101/101/area", voxel: [2, 4] });
    await page.locator('[data-voxel="2 4"]').waitFor();
    const [first, second] = ["map/003/003/area", "map/101/101/area"].map((map) => opened["raster"]!.readMap(map));
    const at = 4 * COLS + 2;
    const shown = await shownValue(page, '[data-read="voxel-difference"]');
    expect(shown).toBe(second!.values[at]! - first!.values[at]!);
    await goTo("refine", "raster");
    await page.getByText("This result holds no Rietveld map").waitFor();
    expect(await page.getByRole("button", { name: "refine the mean pattern" }).isDisabled()).toBe(true);
    await goTo("compose", "raster");
    await page.locator("[data-plot=composed] [data-image]").first().waitFor();
    // maps come one after the other
    const images = page.locator("[data-plot=composed] [data-image]");
    const rows = page.locator("[data-panel=panels] .compose-row");
    await expect
      .poll(async () => [(await images.count()) > 0, await images.count()])
      .toEqual([true, await rows.count()]);
    await page.locator("[data-plot=composed]").getByText("step not known").waitFor();
  });

  it("shows a slice of one channel, and says where there are no maps", async () => {
    const { page } = app;
    const volume = opened["channel"]!.readArray("reconstruct/data");
    const side = Math.sqrt(volume.length);
    await goTo("explore", "channel", { voxel: [150, 120] });
    await page.locator('[data-kind="bins"][data-late="false"]').waitFor();
    await page.getByText("no maps in this file").waitFor();
    await page.locator('[data-read-out="picked"][data-x="150"] [data-value]').waitFor();
    const value = await shownValue(page, '[data-read-out="picked"] [data-value]');
    expect(value).toBeCloseTo(volume[120 * side + 150]!, 6);
    const image = await imageOf();
    expect(image).toHaveLength(side);
    const worst = image.flat().reduce((most, shown, i) => Math.max(most, Math.abs(shown - volume[i]!)), 0);
    expect(worst).toBeLessThan(1e-6);
    expect(await page.locator('[data-panel="image"] h2').textContent()).toContain("channel 0");
    await page.locator('[data-panel="pattern"]').getByText("one channel").waitFor();
    await shoot(page, "measured-channel");

    await goTo("explore", "channel", { mode: "compare" });
    await page.getByText("This result has no maps to compare").waitFor();
    expect(await page.locator(".compare [role=alert], .compare select").count()).toBe(0);
    await goTo("explore", "channel", { mode: "rgb" });
    await page.getByText("This result has no maps to mix").waitFor();
    expect(await page.locator(".rgb select").count()).toBe(0);
    await goTo("refine", "channel");
    await page.getByText("one channel").waitFor();
    await goTo("compose", "channel");
    await page.locator("[data-plot=composed] [data-image]").waitFor();
    await page.getByText("This result has no maps").waitFor();
    expect(app.problems).toEqual([]);
  });

  it("calibrates a measured frame of CeO2 as the beamline did, and reads its pixels out", async () => {
    const { page } = app;
    for (const file of ["CeO2.cbf", "CeO2.poni", "mask.edf"]) {
      copyFileSync(shared(`data/detector/ndtomo_ceo2_71keV/${file}`), join(folder, file));
    }
    const frame = decodeCbf(readFileSync(join(folder, "CeO2.cbf")), "CeO2.cbf");
    const view = JSON.stringify({ poni: "CeO2.poni", standard: "CeO2" });
    await page.goto(`${app.server.origin}/#/frames?file=CeO2.cbf&view=${encodeURIComponent(view)}`);
    await page.locator("[data-overlay=ring]").first().waitFor({ state: "attached" });
    const box = (await page.locator("[data-plot=frame] canvas").first().boundingBox())!;
    const row = page.locator('[data-read="row"]');
    await expect
      .poll(async () => {
        await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.3 * box.height);
        await page.mouse.move(box.x + 0.31 * box.width, box.y + 0.31 * box.height);
        return (await row.count()) && (await page.locator('[data-read="intensity"]').getAttribute("data-value"));
      }, SLOW)
      .toBeTruthy();
    const [y, x] = [await shownValue(page, '[data-read="row"]'), await shownValue(page, '[data-read="column"]')];
    expect(await shownValue(page, '[data-read="intensity"]')).toBe(frame.data[y * frame.cols + x]);
    await page.getByLabel("energy (keV)").fill("71");
    await page.getByLabel("distance (mm)").fill("500");
    await page.getByRole("button", { name: "calibrate", exact: true }).click();
    await page.locator("[data-panel=calibration]").waitFor({ timeout: 90_000 });
    // what the last entry of the beamline's own .poni says
    const distance = await shownValue(page, '[data-parameter="distance"]');
    expect(Math.abs(distance / 543.892076611 - 1)).toBeLessThan(5e-4);
    await shoot(page, "measured-calibration");
  }, 150_000);
});
