/** Runs one stage: what is finished is kept, what is missing is done block by block, in any number of threads. */
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { InputError } from "../data/index.ts";
import type { BlockExecutor } from "./block-executor.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { type Device, isGpuFailure, type RunDevice } from "./gpu/device.ts";
import type { InputWatch } from "./input-watch.ts";
import type { Journal } from "./journal.ts";
import type { WorkerPool } from "./pool.ts";
import { type PreviewImage, type StagePreview, writePreview } from "./preview.ts";
import { createEstimator, type ProgressListener } from "./progress.ts";
import { digest, type StageDone, type StageStore } from "./stage-store.ts";
import type { TaskName } from "./tasks.ts";
import type { StageWork } from "./work-log.ts";

/** What every block's task gives back. */
export interface BlockResult {
  /** checksums of what the block wrote, array by array */
  readonly crc: number[];
  /** what the user has to know about this block: a frame that could not be read */
  readonly problems?: readonly string[];
}

export interface StagePlan<Meta> {
  readonly task: TaskName;
  /** everything a thread needs to set the task up; plain data */
  readonly payload: unknown;
  readonly blocks: number;
  /** what one thread needs at most, to keep the run within its memory setting */
  readonly bytesPerThread: number;
  /** more threads would gain nothing */
  readonly mostThreads?: number;
  /** the checksums of what lies on disk for a block, in the order of BlockResult.crc */
  readonly checksums: (block: number) => number[];
  /** for those who watch */
  readonly preview?: StagePreview;
  /** after the last block: closes files, derives what the next stages need */
  readonly finish: (problems: readonly string[]) => { meta: Meta; notes: readonly string[] };
}

/** A stage that is one computation in steps, and not blocks: it keeps what it has reached by itself. */
export interface StageSolution<Meta> {
  readonly solve: (context: SolveContext) => Promise<{ meta: Meta; notes: readonly string[] }>;
}

export interface SolveContext {
  /** threads, and kernel memory of so many bytes that this thread shares with them; theirs alone while it lasts */
  readonly startPool: (mainBytes: number) => Promise<WorkerPool>;
  readonly signal: AbortSignal;
  readonly memoryBytes: number;
  /** how far it is, 0 to 1; called often */
  readonly progress: (share: number) => void;
  /** Lets those who watch see how far it has come; no part of the result. */
  readonly show: (
    title: string,
    size: { readonly ny: number; readonly nx: number },
    images: readonly PreviewImage[],
  ) => void;
  /** What was computed before under this name with the same settings and input, or now and then kept. */
  readonly remember: <T>(name: string, compute: () => Promise<T>) => Promise<T>;
  /** The last state kept under this name, and a way to keep the next one. */
  readonly checkpoint: <T>(name: string) => { readonly last: T | undefined; readonly keep: (state: T) => void };
}

export interface Stage<Meta> {
  readonly name: string;
  /** everything that decides the result: settings, digest of the inputs, keys of the stages before */
  readonly identity: unknown;
  /** the files it reads, for provenance */
  readonly inputs?: readonly Fingerprint[];
  /** its long products can be a GPU's */
  readonly usesGpu?: boolean;
  /** of a stage that a GPU can do, why it does not do this one, in words that follow "on the processor: " */
  readonly notOnGpu?: string;
  /** @param device where the stage uses a GPU and the run has chosen */
  readonly plan: (device?: Device) => Promise<StagePlan<Meta> | StageSolution<Meta>>;
  /** of the same files, begun before they were first read */
  readonly watch?: InputWatch;
}

export interface StageContext {
  readonly store: StageStore;
  readonly executor: () => BlockExecutor;
  /** threads of this process, instead of that pool, for a stage that shares memory with its threads */
  readonly ownPool: (mainBytes: number) => Promise<WorkerPool>;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
  /** what all threads together may take */
  readonly memoryBytes: number;
  /** of this process */
  readonly threads: number;
  /** this processor where it is left out */
  readonly device?: RunDevice;
  /** where this process is a job of a cluster: its number, and how it gets all threads that a job may have */
  readonly job?: { readonly id: string; readonly needAll: () => Promise<void> };
}

