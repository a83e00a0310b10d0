/** The page for frames: what it reads out, draws, masks and calibrates against the arrays and the stages themselves. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeEdf } from "../../src/files/edf.ts";
import { readMask } from "../../src/files/mask.ts";
import { encodeNpy } from "../../src/files/npy.ts";
import { formatPoni, parsePoni } from "../../src/files/poni.ts";
import { CalibrateConfig, calibrate } from "../../src/stages/calibrate/index.ts";
import { simulateRings } from "../simulated-rings.ts";
import { tempFolder } from "../temp-folder.ts";
import { type App, hasChromium, openApp, shoot, shownValue } from "./app.ts";

const PX = 172e-6;
const WAVELENGTH_A = 12.398419843 / 40;
const PONI = {
  dist: 0.15,
  poni1: 205 * PX,
  poni2: 172 * PX,
  rot1: 0.02,
  rot2: -0.015,
  rot3: 0,
  pixel1: PX,
  pixel2: PX,
  wavelength: WAVELENGTH_A * 1e-10,
};
const [ROWS, COLS] = [400, 360];
const [LARGE_ROWS, LARGE_COLS] = [2400, 2200];
const largeCount = (row: number, col: number): number => ((row * 7919 + col * 104729) >>> 3) % 60000;

/** a machine that does other things besides */
const SLOW = { timeout: 90_000 };

const viewOf = (view: object): string => encodeURIComponent(JSON.stringify(view));

/** Two-theta, chi in degrees of a pixel's middle by the rotation matrices of pyFAI's documentation: R3 R2 R1. */
function anglesOf(row: number, col: number): [number, number] {
  const turn = (r: number[][], v: number[]): number[] => r.map((line) => line.reduce((s, x, i) => s + x * v[i]!, 0));
  const { rot1, rot2, poni1, poni2, dist } = PONI;
  const r1 = [
    [1, 0, 0],
    [0, Math.cos(rot1), Math.sin(rot1)],
    [0, -Math.sin(rot1), Math.cos(rot1)],
  ];
  const r2 = [
    [Math.cos(rot2), 0, -Math.sin(rot2)],
    [0, 1, 0],
    [Math.sin(rot2), 0, Math.cos(rot2)],
  ];
  const [t1, t2, t3] = turn(r2, turn(r1, [(row + 0.5) * PX - poni1, (col + 0.5) * PX - poni2, dist])) as [
    number,
    number,
    number,
  ];
  return [Math.atan2(Math.hypot(t1, t2), t3), Math.atan2(t1, t2)].map((a) => (a * 180) / Math.PI) as [number, number];
}

