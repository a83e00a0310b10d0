/**
 * How soon the app shows a first map, and what its pages weigh: built pages, a demo result, Chromium without a GPU and
 * with an empty cache. Run `npx xrdct demo` before, or name a result: XRDCT_RESULT=cell.nxs npm run bench -- first-view.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { startServer } from "../src/server/server.ts";

const REPEATS = 7;
const webFolder = process.env["XRDCT_WEB"] ?? join(import.meta.dirname, "../dist/web");
const result = resolve(process.env["XRDCT_RESULT"] ?? "xrdct-demo/cell.nxs");

function weigh(): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const file of readdirSync(webFolder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile() || file.name.endsWith(".md")) continue;
    sizes.set(file.name, gzipSync(readFileSync(join(file.parentPath, file.name)), { level: 9 }).length);
  }
  return sizes;
}

async function timeViews(): Promise<void> {
  const server = await startServer({ folder: dirname(result), workers: 2, memoryBytes: 2e9, webFolder });
  const browser = await chromium.launch({
    executablePath: process.env["XRDCT_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"],
  });
  const views = [
    ["start page, first thumbnail", "", "canvas[data-thumbnail]"],
    ["map of a result", `#/explore?file=${basename(result)}`, "[data-plot=image] canvas"],
  ] as const;
  try {
    for (const [name, hash, selector] of views) {
      const times: number[] = [];
      let bytes = 0;
      for (let i = 0; i < REPEATS; i++) {
        const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
        const page = await context.newPage();
        bytes = 0;
        page.on("response", (response) => {
          bytes += Number(response.headers()["content-length"] ?? 0);
        });
        const start = performance.now();
        await page.goto(`${server.url}${hash}`);
        await page.locator(selector).first().waitFor();
        // on the screen, not only in the document
        await page.evaluate(() => new Promise((end) => requestAnimationFrame(() => requestAnimationFrame(end))));
        times.push(performance.now() - start);
        await context.close();
      }
      times.sort((a, b) => a - b);
      const [least, middle, most] = [times[0]!, times[REPEATS >> 1]!, times.at(-1)!].map((ms) => Math.round(ms));
      console.log(`${name}: median ${middle} ms (${least} to ${most}), ${(bytes / 1e3).toFixed(0)} kB over the wire`);
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

const sizes = weigh();
const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
console.log(`all pages, gzip: ${(total / 1e3).toFixed(1)} kB in ${sizes.size} files`);
for (const [name, bytes] of [...sizes].sort(([, a], [, b]) => b - a).slice(0, 8))
  console.log(`  ${(bytes / 1e3).toFixed(1).padStart(7)} kB  ${name}`);
await timeViews();
