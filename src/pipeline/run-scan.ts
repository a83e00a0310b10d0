/** The whole way of one scan: stages in the order of the data, then the result file. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { STATUS } from "../data/index.ts";
import { WorkerPool } from "./pool.ts";
import type { ProgressListener } from "./progress.ts";
import { assembleResult, restoreArray } from "./result-file.ts";
import { lockRun } from "./run-lock.ts";
import type { Scan } from "./scan-config.ts";
import { runStage, type StageContext, type StageResult } from "./stage.ts";
import { digest } from "./stage-store.ts";
import { createSteps, type Left, type StageName, type Step } from "./steps.ts";

export interface RunOptions {
  readonly output: string;
  readonly workers: number;
  readonly memoryBytes: number;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
  /** do this stage and those after it again, whatever was finished */
  readonly from?: StageName;
  /** stop after this stage */
  readonly until?: StageName;
}

export interface RunSummary {
  readonly output: string;
  /** nothing had to be done */
  readonly isUpToDate: boolean;
  readonly stages: readonly {
    readonly name: string;
    readonly blocksDone: number;
    readonly seconds: number;
    readonly notes: readonly string[];
  }[];
  readonly maps: readonly {
    readonly name: string;
    readonly unit: string;
    readonly median: number;
    readonly voxels: number;
  }[];
}

/**
 * Runs what is missing, in order, and writes the result file.
 *
 * @throws InputError from any stage, and "run-in-progress"
 */
export async function runScan(scan: Scan, options: RunOptions): Promise<RunSummary> {
  const workFolder = `${options.output}.work`;
  const unlock = lockRun(workFolder);
  let pool: WorkerPool | undefined;
  const startPool = (): WorkerPool => {
    pool ??= new WorkerPool(options.workers);
    return pool;
  };
  try {
    return await new Run(scan, options, workFolder, startPool).run();
  } finally {
    await pool?.close();
    unlock();
  }
}

class Run {
  private readonly left: Left = {};
  private readonly results: StageResult<unknown>[] = [];
  private steps: Step[] = [];
  private keys: string[] = [];
  private readonly scan: Scan;
  private readonly options: RunOptions;
  private readonly workFolder: string;
  private readonly startPool: () => WorkerPool;

  constructor(scan: Scan, options: RunOptions, workFolder: string, startPool: () => WorkerPool) {
    this.scan = scan;
    this.options = options;
    this.workFolder = workFolder;
    this.startPool = startPool;
  }

  async run(): Promise<RunSummary> {
    const { output, from, until } = this.options;
    const all = await createSteps(this.scan, this.left, this.workFolder);
    const last = until ? all.findIndex(({ stage }) => stage.name === until) : all.length - 1;
    this.steps = all.slice(0, last + 1);
    this.keys = this.steps.map(({ stage }) => digest(stage.identity));
    if (from)
      this.steps
        .slice(this.steps.findIndex(({ stage }) => stage.name === from))
        .forEach(({ store }) => store.discard());
    for (let i = 0; i < this.steps.length; i++) await this.perform(i);
    const isUpToDate = existsSync(output) && this.assembledKey() === digest(this.keys);
    if (!isUpToDate) await this.assemble();
    return { output, isUpToDate, stages: this.summarise(), maps: summariseMaps(this.left) };
  }

  /** Does a stage unless it is done, with the arrays of the one before in place. */
  private async perform(i: number): Promise<void> {
    const { stage, store, keep } = this.steps[i]!;
    if (!store.done(this.keys[i]!)) {
      rmSync(this.assembledPath, { force: true }); // from here on the result file is out of date
      if (i > 0) await this.materialise(i - 1);
    }
    const context: StageContext = {
      store,
      pool: this.startPool,
      onProgress: this.options.onProgress,
      signal: this.options.signal,
      memoryBytes: this.options.memoryBytes,
    };
    const result = await runStage(stage, context);
    keep(result.meta);
    // a stage that was done again for its arrays keeps the count of what it did
    this.results[i] = this.results[i]?.blocksDone ? this.results[i]! : result;
  }

  /** The big arrays of a finished stage: on disk, or back from the result file, or made again. */
  private async materialise(i: number): Promise<void> {
    const { store, arrays } = this.steps[i]!;
    const missing = arrays().filter(({ reference }) => !existsSync(reference.path));
    for (const { reference, name } of missing) {
      if (await restoreArray(this.options.output, name, reference)) continue;
      store.discard();
      return this.perform(i);
    }
  }

  private async assemble(): Promise<void> {
    for (let i = 0; i < this.steps.length; i++) await this.materialise(i);
    const records = this.steps.map(({ stage, settings }, i) => ({
      ...this.results[i]!,
      name: stage.name,
      settings,
      inputs: stage.inputs ?? [],
    }));
    await assembleResult(this.options.output, this.scan.config.title, records, this.left);
    writeFileSync(this.assembledPath, digest(this.keys));
    for (const { arrays } of this.steps) {
      for (const { reference } of arrays()) rmSync(reference.path, { force: true });
    }
  }

  /** Holds the key of the stages that the result file was made from. */
  private get assembledPath(): string {
    return join(this.workFolder, "assembled");
  }
  private assembledKey(): string {
    return existsSync(this.assembledPath) ? readFileSync(this.assembledPath, "utf8") : "";
  }

  private summarise(): RunSummary["stages"] {
    return this.steps.map(({ stage }, i) => {
      const { blocksDone, startedAt, endedAt, notes } = this.results[i]!;
      return { name: stage.name, blocksDone, seconds: (Date.parse(endedAt) - Date.parse(startedAt)) / 1000, notes };
    });
  }
}

/** The middle of each map over the voxels whose fit converged. */
function summariseMaps({ map }: Left): RunSummary["maps"] {
  return (map?.maps ?? []).map(({ name, unit, values, status }) => {
    const good = [...values]
      .filter((value, i) => Number.isFinite(value) && (!status || status[i] === STATUS.converged))
      .sort((a, b) => a - b);
    return { name, unit, median: good[good.length >> 1] ?? Number.NaN, voxels: good.length };
  });
}
