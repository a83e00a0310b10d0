/** The cycler's record on the clock of a series. */
import { InputError } from "../../data/index.ts";
import { readEchem } from "../study/read-echem.ts";
import type { Series } from "./series-config.ts";
import type { AlignedRecord } from "./time-curves.ts";

/**
 * @returns undefined where the series names no record
 * @throws InputError "series-clock" where nothing says how the clocks go together, and those of the readers
 */
export function alignRecord({ config, path, resolve, startedAt }: Series): AlignedRecord | undefined {
  const { echem } = config;
  if (!echem) return undefined;
  const files = typeof echem.file === "string" ? [echem.file] : echem.file;
  const { record } = readEchem("cell", files.map(resolve));
  const startH = echem.startH ?? hoursBetween(startedAt, record.startedAt);
  if (startH === undefined) {
    throw new InputError(
      "series-clock",
      `${path}: nothing says when ${files[0]} began on the clock of the steps. Give echem.startH (0 where both began together), or dates as times of the steps${record.startedAt === undefined ? "; the record itself has no date" : ""}.`,
    );
  }
  return { timeH: record.timeS.map((seconds) => startH + seconds / 3600), record };
}

function hoursBetween(from: Date | undefined, to: string | undefined): number | undefined {
  const hours = from && to !== undefined ? (Date.parse(to) - from.getTime()) / 3.6e6 : Number.NaN;
  return Number.isFinite(hours) ? hours : undefined;
}
