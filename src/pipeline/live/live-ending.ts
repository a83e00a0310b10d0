/** How the following of a scan ended, and what was noticed: kept for the run that goes on with it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../write-whole.ts";

/** complete: all expected frames came; quiet: nothing came any more; stopped: somebody said that it is enough */
export type LiveEnding = "complete" | "quiet" | "stopped";

export interface LiveRecord {
  readonly ending: LiveEnding;
  readonly notes: readonly string[];
}

export const recordPath = (folder: string): string => join(folder, "ended.json");

export const writeRecord = (folder: string, record: LiveRecord): void =>
  writeWhole(recordPath(folder), JSON.stringify(record));

export function readRecord(folder: string): LiveRecord | undefined {
  try {
    return existsSync(recordPath(folder))
      ? (JSON.parse(readFileSync(recordPath(folder), "utf8")) as LiveRecord)
      : undefined;
  } catch {
    return undefined;
  }
}

/** undefined where it was killed */
export const readEnding = (folder: string): LiveEnding | undefined => readRecord(folder)?.ending;
