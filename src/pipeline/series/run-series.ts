/** Runs the scans of a series one after the other, each started from the one before; what is finished is not done again. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { InputError } from "../../data/index.ts";
import { isMachineFault } from "../../data/machine-fault.ts";
import { openResult, type Result } from "../../files/result-reader.ts";
import { findBadPatterns } from "../../stages/refine/index.ts";
import { Suspended } from "../block-executor.ts";
import type { DeviceChoice } from "../gpu/device.ts";
import { formatSeconds, type ProgressListener } from "../progress.ts";
import { checkRun, type RunOptions, type RunSummary, runScan } from "../run-scan.ts";
import { readScan, type Scan } from "../scan-config.ts";
import { isTomography } from "../steps.ts";
import { readSliceMaps } from "../study/read-slice-maps.ts";
import type { Series, SeriesStep } from "./series-config.ts";

export interface SeriesOptions {
  readonly folder: string;
  readonly workers: number;
  readonly memoryBytes: number;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
  /** as RunOptions, of every scan */
  readonly device?: DeviceChoice;
  readonly now?: () => number;
  /** who runs a scan; left out: this process. What throws Suspended is done elsewhere, and the series in another process */
  readonly runScan?: (scan: Scan, options: RunOptions) => Promise<RunSummary>;
  /** before what the series does itself */
  readonly beforeOwn?: () => Promise<void>;
  /** of a cluster, which have the series' lock one after the other */
  readonly jobs?: string;
}

/**
 * ""       in the series
 * dark     far less intensity than the others
 * failed   could not be run, or its mean pattern could not be refined
 */
export type StepFlag = "" | "dark" | "failed";

/** A step as it went. */
export interface RanStep extends SeriesStep {
  readonly index: number;
  /** result file; none where it failed */
  readonly path?: string;
  readonly flag: StepFlag;
  /** why it is flagged */
  readonly note: string;
  /** number of the step that its voxels started from */
  readonly startedFrom?: number;
  /** nothing had to be done */
  readonly isUpToDate: boolean;
  /** that the voxels' fits took now; none where nothing was done */
  readonly mapSeconds?: number;
  /** of the mean pattern; NaN where there is none */
  readonly intensity: number;
}

/**
 * The first step's mistakes are the user's to mend; later steps that fail are told and left out.
 *
 * @throws InputError of the first step that fails before any has worked, "series-no-map" | "series-failed"
 */
export async function runSteps(series: Series, options: SeriesOptions): Promise<RanStep[]> {
  const { config, steps } = series;
  const { folder, now = () => performance.now() } = options;
  const scans = new Map<string, Scan>();
  // every scan.yaml is read before any work begins
  for (const { scan } of steps) if (scan !== undefined && !scans.has(scan)) scans.set(scan, checkedScan(scan));
  const still = config.turning && [...scans].find(([, scan]) => !scan.config.turning)?.[0];
  if (still) {
    throw new InputError(
      "series-windows",
      `${still} has no section turning, which says where each frame was taken. Add it, or give the scan under steps or interlaced.`,
    );
  }
  mkdirSync(folder, { recursive: true });
  const ran: RanStep[] = [];
  const times: number[] = [];
  /** heights of which a step is done elsewhere just now */
  const waiting = new Set<number>();
  let suspended: Suspended | undefined;
  for (const [index, step] of steps.entries()) {
    const before = config.start === "warm" ? startOf(ran, step) : undefined;
    const began = now();
    const output = join(folder, `step-${String(index).padStart(3, "0")}.nxs`);
    const onProgress = overall(options.onProgress, index, steps.length, () => meanOf(times));
    const own = { ...options, output, onProgress };
    const scan = scans.get(step.scan ?? "");
    try {
      const isBehind = waiting.has(step.heightMm) && (config.start === "warm" || step.turns !== undefined);
      if (isBehind) await prepareStep(step, scan, own);
      else {
        const one = await runStep(step, scan, before, own, ran);
        ran.push({ ...step, index, ...one });
        if (!one.isUpToDate) times.push((now() - began) / 1000);
      }
    } catch (error) {
      // what fails is judged when the steps before it are known
      if (!(error instanceof Suspended) && !(suspended && error instanceof InputError)) throw error;
      if (error instanceof Suspended) suspended = error;
      waiting.add(step.heightMm);
    }
  }
  if (suspended) throw suspended;
  const failed = ran.filter(({ flag }) => flag === "failed");
  if (failed.length > 0 && failed.length === ran.length - 1) {
    throw new InputError(
      "series-failed",
      `Only the first of ${ran.length} steps could be run. Step ${failed[0]!.index}: ${failed[0]!.note}`,
    );
  }
  return flagDark(ran, config.leastIntensity);
}

