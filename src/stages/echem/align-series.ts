/** Where a cell was when each pattern of a series was measured. */
import type { CyclerRecord } from "../../data/index.ts";
import { cumulativeCharge, interpolate, rowBefore } from "./charge.ts";
import type { SegmentSpan } from "./segments.ts";

/** One entry a pattern; NaN (segment: -1) outside of the record. */
export interface SeriesStates {
  /** s from the start of the record */
  readonly timeS: Float64Array;
  readonly voltageV: Float64Array;
  readonly currentA?: Float64Array;
  readonly chargeAh?: Float64Array;
  /** index of the segment */
  readonly segment: Int32Array;
  /** what was added to the patterns' times, s */
  readonly clockOffsetS: number;
}

export interface ClockOffset {
  readonly status: "found" | "undetermined";
  readonly offsetS: number;
  /** standard uncertainty; infinite where undetermined */
  readonly esdS: number;
  /** why it is not determined */
  readonly reason?: string;
  /** share of the quantity's variance that the state of the cell does not explain, at the best offset and at 0 */
  readonly unexplained: number;
  readonly unexplainedAtZero: number;
  /** for a figure */
  readonly offsetsS: Float64Array;
  readonly misfit: Float64Array;
}

export interface ClockOffsetOptions {
  /** looked for as far as this to either side, s */
  readonly rangeS: number;
  /** of the polynomial in the charge that the quantity is taken for */
  readonly degree?: number;
}

const STEPS = 400;
const LEAST_PATTERNS = 8;
/** A quantity that the charge does not explain says nothing about its time. */
const MOST_UNEXPLAINED = 0.5;

/** @param timesS of the patterns, in the middle of their exposure, s from the start of the record by their own clock */
export function alignSeries(
  record: CyclerRecord,
  segments: readonly SegmentSpan[],
  timesS: ArrayLike<number>,
  clockOffsetS = 0,
): SeriesStates {
  const timeS = Float64Array.from(timesS, (time) => time + clockOffsetS);
  const charge = cumulativeCharge(record);
  const { currentA } = record;
  const of = (values: Float64Array): Float64Array => timeS.map((time) => interpolate(record.timeS, values, time));
  const rows = Int32Array.from(timeS, (time) => (time > record.timeS.at(-1)! ? -1 : rowBefore(record.timeS, time)));
  return {
    timeS,
    voltageV: of(record.voltageV),
    // between two rows the current is that of the row to come: cyclers write a row where a step ends
    ...(currentA && {
      currentA: Float64Array.from(rows, (row, k) =>
        row < 0 ? Number.NaN : currentA[Math.min(currentA.length - 1, record.timeS[row] === timeS[k] ? row : row + 1)]!,
      ),
    }),
    ...(charge && { chargeAh: of(charge) }),
    segment: Int32Array.from(rows, (row) =>
      row < 0 ? -1 : segments.findIndex(({ first, last }) => row >= first && row <= last),
    ),
    clockOffsetS,
  };
}

/**
 * The offset between the clocks of the diffractometer and of the cycler, at which a quantity of the patterns is best a
 * polynomial of the charge that passed. Of a voltage alone the charge is taken to run evenly up while the voltage
 * rises and down while it falls, as at a constant current.
 *
 * It needs a turn of the charge within the series: while it runs one way evenly, a shift in time is a shift in charge,
 * which any polynomial takes up. Then the status is "undetermined".
 *
 * @param quantity [pattern] as an intensity, a position, a lattice parameter; NaN is left out
 */
