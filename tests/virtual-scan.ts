/** Small simulated scans as files, and the program as a user runs it: for the tests of whole runs. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { openResult } from "../src/files/result-reader.ts";
import { runScan } from "../src/pipeline/run-scan.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { simulateScan } from "../src/pipeline/simulate-scan.ts";
import type { StageName } from "../src/pipeline/steps.ts";
import { SimulateConfig, type SimulateInput } from "../src/stages/simulate/index.ts";
import { madeOnce } from "./made-once.ts";

export const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const KILL_AT = fileURLToPath(new URL("./kill-at.mjs", import.meta.url));

/** Aluminium with a rod of copper off its middle, lattice parameters of the built-in structures. */
const SAMPLE: Pick<SimulateInput, "seed" | "phases" | "shapes"> = {
  seed: 3,
  phases: { Al: {}, Cu: {} },
  shapes: [
    { kind: "disc", material: "Al", radiusMm: 1.5 },
    { kind: "disc", material: "Cu", centreMm: [0.5, 0.4], radiusMm: 0.6 },
  ],
};

export const ROTATION_AXIS = 12.35;

/** 25 translations x 25 angles x 240 bins of q, zig-zag with a shift of one step. */
export const PATTERNS: SimulateInput = {
  ...SAMPLE,
  scan: {
    translations: 25,
    angles: 24,
    stepMm: 0.16,
    rotationAxis: ROTATION_AXIS,
    zigZag: true,
    lineShiftSteps: 1,
    includesEnd: true,
  },
  instrument: { distanceMm: 2000 },
  axis: { unit: "q", from: 2.6, to: 3.8, bins: 240 },
  noise: { countsPerRay: 1e6 },
};

/** 15 translations x 16 angles of frames of 120 x 110 pixels. */
export const FRAMES: SimulateInput = {
  ...SAMPLE,
  scan: { translations: 15, angles: 16, stepMm: 0.26, rotationAxis: 7.2 },
  instrument: { distanceMm: 150 },
  axis: { unit: "two-theta", from: 2, to: 5, bins: 100 },
  detector: { rows: 120, cols: 110, pixelUm: 172, centreRow: 5.3, centreCol: 50.2, hotPixels: 5 },
  noise: { countsPerRay: 1e6 },
};

export const MAP = {
  regions: [
    { name: "Al", phase: "Al", range: [3.04, 3.2], peaks: [{ name: "200", d: 2.0246, hkl: [2, 0, 0] }] },
    { name: "Cu", phase: "Cu", range: [2.94, 3.08], peaks: [{ name: "111", d: 2.087, hkl: [1, 1, 1] }] },
  ],
  lattices: [
    { phase: "Al", system: "cubic" },
    { phase: "Cu", system: "cubic" },
  ],
};

export interface VirtualScan {
  readonly folder: string;
  readonly scanPath: string;
  readonly truthPath: string;
  /** writes another scan.yaml beside it, with these top-level keys changed; undefined takes one away */
  readonly variant: (name: string, changes: Readonly<Record<string, unknown>>) => string;
}

/** Simulated once for all files that ask for the same scan; each has a copy, to write beside. */
export async function simulate(folder: string, config: SimulateInput, output: "patterns" | "frames") {
  const key = createHash("sha256").update(JSON.stringify({ config, output })).digest("hex").slice(0, 16);
  const made = await madeOnce(`scan-${key}`, async (at) => {
    await simulateScan(SimulateConfig.parse(config), {
      folder: at,
      output,
      workers: 1,
      onProgress: () => {},
      signal: new AbortController().signal,
    });
  });
  cpSync(made, folder, { recursive: true, filter: (path) => path !== join(made, "done") });
  return openVirtualScan(folder, join(folder, "scan.yaml"), join(folder, "truth.nxs"));
}

function openVirtualScan(folder: string, scanPath: string, truthPath: string): VirtualScan {
  return {
    folder,
    scanPath,
    truthPath,
    variant(name, changes) {
      const scan = { ...(parse(readFileSync(scanPath, "utf8")) as object), ...changes };
      const path = join(folder, name);
      writeFileSync(path, stringify(scan));
      return path;
    },
  };
}

export interface Ran {
  /** exit code; null where a signal ended it */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** what --json printed */
  // biome-ignore lint/suspicious/noExplicitAny: each command has its own
  readonly json: any;
}

