/** A series of patterns from their files to its result: one after the other, kept as it goes, resumed where it ended. */
import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type AxisUnit, InputError } from "../../data/index.ts";
import { isMachineFault } from "../../data/machine-fault.ts";
import { version } from "../../data/version.ts";
import { readText } from "../../files/byte-source.ts";
import { parseNumberList } from "../../files/csv.ts";
import type { Kernels } from "../../kernels/index.ts";
import { resolveModel } from "../../refinement/index.ts";
import {
  type BadPattern,
  findBadPatterns,
  flaggedEntry,
  meanIntensity,
  type RefinementResult,
  refineNext,
  refineSurface,
  type SeriesEntry,
  type SurfaceResult,
} from "../../stages/refine/index.ts";
import { watchInputs } from "../input-watch.ts";
import { createEstimator, type ProgressListener } from "../progress.ts";
import type { LoadedModel } from "./load-model.ts";
import { dropSeriesJournal, openSeriesJournal } from "./series-journal.ts";
import { openSeries, readHeaderNumber, type SeriesItem } from "./series-source.ts";

export interface SeriesOptions {
  /** unit of the axis where a file does not say it */
  readonly axis?: AxisUnit;
  /** where what is done is kept until the whole is; left out: nothing is */
  readonly journal?: string;
  /** what else must be the same for the journal to hold: where onResult writes */
  readonly journalKey?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
  /** the whole result of each pattern, as it is made; patterns that the journal has are not made again */
  readonly onResult?: (item: SeriesItem, result: RefinementResult) => void;
  readonly now?: () => number;
}

export interface SeriesResult {
  readonly title: string;
  readonly mode: "sequential" | "independent" | "parametric";
  readonly variable: { readonly name: string; readonly unit: string };
  readonly entries: readonly SeriesEntry[];
  /** of a parametric series: the polynomials */
  readonly surface?: SurfaceResult;
}

/**
 * @param inputs files, folders, names with *, HDF5 stacks
 * @throws InputError of the model, of the source, "series-variable", "series-polynomials"
 */
export async function refineSeries(
  kernels: Kernels,
  model: LoadedModel,
  inputs: readonly string[],
  options: SeriesOptions = {},
): Promise<SeriesResult> {
  const { config, files } = model;
  const { series } = config;
  const { wavelengthA } = resolveModel(config, files);
  const items = await openSeries(inputs, {
    frames: series.frames,
    wavelengthA,
    ...(options.axis && { axis: options.axis }),
  });
  const variables = variablesOf(model, items);
  const watch = watchInputs(() => [...new Set(items.map(({ path }) => path))]);
  const journal = openSeriesJournal(options.journal, identityOf(model, items, variables, options));
  const bad = await screen(items, series.leastIntensity);
  const { onProgress = () => {}, now = () => performance.now() } = options;
  const entries: SeriesEntry[] = [...journal.entries];
  const estimate = createEstimator(items.length, entries.length, now);
  const start = now();
  onProgress({ type: "stage-start", stage: "refine", blocks: items.length, resumed: entries.length });
  for (let index = entries.length; index < items.length; index++) {
    if (options.signal?.aborted) throw new Error("aborted");
    const item = items[index]!;
    const entry = await refineOne(kernels, model, item, index, variables[index]!, bad[index] ?? null, entries, options);
    if (options.signal?.aborted) throw new Error("aborted"); // what was cancelled is no result
    entries.push(entry);
    journal.add(entry);
    const secondsLeft = estimate(index + 1);
    onProgress({
      type: "stage-progress",
      stage: "refine",
      done: index + 1,
      blocks: items.length,
      ...(secondsLeft !== undefined && { secondsLeft }),
    });
    await letSignalsIn();
  }
  const change = watch.changed();
  if (change) {
    if (options.journal) dropSeriesJournal(options.journal);
    throw change;
  }
  const { name, unit } = series.variable;
  const base = { title: config.title, mode: series.mode, variable: { name, unit } };
  onProgress({ type: "stage-end", stage: "refine", seconds: (now() - start) / 1000, notes: [] });
  if (series.mode !== "parametric") return { ...base, entries };
  const read = async (index: number) => {
    await letSignalsIn();
    return items[index]!.read();
  };
  const surface = await refineSurface(kernels, config, files, entries, read, {
    isCancelled: () => options.signal?.aborted ?? false,
  });
  if (options.signal?.aborted) throw new Error("aborted");
  return { ...base, entries: surface.entries, surface: surface.result };
}

