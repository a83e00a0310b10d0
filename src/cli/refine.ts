import { existsSync, mkdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { AXIS_UNITS, type AxisUnit, convertAxis, InputError } from "../data/index.ts";
import { svgToPng } from "../files/svg-to-png.ts";
import { loadKernels } from "../pipeline/load-kernels.ts";
import { type LoadedModel, loadModel } from "../pipeline/refine/load-model.ts";
import { curvesCsv, seriesPanels } from "../pipeline/refine/outputs.ts";
import { refineSeries } from "../pipeline/refine/refine-series.ts";
import { refinementFigure } from "../pipeline/refine/refinement-figure.ts";
import { isResult, type ResultPattern, readResultPattern, type VoxelPlace } from "../pipeline/refine/result-pattern.ts";
import { saveModel } from "../pipeline/refine/save-model.ts";
import { dropSeriesJournal } from "../pipeline/refine/series-journal.ts";
import { openSeries, type SeriesItem } from "../pipeline/refine/series-source.ts";
import { lockFile } from "../pipeline/run-lock.ts";
import { writeWhole } from "../pipeline/write-whole.ts";
import { resolveModel, SERIES_MODES } from "../refinement/index.ts";
import {
  type RefinementResult,
  refinementReport,
  refinePattern,
  seriesCsv,
  seriesReport,
  settleConfig,
} from "../stages/refine/index.ts";
import { checkOutputs } from "./check-outputs.ts";
import { type CommonOptions, createCommand, execute, type Report, withDefaultSignals } from "./command.ts";
import { handOverReport } from "./handover.ts";
import { createProgressBar } from "./progress-bar.ts";

const EXAMPLE = `npx xrdct refine ceo2.xye --model model.yaml -o ceo2.json --figure ceo2.svg --save-model settled.yaml
npx xrdct refine scans/*.xye --model model.yaml -o series.json --table series.csv --figure series.svg
npx xrdct refine cell.nxs --voxel 40,20 --figure voxel.svg --hand-over voxel
npx xrdct refine operando.h5 --model model.yaml -o series.json --each patterns`;

interface Options extends CommonOptions {
  readonly model?: string;
  readonly voxel?: string;
  readonly axis?: string;
  readonly output?: string;
  readonly figure?: string;
  readonly range?: string;
  readonly curves?: string;
  readonly saveModel?: string;
  readonly handOver?: string;
  readonly mode?: string;
  readonly table?: string;
  readonly each?: string;
}

export const refineCommand = (): Command =>
  createCommand("refine", "Rietveld, Pawley or Le Bail refinement of a pattern or a series", EXAMPLE)
    .argument("<patterns...>", "pattern files; a folder, names with * or a stack in an HDF5 file for a series")
    .option("--model <file>", "model.yaml: phases, instrument, and what is refined; a Rietveld map brings its own")
    .option("--voxel <y,x>", "of a result of xrdct run: the pattern of this voxel instead of the slice's mean")
    .option("--axis <unit>", `axis of a file that does not say it: ${AXIS_UNITS.join(", ")}`)
    .option("-o, --output <file>", "result as .json")
    .option("--figure <file>", "figure as .svg or .png")
    .option("--range <from,to>", "two-theta drawn in the figure (degrees)")
    .option("--curves <file>", "observed, calculated, background, difference and each phase as .csv")
    .option("--save-model <file>", "the model with the values found as its starts, as .yaml")
    .option("--hand-over <folder>", "the refined pattern as starting points for TOPAS and GSAS-II")
    .option("--mode <mode>", `of a series: ${SERIES_MODES.join(", ")}`)
    .option("--table <file>", "of a series: parameters with esds, a line a pattern, as .csv")
    .option("--each <folder>", "of a series: whole result and figure of every pattern")
    .action((paths: readonly string[], options: Options) =>
      execute(options, async (signal) => {
        const axis = axisOption(options.axis);
        const range = rangeOption(options.range);
        const ofResult = await fromResult(paths, options);
        const model = withMode(modelFor(ofResult, options, axis), options.mode);
        const { wavelengthA } = resolveModel(model.config, model.files);
        const { frames } = model.config.series;
        const items = ofResult
          ? [itemOf(ofResult, paths[0]!, wavelengthA)]
          : await openSeries(paths, { frames, wavelengthA, ...axis });
        checkFiles(options, items, model);
        if (items.length > 1) return series(paths, model, options, signal);
        return single(items[0]!, model, options, range);
      }),
    );

const PICTURES = [".svg", ".png"];

/** @throws InputError where an output cannot be written, or is a file that the refinement is made from */
function checkFiles(options: Options, items: readonly SeriesItem[], { config, path }: LoadedModel): void {
  const { output, figure, curves, saveModel: saved, table, each } = options;
  const wanted = [
    ["-o", output, [".json"]],
    ["--figure", figure, PICTURES],
    ["--curves", curves, [".csv"]],
    ["--save-model", saved, [".yaml", ".yml"]],
    ["--table", table, [".csv"]],
  ] as const;
  const { background, instrument, phases } = config;
  const named = [
    ...phases.map(({ cif }) => cif),
    instrument,
    "measured" in background ? background.measured?.file : undefined,
  ];
  const ofModel = named.flatMap((file) => (file === undefined ? [] : [resolve(dirname(path), file)]));
  checkOutputs(
    wanted.flatMap(([flag, file, endings]) => (file === undefined ? [] : [{ flag, path: file, endings }])),
    [...items.map((item) => item.path), path, ...ofModel],
  );
  const stems = items.map(({ name }) => stemOf(name));
  const again = stems.findIndex((stem, i) => stems.indexOf(stem) < i);
  if (each === undefined || again < 0) return;
  throw new InputError(
    "output-twice",
    `--each ${each}: ${items[stems.indexOf(stems[again]!)]!.name} and ${items[again]!.name} would both become ${stems[again]}.json. Refine them one after the other, into two folders.`,
  );
}

/** The slice's mean pattern or a voxel, where the one path is a result that holds a slice. */
async function fromResult(paths: readonly string[], { voxel }: Options): Promise<ResultPattern | undefined> {
  const [path] = paths;
  const isOne = paths.length === 1 && /\.(nxs|h5|hdf5)$/i.test(path!) && existsSync(path!);
  const place = voxel === undefined ? undefined : placeOf(voxel);
  const found = isOne && (await isResult(path!)) ? await readResultPattern(path!, place) : undefined;
  if (place && !found) {
    throw new InputError("bad-option", "--voxel needs one result of xrdct run that holds a reconstructed slice.");
  }
  return found;
}

function placeOf(text: string): VoxelPlace {
  const [y, x, ...more] = text.split(",").map(Number);
  if (Number.isInteger(y) && Number.isInteger(x) && more.length === 0) return [y!, x!];
  throw new InputError("bad-option", `--voxel needs row,column from 0, as in 40,20; "${text}" was given.`);
}

function modelFor(found: ResultPattern | undefined, { model }: Options, axis: { axis?: AxisUnit }): LoadedModel {
  if (model !== undefined) return loadModel(model, axis);
  if (found?.model) return found.model;
  throw new InputError(
    "bad-option",
    "--model is missing: give a model.yaml with wavelength and phases. Only a result with a Rietveld map brings its own.",
  );
}

function itemOf({ pattern, name }: ResultPattern, path: string, wavelengthA: number): SeriesItem {
  const { values, unit } = pattern.axis;
  const twoTheta = convertAxis(values, unit, "two-theta", { wavelengthA });
  return { name, path, read: async () => ({ ...pattern, axis: { unit: "two-theta", values: twoTheta } }) };
}

async function single(
  item: SeriesItem,
  model: LoadedModel,
  options: Options,
  range: readonly [number, number] | undefined,
): Promise<Report> {
  const forSeries = (["table", "each", "mode"] as const).find((key) => options[key] !== undefined);
  if (forSeries) throw new InputError("bad-option", `--${forSeries} is of a series, and one pattern was given.`);
  const { config, files } = model;
  const kernels = loadKernels();
  const pattern = await item.read();
  const result = withDefaultSignals(() => refinePattern(kernels, config, files, pattern, item.name));
  if (options.output) writeWhole(options.output, `${JSON.stringify(result)}\n`);
  if (options.figure) await writeFigure(options.figure, refinementFigure(result, item.name, range));
  if (options.curves) writeWhole(options.curves, curvesCsv(result));
  if (options.saveModel) saveModel(options.saveModel, settleConfig(config, result.parameters), model.path);
  if (!options.handOver) return { json: result, lines: refinementReport(result) };
  const handed = handOverReport({
    pattern,
    config,
    values: new Map(result.parameters.map(({ name, value, esd }) => [name, { value, ...(esd !== null && { esd }) }])),
    structures: files.structures,
    ...(files.measuredBackground && { measuredBackground: files.measuredBackground }),
    title: result.title || basename(item.name),
    gof: result.statistics.gof,
    out: options.handOver,
  });
  return { json: { ...result, handOver: handed.json }, lines: [...refinementReport(result), "", ...handed.lines] };
}

async function series(
  paths: readonly string[],
  model: LoadedModel,
  options: Options,
  signal: AbortSignal,
): Promise<Report> {
  const forOne = (["curves", "saveModel", "range", "handOver"] as const).find((key) => options[key] !== undefined);
  if (forOne) {
    const flag = forOne.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new InputError(
      "bad-option",
      `--${flag} is of one pattern, and a series was given; --each writes all of each.`,
    );
  }
  const unlock = options.output ? lockFile(`${options.output}.lock`, options.output) : () => {};
  try {
    return await lockedSeries(paths, model, options, signal);
  } finally {
    unlock();
  }
}

async function lockedSeries(
  paths: readonly string[],
  model: LoadedModel,
  options: Options,
  signal: AbortSignal,
): Promise<Report> {
  const { each, output } = options;
  if (each) mkdirSync(each, { recursive: true });
  const axis = axisOption(options.axis);
  const journal = output && `${output}.partial`;
  const result = await refineSeries(loadKernels(), model, paths, {
    ...axis,
    signal,
    ...(journal && { journal, journalKey: each ? resolve(each) : "" }),
    onProgress: createProgressBar(options.quiet === true),
    ...(each && { onResult: (item: SeriesItem, one: RefinementResult) => writeEach(each, item.name, one) }),
  });
  if (output) writeWhole(output, `${JSON.stringify(result)}\n`);
  const { name, unit } = result.variable;
  const variable = unit ? `${name} (${unit})` : name;
  if (options.table) writeWhole(options.table, seriesCsv(result.entries, variable));
  if (options.figure) await writeFigure(options.figure, seriesPanels(result));
  if (journal) dropSeriesJournal(journal);
  return { json: result, lines: seriesReport(result.entries, variable, result.surface) };
}

const stemOf = (name: string): string => basename(name).replace(/[[\]]/g, "-").replace(/-$/, "");

/** One folder for all: names of files lose their folders, and frames keep their number. */
function writeEach(folder: string, name: string, result: RefinementResult): void {
  const stem = stemOf(name);
  writeWhole(join(folder, `${stem}.json`), `${JSON.stringify(result)}\n`);
  writeWhole(join(folder, `${stem}.svg`), refinementFigure(result, name));
}

async function writeFigure(path: string, svg: string): Promise<void> {
  writeWhole(path, /\.png$/i.test(path) ? await svgToPng(svg) : svg);
}

function withMode(model: LoadedModel, mode: string | undefined): LoadedModel {
  if (mode === undefined) return model;
  const found = SERIES_MODES.find((one) => one === mode);
  if (!found) throw new InputError("bad-option", `--mode is one of ${SERIES_MODES.join(", ")}; "${mode}" was given.`);
  return { ...model, config: { ...model.config, series: { ...model.config.series, mode: found } } };
}

function axisOption(axis: string | undefined): { axis?: AxisUnit } {
  if (axis === undefined) return {};
  if (!(AXIS_UNITS as readonly string[]).includes(axis)) {
    throw new InputError("bad-option", `--axis is one of ${AXIS_UNITS.join(", ")}; "${axis}" was given.`);
  }
  return { axis: axis as AxisUnit };
}

function rangeOption(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return undefined;
  const [low, high] = text.split(/[,:]/).map(Number) as [number, number];
  if (low < high) return [low, high];
  throw new InputError("bad-option", `--range needs two ascending numbers, as in 3,4.5; "${text}" was given.`);
}
