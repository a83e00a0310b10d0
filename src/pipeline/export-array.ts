/** Any array of a result as bytes of the format that is asked for. */
import { type Axis, InputError, type ParameterMap } from "../data/index.ts";
import { formatMapCsv } from "../files/csv.ts";
import { encodeEdf } from "../files/edf.ts";
import { encodeNpy } from "../files/npy.ts";
import { formatPatternCsv, formatXye } from "../files/pattern-text.ts";
import type { Result, ResultEntry } from "../files/result-reader.ts";
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

/**
 * A stack [y, x, bin] as a volume.
 *
 * @throws InputError "not-a-volume" | "result-name-unknown" | "export-too-large"
 */
export function readVolume(
  result: Result,
  name: string,
): { shape: readonly [number, number, number]; axis: Axis; voxelMm: number; data: Float32Array } {
  const entry = entryOf(result, name);
  const [ny, nx, bins] = entry.shape;
  if (ny === undefined || nx === undefined || bins === undefined) {
    throw new InputError(
      "not-a-volume",
      `${name} is ${entry.shape.join(" x ")} and no volume [y, x, bin]. HDF5 export is for volumes such as reconstruct/data.`,
    );
  }
  const [, x, radial] = result.axes(name);
  const data = Float32Array.from(readWhole(result, entry).data);
  const axis: Axis = { unit: axisUnitOf(radial!.name), values: radial!.values };
  return { shape: [ny, nx, bins], axis, voxelMm: x!.unit === "mm" && nx > 1 ? x!.values[1]! - x!.values[0]! : 1, data };
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
