/** Figures of what a result file holds: maps, stacks, patterns. */
import { AXIS_UNITS, type AxisUnit, InputError, type Pattern, STATUS } from "../data/index.ts";
import type { Result, ResultAxisValues } from "../files/result-reader.ts";
import {
  COLOUR_MAPS,
  type ColourMapName,
  imageFigure,
  type MapFigure,
  mapFigure,
  mapPanel,
  patternFigure,
} from "../stages/figure/index.ts";

export interface FigureOptions {
  /** first and last bin of a stack; its mean over them is drawn */
  readonly bins?: readonly [number, number];
  readonly limits?: readonly [number, number];
  readonly colourMap?: string;
}

/** A small image, from a map or from the mean over a range of bins of a stack. */
export interface ResultImage {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float64Array;
  readonly unit: string;
  readonly title: string;
  readonly axes: readonly [ResultAxisValues, ResultAxisValues];
}

/**
 * @throws InputError "result-name-unknown" | "bins-outside" | "not-an-image"
 */
export function readImage(result: Result, name: string, bins?: readonly [number, number]): ResultImage {
  const entry = result.list().find((candidate) => candidate.name === name);
  const shape = entry?.shape ?? (result.readMap(name) /* throws, naming what there is */ && []);
  const [rows, cols, depth] = shape as readonly number[];
  if (rows === undefined || cols === undefined) {
    throw new InputError(
      "not-an-image",
      `${name} has one dimension and is no image. Export it as csv, xye or npy, or name a map.`,
    );
  }
  const [yAxis, xAxis, binAxis] = result.axes(name);
  const common = { rows, cols, unit: entry!.unit, axes: [yAxis!, xAxis!] as const };
  if (depth === undefined) {
    return { ...common, values: Float64Array.from(result.readArray(name)), title: entry!.longName };
  }
  const [from, to] = bins ?? [0, depth];
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to <= depth && from < to)) {
    throw new InputError(
      "bins-outside",
      `Bins ${from}:${to} of ${name}: it has ${depth} bins, so a range within 0:${depth} is needed.`,
    );
  }
  const slab = result.readArray(name, [0, 0, from], [rows, cols, to - from]);
  const width = to - from;
  const values = Float64Array.from({ length: rows * cols }, (_, i) => {
    let sum = 0;
    for (let bin = 0; bin < width; bin++) sum += slab[i * width + bin]!;
    return sum / width;
  });
  const value = (bin: number): string => binAxis!.values[bin]!.toPrecision(5);
  return {
    ...common,
    values,
    title: `${entry!.longName}, ${binAxis!.name} ${value(from)} to ${value(to - 1)} ${binAxis!.unit}`,
  };
}

/** The figure that suits what the name stands for. */
export function figureOf(result: Result, name: string, options: FigureOptions = {}): string {
  const entry = result.list().find((candidate) => candidate.name === name);
  if (entry?.shape.length === 1) return figureOfPattern(result, name, entry.longName);
  const image = readImage(result, name, options.bins);
  return image.axes[0].name === "y"
    ? mapFigure(asMapFigure(result, name, image, options))
    : sinogramFigure(image, options);
}

/** A pattern, with a row of ticks for each region whose peaks were mapped. */
function figureOfPattern(result: Result, name: string, longName: string): string {
  const { axis, intensity } = readPatternOf(result, name);
  return patternFigure({
    title: `${result.title}: ${longName}`,
    axis,
    observed: intensity,
    ticks: fittedPeaks(result),
    ordinate: "sqrt",
  });
}

/** The middle of each mapped peak's position, by region. */
function fittedPeaks(result: Result): { name: string; positions: number[] }[] {
  const regions = new Map<string, number[]>();
  for (const { name } of result.list()) {
    const [, region] = /^map\/([^/]+)\/[^/]+\/position$/.exec(name) ?? [];
    if (region === undefined) continue;
    const { values, status } = result.readMap(name);
    const good = [...values]
      .filter((value, i) => Number.isFinite(value) && (!status || status[i] === STATUS.converged))
      .sort((a, b) => a - b);
    if (good.length) regions.set(region, [...(regions.get(region) ?? []), good[good.length >> 1]!]);
  }
  return [...regions].map(([name, positions]) => ({ name, positions }));
}

