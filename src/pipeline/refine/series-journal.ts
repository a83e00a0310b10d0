/**
 * What is done of a series, OUTPUT.partial: one line a pattern, each with its checksum; the first line says of which
 * model, patterns and settings. A run that was interrupted or killed goes on after the last line that is whole.
 */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import type { SeriesEntry } from "../../stages/refine/index.ts";
import { diskError } from "../disk-error.ts";
import { digest } from "../stage-store.ts";

export interface SeriesJournal {
  readonly entries: readonly SeriesEntry[];
  /** @throws InputError "disk-full" | "not-writable" */
  add(entry: SeriesEntry): void;
}

/**
 * @param path left out: nothing is kept
 * @param identity everything that decides the entries; of another one nothing is taken over
 * @throws InputError "disk-full" | "not-writable"
 */
export function openSeriesJournal(path: string | undefined, identity: unknown): SeriesJournal {
  if (path === undefined) return { entries: [], add: () => {} };
  const header = JSON.stringify({ series: digest(identity) });
  const entries: SeriesEntry[] = [];
  try {
    const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
    for (const line of lines[0] === header ? lines.slice(1) : []) {
      const entry = parseLine(line);
      if (entry?.index !== entries.length) break; // the line that was being written, or one that the disk has lost
      entries.push(entry);
    }
    writeFileSync(path, [header, ...entries.map(formatLine), ""].join("\n"));
  } catch (error) {
    throw diskError(error, path);
  }
  return {
    entries,
    add(entry) {
      try {
        appendFileSync(path, `${formatLine(entry)}\n`);
      } catch (error) {
        throw diskError(error, path);
      }
    },
  };
}

/** When the whole result is written. */
export const dropSeriesJournal = (path: string): void => rmSync(path, { force: true });

/** JSON knows neither NaN nor -0, and the next fit must start from the very same bits. */
const ODD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
const KEY = "$number";

function formatLine(entry: SeriesEntry): string {
  const text = JSON.stringify(entry, (_, value: unknown) => {
    const odd = ODD.findIndex((one) => Object.is(one, value));
    return odd < 0 ? value : { [KEY]: odd };
  });
  return `${checksum(text)} ${text}`;
}

function parseLine(line: string): SeriesEntry | undefined {
  const text = line.slice(9);
  if (line.slice(0, 9) !== `${checksum(text)} `) return undefined;
  return JSON.parse(text, (_, value: unknown) =>
    value !== null && typeof value === "object" && KEY in value ? ODD[Number(value[KEY])] : value,
  ) as SeriesEntry;
}

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, "0");