/** The built program in a process of its own; with `killAt` it dies there (tests/kill-at.mjs). */
export function xrdct(args: readonly string[], { killAt, cwd }: { killAt?: string; cwd?: string } = {}): Ran {
  const ended = spawnSync(process.execPath, [...(killAt ? ["--import", KILL_AT] : []), MAIN, ...args], {
    encoding: "utf8",
    timeout: 120_000,
    env: { ...process.env, ...(killAt && { KILL_AT: killAt }) },
    ...(cwd && { cwd }),
  });
  return ranOf(ended);
}

type Ended = Pick<SpawnSyncReturns<string>, "status" | "signal" | "stdout" | "stderr">;

const ranOf = ({ status, signal, stdout, stderr }: Ended): Ran => ({
  code: status,
  signal,
  stdout,
  stderr,
  get json() {
    return JSON.parse(stdout);
  },
});

/**
 * The same in this process, which spares its start and loads a command once for all calls: for what is not killed,
 * interrupted or served. One after the other: what it writes and its exit code are those of the process meanwhile.
 * Not where functions of src/ draw PNGs too: the library for them is initialised once in a process, by src or by dist.
 */
export async function xrdctHere(args: readonly string[], { cwd }: { cwd?: string } = {}): Promise<Ran> {
  const built = new URL("../dist/cli/command-line.js", import.meta.url).href;
  const { runCommandLine } = (await import(built)) as typeof import("../src/cli/command-line.ts");
  const written = { stdout: "", stderr: "" };
  const before = { folder: process.cwd(), code: process.exitCode };
  const writes = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ["stdout", "stderr"] as const)
    process[name].write = (chunk: string | Uint8Array) => {
      written[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
      return true;
    };
  process.exitCode = 0;
  try {
    if (cwd) process.chdir(cwd);
    await runCommandLine(args);
    return ranOf({ status: Number(process.exitCode), signal: null, ...written });
  } finally {
    for (const name of ["stdout", "stderr"] as const) process[name].write = writes[name];
    process.exitCode = before.code;
    process.chdir(before.folder);
  }
}

const runArgs = (scan: string, output: string, args: readonly string[]): string[] => [
  ...["run", scan, "-o", output, "--json", "--quiet"],
  ...args,
];

/** `xrdct run` with --json and without progress, in this process, in one thread unless others are asked for. */
export const run = (scan: string, output: string, args: readonly string[] = []): Promise<Ran> =>
  xrdctHere(runArgs(scan, output, ["--workers", "1", ...args]));

/** The same in a process of its own, which may be killed. */
export const runProcess = (scan: string, output: string, args: readonly string[] = [], killAt?: string): Ran =>
  xrdct(runArgs(scan, output, args), killAt ? { killAt } : {});

/** The function behind it, for runs that are not refused. */
export async function runHere(scan: string, output: string, stages: { from?: StageName; until?: StageName } = {}) {
  const summary = await runScan(readScan(scan), {
    output,
    workers: 1,
    memoryBytes: 3e9,
    onProgress: () => {},
    signal: new AbortController().signal,
    ...stages,
  });
  return { json: summary };
}

/** stage -> blocks done now */
export const blocksDone = (ran: Pick<Ran, "json">): Record<string, number> =>
  Object.fromEntries(
    (ran.json.stages as { name: string; blocksDone: number }[]).map(({ name, blocksDone }) => [name, blocksDone]),
  );

/** sha256 of every array in a result, with its shape. */
export async function hashes(path: string): Promise<Record<string, string>> {
  const result = await openResult(path);
  try {
    return Object.fromEntries(
      result.list().map(({ name, shape }) => {
        const { buffer, byteOffset, byteLength } = result.readArray(name);
        const bytes = new Uint8Array(buffer, byteOffset, byteLength);
        return [name, `${shape.join("x")} ${createHash("sha256").update(bytes).digest("hex")}`];
      }),
    );
  } finally {
    result.close();
  }
}

/** Lines of a stage's journal that a killed run left whole. */
export function journalEntries(output: string, stage: string): number {
  const path = join(`${output}.work`, stage, "journal.jsonl");
  if (!existsSync(path)) return 0;
  return readFileSync(path, "utf8").split("\n").slice(1, -1).length;
}
