/** One job of an array: does its blocks and writes down each as soon as it is done. */
import { hostname } from "node:os";
import { join } from "node:path";
import { env, stderr } from "node:process";
import { InputError } from "../../data/index.ts";
import { WorkerPool } from "../pool.ts";
import { steadyNow } from "../steady-clock.ts";
import { describeFailure } from "./failure.ts";
import { assertSameProgram, type ProgramIdentity } from "./program-identity.ts";
import { blocksDone, readJson, readParts, readWork, recordPart } from "./slurm-folder.ts";

/** The job that this process is. */
export function jobId(): string {
  const { SLURM_ARRAY_JOB_ID: array, SLURM_ARRAY_TASK_ID: task, SLURM_JOB_ID: job } = env;
  return array === undefined ? (job ?? "none") : `${array}_${task}`;
}

/** @param folder of the try @returns whether all went well; what did not is in the part's file */
export async function runPart(folder: string, part: number, signal: AbortSignal): Promise<boolean> {
  const { request, threads, parts } = readWork(folder);
  const done = new Set(readParts(folder).flatMap((lines) => blocksDone(lines).map(({ block }) => block)));
  const blocks = (parts[part] ?? []).filter((block) => !done.has(block)); // done before a requeue
  stderr.write(`part ${part}, job ${jobId()} on ${hostname()}: ${blocks.length} blocks of ${request.task}\n`);
  const left = new Set(blocks);
  const started = steadyNow();
  const seconds = (): number => (steadyNow() - started) / 1000;
  let pool: WorkerPool | undefined;
  try {
    recordPart(folder, part, {
      ...{ job: jobId(), host: hostname(), threads, startedAt: new Date(started).toISOString() },
    });
    const program = readJson<ProgramIdentity>(join(folder, "../../program.json"));
    if (!program)
      throw new InputError("slurm-order", `${hostname()} does not see ${join(folder, "../../program.json")}.`);
    assertSameProgram(program);
    pool = new WorkerPool(Math.min(threads, Math.max(1, blocks.length)));
    const onDone = (block: number, result: unknown): void => {
      left.delete(block);
      recordPart(folder, part, { block, result, seconds: seconds() });
    };
    await pool.run(request, blocks, onDone, { signal });
    stderr.write(`part ${part}: done in ${seconds().toFixed(1)} s, ${peakGb()} GB at most\n`);
    return true;
  } catch (error) {
    const [block] = left;
    if (!signal.aborted && block !== undefined) recordPart(folder, part, { block, failure: describeFailure(error) });
    stderr.write(`part ${part}: ${(error as Error).message}\n`);
    return false;
  } finally {
    await pool?.close();
    recordPart(folder, part, { seconds: seconds() });
  }
}

/** That this process had in memory, for who sets --memory-gb. */
export const peakGb = (): string => (process.resourceUsage().maxRSS / 1e6).toFixed(2);
