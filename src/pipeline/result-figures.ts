/** Figures of what a result file holds: maps, stacks, patterns. */
import {
  AXIS_LABELS,
  AXIS_UNITS,
  type Axis,
  type AxisUnit,
  convertAxis,
  InputError,
  type Pattern,
  STATUS,
} from "../data/index.ts";
import type { Result, ResultAxisValues } from "../files/result-reader.ts";
import {
  COLOUR_MAPS,
  type ColourMapName,
  imageFigure,
  type MapFigure,
  mapFigure,
  mapPanel,
  type PatternFigure,
  patternFigure,
  percentileLimits,
  weightedLimits,
} from "../stages/figure/index.ts";
import type { RefinementResult } from "../stages/refine/index.ts";

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
  const values = meanOverBins(result, name, [rows, cols], [from, to]);
  return { ...common, values, title: `${withoutUnit(entry!.longName)}${describeBins(binAxis!, from, to)}` };
}

/** Values held at once, so that a volume of any size can be drawn. */
const AT_ONCE = 16e6;

/** [rows x cols] mean over the bins that have a value. */
function meanOverBins(
  result: Result,
  name: string,
  [rows, cols]: readonly [number, number],
  [from, to]: readonly [number, number],
): Float64Array {
  const sum = new Float64Array(rows * cols);
  const count = new Float64Array(rows * cols);
  const step = Math.max(1, Math.floor(AT_ONCE / (rows * cols)));
  for (let first = from; first < to; first += step) {
    const width = Math.min(step, to - first);
    const slab = result.readArray(name, [0, 0, first], [rows, cols, width]);
    for (let at = 0, i = 0; at < sum.length; at++) {
      let [total, finite] = [sum[at]!, count[at]!];
      for (const end = i + width; i < end; i++) {
        const value = slab[i]!;
        if (!Number.isFinite(value)) continue;
        total += value;
        finite++;
      }
      sum[at] = total;
      count[at] = finite;
    }
  }
  return sum.map((value, i) => value / count[i]!);
}

/** Titles of datasets end with the unit, which the figure says at the colour bar. */
const withoutUnit = (longName: string): string => longName.replace(/ \([^()]*\)$/, "");

function describeBins({ name, values }: ResultAxisValues, from: number, to: number): string {
  if (values.length === 1) return "";
  const { label, unit } = AXIS_LABELS[axisUnitOf(name)];
  const value = (bin: number): string => String(Number(values[bin]!.toPrecision(5)));
  const range = to - from > 1 ? `${value(from)} to ${value(to - 1)}` : value(from);
  return `, ${label} ${range}${unit ? ` ${unit}` : ""}`;
}

/** The figure that suits what the name stands for. */
export function figureOf(result: Result, name: string, options: FigureOptions = {}): string {
  const entry = result.list().find((candidate) => candidate.name === name);
  if (entry?.shape.length === 1) return figureOfPattern(result, name, entry.longName);
  const image = readImage(result, name, options.bins);
  return image.axes[0].name === "y"
    ? mapFigure(asMapFigure(result, name, image, options))
    : sinogramFigure(result.title, image, options);
}

/** A pattern, with its calculated one where there is one, and ticks of the phases or of the peaks that were mapped. */
function figureOfPattern(result: Result, name: string, longName: string): string {
  const ofScan = result.title ? `${result.title}: ` : "";
  const { axis, intensity } = readPatternOf(result, name);
  const common = { title: `${ofScan}${withoutUnit(longName)}`, axis, observed: intensity, ordinate: "sqrt" as const };
  const refined = name === "map/summed_pattern" ? refinedMean(result, axis) : undefined;
  return patternFigure({ ...common, ticks: fittedPeaks(result), ...refined });
}

/** What the refinement of the mean pattern left: its curve on the bins that were fitted, reflections, figures of merit. */
function refinedMean(result: Result, axis: Axis): Partial<PatternFigure> | undefined {
  const calculated = "map/summed_pattern_calculated";
  const note = result.readNote("map/refinement");
  if (note === undefined || !result.list().some(({ name }) => name === calculated)) return undefined;
  const { phases, statistics, wavelengthA } = JSON.parse(note) as RefinementResult;
  const curve = Float64Array.from(result.readArray(calculated));
  const fitted = [...curve.keys()].filter((bin) => Number.isFinite(curve[bin]!));
  const ends = [axis.values[fitted[0]!]!, axis.values[fitted.at(-1)!]!] as const;
  return {
    // bins that were left out have no difference
    calculated: curve,
    range: [Math.min(...ends), Math.max(...ends)],
    ticks: phases.map(({ name, reflections }) => ({
      name,
      positions: [
        ...convertAxis(
          reflections.flatMap(({ twoThetaDeg }) => (twoThetaDeg > 0 ? [twoThetaDeg] : [])),
          "two-theta",
          axis.unit,
          { wavelengthA },
        ),
      ],
    })),
    notes: [`Rwp ${(100 * statistics.rwp).toFixed(2)} %`, `GoF ${statistics.gof.toFixed(2)}`],
  };
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
  const symbol = name.split("/").at(-1)!;
  const [, x] = image.axes;
  const voxelMm = x.unit === "mm" && x.values.length > 1 ? x.values[1]! - x.values[0]! : undefined;
  const isMap = name.startsWith("map/");
  const area = isMap ? areaBehind(result, name) : undefined;
  const isShare = symbol === "weight_fraction";
  const shown = trusted(result, name, image.values, area);
  const power = symbol === "scale" && !options.limits ? powerOfTen(shown) : 0;
  const values = shown.map((value) => (isShare ? 100 * value : value / 10 ** power));
  const limits = options.limits ?? limitsOf(name, values, area);
  const ofScan = result.title ? `${result.title}: ` : "";
  return {
    rows: image.rows,
    cols: image.cols,
    values,
    title: `${ofScan}${isMap ? titleOfMap(name) : image.title}`,
    label: withUnit(
      LABELS[symbol] ?? (symbol === "data" ? quantityOf(image) : symbol.replaceAll("_", " ")),
      isShare ? "wt%" : power ? `10${superscript(power)}` : image.unit,
    ),
    ...(voxelMm !== undefined && { voxelMm }),
    ...colours(options),
    ...(limits && { limits }),
  };
}

