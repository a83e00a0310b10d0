/** The whole way of one scan: stages in the order of the data, then the result file. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError, STATUS } from "../data/index.ts";
import { isMachineFault } from "../data/machine-fault.ts";
import { openResult } from "../files/result-reader.ts";
import type { BulkPhase } from "../stages/map/index.ts";
import type { RefinementResult } from "../stages/refine/index.ts";
import type { ArrayReference } from "./array-reference.ts";
import { isWholeArray } from "./array-seals.ts";
import { type BlockExecutor, Suspended } from "./block-executor.ts";
import { diskError } from "./disk-error.ts";
import { createRunDevice, type DeviceChoice, type RunDevice } from "./gpu/device.ts";
import { sharesOfGpu } from "./gpu/shares-of-gpu.ts";
import { whileUnchanged } from "./input-watch.ts";
import { adoptLive, forgetLive } from "./live/adopt-live.ts";
import { followScan, type LiveOptions } from "./live/follow-scan.ts";
import { withLiveNotes } from "./live/live-notes.ts";
import { WorkerPool } from "./pool.ts";
import type { ProgressListener } from "./progress.ts";
import { assembleResult, restoreArray, resultBytes } from "./result-file.ts";
import { handOverRun, lockRun } from "./run-lock.ts";
import type { Scan } from "./scan-config.ts";
import { runStage, type StageContext, type StageResult } from "./stage.ts";
import { digest } from "./stage-store.ts";
import { createSteps, type Left, type StageName, type Step } from "./steps.ts";
import { busySeconds, nodeSeconds } from "./work-log.ts";

/** Where a run writes, how much of the machine it takes, and who is told. */
export interface RunOptions {
  readonly output: string;
  readonly workers: number;
  readonly memoryBytes: number;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
  /** told once which stages there are to do, before the first */
  readonly onStages?: (names: readonly string[]) => void;
  /** do this stage and those after it again, whatever was finished */
  readonly from?: StageName;
  /** stop after this stage */
  readonly until?: StageName;
  /** the scan is still being written: follow it first */
  readonly live?: LiveOptions;
  /** leave the stages in the working folder and write no result: more is to come */
  readonly isPreparation?: boolean;
  /** where this process is a job of a cluster */
  readonly cluster?: ClusterJob;
  /** what does the long products; the processor where it is left out */
  readonly device?: DeviceChoice;
  /** told once, before the first stage, what a GPU that was asked for does and what it does not */
  readonly onDevice?: (text: string) => void;
}

export interface ClusterJob {
  /** its number */
  readonly id: string;
  /** name of the run's jobs */
  readonly jobs: string;
  /** who does the blocks of the stages */
  readonly executor: (local: () => BlockExecutor) => BlockExecutor;
  /** Asked for before work of one thread that takes long, or of all threads. @throws Suspended where another job does it */
  readonly need: (threads: "one" | "all") => Promise<void>;
}

/** What a run did: its stages with blocks, seconds and notes, and what was found. */
export interface RunSummary {
  readonly output: string;
  /** nothing had to be done */
  readonly isUpToDate: boolean;
  readonly stages: readonly {
    readonly name: string;
    readonly blocksDone: number;
    /** in which at least one process was at work on it; and of all processes, added up */
    readonly seconds: number;
    readonly nodeSeconds: number;
    readonly notes: readonly string[];
  }[];
  readonly maps: readonly {
    readonly name: string;
    readonly unit: string;
    readonly median: number;
    readonly voxels: number;
  }[];
  /** of a Rietveld map: weight fractions of the whole slice */
  readonly bulk?: readonly BulkPhase[];
  /** where the absorption was corrected: weight fractions before */
  readonly bulkBefore?: Readonly<Record<string, number>>;
  /** of a Rietveld map: the mean pattern's statistics and refined parameters */
  readonly meanPattern?: Pick<RefinementResult, "status" | "statistics" | "parameters" | "warnings">;
}

/**
 * Runs what is missing, in order, and writes the result file.
 *
 * @throws Suspended where the cluster goes on with it
 * @throws InputError from any stage, and "run-in-progress" | "output-not-a-result" | "stage-not-in-scan" |
 *   "stage-order"
 */
