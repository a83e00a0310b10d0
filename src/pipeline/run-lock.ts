/** One run at a time on one result: RESULT.work/lock, of a series OUTPUT.lock, holds the process that is at work. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { InputError } from "../data/index.ts";
import { notReadable } from "../files/byte-source.ts";
import { diskError } from "./disk-error.ts";
import { isQueued, queuedNames } from "./slurm/slurm-commands.ts";
import { steadyNow } from "./steady-clock.ts";
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

/** Containers on several machines share a folder, and have processes of the same numbers. */
const WHO = `${hostname()}-${process.pid}`;

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
  const me = JSON.stringify(thisProcess(jobs));
  for (;;) {
    if (claim(path, me)) {
      held.add(resolve(path));
      return () => {
        rmSync(path, { force: true });
        held.delete(resolve(path));
      };
    }
    const text = readIfThere(path);
    const holder = text === undefined ? undefined : parseHolder(text);
    const isOurs = jobs !== undefined && holder?.jobs === jobs; // Slurm runs one step at a time
    if (holder && !isOurs && (isAlive(holder) || held.has(resolve(path)))) {
      throw new InputError(
        "run-in-progress",
        `Another run is at work on ${output}: ${holder.jobs === undefined ? `process ${holder.pid} on ${holder.host}` : `Slurm's jobs ${holder.jobs}`}, since ${holder.since}. ` +
          `Wait for it, give another output with -o, or, if that is gone, delete ${path}.`,
      );
    }
    if (text !== undefined) takeAway(path, text); // its process was killed, or the lock is damaged
  }
}

/** The lock with all that it says, in one step: an empty one would look like one that is damaged. */
function claim(path: string, me: string): boolean {
  const own = `${path}.${WHO}`;
  try {
    writeFileSync(own, me);
    linkSync(own, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code === "EPERM" || code === "ENOTSUP" || code === "ENOSYS" || code === "EMLINK") return claimSimply(path, me);
    throw diskError(error, path, 1e3);
  } finally {
    rmSync(own, { force: true });
  }
}

/** On a file system without links. */
function claimSimply(path: string, me: string): boolean {
  try {
    writeFileSync(path, me, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw diskError(error, path, 1e3);
  }
}

/** Of several that find a dead lock one takes it away; what another has put there in the meantime is put back. */
function takeAway(path: string, text: string): void {
  const aside = `${path}.${WHO}.dead`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return; // somebody was faster
    throw diskError(error, path, 1e3);
  }
  try {
    const found = readIfThere(aside);
    if (found !== undefined && found !== text) claim(path, found);
  } finally {
    rmSync(aside, { force: true });
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
  const text = readIfThere(path);
  return text === undefined ? undefined : parseHolder(text);
}

/** @returns undefined where there is none */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw notReadable(path, error);
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder> | null;
    return typeof holder?.pid === "number" && typeof holder.host === "string" ? (holder as Holder) : undefined;
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
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // of another user, and at work
  }
}

/** Whether some process is at work on this result now, for who only looks. */
export function isRunning(workFolder: string): boolean {
  const holder = readHolder(join(workFolder, "lock"));
  if (holder?.jobs === undefined) return holder !== undefined && isAlive(holder);
  const names = jobsNow();
  return !names || names.has(holder.jobs) || names.has(`${holder.jobs}.parts`);
}

let asked: { readonly at: number; readonly names: ReadonlySet<string> | undefined } | undefined;
const ASKED_FOR_MS = 10_000;

/** One question for all runs, now and then: Slurm's controller is a whole facility's, and a server waits for the answer. */
function jobsNow(): ReadonlySet<string> | undefined {
  if (!asked || steadyNow() - asked.at > ASKED_FOR_MS) asked = { names: queuedNames(), at: steadyNow() };
  return asked.names;
}
