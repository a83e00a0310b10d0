/**
 * Scans in the layout in which PETRA III P07 publishes diffraction tomography: one HDF5 file for each projection,
 * `xrd_<name>_data_000001.h5` with `/data` [translation, bin] and `/q` (1-based), and beside it
 * `<name>_cnt_00000.nxs` (0-based) with the beam monitor and the transmitted beam.
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Axis, InputError } from "../data/index.ts";
import { isMachineFault } from "../data/machine-fault.ts";
import { openHdf5 } from "./hdf5.ts";
import { findAxis, readAxis } from "./hdf5-axis.ts";

/** A scan of patterns in files, one an angle. */
export interface PatternScan {
  /** what to call it in messages */
  readonly name: string;
  readonly angles: number;
  readonly translations: number;
  readonly axis: Axis;
  /** [angle] degrees; undefined where neither the files nor the options say */
  readonly omegaDeg?: Float64Array;
  /** [angle, translation] beam monitor; NaN where a counter file is missing */
  readonly monitor?: Float64Array;
  /** [angle, translation] beam behind the sample, in the units of the detector that counted it */
  readonly transmitted?: Float64Array;
  /** lines whose file is absent or unreadable; readLine gives NaN for them. A line may be added while reading. */
  readonly missing: readonly MissingLine[];
  /** the file of each line, for provenance; "" where there is none */
  readonly files: readonly string[];
  /** [translation, bin] of one angle, in the order of the file */
  readLine(angle: number): Promise<Float32Array>;
}

export interface MissingLine {
  readonly angle: number;
  readonly path: string;
  readonly reason: string;
}

/** Where a scan in the P07 layout may deviate from it. */
export interface P07Options {
  /** degrees of the first line; 0 where only the step or the end is given */
  readonly omegaStartDeg?: number;
  readonly omegaStepDeg?: number;
  /** degrees of the last line, inclusive */
  readonly omegaEndDeg?: number;
  /** how many lines the scan has and the number of its first file; needed only where files at an end are missing
   * and no counter files tell */
  readonly angles?: number;
  readonly firstNumber?: number;
  /** dataset names, where they are not `/data` and `/q` or `/tth` */
  readonly dataset?: string;
  readonly axisDataset?: string;
  readonly monitorDataset?: string;
  readonly transmittedDataset?: string;
}

interface Numbered {
  readonly path: string;
  readonly number: number;
}

const MONITOR = "entry/data/value1";
const TRANSMITTED = "entry/data/value2";

/**
 * Opens a scan of one HDF5 file of patterns an angle, with counters beside them.
 *
 * @param source the folder, or a pattern in it with one `*` (`scan/xrd_cell_data_*.h5`)
 * @throws InputError "p07-no-files" | "p07-several-scans" | "p07-nothing-readable"
 */
export async function openP07Scan(source: string, options: P07Options = {}): Promise<PatternScan> {
  const { folder, data, counters } = findFiles(source);
  const { first, angles, shift } = numbering(data, counters, options);
  const missing: MissingLine[] = [];
  const lines: (Line | undefined)[] = [];
  const files: string[] = [];
  const byNumber = new Map(data.map((file) => [file.number, file.path]));
  let shape: ScanShape | undefined;
  for (let angle = 0; angle < angles; angle++) {
    const path = byNumber.get(first + angle);
    files.push(path ?? "");
    const line = path ? await openLine(path, options) : { reason: "there is no file of this number" };
    const reason = "reason" in line ? line.reason : differs(shape, line);
    if (reason !== undefined) missing.push({ angle, path: path ?? numberedPath(data[0]!, first + angle), reason });
    else shape ??= line as Line;
    lines.push(reason === undefined ? (line as Line) : undefined);
  }
  if (!shape) {
    throw new InputError(
      "p07-nothing-readable",
      `None of the ${data.length} files ${basename(data[0]!.path)} ... in ${folder} can be read: ${missing[0]!.reason}`,
    );
  }
  const { translations, axis } = shape;
  const omegaDeg = angleList(angles, options);
  const counts = await readCounters(counters, shift - first, angles, translations, options);
  return {
    name: join(folder, basename(data[0]!.path)),
    angles,
    translations,
    axis,
    files,
    missing,
    ...(omegaDeg ? { omegaDeg } : {}),
    ...counts,
    async readLine(angle) {
      const line = lines[angle];
      const empty = () => new Float32Array(translations * axis.values.length).fill(Number.NaN);
      if (!line) return empty();
      try {
        return await readLineData(line);
      } catch (error) {
        if (!(error instanceof InputError) || isMachineFault(error)) throw error;
        lines[angle] = undefined;
        missing.push({ angle, path: line.path, reason: error.message });
        return empty();
      }
    },
  };
}

/**
 * The data files that are there, in the order of their numbers; none where there is none yet.
 *
 * @throws InputError "p07-several-scans"
 */
