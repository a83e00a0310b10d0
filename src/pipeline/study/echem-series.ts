/** A series of patterns, each with the state of the cell at its time. */
import { basename } from "node:path";
import { AXIS_LABELS, AXIS_UNITS, type Axis, type AxisUnit, InputError, type Pattern } from "../../data/index.ts";
import { withEsd } from "../../data/with-esd.ts";
import { decodeText, fileSource, readText } from "../../files/byte-source.ts";
import { parseStamp, stampSeconds } from "../../files/date-stamp.ts";
import { openPatternStack } from "../../files/hdf5-pattern-stack.ts";
import { readPattern } from "../../files/pattern-file.ts";
import {
  alignSeries,
  type ClockOffset,
  findClockOffset,
  patternChange,
  type SeriesStates,
} from "../../stages/echem/index.ts";
import { seriesMapFigure } from "../../stages/figure/series-map-figure.ts";
import type { EchemCell } from "./read-echem.ts";

/** When the patterns were measured: one of a file of times, a start with an interval, their heads, or evenly. */
export interface PatternTimes {
  /** of patterns that do not say it */
  readonly axis?: string;
  /** seconds from the start of the record, or dates, one a line */
  readonly timesFile?: string;
  /** of the first pattern: seconds from the start of the record, or a date; left out: 0 */
  readonly start?: string;
  readonly intervalS?: number;
  /** words before the time in the head of each file */
  readonly timeLabel?: string;
  /** spread over the whole record */
  readonly isEven?: boolean;
  /** part of the axis that is drawn, and whose change is followed */
  readonly range?: readonly [number, number];
  readonly clockOffset: number | "auto";
  /** "auto" looks as far as this; left out: a tenth of the series, s */
  readonly searchS?: number;
}

export interface AlignedSeries {
  readonly names: readonly string[];
  readonly states: SeriesStates;
  readonly clock?: ClockOffset;
  readonly json: object;
  readonly lines: readonly string[];
  readonly figures: readonly [string, string][];
}

interface PatternSeries {
  readonly names: readonly string[];
  readonly axis: Axis;
  /** on the axis of the first */
  readonly intensities: readonly Float64Array[];
}

/**
 * Reads patterns, gives each the state of the cell at its time, and draws both.
 *
 * @param paths pattern files, or HDF5 files with stacks of them, in the order of time
 * @throws InputError "series-times" | "series-axis" | "echem-time-outside" and those of the readers
 */
export async function alignPatterns(
  cell: EchemCell,
  paths: readonly string[],
  times: PatternTimes,
): Promise<AlignedSeries> {
  const series = await readPatterns(paths, times.axis);
  const notes: string[] = [];
  const dark = series.names.filter((_, k) => series.intensities[k]!.every(Number.isNaN));
  if (dark.length > 0) notes.push(`nothing was measured in ${dark.join(", ")}: left out`);
  const timesS = timesOf(cell, paths, series.names.length, times, notes);
  const quantity = patternChange(withinRange(series, times.range));
  const clock =
    times.clockOffset === "auto"
      ? findClockOffset(cell.record, cell.description.segments, timesS, quantity, {
          rangeS: times.searchS ?? 0.1 * spanOf(timesS),
        })
      : undefined;
  const offset = clock ? (clock.status === "found" ? clock.offsetS : 0) : Number(times.clockOffset);
  const states = alignSeries(cell.record, cell.description.segments, timesS, offset);
  const inside = states.voltageV.filter(Number.isFinite).length;
  if (inside === 0) throw outside(cell, timesS);
  if (inside < series.names.length)
    notes.push(`${series.names.length - inside} of ${series.names.length} patterns lie outside of the record`);
  return {
    names: series.names,
    states,
    ...(clock && { clock }),
    json: describeJson(series.names, states, quantity, clock, notes),
    lines: [
      `${series.names.length} patterns aligned with ${cell.name}`,
      ...clockLines(clock, offset),
      ...notes.map((note) => `note: ${note}`),
    ],
    figures: [
      ["series", figureOf(cell, series, states, times)],
      ["series-change", figureOf(cell, series, states, times, "change")],
    ],
  };
}

async function readPatterns(paths: readonly string[], axis: string | undefined): Promise<PatternSeries> {
  if (axis !== undefined && !(AXIS_UNITS as readonly string[]).includes(axis)) {
    throw new InputError("bad-option", `--axis is one of ${AXIS_UNITS.join(", ")}; "${axis}" was given.`);
  }
  const unit = axis as AxisUnit | undefined;
  const read: [string, Pattern][] = [];
  for (const path of paths) {
    if (!/\.(h5|hdf5|nxs|cxs)$/i.test(path)) {
      read.push([basename(path), readPattern(path, unit ? { axis: unit } : {})]);
      continue;
    }
    const stack = await openPatternStack(path, unit ? { axisUnit: unit } : {});
    try {
      for (let k = 0; k < stack.count; k++) read.push([`${basename(path)}[${k}]`, stack.read(k)]);
    } finally {
      stack.close();
    }
  }
  const first = read[0]![1];
  const other = read.find(([, pattern]) => pattern.axis.unit !== first.axis.unit);
  if (other) {
    throw new InputError(
      "series-axis",
      `${other[0]} is over ${AXIS_LABELS[other[1].axis.unit].label}, and the first pattern over ${AXIS_LABELS[first.axis.unit].label}. Give patterns of one kind.`,
    );
  }
  return {
    names: read.map(([name]) => name),
    axis: first.axis,
    intensities: withoutUnmeasured(read.map(([, pattern]) => onAxis(pattern, first.axis))),
  };
}

