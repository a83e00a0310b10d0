import { InputError } from "../data/index.ts";
import { readText } from "../files/byte-source.ts";
import { parseNumberList } from "../files/csv.ts";
import type { AnglesConfig, Scan } from "./scan-config.ts";

/**
 * [line] degrees: from the scan.yaml, else from the files.
 *
 * @throws InputError "angles-count" where a list has not one angle for each line
 */
export function anglesOf(config: AnglesConfig, lines: number, scan: Scan, fromFiles?: Float64Array): Float64Array {
  if ("list" in config) return checkCount(Float64Array.from(config.list), lines, `${scan.path}: angles.list`);
  if ("file" in config) return checkCount(readNumbers(scan.resolve(config.file)), lines, scan.resolve(config.file));
  if (fromFiles) return fromFiles;
  const { start, end, inclusive } = config;
  const step = (end - start) / (inclusive ? Math.max(1, lines - 1) : lines);
  return Float64Array.from({ length: lines }, (_, line) => start + line * step);
}

export const readNumbers = (path: string): Float64Array => parseNumberList(readText(path), path);

function checkCount(angles: Float64Array, lines: number, name: string): Float64Array {
  if (angles.length === lines) return angles;
  throw new InputError(
    "angles-count",
    `${name} has ${angles.length} angles and the scan has ${lines} lines. One angle for each line is needed.`,
  );
}
