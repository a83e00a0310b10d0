/** Slurm's own programs: sbatch, squeue, scancel, scontrol. */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { InputError } from "../../data/index.ts";
import { isAtWork, isWaiting } from "./job-states.ts";
import { secondsOf } from "./raise-demands.ts";

const run = promisify(execFile);

/**
 * @param script path of it
 * @returns number of the job
 * @throws InputError "slurm-missing" | "slurm-refused"
 */
export async function submit(script: string, options: readonly string[] = []): Promise<string> {
  return parseJobId(await call("sbatch", ["--parsable", ...options, script]));
}

/** "123" or, of several clusters, "123;name". @throws InputError "slurm-refused" where it is no number */
export function parseJobId(text: string): string {
  const found = /^(\d+)(;.*)?$/m.exec(text.trim());
  if (found) return found[1]!;
  throw new InputError(
    "slurm-refused",
    `sbatch did not give the number of a job, but "${text.trim().slice(0, 200)}". Is it Slurm's own?`,
  );
}

/** Ends all jobs of these names; jobs that have ended are none. */
export async function cancel(names: readonly string[]): Promise<void> {
  for (const name of names) await call("scancel", ["--me", `--name=${name}`]);
}

/** Ends one job, or all of an array. */
export const cancelJob = async (id: string): Promise<void> => {
  await call("scancel", [id]);
};

/** A job, or several of an array that wait together. */
export interface SlurmJob {
  /** of the array, where it is one */
  readonly id: string;
  /** number in the array; undefined for several, or none */
  readonly index?: number;
  /** jobs in this row */
  readonly count: number;
  readonly name: string;
  /** "PENDING", "RUNNING", "TIMEOUT" ... */
  readonly state: string;
  /** why it waits, as Slurm says: "Resources", "Priority", "Dependency" ... */
  readonly reason: string;
  /** the node it runs or ran on; "" before */
  readonly node: string;
}

const FORMAT = "%F|%K|%j|%T|%N|%r";

/**
 * Jobs of these names: those that wait and run, and those that ended in the last minutes, as long as Slurm keeps them
 * in mind (MinJobAge, 5 minutes unless set). One question to Slurm's controller for up to a thousand names.
 *
 * @throws InputError "slurm-missing" | "slurm-refused" where nobody answers
 */
export async function jobsOf(names: readonly string[]): Promise<SlurmJob[]> {
  const jobs: SlurmJob[] = [];
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
    const some = names.slice(at, at + NAMES_AT_ONCE).join(",");
    jobs.push(
      ...parseQueue(
        await call("squeue", ["--me", "--noheader", "--states=all", `--name=${some}`, `--format=${FORMAT}`]),
      ),
    );
  }
  return jobs;
}

/** Of 60 bytes at most: Linux takes no argument above 128 KiB, and a series may have thousands of scans. */
const NAMES_AT_ONCE = 1000;

/** Those that wait or run. @throws as jobsOf */
export const queued = async (names: readonly string[]): Promise<SlurmJob[]> =>
  (await jobsOf(names)).filter((job) => isWaiting(job) || isAtWork(job));

/** Rows of squeue in FORMAT; what is no such row is left out. */
export function parseQueue(text: string): SlurmJob[] {
  return text.split("\n").flatMap((row) => {
    const [id = "", indices = "", name = "", state = "", node = "", ...reason] = row.trim().split("|");
    if (!/^\d+$/.test(id) || !/^[A-Z_]+$/.test(state)) return [];
    const index = /^\d+$/.test(indices) ? { index: Number(indices) } : {};
    return [{ id, ...index, count: countIndices(indices), name, state, node, reason: reason.join("|") }];
  });
}

/** Of "0-3,7%2", as arrays are written: 5; "..." stands for more than Slurm prints. */
function countIndices(text: string): number {
  const parts = text.replace(/%\d+$/, "").match(/\d+(-\d+(:\d+)?)?/g) ?? [];
  const counts = parts.map((part) => {
    const [from, to = from, by = 1] = part.split(/[-:]/).map(Number) as [number, number?, number?];
    return Math.max(1, Math.floor((to - from) / by) + 1);
  });
  return Math.max(
    1,
    counts.reduce((sum, count) => sum + count, 0),
  );
}

/**
 * The jobs of an array that has ended: those that squeue still has in mind and, of the others, what the accounting
 * database knows. Where there is none they are left out.
 *
 * @param name of its jobs
 * @param count of its jobs
 */
export async function endsOfArray(name: string, array: string, count: number): Promise<SlurmJob[]> {
  const known = (await jobsOf([name])).filter(({ id }) => id === array);
  if (new Set(known.map(({ index }) => index)).size >= count) return known;
  const args = ["--noheader", "--parsable2", "--allocations", `--jobs=${array}`, "--format=JobID,State,NodeList"];
  const told = await run("sacct", args, { maxBuffer: 64 << 20 }).catch(() => ({ stdout: "" }));
  const inMind = new Set(known.map(({ index }) => index));
  return [
    ...known,
    ...parseAccounting(told.stdout, name).filter(({ id, index }) => id === array && !inMind.has(index)),
  ];
}

/** Rows of sacct; what is no job of an array is left out. */
export function parseAccounting(text: string, name: string): SlurmJob[] {
  return text.split("\n").flatMap((row) => {
    const [job = "", state = "", node = ""] = row.trim().split("|");
    const [, id, index] = /^(\d+)_(\d+)$/.exec(job) ?? [];
    const word = /^[A-Z_]+/.exec(state)?.[0];
    if (id === undefined || word === undefined) return [];
    return [
      { id, index: Number(index), count: 1, name, state: word, node: node.includes(" ") ? "" : node, reason: "" },
    ];
  });
}

