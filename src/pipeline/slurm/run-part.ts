/** One job of an array: does its blocks and writes down each as soon as it is done. */
import { hostname } from "node:os";
import { stderr } from "node:process";
import { WorkerPool } from "../pool.ts";
import { describeFailure } from "./failure.ts";
import { readParts, readWork, recordPart } from "./slurm-folder.ts";

/** @param folder of the try @returns whether all went well; what did not is in the part's file */
export async function runPart(folder: string, part: number, signal: AbortSignal): Promise<boolean> {
  const { request, threads, parts } = readWork(folder);
  const done = new Set(readParts(folder).map((line) => ("result" in line ? line.block : -1)));
  const blocks = (parts[part] ?? []).filter((block) => !done.has(block)); // done before a requeue
  stderr.write(`part ${part} on ${hostname()}: ${blocks.length} blocks of ${request.task}\n`);
  const left = new Set(blocks);
  const pool = new WorkerPool(threads);
  try {
    const onDone = (block: number, result: unknown): void => {
      left.delete(block);
      recordPart(folder, part, { block, result });
    };
    await pool.run(request, blocks, onDone, { signal });
    stderr.write(`part ${part}: done\n`);
    return true;
  } catch (error) {
    const [block] = left;
    if (!signal.aborted && block !== undefined) recordPart(folder, part, { block, failure: describeFailure(error) });
    stderr.write(`part ${part}: ${(error as Error).message}\n`);
    return false;
  } finally {
    await pool.close();
  }
}
