/**
 * The process that is at risk: it runs cases that fuzz.ts names, and says before each which one it is, so that a hang,
 * a crash or a death for memory is known by its case.
 */
import { mkdirSync, openSync, writeSync } from "node:fs";
import { resourceUsage } from "node:process";
import { attempt, Cases, minimise } from "./cases.ts";
import { TARGETS } from "./targets.ts";

export interface FuzzSetup {
  readonly seed: number;
  /** where seeds are kept, and where files of the cases are written */
  readonly kept: string;
  readonly folder: string;
  /** file of three numbers: heartbeats, target, case */
  readonly statusFile: string;
  readonly known: readonly string[];
  readonly memoryBytes: number;
}

export interface Batch {
  readonly target: string;
  readonly from: number;
  readonly forMs: number;
  /** left out: as many as there is time for */
  readonly most?: number;
}

export interface Finding {
  readonly target: string;
  readonly index: number;
  readonly kind: "exception" | "memory" | "hang" | "crash";
  readonly signature: string;
  readonly error: string;
  /** base64 */
  readonly bytes: string;
}

export interface BatchDone {
  readonly target: string;
  readonly executed: number;
  readonly read: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  /** its memory is no longer as at its start */
  readonly isWorn: boolean;
}

let setup: FuzzSetup;
let status: number;
let beats = 0;
const opened = new Map<string, Cases>();
const known = new Set<string>();
const peakBytes = (): number => resourceUsage().maxRSS * 1024;

function beat(target: number, index: number): void {
  writeSync(status, Buffer.from(Float64Array.of(++beats, target, index).buffer), 0, 24, 0);
}

async function run({ target: name, from, forMs, most = Number.POSITIVE_INFINITY }: Batch): Promise<BatchDone> {
  const number = TARGETS.findIndex((one) => one.name === name);
  const target = TARGETS[number]!;
  beat(number, -1);
  const cases = opened.get(name) ?? (await Cases.open(target, setup.kept, setup.folder));
  opened.set(name, cases);
  const refused: Record<string, number> = {};
  const findings: Finding[] = [];
  let read = 0;
  let executed = 0;
  let isWorn = false;
  for (const until = performance.now() + forMs; performance.now() < until && executed < most && !isWorn; executed++) {
    const index = from + executed;
    beat(number, index);
    const one = cases.make(setup.seed, index);
    const before = peakBytes();
    const outcome = await attempt(target, one, setup.folder);
    if (outcome.kind === "read") read++;
    else if (outcome.kind === "refused") refused[outcome.code] = (refused[outcome.code] ?? 0) + 1;
    else if (!known.has(outcome.signature)) {
      known.add(outcome.signature);
      const bytes =
        one.unharmed === undefined
          ? await minimise(target, one.bytes, outcome.signature, setup.folder, () => beat(number, index))
          : one.bytes;
      const { signature, error } = outcome;
      const found = { target: name, index, kind: "exception", signature, error } as const;
      findings.push({ ...found, bytes: Buffer.from(bytes).toString("base64") });
    }
    const grown = peakBytes() - before;
    if (grown > setup.memoryBytes) {
      const signature = `${name}: memory in a case that ${outcome.kind === "refused" ? `ends in ${outcome.code}` : `is ${outcome.kind}`}`;
      const error = `${Math.round(grown / 2 ** 20)} MiB more than before, for ${one.bytes.length} bytes`;
      findings.push({
        target: name,
        index,
        kind: "memory",
        signature,
        error,
        bytes: Buffer.from(one.bytes).toString("base64"),
      });
    }
    isWorn = peakBytes() > 2 * setup.memoryBytes;
  }
  beat(number, -1);
  return { target: name, executed, read, refused, findings, isWorn };
}

process.on("message", async (message: FuzzSetup | Batch) => {
  if ("kept" in message) {
    setup = message;
    for (const one of setup.known) known.add(one);
    mkdirSync(setup.folder, { recursive: true });
    status = openSync(setup.statusFile, "w");
    return;
  }
  process.send!(await run(message));
});
// what a case leaves behind may fail later: that is a fault as well, and ends the process with its case known
process.on("disconnect", () => process.exit());