/**
 * Before the scans are given to a cluster: all scan.yaml as such, and what the first step's run would be refused for.
 *
 * @throws InputError as runSteps and runScan
 */
export async function checkSteps({ steps }: Series, folder: string): Promise<void> {
  for (const path of new Set(steps.flatMap(({ scan }) => scan ?? []))) checkedScan(path);
  const [first] = steps;
  // a window of a scan is settled by the run itself
  if (first?.scan === undefined || first.window || first.turns) return;
  await checkRun(readScan(first.scan), { output: join(folder, "step-000.nxs") });
}

/** @throws InputError "series-no-map" */
function checkedScan(path: string): Scan {
  const scan = readScan(path);
  if (scan.config.map) return scan;
  throw new InputError(
    "series-no-map",
    `${path} has no map section, so there would be nothing to follow over time. Add map: {rietveld: {model: model.yaml}} or peaks in map.regions.`,
  );
}

/** The last good step at the same height, with light enough to be a start. */
function startOf(ran: readonly RanStep[], { heightMm }: SeriesStep): RanStep | undefined {
  const good = ran.filter((step) => step.path !== undefined && step.heightMm === heightMm);
  const bright = [...good].map(({ intensity }) => intensity).sort((a, b) => a - b)[good.length >> 1] ?? 0;
  return good.findLast(({ intensity }) => intensity >= HALF * bright);
}
const HALF = 0.5;

type Outcome = Omit<RanStep, keyof SeriesStep | "index">;

async function runStep(
  step: SeriesStep,
  scan: Scan | undefined,
  before: RanStep | undefined,
  options: SeriesOptions & { readonly output: string },
  ran: readonly RanStep[],
): Promise<Outcome> {
  try {
    if (!scan)
      return { path: step.result!, flag: "", note: "", isUpToDate: true, intensity: await intensityOf(step.result!) };
    const isWarm = before !== undefined && scan.config.map?.rietveld !== undefined;
    const grid = step.turns && (await gridOf(ran.find(({ path, heightMm }) => path && heightMm === step.heightMm)));
    const start = isWarm
      ? { map: before.path, ...(scan.config.dlsr && (await hasDirect(before.path!)) && { dlsr: before.path }) }
      : {};
    const summary = await (options.runScan ?? runScan)(scanOfStep(scan, step, start, grid), options);
    const seconds = mapSeconds(summary);
    return {
      path: options.output,
      flag: "",
      note: "",
      isUpToDate: summary.isUpToDate,
      intensity: await intensityOf(options.output),
      ...(isWarm && { startedFrom: before.index }),
      ...(seconds !== undefined && { mapSeconds: seconds }),
    };
  } catch (error) {
    // a full disk is no step that failed: the next run does this one, and those after it
    if (!(error instanceof InputError) || isMachineFault(error) || !ran.some(({ path }) => path !== undefined))
      throw error;
    return { flag: "failed", note: error.message, isUpToDate: false, intensity: Number.NaN };
  }
}