describe.skipIf(!hasChromium)("frames in the browser (needs Chromium)", () => {
  const folder = tempFolder();
  const simulated = {
    rows: ROWS,
    cols: COLS,
    energyKeV: 40,
    calibrant: "CeO2",
    counts: 300,
    hasGaps: true,
    seed: 1,
  } as const;
  const first = simulateRings({ ...simulated, poni: PONI });
  const second = { ...first, data: first.data.map((count) => (count < 0 ? count : count + 1000)) };
  let app: App;
  let page: Page;

  beforeAll(async () => {
    writeFileSync(join(folder, "standard.edf"), encodeEdf(first, second));
    writeFileSync(join(folder, "known.poni"), formatPoni(PONI));
    const large = Uint16Array.from({ length: LARGE_ROWS * LARGE_COLS }, (_, i) =>
      largeCount(Math.floor(i / LARGE_COLS), i % LARGE_COLS),
    );
    writeFileSync(join(folder, "large.npy"), encodeNpy({ shape: [LARGE_ROWS, LARGE_COLS], data: large }));
    app = await openApp(folder, {
      hash: `#/frames?file=standard.edf&view=${viewOf({ poni: "known.poni", standard: "CeO2", hasHalfRings: false })}`,
    });
    page = app.page;
  });
  afterAll(() => app?.close());

  const read = (name: string): Promise<number> => shownValue(page, `[data-read="${name}"]`);
  const frameBox = async () => (await page.locator("[data-plot=frame] canvas").first().boundingBox())!;
  async function pointAt(x: number, y: number): Promise<void> {
    // moved again until the frame has been read and drawn
    await expect
      .poll(async () => {
        await page.mouse.move(x + 3, y + 3);
        await page.mouse.move(x, y);
        return page.locator('[data-read="row"]').count();
      }, SLOW)
      .toBe(1);
  }

  it("reads out the pixel under the pointer: count, 2θ, q, d, χ", async () => {
    await page.locator("[data-overlay=beam-centre]").waitFor({ state: "attached" });
    const box = await frameBox();
    for (const [across, down] of [
      [0.4, 0.3],
      [0.6, 0.7],
    ] as const) {
      await pointAt(box.x + across * box.width, box.y + down * box.height);
      const [row, col] = [await read("row"), await read("column")];
      expect(await read("intensity")).toBe(first.data[row * COLS + col]);
      const [twoTheta, chi] = anglesOf(row, col);
      expect(await read("2θ")).toBeCloseTo(twoTheta, 9);
      expect(await read("χ")).toBeCloseTo(chi, 9);
      const d = WAVELENGTH_A / (2 * Math.sin((twoTheta * Math.PI) / 360));
      expect(await read("d")).toBeCloseTo(d, 6);
      expect(await read("q")).toBeCloseTo((2 * Math.PI) / d, 6);
    }
    await shoot(page, "frames");
  });

  it("draws rings and beam where the image has them", async () => {
    const beam = (await page.locator("[data-overlay=beam-centre]").boundingBox())!;
    await pointAt(beam.x + beam.width / 2, beam.y + beam.height / 2);
    // a pixel of the screen is about one of the frame
    expect(Math.abs((await read("row")) + 0.5 - (await read("centre-row")))).toBeLessThan(2);
    expect(Math.abs((await read("column")) + 0.5 - (await read("centre-column")))).toBeLessThan(2);
    const rings = page.locator("[data-overlay=ring]");
    const angles = await rings.evaluateAll((all) => all.map((one) => Number(one.getAttribute("data-value"))));
    const strongest = (360 / Math.PI) * Math.asin((WAVELENGTH_A * Math.sqrt(3)) / (2 * 5.411651));
    expect(angles[0]).toBeCloseTo(strongest, 9);
    const ring = (await rings.first().boundingBox())!;
    await pointAt(ring.x + ring.width / 2, ring.y + 0.5);
    const pixelDeg = (PX / PONI.dist) * (180 / Math.PI);
    expect(Math.abs((await read("2θ")) - strongest)).toBeLessThan(2 * pixelDeg);
    const [row, col] = [await read("row"), await read("column")];
    const near = [-2, -1, 0, 1, 2].map((by) => first.data[(row + by) * COLS + col]!);
    expect(Math.max(...near)).toBeGreaterThan(150); // the top of the measured ring is here
  });

  it("gives the image with its rings as SVG, and the pattern as xye", async () => {
    const save = async (panel: string, format: string): Promise<string> => {
      const menu = page.locator(`[data-panel=${panel}] [data-take-away]`);
      await menu.locator("summary").click();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        menu.getByRole("button", { name: format, exact: true }).click(),
      ]);
      await menu.locator("summary").click();
      return readFileSync((await download.path())!, "utf8");
    };
    const svg = await save("frame-image", "SVG");
    for (const text of ["standard.edf, frame 0, rings of CeO2", "column (pixels)", "intensity (counts)", ">111<"])
      expect(svg).toContain(text);
    const rows = (await save("frame-pattern", "XYE")).split("\n").filter((line) => /^\d/.test(line));
    expect(rows.length).toBeGreaterThan(700);
    const highest = rows.map((row) => row.split(" ").map(Number)).reduce((a, b) => (b[1]! > a[1]! ? b : a));
    const strongest = (360 / Math.PI) * Math.asin((WAVELENGTH_A * Math.sqrt(3)) / (2 * 5.411651));
    expect(Math.abs(highest[0]! - strongest)).toBeLessThan((PX / PONI.dist) * (180 / Math.PI));
  });

  it("links the pattern with the image, and steps through the frames", async () => {
    const plot = (await page.locator("[data-plot=frame-pattern] canvas").first().boundingBox())!;
    await page.mouse.move(plot.x + 0.5 * plot.width, plot.y + 0.5 * plot.height);
    await page.locator("[data-overlay=angle]").first().waitFor({ state: "attached" });
    await page.keyboard.press(".");
    await page.waitForURL(/frame/);
    const box = await frameBox();
    await expect
      .poll(async () => {
        await pointAt(box.x + 0.4 * box.width, box.y + 0.3 * box.height);
        const [row, col] = [await read("row"), await read("column")];
        return (await read("intensity")) - first.data[row * COLS + col]!;
      }, SLOW)
      .toBe(1000);
    await page.keyboard.press(",");
  });

  it("masks what is drawn, and saves it for --mask", async () => {
    await page.getByRole("tab", { name: "Mask" }).click();
    const gaps = first.data.filter((count) => count < 0).length;
    await expect.poll(() => read("excluded"), SLOW).toBe(gaps);
    await page.getByRole("button", { name: "rectangle" }).click();
    await page.locator('[data-drag="rectangle"]').waitFor();
    const box = await frameBox();
    const [x0, y0] = [Math.round(box.x + 0.42 * box.width), Math.round(box.y + 0.42 * box.height)];
    await page.mouse.move(x0, y0);
    await page.mouse.down();
    await page.mouse.move(x0 + 30, y0 + 20, { steps: 4 });
    await page.mouse.move(x0 + 60, y0 + 40, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => read("excluded"), SLOW).toBeGreaterThan(gaps);
    // the address follows a moment later
    await page.waitForFunction(() => decodeURIComponent(location.hash).includes('"shapes"'));
    const { mask } = JSON.parse(new URLSearchParams(page.url().split("?")[1]).get("view")!) as {
      mask: { shapes: { region: { from: [number, number]; to: [number, number] } }[] };
    };
    const { from, to } = mask.shapes[0]!.region;
    const isOut = (row: number, col: number): boolean =>
      first.data[row * COLS + col]! < 0 ||
      (col + 0.5 >= from[0] && col + 0.5 < to[0] && row + 0.5 >= from[1] && row + 0.5 < to[1]);
    const wanted = Array.from(first.data, (_, i) => (isOut(Math.floor(i / COLS), i % COLS) ? 1 : 0));
    expect(await read("excluded")).toBe(wanted.filter(Boolean).length);
    await shoot(page, "frames-mask");
    await page.getByRole("button", { name: "save mask" }).click();
    await page.locator("[data-saved]").waitFor();
    expect([...(await readMask(join(folder, "mask-drawn.edf"), first)).data]).toEqual(wanted);
  });

  it("calibrates with words while it runs, shows what came out, and saves the .poni", async () => {
    await page.getByLabel("mask file").selectOption("");
    await page.getByRole("tab", { name: "Calibrate" }).click();
    await page.getByLabel("energy (keV)").fill("40");
    await page.getByLabel("distance (mm)").fill("157");
    const start = page.getByRole("button", { name: "calibrate", exact: true });
    expect(await start.isDisabled()).toBe(true); // the pixel size of no known detector
    await page.getByLabel("pixel (µm)").fill("172");
    await start.click();
    await page.getByText("finding and fitting the rings of CeO2 in standard.edf").waitFor();
    await page.locator("[data-panel=calibration]").waitFor();
    const config = CalibrateConfig.parse({ calibrant: "CeO2", energyKeV: 40, distanceMm: 157, pixelSizeUm: 172 });
    const expected = calibrate(first, undefined, config);
    const parameter = (name: string): Promise<number> => shownValue(page, `[data-parameter="${name}"]`);
    expect(await parameter("distance")).toBe(expected.poni.dist * 1e3);
    expect(await parameter("rotation 1")).toBe(expected.poni.rot1 * 1e3);
    expect(await parameter("beam centre, row")).toBe(expected.beamCentrePx.row);
    const rings = await page
      .locator("[data-ring]")
      .evaluateAll((all) => all.map((one) => one.getAttribute("data-ring")));
    expect(rings.map(Number)).toEqual(expected.rings.map(({ dA }) => dA));
    await page.locator("[data-plot=residuals] canvas").first().waitFor();
    await page.getByLabel("path of the .poni").fill("known.poni");
    await page.getByRole("button", { name: "save .poni" }).click();
    await page.getByRole("alert").filter({ hasText: "file-exists" }).waitFor();
    expect(parsePoni(readFileSync(join(folder, "known.poni"), "utf8"), "known").dist).toBe(PONI.dist);
    await page.getByLabel("path of the .poni").fill("found.poni");
    await page.getByRole("button", { name: "save .poni" }).click();
    await page.locator('[data-saved="found.poni"]').waitFor();
    expect(parsePoni(readFileSync(join(folder, "found.poni"), "utf8"), "found")).toMatchObject(expected.poni);
    expect(existsSync(join(folder, "found.poni.unfinished"))).toBe(false);
    await shoot(page, "frames-calibration");
  });

  it("keeps the counts of a large frame exact, though it shows it binned", async () => {
    await page.goto(`${app.server.origin}/#/frames?file=large.npy`);
    await page.locator(`[data-shape="${LARGE_ROWS} ${LARGE_COLS}"]`).waitFor();
    const box = await frameBox();
    await pointAt(box.x + 0.37 * box.width, box.y + 0.61 * box.height);
    await expect.poll(() => page.locator('[data-read="intensity"]').getAttribute("data-value"), SLOW).not.toBe("");
    expect(await read("intensity")).toBe(largeCount(await read("row"), await read("column")));
    // an error of the page itself would stand here; a refusal is an answer
    expect(app.problems.filter((problem) => !/400 \(Bad Request\)/.test(problem))).toEqual([]);
  });
});