export interface StageResult<Meta> extends StageDone<Meta> {
  /** blocks done now; those of an interrupted run that were kept do not count */
  readonly blocksDone: number;
}

export async function runStage<Meta>(stage: Stage<Meta>, context: StageContext): Promise<StageResult<Meta>> {
  const key = digest(stage.identity);
  const { store, onProgress, signal } = context;
  const before = store.done<Meta>(key);
  if (before) {
    onProgress({ type: "stage-skipped", stage: stage.name, why: "finished before with the same settings and input" });
    return { ...before, blocksDone: 0 };
  }
  signal.throwIfAborted();
  const device = stage.usesGpu ? await context.device?.choose() : undefined;
  try {
    return await runOn(device, stage, key, context);
  } catch (error) {
    if (device?.kind !== "gpu" || !isGpuFailure(error)) throw error;
    return runOn(context.device!.fail(error), stage, key, context);
  }
}

/**
 * What is finished holds whatever device did it; what was only begun is gone on with on the same one alone, for a GPU
 * rounds in its own way, and a stage is not to mix two.
 */
async function runOn<Meta>(
  device: Device | undefined,
  stage: Stage<Meta>,
  key: string,
  context: StageContext,
): Promise<StageResult<Meta>> {
  const { store, onProgress } = context;
  const work = startWork(context);
  const ownKey = device?.kind === "gpu" ? digest({ key, gpu: device.name }) : key;
  const journal = store.begin(ownKey);
  try {
    const done = await doStage(stage, ownKey, journal, context, work, device);
    const { meta, blocksDone } = done;
    const told = device?.note ?? notOnGpu(stage, context);
    const notes = told ? [...done.notes, told] : done.notes;
    store.recordWork(work.ended());
    const all = store.work();
    const startedAt = all.map((one) => one.startedAt).sort()[0]!;
    const record: StageDone<Meta> = {
      ...{ key, startedAt, endedAt: new Date().toISOString(), notes, meta },
      work: all,
    };
    store.finish(record);
    onProgress({ type: "stage-end", stage: stage.name, seconds: work.ended().seconds, notes });
    return { ...record, blocksDone };
  } catch (error) {
    try {
      if (existsSync(store.folder)) store.recordWork(work.ended());
    } catch {
      // what went wrong first is what is told
    }
    throw error;
  }
}

/** For who asked for a GPU. */
const notOnGpu = ({ notOnGpu }: Stage<unknown>, { device }: StageContext): string | undefined =>
  notOnGpu && device?.choice === "gpu" ? `on the processor: ${notOnGpu}` : undefined;

/** The work of this process, from now on. */
function startWork({ job, threads }: StageContext): { blocks: number; ended(): StageWork } {
  const [startedAt, started] = [new Date().toISOString(), performance.now()];
  return {
    blocks: 0,
    ended() {
      return {
        ...{ host: hostname(), ...(job && { job: job.id }), startedAt },
        ...{ seconds: (performance.now() - started) / 1000, threads, blocks: this.blocks },
      };
    },
  };
}

