/** series.yaml: what was measured when and at which height, and how the steps are brought together. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, parse, resolve } from "node:path";
import * as z from "zod";
import { AXIS_UNITS, InputError } from "../../data/index.ts";
import { readText } from "../../files/byte-source.ts";
import { parseNumberList } from "../../files/csv.ts";
import { readYaml } from "../../files/yaml.ts";
import { type PassWindow, passWindows, SeriesConfig, type TurnWindow, turnWindows } from "../../stages/series/index.ts";

const path = z.string().min(1);

const Time = z
  .union([z.number(), z.iso.datetime({ offset: true, local: true })])
  .meta({ unit: "h", description: "hours from any start, or a date with time (ISO 8601)" });

const Step = z
  .strictObject({
    scan: path.optional().meta({ description: "scan.yaml to be run; with * several, in natural order" }),
    result: path.optional().meta({ description: "result of xrdct run, taken as it is; with * several" }),
    time: Time,
    everyH: z.number().positive().optional().meta({ unit: "h", description: "from one to the next of several" }),
    heightMm: z.number().default(0).meta({ unit: "mm", description: "of the slice along the rotation axis" }),
  })
  .refine(({ scan, result }) => (scan === undefined) !== (result === undefined), {
    message: "a step needs one of scan and result",
  });

const Interlaced = z.strictObject({
  scan: path.meta({ description: "scan.yaml of all passes together" }),
  passes: z.int().min(1).meta({ description: "how often all angles were gone through" }),
  linesPerPass: z.int().min(2).meta({ description: "lines of one pass" }),
  lineS: z.number().positive().meta({ unit: "s", description: "from the start of one line to that of the next" }),
  startH: z.number().default(0).meta({ unit: "h", description: "when the first line began" }),
  passesPerStep: z
    .int()
    .min(1)
    .default(1)
    .meta({ description: "passes that make one step: 1 is fast and coarse, all are slow and fine" }),
  every: z.int().min(1).optional().meta({
    description: "passes from the start of one step to that of the next; left out: passesPerStep; 1: a sliding window",
  }),
  heightMm: z.number().default(0).meta({ unit: "mm" }),
});

const Turning = z.strictObject({
  scan: path.meta({ description: "scan.yaml with a section turning: the rotation is the fast axis" }),
  turns: z.int().min(1).meta({ description: "turns of the whole scan" }),
  turnS: z.number().positive().meta({ unit: "s", description: "from the start of one turn to that of the next" }),
  startH: z.number().default(0).meta({ unit: "h", description: "when the first turn began" }),
  turnsPerStep: z.int().min(2).meta({
    description: "turns that make one step: those of one pass are fast and coarse, of all passes slow and fine",
  }),
  every: z.int().min(1).optional().meta({
    description:
      "turns from the start of one step to that of the next; left out: turnsPerStep; fewer: a sliding window",
  }),
  heightMm: z.number().default(0).meta({ unit: "mm" }),
});

const Patterns = z.strictObject({
  files: z
    .union([path, z.array(path).min(1)])
    .meta({ description: "patterns in the order of time, as `xrdct refine` takes them: files, folder, names with *" }),
  axisUnit: z.enum(AXIS_UNITS).optional().meta({ description: "axis of files that do not say it" }),
  model: path.meta({ description: "model.yaml; its series section says how frames are joined" }),
  times: z
    .union([
      z.strictObject({
        startH: z.number().default(0).meta({ unit: "h" }),
        everyH: z.number().positive().meta({ unit: "h", description: "from one pattern to the next" }),
      }),
      z.array(z.number()).min(1).meta({ unit: "h", description: "one for each pattern" }),
      path.meta({ description: "text file with one time a line", unit: "h" }),
    ])
    .meta({ description: "when the patterns were taken" }),
});

const Echem = z.strictObject({
  file: z
    .union([path, z.array(path).min(1)])
    .meta({ description: "what the cycler wrote: any file that `xrdct echem` reads, or several of one cell" }),
  startH: z.number().optional().meta({
    unit: "h",
    description: "when the record begins, on the clock of the steps; left out: from its date where steps have dates",
  }),
});

export const SeriesFileConfig = z
  .strictObject({
    title: z.string().default("").meta({ description: "shown in figures and results" }),
    steps: z.array(Step).min(1).optional().meta({ description: "slices, each scanned at its time" }),
    interlaced: Interlaced.optional().meta({ description: "one scan in passes, cut into steps by time" }),
    turning: Turning.optional().meta({ description: "one scan of a sample that turns, cut into steps by time" }),
    patterns: Patterns.optional().meta({ description: "single patterns over time, without tomography" }),
    start: z
      .enum(["warm", "cold"])
      .default("warm")
      .meta({ description: "warm: voxels start from the step before; cold: every step by itself" }),
    echem: Echem.optional().meta({ description: "cycler data to show beside" }),
    films: z
      .array(z.string().min(1))
      .default(["*/a", "*/c", "*/weight_fraction"])
      .meta({ description: "names (with *) of the maps that films are made of; [] for none" }),
    cut: z
      .union([z.strictObject({ y: z.number() }), z.strictObject({ x: z.number() })])
      .default({ y: 0 })
      .meta({ unit: "mm", description: "plane through all heights that is filmed too, from the rotation axis" }),
    frameMs: z.int().min(20).default(500).meta({ unit: "ms", description: "that a film shows each step" }),
    ...SeriesConfig.shape,
  })
  .refine(
    ({ steps, interlaced, turning, patterns }) => [steps, interlaced, turning, patterns].filter(Boolean).length === 1,
    { message: "one of steps, interlaced, turning and patterns is needed, and only one" },
  );