export function findP07Lines(source: string): readonly { readonly path: string; readonly number: number }[] {
  try {
    return findFiles(source).data;
  } catch (error) {
    if (error instanceof InputError && error.code === "p07-no-files") return [];
    throw error;
  }
}

/** One line by itself, of a scan whose files are not all there: [translation, bin], or why it cannot be read. */
export async function readP07Line(
  path: string,
): Promise<
  { readonly axis: Axis; readonly translations: number; readonly intensity: Float32Array } | { readonly reason: string }
> {
  const line = await openLine(path, {});
  if ("reason" in line) return line;
  try {
    return { axis: line.axis, translations: line.translations, intensity: await readLineData(line) };
  } catch (error) {
    if (error instanceof InputError) return { reason: error.message };
    throw error;
  }
}

interface ScanShape {
  readonly translations: number;
  readonly axis: Axis;
}

interface Line extends ScanShape {
  readonly path: string;
  readonly dataset: string;
  /** [bin, translation] in the file */
  readonly isTransposed: boolean;
}

async function openLine(path: string, options: P07Options): Promise<Line | { reason: string }> {
  try {
    const file = await openHdf5(path);
    try {
      const dataset = file.needDataset(options.dataset ?? "data");
      const [a, b, ...more] = dataset.shape ?? [];
      if (a === undefined || b === undefined || more.length > 0) {
        return { reason: `/${dataset.path} is [${dataset.shape?.join(", ")}], not [translation, bin]` };
      }
      const axisPath = options.axisDataset ?? findAxis(file, "");
      if (!axisPath) return { reason: "there is no axis /q or /tth" };
      const axis = readAxis(file, axisPath);
      const bins = axis.values.length;
      if (a === bins && b === bins) return { path, dataset: dataset.path, isTransposed: false, translations: a, axis };
      if (b === bins) return { path, dataset: dataset.path, isTransposed: false, translations: a, axis };
      if (a === bins) return { path, dataset: dataset.path, isTransposed: true, translations: b, axis };
      return { reason: `/${dataset.path} is [${a}, ${b}], and its axis has ${bins} bins` };
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof InputError && !isMachineFault(error)) return { reason: error.message };
    throw error;
  }
}

function differs(shape: ScanShape | undefined, line: Line): string | undefined {
  if (!shape) return undefined;
  if (line.translations !== shape.translations) {
    return `it has ${line.translations} translations, the first line has ${shape.translations}`;
  }
  const [a, b] = [line.axis.values, shape.axis.values];
  const isSame = a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) <= 1e-9 * Math.abs(value));
  return isSame ? undefined : "its axis is not that of the first line";
}

async function readLineData({ path, dataset, isTransposed, translations, axis }: Line): Promise<Float32Array> {
  const file = await openHdf5(path);
  try {
    const values = file.read(dataset);
    const bins = axis.values.length;
    if (!isTransposed) return values instanceof Float32Array ? values : Float32Array.from(values);
    const out = new Float32Array(values.length);
    for (let t = 0; t < translations; t++) {
      for (let bin = 0; bin < bins; bin++) out[t * bins + bin] = values[bin * translations + t]!;
    }
    return out;
  } finally {
    file.close();
  }
}

/** Every file that may belong to a scan in this folder or pattern: data and counters; [] where there is no folder. */
export function filesOfP07(source: string): string[] {
  const folder = existsSync(source) && statSync(source).isDirectory() ? source : dirname(source);
  if (!existsSync(folder)) return [];
  return [...numberedGroups(folder)]
    .filter(([stem]) => /\.(h5|hdf5|nxs)$/.test(stem))
    .flatMap(([, files]) => files.map(({ path }) => path));
}

/** The numbered data files and counter files of a folder or pattern. */
function findFiles(source: string): { folder: string; data: Numbered[]; counters: Numbered[] } {
  const isFolder = existsSync(source) && statSync(source).isDirectory();
  const folder = isFolder ? source : dirname(source);
  if (!existsSync(folder)) throw new InputError("p07-no-files", `There is no folder ${folder}. Check the path.`);
  const groups = numberedGroups(folder);
  const counters = [...groups].filter(([stem]) => /_cnt_?\*/.test(stem));
  const wanted = isFolder ? undefined : basename(source);
  const data = [...groups].filter(([stem]) =>
    wanted ? stem === wanted : /\*\.(h5|hdf5|nxs)$/.test(stem) && !/_cnt_?\*/.test(stem),
  );
  const named = wanted ? data : data.filter(([stem]) => /^xrd.*_data_\*/.test(stem));
  const candidates = named.length > 0 ? named : data;
  if (candidates.length > 1) {
    throw new InputError(
      "p07-several-scans",
      `${folder} holds ${candidates.length} numbered series: ${candidates.map(([stem, files]) => `${stem} (${files.length} files)`).join(", ")}. Name one, as in ${join(folder, candidates[0]![0])}.`,
    );
  }
  const chosen = candidates[0];
  if (!chosen) {
    const names = readdirSync(folder);
    throw new InputError(
      "p07-no-files",
      `${source} holds no numbered HDF5 files like xrd_cell_data_000001.h5; it has ${names.length} entries${names.length > 0 ? `, the first ${names.sort()[0]}` : ""}. Name the scan's folder, or a pattern with one *.`,
    );
  }
  return { folder, data: chosen[1], counters: chooseCounters(chosen[0], counters) };
}

