import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { InputError } from "../data/index.ts";
import { svgToPng } from "../files/svg-to-png.ts";
import { echemFigures } from "../pipeline/study/echem-figures.ts";
import { type AlignedSeries, alignPatterns, type PatternTimes } from "../pipeline/study/echem-series.ts";
import { cyclesCsv, recordsCsv, segmentLines, segmentsCsv, statesCsv } from "../pipeline/study/echem-tables.ts";
import { type EchemCell, readEchem } from "../pipeline/study/read-echem.ts";
import { writeWhole } from "../pipeline/write-whole.ts";
import { EchemConfig } from "../stages/echem/index.ts";
import { checkFolder } from "./check-folder.ts";
import {
  type CommonOptions,
  createCommand,
  execute,
  finiteNumber,
  parseOptions,
  positiveNumber,
  type Report,
} from "./command.ts";

const EXAMPLE = `npx xrdct echem charge.DTA discharge.DTA
npx xrdct echem --cell slow=c20.mpr --cell fast=c2_charge.DTA,c2_discharge.DTA -o echem
npx xrdct echem cell.mpt --series scans/*.chi --axis q --series-interval-s 600 -o echem`;

interface Options extends CommonOptions {
  readonly cell?: readonly string[];
  readonly output?: string;
  readonly figure?: true;
  readonly csv?: true;
  readonly massG?: number;
  readonly nominalCapacityMah?: number;
  readonly capacityMah?: number;
  readonly gainError?: number;
  readonly offsetError?: number;
  readonly smoothingV?: number;
  readonly pulseS?: number;
  readonly flipCurrent?: true;
  readonly asGiven?: true;
  readonly series?: readonly string[];
  readonly axis?: string;
  readonly seriesTimes?: string;
  readonly seriesStart?: string;
  readonly seriesIntervalS?: number;
  readonly seriesTimeLabel?: string;
  readonly seriesEven?: true;
  readonly seriesRange?: string;
  readonly clockOffsetS?: string;
  readonly clockSearchS?: number;
}

export const echemCommand = (): Command =>
  createCommand("echem", "what a cycler recorded: segments, capacities, true C-rates, dQ/dV, scans in time", EXAMPLE)
    .argument("[files...]", "files of one cell: Gamry .DTA, BioLogic .mpr or .mpt, Neware, Arbin, Maccor, or columns")
    .option("--cell <name=files>", "a cell of several, its files separated by commas; can be repeated", collect)
    .option("-o, --output <folder>", "where to: tables as .csv, figures as .svg and .png")
    .option("--csv", "of these, the tables alone")
    .option("--figure", "of these, the figures alone")
    .option("--mass-g <g>", "active material, for capacities per gram (g)", positiveNumber("--mass-g"))
    .option("--nominal-capacity-mah <mAh>", "on the label, for nominal rates", positiveNumber("--nominal-capacity-mah"))
    .option(
      "--capacity-mah <mAh>",
      "what true rates refer to; else what was measured",
      positiveNumber("--capacity-mah"),
    )
    .option("--gain-error <share>", "standard uncertainty of the current; 0.001", finiteNumber("--gain-error"))
    .option("--offset-error <share>", "of its zero, of the largest current; 0.0002", finiteNumber("--offset-error"))
    .option("--smoothing-v <V>", "FWHM that dQ/dV is smoothed with (V); 0.01", positiveNumber("--smoothing-v"))
    .option("--pulse-s <s>", "longest pulse (s); 120", finiteNumber("--pulse-s"))
    .option("--flip-current", "the files have positive currents while discharging")
    .option("--as-given", "files follow one another as given and without gaps, whatever their dates")
    .option("--series <patterns...>", "pattern files of a series, to be aligned with the first cell")
    .option("--axis <unit>", "axis of patterns that do not say it")
    .option("--series-times <file>", "time of each pattern: seconds from the start of the record, or dates, one a line")
    .option("--series-start <time>", "of the first pattern: seconds from the start of the record, or a date")
    .option("--series-interval-s <s>", "between patterns (s)", positiveNumber("--series-interval-s"))
    .option("--series-time-label <text>", "words before the time in the head of each pattern file")
    .option("--series-even", "patterns are spread evenly over the record")
    .option("--series-range <from,to>", "part of the patterns' axis that is drawn and followed")
    .option("--clock-offset-s <s>", "added to the patterns' times (s), or auto: found from what they show")
    .option("--clock-search-s <s>", "auto looks as far as this (s)", positiveNumber("--clock-search-s"))
    .action((files: readonly string[], options: Options) =>
      execute(options, async () => {
        const config = configOf(options);
        const wanted = cellsOf(files, options.cell ?? []);
        checkSeriesOptions(options);
        if (options.output !== undefined) checkFolder(options.output);
        const cells = wanted.map(({ name, paths }) =>
          readEchem(name, paths, {
            config,
            flipCurrent: options.flipCurrent === true,
            isAsGiven: options.asGiven === true,
          }),
        );
        const lines = cells.flatMap((cell, k) => [...(k > 0 ? [""] : []), ...segmentLines(cell)]);
        const series = options.series && (await alignPatterns(cells[0]!, options.series, timesOf(options)));
        if (series) lines.push("", ...series.lines);
        const written = options.output === undefined ? [] : await writeAll(options.output, cells, series, options);
        const json = {
          cells: cells.map(({ name, record, description }) => ({
            name,
            source: record.source,
            format: record.format,
            startedAt: record.startedAt,
            rows: record.timeS.length,
            ...description,
          })),
          ...(series && { series: series.json }),
          written,
        };
        return { json, lines: [...lines, ...written.map((path) => `written ${path}`)] } satisfies Report;
      }),
    );

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

