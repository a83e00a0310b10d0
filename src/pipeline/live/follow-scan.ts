/**
 * A scan that is still being written: followed until all of it is there, nothing comes any more, or somebody says
 * that it is enough. What has come by then is a scan as any other, and the ordinary run goes on with it.
 */
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { InputError } from "../../data/index.ts";
import { frameFolder } from "../../files/frame-paths.ts";
import { readPoni } from "../../files/poni.ts";
import type { Kernels } from "../../kernels/index.ts";
import type { Notice } from "../../stages/watch/index.ts";
import { anglesOf, readNumbers } from "../angles.ts";
import { diskError } from "../disk-error.ts";
import { loadKernels } from "../load-kernels.ts";
import type { WorkerPool } from "../pool.ts";
import { loadModel } from "../refine/load-model.ts";
import type { Scan } from "../scan-config.ts";
import { type FollowOptions, FrameFollower } from "./follow-frames.ts";
import { followLines } from "./follow-lines.ts";
import { type LiveEnding, recordPath, writeRecord } from "./live-ending.ts";
import { liveFolder } from "./live-store.ts";
import type { LiveView } from "./live-view.ts";
import type { LiveState } from "./snapshot.ts";

export interface LiveOptions {
  /** lines of the whole scan; left out: as many angles as scan.yaml lists, or not known */
  readonly lines?: number;
  /** end when nothing has come for so long */
  readonly timeoutS: number;
  /** that is enough: the run goes on with what has come */
  readonly enough: AbortSignal;
  readonly onState: (state: LiveState) => void;
  /** however it ended: from here on the run is as any other */
  readonly onEnd?: () => void;
  /** for each frame that is reduced: from the time of its file to its pattern */
  readonly onReduced?: (path: string, lagS: number) => void;
}

interface RunContext {
  readonly workFolder: string;
  readonly pool: () => WorkerPool;
  readonly signal: AbortSignal;
}

/** What a follower of whatever kind of files gives. */
export interface Followed {
  readonly ending: LiveEnding;
  readonly view: LiveView | undefined;
  /** why a file that is there could not be read, one each */
  readonly notWhole: readonly string[];
  readonly lines: number;
}

/**
 * @throws InputError "live-input" | "live-nothing" | "live-scan-short" and those of what the scan names
 */
export async function followScan(scan: Scan, live: LiveOptions, context: RunContext): Promise<void> {
  try {
    await follow(scan, live, context);
  } finally {
    live.onEnd?.();
  }
}

async function follow(scan: Scan, live: LiveOptions, context: RunContext): Promise<void> {
  checkFollowable(scan);
  const folder = liveFolder(context.workFolder);
  rmSync(recordPath(folder), { force: true });
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw diskError(error, folder, 1e6);
  }
  const expectedLines = live.lines ?? linesNamed(scan);
  const options: FollowOptions = {
    ...context,
    ...{ expectedLines, timeoutS: live.timeoutS, enough: live.enough, onState: live.onState },
    ...(live.onReduced && { onReduced: live.onReduced }),
    view: {
      omegaDeg: expectedLines === undefined ? undefined : anglesOf(scan.config.angles, expectedLines, scan),
      readMonitor: () => readMonitor(scan),
      kernels: once(() => loadKernels()),
    },
  };
  const { input } = scan.config;
  const followed =
    input.kind === "frames" ? await new FrameFollower(scan, input, options).follow() : await followLines(scan, options);
  const { ending, view, notWhole, lines } = followed;
  if (!view) {
    // fewer frames than are needed to begin: the run takes them as they are
    if (lines === 0) throw nothingCame(scan, ending, live.timeoutS, notWhole);
    writeRecord(folder, { ending, notes: [ENDED[ending]] });
    checkAngles(scan, ending, lines, expectedLines);
    return;
  }
  live.onState(view.show({ phase: ending, backlog: 0, notWhole: notWhole.length }, true));
  writeRecord(folder, { ending, notes: [ENDED[ending], ...view.notices.map(asNote)] });
  checkAngles(scan, ending, lines, expectedLines);
}

const ENDED: Record<LiveEnding, string> = {
  complete: "followed while it was measured, until all of it was there",
  quiet: "followed while it was measured, until nothing came any more",
  stopped: "followed while it was measured, until it was stopped by hand",
};