export async function runScan(scan: Scan, options: RunOptions): Promise<RunSummary> {
  const workFolder = `${options.output}.work`;
  const { cluster } = options;
  const unlock = lockRun(workFolder, cluster?.jobs);
  let isSuspended = false;
  let pool: WorkerPool | undefined;
  let isOwn = false;
  const pools: Pools = {
    pool() {
      pool ??= new WorkerPool(options.workers);
      return pool;
    },
    async ownPool(mainBytes) {
      await pool?.close();
      isOwn = true;
      pool = new WorkerPool(options.workers, mainBytes);
      return pool;
    },
    async endOwn() {
      if (!isOwn) return;
      await pool?.close();
      pool = undefined;
      isOwn = false;
    },
  };
  try {
    return await new Run(scan, options, workFolder, pools).run();
  } catch (error) {
    isSuspended = error instanceof Suspended;
    throw error;
  } finally {
    await pool?.close();
    if (isSuspended) handOverRun(workFolder, cluster!.jobs);
    else unlock();
  }
}

/**
 * Looks at all that a run would refuse before its first stage, and does nothing: before it is given to a cluster.
 *
 * @throws InputError as runScan
 */
export async function checkRun(scan: Scan, stages: Pick<RunOptions, "output" | "from" | "until">): Promise<void> {
  const pool = (): never => {
    throw new Error("nothing is done here");
  };
  const pools: Pools = { pool, ownPool: pool, endOwn: async () => {} };
  const none = { workers: 1, memoryBytes: 0, onProgress: () => {}, signal: new AbortController().signal };
  await new Run(scan, { ...none, ...stages }, `${stages.output}.work`, pools).check();
}

/** The threads of a run; a stage that shares memory with its threads has its own, which end with it. */
type Pools = Pick<StageContext, "ownPool"> & { pool(): WorkerPool; endOwn(): Promise<void> };

class Run {
  private readonly left: Left = {};
  private readonly results: StageResult<unknown>[] = [];
  private steps: Step[] = [];
  private keys: string[] = [];
  /** arrays that were made or looked through in this run */
  private readonly whole = new Set<string>();
  private readonly scan: Scan;
  private readonly options: RunOptions;
  private readonly workFolder: string;
  private readonly pools: Pools;
  private readonly device: RunDevice;

  constructor(scan: Scan, options: RunOptions, workFolder: string, pools: Pools) {
    this.scan = scan;
    this.options = options;
    this.workFolder = workFolder;
    this.pools = pools;
    this.device = createRunDevice(options.device ?? "cpu", options.workers);
  }

  async check(): Promise<void> {
    await this.checkOutput();
    await this.settle();
  }

  /** Which stages there are. @returns the first that is done again, and the last that is done @throws as runScan */
  private async settle(): Promise<{ first: number; last: number }> {
    const { from, until } = this.options;
    this.steps = withLiveNotes(await createSteps(this.scan, this.left, this.workFolder), this.workFolder);
    this.keys = this.steps.map(({ stage }) => digest(stage.identity));
    const first = from === undefined ? this.steps.length : this.indexOf(from);
    const last = until === undefined ? this.steps.length - 1 : this.indexOf(until);
    if (from !== undefined && first > last) {
      throw new InputError("stage-order", `--from ${from} comes after --until ${until}: nothing would be done.`);
    }
    return { first, last };
  }

  async run(): Promise<RunSummary> {
    await this.checkOutput();
    const { output, live, signal } = this.options;
    if (live) await followScan(this.scan, live, { workFolder: this.workFolder, pool: this.pools.pool, signal });
    const { first, last } = await this.settle();
    this.options.onStages?.(this.steps.slice(0, last + 1).map(({ stage }) => stage.name));
    await this.checkDevice(first, last);
    for (const { store } of this.steps.slice(first, last + 1)) store.discard();
    await adoptLive(this.workFolder, this.steps[0]!, this.keys[0]!);
    let end = 0;
    // beyond --until nothing is done, but what is finished and still holds stays in the result
    while (end < this.steps.length && (end <= last || this.steps[end]!.store.done(this.keys[end]!)))
      await this.perform(end++);
    if (end > 0) forgetLive(this.workFolder);
    this.steps = this.steps.slice(0, end);
    this.keys = this.keys.slice(0, end);
    const isUpToDate = await this.isAssembled();
    if (!isUpToDate && !this.options.isPreparation) await this.assemble();
    return {
      output,
      isUpToDate,
      stages: this.summarise(),
      maps: summariseMaps(this.left),
      ...summariseRefinement(this.left),
    };
  }

