/** One run at a time on one result: RESULT.work/lock, of a series OUTPUT.lock, holds the process that is at work. */
import { mkdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { InputError } from "../data/index.ts";
import { readText } from "../files/byte-source.ts";
import { diskError } from "./disk-error.ts";

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

/** Locks that this very process holds: its number alone would look like one used again after a restart. */
const held = new Set<string>();

/**
 * @returns a function that gives the lock back
 * @throws InputError "run-in-progress" while another process runs on the same result
 */
export function lockRun(workFolder: string): () => void {
  try {
    mkdirSync(workFolder, { recursive: true });
  } catch (error) {
    throw diskError(error, workFolder, 1e6);
  }
  const unlock = lockFile(join(workFolder, "lock"), workFolder.replace(/\.work$/, ""));
  return () => {
    unlock();
    removeIfEmpty(workFolder);
  };
}

/**
 * @param output what messages say is being worked on
 * @returns a function that gives the lock back
 * @throws InputError "run-in-progress" while another process holds it
 */
export function lockFile(path: string, output: string): () => void {
  const me: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
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
    if (holder && (isAlive(holder) || held.has(resolve(path)))) {
      throw new InputError(
        "run-in-progress",
        `Another run is at work on ${output}: process ${holder.pid} on ${holder.host}, since ${holder.since}. ` +
          `Wait for it, give another output with -o, or, if that process is gone, delete ${path}.`,
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

function isAlive({ pid, host }: Holder): boolean {
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
