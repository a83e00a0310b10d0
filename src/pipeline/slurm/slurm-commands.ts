/** Slurm's own programs: sbatch, squeue, scancel. */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { InputError } from "../../data/index.ts";

const run = promisify(execFile);

/** @returns number of the job @throws InputError "slurm-missing" | "slurm-refused" */
export async function submit(script: string, options: readonly string[] = []): Promise<string> {
  const text = await call("sbatch", ["--parsable", ...options, script]);
  return text.trim().split(";")[0]!;
}

/** Ends all jobs of these names; jobs that have ended are none. */
export const cancel = (names: readonly string[]): Promise<unknown> =>
  Promise.all(names.map((name) => call("scancel", ["--me", `--name=${name}`])));

/** A job that waits or runs. */
export interface QueuedJob {
  readonly id: string;
  readonly name: string;
  /** "PENDING", "RUNNING" ... */
  readonly state: string;
  /** why it waits, as Slurm says: "Resources", "Priority", "Dependency" ... */
  readonly reason: string;
}

/** @throws InputError "slurm-missing" | "slurm-refused" where nobody answers */
export async function queued(names: readonly string[]): Promise<QueuedJob[]> {
  const text = await call("squeue", ["--me", "--noheader", `--name=${names.join(",")}`, "--format=%F|%j|%T|%r"]);
  return text
    .split("\n")
    .filter((row) => row.includes("|"))
    .map((row) => {
      const [id, name, state, reason] = row.trim().split("|");
      return { id: id!, name: name!, state: state!, reason: reason! };
    });
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
      return (await run(program, [...args])).stdout;
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
      throw new InputError(
        "slurm-refused",
        `Slurm refused: ${program} ${args.join(" ")}\n${(stderr || message).trim()}\nAccount, partition, time and memory are set in the file of --slurm and by --memory-gb.`,
      );
    }
  }
}
