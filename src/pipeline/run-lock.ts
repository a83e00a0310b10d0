/** One run at a time on one result: RESULT.work/lock, of a series OUTPUT.lock, holds the process that is at work. */
import { mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { InputError } from "../data/index.ts";
import { readText } from "../files/byte-source.ts";
import { diskError } from "./disk-error.ts";
import { isQueued } from "./slurm/slurm-commands.ts";
import { writeWhole } from "./write-whole.ts";

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
  /** name of the jobs of a run on a cluster, of which one after the other has the lock */
  readonly jobs?: string;
}

/** Locks that this very process holds: its number alone would look like one used again after a restart. */
const held = new Set<string>();

/**
 * @param jobs name of the cluster's jobs that this process is one of
 * @returns a function that gives the lock back
 * @throws InputError "run-in-progress" while another process runs on the same result
 */
export function lockRun(workFolder: string, jobs?: string): () => void {
  try {
    mkdirSync(workFolder, { recursive: true });
  } catch (error) {
    throw diskError(error, workFolder, 1e6);
  }
  const unlock = lockFile(join(workFolder, "lock"), workFolder.replace(/\.work$/, ""), jobs);
  return () => {
    unlock();
    removeIfEmpty(workFolder);
  };
}

/** Leaves the lock to the jobs of this name, which may run on any machine. */
export const handOverRun = (workFolder: string, jobs: string): void => handOverLock(join(workFolder, "lock"), jobs);

export function handOverLock(path: string, jobs: string): void {
  writeWhole(path, JSON.stringify(thisProcess(jobs)));
  held.delete(resolve(path));
}

const thisProcess = (jobs?: string): Holder => ({
  ...{ pid: process.pid, host: hostname(), since: new Date().toISOString() },
  ...(jobs !== undefined && { jobs }),
});

/**
 * @param output what messages say is being worked on
 * @returns a function that gives the lock back
 * @throws InputError "run-in-progress" while another process holds it
 */
export function lockFile(path: string, output: string, jobs?: string): () => void {
  const me = thisProcess(jobs);
  for (;;) {
    try {
      writeFileSync(path, JSON.stringify(me), { flag: "wx" });
      held.add(resolve(path));
      return () => {
        rmSync(path, { force: true });
        held.delete(resolve(path));
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw diskError(error, path, 1e3);
    }
    const holder = readHolder(path);
    const isOurs = jobs !== undefined && holder?.jobs === jobs; // Slurm runs one step at a time
    if (holder && !isOurs && (isAlive(holder) || held.has(resolve(path)))) {
      throw new InputError(
        "run-in-progress",
        `Another run is at work on ${output}: ${holder.jobs === undefined ? `process ${holder.pid} on ${holder.host}` : `Slurm's jobs ${holder.jobs}`}, since ${holder.since}. ` +
          `Wait for it, give another output with -o, or, if that is gone, delete ${path}.`,
      );
    }
    rmSync(path, { force: true }); // its process was killed
  }
}

/** A run that was refused before its first block leaves nothing behind. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // there is something in it
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readText(path)) as Holder;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, host, jobs }: Holder): boolean {
  if (jobs !== undefined) return isQueued([jobs, `${jobs}.parts`]);
  if (host !== hostname()) return true; // cannot be known from here
  if (pid === process.pid) return false; // a number used again after a restart
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether some process is at work on this result now. */
export function isRunning(workFolder: string): boolean {
  const holder = readHolder(join(workFolder, "lock"));
  return holder !== undefined && isAlive(holder);
}