async function doStage<Meta>(
  stage: Stage<Meta>,
  key: string,
  journal: Journal,
  context: StageContext,
  work: { blocks: number },
  device?: Device,
): Promise<{ meta: Meta; notes: readonly string[]; blocksDone: number }> {
  const { store, onProgress, signal } = context;
  const plan = await stage.plan(device);
  if ("solve" in plan) {
    await context.job?.needAll();
    const solution = await solve(stage.name, plan, context);
    work.blocks = 1;
    return { ...solution, blocksDone: 1 };
  }
  for (const entry of [...journal.entries.values()]) {
    const isWhole = entry.block < plan.blocks && sameNumbers(plan.checksums(entry.block), entry.crc);
    if (!isWhole) journal.forget(entry.block);
  }
  const resumed = journal.entries.size;
  const missing = Array.from({ length: plan.blocks }, (_, block) => block).filter(
    (block) => !journal.entries.has(block),
  );
  onProgress({
    type: "stage-start",
    stage: stage.name,
    blocks: plan.blocks,
    resumed,
    ...(plan.preview && { preview: plan.preview }),
  });
  const secondsLeft = createEstimator(plan.blocks, resumed);
  const onDone = (block: number, result: unknown) => {
    const { crc, problems } = result as BlockResult;
    journal.record({ block, crc, ...(problems?.length && { problems }) });
    if (!context.job) work.blocks++; // jobs of a cluster say themselves which were theirs
    const done = journal.entries.size;
    const left = secondsLeft(done);
    onProgress({
      type: "stage-progress",
      stage: stage.name,
      done,
      blocks: plan.blocks,
      ...(left !== undefined && { secondsLeft: left }),
    });
  };
  let elsewhere = 0;
  const told: string[] = [];
  if (missing.length > 0) {
    const executor = context.executor();
    const size = Math.min(executor.size, plan.mostThreads ?? executor.size);
    const threads = threadsWithin(context.memoryBytes, plan.bytesPerThread, size, stage.name);
    const isWhole = (block: number, result: unknown) => sameNumbers(plan.checksums(block), (result as BlockResult).crc);
    await executor.run({ task: plan.task, payload: plan.payload }, missing, onDone, {
      ...{ stage: stage.name, key, signal, threads, isWhole },
      onWork(one) {
        elsewhere += one.blocks;
        store.recordWork(one);
      },
      onNote: (text) => told.push(text),
    });
    if (context.job) work.blocks = Math.max(0, missing.length - elsewhere);
  }
  const problems = [...journal.entries.values()]
    .sort((a, b) => a.block - b.block)
    .flatMap((entry) => entry.problems ?? []);
  const { meta, notes } = plan.finish(problems);
  return { meta, notes: [...notes, ...told], blocksDone: missing.length };
}

/** Progress is told in thousandths. */
const THOUSANDTHS = 1000;

function solve<Meta>(name: string, plan: StageSolution<Meta>, context: StageContext) {
  const { store, onProgress, signal, memoryBytes } = context;
  onProgress({ type: "stage-start", stage: name, blocks: THOUSANDTHS, resumed: 0 });
  const secondsLeft = createEstimator(THOUSANDTHS, 0);
  let done = 0;
  const tell = (preview?: StagePreview): void => {
    const left = secondsLeft(done);
    onProgress({
      type: "stage-progress",
      stage: name,
      done,
      blocks: THOUSANDTHS,
      ...(left !== undefined && { secondsLeft: left }),
      ...(preview && { preview }),
    });
  };
  return plan.solve({
    startPool: context.ownPool,
    signal,
    memoryBytes,
    progress(share) {
      done = Math.min(THOUSANDTHS, Math.round(share * THOUSANDTHS));
      tell();
    },
    show: (title, size, images) => tell(writePreview(store.arrayPath("preview"), title, size, images)),
    async remember(part, compute) {
      const { last, keep } = store.checkpoint<{ value: Awaited<ReturnType<typeof compute>> }>(part);
      if (last) return last.value;
      signal.throwIfAborted();
      const value = await compute();
      keep({ value });
      return value;
    },
    checkpoint: (part) => store.checkpoint(part),
  });
}

/** The first few of many. */
export function listProblems(problems: readonly string[], most = 5): string[] {
  const more = problems.length - most;
  return [...problems.slice(0, most), ...(more > 0 ? [`and ${more} more like these`] : [])];
}

/** @throws InputError "memory-too-small" where not even one thread fits */
function threadsWithin(memoryBytes: number, bytesPerThread: number, threads: number, stage: string): number {
  const fitting = Math.floor(memoryBytes / bytesPerThread);
  if (fitting >= 1) return Math.min(threads, fitting);
  throw new InputError(
    "memory-too-small",
    `${stage} needs ${(bytesPerThread / 1e9).toFixed(2)} GB for one thread and the memory setting is ${(memoryBytes / 1e9).toFixed(2)} GB. Raise --memory-gb.`,
  );
}

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);
