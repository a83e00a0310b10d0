/** A run on a cluster as it is seen from the terminal: gives it to Slurm, or finds it there, and watches. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../../data/index.ts";
import { createEstimator, type ProgressEvent, type ProgressListener } from "../progress.ts";
import { handOverRun, lockRun } from "../run-lock.ts";
import type { RunSummary } from "../run-scan.ts";
import { writeWhole } from "../write-whole.ts";
import { reviveFailure } from "./failure.ts";
import { submitStep } from "./jobs.ts";
import { lastLines } from "./last-lines.ts";
import type { Outcome } from "./run-step.ts";
import { cancel, queued } from "./slurm-commands.ts";
import {
  jobName,
  jobNames,
  readJson,
  readParts,
  type SlurmOrder,
  slurmFolder,
  triesOf,
  writeJson,
} from "./slurm-folder.ts";

export interface SlurmRunOptions {
  readonly order: SlurmOrder;
  readonly onProgress: ProgressListener;
  /** cancels the run, with all its jobs */
  readonly signal: AbortSignal;
  /** give it to Slurm and end */
  readonly isDetached: boolean;
  /** told once, before the watching */
  readonly onSubmitted?: (text: string) => void;
}

const POLL_MS = 700;
/** How often the queue is asked: Slurm's controller serves everybody. */
const QUEUE_MS = 10_000;

/**
 * @returns what the run found; undefined where nobody waits for it
 * @throws InputError of the run itself, "slurm-missing" | "slurm-refused" | "slurm-jobs-gone" | "run-in-progress"
 */
export async function runOnSlurm(options: SlurmRunOptions): Promise<RunSummary | undefined> {
  const { order, signal, isDetached, onSubmitted } = options;
  const folder = slurmFolder(order.output);
  const jobs = await queued(jobNames(order.output));
  if (jobs.length > 0) onSubmitted?.(`found at work: ${describe(jobs.map(({ id }) => id))}`);
  else onSubmitted?.(`given to Slurm as ${jobName(order.output)}, ${describe([await begin(folder, order)])}`);
  if (isDetached) return undefined;
  try {
    return await watch(folder, options);
  } catch (error) {
    if (signal.aborted) await endJobs(folder, order.output);
    throw error;
  }
}

const describe = (ids: readonly string[]): string => `job ${[...new Set(ids)].join(", ")}`;

async function begin(folder: string, order: SlurmOrder): Promise<string> {
  const workFolder = `${resolve(order.output)}.work`;
  const unlock = lockRun(workFolder);
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of ["outcome.json", "events.jsonl", "cancelled", "step.log"])
      rmSync(join(folder, name), { force: true });
    writeJson(join(folder, "order.json"), order);
    handOverRun(workFolder, jobName(order.output)); // before the step starts, which takes it
    return (await submitStep(order, { isFirst: true }))!;
  } catch (error) {
    unlock();
    throw error;
  }
}

async function endJobs(folder: string, output: string): Promise<void> {
  writeWhole(join(folder, "cancelled"), ""); // so that a step which is just at it queues nothing more
  do {
    await cancel(jobNames(output));
    await sleep(POLL_MS);
  } while ((await queued(jobNames(output))).length > 0);
}

async function watch(folder: string, { order, onProgress, signal }: SlurmRunOptions): Promise<RunSummary> {
  const tell = createTeller(onProgress);
  let asked = Date.now();
  let isGone = false;
  for (;;) {
    for (const event of newEvents(folder, tell.read)) tell.event(event);
    tell.parts(folder);
    const outcome = readJson<Outcome>(join(folder, "outcome.json"));
    if (outcome && "summary" in outcome) return outcome.summary;
    if (outcome) throw reviveFailure(outcome.failure);
    if (isGone) throw gone(folder);
    if (Date.now() - asked > QUEUE_MS) {
      // looked at the outcome once more before it is believed
      isGone = (await queued(jobNames(order.output))).length === 0;
      asked = Date.now();
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

function gone(folder: string): InputError {
  const said = lastLines(folder).map((text) => `  ${text}`);
  return new InputError(
    "slurm-jobs-gone",
    [
      "The run's jobs are no longer in the queue, and it is not finished: they were cancelled, ran into their time limit, or the nodes do not see this folder.",
      ...(said.length > 0
        ? ["What they said last:", ...said]
        : ["They left no word: is the folder on shared storage?"]),
      `Logs are in ${folder}. Run the same command again to go on; what is finished is kept.`,
    ].join("\n"),
  );
}

interface Teller {
  readonly read: { bytes: number };
  event(event: ProgressEvent): void;
  /** what the parts of the stage at work have done, which no step tells */
  parts(folder: string): void;
}

/** Every step tells again what was finished before it: each stage is shown to start, to be skipped and to end once. */
function createTeller(onProgress: ProgressListener): Teller {
  const told = new Set<string>();
  let stage: { name: string; blocks: number; left: (done: number) => number | undefined; done: number } | undefined;
  return {
    read: { bytes: 0 },
    event(event) {
      if (event.type === "stage-progress") {
        if (stage && event.done <= stage.done) return;
        if (stage) stage.done = event.done;
        return onProgress(event);
      }
      const isOver = told.has(`stage-end ${event.stage}`) || told.has(`stage-start ${event.stage}`);
      if (told.has(`${event.type} ${event.stage}`) || (event.type === "stage-skipped" && isOver)) return;
      told.add(`${event.type} ${event.stage}`);
      if (event.type === "stage-start") {
        const { blocks, resumed } = event;
        stage = { name: event.stage, blocks, done: resumed, left: createEstimator(blocks, resumed, Date.now) };
      } else stage = undefined;
      onProgress(event);
    },
    parts(folder) {
      if (!stage) return;
      const { name, blocks, left } = stage;
      const tries = triesOfStage(folder, name);
      if (tries.length === 0) return;
      const done = new Set(tries.flatMap(readParts).flatMap((line) => ("result" in line ? [line.block] : []))).size;
      if (done <= stage.done) return;
      stage.done = done;
      const secondsLeft = left(done);
      const event = { type: "stage-progress", stage: name, done, blocks } as const;
      onProgress(secondsLeft === undefined ? event : { ...event, secondsLeft });
    },
  };
}

function triesOfStage(folder: string, stage: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${stage}-`) && /-[0-9a-f]{8}$/.test(name))
    .flatMap((name) => triesOf(join(folder, name)));
}

function newEvents(folder: string, read: { bytes: number }): ProgressEvent[] {
  const path = join(folder, "events.jsonl");
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path).subarray(read.bytes);
  const end = bytes.lastIndexOf(10) + 1; // a line that is being written is read the next time
  read.bytes += end;
  return bytes
    .subarray(0, end)
    .toString("utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ProgressEvent);
}
