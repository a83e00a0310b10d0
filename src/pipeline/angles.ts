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
  const places = placesOfPasses(config.passes, lines, scan.path);
  return Float64Array.from({ length: lines }, (_, line) => start + places[line]! * step);
}

/** [line] its place among all angles. @throws InputError "angles-passes" */
function placesOfPasses(passes: number | readonly number[], lines: number, path: string): number[] {
  const order = typeof passes === "number" ? Array.from({ length: passes }, (_, pass) => pass) : passes;
  const isOnce = [...order].sort((a, b) => a - b).every((pass, i) => pass === i);
  if (!isOnce || lines % order.length !== 0) {
    throw new InputError(
      "angles-passes",
      isOnce
        ? `${path}: angles.passes is ${order.length}, and the scan has ${lines} lines, which ${order.length} does not divide. Correct passes, or give angles.list.`
        : `${path}: angles.passes is [${order.join(", ")}]; each number from 0 to ${order.length - 1} is needed once.`,
    );
  }
  const each = lines / order.length;
  return Array.from({ length: lines }, (_, line) => (line % each) * order.length + order[Math.floor(line / each)]!);
}

export interface LineWindow {
  readonly from: number;
  readonly count: number;
}

/**
 * The lines of a scan that are taken.
 *
 * @throws InputError "lines-outside"
 */
export function windowOf({ config, path }: Scan, lines: number): LineWindow {
  const { from = 0, to = lines } = config.lines ?? {};
  if (to > lines || from + 2 > to) {
    throw new InputError(
      "lines-outside",
      `${path}: lines are ${from} to ${to}, and the scan has ${lines} lines. At least two lines between 0 and ${lines} are needed.`,
    );
  }
  return { from, count: to - from };
}

/** [line, point] of the lines that are taken, of values for all. */
export const withinWindow = <T extends Float64Array | undefined>(values: T, window: LineWindow, points: number): T =>
  values?.slice(window.from * points, (window.from + window.count) * points) as T;

export const readNumbers = (path: string): Float64Array => parseNumberList(readText(path), path);

function checkCount(angles: Float64Array, lines: number, name: string): Float64Array {
  if (angles.length === lines) return angles;
  throw new InputError(
    "angles-count",
    `${name} has ${angles.length} angles and the scan has ${lines} lines. One angle for each line is needed.`,
  );
}
