/** What the jobs of a run on a cluster execute; nothing for people to type. */
import { basename } from "node:path";
import { type Command, Option } from "commander";
import { Suspended } from "../pipeline/block-executor.ts";
import { readSeries } from "../pipeline/series/series-config.ts";
import { runPart } from "../pipeline/slurm/run-part.ts";
import { runStep, type StepJob } from "../pipeline/slurm/run-step.ts";
import { giveScans, runScanStep, type ScanGiver } from "../pipeline/slurm/scan-on-slurm.ts";
import { jobName } from "../pipeline/slurm/slurm-folder.ts";
import { readStudy } from "../pipeline/study/study-config.ts";
import { type CommonOptions, createCommand, execute } from "./command.ts";
import { doSeries } from "./series.ts";
import { doStudy } from "./study.ts";

interface StepOptions extends CommonOptions {
  readonly first?: true;
  readonly size: StepJob["size"];
}

export const slurmStepCommand = (): Command =>
  createCommand("slurm-step", "a job of --executor slurm", "sbatch cell.nxs.work/slurm/step.sh")
    .argument("<folder>", "RESULT.work/slurm")
    .option("--first", "of the run")
    .addOption(new Option("--size <threads>", "of the job").choices(["one", "all"]).default("one"))
    .action((folder: string, options: StepOptions) => {
      // a job that Slurm requeued is no first one: it must not throw away what it did before
      const isFirst = Boolean(options.first) && !Number(process.env["SLURM_RESTART_COUNT"] ?? 0);
      return execute(options, async (signal) => {
        if (!(await runStep(folder, { size: options.size, isFirst }, signal, doStep))) process.exitCode = 1;
        return undefined;
      });
    });

export const slurmPartCommand = (): Command =>
  createCommand("slurm-part", "a job of an array of --executor slurm", "sbatch part.sh")
    .argument("<folder>", "RESULT.work/slurm/STAGE/try-N")
    .argument("<part>", "number in the array")
    .action((folder: string, part: string, options: CommonOptions) =>
      execute(options, async (signal) => {
        if (!(await runPart(folder, Number(part), signal))) process.exitCode = 1;
        return undefined;
      }),
    );

function doStep(job: StepJob): Promise<unknown> {
  const { order, size, goOn } = job;
  if (order.kind === "run") return runScanStep(job);
  const options = {
    ...{ memoryBytes: order.memoryBytes, onProgress: job.onProgress, signal: job.signal },
    workers: size === "all" ? order.settings.cpusPerTask : 1,
    async beforeOwn() {
      if (size === "one") await goOn("all", `goes on with what is the ${order.kind}'s own`);
    },
  };
  if (order.kind === "study") {
    const study = readStudy(order.path);
    const count = study.config.cells.filter(({ scan }) => scan !== undefined).length;
    return withScans(job, count, false, (runScan) =>
      doStudy(study, { ...options, runScan, output: order.output, formats: order.formats ?? [] }),
    );
  }
  const series = readSeries(order.path);
  const count = series.steps.filter(({ scan }) => scan !== undefined).length;
  // a step of a series may start from the one before: each that ends can let others begin
  return withScans(job, count, true, (runScan) =>
    doSeries(series, { ...options, runScan, folder: order.output, jobs: jobName(order.output) }),
  );
}

/** Does work whose scans are given to the cluster; as long as some are at work, in another job behind them. */
async function withScans<T>(
  job: StepJob,
  count: number,
  isAny: boolean,
  work: (runScan: ScanGiver["run"]) => Promise<T>,
): Promise<T> {
  const { run, waiting } = giveScans(job, count, (output) => basename(output, ".nxs"));
  try {
    return await work(run);
  } catch (error) {
    const { runs, preparations } = waiting;
    const ids = isAny && runs.length > 0 ? runs : [...runs, ...preparations];
    if (!(error instanceof Suspended) || ids.length === 0) throw error;
    return job.goOn("one", `waits for ${runs.length + preparations.length} of ${count} scans`, { ids, isAny });
  }
}
