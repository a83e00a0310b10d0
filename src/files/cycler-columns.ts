/** A record from a table with named columns: what Neware, Arbin, Maccor and EC-Lab texts have in common. */
import { type CyclerRecord, InputError } from "../data/index.ts";
import { checkRecord } from "./cycler-record-checks.ts";
import {
  type CyclerColumn,
  type CyclerTable,
  columnOf,
  type Dimension,
  dateColumn,
  dividerOf,
  findColumn,
  integers,
  joinCounter,
  joinStepTimes,
  quantity,
  splitFields,
  tableBelow,
  timeColumn,
} from "./cycler-table.ts";

/** Names of the columns, those first that say most. */
export interface CyclerFormat {
  readonly format: string;
  /** since the start */
  readonly time?: readonly RegExp[];
  /** since the start of the step */
  readonly stepTime?: readonly RegExp[];
  readonly date?: readonly RegExp[];
  readonly voltage: readonly RegExp[];
  readonly current?: readonly RegExp[];
  /** with its sign, since the start */
  readonly charge?: readonly RegExp[];
  /** between one row and the next, with its sign */
  readonly chargeStep?: readonly RegExp[];
  /** counters of what went in and what came out */
  readonly charged?: readonly RegExp[];
  readonly discharged?: readonly RegExp[];
  /** one counter, never negative, for both */
  readonly capacity?: readonly RegExp[];
  readonly cycle?: readonly RegExp[];
  readonly step?: readonly RegExp[];
  /** what the cycler did */
  readonly state?: readonly RegExp[];
  /** 1 charges, -1 discharges, 0 neither; undefined: it does not say */
  readonly directionOf?: (state: string) => 1 | -1 | 0 | undefined;
  /** of titles without a unit */
  readonly units?: Partial<Readonly<Record<Dimension, string>>>;
}

export interface RecordExtra {
  readonly startedAt?: string | undefined;
  readonly notes?: readonly string[];
  readonly step?: Int32Array | undefined;
  readonly cycle?: Int32Array | undefined;
}

/** Above its table a file has what its program knows; no header is longer. */
const MAX_HEAD_LINES = 400;

/** The line whose fields are names of a time and a voltage; -1 where there is none. */
export function headerLine(lines: readonly string[], format: CyclerFormat): number {
  const times = [...(format.time ?? []), ...(format.stepTime ?? []), ...(format.date ?? [])];
  return lines.slice(0, MAX_HEAD_LINES).findIndex((line) => {
    const columns = splitFields(line, dividerOf(line)).map(columnOf);
    return findColumn(columns, times) !== undefined && findColumn(columns, format.voltage) !== undefined;
  });
}

/** @throws InputError "cycler-columns" and those of the checks */
export function recordOfText(
  text: string,
  source: string,
  format: CyclerFormat,
  extra: RecordExtra = {},
): CyclerRecord {
  const lines = text.split(/\r\n|\r|\n/);
  const at = headerLine(lines, format);
  if (at < 0) throw noColumns(source, format, []);
  return recordOfTable(tableBelow(lines, at, dividerOf(lines[at]!)), source, format, extra);
}

/** @throws InputError "cycler-columns" | "cycler-unit" and those of the checks */
export function recordOfTable(
  table: CyclerTable,
  source: string,
  format: CyclerFormat,
  extra: RecordExtra = {},
): CyclerRecord {
  const { columns } = table;
  const find = (names: readonly RegExp[] | undefined): CyclerColumn | undefined => names && findColumn(columns, names);
  const voltageColumn = find(format.voltage);
  if (!voltageColumn) throw noColumns(source, format, columns);
  const notes = [...(extra.notes ?? [])];
  const step = extra.step ?? integers(table, find(format.step));
  const { timeS, startedAt, note } = timeOf(table, source, format, step);
  if (note) notes.push(note);
  const voltageV = quantity(table, voltageColumn, "voltage", source, format.units?.voltage);
  const directions = directionsOf(table, format);
  const signed = currentOf(table, source, format, timeS, directions, notes);
  const chargeAh = chargeOf(table, source, format, directions, signed);
  const currentA = signed ?? (chargeAh && currentFromCharge(timeS, chargeAh));
  if (!signed) {
    notes.push(
      currentA
        ? "the file has no current: it was taken from the charge counted between rows"
        : "the file has neither current nor charge: only its voltage is known",
    );
  }
  return checkRecord({
    source,
    format: format.format,
    startedAt: extra.startedAt ?? startedAt,
    timeS,
    voltageV,
    currentA,
    chargeAh,
    cycle: extra.cycle ?? integers(table, find(format.cycle)),
    step,
    notes,
    lines: table.lines,
  });
}

function timeOf(
  table: CyclerTable,
  source: string,
  format: CyclerFormat,
  step: Int32Array | undefined,
): { timeS: Float64Array; startedAt?: string; note?: string } {
  const { columns } = table;
  const dates = format.date && findColumn(columns, format.date);
  const dated = dates && dateColumn(table, dates);
  const said =
    dated?.startedAt === undefined ? {} : { startedAt: dated.startedAt, ...(dated.note && { note: dated.note }) };
  const total = format.time && findColumn(columns, format.time);
  if (total) {
    const timeS = timeColumn(table, total, source, format.units?.time);
    if (timeS.some(Number.isFinite)) return { timeS, ...said };
    const absolute = dateColumn(table, total); // "time/s" of EC-Lab may hold dates
    if (absolute.startedAt !== undefined) return absolute;
  }
  if (dated?.timeS.every(Number.isFinite)) return { ...said, timeS: dated.timeS };
  const stepTime = format.stepTime && findColumn(columns, format.stepTime);
  if (stepTime) return { ...said, timeS: joinStepTimes(timeColumn(table, stepTime, source, format.units?.time), step) };
  throw noColumns(source, format, columns);
}

