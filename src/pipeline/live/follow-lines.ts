/**
 * Follows patterns that somebody else integrates, line by line: to be seen and judged while they come. The run that
 * follows reads them again, which takes seconds.
 */
import { statSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { type Axis, InputError } from "../../data/index.ts";
import { openPatternArray, type PatternArray } from "../../files/hdf5-patterns.ts";
import { findP07Lines, readP07Line } from "../../files/p07.ts";
import { patternSource } from "../pattern-source.ts";
import type { Scan } from "../scan-config.ts";
import { steadyNow } from "../steady-clock.ts";
import { type BandRange, bandSums, watchedBands } from "./band-sums.ts";
import { type FollowOptions, rangesOf, SHOW_MS, STOPPED_AFTER } from "./follow-frames.ts";
import type { Followed } from "./follow-scan.ts";
import type { LiveEnding } from "./live-ending.ts";
import { liveFolder } from "./live-store.ts";
import { LiveView } from "./live-view.ts";

interface Line {
  readonly line: number;
  readonly axis: Axis;
  /** [point, bin] */
  readonly intensity: Float32Array;
  readonly writtenMs: number;
}

/** Lines that are there now and were not before; those that are not whole come at a later look. */
interface LineSource {
  look(): AsyncIterable<Line>;
  /** why some are not whole */
  readonly notWhole: () => readonly string[];
}

const LOOK_MS = 250;
const SETTLE_MS = 500;

export async function followLines(scan: Scan, options: FollowOptions): Promise<Followed> {
  const spec = patternSource(scan);
  const source = spec.kind === "p07" ? p07Lines(spec.folder) : arrayLines(scan, (spec as { file: string }).file);
  let view: LiveView | undefined;
  let bands: readonly BandRange[] = [];
  let ending: LiveEnding | undefined;
  let [lines, shownAt, lastNewAt, points] = [0, 0, steadyNow(), 0];
  const done = new Set<number>();
  while (!ending) {
    for await (const { line, axis, intensity, writtenMs } of source.look()) {
      options.signal.throwIfAborted();
      const bins = axis.values.length;
      if (!view) {
        points = intensity.length / bins;
        bands = watchedBands(axis.values, rangesOf(scan));
        view = new LiveView({
          ...{ folder: liveFolder(options.workFolder), scan, points, axis, bands, ...options.view },
          expectedLines: options.expectedLines,
          places: () => Int32Array.from({ length: lines * points }, (_, slot) => slot),
        });
      }
      const now = steadyNow();
      const sum = new Float64Array(bins);
      for (let p = 0; p < points; p++) {
        const pattern = intensity.subarray(p * bins, (p + 1) * bins);
        for (let bin = 0; bin < bins; bin++) if (Number.isFinite(pattern[bin]!)) sum[bin]! += pattern[bin]!;
        view.add(line * points + p, bandSums(pattern, bands), now, Math.max(0, (now - writtenMs) / 1000));
      }
      view.addPatterns(sum, points);
      done.add(line);
      lines = Math.max(lines, line + 1);
      lastNewAt = now;
    }
    options.signal.throwIfAborted();
    const now = steadyNow();
    if (options.expectedLines !== undefined && done.size >= options.expectedLines) ending = "complete";
    else if (options.enough.aborted) ending = "stopped";
    else if (now - lastNewAt > options.timeoutS * 1000) ending = "quiet";
    if (view && now - shownAt >= SHOW_MS) {
      const usualMs = view.usualIntervalMs * points;
      if (now - view.isQuietSince > Math.max(STOPPED_AFTER.leastMs, 4 * usualMs)) view.stop();
      options.onState(view.show({ phase: "following", backlog: 0, notWhole: source.notWhole().length }));
      shownAt = steadyNow();
    }
    if (!ending) await setTimeout(LOOK_MS);
  }
  return { ending, view, notWhole: source.notWhole(), lines };
}

/** Files that are left alone for a moment are tried; those that cannot be read are tried again. */
function p07Lines(folder: string): LineSource {
  const done = new Set<string>();
  const seen = new Map<string, { stamp: string; since: number; triedAs?: string; reason?: string }>();
  return {
    async *look() {
      const files = findP07Lines(folder);
      for (const { path, number } of files) {
        if (done.has(path)) continue;
        const stats = statSync(path, { throwIfNoEntry: false });
        if (!stats) continue;
        const stamp = `${stats.size} ${stats.mtimeMs}`;
        const before = seen.get(path);
        if (before?.stamp !== stamp) {
          seen.set(path, { stamp, since: steadyNow() });
          continue;
        }
        if (steadyNow() - before.since < SETTLE_MS || before.triedAs === stamp) continue;
        const found = await readP07Line(path);
        if ("reason" in found) {
          seen.set(path, { ...before, triedAs: stamp, reason: found.reason });
          continue;
        }
        done.add(path);
        seen.delete(path);
        yield {
          line: number - files[0]!.number,
          axis: found.axis,
          intensity: found.intensity,
          writtenMs: stats.mtimeMs,
        };
      }
    },
    notWhole: () => [...seen.values()].flatMap(({ reason }) => reason ?? []),
  };
}

/** Lines without a count that may come together: the beam is away, and comes back. */
const MOST_EMPTY = 16;

const isEmpty = (values: ArrayLike<number>): boolean =>
  !Array.prototype.some.call(values, (value: number) => value !== 0 && !Number.isNaN(value));

/** Whether one of the next lines holds something. */
function isFollowed(array: PatternArray, line: number, lines: number): boolean {
  const last = Math.min(lines, line + 1 + MOST_EMPTY);
  for (let next = line + 1; next < last; next++) if (!isEmpty(array.read(next, 1))) return true;
  return false;
}

/** One array that grows; its last line may not be whole as long as the file changes. */
export function arrayLines({ config: { input } }: Pick<Scan, "config">, file: string): LineSource {
  const options =
    input.kind === "patterns"
      ? { dataset: input.dataset, axisDataset: input.axisDataset, axisUnit: input.axisUnit }
      : {};
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  let [next, stamp, since, reason] = [0, "", 0, undefined as string | undefined];
  return {
    async *look() {
      const stats = statSync(file, { throwIfNoEntry: false });
      if (!stats) return;
      const found = `${stats.size} ${stats.mtimeMs}`;
      if (found !== stamp) [stamp, since] = [found, steadyNow()];
      const isSettled = steadyNow() - since >= SETTLE_MS;
      try {
        const array = await openPatternArray(file, given);
        try {
          const whole = isSettled ? array.shape[0] : array.shape[0] - 1;
          while (next < whole) {
            const intensity = array.read(next, 1);
            // made room for, and not written; or measured without beam, where lines behind it are there
            if (isEmpty(intensity) && !isFollowed(array, next, whole)) break;
            yield { line: next++, axis: array.axis, intensity, writtenMs: stats.mtimeMs };
          }
        } finally {
          array.close();
        }
        reason = undefined;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        reason = error.message;
      }
    },
    notWhole: () => (reason === undefined ? [] : [reason]),
  };
}
