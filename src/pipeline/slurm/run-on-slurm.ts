/** A run on a cluster as it is seen from the terminal: gives it to Slurm, or finds it there, and watches. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../../data/index.ts";
import type { ProgressListener } from "../progress.ts";
import { steadyNow } from "../steady-clock.ts";
import { writeWhole } from "../write-whole.ts";
import { beginRun } from "./begin-run.ts";
import { reviveFailure } from "./failure.ts";
import { describeEnd, describeJobs, describeWait, isAtWork, isWaiting } from "./job-states.ts";
import { submitStep } from "./jobs.ts";
import { lastLines } from "./last-lines.ts";
import { allowRestart, lastStep, wasEndedByMachine } from "./restart-step.ts";
import { cancel, jobsOf, queued, type SlurmJob } from "./slurm-commands.ts";
import {
  jobName,
  jobNames,
  readBegun,
  readChildren,
  readJson,
  readOutcome,
  type SlurmOrder,
  slurmFolder,
} from "./slurm-folder.ts";
import { createRunTeller, type RunTeller } from "./tell-run.ts";

export interface SlurmRunOptions {
  readonly order: SlurmOrder;
  readonly onProgress: ProgressListener;
  /** cancels the run, with all its jobs */
  readonly signal: AbortSignal;
  /** give it to Slurm and end */
  readonly isDetached: boolean;
  /** called before anything is given to Slurm. @throws what the run would be refused for */
  readonly check?: () => Promise<void>;
  /** told of jobs: their numbers, how many wait and run, and what goes wrong, as soon as it does */
  readonly onJobs?: (text: string) => void;
}

const POLL_MS = 1000;

/**
 * @returns what the run found; undefined where nobody waits for it
 * @throws InputError of the run itself, "slurm-missing" | "slurm-refused" | "slurm-jobs-gone" | "slurm-path" |
 *   "slurm-other-order" | "run-in-progress"
 */
export async function runOnSlurm<Report>(options: SlurmRunOptions): Promise<Report | undefined> {
  const { order, signal, isDetached, onJobs } = options;
  const jobs = await queued(jobNames(order.output));
  if (jobs.length > 0) {
    checkSameOrder(order);
    onJobs?.(`found at work: ${describeIds(jobs.map(({ id }) => id))}`);
  } else {
    await options.check?.();
    const first = await beginRun(order, { size: "one", isFirst: true });
    onJobs?.(`given to Slurm as ${jobName(order.output)}, ${describeIds([first])}`);
  }
  if (isDetached) return undefined;
  try {
    return await watch<Report>(options);
  } catch (error) {
    if (signal.aborted) await endJobs(order.output);
    throw error;
  }
}

/** Jobs at work do what they were given; what is asked for now would not come of them. @throws InputError "slurm-other-order" */
function checkSameOrder(order: SlurmOrder): void {
  const given = readJson<SlurmOrder>(join(slurmFolder(order.output), "order.json"));
  if (!given) return;
  const { askEverySeconds: _, ...settings } = order.settings;
  const { askEverySeconds: _given, ...givenSettings } = given.settings;
  const [now, then] = [
    { ...order, ...settings },
    { ...given, ...givenSettings },
  ] as Record<string, unknown>[];
  const names = [...new Set([...Object.keys(now!), ...Object.keys(then!)])].filter((name) => name !== "settings");
  const changed = names.filter((name) => JSON.stringify(now![name]) !== JSON.stringify(then![name]));
  if (changed.length === 0) return;
  const text = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));
  throw new InputError(
    "slurm-other-order",
    `${order.output} is at work on the cluster, and was given with other settings: ${changed
      .map((name) => `${name} ${text(then![name])}, and now ${text(now![name])}`)
      .join(
        "; ",
      )}. The command as it was given watches it, and Ctrl-C there ends its jobs; then this one can be given.`,
  );
}

const describeIds = (ids: readonly string[]): string => `job ${[...new Set(ids)].join(", ")}`;

async function endJobs(output: string): Promise<void> {
  const outputs = () => [output, ...readChildren(slurmFolder(output)).map((child) => child.output)];
  // so that a step which is just at it queues nothing more
  for (const one of outputs()) writeWhole(join(slurmFolder(one), "cancelled"), "");
  do {
    const names = (await queued(outputs().flatMap(jobNames))).map(({ name }) => name);
    await cancel([...new Set(names)]);
    await sleep(POLL_MS / 2);
  } while ((await queued(outputs().flatMap(jobNames))).length > 0);
}

