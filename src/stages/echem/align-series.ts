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
  /** of the polynomial in the charge, or in the voltage, that the quantity is taken for */
  readonly degree?: number;
}

const STEPS = 400;
const LEAST_PATTERNS = 8;

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
 * polynomial of the charge that passed (of the voltage, for each direction apart, where no charge is known).
 *
 * It needs a turn of the charge within the series: while it runs one way evenly, a shift in time is a shift in charge,
 * which any polynomial takes up. Then the status is "undetermined".
 *
 * @param quantity [pattern] as an intensity, a position, a lattice parameter; NaN is left out
 */
export function findClockOffset(
  record: CyclerRecord,
  timesS: ArrayLike<number>,
  quantity: ArrayLike<number>,
  { rangeS, degree = 3 }: ClockOffsetOptions,
): ClockOffset {
  const charge = cumulativeCharge(record);
  const offsetsS = Float64Array.from({ length: 2 * STEPS + 1 }, (_, k) => ((k - STEPS) / STEPS) * rangeS);
  const misfit = offsetsS.map((offset) => misfitAt(record, charge, timesS, quantity, offset, degree));
  const best = misfit.reduce(
    (least, value, k) => (value < misfit[least]! || Number.isNaN(misfit[least]!) ? k : least),
    STEPS,
  );
  const [used, terms] = [countUsed(record, timesS, quantity, offsetsS[best]!), charge ? degree + 1 : 2 * (degree + 1)];
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
  const free = used - terms - 1;
  if (used < LEAST_PATTERNS || free < 1)
    return fail(`${used} patterns lie within the record, too few for ${terms} terms`);
  // one standard uncertainty: where the sum of squares has grown by its mean for one degree of freedom
  const within = misfit[best]! * (1 + 1 / free);
  let [low, high] = [best, best];
  while (low > 0 && misfit[low - 1]! <= within) low--;
  while (high < misfit.length - 1 && misfit[high + 1]! <= within) high++;
  if (low === 0 || high === misfit.length - 1) {
    return fail(
      "any offset up to the limit describes the quantity as well: the charge does not turn within the series, or the quantity does not follow it",
    );
  }
  return {
    status: "found",
    esdS: Math.max(offsetsS[high]! - offsetsS[low]!, offsetsS[1]! - offsetsS[0]!) / 2,
    ...found,
  };
}

const countUsed = (
  { timeS }: CyclerRecord,
  timesS: ArrayLike<number>,
  quantity: ArrayLike<number>,
  offset: number,
): number =>
  Array.from(timesS).filter(
    (time, k) => time + offset >= timeS[0]! && time + offset <= timeS.at(-1)! && Number.isFinite(quantity[k]!),
  ).length;

/** The share of the variance that a polynomial does not explain; NaN with fewer patterns than terms. */
function misfitAt(
  record: CyclerRecord,
  charge: Float64Array | undefined,
  timesS: ArrayLike<number>,
  quantity: ArrayLike<number>,
  offset: number,
  degree: number,
): number {
  const [states, values, groups]: [number[], number[], number[]] = [[], [], []];
  for (let k = 0; k < timesS.length; k++) {
    const time = timesS[k]! + offset;
    const state = interpolate(record.timeS, charge ?? record.voltageV, time);
    if (!Number.isFinite(state) || !Number.isFinite(quantity[k]!)) continue;
    states.push(state);
    values.push(quantity[k]!);
    groups.push(charge ? 0 : trend(record, time));
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const total = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const present = [...new Set(groups)];
  if (values.length <= present.length * (degree + 1)) return Number.NaN;
  const columns = present.flatMap((group) =>
    Array.from({ length: degree + 1 }, (_, power) =>
      scaled(states).map((x, k) => (groups[k] === group ? x ** power : 0)),
    ),
  );
  return residualSquares(columns, values) / total;
}

/** Whether the voltage rises or falls there, over a hundredth of the record. */
function trend({ timeS, voltageV }: CyclerRecord, time: number): number {
  const half = (timeS.at(-1)! - timeS[0]!) / 200;
  const at = (t: number): number => interpolate(timeS, voltageV, Math.min(timeS.at(-1)!, Math.max(timeS[0]!, t)));
  return Math.sign(at(time + half) - at(time - half));
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
