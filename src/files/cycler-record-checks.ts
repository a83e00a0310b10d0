/** What holds for every record, whatever wrote it: refused here, so that no reader gives a number that is wrong. */
import { type CyclerRecord, InputError } from "../data/index.ts";

/** No channel of a cycler for cells gives more; more is millivolts under a wrong title. */
const MOST_VOLTS = 100;
/** The share of rows that may be damaged, besides one. */
const MAX_DAMAGED_SHARE = 0.01;
/** Sparse rows miss pulses, so that the integral and the count differ; a wrong unit differs by more. */
const MOST_DISAGREEMENT = 5;

export interface RecordParts {
  readonly source: string;
  readonly format: string;
  readonly startedAt?: string | undefined;
  /** NaN: a row that is damaged */
  readonly timeS: Float64Array;
  readonly voltageV: Float64Array;
  readonly currentA?: Float64Array | undefined;
  readonly chargeAh?: Float64Array | undefined;
  readonly cycle?: Int32Array | undefined;
  readonly step?: Int32Array | undefined;
  readonly notes?: readonly string[];
  /** [row] line in the file */
  readonly lines?: readonly number[];
}

/**
 * The record without its damaged rows.
 *
 * @throws InputError "cycler-empty" | "cycler-damaged" | "cycler-time" | "cycler-units-disagree"
 */
export function checkRecord(parts: RecordParts): CyclerRecord {
  const { source, timeS, voltageV, currentA, chargeAh, lines } = parts;
  const columns = [timeS, voltageV, currentA, chargeAh].filter((values) => values !== undefined);
  const isWhole = (i: number): boolean => columns.every((values) => Number.isFinite(values[i]!));
  const whole = [...timeS.keys()].filter(isWhole);
  const damaged = timeS.length - whole.length;
  const firstDamaged = [...timeS.keys()].find((i) => !isWhole(i));
  const at = (i: number): string => (lines ? `line ${lines[i]}` : `row ${i + 1}`);
  if (whole.length === 0) {
    throw new InputError(
      "cycler-empty",
      `${source} (${parts.format}): holds no row with a time and a voltage${damaged ? ` (${damaged} rows cannot be read)` : ""}. Was the file cut, or the experiment never started?`,
    );
  }
  if (damaged > 1 + MAX_DAMAGED_SHARE * timeS.length) {
    throw new InputError(
      "cycler-damaged",
      `${source}, ${at(firstDamaged!)}: no number there for the time, the voltage, the current or the charge, and in ${damaged - 1} rows more of ${timeS.length}. Copy or export the file again.`,
    );
  }
  const take = <A extends Float64Array | Int32Array>(values: A): A =>
    damaged === 0 ? values : (values.filter((_, i) => isWhole(i)) as A);
  const kept = {
    timeS: take(timeS),
    voltageV: take(voltageV),
    ...(currentA && { currentA: take(currentA) }),
    ...(chargeAh && { chargeAh: fromZero(take(chargeAh)) }),
    ...(parts.cycle && { cycle: take(parts.cycle) }),
    ...(parts.step && { step: take(parts.step) }),
  };
  checkTime(source, kept.timeS, (i) => at(whole[i]!));
  checkVolts(source, kept.voltageV);
  const notes = [...(parts.notes ?? [])];
  if (damaged > 0)
    notes.push(`${damaged} damaged ${damaged === 1 ? "row" : "rows"} left out, the first on ${at(firstDamaged!)}`);
  notes.push(...compareCounts(source, kept));
  const { format, startedAt } = parts;
  return { source, format, ...(startedAt !== undefined && { startedAt }), ...kept, notes };
}

/** Counters of some cyclers run on from the experiment before. */
const fromZero = (values: Float64Array): Float64Array =>
  values[0] === 0 ? values : values.map((value) => value - values[0]!);

function checkTime(source: string, timeS: Float64Array, at: (i: number) => string): void {
  const back = timeS.findIndex((time, i) => i > 0 && time < timeS[i - 1]!);
  if (back < 0) return;
  throw new InputError(
    "cycler-time",
    `${source}, ${at(back)}: the time goes back from ${timeS[back - 1]} s to ${timeS[back]} s. Needed are rows in the order of time: give the files of several experiments one by one.`,
  );
}

function checkVolts(source: string, voltageV: Float64Array): void {
  const high = voltageV.filter((value) => Math.abs(value) > MOST_VOLTS).length;
  if (high <= voltageV.length / 2) return;
  throw new InputError(
    "cycler-units-disagree",
    `${source}: its voltages reach ${Math.max(...voltageV.slice(0, 1000)).toPrecision(4)} V, which no cell has: the column is in mV under a title that says V. Put the title right, or export again.`,
  );
}

/** Charge by integration and by the cycler's count, in ampere-hours that passed, whichever way. */
function compareCounts(
  source: string,
  { timeS, currentA, chargeAh }: { timeS: Float64Array; currentA?: Float64Array; chargeAh?: Float64Array },
): string[] {
  if (!currentA || !chargeAh) return [];
  let [integrated, counted] = [0, 0];
  for (let i = 1; i < timeS.length; i++) {
    integrated += (Math.abs(currentA[i]! + currentA[i - 1]!) / 2) * ((timeS[i]! - timeS[i - 1]!) / 3600);
    counted += Math.abs(chargeAh[i]! - chargeAh[i - 1]!);
  }
  if (!(integrated > 1e-12) || !(counted > 1e-12)) return [];
  const ratio = counted / integrated;
  if (ratio > MOST_DISAGREEMENT || ratio < 1 / MOST_DISAGREEMENT) {
    throw new InputError(
      "cycler-units-disagree",
      `${source}: the charge that the cycler counted (${counted.toPrecision(4)} Ah) is ${ratio.toPrecision(4)} times the integral of the current (${integrated.toPrecision(4)} Ah): the title of one of the two columns has the wrong unit. Put it right, or export again.`,
    );
  }
  return [];
}
