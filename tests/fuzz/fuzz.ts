/**
 * Fuzzes every reader for as long as it is let: `npm run fuzz -- --hours H --seed N [--only TARGET,TARGET] [--log FOLDER]`.
 * A case is known by target, seed and number, and is made again by `--only TARGET --seed N --from NUMBER --cases 1`.
 *
 * The log is one JSON object a line, in LOG/fuzz.jsonl; bytes of findings, minimised where they can be, are files in
 * LOG/findings. A finding is an exception that is no InputError, more than 5 s of processor time for a case, more than
 * 768 MiB of memory for it, a process that dies, or an answer that a checksum should have prevented.
 */
import { type ChildProcess, fork } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Cases } from "./cases.ts";
import type { Batch, BatchDone, Finding, FuzzSetup } from "./fuzz-process.ts";
import { TARGETS } from "./targets.ts";

const { values: options } = parseArgs({
  options: {
    hours: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    log: { type: "string", default: join(tmpdir(), "xrdct-fuzz") },
    from: { type: "string", default: "0" },
    cases: { type: "string" },
  },
});
const SEED = Number(options.seed);
const UNTIL = Date.now() + Number(options.hours) * 3_600_000;
const LOG = options.log;
const HANG_CPU_MS = 5000;
/** A machine with other work may give a process nothing for long; one that waits for something has no CPU time. */
const HANG_WALL_MS = 120_000;
const MEMORY_BYTES = 768 * 2 ** 20;
const DEADLY_BYTES = 3 * 2 ** 30;
const BATCH_MS = 3000;
const TELL_MS = 60_000;

interface Share {
  next: number;
  /** ms that it had */
  used: number;
  executed: number;
  read: number;
  readonly refused: Record<string, number>;
}

const wanted = options.only?.split(",");
const targets = TARGETS.filter(({ name }) => !wanted || wanted.includes(name));
const shares = new Map<string, Share>(
  targets.map(({ name }) => [name, { next: Number(options.from), used: 0, executed: 0, read: 0, refused: {} }]),
);
const known = new Map<string, number>();
const folder = join(LOG, `work-${process.pid}`);
const statusFile = join(LOG, `status-${process.pid}`);
const started = Date.now();

const log = (line: object): void =>
  appendFileSync(join(LOG, "fuzz.jsonl"), `${JSON.stringify({ at: new Date().toISOString(), seed: SEED, ...line })}\n`);

