/**
 * The app in a real Chromium, for tests: a server on a folder, a browser, and reading what the page shows.
 * Tests skip by name where there is no Chromium (`describe.skipIf(!hasChromium)("... (needs Chromium)")`).
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { type RunningServer, startServer } from "../../src/server/server.ts";
import { madeOnce } from "../made-once.ts";

const CHROMIUM = process.env["XRDCT_CHROMIUM"] ?? "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);

export interface App {
  readonly server: RunningServer;
  readonly page: Page;
  /** what the page wrote to its console as an error, and exceptions */
  readonly problems: readonly string[];
  close(): Promise<void>;
}

/** @param folder that is served; `hash` is the view to open, "#/explore?file=cell.nxs"; `open` as in `xrdct serve FILE` */
export async function openApp(
  folder: string,
  {
    hash = "",
    open,
    width = 1280,
    height = 800,
    theme = "light",
  }: { hash?: string; open?: string; width?: number; height?: number; theme?: "light" | "dark" } = {},
): Promise<App> {
  const webFolder = process.env["XRDCT_WEB"] ?? join(import.meta.dirname, "../../dist/web");
  const server = await startServer({ folder, workers: 2, memoryBytes: 2e9, webFolder, ...(open && { open }) });
  let browser: Browser | undefined;
  try {
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      // drawn by the processor: there is no GPU where tests run
      args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"],
    });
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      acceptDownloads: true,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(90_000);
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    await page.goto(server.url);
    if (hash) await page.goto(`${server.origin}/${hash}`);
    const opened = browser;
    return {
      server,
      page,
      problems,
      async close() {
        await opened.close();
        await server.close();
      },
    };
  } catch (error) {
    await browser?.close();
    await server.close();
    throw error;
  }
}

/** The full digits of what an element shows. */
export async function shownValue(page: Page, selector: string): Promise<number> {
  return Number(await page.locator(selector).first().getAttribute("data-value"));
}

/** A screenshot beside the others, where XRDCT_SCREENSHOTS says; nothing else. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env["XRDCT_SCREENSHOTS"];
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** Translations of the demo that tests look at. */
export const DEMO_SIZE = 41;

/** Folder of a small demo result (cell.nxs, scan/), made by `xrdct demo`. Tests must not write into it. */
export const demoFolder = (): Promise<string> =>
  madeOnce(`demo-${DEMO_SIZE}`, (folder) => {
    const main = join(import.meta.dirname, "../../dist/cli/main.js");
    execFileSync(process.execPath, [main, "demo", "--size", String(DEMO_SIZE), "-o", folder, "--quiet"]);
  });
