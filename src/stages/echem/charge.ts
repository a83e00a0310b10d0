/**
 * Charge that passed, in Ah, positive where the cell is charged.
 *
 *   Q = sum of I dt / 3600      by trapezoids, but with the new current where it was switched: cyclers write a row at
 *                               the end of a step, so that the time until the next row belongs to the next step
 *
 * A cycler counts with many more samples than it writes: where the record has its count, the count is the charge.
 */
import { type CyclerRecord, InputError } from "../../data/index.ts";
import type { EchemConfig } from "./config.ts";

export interface NetCharge {
  /** positive where the cell was charged on the whole */
  readonly ah: number;
  /** standard uncertainty of `ah` */
  readonly esd: number;
  readonly chargedAh: number;
  readonly dischargedAh: number;
  readonly from: "counted" | "integrated";
  /** the same charge by integration; undefined where the record has no measured current */
  readonly integratedAh?: number;
  readonly fromS: number;
  readonly toS: number;
}

/** A step of the current by more than this share is a switch, not a change. */
const SWITCH = 0.5;

/** [row] Ah since the start; undefined where the record knows neither current nor charge. */
export function cumulativeCharge(record: CyclerRecord): Float64Array | undefined {
  return record.chargeAh ?? integratedCharge(record);
}

/** [row] Ah since the start, from the current alone. */
export function integratedCharge({ timeS, currentA }: CyclerRecord): Float64Array | undefined {
  if (!currentA) return undefined;
  let sum = 0;
  return timeS.map((time, i) => {
    if (i === 0) return 0;
    const [last, now] = [currentA[i - 1]!, currentA[i]!];
    const mean = isSwitch(last, now) ? now : (last + now) / 2;
    sum += (mean * (time - timeS[i - 1]!)) / 3600;
    return sum;
  });
}

const isSwitch = (last: number, now: number): boolean =>
  Math.abs(now - last) > SWITCH * Math.max(Math.abs(last), Math.abs(now));

/**
 * The charge that passed between two times of the record, or in all of it.
 *
 * Its variance is that of the gain (of what went in and what came out, apart), of the zero (times the time), and, where
 * it was integrated, of when within an interval the current changed: |dI| dt / sqrt(12) for each.
 *
 * @throws InputError "echem-no-current" | "echem-time-outside"
 */
export function netChargeAh(
  record: CyclerRecord,
  config: Pick<EchemConfig, "gainError" | "offsetError" | "restShare">,
  between: { readonly fromS?: number; readonly toS?: number } = {},
): NetCharge {
  const charge = cumulativeCharge(record);
  const { timeS, currentA, chargeAh, source } = record;
  if (!charge) {
    throw new InputError(
      "echem-no-current",
      `${source}: has neither a current nor a charge, so that no capacity can be had from it. Export it with one of them.`,
    );
  }
  const [fromS, toS] = [between.fromS ?? timeS[0]!, between.toS ?? timeS.at(-1)!];
  if (!(fromS >= timeS[0]! && toS <= timeS.at(-1)! && fromS <= toS)) {
    throw new InputError(
      "echem-time-outside",
      `${source}: ${fromS} to ${toS} s are not within its times, ${timeS[0]} to ${timeS.at(-1)} s.`,
    );
  }
  const rows = [...timeS.keys()].filter((i) => timeS[i]! > fromS && timeS[i]! < toS);
  const at = (values: Float64Array): number[] => [
    interpolate(timeS, values, fromS),
    ...rows.map((i) => values[i]!),
    interpolate(timeS, values, toS),
  ];
  const { into, out } = ways(at(charge));
  const integrated = chargeAh ? integratedCharge(record) : charge;
  return {
    ah: into - out,
    esd: Math.hypot(
      config.gainError * into,
      config.gainError * out,
      (config.offsetError * largest(currentA) * flowingS(record, rows, config.restShare)) / 3600,
      chargeAh || !currentA ? 0 : switchingError(record, rows),
    ),
    chargedAh: into,
    dischargedAh: out,
    from: chargeAh ? "counted" : "integrated",
    ...(integrated && { integratedAh: interpolate(timeS, integrated, toS) - interpolate(timeS, integrated, fromS) }),
    fromS,
    toS,
  };
}

/** Seconds in which a current flowed: at rest the cell is disconnected, and an error of the zero moves no charge. */
function flowingS({ timeS, currentA }: CyclerRecord, rows: readonly number[], restShare: number): number {
  if (!currentA) return 0;
  const rest = restShare * largest(currentA);
  return rows.reduce((sum, i) => sum + (i > 0 && Math.abs(currentA[i]!) > rest ? timeS[i]! - timeS[i - 1]! : 0), 0);
}

function ways(charge: readonly number[]): { into: number; out: number } {
  let [into, out] = [0, 0];
  for (let i = 1; i < charge.length; i++) {
    const step = charge[i]! - charge[i - 1]!;
    if (step > 0) into += step;
    else out -= step;
  }
  return { into, out };
}

/** Ah, of an integral over these rows: within an interval nobody knows when the current changed. */
export function switchingError({ timeS, currentA }: CyclerRecord, rows: readonly number[]): number {
  const squares = rows.reduce((sum, i) => {
    if (i === 0 || !currentA) return sum;
    return sum + ((currentA[i]! - currentA[i - 1]!) * (timeS[i]! - timeS[i - 1]!)) ** 2;
  }, 0);
  return Math.sqrt(squares / 12) / 3600;
}

/** The largest current, A, but for a few rows. */
export function largest(currentA: Float64Array | undefined): number {
  if (!currentA) return 0;
  const sorted = currentA.map(Math.abs).sort();
  return sorted[Math.floor(0.999 * (sorted.length - 1))] ?? 0;
}

/** Row at or before a time; -1 before the first. */
export function rowBefore(timeS: Float64Array, time: number): number {
  let [low, high] = [0, timeS.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeS[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Linear between rows; NaN outside of them. */
export function interpolate(timeS: Float64Array, values: Float64Array, time: number): number {
  const row = rowBefore(timeS, time);
  if (row < 0 || time > timeS.at(-1)!) return Number.NaN;
  if (row === timeS.length - 1) return values[row]!;
  const share = (time - timeS[row]!) / (timeS[row + 1]! - timeS[row]!);
  return values[row]! + share * (values[row + 1]! - values[row]!);
}
