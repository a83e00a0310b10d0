/** Any array of a result as bytes of the format that is asked for. */
import { InputError, type ParameterMap } from "../data/index.ts";
import { formatMapCsv } from "../files/csv.ts";
import { encodeEdf } from "../files/edf.ts";
import type { PatternArray } from "../files/hdf5-patterns.ts";
import { encodeNpy } from "../files/npy.ts";
import { formatPatternCsv, formatXye } from "../files/pattern-text.ts";
import type { Result, ResultAxisValues, ResultEntry } from "../files/result-reader.ts";
import { svgToPng } from "../files/svg-to-png.ts";
import { encodeTiff } from "../files/tiff.ts";
import { axisUnitOf, type FigureOptions, figureOf, readImage, readPatternOf } from "./result-figures.ts";

export interface ExportOptions extends FigureOptions {
  /** pixels of a PNG for one unit of the figure */
  readonly scale?: number;
}

export interface Exported {
  readonly bytes: Uint8Array | string;
  readonly description: {
    readonly name: string;
    readonly shape: readonly number[];
    readonly unit: string;
    readonly summary: string;
  };
}

const FORMATS = ["npy", "csv", "xye", "tif", "tiff", "edf", "png", "svg"] as const;
type Format = (typeof FORMATS)[number];

/** Arrays above this are exported in parts, by a range of bins. */
const MOST_VALUES = 250e6;

/**
 * @param format the ending of the output file
 * @throws InputError "export-format" | "export-too-large" | "result-name-unknown" | "not-a-pattern"
 */
export async function exportArray(
  result: Result,
  name: string,
  format: string,
  options: ExportOptions = {},
): Promise<Exported> {
  if (!(FORMATS as readonly string[]).includes(format)) {
    throw new InputError(
      "export-format",
      `Cannot write "${format || "no ending"}". The output's ending is one of ${FORMATS.join(", ")}, or h5 for a volume.`,
    );
  }
  const entry = entryOf(result, name);
  checkBins(entry, options.bins);
  const bytes = await encode(result, entry, format as Format, options);
  const { shape, unit, longName } = entry;
  return {
    bytes,
    description: {
      name,
      shape,
      unit,
      summary: `${name} (${longName}), ${shape.join(" x ")}${unit ? `, ${unit}` : ""}`,
    },
  };
}

/** @throws InputError "bad-option" */
function checkBins({ name, shape }: ResultEntry, bins: ExportOptions["bins"]): void {
  if (!bins || shape.length !== 3) return;
  const [from, to] = bins;
  if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to <= shape[2]!) return;
  throw new InputError(
    "bad-option",
    `--bins ${from}:${to}: ${name} has the bins 0:${shape[2]}. Give whole numbers within.`,
  );
}

function entryOf(result: Result, name: string): ResultEntry {
  const entries = result.list();
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry) return entry;
  const wanted = name.toLowerCase();
  const close = entries
    .filter((candidate) => candidate.name.toLowerCase().includes(wanted.split("/").at(-1)!))
    .slice(0, 5);
  const hint = close.length ? ` Did you mean ${close.map((candidate) => candidate.name).join(", ")}?` : "";
  throw new InputError("result-name-unknown", `${result.path} has no "${name}".${hint} --list names everything.`);
}

async function encode(
  result: Result,
  entry: ResultEntry,
  format: Format,
  options: ExportOptions,
): Promise<Uint8Array | string> {
  const { name, shape } = entry;
  if (format === "svg") return figureOf(result, name, options);
  if (format === "png") return svgToPng(figureOf(result, name, options), options.scale ?? 2);
  if (format === "npy") return encodeNpy(readWhole(result, entry, options.bins));
  if (format === "xye") return formatXye(patternOf(result, entry), [`${result.title}: ${name}`]);
  if (format === "csv" && shape.length === 1) return formatPatternCsv(patternOf(result, entry));
  const { rows, cols, values, unit, axes } = readImage(result, name, options.bins);
  if (format === "csv") {
    const map: ParameterMap = { name, ny: rows, nx: cols, unit, values };
    const [, x] = axes;
    return formatMapCsv(map, x.unit === "mm" && cols > 1 ? x.values[1]! - x.values[0]! : undefined);
  }
  const frame = { rows, cols, data: Float32Array.from(values), header: { title: name, unit } };
  return format === "edf" ? encodeEdf(frame) : encodeTiff(frame);
}

function patternOf(result: Result, { name, shape }: ResultEntry) {
  if (shape.length === 1) return readPatternOf(result, name);
  throw new InputError(
    "not-a-pattern",
    `${name} has ${shape.length} dimensions and is no single pattern. Export it as npy, or name a pattern such as map/summed_pattern.`,
  );
}

/** The patterns of a stack, to be read by rows, with the axes of its first two dimensions. */
export interface ResultStack extends PatternArray {
  readonly motors: readonly [ResultAxisValues, ResultAxisValues];
}

/**
 * A stack of a result, [y, x, bin] or [angle, translation, bin], for the writers of other layouts.
 *
 * @throws InputError "not-a-volume" | "result-name-unknown"
 */
export function openStack(result: Result, name: string): ResultStack {
  const entry = entryOf(result, name);
  const [slow, fast, bins] = entry.shape;
  if (entry.shape.length !== 3 || slow === undefined || fast === undefined || bins === undefined) {
    throw new InputError(
      "not-a-volume",
      `${name} is ${entry.shape.join(" x ")} and no stack of patterns. Such exports are for reconstruct/data [y, x, bin] or sinogram/data [angle, translation, bin].`,
    );
  }
  const [first, second, radial] = result.axes(name);
  const errors = result.list().find((other) => other.name === `${name}_esd`);
  const rows = (of: string, from: number, count: number): Float32Array =>
    Float32Array.from(result.readArray(of, [from, 0, 0], [count, fast, bins]));
  return {
    name: `${result.path}:${name}`,
    shape: [slow, fast],
    axis: { unit: axisUnitOf(radial!.name), values: radial!.values },
    motors: [first!, second!],
    hasErrors: errors !== undefined,
    read: (from, count = 1) => rows(name, from, count),
    readErrors: (from, count = 1) => (errors ? rows(errors.name, from, count) : undefined),
    close: () => {},
  };
}

function readWhole(result: Result, { name, shape }: ResultEntry, bins?: readonly [number, number]) {
  const [from, to] = bins && shape.length === 3 ? bins : [0, shape.at(-1)!];
  const part = [...shape.slice(0, -1), to - from];
  const count = part.reduce((product, n) => product * n, 1);
  if (count > MOST_VALUES) {
    throw new InputError(
      "export-too-large",
      `${name} has ${count} values, more than the ${MOST_VALUES} that one export holds. Export a range of bins with --bins, or read the HDF5 file itself.`,
    );
  }
  const offset = [...shape.slice(0, -1).map(() => 0), from];
  return { shape: part, data: result.readArray(name, offset, part) };
}
