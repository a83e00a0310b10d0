/**
 * What the text exports of all cyclers share: columns with a name and a unit, numbers with points or commas, times as
 * seconds or as 1d 02:03:04, counters that begin again with each step.
 */
import { InputError } from "../data/index.ts";
import { lookupTable } from "../data/lookup-table.ts";
import { parseStamp, stampSeconds } from "./date-stamp.ts";

export interface CyclerColumn {
  /** lower case, one blank between words: "(q-qo)", "test time" */
  readonly name: string;
  /** as written; empty where the file has none */
  readonly unit: string;
  readonly index: number;
  /** as written, for messages */
  readonly title: string;
}

export interface CyclerTable {
  readonly columns: readonly CyclerColumn[];
  /** fields of each line, as text */
  readonly rows: readonly (readonly string[])[];
  /** number in the file, from 1, of each row */
  readonly lines: readonly number[];
}

/** "Current(A)", "Voltage / V", "time/s", "(Q-Qo)/mA.h", "Cap. [Ah]" -> name and unit. */
export function columnOf(title: string, index: number): CyclerColumn {
  const plain = title.replace(/^[\s"'#\uFEFF]+|["'\s]+$/g, "");
  const bracketed = /^(.+?)\s*[([]([^()[\]]*)[)\]]$/.exec(plain);
  const slashed = /^(.+?)\s*\/\s*([^/]+)$/.exec(plain);
  const [, name, unit] = bracketed ?? slashed ?? [plain, plain, ""];
  return {
    name: name!
      .toLowerCase()
      .replace(/[_\s]+/g, " ")
      .replace(/\.$/, "")
      .trim(),
    unit: unit!.trim(),
    index,
    title: plain,
  };
}

/** Fields of a line; a divider within quotes is none. */
export function splitFields(line: string, divider: string): string[] {
  if (!line.includes('"')) return line.split(divider);
  const fields: string[] = [];
  let field = "";
  let isQuoted = false;
  for (const letter of line) {
    if (letter === '"') isQuoted = !isQuoted;
    else if (letter === divider && !isQuoted) {
      fields.push(field);
      field = "";
    } else field += letter;
  }
  return [...fields, field];
}

/** What divides the fields of a header line. */
export function dividerOf(header: string): string {
  const count = (divider: string): number => header.split(divider).length;
  return ["\t", ";", ","].reduce((best, divider) => (count(divider) > count(best) ? divider : best));
}

export function tableBelow(lines: readonly string[], headerAt: number, divider: string): CyclerTable {
  const columns = splitFields(lines[headerAt]!, divider).map(columnOf);
  const rows: string[][] = [];
  const numbers: number[] = [];
  for (let i = headerAt + 1; i < lines.length; i++) {
    if (lines[i]!.trim() === "") continue;
    rows.push(splitFields(lines[i]!, divider));
    numbers.push(i + 1);
  }
  return { columns, rows, lines: numbers };
}

const PLAIN = /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/;
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][-+]?\d+)?$/;

/**
 * NaN where the field is no number.
 *
 * @param hasPoints the column's decimals stand behind points, so that commas divide thousands; else they are decimal
 */
export function numberOf(field: string | undefined, hasPoints = false): number {
  if (field === undefined) return Number.NaN;
  if (PLAIN.test(field)) return Number(field); // nearly all, and there are millions
  const trimmed = field.trim();
  const plain = hasPoints && THOUSANDS.test(trimmed) ? trimmed.replaceAll(",", "") : trimmed.replace(",", ".");
  return NUMBER.test(plain) ? Number(plain.replace(/[dD]/, "e")) : Number.NaN;
}
const THOUSANDS = /^[-+]?\d{1,3}(,\d{3})+(\.\d*)?$/;

