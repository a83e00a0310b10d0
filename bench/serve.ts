/**
 * `xrdct serve` on a large result: the time to open it, patterns of voxels and images of ranges of bins at random (each
 * as a page asks for them, over HTTP), mean patterns of regions, and the memory of the server. The file is written by
 * the project's own writer from a formula, and every kind of answer is compared with it.
 *
 * XRDCT_SERVE_SIZE=rows,cols,bins (600,600,1000: 1.4 GB; 1500,1500,2222 is 20 GB, and as much room is needed, and a
 * quarter for the index). XRDCT_SERVE_PAGE=1 times the page in Chromium too (serve-page.ts). XRDCT_SERVE_KEEP=1 leaves
 * file and index for the next time. `npm run build` first. "cold": the system's cache of the files is emptied before the
 * series; "CPU ms" is what the server used, for each request.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { createResultWriter } from "../src/files/result-writer.ts";
import { seededRandom } from "../tests/seeded-random.ts";
import { benchFolder, median, percentile, report, round } from "./common.ts";
import { timePage } from "./serve-page.ts";

const [rows, cols, bins] = (process.env["XRDCT_SERVE_SIZE"] ?? "600,600,1000").split(",").map(Number) as [
  number,
  number,
  number,
];
const folder = join(benchFolder, "serve");
const cache = join(benchFolder, "serve-cache");
const keeps = process.env["XRDCT_SERVE_KEEP"] === "1";
const isKept = keeps && existsSync(join(folder, "large.nxs"));
const random = seededRandom(7);
const whole = (n: number): number => Math.floor(random() * n);

/** Intensity of a voxel, weight of a bin; a value is their product as float32. */
const amount = Float32Array.from({ length: rows * cols }, () => random());
const weight = Float32Array.from({ length: bins }, (_, bin) => 1 + 50 * Math.exp(-(((bin % 97) - 48) ** 2) / 20));
const valueAt = (voxel: number, bin: number): number => Math.fround(amount[voxel]! * weight[bin]!);

async function write(name: string, n: readonly [number, number, number], compress: boolean): Promise<void> {
  const [ny, nx, depth] = n;
  const writer = await createResultWriter(join(folder, name), { program: "xrdct", version: "bench", title: "bench" });
  const values = Float64Array.from({ length: depth }, (_, i) => 1 + 0.005 * i);
  const axes = [{ name: "y" }, { name: "x" }, { name: "q", values, unit: "1/angstrom" }];
  const array = writer.array("reconstruct/data", {
    shape: n,
    dtype: "float32",
    unit: "counts",
    longName: "intensity",
    axes,
    compress,
  });
  const width = 8;
  const slab = new Float32Array(ny * nx * width);
  for (let from = 0; from < depth; from += width) {
    const count = Math.min(width, depth - from);
    for (let voxel = 0, i = 0; voxel < ny * nx; voxel++) {
      for (let bin = from; bin < from + count; bin++) slab[i++] = valueAt(voxel, bin);
    }
    array.writeSlab([0, 0, from], [ny, nx, count], slab.subarray(0, ny * nx * count));
  }
  writer.finish();
}

interface Session {
  readonly server: ChildProcess;
  readonly origin: string;
  readonly token: string;
}

async function serve(): Promise<Session> {
  const server = spawn(process.execPath, ["dist/cli/main.js", "serve", folder, "--port", "0", "--json"], {
    env: { ...process.env, XRDCT_CACHE: cache },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve) => {
    server.stdout!.once("data", (data: Buffer) => resolve(data.toString()));
  });
  return { server, ...(JSON.parse(line) as { origin: string; token: string }) };
}

interface Answer {
  readonly ms: number;
  readonly meta: { readonly prepared?: number };
  readonly body: ArrayBuffer;
}

