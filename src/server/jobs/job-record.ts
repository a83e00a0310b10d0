/** What a run says of itself in RESULT.work/job.json, so that it is known again after the server was stopped. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readText } from "../../files/byte-source.ts";
import type { JobInfo } from "../wire.ts";

const pathIn = (workFolder: string): string => join(workFolder, "job.json");

/** A disk that is full or a folder that is gone must not end a run that would say so better itself. */
export function writeRecord(workFolder: string, job: JobInfo): void {
  const path = pathIn(workFolder);
  try {
    writeFileSync(`${path}.new`, JSON.stringify(job));
    renameSync(`${path}.new`, path);
  } catch {
    rmSync(`${path}.new`, { force: true });
  }
}

export function readRecord(workFolder: string): JobInfo | undefined {
  try {
    const job = JSON.parse(readText(pathIn(workFolder))) as JobInfo;
    return typeof job.id === "string" && Array.isArray(job.stages) ? job : undefined;
  } catch {
    return undefined;
  }
}
