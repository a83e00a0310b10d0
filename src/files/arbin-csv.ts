/** Arbin's exports as .csv, from MITS Pro or from the .res, and the columns of the Battery Data Format (BDF). */
import type { CyclerRecord } from "../data/index.ts";
import { type CyclerFormat, headerLine, recordOfText } from "./cycler-columns.ts";

const ARBIN: CyclerFormat = {
  format: "Arbin csv",
  time: [/^test time$/],
  stepTime: [/^step time$/],
  date: [/^date ?time$/, /^date time$/],
  voltage: [/^voltage$/],
  current: [/^current$/],
  charged: [/^charg(e|ing) capacity$/],
  discharged: [/^discharg(e|ing) capacity$/],
  cycle: [/^cycle (index|count|id)$/],
  step: [/^step (index|count|id)$/],
  // what Arbin itself writes into titles that leave the unit out
  units: { time: "s", voltage: "V", current: "A", charge: "Ah" },
};

export function isArbinCsv(head: string): boolean {
  const lines = head.split(/\r\n|\r|\n/);
  const at = headerLine(lines, ARBIN);
  return (
    at >= 0 &&
    /test[_ ]time/i.test(lines[at]!) &&
    /(cycle|step)[_ ](index|count|id)|charg(e|ing)[_ ]capacity/i.test(lines[at]!)
  );
}

/** @throws InputError "cycler-columns" | "cycler-unit" and those of the checks of records */
export const parseArbinCsv = (text: string, source: string): CyclerRecord => recordOfText(text, source, ARBIN);