/** Jobs that one array may have at most; undefined where the cluster does not say. */
export async function mostInArray(): Promise<number | undefined> {
  return parseMostInArray(await call("scontrol", ["show", "config"]));
}

/**
 * Of MaxArraySize and, among SchedulerParameters, max_array_tasks.
 *
 * @throws InputError "slurm-refused" where the cluster takes no arrays at all
 */
export function parseMostInArray(text: string): number | undefined {
  const found = [/^MaxArraySize\s*=\s*(\d+)/m, /^SchedulerParameters\s*=.*\bmax_array_tasks=(\d+)/m].flatMap(
    (pattern) => pattern.exec(text)?.[1] ?? [],
  );
  if (found.length === 0) return undefined;
  const most = Math.min(...found.map(Number));
  if (most > 0) return most;
  throw new InputError(
    "slurm-refused",
    "Slurm takes no job arrays here (MaxArraySize or max_array_tasks is 0 in `scontrol show config`), and a stage is split into one. Ask an administrator, or set split: scans in the file of --slurm for a study or a series.",
  );
}

/** That a job may take in a partition, or in the cluster's own; undefined where nobody says. */
export async function mostSeconds(partition?: string): Promise<number | undefined> {
  const args = ["--noheader", "--format=%P %l", ...(partition === undefined ? [] : [`--partition=${partition}`])];
  const rows = (await call("sinfo", args).catch(() => "")).trim().split("\n");
  const row = partition === undefined ? rows.find((one) => /^\S+\* /.test(one)) : rows[0];
  const time = /^\S+ (\S+)$/.exec(row ?? "")?.[1];
  return time === undefined ? undefined : secondsOf(time);
}

/** Whether jobs of these names wait or run; where nobody can be asked they are taken to. */
export const isQueued = (names: readonly string[]): boolean => queuedNames(names)?.size !== 0;

/**
 * Names of jobs that wait or run, while this thread waits.
 *
 * @param among left out: all of this user's
 * @returns undefined where nobody can be asked
 */
export function queuedNames(among?: readonly string[]): ReadonlySet<string> | undefined {
  const args = ["--me", "--noheader", ...(among ? [`--name=${among.join(",")}`] : []), "--format=%j"];
  try {
    const said = execFileSync("squeue", args, { stdio: ["ignore", "pipe", "ignore"], timeout: 10_000 });
    return new Set(said.toString().split(/\s+/).filter(Boolean));
  } catch {
    return undefined;
  }
}

/** Slurm's controller is away for a moment now and then: restarts, fail-over. */
const PATIENCE = [1_000, 5_000, 20_000];

async function call(program: string, args: readonly string[]): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    try {
      return (await run(program, [...args], { maxBuffer: 64 << 20 })).stdout;
    } catch (error) {
      const { code, stderr = "", message } = error as NodeJS.ErrnoException & { stderr?: string };
      if (code === "ENOENT") {
        throw new InputError(
          "slurm-missing",
          `There is no program "${program}" here: --executor slurm needs a machine from which jobs can be given to Slurm. Log in there, or leave --executor out.`,
        );
      }
      const isAway = /Unable to contact|Connection|timed out|temporarily|try again/i.test(stderr);
      if (isAway && attempt < PATIENCE.length) {
        await new Promise((resolve) => setTimeout(resolve, PATIENCE[attempt]));
        continue;
      }
      throw refusal(program, args, (stderr || message).trim());
    }
  }
}

/** Slurm takes no more jobs at a time of this account or user: fewer of them may do. */
const SUBMIT_LIMIT = /SubmitJob|job submit limit|Invalid job array|Resource temporarily unavailable/i;
export const isAtSubmitLimit = (error: unknown): boolean =>
  error instanceof InputError && error.code === "slurm-refused" && SUBMIT_LIMIT.test(error.message);

/** What to change, by what Slurm says: the first that fits, so the narrower words come first. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    SUBMIT_LIMIT,
    "Lower tasks in the file of --slurm, or wait until other jobs have ended. Where Slurm names no limit it may also be time, cpusPerTask or --memory-gb.",
  ],
  [
    /account\/partition/i,
    "Set account and partition in the file of --slurm to a pair that you may use: `sacctmgr show associations user=$USER`.",
  ],
  [/group not permitted/i, "Set partition in the file of --slurm to one that you may use: `scontrol show partition`."],
  [/reservation/i, "Correct --reservation in options of the file of --slurm: `scontrol show reservation` lists them."],
  [/partition/i, "Set partition in the file of --slurm to one that `sinfo` lists."],
  [/qos/i, "Set qos in the file of --slurm to one that you may use, or leave it out."],
  [
    /account|association/i,
    "Set account in the file of --slurm to one of yours: `sacctmgr show associations user=$USER`.",
  ],
  [/time limit|TimeLimit/i, "Lower time in the file of --slurm: it is the limit of each job, not of the run."],
  [/memory|mem-per/i, "Lower --memory-gb, or cpusPerTask in the file of --slurm."],
  [
    /node configuration|CPU count|cpus|processors/i,
    "Lower cpusPerTask in the file of --slurm, or --memory-gb, to what a node has.",
  ],
  [
    /feature|constraint|gres|generic resource|node name|license|wckey|unrecognized option|invalid option/i,
    "Correct options in the file of --slurm.",
  ],
];

function refusal(program: string, args: readonly string[], said: string): InputError {
  const remedy =
    REMEDIES.find(([pattern]) => pattern.test(said))?.[1] ??
    "Account, partition, time and size of jobs are set in the file of --slurm and by --memory-gb.";
  return new InputError("slurm-refused", `Slurm refused: ${program} ${args.join(" ")}\n${said}\n${remedy}`);
}