async function watch<Report>({ order, onProgress, signal, onJobs }: SlurmRunOptions): Promise<Report> {
  const folder = slurmFolder(order.output);
  const tellers = new Map<string, RunTeller>();
  const tell = (at: string, name?: string): void => {
    if (!tellers.has(at))
      tellers.set(
        at,
        createRunTeller(at, onProgress, (text) => onJobs?.(text), name),
      );
    tellers.get(at)!.tell();
  };
  const states = createJobTeller((text) => onJobs?.(text));
  const silence = createSilenceTeller((text) => onJobs?.(text));
  let asked = steadyNow();
  let isGone = false;
  for (;;) {
    for (const { name, output } of readChildren(folder)) tell(slurmFolder(output), name);
    tell(folder);
    const outcome = readOutcome<Report>(folder);
    if (outcome && "report" in outcome) return outcome.report;
    if (outcome) throw reviveFailure(outcome.failure);
    // looked at the outcome once more before it is believed
    if (isGone) {
      const step = lastStep(order, states.over());
      if (!wasEndedByMachine(step)) throw gone(folder, states.last());
      onJobs?.(await allowRestart(order, step));
      // one that did not come to its first event did not throw away what --from says
      await submitStep(order, { size: "one", isFirst: !existsSync(join(folder, "events.jsonl")) });
      isGone = false;
    }
    if (steadyNow() - asked > 1000 * order.settings.askEverySeconds) {
      const outputs = [order.output, ...readChildren(folder).map(({ output }) => output)];
      const first = Number(readBegun(folder)?.job ?? 0);
      const jobs = await jobsOf(outputs.flatMap(jobNames)).catch(silence.told);
      // numbers only grow: those before are of an earlier run, which Slurm still has in mind
      const own = jobs?.filter(({ id }) => Number(id) >= first);
      if (own) {
        silence.isOver();
        states.tell(own);
        isGone = !own.some((job) => isWaiting(job) || isAtWork(job));
      }
      asked = steadyNow();
    }
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** A controller that does not answer keeps nobody's jobs from their work: told once, and asked again. */
function createSilenceTeller(onJobs: (text: string) => void): { told(error: unknown): undefined; isOver(): void } {
  let isSilent = false;
  return {
    told(error) {
      if (!(error instanceof InputError) || error.code !== "slurm-refused") throw error;
      if (!isSilent) onJobs(`Slurm does not say how the jobs are, and is asked again: ${error.message}`);
      isSilent = true;
    },
    isOver() {
      if (isSilent) onJobs("Slurm answers again");
      isSilent = false;
    },
  };
}

interface JobTeller {
  tell(jobs: readonly SlurmJob[]): void;
  /** what went wrong, in words */
  last(): string[];
  /** jobs that are over */
  over(): SlurmJob[];
}

/** Tells states of jobs where they have changed, and each that went wrong once. */
function createJobTeller(onJobs: (text: string) => void): JobTeller {
  let told = "";
  const known = new Set<string>();
  /** jobs that are over, which Slurm forgets after some minutes */
  const over = new Map<string, SlurmJob>();
  const ends: string[] = [];
  const say = (key: string, text: string): boolean => {
    if (known.has(key)) return false;
    known.add(key);
    onJobs(text);
    return true;
  };
  return {
    tell(now) {
      for (const job of now) {
        if (!isWaiting(job) && !isAtWork(job)) over.set(`${job.id}_${job.index}`, job);
        else over.delete(`${job.id}_${job.index}`); // one that was requeued
      }
      const jobs = [...now.filter((job) => isWaiting(job) || isAtWork(job)), ...over.values()];
      const text = describeJobs(jobs);
      if (text !== told && text !== "") onJobs(`jobs: ${text}`);
      told = text;
      for (const job of jobs) {
        const number = job.index === undefined ? job.id : `${job.id}_${job.index}`;
        const end = describeEnd(job);
        const text = `job ${number}${job.node ? ` on ${job.node}` : ""} ${end}`;
        if (end && say(`${number} ${job.state}`, text)) ends.push(text);
        const wait = isWaiting(job) ? describeWait(job) : undefined;
        if (wait) say(`${job.id} ${job.reason}`, `job ${job.id} waits: ${wait}`);
      }
    },
    last: () => ends,
    over: () => [...over.values()],
  };
}

function gone(folder: string, ends: readonly string[]): InputError {
  const said = lastLines(folder);
  const silent = "Its log was not even begun: is the folder on storage that the nodes share, under the same path?";
  return new InputError(
    "slurm-jobs-gone",
    [
      "The run's jobs are no longer in the queue, and it is not finished.",
      ...ends.slice(-5).map((text) => `  ${text}`),
      ...(said.length > 0 ? ["What they said last:", ...said.map((text) => `  ${text}`)] : [silent]),
      `Logs are in ${folder}. Run the same command again to go on; what is finished is kept.`,
    ].join("\n"),
  );
}