  /**
   * A GPU that was asked for is found before anything is done or thrown away.
   *
   * @throws InputError "gpu-missing" | "gpu-wrong" | "gpu-failed"
   */
  private async checkDevice(first: number, last: number): Promise<void> {
    const needsIt = this.steps
      .slice(0, last + 1)
      .some(({ stage, store }, i) => stage.usesGpu && (i >= first || !store.done(this.keys[i]!)));
    if (this.options.device !== "gpu") return;
    if (needsIt) await this.device.choose();
    this.options.onDevice?.(sharesOfGpu(this.steps.slice(0, last + 1).map(({ stage }) => stage)));
  }

  /** @throws InputError "stage-not-in-scan" */
  private indexOf(name: StageName): number {
    const at = this.steps.findIndex(({ stage }) => stage.name === name);
    if (at >= 0) return at;
    const names = this.steps.map(({ stage }) => stage.name).join(", ");
    throw new InputError(
      "stage-not-in-scan",
      `${this.scan.path}: this scan has no stage "${name}". Its stages are ${names}; input.kind and the sections absorb, map and dlsr decide.`,
    );
  }

  /**
   * A file that is not ours is never replaced.
   *
   * @throws InputError "output-not-a-result"
   */
  private async checkOutput(): Promise<void> {
    const { output } = this.options;
    if (!existsSync(output)) return;
    try {
      (await openResult(output)).close();
    } catch (error) {
      if (!(error instanceof InputError) || isMachineFault(error)) throw error;
      throw new InputError(
        "output-not-a-result",
        `${output} exists and is not a result of xrdct, so it is not written over: give another name with -o, or move it away. (${error.message})`,
      );
    }
  }

  /** Does a stage unless it is done, with the arrays of the one before in place. */
  private async perform(i: number): Promise<void> {
    const { stage, store, keep } = this.steps[i]!;
    if (!store.done(this.keys[i]!)) {
      rmSync(this.assembledPath, { force: true }); // from here on the result file is out of date
      for (const earlier of this.needsOf(i)) await this.materialise(earlier);
    }
    const { cluster, onProgress, signal, memoryBytes, workers } = this.options;
    const context: StageContext = {
      store,
      executor: () => cluster?.executor(() => this.pools.pool()) ?? this.pools.pool(),
      ownPool: this.pools.ownPool,
      ...{ onProgress, signal, memoryBytes, threads: workers, device: this.device },
      ...(cluster && { job: { id: cluster.id, needAll: () => cluster.need("all") } }),
    };
    const result = await whileUnchanged(
      stage.watch,
      () => store.discard(),
      () => runStage(stage, context),
    );
    await this.pools.endOwn();
    keep(result.meta);
    if (result.blocksDone > 0) for (const { reference } of this.steps[i]!.arrays()) this.whole.add(reference.path);
    // a stage that was done again for its arrays keeps the count of what it did
    this.results[i] = this.results[i]?.blocksDone ? this.results[i]! : result;
  }

  /** Stages whose arrays a stage reads. */
  private needsOf(i: number): number[] {
    const names = this.steps[i]!.needs?.();
    if (!names) return i > 0 ? [i - 1] : [];
    return [...this.steps.keys()].filter((step) => names.includes(this.steps[step]!.stage.name));
  }

  /** The big arrays of a finished stage: on disk, or back from the result file, or made again. */
  private async materialise(i: number): Promise<void> {
    const { store, arrays } = this.steps[i]!;
    const missing = arrays().filter(({ reference }) => !this.isWhole(reference));
    for (const { reference, name } of missing) {
      if (await restoreArray(this.options.output, name, reference, this.keys[i]!)) {
        this.whole.add(reference.path);
        continue;
      }
      store.discard();
      return this.perform(i);
    }
  }

