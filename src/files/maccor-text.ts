/** Maccor's exports as text: a head, and columns such as Rec#, Cyc#, Step, TestTime, Amp-hr, Watt-hr, Amps, Volts, State. */
import { type CyclerRecord, InputError } from "../data/index.ts";
import { type CyclerFormat, headerLine, recordOfTable } from "./cycler-columns.ts";
import { type CyclerColumn, type CyclerTable, dividerOf, findColumn, numberOf, tableBelow } from "./cycler-table.ts";

const MACCOR: CyclerFormat = {
  format: "Maccor text",
  time: [/^test ?time$/, /^test$/],
  stepTime: [/^step ?time$/],
  date: [/^dpt ?time$/],
  voltage: [/^volts?$/, /^voltage$/],
  current: [/^amps$/, /^current$/],
  capacity: [/^amp-?hr$/, /^cap(acity)?$/],
  cycle: [/^cyc#?$/, /^cycle( [cp])?#?$/],
  step: [/^step$/],
  state: [/^state$/, /^md$/],
  directionOf: (state) => (/^c/i.test(state) ? 1 : /^d/i.test(state) ? -1 : /^r/i.test(state) ? 0 : undefined),
  units: { time: "s", voltage: "V", current: "A", charge: "Ah", energy: "Wh" },
};

export const isMaccorText = (head: string): boolean => /^"?\s*rec(ord)?#?\s*"?[\t,].*(amps|current|volt)/im.test(head);

/** @throws InputError "cycler-columns" | "cycler-unit" | "cycler-units-disagree" and those of the checks of records */
export function parseMaccorText(text: string, source: string): CyclerRecord {
  const lines = text.split(/\r\n|\r|\n/);
  // "mAmp-hr", "mAmps", "mVolts": the milli stands in the name
  const at = headerLine(lines.map(plainNames), MACCOR);
  if (at < 0) return recordOfTable({ columns: [], rows: [], lines: [] }, source, MACCOR);
  const raw = tableBelow(lines, at, dividerOf(lines[at]!));
  const table: CyclerTable = { ...raw, columns: raw.columns.map(withMilli) };
  const voltage = findColumn(table.columns, MACCOR.voltage);
  const scale = voltage && voltage.unit === "" ? voltUnit(table, voltage, source) : "V";
  if (scale === "V") return recordOfTable(table, source, MACCOR);
  const columns = table.columns.map((column) => (column === voltage ? { ...column, unit: scale } : column));
  return recordOfTable({ ...table, columns }, source, MACCOR, {
    notes: [`"${voltage!.title}" holds ${scale}: the energy that the cycler counted says so`],
  });
}

const MILLI = /^m(?=amp|volt|watt)/i;
const plainNames = (line: string): string => line.replace(/(^|[\t,"])m(?=amp|volt|watt)/gi, "$1");

function withMilli(column: CyclerColumn): CyclerColumn {
  if (!MILLI.test(column.name) || column.unit !== "") return column;
  const name = column.name.replace(MILLI, "");
  const unit = { "amp-hr": "mAh", "watt-hr": "mWh", amps: "mA", volts: "mV" }[name] ?? "";
  return { ...column, name, unit };
}

/** Energy over charge is a voltage: it tells whether a title that only says volts means it. */
function voltUnit(table: CyclerTable, voltage: CyclerColumn, source: string): "V" | "mV" {
  const at = (column: CyclerColumn, row: readonly string[]): number => numberOf(row[column.index]);
  const volts = table.rows.map((row) => at(voltage, row)).filter(Number.isFinite);
  const high = volts.filter((value) => Math.abs(value) > 100).length;
  if (high <= volts.length / 2) return "V";
  const charge = findColumn(table.columns, [/^amp-?hr$/]);
  const energy = findColumn(table.columns, [/^watt-?hr$/]);
  const most = (column: CyclerColumn): number =>
    table.rows.reduce((best, row) => Math.max(best, at(column, row) || 0), 0) * (/^m/i.test(column.unit) ? 1e-3 : 1);
  if (charge && energy && most(charge) > 0) {
    const mean = most(energy) / most(charge);
    const typical = volts.sort((a, b) => a - b)[volts.length >> 1]!;
    if (mean > typical / 3000 && mean < typical / 333) return "mV";
  }
  throw new InputError(
    "cycler-units-disagree",
    `${source} (Maccor text): "${voltage.title}" reaches ${volts.at(-1)!.toPrecision(4)}, which no cell has in volts, and no column of energy says what it is. Write mV into its title, or export again.`,
  );
}