function configOf(options: Options): EchemConfig {
  const { massG, gainError, offsetError, smoothingV, pulseS, capacityMah, nominalCapacityMah } = options;
  const inAh = (mah: number | undefined): number | undefined => (mah === undefined ? undefined : mah / 1000);
  return parseOptions(EchemConfig, {
    massG,
    gainError,
    offsetError,
    smoothingV,
    pulseS,
    capacityAh: inAh(capacityMah),
    nominalCapacityAh: inAh(nominalCapacityMah),
  });
}

function cellsOf(files: readonly string[], given: readonly string[]): { name: string; paths: string[] }[] {
  const named = given.map((text) => {
    const [, name, paths] = /^([\w .+-]+)=(.+)$/.exec(text) ?? [];
    if (name && paths) return { name, paths: paths.split(",") };
    throw new InputError("bad-option", `--cell needs NAME=FILE or NAME=FILE,FILE; "${text}" was given.`);
  });
  const first = files.length > 0 ? [{ name: stem(files[0]!), paths: [...files] }] : [];
  const cells = [...first, ...named];
  if (cells.length === 0)
    throw new InputError("bad-option", "No file was given: name the files of a cell, or --cell NAME=FILE.");
  const twice = cells.find(({ name }, k) => cells.findIndex((other) => other.name === name) < k);
  if (twice) throw new InputError("bad-option", `Two cells are called "${twice.name}": give each its own name.`);
  return cells;
}

const stem = (path: string): string =>
  basename(path)
    .replace(/(\.gz)?$/i, "")
    .replace(/\.[^.]+$/, "");

/** @throws InputError "bad-option" where options of a series are given without one */
function checkSeriesOptions(options: Options): void {
  const keys = [
    "seriesTimes",
    "seriesStart",
    "seriesIntervalS",
    "seriesTimeLabel",
    "seriesEven",
    "seriesRange",
    "clockOffsetS",
    "clockSearchS",
    "axis",
  ] as const;
  const lone = keys.find((key) => options[key] !== undefined);
  if (lone === undefined || options.series) return;
  const flag = lone.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new InputError("bad-option", `--${flag} is about a series of patterns, and --series names none.`);
}

function timesOf(options: Options): PatternTimes {
  const { axis, seriesTimes, seriesStart, seriesIntervalS, seriesTimeLabel, seriesEven, seriesRange, clockSearchS } =
    options;
  return {
    ...(axis !== undefined && { axis }),
    ...(seriesTimes !== undefined && { timesFile: seriesTimes }),
    ...(seriesStart !== undefined && { start: seriesStart }),
    ...(seriesIntervalS !== undefined && { intervalS: seriesIntervalS }),
    ...(seriesTimeLabel !== undefined && { timeLabel: seriesTimeLabel }),
    ...(seriesEven && { isEven: true }),
    ...(seriesRange !== undefined && { range: rangeOf(seriesRange) }),
    ...(clockSearchS !== undefined && { searchS: clockSearchS }),
    clockOffset: offsetOf(options.clockOffsetS),
  };
}

function rangeOf(given: string): [number, number] {
  const [from, to, ...more] = given.split(",").map(Number);
  if (more.length === 0 && from! < to!) return [from!, to!];
  throw new InputError(
    "bad-option",
    `--series-range needs two numbers, the smaller first, as in 1.5,4; "${given}" was given.`,
  );
}

const offsetOf = (given: string | undefined): number | "auto" =>
  given === undefined ? 0 : given === "auto" ? "auto" : finiteNumber("--clock-offset-s")(given);

/** Tables and figures, or what was asked for of them. */
async function writeAll(
  folder: string,
  cells: readonly EchemCell[],
  series: AlignedSeries | undefined,
  { csv, figure }: Options,
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  const write = (name: string, content: string | Uint8Array): void => {
    const path = join(folder, name);
    writeWhole(path, content);
    written.push(path);
  };
  if (csv || !figure) {
    write("records.csv", recordsCsv(cells));
    write("segments.csv", segmentsCsv(cells));
    write("cycles.csv", cyclesCsv(cells));
    if (series) write("series.csv", statesCsv(series.names, series.states));
  }
  if (figure || !csv) {
    for (const [name, svg] of [...echemFigures(cells), ...(series?.figures ?? [])]) {
      write(`${name}.svg`, svg);
      write(`${name}.png`, await svgToPng(svg));
    }
  }
  return written;
}
