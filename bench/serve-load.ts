/**
 * `xrdct serve` under load: 1, 8, 32 and 128 clients that each ask as the page does (maps, patterns of voxels, images
 * of ranges of bins) as fast as they are answered; then one honest user, who asks ten times a second, alone and beside
 * a slow reader, a drip of half-sent headers and floods with and without the token.
 *
 *   npm run bench -- serve-load RESULT.nxs
 *   XRDCT_LOAD_S=10   seconds for each figure (300 for the long run)
 *   XRDCT_LOAD_CLIENTS=1,8,32,128
 *
 * All is on 127.0.0.1 and bounded in time; "told to wait" are requests that got 429; clients ask again after the
 * time that the answer names. Figures come as they are taken, one JSON object a line, and as a table at the end. `npm run build` first.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { basename, dirname, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { seededRandom } from "../tests/seeded-random.ts";
import { percentile, report, round } from "./common.ts";

const file = process.env["XRDCT_LOAD_FILE"] ?? process.argv.find((word) => word.endsWith(".nxs"));
if (!file) throw new Error("name a result with a volume and maps: npm run bench -- serve-load RESULT.nxs");
const seconds = Number(process.env["XRDCT_LOAD_S"] ?? 10);
const clients = (process.env["XRDCT_LOAD_CLIENTS"] ?? "1,8,32,128").split(",").map(Number);

interface Session {
  readonly server: ChildProcess;
  readonly port: number;
  readonly token: string;
}

interface Answer {
  readonly status: number;
  readonly ms: number;
  readonly retryS: number;
}

const KINDS = ["pattern", "map", "image"] as const;
type Kind = (typeof KINDS)[number];

interface Tally {
  readonly ms: Record<Kind, number[]>;
  busy: number;
  errors: number;
}

async function serve(): Promise<Session> {
  const server = spawn(
    process.execPath,
    ["dist/cli/main.js", "serve", dirname(resolve(file!)), "--port", "0", "--json"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const line = await new Promise<string>((done) =>
    server.stdout!.once("data", (data: Buffer) => done(data.toString())),
  );
  const { origin, token } = JSON.parse(line) as { origin: string; token: string };
  return { server, port: Number(new URL(origin).port), token };
}

/** One request on a kept connection; the page sends a cookie, a script its token. */
function ask({ port, token }: Session, agent: Agent, path: string, isPage: boolean): Promise<Answer> {
  const headers = isPage ? { cookie: `xrdct-token-${port}=${token}` } : { authorization: `token ${token}` };
  const start = performance.now();
  return new Promise((done) => {
    const failed = (): void => done({ status: 0, ms: performance.now() - start, retryS: 0.1 });
    const sent = request({ host: "127.0.0.1", port, path: `/api/${path}`, agent, headers }, (response) => {
      response.on("data", () => {});
      response.on("error", failed);
      response.on("end", () => {
        const retryS = Number(response.headers["retry-after"] ?? 0);
        done({ status: response.statusCode ?? 0, ms: performance.now() - start, retryS });
      });
    });
    sent.on("error", failed).end();
  });
}

interface Content {
  readonly maps: readonly string[];
  readonly volume: { readonly name: string; readonly shape: readonly number[] };
}

async function contentOf({ port, token }: Session): Promise<Content> {
  const url = `http://127.0.0.1:${port}/api/result?file=${encodeURIComponent(basename(file!))}`;
  const response = await fetch(url, { headers: { authorization: `token ${token}` } });
  const info = (await response.json()) as {
    arrays: { name: string; kind: string; shape: number[] }[];
    volume?: string;
  };
  const volume = info.arrays.find(({ name }) => name === info.volume);
  if (!volume) throw new Error(`${file} has no volume`);
  return { maps: info.arrays.filter(({ kind }) => kind === "map").map(({ name }) => name), volume };
}

/** Of ten requests of a page that is used: seven patterns under the cursor, two maps, one image. */
function nextPath({ maps, volume }: Content, random: () => number): { readonly kind: Kind; readonly path: string } {
  const whole = (below: number): number => Math.floor(random() * below);
  const at = `file=${encodeURIComponent(basename(file!))}`;
  const [rows, cols, bins] = volume.shape as [number, number, number];
  const kind = whole(10);
  if (kind < 7)
    return { kind: "pattern", path: `pattern?${at}&stack=${volume.name}&y=${whole(rows)}&x=${whole(cols)}` };
  if (kind < 9 && maps.length > 0)
    return { kind: "map", path: `array?${at}&name=${encodeURIComponent(maps[whole(maps.length)]!)}&with=esd,status` };
  const from = whole(bins - 20);
  return { kind: "image", path: `image?${at}&stack=${volume.name}&from=${from}&to=${from + 1 + whole(20)}` };
}

/** @param everyMs between two requests of a client; 0: at once after the answer */
async function client(
  session: Session,
  content: Content,
  seed: number,
  untilMs: number,
  tally: Tally,
  everyMs: number,
  isPage: boolean,
): Promise<void> {
  const random = seededRandom(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (performance.now() < untilMs) {
    const { kind, path } = nextPath(content, random);
    const { status, ms, retryS } = await ask(session, agent, path, isPage);
    if (status === 200) tally.ms[kind].push(ms);
    else if (status === 429 || status === 503) tally.busy++;
    else tally.errors++;
    if (status !== 200 && retryS > 0) await setTimeout(1000 * retryS);
    else if (everyMs > 0) await setTimeout(everyMs);
  }
  agent.destroy();
}

const tallyOf = (): Tally => ({ ms: { pattern: [], map: [], image: [] }, busy: 0, errors: 0 });

/** MB */
function memory({ server }: Session, field: "VmHWM" | "VmRSS"): number {
  const text = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(text)![1]) / 1e3);
}

