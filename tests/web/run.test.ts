/** A run from the page: settings edited in the form, checked, started, interrupted, gone on with after a reload. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { STATUS } from "../../src/data/index.ts";
import { openResult } from "../../src/files/result-reader.ts";
import { tempFolder } from "../temp-folder.ts";
import { hashes, MAP, PATTERNS, runHere, simulate } from "../virtual-scan.ts";
import { type App, hasChromium, openApp, shoot, shownValue } from "./app.ts";

// a run that is interrupted, gone on with and done once more
vi.setConfig({ testTimeout: 180_000 });

const served = tempFolder();
const outside = tempFolder();
const yaml = (): string => readFileSync(join(served, "cell/run.yaml"), "utf8");
let app: App;

describe.skipIf(!hasChromium)("the run page (needs Chromium)", () => {
  beforeAll(async () => {
    const scan = await simulate(join(served, "cell"), PATTERNS, "patterns");
    scan.variant("run.yaml", { map: MAP, reconstruct: { method: "sirt", size: 49, iterations: 20, tolerance: 0 } });
    writeFileSync(join(served, "cell/run.yaml"), `# of the first beamtime\n${yaml()}`);
    app = await openApp(served, { hash: "#/run" });
  });
  afterAll(async () => {
    await app.close();
    expect(app.problems).toEqual([]);
  });

  it("opens a scan, and what the form changes is in the text and in the file", async () => {
    const { page } = app;
    await page.getByRole("button", { name: "cell/run.yaml" }).click();
    await page.locator('[data-checks="ready to start"]').waitFor();
    expect(await shownValue(page, '[data-fact="angles"]')).toBe(25);
    expect(await shownValue(page, '[data-fact="bins"]')).toBe(240);
    await page.locator("#scan-title").fill("cell 7");
    // long enough to be interrupted
    await page.locator("#scan-reconstruct-iterations").fill("600");
    await page.locator('[data-section="sinogram"] > summary').click();
    await page.locator("#scan-sinogram-rotationAxis").fill("12.35");
    await page.locator("#scan-sampleThreshold").fill("none");
    await page.locator('[data-field="sampleThreshold"]').getByText("a number is needed").waitFor();
    await page.locator("#scan-sampleThreshold").fill("");
    await page.getByRole("button", { name: "text", exact: true }).click();
    const text = await page.getByRole("textbox", { name: "cell/run.yaml" }).inputValue();
    expect(text).toContain("title: cell 7");
    expect(text).toContain("rotationAxis: 12.35");
    expect(text).not.toContain("sampleThreshold");
    await page.getByRole("button", { name: "save", exact: true }).click();
    await page.getByText("changed", { exact: true }).waitFor({ state: "detached" });
    expect(yaml()).toBe(text);
    expect(yaml()).toMatch(/^# of the first beamtime\n/);
  });

  it("says what is wrong with its code and its line, and does not start", async () => {
    const { page } = app;
    const area = page.getByRole("textbox", { name: "cell/run.yaml" });
    const right = await area.inputValue();
    await area.fill(right.replace(/^energyKeV: .*$/m, "energyKeV: much"));
    const finding = page.locator('[data-code="config-invalid"]');
    await finding.waitFor();
    const line = right.split("\n").findIndex((one) => one.startsWith("energyKeV")) + 1;
    expect(await finding.textContent()).toContain(`line ${line}: energyKeV`);
    expect(await page.getByRole("button", { name: "start", exact: true }).isDisabled()).toBe(true);
    await finding.getByRole("button", { name: `show line ${line}` }).click();
    expect(await area.evaluate((at: HTMLTextAreaElement) => at.value.slice(at.selectionStart, at.selectionEnd))).toBe(
      "energyKeV: much",
    );
    await area.fill(right);
    await page.locator('[data-checks="ready to start"]').waitFor();
    await page.getByRole("button", { name: "form", exact: true }).click();
  });

  it("is interrupted, found again by the page that opens anew, and ends with the bits of the command line", async () => {
    const { page } = app;
    await page.getByLabel("result").fill("cell/page.nxs");
    await page.getByRole("button", { name: "start", exact: true }).click();
    const reconstruct = page.locator('[data-stage="reconstruct"]');
    await page.locator('[data-panel="preview"]', { hasText: "reconstruct" }).waitFor();
    await page.waitForFunction(
      () => Number(document.querySelector("[data-stage=reconstruct] progress")?.getAttribute("data-value")) > 0.1,
    );
    await shoot(page, "run-running");
    await page.getByRole("button", { name: "interrupt", exact: true }).click();
    await page.locator('[data-job-state="interrupted"]').waitFor();
    expect(existsSync(join(served, "cell/page.nxs"))).toBe(false);
    await page.reload();
    await page.locator('[data-job-state="interrupted"]').waitFor();
    expect(await reconstruct.getAttribute("data-state")).toBe("stopped");
    await page.getByRole("button", { name: "go on" }).click();
    await page.locator('[data-job-state="done"]').waitFor();
    expect(await page.locator('[data-stage="sinogram"]').getAttribute("data-state")).toBe("kept");
    await shoot(page, "run-done");

    const expected = join(outside, "expected.nxs");
    await runHere(join(served, "cell/run.yaml"), expected);
    expect(await hashes(join(served, "cell/page.nxs"))).toEqual(await hashes(expected));
    const result = await openResult(expected);
    const { values, status } = result.readMap("map/Al/a");
    result.close();
    const good = Array.from(values)
      .filter((value, i) => Number.isFinite(value) && status![i] === STATUS.converged)
      .sort((a, b) => a - b);
    await page.getByText(/maps: medians/).click();
    const row = page.locator("tr", { has: page.getByText("map/Al/a", { exact: true }) });
    expect(Number(await row.locator("[data-value]").getAttribute("data-value"))).toBe(good[good.length >> 1]);
    expect(await page.getByRole("button", { name: "explore page.nxs" }).isVisible()).toBe(true);
  });

  it("takes a scan.yaml that is dropped, where the user says, and replaces nothing unasked", async () => {
    const { page } = app;
    await page.getByRole("link", { name: "all scans" }).click();
    await page.locator('tr[data-job-state="done"]', { hasText: "cell/page.nxs" }).waitFor();
    await page
      .getByLabel(/Drop a scan.yaml here/)
      .setInputFiles({ name: "run.yaml", mimeType: "application/yaml", buffer: Buffer.from("title: dropped\n") });
    const path = page.getByLabel("path of the new scan");
    await path.fill("cell/run.yaml");
    // the refusal of the server is one line in the console, too
    const before = app.problems.length;
    await page.getByRole("button", { name: "save and open" }).click();
    await page.locator('[data-code="file-exists"]').waitFor();
    (app.problems as string[]).splice(before, 1);
    await path.fill("cell/dropped.yaml");
    await shoot(page, "run-start");
    await page.getByRole("button", { name: "save and open" }).click();
    await page.locator('[data-code="config-invalid"]').waitFor();
    expect(readFileSync(join(served, "cell/dropped.yaml"), "utf8")).toBe("title: dropped\n");
  });
});
