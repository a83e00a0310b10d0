/** What the cycler recorded of a cell, from its files to numbers. */
import type { CyclerRecord } from "../../data/index.ts";
import { readCyclerFile } from "../../files/cycler-file.ts";
import { describeRecord, EchemConfig, type EchemDescription, joinRecords } from "../../stages/echem/index.ts";

/** A cycler's record, described. */
export interface EchemCell {
  readonly name: string;
  readonly record: CyclerRecord;
  readonly description: EchemDescription;
  readonly config: EchemConfig;
}

export interface ReadEchemOptions {
  readonly config?: EchemConfig;
  /** the files have positive currents where the cell is discharged */
  readonly flipCurrent?: boolean;
  /** files follow one another as given and without gaps, whatever their dates */
  readonly isAsGiven?: boolean;
}

/**
 * A record of one cell from one or several files, and what it says.
 *
 * @throws InputError of the readers, and "echem-overlap" | "echem-no-current" where they cannot be joined
 */
export function readEchem(name: string, files: readonly string[], options: ReadEchemOptions = {}): EchemCell {
  const config = options.config ?? EchemConfig.parse({});
  const read = files.map(readCyclerFile);
  const turned = options.flipCurrent ? read.map(flipped) : read;
  const record = joinRecords(options.isAsGiven ? turned.map(withoutDate) : turned);
  return { name, record, description: describeRecord(record, config), config };
}

function flipped(record: CyclerRecord): CyclerRecord {
  const { currentA, chargeAh } = record;
  const turn = (values: Float64Array): Float64Array => values.map((value) => (value === 0 ? 0 : -value));
  return {
    ...record,
    ...(currentA && { currentA: turn(currentA) }),
    ...(chargeAh && { chargeAh: turn(chargeAh) }),
    notes: [...record.notes, "currents and charges were turned, as asked for"],
  };
}

/** The first file's date is that of the record. */
function withoutDate(record: CyclerRecord, k: number): CyclerRecord {
  const { startedAt: _, ...rest } = record;
  return k === 0 ? record : rest;
}
