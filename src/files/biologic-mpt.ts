/** BioLogic's EC-Lab text: the .mpt with its head, and tables that EC-Lab or people cut out of it. */
import type { CyclerRecord } from "../data/index.ts";
import { type CyclerFormat, recordOfText } from "./cycler-columns.ts";
import { parseStamp } from "./date-stamp.ts";

const EC_LAB: CyclerFormat = {
  format: "BioLogic EC-Lab text",
  time: [/^time$/],
  // a whole cell before one of its electrodes
  voltage: [/^ecell$/, /^<?ewe-ece>?$/, /^ewe$/, /^<ewe>$/, /^ece$/],
  current: [/^<i>$/, /^i$/],
  charge: [/^\(q-qo\)$/],
  chargeStep: [/^dq$/],
  charged: [/^q charge$/],
  discharged: [/^q discharge$/],
  cycle: [/^cycle number$/],
  step: [/^ns$/],
};

export const isEcLabText = (head: string): boolean =>
  /^\s*(EC|BT)-Lab ASCII FILE/i.test(head) || /^(.*\t)?time\/s\t(.*\t)?<?E(we|cell)>?\/V(\t|\r|\n|$)/m.test(head);

/** @throws InputError "cycler-columns" | "cycler-unit" and those of the checks of records */
export function parseEcLabText(text: string, source: string): CyclerRecord {
  const head = text.slice(0, 1 << 16);
  const started = /Acquisition started on\s*:\s*(.+)/i.exec(head)?.[1];
  const stamp = started === undefined ? undefined : parseStamp(started);
  const loops = /^Loop\s+\d+/im.test(head);
  return recordOfText(text, source, EC_LAB, {
    startedAt: stamp?.iso,
    notes: [...(stamp?.note ? [stamp.note] : []), ...(loops ? ["EC-Lab looped over its sequences"] : [])],
  });
}