/** Files of a folder by their name with the last number replaced by *; each group in the order of its numbers. */
function numberedGroups(folder: string): Map<string, Numbered[]> {
  const groups = new Map<string, Numbered[]>();
  for (const name of readdirSync(folder)) {
    const match = /^(.*?)(\d+)(\.\w+)$/.exec(name);
    if (!match) continue;
    const stem = `${match[1]}*${match[3]}`;
    const group = groups.get(stem) ?? [];
    group.push({ path: join(folder, name), number: Number(match[2]) });
    groups.set(stem, group);
  }
  for (const group of groups.values()) group.sort((a, b) => a.number - b.number);
  return groups;
}

/** The counter series of the same name as the data series, or the only one. */
function chooseCounters(stem: string, counters: readonly [string, Numbered[]][]): Numbered[] {
  const name = /^xrd_(.*)_data_\*/.exec(stem)?.[1];
  const chosen = counters.find(([other]) => name !== undefined && other.startsWith(`${name}_cnt`)) ?? counters[0];
  return counters.length === 1 || name !== undefined ? (chosen?.[1] ?? []) : [];
}

function numberedPath(like: Numbered, number: number): string {
  return like.path.replace(/\d+(\.\w+)$/, (all, end: string) => {
    const digits = all.length - end.length;
    return `${String(number).padStart(digits, "0")}${end}`;
  });
}

/** [angle] degrees from start, step and end; the end belongs to the scan (0 to 180 inclusive). */
function angleList(angles: number, options: P07Options): Float64Array | undefined {
  const { omegaStartDeg = 0, omegaStepDeg, omegaEndDeg } = options;
  const step = omegaStepDeg ?? (omegaEndDeg === undefined ? undefined : (omegaEndDeg - omegaStartDeg) / (angles - 1));
  return step === undefined ? undefined : Float64Array.from({ length: angles }, (_, i) => omegaStartDeg + i * step);
}

async function readCounters(
  counters: readonly Numbered[],
  shift: number,
  angles: number,
  translations: number,
  options: P07Options,
): Promise<{ monitor?: Float64Array; transmitted?: Float64Array }> {
  if (counters.length === 0) return {};
  const monitor = new Float64Array(angles * translations).fill(Number.NaN);
  const transmitted = new Float64Array(angles * translations).fill(Number.NaN);
  for (const { path, number } of counters) {
    const angle = number + shift;
    if (angle < 0 || angle >= angles) continue;
    const values = await readCounter(path, options);
    if (values.monitor?.length === translations) monitor.set(values.monitor, angle * translations);
    if (values.transmitted?.length === translations) transmitted.set(values.transmitted, angle * translations);
  }
  const hasAny = (values: Float64Array) => values.some((value) => !Number.isNaN(value));
  return { ...(hasAny(monitor) ? { monitor } : {}), ...(hasAny(transmitted) ? { transmitted } : {}) };
}

/**
 * The lines from the first to the last file of either series, so that data files missing at an end are noticed.
 *
 * `shift` is what to add to a counter file's number for its data file's. Counters are 0-based and data 1-based, but
 * scans were also numbered alike: where both ends of the series agree on a shift, that is it; else the usual 1.
 */
function numbering(
  data: readonly Numbered[],
  counters: readonly Numbered[],
  options: P07Options,
): { first: number; angles: number; shift: number } {
  const [start, end] = [data[0]!.number, data.at(-1)!.number];
  const atStart = start - (counters[0]?.number ?? start);
  const atEnd = end - (counters.at(-1)?.number ?? end);
  const shift = atStart === atEnd && (atStart === 0 || atStart === 1) ? atStart : 1;
  const first = options.firstNumber ?? Math.min(start, counters.length > 0 ? counters[0]!.number + shift : start);
  const last = Math.max(end, counters.length > 0 ? counters.at(-1)!.number + shift : end);
  return { first, angles: options.angles ?? last - first + 1, shift };
}

async function readCounter(
  path: string,
  options: P07Options,
): Promise<{ monitor?: Float64Array | undefined; transmitted?: Float64Array | undefined }> {
  try {
    const file = await openHdf5(path);
    try {
      return {
        monitor: file.numbers(options.monitorDataset ?? MONITOR),
        transmitted: file.numbers(options.transmittedDataset ?? TRANSMITTED),
      };
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof InputError && !isMachineFault(error)) return {};
    throw error;
  }
}