export type SeriesFileConfig = z.output<typeof SeriesFileConfig>;

/** One slice at one time. */
export interface SeriesStep {
  /** to be run; exactly one of the two is there */
  readonly scan?: string;
  readonly result?: string;
  /** of the scan that are taken, in the order of acquisition */
  readonly window?: PassWindow;
  /** the same of a scan whose fast axis is the rotation */
  readonly turns?: TurnWindow;
  readonly timeH: number;
  readonly heightMm: number;
}

export interface Series {
  readonly config: SeriesFileConfig;
  /** the series.yaml's own path */
  readonly path: string;
  readonly resolve: (path: string) => string;
  /** by height, then time; none where the series is of patterns */
  readonly steps: readonly SeriesStep[];
  /** when hour 0 of the steps was, where they have dates */
  readonly startedAt?: Date;
}

/** @throws InputError naming the line or the file that is wrong, or "series-times" | "series-steps" */
export function readSeries(path: string): Series {
  const config = readYaml(path, SeriesFileConfig);
  const folder = dirname(resolve(path));
  const at = (part: string): string => resolve(folder, part);
  const { steps, startedAt } = config.steps ? listSteps(config.steps, at, path) : { steps: cutSteps(config, at) };
  const missing = [
    ...steps.map(({ scan, result }) => scan ?? result!),
    ...(config.echem ? [config.echem.file].flat().map(at) : []),
  ].filter((file) => !existsSync(file));
  if (missing.length > 0) {
    throw new InputError(
      "series-steps",
      `${path} names ${[...new Set(missing)].slice(0, 5).join(", ")}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}, which cannot be found. Correct the names; they are seen from the folder of ${path}.`,
    );
  }
  const ordered = [...steps].sort((a, b) => a.heightMm - b.heightMm || a.timeH - b.timeH);
  const twice = ordered.find((step, k) => {
    const before = ordered[k - 1];
    return before && before.heightMm === step.heightMm && before.timeH === step.timeH;
  });
  if (twice) {
    throw new InputError(
      "series-times",
      `${path}: two steps at height ${twice.heightMm} mm have the same time, ${twice.timeH} h. Give each its own time, or its own heightMm.`,
    );
  }
  return { config, path, resolve: at, steps: ordered, ...(startedAt && { startedAt }) };
}

type Listed = NonNullable<SeriesFileConfig["steps"]>;

