/**
 * A live run against a writer: `npm run bench -- live [SECONDS] [FRAMES_PER_SECOND] [WORKERS]`. A process of its own
 * writes CBF files of 1679 x 1475 at exactly that rate (default 61, as the paper's scan was taken, for 150 s), sixteen
 * distinct frames over and over; this one follows them with the trimmed mean, a mask and checksums verified. Said are
 * the lag from a file's last byte to its pattern, the backlog, processor time and memory; figures of lag and backlog
 * lie in the bench's folder. Files are taken away 20 s after they were written, for the sake of the disk: 220 000 would
 * be half a terabyte. Inputs: ../shared/bench/gen_frames.py.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeNpy } from "../src/files/npy.ts";
import { formatPoni } from "../src/files/poni.ts";
import { followScan } from "../src/pipeline/live/follow-scan.ts";
import type { LiveState } from "../src/pipeline/live/snapshot.ts";
import { WorkerPool } from "../src/pipeline/pool.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { curvesFigure } from "../src/stages/figure/index.ts";
import { benchData, benchFolder, median, percentile, report, round } from "./common.ts";

const POINTS = 549;
const KEPT_S = 20;
const [seconds = 150, rate = 61, workers = 2] = process.argv
  .slice(3)
  .filter((arg) => arg !== "write")
  .map(Number);
const folder = join(benchFolder, "live");
const frames = join(folder, "frames");

if (process.argv[2] === "write-live") write();
else await follow();

/** Frame i is written at i / rate seconds, whatever came before. */
function write(): void {
  const distinct = readdirSync(benchData("cbf"))
    .sort()
    .map((name) => readFileSync(join(benchData("cbf"), name)));
  const total = seconds * rate;
  const started = performance.now();
  const nameOf = (i: number): string => join(frames, `scan_${String(i).padStart(6, "0")}.cbf`);
  let [next, gone, late] = [0, 0, 0];
  const tick = (): void => {
    const now = performance.now() - started;
    for (; next < total && (1000 * next) / rate <= now; next++) {
      late = Math.max(late, now - (1000 * next) / rate);
      writeFileSync(nameOf(next), distinct[next % distinct.length]!);
    }
    for (; gone < next - KEPT_S * rate; gone++) rmSync(nameOf(gone), { force: true });
    if (next < total) setTimeout(tick, 2);
    else console.log(JSON.stringify({ late_ms: late, cpu_s: cpuSeconds(process.cpuUsage()) }));
  };
  tick();
}

function cpuSeconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6;
}

function scanFile(): string {
  const { shape, poni } = JSON.parse(readFileSync(benchData("frames.json"), "utf8"));
  const [, rows, cols] = shape as [number, number, number];
  writeFileSync(join(folder, "bench.poni"), formatPoni({ wavelength: 1.2e-11, ...poni }));
  const mask = new Uint8Array(readFileSync(benchData("mask.raw")));
  writeFileSync(join(folder, "mask.npy"), encodeNpy({ shape: [rows, cols], data: mask }));
  const path = join(folder, "scan.yaml");
  writeFileSync(
    path,
    `title: live bench
input: {kind: frames, files: frames, poni: bench.poni, mask: mask.npy, translations: ${POINTS}}
angles: {start: 0, end: 180}
stepMm: 0.02
integrate: {bins: 1500, statistic: trimmed-mean}
`,
  );
  return path;
}

async function follow(): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(frames, { recursive: true });
  const scan = readScan(scanFile());
  const pool = new WorkerPool(workers);
  const writer = startWriter();
  const [at, lags]: [number[], number[]] = [[], []];
  const backlog: { at: number; frames: number }[] = [];
  const [enough, started, cpu] = [new AbortController(), Date.now(), process.cpuUsage()];
  const since = (): number => (Date.now() - started) / 1000;
  let [last, peak] = [0, 0];
  const total = seconds * rate;
  await followScan(
    scan,
    {
      // so many lines that it does not end before the writer does
      ...{ lines: 401, timeoutS: 15, enough: enough.signal },
      onState(state: LiveState) {
        backlog.push({ at: since(), frames: state.backlog + state.notWhole });
        peak = Math.max(peak, process.memoryUsage().rss);
        if (since() - last < 10) return;
        last = since();
        console.error(
          `${last.toFixed(0)} s: ${state.frames} frames, ${state.framesPerS.toFixed(1)}/s, lag ${state.lagS?.median.toFixed(2)} s, backlog ${state.backlog}, ${(process.memoryUsage().rss / 1e9).toFixed(2)} GB`,
        );
      },
      onReduced(_, lagS) {
        at.push(since());
        lags.push(lagS);
        if (lags.length === total) enough.abort();
      },
    },
    { workFolder: join(folder, "work"), pool: () => pool, signal: new AbortController().signal },
  ).catch((error: Error) => {
    if (!/of 401 lines/.test(error.message)) throw error; // as it has to say
  });
  const used = cpuSeconds(process.cpuUsage(cpu));
  await pool.close();
  const wrote = JSON.parse(await writer.said) as { late_ms: number; cpu_s: number };
  // the first line is looked at for bad pixels, and may be reduced anew; then it is caught up
  const caughtUp = at.findIndex((time, i) => time > POINTS / rate + 30 && lags[i]! < 2);
  const steady = lags.slice(Math.max(0, caughtUp));
  report({
    ...{ bench: "live", frames: lags.length, written: total, per_second: rate, workers },
    ...{
      lag_s_median: round(median(lags)),
      lag_s_95: round(percentile(lags, 0.95)),
      lag_s_most: round(Math.max(...lags)),
    },
    ...(steady.length > 0 && {
      steady_from_s: round(at[Math.max(0, caughtUp)]!),
      steady_lag_s_median: round(median(steady)),
      steady_lag_s_95: round(percentile(steady, 0.95)),
      steady_lag_s_most: round(Math.max(...steady)),
    }),
    ...{ backlog_most: Math.max(...backlog.map((one) => one.frames)), backlog_end: backlog.at(-1)!.frames },
    ...{
      cpu_ms_per_frame: round((1000 * used) / lags.length),
      frames_per_second_by_cpu: round((2 * lags.length) / used),
    },
    ...{ peak_rss_gb: round(peak / 1e9), writer_late_ms: round(wrote.late_ms), writer_cpu_s: round(wrote.cpu_s) },
  });
  draw("live-lag", "lag (s)", at, lags);
  draw(
    "live-backlog",
    "frames waiting",
    backlog.map((one) => one.at),
    backlog.map((one) => one.frames),
  );
  rmSync(frames, { recursive: true, force: true });
}

function startWriter(): { process: ChildProcess; said: Promise<string> } {
  const script = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, ["--import", "tsx", script, "write-live", String(seconds), String(rate)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  return { process: child, said: new Promise((resolve) => child.on("close", () => resolve(text))) };
}

function draw(name: string, yLabel: string, x: readonly number[], values: readonly number[]): void {
  const path = join(folder, `${name}.svg`);
  const title = `Following ${rate} frames a second of 1679 x 1475: ${yLabel}`;
  const curve = { name: yLabel, values, colour: "#0072b2", style: "line" as const };
  const yLimits = [0, 1.05 * Math.max(1e-3, ...values)] as const;
  writeFileSync(path, curvesFigure({ title, x, xLabel: "time since the start (s)", yLabel, curves: [curve], yLimits }));
  console.log(path);
}
