/** Runs that left their working folders (RESULT.work) somewhere below the served folder. */
import { existsSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isRunning } from "../../pipeline/run-lock.ts";
import type { ServedFolder } from "../served-folder.ts";
import type { JobInfo, JobList } from "../wire.ts";
import { readRecord } from "./job-record.ts";

const MOST_FOLDERS = 2000;
const DEEPEST = 5;

/** @returns jobs of earlier sessions, the newest first, and runs that no server started */
export async function findRuns(folder: ServedFolder): Promise<JobList> {
  const jobs: JobInfo[] = [];
  const others: JobList["others"][number][] = [];
  for (const work of await workFolders(folder.root)) {
    const path = work.slice(0, -".work".length);
    const output = folder.nameOf(path);
    const isAtWork = isRunning(work);
    const record = readRecord(work);
    if (record) jobs.push(asItIs(record, output, isAtWork, existsSync(path)));
    else if (isAtWork || !existsSync(join(work, "assembled")))
      others.push({ output, stage: await lastStage(work), isAtWork });
  }
  return { jobs: jobs.sort((a, b) => b.startedAt.localeCompare(a.startedAt)), others };
}

/** What was going on when its server was killed is not going on any more; what there was to see went with it. */
function asItIs(record: JobInfo, output: string, isAtWork: boolean, hasResult: boolean): JobInfo {
  const job = { ...record, stages: record.stages.map(({ preview: _, ...stage }) => stage) };
  const isOver = ["done", "failed", "interrupted"].includes(job.state);
  if (isOver || isAtWork) return { ...job, output, hasResult };
  const stages = job.stages.map((stage) =>
    stage.state === "running" ? { ...stage, state: "stopped" as const } : stage,
  );
  return { ...job, output, hasResult, stages, state: "interrupted" };
}

/** RESULT.work folders below a folder, a few levels deep. */
export async function workFolders(root: string): Promise<string[]> {
  const found: string[] = [];
  let level = [root];
  let seen = 0;
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (++seen > MOST_FOLDERS) return found;
      for (const name of await foldersIn(folder)) (name.endsWith(".work") ? found : next).push(join(folder, name));
    }
    level = next;
  }
  return found;
}

/** Asked for again and again: a folder of 200 000 frames is read only when something in it came or went. */
const known = new Map<string, { readonly mtimeMs: number; readonly names: readonly string[] }>();

async function foldersIn(folder: string): Promise<readonly string[]> {
  try {
    const { mtimeMs } = await stat(folder);
    const before = known.get(folder);
    if (before?.mtimeMs === mtimeMs) return before.names;
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries
      .filter((one) => one.isDirectory() && !one.name.startsWith(".") && one.name !== "node_modules")
      .map(({ name }) => name);
    if (known.size > 2 * MOST_FOLDERS) known.clear();
    known.set(folder, { mtimeMs, names });
    return names;
  } catch {
    return [];
  }
}

/** The stage that was touched last. */
async function lastStage(work: string): Promise<string> {
  let [name, latest] = ["", 0];
  for (const entry of await readdir(work, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isDirectory()) continue;
    const { mtimeMs } = await stat(join(work, entry.name));
    if (mtimeMs > latest) [name, latest] = [entry.name, mtimeMs];
  }
  return name;
}
