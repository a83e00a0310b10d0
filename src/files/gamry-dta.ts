/**
 * Gamry's .DTA: a head of tags, then tables (CURVE, CURVE1 ..., OCVCURVE, ZCURVE), each with titles, units and rows.
 * All tables that hold a voltage over time are joined, in the order in which they were measured.
 */
import { type CyclerRecord, InputError } from "../data/index.ts";
import { checkRecord } from "./cycler-record-checks.ts";
import { numberOf, unitFactor } from "./cycler-table.ts";
import { parseStamp } from "./date-stamp.ts";

interface DtaTable {
  readonly name: string;
  /** rows that its first line promises */
  readonly promised: number | undefined;
  readonly titles: readonly string[];
  readonly units: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly lines: readonly number[];
}

interface DtaFile {
  readonly tags: ReadonlyMap<string, string>;
  readonly tables: readonly DtaTable[];
}

/** Titles of what is taken: the cell's voltage, else the mean one of an impedance measurement. */
const TIME = ["t", "time"];
const VOLTAGE = ["vf", "vdc", "voltage", "vm"];
const CURRENT = ["im", "idc", "current"];

export const isGamryDta = (head: string): boolean =>
  /^\s*EXPLAIN\s*$/im.test(head) || /^TAG\t/m.test(head) || /^[A-Z0-9]*CURVE\d*\tTABLE\b/m.test(head);

/** @throws InputError "gamry-no-curve" | "cycler-unit" and those of the checks of records */
export function parseGamryDta(text: string, source: string): CyclerRecord {
  const { tags, tables } = readTables(text);
  const kind = tags.get("TAG") ?? "no TAG";
  if (
    tables.some(({ titles }) => hasTitles(titles, ["type", "charge", "duration", "vstart", "vend"])) &&
    !tables.some(isCurve)
  ) {
    return summaryRecord(tables, tags, source);
  }
  // the open circuit is measured before anything else, wherever the file has it
  const curves = tables.filter(isCurve).sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)));
  const read = curves.map((table) => readCurve(table, tags, source)).filter(({ timeS }) => timeS.length > 0);
  if (read.length === 0) throw noCurve(tables, kind, source);
  const notes = [...remarks(tags, tables, curves), ...read.flatMap((curve) => curve.notes)];
  const joined = joinCurves(read, notes);
  const stamp = parseStamp(
    `${tags.get("DATE") ?? ""} ${tags.get("TIME") ?? ""}`,
    /\d,\d+E[-+]/i.test(text.slice(0, 20000)),
  );
  if (stamp?.note) notes.push(stamp.note);
  return checkRecord({ source, format: `Gamry DTA (${kind})`, startedAt: stamp?.iso, ...joined, notes });
}

function readTables(text: string): DtaFile {
  const lines = text.split(/\r\n|\r|\n/);
  const tags = new Map<string, string>();
  const tables: DtaTable[] = [];
  for (let i = 0; i < lines.length; i++) {
    const fields = lines[i]!.split("\t");
    if (fields[0] === "" || fields.length < 2) continue;
    if (fields[1] !== "TABLE") {
      if (!tags.has(fields[0]!)) tags.set(fields[0]!, fields[fields[0] === "TAG" ? 1 : 2]?.trim() ?? "");
      continue;
    }
    const titles = rowOf(lines[i + 1] ?? "", 0);
    const units = rowOf(lines[i + 2] ?? "", 0);
    const promised = fields[2] === undefined || fields[2].trim() === "" ? undefined : Number(fields[2]);
    const rows: string[][] = [];
    const numbers: number[] = [];
    let at = i + 3;
    for (; at < lines.length && /^\s/.test(lines[at]!); at++) {
      if (lines[at]!.trim() === "") continue;
      rows.push(rowOf(lines[at]!, titles.length));
      numbers.push(at + 1);
    }
    tables.push({ name: fields[0]!, promised, titles, units, rows, lines: numbers });
    i = at - 1;
  }
  return { tags, tables };
}

/** Fields behind the tab that begins the line; blanks divide where a row was written by hand. */
function rowOf(line: string, expected: number): string[] {
  const fields = line.replace(/^\t/, "").split("\t");
  return fields.length < expected ? line.trim().split(/\s+/) : fields;
}

const indexOf = (titles: readonly string[], names: readonly string[]): number => {
  const plain = titles.map((title) => title.trim().toLowerCase());
  for (const name of names) if (plain.includes(name)) return plain.indexOf(name);
  return -1;
};
const hasTitles = (titles: readonly string[], names: readonly string[]): boolean =>
  names.every((name) => indexOf(titles, [name]) >= 0);