export function asMapFigure(result: Result, name: string, image: ResultImage, options: FigureOptions = {}): MapFigure {
  const symbol = name.split("/").at(-1)!.replaceAll("_", " ");
  const [, x] = image.axes;
  const voxelMm = x.unit === "mm" && x.values.length > 1 ? x.values[1]! - x.values[0]! : undefined;
  return {
    rows: image.rows,
    cols: image.cols,
    values: trusted(result, name, image.values),
    title: `${result.title}: ${name
      .replace(/^map\//, "")
      .replaceAll("/", " ")
      .replaceAll("_", " ")}`,
    label: withUnit(LABELS[symbol] ?? symbol, image.unit),
    ...(voxelMm !== undefined && { voxelMm }),
    ...colours(options),
  };
}

/** Only converged fits are drawn; an area without signal is a number all the same, and stays. */
function trusted(result: Result, name: string, values: Float64Array): Float64Array {
  if (!result.list().some((entry) => entry.name === `${name}_status`)) return values;
  const status = result.readArray(`${name}_status`);
  const isArea = name.endsWith("/area");
  return values.map((value, i) =>
    status[i] === STATUS.converged || (isArea && status[i] === STATUS.noSignal) ? value : Number.NaN,
  );
}

const withUnit = (name: string, unit: string): string => (unit ? `${name} (${unit})` : name);
const LABELS: Readonly<Record<string, string>> = { data: "intensity", gof: "goodness of fit", fwhm: "FWHM" };

function sinogramFigure(
  { rows, cols, values, unit, title, axes: [y, x] }: ResultImage,
  options: FigureOptions,
): string {
  const domain = ({ values }: ResultAxisValues): [number, number] => [values[0]!, values.at(-1)!];
  return imageFigure({
    rows,
    cols,
    values,
    title,
    label: withUnit("intensity", unit),
    x: { domain: domain(x), label: `${x.name} (${x.unit})` },
    y: { domain: domain(y), label: `ω (${y.unit})` },
    ...colours(options),
  });
}

/** @throws InputError "colour-map-unknown" */
function colours({ limits, colourMap }: FigureOptions): {
  limits?: readonly [number, number];
  colourMap?: ColourMapName;
} {
  if (colourMap !== undefined && !(colourMap in COLOUR_MAPS)) {
    throw new InputError(
      "colour-map-unknown",
      `There is no colour map "${colourMap}". There are ${Object.keys(COLOUR_MAPS).join(", ")}.`,
    );
  }
  return { ...(limits && { limits }), ...(colourMap && { colourMap: colourMap as ColourMapName }) };
}

/** The radial axis by the name it has in the file. */
export function axisUnitOf(name: string): AxisUnit {
  return AXIS_UNITS.find((unit) => unit.replace("-", "_") === name) ?? "two-theta";
}

/** A one-dimensional result as a pattern. */
export function readPatternOf(result: Result, name: string): Pattern {
  const intensity = Float64Array.from(result.readArray(name));
  const [axis] = result.axes(name);
  const hasErrors = result.list().some((entry) => entry.name === `${name}_esd`);
  return {
    axis: { unit: axisUnitOf(axis!.name), values: axis!.values },
    intensity,
    ...(hasErrors && { sigma: Float64Array.from(result.readArray(`${name}_esd`)) }),
  };
}

/** All maps of a result on one page: area, position, width, d and what else was fitted. */
export function panelOf(result: Result, names: readonly string[], columns = 3): string {
  return mapPanel(
    names.map((name) => asMapFigure(result, name, readImage(result, name))),
    columns,
  );
}

/** The maps that are worth a look first: not the position where there is a d-spacing. */
export function mapNames(result: Result): string[] {
  const entries = result.list();
  const has = new Set(entries.map(({ name }) => name));
  return entries
    .filter(
      ({ name, shape }) =>
        name.startsWith("map/") &&
        shape.length === 2 &&
        !/_(esd|status)$/.test(name) &&
        !/\/(background|eta)$/.test(name) &&
        !(name.endsWith("/position") && has.has(name.replace(/position$/, "d"))),
    )
    .map(({ name }) => name);
}