/** Ctrl-C is only seen where the thread has nothing else to do. */
const letSignalsIn = (): Promise<void> => new Promise((next) => setImmediate(next));

/** Everything that decides what the entries are. */
function identityOf(
  { config, files }: LoadedModel,
  items: readonly SeriesItem[],
  variables: readonly number[],
  { axis, journalKey }: SeriesOptions,
): unknown {
  const { measuredBackground: measured } = files;
  const patterns = items.map(({ name, path }) => {
    const { size, mtimeMs } = existsSync(path) ? statSync(path) : { size: 0, mtimeMs: 0 };
    return [name, size, mtimeMs];
  });
  return {
    version,
    config,
    structures: [...files.structures],
    measured: measured && [Array.from(measured.twoThetaDeg), Array.from(measured.intensity)],
    patterns,
    variables,
    axis,
    journalKey,
  };
}

async function refineOne(
  kernels: Kernels,
  { config, files }: LoadedModel,
  item: SeriesItem,
  index: number,
  variable: number,
  bad: BadPattern | InputError | null,
  before: readonly SeriesEntry[],
  options: SeriesOptions,
): Promise<SeriesEntry> {
  const { name } = item;
  if (bad instanceof InputError) return flaggedEntry(index, name, variable, "unread", bad.message);
  if (bad) return flaggedEntry(index, name, variable, bad.flag, bad.note);
  try {
    const pattern = await item.read();
    const isCancelled = () => options.signal?.aborted ?? false;
    const { entry, result } = refineNext(kernels, config, files, pattern, { index, name, variable }, before, {
      isCancelled,
    });
    options.onResult?.(item, result);
    return entry;
  } catch (error) {
    // the model's own mistakes are the same for all patterns: the first tells
    if (!(error instanceof InputError) || isMachineFault(error) || !before.some(({ status }) => status !== null))
      throw error;
    return flaggedEntry(index, name, variable, "unread", error.message);
  }
}

/** Looks at every pattern once, so that a dark one is known before its neighbours lead into it. */
async function screen(items: readonly SeriesItem[], least: number): Promise<(BadPattern | InputError | null)[]> {
  const intensities: number[] = [];
  const errors: (InputError | null)[] = [];
  for (const item of items) {
    try {
      intensities.push(meanIntensity(await item.read()));
      errors.push(null);
    } catch (error) {
      if (!(error instanceof InputError) || isMachineFault(error) || items.length === 1) throw error;
      intensities.push(Number.NaN);
      errors.push(error);
    }
  }
  const first = errors.find((error) => error !== null);
  if (first && errors.every((error) => error !== null)) throw first;
  return findBadPatterns(intensities, least).map((bad, i) => errors[i] ?? bad);
}

function variablesOf({ config, path }: LoadedModel, items: readonly SeriesItem[]): number[] {
  const { values, header, file } = config.series.variable;
  if (header !== undefined) return items.map((item) => readHeaderNumber(item.path, header));
  const given = file === undefined ? values : [...parseNumberList(readText(resolve(dirname(path), file)), file)];
  if (!given) return items.map((_, i) => i);
  if (given.length === items.length) return [...given];
  throw new InputError(
    "series-variable",
    `The series has ${items.length} patterns and its variable ${given.length} values${file === undefined ? "" : ` (${file})`}: one for each pattern is needed, in the order of the patterns.`,
  );
}
