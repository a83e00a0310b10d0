/** What the steps of a cluster do: a scan, stage by stage; or many scans of a study or a series, each a run of its own. */
import { join } from "node:path";
import { Suspended } from "../block-executor.ts";
import { type RunOptions, type RunSummary, runScan } from "../run-scan.ts";
import { readScan, type Scan } from "../scan-config.ts";
import type { StageName } from "../steps.ts";
import { beginRun } from "./begin-run.ts";
import { reviveFailure } from "./failure.ts";
import { isAtWork, isWaiting } from "./job-states.ts";
import { allowRestart, lastStep } from "./restart-step.ts";
import { jobId } from "./run-part.ts";
import type { StepJob } from "./run-step.ts";
import { jobsOf } from "./slurm-commands.ts";
import { createSlurmExecutor } from "./slurm-executor.ts";
import {
  jobName,
  jobNames,
  readBegun,
  readChildren,
  readJson,
  readOutcome,
  type SlurmOrder,
  slurmFolder,
  writeJson,
} from "./slurm-folder.ts";

/** @throws Suspended where another job goes on with it; as runScan */
export function runScanStep({ order, size, isFirst, onProgress, signal, goOn }: StepJob): Promise<RunSummary> {
  const { path, output, settings, memoryBytes, from, until, given } = order;
  const { device = "cpu" } = order;
  const scan = given ? { ...readScan(path), config: given.config } : readScan(path);
  const need = async (wanted: "one" | "all"): Promise<void> => {
    if (wanted === size || given?.isWhole) return;
    await goOn(wanted, wanted === "all" ? "goes on with all threads" : "goes on with one thread");
  };
  return runScan(scan, {
    ...{ output, memoryBytes, onProgress, signal, device },
    workers: size === "all" ? settings.cpusPerTask : 1,
    ...(isFirst && from && { from: from as StageName }),
    ...(until && { until: until as StageName }),
    ...(given?.isPreparation && { isPreparation: true }),
    cluster: {
      id: jobId(),
      jobs: jobName(output),
      executor: (local) =>
        given?.isWhole ? local() : createSlurmExecutor({ order, local, needAll: () => need("all") }),
      need,
    },
  });
}

/** Scans that a step gives to the cluster, and waits for by ending. */
export interface ScanGiver {
  /** As runScan. @throws Suspended while the cluster is at it */
  readonly run: (scan: Scan, options: RunOptions) => Promise<RunSummary>;
  /** numbers of the jobs that those which are at work are waited for by: of preparations, and of the others */
  readonly waiting: { readonly preparations: string[]; readonly runs: string[] };
}

/**
 * @param count of scans in all: where there is one for each job, a job does a whole one
 * @param nameOf a scan, for who watches
 */
export function giveScans({ order, signal }: StepJob, count: number, nameOf: (output: string) => string): ScanGiver {
  const { settings, memoryBytes } = order;
  const folder = slurmFolder(order.output);
  const at = readBegun(folder)!.at;
  const isWhole = settings.split === "scans" || (settings.split === "auto" && count >= settings.tasks);
  const waiting: ScanGiver["waiting"] = { preparations: [], runs: [] };
  return {
    waiting,
    async run(scan, { output, until, isPreparation = false }) {
      signal.throwIfAborted();
      const child: SlurmOrder = {
        ...{ kind: "run", path: scan.path, output, settings, memoryBytes },
        ...(until && { until }),
        ...(order.device && { device: order.device }),
        given: { config: scan.config, at, isPreparation, isWhole },
      };
      const childFolder = slurmFolder(output);
      const before = readJson<SlurmOrder>(join(childFolder, "order.json"));
      const isSame = before !== undefined && JSON.stringify(before) === JSON.stringify(child);
      const outcome = isSame ? readOutcome<RunSummary>(childFolder) : undefined;
      if (outcome && "report" in outcome) return outcome.report;
      if (outcome) throw reviveFailure(outcome.failure);
      const known = await jobsOf(jobNames(output));
      const jobs = known.filter((job) => isWaiting(job) || isAtWork(job));
      if (jobs.length === 0 && isSame) await allowRestart(child, lastStep(child, known));
      addChild(folder, { name: nameOf(output), output });
      const steps = jobs.filter(({ name }) => name === jobName(output));
      const ids =
        jobs.length > 0
          ? (steps.length > 0 ? steps : jobs).map(({ id }) => id)
          : [await beginRun(child, { size: isWhole ? "all" : "one" })];
      waiting[isPreparation ? "preparations" : "runs"].push(...ids);
      throw new Suspended(`${nameOf(output)} is with the cluster`);
    },
  };
}

function addChild(folder: string, child: { readonly name: string; readonly output: string }): void {
  const children = readChildren(folder);
  if (children.some(({ output }) => output === child.output)) return;
  writeJson(join(folder, "children.json"), [...children, child]);
}
