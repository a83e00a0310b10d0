/** The step of a run on a cluster, as a job: everything that is finished is skipped, so it goes on where the last one ended. */
import { appendFileSync, existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { stderr } from "node:process";
import { InputError } from "../../data/index.ts";
import { Suspended } from "../block-executor.ts";
import type { ProgressEvent, ProgressListener } from "../progress.ts";
import { type RunSummary, runScan } from "../run-scan.ts";
import { readScan } from "../scan-config.ts";
import type { StageName } from "../steps.ts";
import { describeFailure } from "./failure.ts";
import { createSlurmExecutor } from "./slurm-executor.ts";
import { type Failure, jobName, readJson, type SlurmOrder, slurmFolder, writeJson } from "./slurm-folder.ts";

export type Outcome = { readonly summary: RunSummary } | { readonly failure: Failure };

/**
 * @param isFirst of the run: what --from says is done again
 * @returns whether it went well, or goes on elsewhere
 */
export async function runStep(folder: string, isFirst: boolean, signal: AbortSignal): Promise<boolean> {
  const order = readJson<SlurmOrder>(join(folder, "order.json"));
  if (!order || slurmFolder(order.output) !== folder) {
    throw new InputError(
      "slurm-order",
      `${hostname()} does not see ${join(folder, "order.json")}. Results of a run on a cluster have to lie on storage that all nodes share: give another place with -o.`,
    );
  }
  if (existsSync(join(folder, "cancelled"))) return true;
  const outcome = join(folder, "outcome.json");
  const { from, until } = order;
  try {
    const summary = await runScan(readScan(order.scan), {
      output: order.output,
      workers: order.settings.cpusPerTask,
      memoryBytes: order.memoryBytes,
      onProgress: keepEvents(join(folder, "events.jsonl")),
      signal,
      ...(isFirst && from && { from: from as StageName }),
      ...(until && { until: until as StageName }),
      cluster: { jobs: jobName(order.output), executor: (local) => createSlurmExecutor(order, local) },
    });
    writeJson(outcome, { summary } satisfies Outcome);
    return true;
  } catch (error) {
    if (error instanceof Suspended) {
      stderr.write(`${error.message}\n`);
      return true;
    }
    stderr.write(`${(error as Error).stack}\n`);
    if (!signal.aborted) writeJson(outcome, { failure: describeFailure(error) } satisfies Outcome);
    return false;
  }
}

/** Not every thousandth of a stage: files on shared storage are slow. */
const EVERY_MS = 500;

function keepEvents(path: string): ProgressListener {
  let last = 0;
  return (event: ProgressEvent) => {
    const now = Date.now();
    if (event.type === "stage-progress" && event.done < event.blocks && now - last < EVERY_MS) return;
    last = now;
    appendFileSync(path, `${JSON.stringify(event)}\n`);
  };
}
