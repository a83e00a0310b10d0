/**
 * What a run on a cluster keeps on shared storage, RESULT.work/slurm/:
 *
 *   order.json        what is to be done, for the jobs to read
 *   begun.json        when, and its first job
 *   program.json      what the first job ran with: all others have to be the same
 *   events.jsonl      progress of the steps, for who watches
 *   children.json     of a study or a series: the runs of its scans
 *   outcome.json      how it ended
 *   restarts.json     how often a step was begun again after it was lost, and what steps ask for since
 *   cancelled         there once somebody wanted it to end
 *   step.sh, step.log the job that plans a stage, gives out its blocks and finishes it
 *   STAGE-KEY/try-N/  one job array: work.bin (what to do), part.sh, part-I.jsonl (done, block by block), logs,
 *                     demands.json (what it asks for beyond the settings), ends.json (how its jobs went wrong)
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { deserialize, serialize } from "node:v8";
import { InputError } from "../../data/index.ts";
import type { BlockRequest } from "../block-executor.ts";
import { diskError } from "../disk-error.ts";
import type { ScanConfig } from "../scan-config.ts";
import type { StageWork } from "../work-log.ts";
import { writeWhole } from "../write-whole.ts";
import type { SlurmSettings } from "./slurm-settings.ts";

/** What the jobs of a run are told; paths are absolute. */
export interface SlurmOrder {
  readonly kind: "run" | "study" | "series";
  /** scan.yaml, study.yaml or series.yaml */
  readonly path: string;
  /** result file, or folder of the study or the series */
  readonly output: string;
  readonly memoryBytes: number;
  readonly settings: SlurmSettings;
  /** of a run */
  readonly from?: string;
  readonly until?: string;
  /** the nodes have a GPU each, of one kind; left out: processors */
  readonly device?: "gpu";
  /** of a run that a study or a series gave: the scan as it is for that, and when it was given */
  readonly given?: {
    readonly config: ScanConfig;
    readonly at: string;
    readonly isPreparation: boolean;
    /** one job does it all */
    readonly isWhole: boolean;
  };
  /** of a study: of its figures */
  readonly formats?: readonly ("png" | "svg")[];
}

export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** How a run ended; a report is what the command that gave it wants to know. */
export type Outcome<Report = unknown> = { readonly report: Report } | { readonly failure: Failure };

/** When a run was given to Slurm, and its first job. */
export interface Begun {
  readonly at: string;
  readonly job?: string;
}

/** A run that a study or a series gave. */
export interface Child {
  readonly name: string;
  readonly output: string;
}

/** One job array's work: the blocks of its parts. */
export interface PartsWork {
  readonly request: BlockRequest;
  readonly threads: number;
  /** blocks of each job of the array */
  readonly parts: readonly (readonly number[])[];
}

/** One line of part-I.jsonl: who is at it, a block that is done, or why it cannot be. */
export type PartLine =
  | { readonly job: string; readonly host: string; readonly threads: number; readonly startedAt: string }
  | { readonly block: number; readonly result: unknown; readonly seconds: number }
  | { readonly block: number; readonly failure: Failure }
  | { readonly seconds: number };

export const slurmFolder = (output: string): string => join(`${resolve(output)}.work`, "slurm");

/** Name of the run's jobs in the queue; its arrays have `.parts` behind it. */
export function jobName(output: string): string {
  const path = resolve(output);
  const readable = basename(path, ".nxs")
    .replace(/[^\w-]/g, "_")
    .slice(0, 40);
  return `xrdct-${readable}-${createHash("sha256").update(path).digest("hex").slice(0, 6)}`;
}
export const jobNames = (output: string): string[] => [jobName(output), `${jobName(output)}.parts`];

export const writeJson = (path: string, value: unknown): void =>
  writeWhole(path, `${JSON.stringify(value, null, 1)}\n`);
/** @throws InputError "work-lost" where it is damaged */
export function readJson<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(
      "work-lost",
      `${path} is damaged (${error.message}). Delete its folder and run the same command again: what is finished is kept beside it.`,
      { cause: error },
    );
  }
}

export const readOutcome = <Report>(folder: string): Outcome<Report> | undefined =>
  readJson(join(folder, "outcome.json"));
export const readBegun = (folder: string): Begun | undefined => readJson(join(folder, "begun.json"));
export const readChildren = (folder: string): Child[] => readJson(join(folder, "children.json")) ?? [];

/** Folders of the stages that are with the cluster, or were when something ended them. */
export const stageFolders = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => /-[0-9a-f]{8}$/.test(name)) : [];

/** The tries so far, oldest first; one that a killed step had only begun to write was none. */
export function triesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^try-\d+$/.test(name) && existsSync(join(folder, name, WORK)))
    .sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)))
    .map((name) => join(folder, name));
}

const WORK = "work.bin";
export function writeWork(folder: string, work: PartsWork): void {
  mkdirSync(folder, { recursive: true });
  writeWhole(join(folder, WORK), serialize(work));
}
export const readWork = (folder: string): PartsWork => deserialize(readFileSync(join(folder, WORK)));

export const partPath = (folder: string, part: number): string => join(folder, `part-${part}.jsonl`);

/** @throws InputError "disk-full" | "not-writable" | "disk-error" */
export function recordPart(folder: string, part: number, line: PartLine): void {
  const path = partPath(folder, part);
  const text = `\n${JSON.stringify(line)}\n`; // a line of its own, whatever a failing disk has left of the one before
  try {
    appendFileSync(path, text);
  } catch (error) {
    throw diskError(error, path, text.length);
  }
}

export const readPart = (folder: string, part: number): PartLine[] =>
  existsSync(partPath(folder, part)) ? parsePart(readFileSync(partPath(folder, part), "utf8")) : [];

/** Lines of all parts of a try, part by part. */
export function readParts(folder: string): PartLine[][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^part-\d+\.jsonl$/.test(name))
    .map((name) => parsePart(readFileSync(join(folder, name), "utf8")));
}

/** A line that was being written when its job was killed, or that the disk has damaged, is left out. */
export function parsePart(text: string): PartLine[] {
  return text.split("\n").flatMap((line) => {
    try {
      const value = JSON.parse(line) as PartLine;
      return isPartLine(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

function isPartLine(value: unknown): value is PartLine {
  if (typeof value !== "object" || value === null) return false;
  const { block, job, startedAt, seconds, failure } = value as Record<string, unknown>;
  if (job !== undefined) return typeof job === "string" && Number.isFinite(Date.parse(String(startedAt)));
  if (failure !== undefined) return Number.isInteger(block) && typeof (failure as Failure | null)?.message === "string";
  const isBlock = "result" in value;
  return Number.isFinite(seconds) && (isBlock ? Number.isInteger(block) : block === undefined);
}

/** Blocks that are done, of the lines of a part. */
export const blocksDone = (lines: readonly PartLine[]): { readonly block: number; readonly result: unknown }[] =>
  lines.flatMap((line) => ("result" in line ? [line] : []));

/** Who was at work on a part, once for each time that Slurm started it. */
export function workOf(lines: readonly PartLine[]): StageWork[] {
  const work: StageWork[] = [];
  for (const line of lines) {
    const last = work.at(-1);
    if ("job" in line) work.push({ ...line, seconds: 0, blocks: 0 });
    else if ("seconds" in line && last)
      work[work.length - 1] = { ...last, seconds: line.seconds, blocks: last.blocks + ("result" in line ? 1 : 0) };
  }
  return work;
}
