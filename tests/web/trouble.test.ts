/** What the page says, and does, when files go, are replaced or have odd names, links are broken, or the server stops. */
import { copyFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../src/server/server.ts";
import { tempFolder } from "../temp-folder.ts";
import { type App, demoFolder, hasChromium, openApp, shoot } from "./app.ts";

const ODD = "naïve cell #3, 50% ok?.nxs";

describe.skipIf(!hasChromium)("trouble (needs Chromium)", () => {
  const folder = tempFolder();
  let cell: string;
  let app: App;
  let page: Page;
  let later: RunningServer | undefined;

  beforeAll(async () => {
    cell = join(await demoFolder(), "cell.nxs");
    for (const name of ["cell.nxs", ODD]) copyFileSync(cell, join(folder, name));
    writeFileSync(join(folder, "empty.nxs"), "");
    app = await openApp(folder);
    page = app.page;
  }, 240_000);
  afterAll(async () => {
    await app?.close();
    await later?.close();
  });

  const explore = async (view: object = {}): Promise<void> => {
    const query = `file=cell.nxs&view=${encodeURIComponent(JSON.stringify(view))}`;
    await page.goto(`${app.server.origin}/#/explore?${query}`);
  };
  const image = (map: string) => page.locator(`[data-image="${map}"][data-late="false"]`);
  const choose = (map: string) => page.locator(`[data-map="${map}"]`).click();

  it("opens results whose names have signs of addresses in them, and again after a reload", async () => {
    await page.getByText(ODD).first().click();
    await page.locator('[data-image][data-late="false"]').waitFor();
    await page.reload();
    await page.locator('[data-image][data-late="false"]').waitFor();
    await page.getByRole("button", { name: "Compose" }).click();
    await page.locator("[data-plot=composed] [data-image]").first().waitFor();
    await page.goBack();
    await page.locator('[data-image][data-late="false"]').waitFor();
    expect(await page.locator(".bar-file").textContent()).toBe(ODD);
  });

  it("shows what it can of a link that does not fit the file, and starts over from one that is broken", async () => {
    await explore({ mode: "what", map: "map/nix", voxel: [999, -4], bins: [5000, 5001], lower: "nix" });
    await page.locator('[data-image][data-late="false"]').waitFor();
    await page.locator('[data-read-out="picked"] [data-value]').waitFor();
    await page.locator('[data-sinogram][data-late="false"]').waitFor();
    await explore({ colours: { colourMap: "nix" } });
    await page.getByRole("button", { name: "start the page over" }).click();
    await page.locator('[data-image][data-late="false"]').waitFor();
    expect(page.url()).not.toContain("nix");
    await page.goto(`${app.server.origin}/#/explore?file=empty.nxs`);
    await page.locator('[data-code="hdf5-not-hdf5"]').getByText("0 bytes").first().waitFor();
  });

  it("says that a result is gone or another one, and reads it anew when asked", async () => {
    const path = join(folder, "cell.nxs");
    await explore();
    await page.locator('[data-image][data-late="false"]').waitFor();
    renameSync(path, join(folder, "away"));
    await choose("map/NMC532/c");
    await page.locator('[data-code="path-not-found"]').getByText("There is no cell.nxs").first().waitFor();
    // another result under the same name: of a simulation, with other maps
    copyFileSync(join(await demoFolder(), "scan", "truth.nxs"), path);
    await page.getByRole("button", { name: "ask again" }).first().click();
    await page.locator('[data-map="truth/NMC532"], [data-map^="truth/"]').first().waitFor();
    expect(await page.locator('[data-map="map/NMC532/c"]').count()).toBe(0);
    rmSync(path);
    renameSync(join(folder, "away"), path);
    await page.reload();
  });

  it("keeps the keys and the numbers of a comparison apart and inside", async () => {
    await explore({ mode: "compare", voxel: [14, 27] });
    await page.locator('[data-voxel="14 27"]').waitFor();
    const isCut = await page
      .locator(".compare-numbers")
      .evaluate((box) => box.scrollWidth > box.clientWidth && box.clientWidth > 0);
    expect(isCut).toBe(false);
    await explore();
    await page.locator('[data-image][data-late="false"]').waitFor();
    await page.keyboard.press("?");
    const rows = page.locator(".help dl div");
    expect(await rows.count()).toBeGreaterThan(8);
    const overlaps = await rows.evaluateAll((all) =>
      all.filter((row) => {
        const keys = [...row.querySelectorAll("kbd")].map((key) => key.getBoundingClientRect().right);
        return Math.max(...keys) > row.querySelector("dd")!.getBoundingClientRect().left;
      }),
    );
    expect(overlaps).toHaveLength(0);
    await shoot(page, "keys");
    await page.keyboard.press("Escape");
  });

  it("says that the server stopped, and goes on by itself when it is back", async () => {
    const { token, origin } = app.server;
    const options = {
      ...{ folder, workers: 1, memoryBytes: 1e9, port: Number(new URL(origin).port) },
      webFolder: process.env["XRDCT_WEB"] ?? join(import.meta.dirname, "../../dist/web"),
    };
    await explore();
    await page.locator('[data-image][data-late="false"]').waitFor();
    await app.server.close();
    // maps that were not shown yet
    await choose("map/Cu/a");
    await page.locator('[data-code="server-gone"]').getByText("is `xrdct serve` still running?").first().waitFor();
    later = await startServer({ ...options, token });
    await image("map/Cu/a").waitFor();
    // one that was started anew has another token, and the words for that are the server's
    await later.close();
    await choose("map/Al/a");
    await page.locator('[data-code="server-gone"]').first().waitFor();
    later = await startServer(options);
    await page.locator('[data-code="token-wrong"]').getByText("it ends in the token").first().waitFor();
  });
});