function directionsOf(
  table: CyclerTable,
  { state, directionOf }: CyclerFormat,
): readonly (1 | -1 | 0 | undefined)[] | undefined {
  const column = state && findColumn(table.columns, state);
  return column && directionOf && table.rows.map((row) => directionOf((row[column.index] ?? "").trim()));
}

/** Of several columns of current the one that agrees with the charge that was counted. */
function currentOf(
  table: CyclerTable,
  source: string,
  format: CyclerFormat,
  timeS: Float64Array,
  directions: readonly (1 | -1 | 0 | undefined)[] | undefined,
  notes: string[],
): Float64Array | undefined {
  const candidates = table.columns.filter(({ name }) => format.current?.some((title) => title.test(name)));
  if (candidates.length === 0) return undefined;
  const read = candidates.map((column) =>
    withSigns(quantity(table, column, "current", source, format.units?.current), directions, notes),
  );
  if (candidates.length === 1) return read[0];
  const charge = chargeOf(table, source, format, directions, read[0]);
  if (!charge) return read[0];
  const off = read.map((current) => Math.abs(Math.log(passed(charge) / integral(timeS, current))));
  const best = off.reduce((least, value, i) => (value < off[least]! ? i : least), 0);
  candidates.forEach(({ title }, i) => {
    if (off[i]! > Math.log(2)) {
      notes.push(
        `column "${title}" disagrees with the counted charge by a factor ${Math.exp(off[i]!).toPrecision(3)}; "${candidates[best]!.title}" was taken`,
      );
    }
  });
  return read[best];
}

const passed = (chargeAh: Float64Array): number =>
  chargeAh.reduce((sum, value, i) => sum + (i > 0 ? Math.abs(value - chargeAh[i - 1]!) : 0), 0);
const integral = (timeS: Float64Array, currentA: Float64Array): number =>
  currentA.reduce((sum, value, i) => sum + (i > 0 ? (Math.abs(value) * (timeS[i]! - timeS[i - 1]!)) / 3600 : 0), 0);

/** Some write currents without a sign, and beside it whether the cell was charged. */
function withSigns(
  currentA: Float64Array,
  directions: readonly (1 | -1 | 0 | undefined)[] | undefined,
  notes: string[],
): Float64Array {
  if (!directions) return currentA;
  const wrong = currentA.reduce((sum, value, i) => sum + (directions[i] ? directions[i]! * value : 0), 0);
  const all = currentA.reduce((sum, value, i) => sum + (directions[i] ? Math.abs(value) : 0), 0);
  if (!(wrong < 0.9 * all)) return currentA;
  const note = "currents take their sign from the state that the file gives";
  if (!notes.includes(note)) notes.push(note);
  return currentA.map((value, i) => (directions[i] ? directions[i]! * Math.abs(value) : value));
}

function chargeOf(
  table: CyclerTable,
  source: string,
  format: CyclerFormat,
  directions: readonly (1 | -1 | 0 | undefined)[] | undefined,
  currentA: Float64Array | undefined,
): Float64Array | undefined {
  const read = (names: readonly RegExp[] | undefined): Float64Array | undefined => {
    const column = names && findColumn(table.columns, names);
    return column && quantity(table, column, "charge", source, format.units?.charge);
  };
  const charge = read(format.charge);
  if (charge) return charge;
  const [charged, discharged] = [read(format.charged), read(format.discharged)];
  if (charged && discharged) {
    const [into, out] = [joinCounter(charged.map(Math.abs), () => 1), joinCounter(discharged.map(Math.abs), () => 1)];
    return into.map((value, i) => value - out[i]!);
  }
  const steps = read(format.chargeStep);
  if (steps) {
    let sum = 0;
    return steps.map((value, i) => (sum += i > 0 && Number.isFinite(value) ? value : 0));
  }
  const capacity = read(format.capacity);
  if (!capacity || !(directions || currentA)) return undefined;
  return joinCounter(capacity.map(Math.abs), (i) => directions?.[i] ?? Math.sign(currentA?.[i] ?? 0));
}

/** The mean current between the row before and each row. */
export function currentFromCharge(timeS: Float64Array, chargeAh: Float64Array): Float64Array {
  const currentA = new Float64Array(timeS.length);
  for (let i = 1; i < timeS.length; i++) {
    const lasts = timeS[i]! - timeS[i - 1]!;
    // rows that a cycler writes at the same moment say nothing about the current
    currentA[i] = lasts > 1e-3 ? ((chargeAh[i]! - chargeAh[i - 1]!) * 3600) / lasts : currentA[i - 1]!;
  }
  if (timeS.length > 1) currentA[0] = currentA[1]!;
  return currentA;
}

function noColumns(source: string, { format }: CyclerFormat, columns: readonly CyclerColumn[]): InputError {
  const found = columns.map(({ title }) => title).filter(Boolean);
  return new InputError(
    "cycler-columns",
    `${source} (${format}): needed are columns of time and voltage; found ${found.length ? found.slice(0, 12).join(", ").slice(0, 200) : "no line with their titles"}. Export it again with them.`,
  );
}
