/** Slurm's own programs: sbatch, squeue, scancel, scontrol. */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { InputError } from "../../data/index.ts";
import { isAtWork, isWaiting } from "./job-states.ts";

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
 * in mind (MinJobAge, 5 minutes unless set). One question to Slurm's controller.
 *
 * @throws InputError "slurm-missing" | "slurm-refused" where nobody answers
 */
export async function jobsOf(names: readonly string[]): Promise<SlurmJob[]> {
  const args = ["--me", "--noheader", "--states=all", `--name=${names.join(",")}`, `--format=${FORMAT}`];
  return parseQueue(await call("squeue", args));
}

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

/** Jobs that one array may have at most; undefined where the cluster does not say. */
export async function mostInArray(): Promise<number | undefined> {
  const found = /^MaxArraySize\s*=\s*(\d+)/m.exec(await call("scontrol", ["show", "config"]));
  return found ? Math.max(1, Number(found[1])) : undefined;
}

/** Whether jobs of these names wait or run; where nobody can be asked they are taken to. */
export function isQueued(names: readonly string[]): boolean {
  const args = ["--me", "--noheader", `--name=${names.join(",")}`, "--format=%i"];
  try {
    return (
      execFileSync("squeue", args, { stdio: ["ignore", "pipe", "ignore"] })
        .toString()
        .trim() !== ""
    );
  } catch {
    return true;
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

/** What to change, by what Slurm says. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/partition/i, "Set partition in the file of --slurm to one that `sinfo` lists."],
  [
    /account|association/i,
    "Set account in the file of --slurm to one of yours: `sacctmgr show associations user=$USER`.",
  ],
  [/qos/i, "Set qos in the file of --slurm to one that you may use, or leave it out."],
  [/time limit|TimeLimit/i, "Lower time in the file of --slurm: it is the limit of each job, not of the run."],
  [/array/i, "Lower tasks in the file of --slurm."],
  [/SubmitJobs|submit limit|too many/i, "Lower tasks in the file of --slurm, or wait until other jobs have ended."],
  [/memory|mem-per/i, "Lower --memory-gb, or cpusPerTask in the file of --slurm."],
  [
    /node configuration|CPU count|cpus/i,
    "Lower cpusPerTask in the file of --slurm, or --memory-gb, to what a node has.",
  ],
  [/feature|constraint|gres/i, "Correct options in the file of --slurm."],
];

function refusal(program: string, args: readonly string[], said: string): InputError {
  const remedy =
    REMEDIES.find(([pattern]) => pattern.test(said))?.[1] ??
    "Account, partition, time and size of jobs are set in the file of --slurm and by --memory-gb.";
  return new InputError("slurm-refused", `Slurm refused: ${program} ${args.join(" ")}\n${said}\n${remedy}`);
}