async function ask({ origin, token }: Session, path: string, body?: unknown): Promise<Answer> {
  const headers = {
    authorization: `token ${token}`,
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  const start = performance.now();
  const method = body === undefined ? "GET" : "POST";
  const response = await fetch(`${origin}/api/${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const bytes = await response.arrayBuffer();
  const ms = performance.now() - start;
  if (!response.ok) throw new Error(new TextDecoder().decode(bytes));
  const arrays = response.headers.get("x-xrdct-arrays");
  return { ms, meta: arrays ? (JSON.parse(arrays) as Answer).meta : {}, body: bytes };
}

async function tell(session: Session, work: string, series: () => Promise<number[]>): Promise<void> {
  const before = cpuMs(session);
  const ms = await series();
  report({
    work,
    requests: ms.length,
    "p50 ms": round(median(ms)),
    "p95 ms": round(percentile(ms, 0.95)),
    "most ms": round(Math.max(...ms)),
    "CPU ms": round((cpuMs(session) - before) / ms.length),
  });
}

/** User and system time so far, of all threads; the system counts in steps of 10 ms. */
function cpuMs({ server }: Session): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

function check(what: string, found: number, expected: number): void {
  if (Math.abs(found - expected) <= 1e-6 * Math.abs(expected)) return;
  throw new Error(`${what}: ${found} and not ${expected}`);
}

/** @param isScrub neighbours along a line, as under a cursor that moves; else anywhere */
async function patterns(
  session: Session,
  file: string,
  n: readonly number[],
  count: number,
  isScrub = false,
): Promise<number[]> {
  const times: number[] = [];
  const line = whole(n[0]!);
  for (let i = 0; i < count; i++) {
    let [y, x, bin] = n.map(whole) as [number, number, number];
    if (isScrub) [y, x] = [(line + (i >> 3)) % n[0]!, i % n[1]!];
    const { ms, body } = await ask(session, `pattern?file=${file}&stack=reconstruct/data&y=${y}&x=${x}`);
    check(`voxel ${y},${x} bin ${bin}`, new Float32Array(body)[bin]!, valueAt(y * n[1]! + x, bin));
    times.push(ms);
  }
  return times;
}

/** @param isScrub a range that moves bin by bin; else anywhere, narrow and wide ones alike */
async function images(
  session: Session,
  file: string,
  n: readonly number[],
  count: number,
  isScrub = false,
): Promise<number[]> {
  const [ny, nx, depth] = n as [number, number, number];
  const times: number[] = [];
  const start = whole(depth >> 1);
  for (let i = 0; i < count; i++) {
    const width = isScrub ? depth >> 4 : Math.max(1, Math.round(depth ** random()));
    const from = isScrub ? (start + i) % (depth - width) : whole(depth - width + 1);
    const url = `image?file=${file}&stack=reconstruct/data&from=${from}&to=${from + width}`;
    const { ms, body } = await ask(session, url);
    const voxel = whole(ny * nx);
    let sum = 0;
    for (let bin = from; bin < from + width; bin++) sum += valueAt(voxel, bin);
    check(`bins ${from}:${from + width} voxel ${voxel}`, new Float32Array(body)[voxel]!, sum / width);
    times.push(ms);
  }
  return times;
}

async function region(session: Session, work: string, share: number, kind: "rectangle" | "ellipse"): Promise<void> {
  const from = [(cols * (1 - share)) / 2, (rows * (1 - share)) / 2];
  const to = [(cols * (1 + share)) / 2, (rows * (1 + share)) / 2];
  const body = { file: "large.nxs", stack: "reconstruct/data", region: { kind, from, to } };
  const { ms, body: bytes } = await ask(session, "pattern", body);
  let [sum, count] = [0, 0];
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < cols; x++) {
      const [u, v] = [(x + 0.5 - cols / 2) / (cols * share), (y + 0.5 - rows / 2) / (rows * share)];
      const isInside = kind === "ellipse" ? u * u + v * v < 0.25 : Math.max(Math.abs(u), Math.abs(v)) < 0.5;
      if (!isInside) continue;
      sum += valueAt(y * cols + x, 48);
      count++;
    }
  }
  check(work, new Float64Array(bytes)[48]!, sum / count);
  report({ work, voxels: count, ms: round(ms) });
}

/** MB */
function memory({ server }: Session, field: "VmHWM" | "VmRSS"): number {
  const text = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)![1]) / 1e3);
}

function dropCache(...folders: string[]): void {
  for (const place of folders) {
    for (const file of readdirSync(place, { recursive: true, encoding: "utf8" })) {
      const path = join(place, file);
      if (statSync(path).isFile()) {
        execFileSync("sync", [path]);
        execFileSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]);
      }
    }
  }
}

const bytesOf = (place: string): number =>
  readdirSync(place, { recursive: true, encoding: "utf8" })
    .map((file) => statSync(join(place, file)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);

async function large(): Promise<void> {
  const n = [rows, cols, bins] as const;
  const start = performance.now();
  if (!isKept) await write("large.nxs", n, false);
  const { size } = statSync(join(folder, "large.nxs"));
  report({ work: "write the file", "file GB": round(size / 1e9), s: round((performance.now() - start) / 1e3) });
  dropCache(folder);
  const session = await serve();
  try {
    report({ work: "server at rest", "RSS MB": memory(session, "VmRSS") });
    report({ work: "open, cold", ms: round((await ask(session, "result?file=large.nxs")).ms) });
    const tellPatterns = (work: string, isScrub = false): Promise<void> =>
      tell(session, work, () => patterns(session, "large.nxs", n, 200, isScrub));
    const tellImages = (work: string, count = 200, isScrub = false): Promise<void> =>
      tell(session, work, () => images(session, "large.nxs", n, count, isScrub));
    await tellPatterns("pattern of a voxel, cold, anywhere");
    await tellPatterns("pattern of a voxel, cold, along a line", true);
    if (!isKept) await tellImages("image of a range, no index yet", 3);
    const url = `image?file=large.nxs&stack=reconstruct/data&from=0&to=1`;
    const began = performance.now();
    for (let asked = 0; (await ask(session, url)).meta.prepared !== 1; asked++) {
      if (asked > 600) throw new Error("the index is not made");
      await setTimeout(1000);
    }
    const s = round((performance.now() - began) / 1e3);
    report({ work: "index made after", s, "index GB": round(bytesOf(cache) / 1e9) });
    dropCache(folder, cache);
    await tellImages("image of a range, cold, anywhere");
    await tellImages("image of a range, anywhere");
    await tellImages("image of a range, moving", 200, true);
    await tellPatterns("pattern of a voxel, anywhere");
    await tellPatterns("pattern of a voxel, along a line", true);
    await region(session, "mean of the whole slice", 1, "rectangle");
    await region(session, "mean of an ellipse", 0.9, "ellipse");
    await region(session, "mean of a small ellipse", 0.1, "ellipse");
    if (process.env["XRDCT_SERVE_PAGE"] === "1") await timePage({ ...session, file: "large.nxs", rows, cols, bins });
    report({ work: "memory of the server", "RSS MB": memory(session, "VmRSS"), "most MB": memory(session, "VmHWM") });
  } finally {
    session.server.kill("SIGTERM");
  }
}

async function compressed(): Promise<void> {
  const n = [Math.min(rows, 300), Math.min(cols, 300), Math.min(bins, 1000)] as const;
  await write("gzip.nxs", n, true);
  const session = await serve();
  try {
    const size = round(statSync(join(folder, "gzip.nxs")).size / 1e9);
    report({ work: `compressed with gzip, ${n.join(" x ")}`, "file GB": size });
    await tell(session, "gzip: pattern of a voxel", () => patterns(session, "gzip.nxs", n, 20));
    await tell(session, "gzip: image of a range", () => images(session, "gzip.nxs", n, 20));
  } finally {
    session.server.kill("SIGTERM");
  }
}

mkdirSync(folder, { recursive: true });
try {
  await large();
  if (!keeps) rmSync(join(folder, "large.nxs"));
  await compressed();
} finally {
  if (!keeps) {
    rmSync(folder, { recursive: true, force: true });
    rmSync(cache, { recursive: true, force: true });
  }
}