const isOpen = ({ name }: DtaTable): boolean => /^OCV/i.test(name);
const isImpedance = ({ name }: DtaTable): boolean => /^Z/i.test(name);
const isCurve = ({ titles }: DtaTable): boolean => indexOf(titles, VOLTAGE) >= 0;

interface Curve {
  readonly table: DtaTable;
  readonly timeS: Float64Array;
  readonly voltageV: Float64Array;
  readonly currentA?: Float64Array;
  readonly notes: readonly string[];
}

function readCurve(table: DtaTable, tags: ReadonlyMap<string, string>, source: string): Curve {
  const { name, titles, units, rows } = table;
  const where = `${source}, table ${name}`;
  const column = (index: number, dimension: "time" | "voltage" | "current"): Float64Array => {
    const factor = unitFactor(units[index] ?? "", dimension, `${where}, column "${titles[index]}"`);
    return Float64Array.from(rows, (row) => numberOf(row[index]) * factor);
  };
  const notes: string[] = [];
  const timeAt = indexOf(titles, TIME);
  const currentAt = indexOf(titles, CURRENT);
  const current = currentAt < 0 ? undefined : column(currentAt, "current");
  // "no current flows" is what an open circuit means, and its table has no column for it
  const isRest =
    !current && (isOpen(table) || tags.get("TAG") === "CORPOT" || tags.get("TAG") === "PWR800_READVOLTAGE");
  const currentA = isRest ? new Float64Array(rows.length) : current && withSign(current, tags.get("TAG"), notes);
  return {
    table,
    timeS: timeAt < 0 ? sampledTimes(rows.length, tags, where, notes) : column(timeAt, "time"),
    voltageV: column(indexOf(titles, VOLTAGE), "voltage"),
    ...(currentA && { currentA }),
    notes,
  };
}

function sampledTimes(rows: number, tags: ReadonlyMap<string, string>, where: string, notes: string[]): Float64Array {
  const frequency = numberOf(tags.get("FREQ"));
  if (!(frequency > 0)) {
    throw new InputError(
      "gamry-no-curve",
      `${where}: it has no column of time, and the head no acquisition frequency (FREQ) to count it from. Needed is one of them.`,
    );
  }
  notes.push(`times are counted from the acquisition frequency, ${frequency} Hz`);
  return Float64Array.from({ length: rows }, (_, i) => i / frequency);
}

/** Some versions of PWR800 write the current of a discharge without its sign. */
function withSign(currentA: Float64Array, tag: string | undefined, notes: string[]): Float64Array {
  const direction = /^PWR800_DISCHARGE/.test(tag ?? "") ? -1 : /^PWR800_CHARGE/.test(tag ?? "") ? 1 : 0;
  const sum = currentA.reduce((total, value) => total + (value || 0), 0);
  if (direction * sum >= 0) return currentA;
  notes.push(
    `currents were turned: the file is a ${direction < 0 ? "discharge" : "charge"}, and its currents say the opposite`,
  );
  return currentA.map((value) => -value);
}

type Joined = Pick<CyclerRecord, "timeS" | "voltageV" | "currentA" | "step"> & { lines: number[] };

/** One after the other; a table whose time begins again follows the end of the one before. */
function joinCurves(curves: readonly Curve[], notes: string[]): Joined {
  const hasCurrent = curves.some(({ currentA }) => currentA);
  const times: number[] = [];
  let before = 0;
  for (const { table, timeS } of curves) {
    const last = times.length > 0 ? times.at(-1)! : 0;
    const first = timeS.find(Number.isFinite) ?? 0;
    if (times.length > 0 && first + before < last) {
      before = last;
      notes.push(
        `${table.name} begins at 0 s again: it was put behind the table before, as if no time passed between them`,
      );
    }
    for (const time of timeS) times.push(time + before);
  }
  const all = <T>(of: (curve: Curve) => ArrayLike<T>): T[] => curves.flatMap((curve) => Array.from(of(curve)));
  const none = ({ timeS }: Curve): Float64Array => new Float64Array(timeS.length).fill(Number.NaN);
  return {
    timeS: Float64Array.from(times),
    voltageV: Float64Array.from(all(({ voltageV }) => voltageV)),
    ...(hasCurrent && { currentA: Float64Array.from(all((curve) => curve.currentA ?? none(curve))) }),
    step: Int32Array.from(curves.flatMap(({ timeS }, k) => Array.from(timeS, () => k + 1))),
    lines: all(({ table }) => table.lines),
  };
}