export function findClockOffset(
  record: CyclerRecord,
  segments: readonly SegmentSpan[],
  timesS: ArrayLike<number>,
  quantity: ArrayLike<number>,
  { rangeS, degree = 3 }: ClockOffsetOptions,
): ClockOffset {
  const state = cumulativeCharge(record) ?? directedTime(record, segments);
  // the same patterns at every offset: else those that leave the record would change the misfit
  const [from, to] = [record.timeS[0]! + rangeS, record.timeS.at(-1)! - rangeS];
  const used = Array.from({ length: timesS.length }, (_, k) => k).filter(
    (k) => timesS[k]! >= from && timesS[k]! <= to && Number.isFinite(quantity[k]!),
  );
  const values = used.map((k) => quantity[k]!);
  const offsetsS = Float64Array.from({ length: 2 * STEPS + 1 }, (_, k) => ((k - STEPS) / STEPS) * rangeS);
  const misfit = offsetsS.map((offset) => {
    const states = used.map((k) => interpolate(record.timeS, state, timesS[k]! + offset));
    return unexplainedBy(states, values, degree);
  });
  const best = misfit.reduce((least, value, k) => (value < misfit[least]! ? k : least), STEPS);
  const found = {
    offsetS: offsetsS[best]!,
    unexplained: misfit[best]!,
    unexplainedAtZero: misfit[STEPS]!,
    offsetsS,
    misfit,
  };
  const fail = (reason: string): ClockOffset => ({
    status: "undetermined",
    esdS: Number.POSITIVE_INFINITY,
    reason,
    ...found,
  });
  const free = used.length - (degree + 1) - 1;
  if (used.length < LEAST_PATTERNS || free < 1) {
    return fail(
      `${used.length} patterns stay within the record at every offset looked at, and ${LEAST_PATTERNS} are needed`,
    );
  }
  // one standard uncertainty: where the sum of squares has grown by its mean for one degree of freedom
  const isWithin = (value: number): boolean => value <= misfit[best]! * (1 + 1 / free);
  const [low, high] = [misfit.findIndex(isWithin), misfit.findLastIndex(isWithin)];
  if (low === 0 || high === misfit.length - 1) {
    return fail(
      "offsets up to the limit describe the patterns as well: the charge does not turn within the series, or they do not follow it",
    );
  }
  if (misfit[best]! > MOST_UNEXPLAINED) {
    return fail(`the charge explains only ${(100 * (1 - misfit[best]!)).toFixed(0)} % of what the patterns show`);
  }
  const step = offsetsS[1]! - offsetsS[0]!;
  return { status: "found", esdS: Math.max(offsetsS[high]! - offsetsS[low]!, step) / 2, ...found };
}

/** [row] s, up while the voltage rises and down while it falls. */
function directedTime({ timeS }: CyclerRecord, segments: readonly SegmentSpan[]): Float64Array {
  const out = new Float64Array(timeS.length);
  for (const { first, last, direction } of segments) {
    for (let i = Math.max(1, first); i <= last; i++) out[i] = out[i - 1]! + direction * (timeS[i]! - timeS[i - 1]!);
  }
  return out;
}

/** The share of the variance of the values that a polynomial of the states does not explain. */
function unexplainedBy(states: readonly number[], values: readonly number[], degree: number): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const x = scaled(states);
  const columns = Array.from({ length: degree + 1 }, (_, power) => x.map((value) => value ** power));
  return total > 0 ? residualSquares(columns, values) / total : 1;
}

function scaled(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return values.map((value) => (high > low ? (2 * (value - low)) / (high - low) - 1 : 0));
}

/** What is left of the values after the columns were taken out, one by one, each made orthogonal to those before. */
function residualSquares(columns: readonly number[][], values: readonly number[]): number {
  const basis: number[][] = [];
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const without = (vector: readonly number[]): number[] =>
    basis.reduce<number[]>(
      (left, unit) => {
        const share = dot(left, unit);
        return left.map((value, i) => value - share * unit[i]!);
      },
      [...vector],
    );
  for (const column of columns) {
    const rest = without(without(column));
    const norm = Math.sqrt(dot(rest, rest));
    if (norm > 1e-10 * Math.sqrt(dot(column, column)) && norm > 0) basis.push(rest.map((value) => value / norm));
  }
  const left = without(values);
  return dot(left, left);
}