const asNote = ({ text }: Notice): string => `while measuring: ${text}`;

const once = (make: () => Kernels): (() => Kernels) => {
  let made: Kernels | undefined;
  return () => {
    made ??= make();
    return made;
  };
};

/** What can be checked before the first frame is there. */
function checkFollowable(scan: Scan): void {
  const { input, map, turning } = scan.config;
  if (turning || input.kind === "raster" || input.kind === "volume" || input.kind === "sinograms") {
    throw new InputError(
      "live-input",
      `${scan.path}: --live follows frames, p07 lines and patterns of a scan in lines; this one ${turning ? "turns while it is moved (turning)" : `is of input.kind ${input.kind}`}. Leave --live out, and run it when it is finished.`,
    );
  }
  if (map?.rietveld) loadModel(scan.resolve(map.rietveld.model));
  if (input.kind !== "frames") {
    checkFolder(scan, input.kind === "p07" ? input.folder : input.file);
    return;
  }
  readPoni(scan.resolve(input.poni));
  for (const path of [input.mask, input.flat, input.dark]) {
    if (path && !existsSync(scan.resolve(path)))
      throw new InputError(
        "file-not-readable",
        `${scan.resolve(path)}: cannot be read: there is no such file; check the path`,
      );
  }
  if (typeof input.files === "string") checkFolder(scan, input.files);
}

/** The folder has to be there, its files may come. @throws InputError "live-no-folder" */
function checkFolder(scan: Scan, given: string): void {
  const path = scan.resolve(given);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() || frameFolder(path) !== undefined;
  const folder = isFolder && !/[*?]/.test(path) ? path : dirname(path);
  if (existsSync(folder)) return;
  throw new InputError(
    "live-no-folder",
    `${scan.path}: there is no folder ${folder}, in which the files of the scan are to appear. Make it, or correct the path.`,
  );
}

/** Lines that scan.yaml speaks of by itself. */
function linesNamed(scan: Scan): number | undefined {
  const { angles, lines } = scan.config;
  if (lines?.to !== undefined) return undefined; // there may be more lines than those that are taken
  if ("list" in angles) return angles.list.length;
  if ("file" in angles) return readNumbers(scan.resolve(angles.file)).length;
  return undefined;
}

/** [frame] readings so far: the file may be written at this moment. */
function readMonitor({ config: { input }, resolve }: Scan): Float64Array | undefined {
  if (input.kind !== "frames" || input.monitor === undefined) return undefined;
  try {
    return readNumbers(resolve(input.monitor));
  } catch {
    return undefined;
  }
}

function nothingCame({ path }: Scan, ending: LiveEnding, timeoutS: number, [reason]: readonly string[]): InputError {
  const why = ending === "quiet" ? `within ${timeoutS} s` : "before it was stopped";
  if (reason !== undefined) {
    return new InputError("live-nothing", `${path}: nothing of the scan could be read ${why}. ${reason}`);
  }
  return new InputError(
    "live-nothing",
    `${path}: nothing of the scan came ${why}. Check input.files, or give --live-timeout more seconds, and run the same command again.`,
  );
}

/** Angles from start to end are those of all lines: spread over fewer, each would be wrong. */
function checkAngles(scan: Scan, ending: LiveEnding, lines: number, expected: number | undefined): void {
  const { angles } = scan.config;
  if (expected === undefined || lines >= expected || !("start" in angles)) return;
  const all = anglesOf(angles, expected, scan);
  const { inclusive, start, passes } = angles;
  const end = inclusive ? all[lines - 1]! : start + ((angles.end - start) * lines) / expected;
  const how = ending === "stopped" ? "was stopped" : "ended";
  const part = `angles: {start: ${start}, end: ${Number(end.toFixed(6))}${inclusive ? ", inclusive: true" : ""}}`;
  throw new InputError(
    "live-scan-short",
    `${scan.path}: the scan ${how} with ${lines} of ${expected} lines, and its angles, ${start} to ${angles.end} degrees, are those of all ${expected}. ` +
      `To go on with these lines ${passes === 1 ? `set ${part}` : "give angles: {list: [...]}, one for each of them,"} and run again without --live; ` +
      "to go on following run the same command again. Nothing that was reduced is lost.",
  );
}
