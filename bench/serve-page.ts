/**
 * The explore page on a large result, in Chromium, with a real mouse and keys: the time from the input to what it asks
 * for being drawn, and the memory of the page's process.
 */
import { readdirSync, readFileSync } from "node:fs";
import { chromium, type Page } from "playwright-core";
import { median, percentile, report, round } from "./common.ts";

const STEPS = 200;

export interface ServedResult {
  readonly origin: string;
  readonly token: string;
  readonly file: string;
  readonly rows: number;
  readonly cols: number;
  readonly bins: number;
}

export async function timePage({ origin, token, file, rows, cols, bins }: ServedResult): Promise<void> {
  const browser = await chromium.launch({
    executablePath: process.env["XRDCT_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(120_000);
    const view = JSON.stringify({ show: "bins", bins: [bins >> 1, (bins >> 1) + 20], voxel: [cols >> 1, rows >> 1] });
    const start = performance.now();
    await page.goto(`${origin}/?token=${token}#/explore?file=${file}&view=${encodeURIComponent(view)}`);
    await page.locator('[data-image][data-late="false"]').waitFor();
    report({ work: "page: first image", ms: round(performance.now() - start) });
    await page.getByText(`voxel x ${cols >> 1}, y ${rows >> 1}`).waitFor();
    await installClock(page);
    await tell("page: click on a voxel to its pattern", () => clickVoxels(page));
    await tell("page: key to the image of the next bins", () => stepBins(page));
    report({ work: "page: memory of its process", ...rendererMemory() });
  } finally {
    await browser.close();
  }
}

interface Clock {
  inputAt: number;
  /** time from the last input until `isShown`, and one frame more: by then it is on the screen */
  since(isShown: () => boolean): Promise<number>;
}

/** In the page: events carry the time at which the system had them. */
async function installClock(page: Page): Promise<void> {
  // esbuild, which runs this file, wraps functions with names
  await page.evaluate("globalThis.__name = (one) => one");
  await page.evaluate(() => {
    const clock: Clock = {
      inputAt: 0,
      since: (isShown) =>
        new Promise((resolve) => {
          const look = (): void => {
            if (isShown()) requestAnimationFrame(() => resolve(performance.now() - clock.inputAt));
            else requestAnimationFrame(look);
          };
          look();
        }),
    };
    for (const type of ["pointerdown", "keydown"])
      addEventListener(type, ({ timeStamp }) => Object.assign(clock, { inputAt: timeStamp }), true);
    Object.assign(window, { clock });
  });
}

async function clickVoxels(page: Page): Promise<number[]> {
  const box = (await page.locator('[data-plot="image"] canvas').first().boundingBox())!;
  const times: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    // a pixel is five voxels of a slice of 1500: each click is on another one
    const [x, y] = [0.2 + (0.6 * i) / STEPS, 0.3 + (0.4 * ((i * 71) % STEPS)) / STEPS];
    const before = await page.locator("[data-read-out=picked] span").first().textContent();
    await page.mouse.click(box.x + x * box.width, box.y + y * box.height);
    times.push(
      await page.evaluate(
        (old) =>
          (window as unknown as { clock: Clock }).clock.since(() => {
            const place = document.querySelector<HTMLElement>("[data-read-out=picked]")?.dataset;
            const pattern = document.querySelector("[data-panel=pattern]")?.textContent ?? "";
            const at = `x ${place?.["x"]}, y ${place?.["y"]}`;
            return at !== old && pattern.includes(`voxel ${at}`);
          }),
        before,
      ),
    );
  }
  return times;
}

async function stepBins(page: Page): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < STEPS; i++) {
    const before = await page.locator("[data-bins]").getAttribute("data-bins");
    await page.keyboard.press("]");
    times.push(
      await page.evaluate(
        (old) =>
          (window as unknown as { clock: Clock }).clock.since(() => {
            const bins = document.querySelector<HTMLElement>("[data-bins]")?.dataset["bins"];
            const isLate = document.querySelector<HTMLElement>("[data-image]")?.dataset["late"];
            return bins !== old && isLate === "false";
          }),
        before,
      ),
    );
  }
  return times;
}

async function tell(work: string, series: () => Promise<number[]>): Promise<void> {
  const ms = await series();
  report({
    work,
    inputs: ms.length,
    "p50 ms": round(median(ms)),
    "p95 ms": round(percentile(ms, 0.95)),
    "most ms": round(Math.max(...ms)),
  });
}

/** MB of the largest process that Chromium draws a page in. */
function rendererMemory(): Record<string, number> {
  const field = (text: string, name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1e3);
  const found = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("--type=renderer")) return [];
        const text = readFileSync(`/proc/${pid}/status`, "utf8");
        return [{ "RSS MB": field(text, "VmRSS"), "most MB": field(text, "VmHWM") }];
      } catch {
        return []; // it has ended meanwhile
      }
    });
  return found.sort((a, b) => b["most MB"]! - a["most MB"]!)[0] ?? {};
}
