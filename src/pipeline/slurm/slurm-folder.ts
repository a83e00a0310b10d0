/**
 * What a run on a cluster keeps on shared storage, RESULT.work/slurm/:
 *
 *   order.json        what is to be done, for the jobs to read
 *   events.jsonl      progress of the steps, for who watches
 *   outcome.json      how it ended
 *   cancelled         there once somebody wanted it to end
 *   step.sh, step.log the job that plans a stage, gives out its blocks and finishes it
 *   STAGE-KEY/try-N/  one job array: work.bin (what to do), part.sh, part-I.jsonl (done, block by block), logs
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { deserialize, serialize } from "node:v8";
import type { BlockRequest } from "../block-executor.ts";
import { writeWhole } from "../write-whole.ts";
import type { SlurmSettings } from "./slurm-settings.ts";

/** What the jobs of a run are told; paths are absolute. */
export interface SlurmOrder {
  readonly scan: string;
  readonly output: string;
  readonly memoryBytes: number;
  readonly from?: string;
  readonly until?: string;
  readonly settings: SlurmSettings;
}

export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** One job array's work: the blocks of its parts. */
export interface PartsWork {
  readonly request: BlockRequest;
  readonly threads: number;
  /** blocks of each job of the array */
  readonly parts: readonly (readonly number[])[];
}

/** One line of part-I.jsonl: a block that is done, or why it cannot be. */
export type PartLine =
  | { readonly block: number; readonly result: unknown }
  | { readonly block: number; readonly failure: Failure };

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
export const readJson = <T>(path: string): T | undefined =>
  existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as T) : undefined;

/** The tries so far, oldest first. */
export function triesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^try-\d+$/.test(name))
    .sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)))
    .map((name) => join(folder, name));
}

export function writeWork(folder: string, work: PartsWork): void {
  mkdirSync(folder, { recursive: true });
  writeWhole(join(folder, "work.bin"), serialize(work));
}
export const readWork = (folder: string): PartsWork => deserialize(readFileSync(join(folder, "work.bin")));

export function recordPart(folder: string, part: number, line: PartLine): void {
  appendFileSync(join(folder, `part-${part}.jsonl`), `${JSON.stringify(line)}\n`);
}

/** Lines of all parts of a try; one that was being written when its job was killed is left out. */
export function readParts(folder: string): PartLine[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /^part-\d+\.jsonl$/.test(name))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
    .flatMap((text) => {
      try {
        const line = JSON.parse(text) as PartLine;
        return Number.isInteger(line?.block) ? [line] : [];
      } catch {
        return [];
      }
    });
}
