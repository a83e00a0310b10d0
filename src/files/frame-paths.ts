/** Which files are meant: a file, several, a folder, a pattern with * and ?, or a text file that lists them. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import { InputError } from "../data/index.ts";
import { notReadable } from "./byte-source.ts";
import { assertReachable } from "./confinement.ts";
import type { MissingFrames } from "./frame-source.ts";

/** Endings of files that hold frames; what is in them is then found out from their content. */
const FRAME_ENDING = /\.(cbf|tiff?|edf|npy|mar\d{4}|h5|hdf5?|nxs|nx5)(\.gz)?$/i;
const LIST_ENDING = /\.(txt|lst|list)$/i;

/** frame_2 before frame_10 */
export const inNaturalOrder = new Intl.Collator("en", { numeric: true }).compare;

/**
 * The files that are meant, in the order of the frames: several given paths keep their order; folders and patterns
 * give theirs in natural order (2 before 10).
 *
 * @throws InputError "frames-none" | "frames-mixed" | "file-not-readable" | "path-outside"
 */
export function findFramePaths(given: string | readonly string[]): string[] {
  const paths = (typeof given === "string" ? [given] : given).flatMap(expand);
  if (paths.length === 0) {
    throw new InputError(
      "frames-none",
      "No frames were given. Name a file, a folder, or a pattern such as scan/*.cbf.",
    );
  }
  return paths;
}

/** Whether the files are listed in a text file, and so are meant as they stand, gaps and all. */
export const isList = (given: string | readonly string[]): boolean =>
  typeof given === "string" && LIST_ENDING.test(given);

function expand(path: string): string[] {
  assertReachable(/[*?]/.test(basename(path)) ? dirname(path) : path);
  if (/[*?]/.test(path) && !existsSync(path)) return matchPattern(path);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw notReadable(path, Object.assign(new Error("no such file"), { code: "ENOENT" }));
  if (stats.isDirectory()) return filesOfFolder(path);
  return LIST_ENDING.test(path) ? readList(path) : [path];
}

/** A folder in which files of frames may still appear, and which of its names are meant. */
export interface FrameFolder {
  readonly folder: string;
  readonly accepts: (name: string) => boolean;
}

/** Where a folder or a pattern looks; undefined for lists and single files, which name all there will be. */
export function frameFolder(given: string): FrameFolder | undefined {
  if (/[*?]/.test(given) && !existsSync(given)) {
    const wanted = patternOf(given);
    return { folder: dirname(given), accepts: (name) => wanted.test(name) && !name.startsWith(".") };
  }
  if (!statSync(given, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return { folder: given, accepts: (name) => FRAME_ENDING.test(name) && !name.startsWith(".") };
}

const patternOf = (pattern: string): RegExp =>
  new RegExp(
    `^${basename(pattern)
      .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
  );

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort(inNaturalOrder);
  } catch (error) {
    throw notReadable(folder, error);
  }
}

function filesOfFolder(folder: string): string[] {
  const names = list(folder);
  const frames = names.filter((name) => FRAME_ENDING.test(name) && !name.startsWith("."));
  if (frames.length === 0) {
    throw new InputError(
      "frames-none",
      `${folder}: no frames in this folder (${names.length} other files): needed are files that end in .cbf, .tif, .edf, .npy, .mar2300 or the like, .h5 or .nxs.`,
    );
  }
  const endings = new Map<string, number>();
  for (const name of frames) {
    const ending = FRAME_ENDING.exec(name)![0].toLowerCase();
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  }
  if (endings.size > 1) {
    const found = [...endings].map(([ending, count]) => `${count} ${ending}`).join(", ");
    throw new InputError(
      "frames-mixed",
      `${folder}: files of several kinds (${found}), and only one kind can be the frames. Say which, as ${join(folder, `*${[...endings.keys()][0]}`)}.`,
    );
  }
  return frames.map((name) => join(folder, name));
}

function matchPattern(pattern: string): string[] {
  const folder = dirname(pattern);
  const wanted = patternOf(pattern);
  const found = /[*?]/.test(folder) ? [] : list(folder).filter((name) => wanted.test(name) && !name.startsWith("."));
  if (found.length === 0) {
    throw new InputError(
      "frames-none",
      `${pattern}: no file has such a name. Check the folder and the pattern (* and ? are understood, in the file's name only).`,
    );
  }
  return found.map((name) => join(folder, name));
}

/** One path a line, relative to the list; "#" begins a comment. */
function readList(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw notReadable(path, error);
  }
  const lines = text.split(/\r\n|\r|\n/).map((line) => line.trim());
  const paths = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (paths.length === 0 || text.includes("\0")) {
    throw new InputError("frames-none", `${path}: not a list of frames: needed is one path a line.`);
  }
  return paths.map((line) => (isAbsolute(line) ? line : join(dirname(path), line)));
}

export interface Sequence {
  /** [frame] path of each frame; undefined where its number is missing */
  readonly paths: readonly (string | undefined)[];
  readonly missing: readonly MissingFrames[];
}

/** No scan has gaps as long as this: the numbers mean something else (a time, a temperature). */
const MAX_GAP = 100_000;

/**
 * The frames with their numbers' gaps. Numbers are looked for where names differ in one run of digits only; names
 * that differ in several, or not by one at a time, are taken as they are.
 */
export function findGaps(paths: readonly string[]): Sequence {
  const whole = { paths, missing: [] };
  const numbers = runningNumbers(paths.map((path) => basename(path)));
  if (!numbers) return whole;
  const step = smallestStep(numbers);
  if (step === 0) return whole;
  const last = (numbers.at(-1)! - numbers[0]!) / step;
  if (!numbers.every((n) => Number.isInteger((n - numbers[0]!) / step)) || last - numbers.length > MAX_GAP)
    return whole;
  // steps above one are a rule of naming only where they hold throughout
  if (step > 1 && last + 1 !== numbers.length) return whole;
  const all: (string | undefined)[] = [];
  const missing: MissingFrames[] = [];
  numbers.forEach((n, i) => {
    const index = (n - numbers[0]!) / step;
    if (index > all.length) {
      const before = basename(paths[i - 1]!);
      const reason = `there is no file between ${before} and ${basename(paths[i]!)}`;
      missing.push({ first: all.length, count: index - all.length, reason });
      while (all.length < index) all.push(undefined);
    }
    all.push(paths[i]);
  });
  return { paths: all, missing };
}

function runningNumbers(names: readonly string[]): number[] | undefined {
  if (names.length < 2) return undefined;
  const parts = names.map((name) => name.split(/(\d+)/));
  const first = parts[0]!;
  if (!parts.every((p) => p.length === first.length)) return undefined;
  const differing = first.flatMap((part, k) => (parts.every((p) => p[k] === part) ? [] : [k]));
  if (differing.length !== 1 || differing[0]! % 2 === 0) return undefined;
  const numbers = parts.map((p) => Number(p[differing[0]!]));
  return numbers.every((n, i) => i === 0 || n > numbers[i - 1]!) ? numbers : undefined;
}

function smallestStep(numbers: readonly number[]): number {
  let step = Infinity;
  for (let i = 1; i < numbers.length; i++) step = Math.min(step, numbers[i]! - numbers[i - 1]!);
  return Number.isFinite(step) ? step : 0;
}