function listSteps(given: Listed, at: (path: string) => string, path: string) {
  const dated = given.filter(({ time }) => typeof time === "string").length;
  if (dated > 0 && dated < given.length) {
    throw new InputError(
      "series-times",
      `${path}: ${dated} of ${given.length} steps have a date as their time and the others hours. Give all in one way.`,
    );
  }
  const hours = ({ time }: Listed[number]): number => (typeof time === "string" ? Date.parse(time) / 3.6e6 : time);
  const first = dated > 0 ? Math.min(...given.map(hours)) : 0;
  const steps = given.flatMap((step): SeriesStep[] => {
    const { scan, result, everyH, heightMm } = step;
    const named = at((scan ?? result)!);
    const files = expandPath(named, path);
    if (files.length > 1 && everyH === undefined) {
      throw new InputError(
        "series-times",
        `${path}: ${scan ?? result} are ${files.length} files, and one time. Give everyH, the hours from one to the next, or list them one by one.`,
      );
    }
    return files.map((file, k) => ({
      ...(scan === undefined ? { result: file } : { scan: file }),
      timeH: hours(step) - first + k * (everyH ?? 0),
      heightMm,
    }));
  });
  return { steps, ...(dated > 0 && { startedAt: new Date(first * 3.6e6) }) };
}

const natural = new Intl.Collator("en", { numeric: true });

/** Names with * in files and folders, in natural order. @throws InputError "series-steps" */
function expandPath(pattern: string, path: string): string[] {
  const { root } = parse(pattern);
  let found = [root];
  for (const part of pattern.slice(root.length).split("/")) {
    if (!part.includes("*")) {
      found = found.map((folder) => join(folder, part));
      continue;
    }
    const name = wildcard(part);
    found = found
      .filter((folder) => existsSync(folder) && statSync(folder).isDirectory())
      .flatMap((folder) =>
        readdirSync(folder)
          .filter((file) => name.test(file))
          .sort(natural.compare)
          .map((file) => join(folder, file)),
      );
  }
  if (!pattern.includes("*")) return [pattern];
  const files = found.filter((file) => existsSync(file));
  if (files.length > 0) return files;
  throw new InputError("series-steps", `${path}: nothing has a name like ${pattern}. Check the folders and the name.`);
}

/** A name with * for any letters. */
export const wildcard = (text: string): RegExp =>
  new RegExp(`^${text.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);

/** A window has the time of its middle. */
function cutSteps({ interlaced, turning }: SeriesFileConfig, at: (path: string) => string): SeriesStep[] {
  if (turning) {
    const { scan, turns: all, turnS, startH, turnsPerStep, every = turnsPerStep, heightMm } = turning;
    return turnWindows(all, turnsPerStep, every).map((turns) => ({
      scan: at(scan),
      turns,
      timeH: startH + ((turns.from + turns.to) / 2) * (turnS / 3600),
      heightMm,
    }));
  }
  if (!interlaced) return [];
  const { scan, passes, linesPerPass, lineS, startH, passesPerStep, every = passesPerStep, heightMm } = interlaced;
  return passWindows(passes, linesPerPass, passesPerStep, every).map((window) => ({
    scan: at(scan),
    window,
    timeH: startH + ((window.from + window.to) / 2) * (lineS / 3600),
    heightMm,
  }));
}

/** [pattern] hours. @throws InputError "series-times" */
export function timesOfPatterns(
  { times }: NonNullable<SeriesFileConfig["patterns"]>,
  count: number,
  at: (path: string) => string,
): Float64Array {
  if (typeof times === "object" && "everyH" in times) {
    return Float64Array.from({ length: count }, (_, k) => times.startH + k * times.everyH);
  }
  const list = typeof times === "string" ? parseNumberList(readText(at(times)), times) : Float64Array.from(times);
  if (list.length === count && list.every((time, k) => k === 0 || time > list[k - 1]!)) return list;
  throw new InputError(
    "series-times",
    `patterns.times has ${list.length} times and there are ${count} patterns: one for each, ascending, is needed.`,
  );
}