/** Bins that are 0 in every pattern, behind a beam stop, and patterns that are 0 in every bin were not measured. */
function withoutUnmeasured(intensities: readonly Float64Array[]): Float64Array[] {
  const isSeen = intensities[0]!.map((_, i) => Number(intensities.some((intensity) => intensity[i]! !== 0)));
  return intensities.map((intensity) => {
    const isDark = intensity.every((value) => value === 0);
    return intensity.map((value, i) => (isDark || !isSeen[i] ? Number.NaN : value));
  });
}

/** Linear between bins; NaN outside. */
function onAxis({ axis, intensity }: Pattern, wanted: Axis): Float64Array {
  if (axis.values.length === wanted.values.length && axis.values.every((value, i) => value === wanted.values[i])) {
    return Float64Array.from(intensity);
  }
  let k = 0;
  const last = axis.values.length - 1;
  // axes rounded to other digits than the first are no other axes
  const slack = last > 0 ? 0.01 * Math.abs(axis.values[1]! - axis.values[0]!) : 0;
  return wanted.values.map((x) => {
    if (x < axis.values[0]! - slack || x > axis.values[last]! + slack) return Number.NaN;
    while (k < last - 1 && axis.values[k + 1]! < x) k++;
    const share = Math.min(1, Math.max(0, (x - axis.values[k]!) / (axis.values[k + 1]! - axis.values[k]!)));
    return intensity[k]! + share * (intensity[k + 1]! - intensity[k]!);
  });
}

function withinRange(
  { axis, intensities }: PatternSeries,
  range: readonly [number, number] | undefined,
): readonly Float64Array[] {
  if (!range) return intensities;
  const isInside = (_: number, i: number): boolean => axis.values[i]! >= range[0] && axis.values[i]! <= range[1];
  return intensities.map((intensity) => intensity.filter(isInside));
}

const spanOf = (timesS: ArrayLike<number>): number => timesS[timesS.length - 1]! - timesS[0]!;

function timesOf(
  cell: EchemCell,
  paths: readonly string[],
  count: number,
  times: PatternTimes,
  notes: string[],
): Float64Array {
  const { record } = cell;
  const given = [times.timesFile, times.intervalS, times.timeLabel, times.isEven].filter(
    (value) => value !== undefined,
  );
  if (given.length !== 1) {
    throw new InputError(
      "series-times",
      `${given.length === 0 ? "Nothing says" : "Several options say"} when the patterns were measured. Give one of --series-interval-s (with --series-start), --series-times FILE, --series-time-label TEXT, or --series-even.`,
    );
  }
  if (times.isEven) {
    const [from, to] = [record.timeS[0]!, record.timeS.at(-1)!];
    notes.push(
      `times are not known: ${count} patterns were spread evenly over the ${((to - from) / 3600).toFixed(2)} h of the record`,
    );
    return Float64Array.from({ length: count }, (_, k) => from + ((k + 0.5) / count) * (to - from));
  }
  if (times.intervalS !== undefined) {
    const start = times.start === undefined ? 0 : momentOf(times.start, "--series-start", record.startedAt);
    return Float64Array.from({ length: count }, (_, k) => start + k * times.intervalS!);
  }
  const found =
    times.timesFile === undefined ? headTimes(cell, paths, times.timeLabel!) : fileTimes(cell, times.timesFile);
  if (found.length !== count) {
    throw new InputError(
      "series-times",
      `${times.timesFile ?? "The heads of the files"}: ${found.length} times for ${count} patterns. Needed is one for each.`,
    );
  }
  const back = found.findIndex((time, k) => k > 0 && time < found[k - 1]!);
  if (back < 0) return found;
  throw new InputError(
    "series-times",
    `${times.timesFile ?? paths[back]}: pattern ${back + 1} was measured before the one before it. Give them in the order of time.`,
  );
}

/** Seconds from the start of the record, of a number or of a date. */
function momentOf(text: string, where: string, startedAt: string | undefined): number {
  const seconds = Number(text);
  if (text.trim() !== "" && Number.isFinite(seconds)) return seconds;
  const stamp = parseStamp(text);
  if (stamp && startedAt !== undefined) return stampSeconds(stamp.iso) - stampSeconds(startedAt);
  throw new InputError(
    "series-times",
    stamp
      ? `${where}: "${text.trim()}" is a date, and the cycler's file does not say when it began. Give seconds from its start.`
      : `${where}: "${text.trim().slice(0, 40)}" is neither a number of seconds nor a date.`,
  );
}