/** Fits of noise do not set the range of places, widths and cells; amounts start at 0. */
function limitsOf(
  name: string,
  values: Float64Array,
  area: Float64Array | undefined,
): readonly [number, number] | undefined {
  // the variance of a position or width goes with one over the area squared
  if (area)
    return weightedLimits(
      values,
      area.map((value) => value * value),
    );
  return /\/(weight_fraction|scale)$/.test(name) ? [0, percentileLimits(values, 1, 99)[1] || 1] : undefined;
}

/** Numbers that need many zeros are drawn without them: the power of ten goes to the label. */
function powerOfTen(values: Float64Array): number {
  const power = Math.floor(Math.log10(Math.abs(percentileLimits(values, 1, 99)[1])));
  return Number.isFinite(power) && (power < -2 || power > 4) ? power : 0;
}
const superscript = (power: number): string =>
  [...`${power}`].map((digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]!)).join("");

/** map/Cu/111/fwhm is "Cu 111 FWHM" */
function titleOfMap(name: string): string {
  const parts = name.replace(/^map\//, "").split("/");
  const names = parts.slice(0, -1).filter((part, i, all) => part !== all[i - 1]);
  return [...names, LABELS[parts.at(-1)!] ?? parts.at(-1)!].join(" ").replaceAll("_", " ");
}

const quantityOf = ({ title }: ResultImage): string => (/absorption/.test(title) ? "absorption" : "intensity");

/** [y, x] scale of the phase, or area of the peak or of all its peaks, that a position, width or lattice parameter comes from. */
function areaBehind(result: Result, name: string): Float64Array | undefined {
  if (/\/(area|background|residual|gof|lattice_gof|rwp|scale|weight_fraction)$/.test(name)) return undefined;
  const parent = name.slice(0, name.lastIndexOf("/") + 1);
  const areas = result
    .list()
    .filter(({ name }) => name === `${parent}scale` || (name.startsWith(parent) && name.endsWith("/area")));
  if (areas.length === 0) return undefined;
  const sum = new Float64Array(result.readArray(areas[0]!.name).length);
  for (const { name: area } of areas)
    result.readArray(area).forEach((value, i) => {
      if (value > 0) sum[i] = sum[i]! + value;
    });
  return sum;
}

/** Below this share of the area of the strong voxels (the 95th percentile) a peak's place and width are not drawn. */
const LEAST_AREA = 0.05;

/**
 * What is drawn: converged fits, with enough area behind them. An area without signal, or with its width at a bound,
 * is a number all the same, and stays.
 */
function trusted(result: Result, name: string, values: Float64Array, area: Float64Array | undefined): Float64Array {
  if (!result.list().some((entry) => entry.name === `${name}_status`)) return values;
  const status = result.readArray(`${name}_status`);
  const drawn: number[] = /\/(area|scale|weight_fraction)$/.test(name)
    ? [STATUS.converged, STATUS.noSignal, STATUS.atBound]
    : [STATUS.converged];
  const least = area
    ? LEAST_AREA *
      percentileLimits(
        area.filter((value) => value > 0),
        5,
        95,
      )[1]
    : 0;
  return values.map((value, i) =>
    drawn.includes(status[i]!) && (area?.[i] ?? Number.POSITIVE_INFINITY) >= least ? value : Number.NaN,
  );
}

const withUnit = (name: string, unit: string): string => (unit ? `${name} (${unit})` : name);
const LABELS: Readonly<Record<string, string>> = {
  gof: "goodness of fit",
  lattice_gof: "lattice, goodness of fit",
  fwhm: "FWHM",
  eta: "η",
  rwp: "Rwp",
  weight_fraction: "weight fraction",
};

function sinogramFigure(scan: string, image: ResultImage, options: FigureOptions): string {
  const { rows, cols, values, unit, title, axes } = image;
  const [y, x] = axes;
  const domain = ({ values }: ResultAxisValues): [number, number] => [values[0]!, values.at(-1)!];
  return imageFigure({
    rows,
    cols,
    values,
    title: scan ? `${scan}: ${title}` : title,
    label: withUnit(/transmission/.test(title) ? "transmission" : quantityOf(image), unit),
    x: { domain: domain(x), label: withUnit(x.name, x.unit) },
    y: { domain: domain(y), label: y.unit === "deg" ? "ω (°)" : withUnit(y.name, y.unit) },
    ...colours(options),
  });
}

/** @throws InputError "colour-map-unknown" */
function colours({ limits, colourMap }: FigureOptions): {
  limits?: readonly [number, number];
  colourMap?: ColourMapName;
} {
  if (colourMap !== undefined && !Object.hasOwn(COLOUR_MAPS, colourMap)) {
    throw new InputError(
      "colour-map-unknown",
      `There is no colour map "${colourMap}". There are ${Object.keys(COLOUR_MAPS).join(", ")}.`,
    );
  }
  return { ...(limits && { limits }), ...(colourMap && { colourMap: colourMap as ColourMapName }) };
}

/** The radial axis by the name it has in the file. */
export function axisUnitOf(name: string): AxisUnit {
  if (name === "channel") return name;
  return AXIS_UNITS.find((unit) => unit.replace("-", "_") === name) ?? "two-theta";
}

/** Mean over all voxels or points of a stack, a block of bins at a time. @throws InputError "result-name-unknown" */
export function readMeanPattern(result: Result, name: string): Pattern {
  const [, , radial] = result.axes(name);
  const values = radial!.values;
  const [rows, cols] = result.list().find((entry) => entry.name === name)!.shape as [number, number, number];
  const intensity = new Float64Array(values.length);
  const atOnce = 32;
  for (let from = 0; from < values.length; from += atOnce) {
    const width = Math.min(atOnce, values.length - from);
    const slab = result.readArray(name, [0, 0, from], [rows, cols, width]);
    for (let i = 0; i < slab.length; i++) {
      if (Number.isFinite(slab[i]!)) intensity[from + (i % width)]! += slab[i]! / (rows * cols);
    }
  }
  return { axis: { unit: axisUnitOf(radial!.name), values }, intensity };
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

const NOTE = `grey: no converged fit; places, widths and cells also where area or scale is below ${100 * LEAST_AREA} % of the strong`;

/** More maps than this on one page are too small to be read. */
const MOST_ON_A_PAGE = 12;

/** All maps of a result, on one page, or a page for each region where they are many. */
export function mapPages(result: Result, columns = 3): { readonly name: string; readonly svg: string }[] {
  const drawn = new Map(mapNames(result).map((name) => [name, asMapFigure(result, name, readImage(result, name))]));
  // a lattice from as many peaks as it has parameters has no goodness of fit anywhere
  const names = [...drawn.keys()].filter((name) => Array.from(drawn.get(name)!.values).some(Number.isFinite));
  if (names.length === 0) return [];
  const apart = names.filter(isOfParallax);
  const rest = names.filter((name) => !isOfParallax(name));
  const regions = [
    ...(rest.length > MOST_ON_A_PAGE ? [...new Set(rest.flatMap(pagesOf))] : [undefined]),
    ...(apart.length > 0 ? [PARALLAX_PAGE] : []),
  ];
  return regions.flatMap((region) => {
    const ofRegion =
      region === PARALLAX_PAGE ? apart : rest.filter((name) => region === undefined || pagesOf(name).includes(region));
    const pages = Math.ceil(ofRegion.length / MOST_ON_A_PAGE);
    return Array.from({ length: pages }, (_, page) => {
      const shown = ofRegion.slice(page * MOST_ON_A_PAGE, (page + 1) * MOST_ON_A_PAGE);
      const maps = shown.map((name) => ({ ...drawn.get(name)!, title: titleOfMap(name) }));
      const part = pages > 1 ? `-${page + 1}` : "";
      const file = region === undefined ? "maps" : `maps-${region.replace(/[^\w.+-]+/g, "_")}`;
      return { name: `${file}${part}`, svg: mapPanel(maps, Math.min(columns, maps.length), result.title, NOTE) };
    });
  });
}

/** What parallax did, and maps without it: on a page of their own. */
const PARALLAX_PAGE = "parallax";
const isOfParallax = (name: string): boolean => /\/parallax_shift$|_parallax_corrected$/.test(name);

/** Weight fractions of all phases are on a page of their own, and each on that of its phase. */
function pagesOf(name: string): string[] {
  const [, region, ...rest] = name.split("/");
  if (rest.length === 0) return ["fit"];
  return rest[0] === "weight_fraction" ? ["weight_fractions", region!] : [region!];
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
        !/\/(background|eta)$|^map\/background\//.test(name) &&
        !(name.endsWith("/position") && has.has(name.replace(/position$/, "d"))),
    )
    .map(({ name }) => name);
}