/** Rows of the table that is printed at the end. */
const rows: string[][] = [];
const HEAD = ["load", "requests/s", "p50 ms", "p95 ms", "p99 ms", ...KINDS.map((kind) => `${kind} p95 ms`)];

function tell(session: Session, work: string, { ms, busy, errors }: Tally): void {
  const all = KINDS.flatMap((kind) => ms[kind]);
  const at = (values: readonly number[], share: number): number =>
    values.length > 0 ? round(percentile(values, share)) : Number.NaN;
  const figures = {
    "requests/s": round(all.length / seconds),
    "p50 ms": at(all, 0.5),
    "p95 ms": at(all, 0.95),
    "p99 ms": at(all, 0.99),
    ...Object.fromEntries(KINDS.map((kind) => [`${kind} p95 ms`, at(ms[kind], 0.95)])),
    "told to wait": busy,
    errors,
    "RSS MB": memory(session, "VmRSS"),
  };
  report({ work, ...figures, "most MB": memory(session, "VmHWM") });
  rows.push([work, ...Object.values(figures).map((value) => (Number.isNaN(value) ? "none" : String(value)))]);
}

/** As docs/performance.md has it. */
function table(): string {
  const lines = [[...HEAD, "told to wait", "errors", "RSS MB"], Array(HEAD.length + 3).fill("---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

async function load(session: Session, content: Content, n: number): Promise<void> {
  const tally = tallyOf();
  const until = performance.now() + 1000 * seconds;
  await Promise.all(Array.from({ length: n }, (_, i) => client(session, content, i + 1, until, tally, 0, true)));
  tell(session, n === 1 ? "1 client" : `${n} clients`, tally);
}

/** Connections of somebody who does harm, opened again when they are closed, until the time is over. */
function harm(session: Session, n: number, untilMs: number, begin: (socket: Socket) => void): () => void {
  const open = new Set<Socket>();
  let isOver = false;
  const start = (): void => {
    if (isOver || performance.now() > untilMs) return;
    const socket = connect(session.port, "127.0.0.1", () => begin(socket));
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      globalThis.setTimeout(start, 20);
    });
  };
  for (let i = 0; i < n; i++) start();
  return () => {
    isOver = true;
    for (const socket of open) socket.destroy();
  };
}

async function beside(
  session: Session,
  content: Content,
  work: string,
  begin: (untilMs: number) => () => void,
): Promise<void> {
  const tally = tallyOf();
  const until = performance.now() + 1000 * seconds;
  const end = begin(until);
  await setTimeout(300);
  await client(session, content, 99, until, tally, 100, true);
  end();
  tell(session, `honest user, ${work}`, tally);
  await setTimeout(500);
}

async function harms(session: Session, content: Content): Promise<void> {
  const { port, token } = session;
  const head = `Host: 127.0.0.1:${port}\r\n`;
  const image = `/api/image?file=${encodeURIComponent(basename(file!))}&stack=${content.volume.name}&from=0&to=1`;
  await beside(session, content, "alone", () => () => {});
  await beside(session, content, "20 readers that do not read", (until) =>
    harm(session, 20, until, (socket) => {
      socket.pause();
      socket.write(`GET ${image} HTTP/1.1\r\n${head}Authorization: token ${token}\r\n\r\n`.repeat(4));
    }),
  );
  await beside(session, content, "500 sockets with half a head", (until) =>
    harm(session, 500, until, (socket) => {
      socket.write(`GET /api/session HTTP/1.1\r\n${head}`);
    }),
  );
  await beside(session, content, "50 bodies that drip", (until) =>
    harm(session, 50, until, (socket) => {
      const json = "Content-Type: application/json\r\nContent-Length: 1000\r\n";
      socket.write(`PUT /api/text HTTP/1.1\r\n${head}Authorization: token ${token}\r\n${json}\r\n{`);
      const drip = setInterval(() => socket.write(" "), 500);
      socket.on("close", () => clearInterval(drip));
    }),
  );
  const flood = (n: number, line: string) => (until: number) =>
    harm(session, n, until, (socket) => {
      const next = (): void => void socket.write(`GET ${line} HTTP/1.1\r\n${head}\r\n`);
      socket.on("data", next);
      next();
    });
  await beside(session, content, "150 sockets that flood without the token", flood(150, "/api/session"));
  await beside(session, content, "64 scripts that flood with the token", (until) => {
    const tally = tallyOf();
    for (let i = 0; i < 64; i++) void client(session, content, i, until, tally, 0, false);
    return () => {};
  });
}

const session = await serve();
try {
  const content = await contentOf(session);
  for (let i = 0; i < 3; i++) await client(session, content, 7, performance.now() + 500, tallyOf(), 0, true);
  report({
    work: `${basename(file)} ${content.volume.shape.join(" x ")}`,
    seconds,
    "RSS MB": memory(session, "VmRSS"),
  });
  for (const n of clients) await load(session, content, n);
  await harms(session, content);
  console.log(`\n${table()}`);
} finally {
  session.server.kill();
}
