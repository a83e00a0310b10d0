import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { watchedBands } from "../../src/pipeline/live/band-sums.ts";
import { LiveView, type LiveViewOptions } from "../../src/pipeline/live/live-view.ts";
import { loadKernels } from "../../src/pipeline/load-kernels.ts";
import { ScanConfig } from "../../src/pipeline/scan-config.ts";
import { steadyNow } from "../../src/pipeline/steady-clock.ts";
import { percentileLimits } from "../../src/stages/figure/index.ts";
import { tempFolder } from "../temp-folder.ts";
import { dimmed, madeUpScan } from "../watched-scans.ts";
import { type App, hasChromium, openApp, shoot } from "./app.ts";

const [POINTS, LINES, BINS] = [80, 60, 400];
const DARK = { from: 20 * POINTS + 10, to: 20 * POINTS + 50 };

describe.skipIf(!hasChromium)("the page Live (needs Chromium)", () => {
  const folder = tempFolder();
  const work = join(folder, "cell.nxs.work");
  const scan = dimmed(madeUpScan({ points: POINTS, lines: LINES }), DARK.from, DARK.to, 0.001);
  let app: App;
  let view: LiveView;

  beforeAll(async () => {
    mkdirSync(join(work, "live"), { recursive: true });
    // as another process has it
    const holder = { pid: process.ppid, host: hostname(), since: new Date().toISOString() };
    writeFileSync(join(work, "lock"), JSON.stringify(holder));
    const values = Float64Array.from({ length: BINS }, (_, bin) => 2 + 0.02 * bin);
    const config = ScanConfig.parse({
      title: "AAA cell",
      input: { kind: "p07", folder: "." },
      angles: { start: 0, end: 180 },
      stepMm: 0.02,
    });
    view = new LiveView({
      ...{ folder: join(work, "live"), scan: { config } as LiveViewOptions["scan"], points: POINTS },
      ...{ axis: { unit: "two-theta", values }, expectedLines: LINES, readMonitor: () => undefined },
      bands: watchedBands(values, [{ name: "Cu", range: [2, 6] }]),
      omegaDeg: Float64Array.from({ length: LINES }, (_, line) => (180 * line) / LINES),
      kernels: () => loadKernels(),
      places: () => Int32Array.from({ length: LINES * POINTS }, (_, slot) => slot),
    });
    measure(0, 50);
    app = await openApp(folder, { hash: "#/live", width: 1600, height: 860 });
  });
  afterAll(async () => {
    await app?.close();
  });

  /** Lines come, with a band of the scan's own beside those that are watched. */
  function measure(from: number, to: number): void {
    for (let frame = from * POINTS; frame < to * POINTS; frame++) {
      const own = scan.sums.subarray(frame * scan.bands, (frame + 1) * scan.bands);
      view.add(frame, Float32Array.from([...own, 100 * own[1]!]), steadyNow(), 0.2);
      view.addPatterns(
        Float64Array.from({ length: BINS }, (_, bin) => 1 + bin),
        1,
      );
    }
    view.show({ phase: "following", backlog: 3, notWhole: 0 }, true);
  }
  const limitsOf = (band: (frame: number) => number, lines: number): string =>
    percentileLimits(Float64Array.from({ length: lines * POINTS }, (_, frame) => Math.fround(band(frame)))).join(" ");
  const sinogramWith = (limits: string) => app.page.locator(`[data-plot="live-sinogram"][data-limits="${limits}"]`);

  it("shows the one scan that is followed: numbers, notices, sinogram, reconstruction, pattern; and what comes", async () => {
    const { page, problems } = app;
    await sinogramWith(limitsOf((frame) => scan.sums[frame * scan.bands]!, 50)).waitFor();
    await page.getByText("being measured").waitFor();
    await page.getByText("Coarse reconstruction from 50 of 60 projections").waitFor();
    await page.locator('[data-plot="live-image"]').waitFor();
    await page.getByText("Mean pattern of 4,000 frames").waitFor();
    const notices = page.getByRole("list", { name: "notices" }).getByRole("listitem");
    expect(await notices.allTextContents()).toEqual([
      expect.stringMatching(/^The beam was lost: .* from frame 1610 \(line 20, point 10\) on, until frame 1650 /),
    ]);
    await page.getByLabel("range that is shown").selectOption("Cu");
    await sinogramWith(limitsOf((frame) => 100 * scan.sums[frame * scan.bands + 1]!, 50)).waitFor();
    await shoot(page, "live");

    measure(50, 60);
    await page.getByText("Coarse reconstruction from 60 of 60 projections").waitFor();
    await page.locator('[data-number="frames"][data-value="4800"]').waitFor();
    await sinogramWith(limitsOf((frame) => 100 * scan.sums[frame * scan.bands + 1]!, 60)).waitFor();
    expect(problems).toEqual([]);
  });

  it("says that nobody follows any more", async () => {
    rmSync(join(work, "lock"));
    await app.page.getByText("Stale: nobody follows this scan any more").waitFor();
    await app.page.getByText("interrupted; the same command goes on").waitFor();
  });
});