  /** An array that an earlier run left is looked through once: disks change bits. */
  private isWhole({ path }: ArrayReference): boolean {
    if (!existsSync(path)) return false;
    if (!this.whole.has(path) && isWholeArray(path)) this.whole.add(path);
    return this.whole.has(path);
  }

  private async assemble(): Promise<void> {
    if (resultBytes(this.left) > BRIEF_BYTES) await this.options.cluster?.need("one");
    for (let i = 0; i < this.steps.length; i++) if (this.isInResult(i)) await this.materialise(i);
    const records = this.steps.map(({ stage, settings }, i) => ({
      ...this.results[i]!,
      name: stage.name,
      settings,
      inputs: stage.inputs ?? [],
    }));
    await assembleResult(this.options.output, this.scan.config.title, records, this.left);
    try {
      writeFileSync(this.assembledPath, this.assembledKey);
    } catch (error) {
      throw diskError(error, this.assembledPath, 1e3);
    }
    this.steps.forEach(({ arrays }, i) => {
      // what only the next stage needs goes when that one is finished
      if (!this.isInResult(i) && i === this.steps.length - 1) return;
      for (const { reference } of arrays()) rmSync(reference.path, { force: true });
    });
  }

  /** Patterns that were only copied from the input are not copied again into the result of a tomography. */
  private isInResult(i: number): boolean {
    const { stage, isIntermediate } = this.steps[i]!;
    if (isIntermediate) return false;
    const { volume, frames, patterns = frames } = this.left;
    return stage.name !== "read" || (volume !== undefined && volume.volume.path === patterns?.patterns.path);
  }

  /** Whether the result file is there and made from these very stages. */
  private async isAssembled(): Promise<boolean> {
    const { output } = this.options;
    const isRecorded = existsSync(this.assembledPath) && readFileSync(this.assembledPath, "utf8") === this.assembledKey;
    if (!isRecorded || !existsSync(output)) return false;
    const result = await openResult(output);
    try {
      const keys = result.processes().map(({ config }) => (config as { key?: string }).key);
      return keys.length === this.keys.length && keys.every((key, i) => key === this.keys[i]);
    } finally {
      result.close();
    }
  }

  /** Holds what the result file was made from. */
  private get assembledPath(): string {
    return join(this.workFolder, "assembled");
  }
  private get assembledKey(): string {
    return digest({ keys: this.keys, title: this.scan.config.title });
  }

  private summarise(): RunSummary["stages"] {
    return this.steps.map(({ stage }, i) => {
      const { blocksDone, startedAt, endedAt, notes, work } = this.results[i]!;
      const wall = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000; // all that earlier versions kept
      const seconds = work ? busySeconds(work) : wall;
      return { name: stage.name, blocksDone, seconds, nodeSeconds: work ? nodeSeconds(work) : wall, notes };
    });
  }
}

/** A result that is written in a moment: no other job is asked for to do it. */
const BRIEF_BYTES = 2e8;

function summariseRefinement({ map, absorb }: Left): Pick<RunSummary, "bulk" | "bulkBefore" | "meanPattern"> {
  if (!map?.refinement) return {};
  const { status, statistics, parameters, warnings } = map.refinement;
  const before = absorb?.outcome === "compared" ? undefined : absorb?.passes[0]?.bulk;
  return {
    ...(map.bulk && { bulk: map.bulk }),
    ...(before && { bulkBefore: before }),
    meanPattern: { status, statistics, parameters, warnings },
  };
}

/** The middle of each map over the voxels whose fit converged. */
function summariseMaps({ map, dlsr }: Left): RunSummary["maps"] {
  return [...(map?.maps ?? []), ...(dlsr?.maps ?? [])].map(({ name, unit, values, status }) => {
    const good = [...values]
      .filter((value, i) => Number.isFinite(value) && (!status || status[i] === STATUS.converged))
      .sort((a, b) => a - b);
    return { name, unit, median: good[good.length >> 1] ?? Number.NaN, voxels: good.length };
  });
}