function remarks(
  tags: ReadonlyMap<string, string>,
  tables: readonly DtaTable[],
  curves: readonly DtaTable[],
): string[] {
  const notes: string[] = [];
  if (tags.get("EXPERIMENTABORTED")?.startsWith("T") || tags.has("EXPERIMENTABORTED"))
    notes.push("the experiment was aborted");
  for (const { name, promised, rows } of curves) {
    // 99999 and the like are what the program reserves
    if (promised !== undefined && rows.length < promised) {
      notes.push(`${name} ends after ${rows.length} of the ${promised} rows that its head names`);
    }
  }
  const other = tables.filter((table) => !curves.includes(table)).map(({ name }) => name);
  if (other.length > 0) notes.push(`without a voltage over time, and passed over: ${other.join(", ")}`);
  if (curves.some(isImpedance)) notes.push("an impedance spectrum: only its mean voltage and current were taken");
  return notes;
}

/** The sum of a cyclic charge-discharge: a row for each step, so a record with its start and its end alone. */
function summaryRecord(tables: readonly DtaTable[], tags: ReadonlyMap<string, string>, source: string): CyclerRecord {
  const table = tables.find(({ titles }) => hasTitles(titles, ["type", "charge", "duration", "vstart", "vend"]))!;
  const where = `${source}, table ${table.name}`;
  const column = (title: string, dimension: "time" | "voltage" | "charge" | undefined): number[] => {
    const index = indexOf(table.titles, [title]);
    const factor = dimension
      ? unitFactor(table.units[index] ?? "", dimension, `${where}, column "${table.titles[index]}"`)
      : 1;
    return table.rows.map((row) => numberOf(row[index]) * factor);
  };
  const [charge, lasts, from, to, type] = [
    column("charge", "charge"),
    column("duration", "time"),
    column("vstart", "voltage"),
    column("vend", "voltage"),
    column("type", undefined),
  ];
  const cycles = indexOf(table.titles, ["cycle"]) < 0 ? undefined : column("cycle", undefined);
  const [timeS, voltageV, currentA, chargeAh]: number[][] = [[], [], [], []];
  let [time, passed] = [0, 0];
  type.forEach((kind, i) => {
    const moved = (kind === 1 ? -1 : 1) * Math.abs(charge[i]!);
    const current = (moved * 3600) / lasts[i]!;
    timeS!.push(time, time + lasts[i]!);
    voltageV!.push(from[i]!, to[i]!);
    currentA!.push(current, current);
    chargeAh!.push(passed, passed + moved);
    time += lasts[i]! || 0;
    passed += moved || 0;
  });
  const twice = (values: readonly number[]): Int32Array => Int32Array.from(values.flatMap((value) => [value, value]));
  const stamp = parseStamp(`${tags.get("DATE") ?? ""} ${tags.get("TIME") ?? ""}`);
  return checkRecord({
    source,
    format: `Gamry DTA (${tags.get("TAG") ?? "summary"})`,
    startedAt: stamp?.iso,
    timeS: Float64Array.from(timeS!),
    voltageV: Float64Array.from(voltageV!),
    currentA: Float64Array.from(currentA!),
    chargeAh: Float64Array.from(chargeAh!),
    ...(cycles?.every(Number.isFinite) && { cycle: twice(cycles) }),
    step: twice(type.map((_, i) => i + 1)),
    notes: [
      "a summary with the start and the end of each step, and mean currents; the curves lie in the files of the steps (PWRCHARGE_#1.DTA, PWRDISCHARGE_#1.DTA)",
      ...(stamp?.note ? [stamp.note] : []),
    ],
    lines: table.lines.flatMap((line) => [line, line]),
  });
}

function noCurve(tables: readonly DtaTable[], kind: string, source: string): InputError {
  const held = tables.map(
    ({ name, titles, rows }) =>
      `${name} (${titles
        .filter((title) => title.trim())
        .join(", ")
        .slice(0, 60)}; ${rows.length} rows)`,
  );
  return new InputError(
    "gamry-no-curve",
    `${source} (Gamry DTA, ${kind}): needed is a table with a voltage over time (T, Vf); found ${held.length ? held.join("; ").slice(0, 300) : "a head without any table: the experiment was never started, or the file was cut"}.`,
  );
}