function start(): ChildProcess {
  const child = fork(fileURLToPath(new URL("./fuzz-process.ts", import.meta.url)), {
    execArgv: ["--import", "tsx", "--max-old-space-size=2048"],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const setup: FuzzSetup = {
    seed: SEED,
    kept: join(LOG, "seeds"),
    folder,
    statusFile,
    known: [...known.keys()],
    memoryBytes: MEMORY_BYTES,
  };
  child.send(setup);
  return child;
}

/** What the process is at: heartbeats, target, case. */
function statusOf(): readonly [beats: number, target: number, index: number] {
  try {
    const bytes = readFileSync(statusFile);
    return [bytes.readDoubleLE(0), bytes.readDoubleLE(8), bytes.readDoubleLE(16)];
  } catch {
    return [-1, -1, -1];
  }
}

/** Of all its threads, in steps of 10 ms; and its memory. */
function usageOf(pid: number): { cpuMs: number; rssBytes: number } {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return { cpuMs: 10 * (Number(fields[11]) + Number(fields[12])), rssBytes: 4096 * Number(fields[21]) };
  } catch {
    return { cpuMs: 0, rssBytes: 0 };
  }
}

interface Death {
  readonly kind: "hang" | "crash" | "memory";
  readonly why: string;
  readonly index: number;
}

/** Waits for the batch, and ends a process that hangs or takes the machine's memory. */
async function watch(child: ChildProcess, batch: Batch): Promise<BatchDone | Death> {
  let answer: BatchDone | undefined;
  let end: string | undefined;
  let words = "";
  const onMessage = (message: unknown): void => {
    answer = message as BatchDone;
  };
  child.on("message", onMessage);
  child.once("exit", (code, signal) => {
    end = `ended with ${signal ?? code}`;
  });
  child.stderr!.on("data", (data: Buffer) => {
    words = (words + data.toString()).slice(-2000);
  });
  child.send(batch);
  let last = { beats: -2, cpuMs: 0, at: Date.now() };
  try {
    for (;;) {
      await setTimeout(100);
      if (answer) return answer;
      const [beats, , index] = statusOf();
      if (end) return { kind: "crash", why: `${end}\n${words}`, index };
      const { cpuMs, rssBytes } = usageOf(child.pid!);
      if (beats !== last.beats) last = { beats, cpuMs, at: Date.now() };
      // seeds are made and read before the first case
      const patience = index < 0 ? 12 : 1;
      const kind =
        rssBytes > DEADLY_BYTES
          ? "memory"
          : cpuMs - last.cpuMs > patience * HANG_CPU_MS || Date.now() - last.at > patience * HANG_WALL_MS
            ? "hang"
            : undefined;
      if (!kind) continue;
      child.kill("SIGKILL");
      return { kind, why: `${cpuMs - last.cpuMs} ms of CPU, ${Math.round(rssBytes / 2 ** 20)} MiB`, index };
    }
  } finally {
    child.off("message", onMessage).removeAllListeners("exit").stderr!.removeAllListeners("data");
  }
}

function keep(finding: Finding): void {
  const count = known.get(finding.signature) ?? 0;
  known.set(finding.signature, count + 1);
  if (count > 0) return;
  const name = `${finding.target}-${createHash("sha256").update(finding.signature).digest("hex").slice(0, 10)}`;
  writeFileSync(join(LOG, "findings", name), Buffer.from(finding.bytes, "base64"));
  const { bytes: _, ...told } = finding;
  log({ event: "finding", file: name, ...told });
  process.stderr.write(`${finding.kind}: ${finding.signature} (case ${finding.index}, ${name})\n`);
}

async function keepDeath(batch: Batch, { kind, why, index }: Death): Promise<void> {
  const target = targets.find(({ name }) => name === batch.target)!;
  const place = /(?:RuntimeError|Error)[^\n]*|FATAL[^\n]*/.exec(why)?.[0] ?? "";
  const signature = `${batch.target}: ${kind} ${place.replace(/\d+/g, "N").slice(0, 80)}`;
  const cases = await Cases.open({ ...target, read: () => "" }, join(LOG, "seeds"), folder);
  const bytes = index < 0 ? new Uint8Array(0) : cases.make(SEED, index).bytes;
  keep({ target: batch.target, index, kind, signature, error: why, bytes: Buffer.from(bytes).toString("base64") });
}

function tell(): void {
  const executed = [...shares.values()].reduce((sum, { executed }) => sum + executed, 0);
  const perTarget = Object.fromEntries([...shares].map(([name, { executed, read }]) => [name, { executed, read }]));
  const hours = (Date.now() - started) / 3_600_000;
  const round = (value: number): number => Math.round(1000 * value) / 1000;
  log({
    event: "progress",
    hours: round(hours),
    cpuHours: round(cpuMs / 3_600_000),
    executed,
    findings: known.size,
    perTarget,
  });
}

mkdirSync(join(LOG, "findings"), { recursive: true });
log({ event: "start", targets: [...shares.keys()], hours: Number(options.hours) });
let child = start();
let cpuMs = 0;
let told = Date.now();
const most = options.cases === undefined ? undefined : Number(options.cases);
while (Date.now() < UNTIL) {
  // those that had the least time go first
  const [name, share] = [...shares].reduce((a, b) => (b[1].used < a[1].used ? b : a));
  if (most !== undefined && share.executed >= most) break;
  const batch: Batch = { target: name, from: share.next, forMs: BATCH_MS, ...(most !== undefined && { most }) };
  const before = Date.now();
  const cpuBefore = usageOf(child.pid!).cpuMs;
  const done = await watch(child, batch);
  cpuMs += Math.max(0, usageOf(child.pid!).cpuMs - cpuBefore);
  share.used += Date.now() - before;
  if ("kind" in done) {
    await keepDeath(batch, done);
    share.executed += Math.max(0, done.index - batch.from + 1);
    share.next = Math.max(share.next, done.index) + 1;
    child = start();
  } else {
    share.executed += done.executed;
    share.next += done.executed;
    share.read += done.read;
    for (const [code, count] of Object.entries(done.refused)) share.refused[code] = (share.refused[code] ?? 0) + count;
    for (const finding of done.findings) keep(finding);
    if (done.isWorn) {
      child.kill("SIGKILL");
      child = start();
    }
  }
  if (Date.now() - told > TELL_MS) {
    tell();
    told = Date.now();
  }
}
tell();
log({ event: "end", refused: Object.fromEntries([...shares].map(([name, { refused }]) => [name, refused])) });
child.kill("SIGKILL");
rmSync(folder, { recursive: true, force: true });
rmSync(statusFile, { force: true });
process.stderr.write(`${known.size} findings; the log is ${join(LOG, "fuzz.jsonl")}\n`);