/** Does of a step what does not depend on the one before, which is not there yet. @throws Suspended as runScan */
async function prepareStep(
  step: SeriesStep,
  scan: Scan | undefined,
  options: SeriesOptions & { readonly output: string },
): Promise<void> {
  // of a turning sample the grid is the first step's; what a correction maps starts from the step before
  if (!scan || step.turns || !isTomography(scan)) return;
  const until = scan.config.absorb ? "sinogram" : "reconstruct";
  await (options.runScan ?? runScan)(scanOfStep(scan, step, {}, undefined), { ...options, until, isPreparation: true });
}

interface Grid {
  readonly voxelMm: number;
  readonly size: number;
}

/** Of the first step: an encoder gives each part of a scan a slightly different one. */
async function gridOf(first: RanStep | undefined): Promise<Grid | undefined> {
  if (!first) return undefined;
  const result = await openResult(first.path!);
  try {
    const { ny, voxelMm } = readSliceMaps(result, first.path!);
    return { voxelMm, size: ny };
  } finally {
    result.close();
  }
}

async function hasDirect(path: string): Promise<boolean> {
  const result = await openResult(path);
  try {
    return result.readNote("dlsr/report") !== undefined;
  } finally {
    result.close();
  }
}

/** The scan with its part in time and its start put in. */
function scanOfStep(
  scan: Scan,
  { window, turns }: SeriesStep,
  start: { readonly map?: string | undefined; readonly dlsr?: string | undefined },
  grid: Grid | undefined,
): Scan {
  const { map, dlsr, turning, stepMm, reconstruct } = scan.config;
  return {
    ...scan,
    config: {
      ...scan.config,
      ...(window && { lines: { from: window.from, to: window.to } }),
      ...(turns && { turning: { ...turning!, turns } }),
      ...(grid && {
        stepMm: stepMm ?? grid.voxelMm,
        reconstruct: { ...reconstruct, size: reconstruct.size ?? grid.size },
      }),
      ...(start.map !== undefined && {
        map: { ...map!, rietveld: { ...map!.rietveld!, start: { result: resolve(start.map) } } },
      }),
      ...(start.dlsr !== undefined && { dlsr: { ...dlsr!, start: { result: resolve(start.dlsr) } } }),
    },
  };
}

function mapSeconds({ stages }: RunSummary): number | undefined {
  const map = stages.find(({ name }) => name === "map");
  return map && map.blocksDone > 0 ? map.seconds : undefined;
}

/** Mean over the bins of the summed pattern. */
async function intensityOf(path: string): Promise<number> {
  const result = await openResult(path);
  try {
    return hasPattern(result)
      ? meanOf(Array.from(result.readArray("map/summed_pattern")).filter(Number.isFinite))
      : Number.NaN;
  } finally {
    result.close();
  }
}
const hasPattern = (result: Result): boolean => result.list().some(({ name }) => name === "map/summed_pattern");

const meanOf = (values: readonly number[]): number =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : Number.NaN;

function flagDark(ran: readonly RanStep[], least: number): RanStep[] {
  const bad = findBadPatterns(
    ran.map(({ intensity }) => intensity),
    least,
  );
  return ran.map((step, k) =>
    step.flag === "" && bad[k]?.flag === "dark" ? { ...step, flag: "dark", note: bad[k].note } : step,
  );
}

/** Names the step in every event, and counts the time of the steps that are still to come. */
function overall(onProgress: ProgressListener, index: number, count: number, perStep: () => number): ProgressListener {
  return (event) => {
    const stage = `step ${index + 1}/${count} ${event.stage}`;
    if (event.type === "stage-progress" && event.secondsLeft !== undefined) {
      const later = (count - index - 1) * perStep();
      onProgress({ ...event, stage, secondsLeft: event.secondsLeft + (Number.isFinite(later) ? later : 0) });
    } else if (event.type === "stage-end" && event.stage === "map") {
      const left = (count - index - 1) * perStep();
      const notes =
        Number.isFinite(left) && left > 0 ? [`about ${formatSeconds(left)} left for the steps to come`] : [];
      onProgress({ ...event, stage, notes });
    } else if (event.type === "stage-end") onProgress({ ...event, stage, notes: [] });
    else onProgress({ ...event, stage });
  };
}
