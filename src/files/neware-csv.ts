/**
 * Neware's exports as .csv: one table, or the layered one in which a line of a cycle is followed by those of its steps,
 * one more to the right, and these by those of their records.
 */
import { type CyclerRecord, InputError } from "../data/index.ts";
import { type CyclerFormat, recordOfTable, recordOfText } from "./cycler-columns.ts";
import { type CyclerTable, columnOf, dividerOf, numberOf, splitFields } from "./cycler-table.ts";

const NEWARE: CyclerFormat = {
  format: "Neware csv",
  time: [/^(cumulative|total|test) ?time$/],
  stepTime: [/^time$/, /^(relative|step) ?time$/, /^record ?time$/],
  date: [/^date$/, /^real ?time$/, /^absolute ?time$/, /^datetime$/],
  voltage: [/^voltage$/, /^vol$/],
  current: [/^current$/, /^cur$/],
  charged: [/^chg\.? ?cap$/, /^cap_?chg$/, /^charge ?cap(acity)?$/, /^capacitance chg$/],
  discharged: [/^dchg\.? ?cap$/, /^cap_?dchg$/, /^discharge ?cap(acity)?$/, /^capacitance dchg$/],
  capacity: [/^capacity$/, /^cap$/],
  cycle: [/^cycle ?(index|id|no)?$/],
  step: [/^step ?(index|id|no)$/],
  state: [/^step ?(type|name)$/, /^(state|status)$/],
  directionOf: (state) =>
    /d(is)?[\s_.]?ch(ar)?g/i.test(state) ? -1 : /ch(ar)?g/i.test(state) ? 1 : /rest|pause/i.test(state) ? 0 : undefined,
};

export const isNewareCsv = (head: string): boolean =>
  /step ?(type|name)/i.test(head) && /(vol(tage)?)\s*\(m?v\)/i.test(head) && /(data ?point|record)/i.test(head);

/** @throws InputError "cycler-columns" | "cycler-unit" and those of the checks of records */
export function parseNewareCsv(text: string, source: string): CyclerRecord {
  const lines = text.split(/\r\n|\r|\n/);
  const at = lines.slice(0, 50).findIndex((line) => /record ?(id|no)/i.test(line) && /^[\s"]*[,;\t]/.test(line));
  if (at < 0) return recordOfText(text, source, NEWARE);
  const { table, cycle, step } = layered(lines, at, source);
  return recordOfTable(table, source, NEWARE, { cycle, step });
}

/** Lines of records alone; the step's name becomes their last field. */
function layered(
  lines: readonly string[],
  headerAt: number,
  source: string,
): { table: CyclerTable; cycle: Int32Array; step: Int32Array } {
  const divider = dividerOf(lines[headerAt]!);
  const header = splitFields(lines[headerAt]!, divider);
  const depth = leading(header);
  const steps = lines.slice(0, headerAt).findLast((line) => /step ?(id|no)/i.test(line));
  const stepName =
    steps === undefined ? -1 : splitFields(steps, divider).findIndex((title) => /step ?(name|type)/i.test(title));
  const rows: string[][] = [];
  const numbers: number[] = [];
  const [cycle, step]: [number[], number[]] = [[], []];
  let [cycleNow, stepNow, nameNow] = [0, 0, ""];
  for (let i = headerAt + 1; i < lines.length; i++) {
    const fields = splitFields(lines[i]!, divider);
    const level = leading(fields);
    if (level === 0 && Number.isFinite(numberOf(fields[0]))) cycleNow = numberOf(fields[0]);
    else if (level === depth - 1) {
      stepNow += 1; // their own numbers begin again in each cycle
      nameNow = fields[stepName] ?? "";
    } else if (level === depth) {
      rows.push([...header.map((_, k) => fields[k] ?? ""), nameNow]);
      numbers.push(i + 1);
      cycle.push(cycleNow);
      step.push(stepNow);
    }
  }
  if (rows.length === 0) {
    throw new InputError(
      "cycler-empty",
      `${source} (Neware csv): holds cycles and steps but no records. Export it again with the layer of records.`,
    );
  }
  const columns = [...header, "Step Name"].map(columnOf);
  return { table: { columns, rows, lines: numbers }, cycle: Int32Array.from(cycle), step: Int32Array.from(step) };
}

const leading = (fields: readonly string[]): number => {
  const first = fields.findIndex((field) => field.trim() !== "");
  return first < 0 ? fields.length : first;
};
