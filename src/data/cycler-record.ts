/** What a battery cycler wrote: one row for each moment, in the order of time. */
export interface CyclerRecord {
  /** file that it was read from */
  readonly source: string;
  /** as in "Gamry DTA" */
  readonly format: string;
  /** ISO 8601, local time where the file gives no zone; left out where it says nothing */
  readonly startedAt?: string;
  /** seconds from the start */
  readonly timeS: Float64Array;
  readonly voltageV: Float64Array;
  /** positive where the cell is charged; left out where the file has no current */
  readonly currentA?: Float64Array;
  /** charge that passed since the start as the cycler counted it, positive where the cell is charged */
  readonly chargeAh?: Float64Array;
  /** numbers of the cycler's own cycles and steps */
  readonly cycle?: Int32Array;
  readonly step?: Int32Array;
  /** what a user has to know: tables that are missing, a curve that was aborted */
  readonly notes: readonly string[];
}