const fileTimes = ({ record }: EchemCell, path: string): Float64Array =>
  Float64Array.from(
    readText(path)
      .split(/\r\n|\r|\n/)
      .map((line, k) => ({ line: line.replace(/#.*$/, "").trim(), where: `${path}, line ${k + 1}` }))
      .filter(({ line }) => line !== "")
      .map(({ line, where }) => momentOf(line, where, record.startedAt)),
  );

/** Enough for the heads that beamlines write. */
const HEAD_BYTES = 1 << 16;

function headTimes({ record }: EchemCell, paths: readonly string[], label: string): Float64Array {
  const escaped = label.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\s+/g, "\\s+");
  const pattern = new RegExp(`${escaped}\\s*[=:]?\\s*(.+)`, "i");
  return Float64Array.from(paths, (path) => {
    const source = fileSource(path);
    try {
      const found = pattern.exec(decodeText(source.read(0, Math.min(source.size, HEAD_BYTES))))?.[1];
      if (found !== undefined) return momentOf(found, path, record.startedAt);
    } finally {
      source.close();
    }
    throw new InputError(
      "series-times",
      `${path}: its head has no time after "${label}". Look at the file for the words before it, or give --series-times.`,
    );
  });
}

function outside({ record, name }: EchemCell, timesS: Float64Array): InputError {
  const hours = (seconds: number): string => (seconds / 3600).toFixed(2);
  return new InputError(
    "echem-time-outside",
    `No pattern lies within the record of ${name}: they are ${hours(timesS[0]!)} to ${hours(timesS.at(-1)!)} h after its start, and it ends after ${hours(record.timeS.at(-1)!)} h. Check their times, or give --clock-offset-s.`,
  );
}

function clockLines(clock: ClockOffset | undefined, offset: number): string[] {
  if (!clock) return offset === 0 ? [] : [`clock offset: ${offset} s, as given`];
  const share = (value: number): string => `${(100 * value).toPrecision(3)} %`;
  if (clock.status === "undetermined") return [`clock offset: not determined, 0 s was taken: ${clock.reason}`];
  return [
    `clock offset: ${withEsd(clock.offsetS, clock.esdS)} s; unexplained variance ${share(clock.unexplained)}, ${share(clock.unexplainedAtZero)} at 0 s`,
  ];
}

function describeJson(
  names: readonly string[],
  states: SeriesStates,
  quantity: ArrayLike<number>,
  clock: ClockOffset | undefined,
  notes: readonly string[],
): object {
  const patterns = names.map((name, k) => ({
    name,
    timeS: states.timeS[k],
    voltageV: orNull(states.voltageV[k]),
    currentA: orNull(states.currentA?.[k]),
    chargeAh: orNull(states.chargeAh?.[k]),
    segment: states.segment[k],
    change: orNull(quantity[k]),
  }));
  const { status, offsetS, esdS, reason } = clock ?? {};
  return {
    patterns,
    clockOffsetS: states.clockOffsetS,
    ...(clock && { clock: { status, offsetS, esdS: orNull(esdS), reason } }),
    notes,
  };
}

const orNull = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;

function figureOf(
  cell: EchemCell,
  { names, axis, intensities }: PatternSeries,
  states: SeriesStates,
  { range }: PatternTimes,
  shown: "intensity" | "change" = "intensity",
): string {
  const { record } = cell;
  const hours = (values: Float64Array): Float64Array => values.map((value) => value / 3600);
  const { label, unit } = AXIS_LABELS[axis.unit];
  const step = states.timeS.length > 1 ? spanOf(states.timeS) / (states.timeS.length - 1) : spanOf(record.timeS);
  const first = intensities.find((intensity) => intensity.some(Number.isFinite)) ?? intensities[0]!;
  const patterns = shown === "intensity" ? intensities : intensities.map((intensity) => change(intensity, first));
  const what = shown === "intensity" ? `${names.length} patterns` : "Change since the first pattern";
  return seriesMapFigure({
    title: `${what}, and the voltage of ${cell.name}`,
    x: { label: unit ? `${label} (${unit})` : label, values: axis.values },
    // a pattern stands for the time around its moment
    time: { label: "time (h)", values: hours(states.timeS.map((time) => time - step / 2)) },
    patterns,
    ...(shown === "intensity" ? { label: "intensity (arb. units)" } : { label: "change (%)", isDifference: true }),
    ...(range && { xLimits: range }),
    sides: [
      {
        label: "voltage (V)",
        time: hours(record.timeS),
        values: record.voltageV,
        marks: { time: hours(states.timeS), values: states.voltageV },
      },
    ],
  });
}

/** Per cent of the first pattern. */
const change = (intensity: Float64Array, first: Float64Array): Float64Array =>
  intensity.map((value, i) => (first[i]! > 0 ? 100 * (value / first[i]! - 1) : Number.NaN));
