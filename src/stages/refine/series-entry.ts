/** One pattern of a series, as it is kept: a line of a journal, a row of a table. */
import type { NormalReason, NormalStatus } from "../../fit/index.ts";
import type { FitStatistics } from "../../refinement/index.ts";
import type { PhaseResult, RefinedParameter, RefinementResult } from "./result.ts";

/**
 * ""         fitted
 * dark       far less intensity than the series: no beam, no sample
 * dip        less intensity than its neighbours: a beam that went away meanwhile
 * unread     the file cannot be read, or cannot be refined with this model
 * failed     no start leads to a fit
 */
export type SeriesFlag = "" | "dark" | "dip" | "unread" | "failed";

export interface SeriesEntry {
  /** number in the series, from 0 */
  readonly index: number;
  readonly name: string;
  /** temperature, time, ...; the index where nothing is known */
  readonly variable: number;
  readonly flag: SeriesFlag;
  /** why it is flagged, or what was done about a bad start */
  readonly note: string;
  /** where the fit came from; null where there is none */
  readonly start: "model" | "previous" | "restarted" | "surface" | null;
  readonly status: NormalStatus | null;
  readonly reason: NormalReason;
  readonly statistics: FitStatistics | null;
  readonly parameters: readonly RefinedParameter[];
  readonly phases: readonly Omit<PhaseResult, "reflections">[];
  readonly warnings: readonly string[];
}

/** The row of a series for a pattern that was not refined, and why. */
export const flaggedEntry = (
  index: number,
  name: string,
  variable: number,
  flag: Exclude<SeriesFlag, "">,
  note: string,
): SeriesEntry => ({
  index,
  name,
  variable,
  flag,
  note,
  start: null,
  status: null,
  reason: "",
  statistics: null,
  parameters: [],
  phases: [],
  warnings: [],
});

/**
 * The row of a series that a refinement came to.
 *
 * @param variable the temperature, time ... of the pattern, in the unit of the series
 */
export function entryOf(
  index: number,
  name: string,
  variable: number,
  result: RefinementResult,
  start: NonNullable<SeriesEntry["start"]>,
  note = "",
): SeriesEntry {
  const isBad = result.status === "failed";
  return {
    index,
    name,
    variable,
    flag: isBad ? "failed" : "",
    note,
    start,
    status: result.status,
    reason: result.reason,
    statistics: result.statistics,
    parameters: result.parameters,
    phases: result.phases.map(({ reflections: _, ...phase }) => phase),
    warnings: result.warnings,
  };
}