/** Seconds of "02:03:04.5", "1d 02:03:04", "1-02:03:04" or "26:03:04"; NaN where it is none. */
export function durationOf(field: string | undefined): number {
  const parts = /^\s*(?:(\d+)\s*(?:d|-)\s*)?(\d+):(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)\s*$/i.exec(field ?? "");
  if (!parts) return Number.NaN;
  const [, days, hours, minutes, seconds] = parts;
  return ((Number(days ?? 0) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + numberOf(seconds);
}

const FACTORS: Readonly<Record<Dimension, Readonly<Record<string, number>>>> = {
  time: lookupTable({
    s: 1,
    sec: 1,
    second: 1,
    seconds: 1,
    min: 60,
    minutes: 60,
    h: 3600,
    hr: 3600,
    hours: 3600,
    ms: 1e-3,
    d: 86400,
  }),
  voltage: lookupTable({ v: 1, mv: 1e-3, uv: 1e-6 }),
  current: lookupTable({ a: 1, ma: 1e-3, ua: 1e-6, na: 1e-9 }),
  charge: lookupTable({ ah: 1, mah: 1e-3, uah: 1e-6, c: 1 / 3600, mc: 1e-3 / 3600 }),
  energy: lookupTable({ wh: 1, mwh: 1e-3, uwh: 1e-6, j: 1 / 3600 }),
};
export type Dimension = "time" | "voltage" | "current" | "charge" | "energy";

/**
 * What a value in a unit is worth in seconds, volts, amperes, ampere-hours or watt-hours.
 *
 * @throws InputError "cycler-unit"
 */
export function unitFactor(unit: string, dimension: Dimension, where: string): number {
  const plain = unit
    .toLowerCase()
    .replace(/[µμ]/g, "u")
    .replace(/ vs.*$/, "")
    .replace(/[.\-\s]|r$/g, "");
  const factor = FACTORS[dimension][plain] ?? FACTORS[dimension][unit.toLowerCase()];
  if (factor !== undefined) return factor;
  throw new InputError(
    "cycler-unit",
    `${where}: the unit "${unit.slice(0, 20)}" of its ${dimension} is not known. Needed is one of ${Object.keys(FACTORS[dimension]).join(", ")}: write it into the column's title, or export again.`,
  );
}

/** The first of the names that a column has. */
export function findColumn(columns: readonly CyclerColumn[], names: readonly RegExp[]): CyclerColumn | undefined {
  for (const name of names) {
    const found = columns.find((column) => name.test(column.name));
    if (found) return found;
  }
  return undefined;
}

/**
 * Numbers of a column in the SI unit of its dimension.
 *
 * @param assumed unit of a title without one; left out: a unit is needed
 * @throws InputError "cycler-unit"
 */
export function quantity(
  { rows }: CyclerTable,
  column: CyclerColumn,
  dimension: Dimension,
  where: string,
  assumed = "",
): Float64Array {
  const factor = unitFactor(column.unit || assumed, dimension, `${where}, column "${column.title}"`);
  const hasPoints = rows.some((row) => row[column.index]?.includes("."));
  return Float64Array.from(rows, (row) => numberOf(row[column.index], hasPoints) * factor);
}

/** Seconds of a column of durations or of numbers with a unit. */
export function timeColumn(table: CyclerTable, column: CyclerColumn, where: string, assumed = "s"): Float64Array {
  const sample = table.rows.find((row) => (row[column.index] ?? "").trim() !== "")?.[column.index];
  if (sample?.includes(":")) return Float64Array.from(table.rows, (row) => durationOf(row[column.index]));
  const unit = FACTORS.time[column.unit.toLowerCase()] === undefined ? assumed : column.unit;
  return quantity(table, { ...column, unit }, "time", where);
}

/** Seconds from the first row, of a column of dates, and the first one. */
export function dateColumn(
  { rows }: CyclerTable,
  column: CyclerColumn,
): { readonly timeS: Float64Array; readonly startedAt?: string; readonly note?: string } {
  const stamps = rows.map((row) => parseStamp(row[column.index] ?? ""));
  const first = stamps.find((stamp) => stamp !== undefined);
  const origin = first ? stampSeconds(first.iso) : Number.NaN;
  return {
    timeS: Float64Array.from(stamps, (stamp) => (stamp ? stampSeconds(stamp.iso) - origin : Number.NaN)),
    ...(first && { startedAt: first.iso }),
    ...(first?.note && { note: first.note }),
  };
}

/** Time since the start from times within each step: a step begins where its number changes, or its time falls. */
export function joinStepTimes(stepTimeS: Float64Array, step?: Int32Array): Float64Array {
  let before = 0;
  return stepTimeS.map((time, i) => {
    const last = i > 0 ? stepTimeS[i - 1]! : 0;
    if (time < last || (step && i > 0 && step[i] !== step[i - 1])) before += last;
    return before + time;
  });
}

/**
 * What a counter counted since the start: where it falls it began again from 0.
 *
 * @param counted [row] never negative
 * @param direction [row] 1 or -1
 */
export function joinCounter(counted: Float64Array, direction: (row: number) => number): Float64Array {
  let sum = 0;
  let last = counted.find(Number.isFinite) ?? 0;
  return counted.map((value, i) => {
    if (i > 0 && Number.isFinite(value)) {
      const step = value - last;
      sum += direction(i) * (step < -1e-6 * Math.abs(last) ? value : step);
      last = value;
    }
    return sum;
  });
}

/** Whole numbers of a column; undefined where one is none. */
export function integers({ rows }: CyclerTable, column: CyclerColumn | undefined): Int32Array | undefined {
  if (!column) return undefined;
  const values = rows.map((row) => numberOf(row[column.index]));
  return values.every(Number.isFinite) ? Int32Array.from(values) : undefined;
}
