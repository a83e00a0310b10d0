/** A series of patterns from their files to its result: one after the other, kept as it goes, resumed where it ended. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type AxisUnit, InputError } from "../data/index.ts";
import { readText } from "../files/byte-source.ts";
import { parseNumberList } from "../files/csv.ts";
import type { Kernels } from "../kernels/index.ts";
import { resolveModel } from "../refinement/index.ts";
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
} from "../stages/refine/index.ts";
import type { LoadedModel } from "./load-model.ts";
import { createEstimator, type ProgressListener } from "./progress.ts";
import { openSeries, readHeaderNumber, type SeriesItem } from "./series-source.ts";

export interface SeriesOptions {
  /** unit of the axis where a file does not say it */
  readonly axis?: AxisUnit;
  /** where what is done is kept until the whole is; left out: nothing is */
  readonly journal?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
  /** the whole result of each pattern, as it is made */
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
  const journal = openJournal(options.journal, model, items);
  const bad = await screen(items, series.leastIntensity);
  const { onProgress = () => {}, now = Date.now } = options;
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
    await new Promise((next) => setImmediate(next)); // lets Ctrl-C be seen between patterns
  }
  const { name, unit } = series.variable;
  const base = { title: config.title, mode: series.mode, variable: { name, unit } };
  onProgress({ type: "stage-end", stage: "refine", seconds: (now() - start) / 1000, notes: [] });
  if (series.mode !== "parametric") return { ...base, entries };
  const read = async (index: number) => items[index]!.read();
  const surface = await refineSurface(kernels, config, files, entries, read, {
    isCancelled: () => options.signal?.aborted ?? false,
  });
  return { ...base, entries: surface.entries, surface: surface.result };
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
    if (!(error instanceof InputError) || !before.some(({ status }) => status !== null)) throw error;
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
      if (!(error instanceof InputError) || items.length === 1) throw error;
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

interface SeriesJournal {
  readonly entries: readonly SeriesEntry[];
  add(entry: SeriesEntry): void;
}

/** One line a pattern; the first says of which model and files. NaN is written as null and read back as NaN. */
function openJournal(
  path: string | undefined,
  { config, files }: LoadedModel,
  items: readonly SeriesItem[],
): SeriesJournal {
  if (path === undefined) return { entries: [], add: () => {} };
  const hash = createHash("sha256").update(JSON.stringify([config, [...files.structures]]));
  for (const item of items) {
    const { size, mtimeMs } = existsSync(item.path) ? statSync(item.path) : { size: 0, mtimeMs: 0 };
    hash.update(`${item.name}\0${size}\0${mtimeMs}\n`);
  }
  const header = JSON.stringify({ series: hash.digest("hex") });
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  const entries: SeriesEntry[] = [];
  if (lines[0] === header) {
    for (const line of lines.slice(1, -1)) {
      try {
        entries.push(JSON.parse(line) as SeriesEntry);
      } catch {
        break; // the line that was being written when the run was killed
      }
    }
  }
  writeFileSync(path, [header, ...entries.map((entry) => JSON.stringify(entry))].map((line) => `${line}\n`).join(""));
  return { entries, add: (entry) => appendFileSync(path, `${JSON.stringify(entry)}\n`) };
}

/** When the whole result is written. */
export const dropJournal = (path: string): void => rmSync(path, { force: true });
