/** A series from its series.yaml to its folder: steps, series.nxs, tables, figures, films. */
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../data/index.ts";
import { svgToPng } from "../../files/svg-to-png.ts";
import type { SeriesEntry } from "../../stages/refine/index.ts";
import { Suspended } from "../block-executor.ts";
import { dropSeriesJournal } from "../refine/series-journal.ts";
import { handOverLock, lockFile } from "../run-lock.ts";
import { writeWhole } from "../write-whole.ts";
import { alignRecord } from "./align-record.ts";
import { gatherMaps, type ParameterSeries, type SliceSeries } from "./gather-maps.ts";
import { refinePatternSeries } from "./pattern-series.ts";
import { type RanStep, runSteps, type SeriesOptions } from "./run-series.ts";
import { type Series, wildcard } from "./series-config.ts";
import { changeFigure, meansFigure } from "./series-figures.ts";
import { cutFrames, encodeFilm, filmFrames } from "./series-films.ts";
import { stackSlices } from "./stack-slices.ts";
import type { AlignedRecord } from "./time-curves.ts";
import { describeStep, heightName, meansCsv, meansMarkdown, seriesFile, writeSeriesFile } from "./write-series.ts";

export interface SeriesOutcome {
  /** of a series of patterns; the rest is empty then */
  readonly patterns?: readonly SeriesEntry[];
  /** what the user has to know */
  readonly notes: readonly string[];
  readonly steps: readonly RanStep[];
  readonly slices: readonly SliceSeries[];
  /** paths, in the order of writing */
  readonly written: readonly string[];
}

/**
 * @throws InputError of the scans, of the patterns and of the cycler's file, and "series-grid" | "series-maps" |
 *   "series-no-map" | "series-failed" | "series-clock" | "not-writable"
 */
export async function runSeries(series: Series, options: SeriesOptions): Promise<SeriesOutcome> {
  const { folder } = options;
  const echem = alignRecord(series);
  claim(folder);
  const lock = join(folder, "series.lock");
  const unlock = lockFile(lock, folder, options.jobs);
  let isSuspended = false;
  try {
    if (series.config.patterns) await options.beforeOwn?.();
    if (series.config.patterns) return await runPatterns(series, options, echem);
    const startedAt = new Date().toISOString();
    const steps = await runSteps(series, options);
    await options.beforeOwn?.();
    const slices = await gatherMaps(steps, series.config);
    const written = await writeAll(series, folder, steps, slices, startedAt, echem);
    return { steps, slices, written, notes: steps.map(describeStep) };
  } catch (error) {
    isSuspended = error instanceof Suspended;
    throw error;
  } finally {
    if (isSuspended) handOverLock(lock, options.jobs!);
    else unlock();
  }
}

async function runPatterns(
  series: Series,
  options: SeriesOptions,
  echem: AlignedRecord | undefined,
): Promise<SeriesOutcome> {
  const { entries, csv, figure, notes } = await refinePatternSeries(series, options, echem);
  const at = (name: string): string => join(options.folder, name);
  writeWhole(at("series.json"), `${JSON.stringify({ entries, notes })}\n`);
  writeWhole(at("series.csv"), csv);
  writeWhole(at("series.svg"), figure);
  writeWhole(at("series.png"), await svgToPng(figure));
  dropSeriesJournal(at("patterns.partial"));
  const written = ["series.json", "series.csv", "series.svg", "series.png"].map(at);
  return { patterns: entries, notes, steps: [], slices: [], written };
}

/** @throws InputError "not-writable" */
function claim(folder: string): void {
  if (existsSync(folder) && !statSync(folder).isDirectory()) {
    throw new InputError("not-writable", `Cannot write into ${folder}: it is a file. Give another folder with -o.`);
  }
  mkdirSync(folder, { recursive: true });
}

async function writeAll(
  series: Series,
  folder: string,
  steps: readonly RanStep[],
  slices: readonly SliceSeries[],
  startedAt: string,
  echem: AlignedRecord | undefined,
): Promise<string[]> {
  const written: string[] = [];
  const write = (name: string, content: string | Uint8Array): void => {
    const path = join(folder, name);
    writeWhole(path, content);
    written.push(path);
  };
  const picture = async (name: string, svg: string): Promise<void> => {
    write(`${name}.svg`, svg);
    write(`${name}.png`, await svgToPng(svg));
  };
  await writeSeriesFile(seriesFile(folder), series, steps, slices, startedAt);
  written.push(seriesFile(folder));
  write("means.csv", meansCsv(steps, slices));
  for (const part of ["figures", "films"]) mkdirSync(join(folder, part), { recursive: true });
  for (const slice of slices) {
    const at = heightName(slices, slice).replaceAll("/", "-");
    write(`${at}means.md`, meansMarkdown(slice));
    await picture(`figures/${at}means`, meansFigure(series, slice, echem));
    for (const parameter of filmed(slice, series.config.films)) {
      const name = `${at}${parameter.name.replaceAll("/", "-")}`;
      if (slice.steps.length > 1) await picture(`figures/${name}-change`, changeFigure(slice, parameter));
      const frames = filmFrames(slice, parameter, echem);
      write(`films/${name}.gif`, await encodeFilm(frames, series.config.frameMs));
    }
  }
  const volume = stackSlices(slices);
  const { films, cut, frameMs } = series.config;
  const inFilms = new Set(slices.flatMap((slice) => filmed(slice, films).map(({ name }) => name)));
  for (const parameter of volume?.parameters ?? []) {
    if (!inFilms.has(parameter.name)) continue;
    const name = `cut-${parameter.name.replaceAll("/", "-")}`;
    write(`films/${name}.gif`, await encodeFilm(cutFrames(volume!, parameter, cut, echem), frameMs));
  }
  return written;
}

/** Parameters that are known somewhere, out of those asked for. */
function filmed({ parameters }: SliceSeries, films: readonly string[]): ParameterSeries[] {
  const wanted = films.map(wildcard);
  return parameters.filter(
    ({ name, means }) => wanted.some((pattern) => pattern.test(name)) && means.each.some(({ voxels }) => voxels > 0),
  );
}
