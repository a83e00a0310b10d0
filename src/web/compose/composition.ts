/** What a composed figure consists of: plain JSON, kept in the address and in a file, from which it is drawn again. */
import type {
  ColourMapName,
  ColourScale,
  ComposedCurves,
  ComposedFigure,
  ComposedMap,
  ComposedPanel,
  ComposedRgb,
} from "../../stages/figure/index.ts";
import { COLOUR_MAPS, percentileLimits } from "../../stages/figure/index.ts";
import { rgbPixels } from "../explore/rgb-mix.ts";

interface OfFile {
  /** another result of the folder; left out: the page's */
  readonly file?: string;
  /** left out: what the result calls it */
  readonly title?: string;
  /** columns that it takes; left out: 1 */
  readonly span?: number;
}

export interface MapSpec extends OfFile {
  readonly kind: "map";
  /** a map, or a stack with bins */
  readonly name: string;
  /** [from, to) of a stack: the mean image */
  readonly bins?: readonly [number, number];
  /** on the colour bar; left out: quantity and unit */
  readonly label?: string;
  readonly colourMap?: ColourMapName;
  readonly transform?: ColourScale["transform"];
  /** left out: shared with the maps of the same quantity; "own", or a letter: with the maps of that letter */
  readonly group?: string;
  /** percent of the values of the group; left out: 1 to 99, and amounts from 0 */
  readonly percentiles?: readonly [number, number];
  /** instead of percentiles, in the unit of the colour bar */
  readonly limits?: readonly [number, number];
  /** as far below 0 as above */
  readonly isSymmetric?: boolean;
}

export interface RgbSpec extends OfFile {
  readonly kind: "rgb";
  /** up to three maps: red, green, blue */
  readonly names: readonly string[];
  readonly percentiles?: readonly [number, number];
}

export interface PatternSpec extends OfFile {
  readonly kind: "pattern";
  /** a pattern, or a stack with a voxel */
  readonly name: string;
  readonly voxel?: readonly [y: number, x: number];
  readonly ordinate?: "linear" | "sqrt" | "log";
  readonly xLimits?: readonly [number, number];
  readonly hasTicks?: boolean;
}

export type PanelSpec = MapSpec | RgbSpec | PatternSpec;

/** In voxels of the first map; other maps are cut at the same share of their width and height. */
export type Crop = readonly [x0: number, y0: number, x1: number, y1: number];

export interface Composition
  extends Pick<ComposedFigure, "columns" | "widthMm" | "fontPt" | "letters" | "scaleBars" | "colourBars"> {
  /** left out: the first maps of the result */
  readonly panels?: readonly PanelSpec[];
  readonly title: string;
  readonly note: string;
  /** of voxels without a value */
  readonly background: "grey" | "white" | "transparent";
  /** of the PNG */
  readonly dpi: number;
  /**
   * converged: voxels whose fit did not converge have no value; strong: nor have places, widths and cells of phases of
   * which a voxel holds little, as in the figures of the command line
   */
  readonly fits: "strong" | "converged" | "all";
  readonly crop?: Crop;
}

export const DEFAULTS: Composition = {
  columns: 3,
  widthMm: 180,
  fontPt: 8,
  letters: "lower",
  scaleBars: "one",
  colourBars: "right",
  title: "",
  note: "",
  background: "white",
  dpi: 300,
  fits: "strong",
};

/** An image with all that its drawing needs. */
export interface LoadedImage {
  readonly name: string;
  /** as the result calls it, and its unit */
  readonly title: string;
  readonly unit: string;
  readonly rows: number;
  readonly cols: number;
  readonly values: ArrayLike<number>;
  readonly status?: ArrayLike<number>;
  /** [y, x] scale or area of the phase or peak that the value comes from */
  readonly amount?: ArrayLike<number>;
  readonly voxelMm?: number;
}

export interface LoadedPattern {
  readonly title: string;
  readonly x: ArrayLike<number>;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly values: ArrayLike<number>;
  readonly ticks?: readonly { readonly name: string; readonly positions: readonly number[]; readonly colour: string }[];
}

export type Loaded =
  | { readonly spec: MapSpec; readonly image: LoadedImage }
  | { readonly spec: RgbSpec; readonly images: readonly LoadedImage[] }
  | { readonly spec: PatternSpec; readonly pattern: LoadedPattern };

/** Statuses of src/data/volume.ts that leave an amount a number: converged, no signal, at a bound. */
const AMOUNT_STATUSES = [0, 2, 3];
export const isAmount = (name: string): boolean => /\/(area|scale|weight_fraction)$/.test(name);
const isShare = (name: string): boolean => name.endsWith("/weight_fraction");

/** As in pipeline/result-figures.ts: a share of the amount in the strong voxels (the 95th percentile). */
const LEAST_AMOUNT = 0.05;

/** [y, x] what is drawn: in wt% for weight fractions, NaN where the fit is not to be shown. */
export function drawnValues(
  { name, values, status, amount }: Pick<LoadedImage, "name" | "values" | "status" | "amount">,
  fits: Composition["fits"],
): Float64Array {
  const shown = isAmount(name) ? AMOUNT_STATUSES : [0];
  const factor = isShare(name) ? 100 : 1;
  const weights = fits === "strong" && amount ? Float64Array.from(amount) : undefined;
  const positive = weights && sampled([weights]).filter((one) => one > 0);
  const least = positive ? LEAST_AMOUNT * percentileLimits(positive, 5, 95)[1] : 0;
  // a loop: Float64Array.from takes ten times as long, and a map may have a million voxels
  const out = new Float64Array(values.length).fill(Number.NaN);
  for (let i = 0; i < out.length; i++) {
    if (fits !== "all" && status && !shown.includes(status[i]!)) continue;
    if (weights && !(weights[i]! >= least)) continue;
    out[i] = factor * values[i]!;
  }
  return out;
}

/** "c (Å)", "weight fraction (wt%)" */
export function labelOf({ name, unit }: Pick<LoadedImage, "name" | "unit">): string {
  const symbol = SYMBOLS[name.split("/").at(-1)!] ?? name.split("/").at(-1)!.replaceAll("_", " ");
  const said = isShare(name) ? "wt%" : unit;
  return said ? `${symbol} (${said})` : symbol;
}
const SYMBOLS: Readonly<Record<string, string>> = {
  data: "mean intensity",
  rwp: "Rwp",
  gof: "goodness of fit",
  fwhm: "FWHM",
  mu: "µ",
};

/** Maps with the same key have one colour scale. */
export function groupOf({ name, group, bins }: MapSpec, i: number): string {
  if (group === "own") return `own ${i}`;
  if (group) return `group ${group}`;
  const parts = name.split("/");
  const symbol = parts.at(-1)!;
  // amounts are compared between phases; lattice parameters of different phases are not the same quantity
  const owner = isShare(name) ? "" : parts.slice(1, -1).join("/");
  return `quantity ${owner} ${symbol}${bins ? ` ${bins.join("-")}` : ""}`;
}

/** As in the colour controls: percentiles of more values are taken from a part of them, evenly spaced. */
const SAMPLE = 400_000;

function sampled(arrays: readonly Float64Array[]): Float64Array {
  const length = arrays.reduce((sum, values) => sum + values.length, 0);
  const stride = Math.ceil(length / SAMPLE);
  const out = new Float64Array(arrays.reduce((sum, values) => sum + Math.floor(values.length / stride), 0));
  let at = 0;
  for (const values of arrays)
    for (let i = 0; i < Math.floor(values.length / stride); i++) out[at++] = values[i * stride]!;
  return out;
}

/** What the first map of a group says holds for all of it. */
export function scalesOf(
  maps: readonly { readonly spec: MapSpec; readonly group: string; readonly values: Float64Array }[],
  background: Composition["background"],
): Map<string, ColourScale> {
  const scales = new Map<string, ColourScale>();
  for (const { group, spec } of maps) {
    if (scales.has(group)) continue;
    const { colourMap = "viridis", transform = "linear", percentiles, isSymmetric } = spec;
    const all = sampled(maps.filter((one) => one.group === group).map(({ values }) => values));
    const [lo, hi] = spec.limits ?? percentileLimits(all, ...(percentiles ?? ([1, 99] as const)));
    const most = Math.max(Math.abs(lo), Math.abs(hi));
    const isFromZero = !spec.limits && !percentiles && isAmount(spec.name) && hi > 0;
    const limits = isSymmetric ? ([-most, most] as const) : ([isFromZero ? 0 : lo, hi] as const);
    scales.set(group, { colourMap, transform, limits, noValue: background });
  }
  return scales;
}

interface Cut {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float64Array;
}

/** The part of an image that a crop of the first one leaves. */
export function cutTo(
  image: Cut,
  crop: Crop | undefined,
  first: { readonly rows: number; readonly cols: number },
): Cut {
  if (!crop) return image;
  const { rows, cols, values } = image;
  const [x0, x1] = indices(crop[0], crop[2], first.cols, cols);
  const [y0, y1] = indices(crop[1], crop[3], first.rows, rows);
  const out = new Float64Array((y1 - y0) * (x1 - x0));
  for (let y = y0; y < y1; y++) out.set(values.subarray(y * cols + x0, y * cols + x1), (y - y0) * (x1 - x0));
  return { rows: y1 - y0, cols: x1 - x0, values: out };
}

function indices(from: number, to: number, of: number, length: number): [number, number] {
  const low = Math.max(0, Math.min(length - 1, Math.floor((from / of) * length + 1e-9)));
  return [low, Math.max(low + 1, Math.min(length, Math.ceil((to / of) * length - 1e-9)))];
}

/** The figure, and what each of its scales is. */
export function composeFigure(composition: Composition, loaded: readonly Loaded[]): ComposedFigure {
  const { fits, background, crop, panels: _, dpi: __, ...rest } = composition;
  const maps = loaded.flatMap((one, i) =>
    "image" in one ? [{ i, spec: one.spec, group: groupOf(one.spec, i), values: drawnValues(one.image, fits) }] : [],
  );
  const scales = scalesOf(maps, background);
  const first = loaded.flatMap((one) => ("image" in one ? [one.image] : "images" in one ? one.images : []))[0];
  const drawn = loaded.map((one, i): ComposedPanel => {
    if ("pattern" in one) return curvesPanel(one.spec, one.pattern);
    if ("images" in one) return rgbPanel(one.spec, one.images, composition, first!);
    const { image, spec } = one;
    const map = maps.find((candidate) => candidate.i === i)!;
    return {
      kind: "map",
      ...cutTo({ ...image, values: map.values }, crop, first!),
      title: spec.title ?? image.title,
      label: spec.label ?? labelOf(image),
      scale: scales.get(map.group)!,
      group: map.group,
      ...(image.voxelMm !== undefined && { voxelMm: image.voxelMm }),
    } satisfies ComposedMap;
  });
  const panels = drawn.map((panel, i) => ({ ...panel, span: Number(loaded[i]!.spec.span) || 1 }));
  return { ...rest, panels, isTransparent: background === "transparent" };
}

const RGB = ["red", "green", "blue"] as const;

function rgbPanel(
  { title, percentiles = [1, 99] }: RgbSpec,
  images: readonly LoadedImage[],
  { fits, crop, background }: Composition,
  first: LoadedImage,
): ComposedRgb {
  const drawn = images.map((image) => drawnValues(image, fits));
  const cuts = images.map((image, c) => cutTo({ ...image, values: drawn[c]! }, crop, first));
  const limits = images.map(({ name }, c): [number, number] => {
    const [lo, hi] = percentileLimits(sampled([drawn[c]!]), ...percentiles);
    return [isAmount(name) ? 0 : lo, hi];
  });
  const { rows, cols } = cuts[0]!;
  const channels = cuts.map(({ values }, c) => ({ values, limits: limits[c]!, weight: 1 }));
  const voxelMm = images[0]!.voxelMm;
  return {
    kind: "rgb",
    title: title ?? mixtureTitle(images),
    rows,
    cols,
    rgb: onPaper(rgbPixels(channels, rows * cols, 1), cuts, background),
    channels: images.map((image, c) => ({
      label: channelLabel(image),
      colour: RGB[c]!,
      limits: limits[c]!,
    })),
    ...(voxelMm !== undefined && { voxelMm }),
  };
}

/** "NMC532, Cu, Al": what each colour is of, its quantity is said below the image. */
export const mixtureTitle = (images: readonly Pick<LoadedImage, "name">[]): string =>
  [...new Set(images.map(({ name }) => name.split("/").at(-2)))].join(", ");

/** "Cu (wt%)", "Cu 111 area (counts)": short, as there is little room below an image. */
function channelLabel(image: LoadedImage): string {
  const owner = image.name.split("/").slice(1, -1).join(" ");
  return isShare(image.name) ? `${owner} (wt%)` : `${owner} ${labelOf(image)}`.trim();
}

/** Voxels without any value as those of the maps beside. */
function onPaper(rgb: Uint8Array, cuts: readonly Cut[], background: Composition["background"]): Uint8Array {
  const byte = background === "grey" ? 222 : 255;
  for (let i = 0; i < rgb.length / 3; i++)
    if (cuts.every(({ values }) => !Number.isFinite(values[i]!))) rgb.fill(byte, 3 * i, 3 * i + 3);
  return rgb;
}

function curvesPanel({ title, ordinate, xLimits }: PatternSpec, pattern: LoadedPattern): ComposedCurves {
  const { x, xLabel, yLabel, values, ticks } = pattern;
  return {
    kind: "curves",
    title: title ?? pattern.title,
    figure: {
      title: "",
      x,
      xLabel,
      yLabel,
      curves: [{ name: "pattern", values, colour: "#1b2330" }],
      ...(ordinate && { ordinate }),
      ...(xLimits && { xLimits }),
      ...(ticks && { ticks }),
    },
  };
}

/** What can be printed: least and most of the sizes. */
export const LIMITS = { columns: [1, 8], widthMm: [30, 1000], fontPt: [4, 30], dpi: [72, 768] } as const;

export const within = (value: number, [low, high]: readonly [number, number]): number =>
  Math.max(low, Math.min(high, value));

/** A link or a file may say anything: what is no setting of its kind is as by default, and sizes are kept printable. */
export function sane(given: Readonly<Record<string, unknown>>): Composition {
  const kept: Record<string, unknown> = { ...DEFAULTS };
  for (const [key, usual] of Object.entries(DEFAULTS)) if (typeof given[key] === typeof usual) kept[key] = given[key];
  for (const [key, ends] of Object.entries(LIMITS)) kept[key] = within(Number(kept[key]), ends);
  kept["columns"] = Math.round(kept["columns"] as number);
  const { crop, panels } = given;
  if (Array.isArray(crop) && crop.length === 4 && crop.every(Number.isFinite)) kept["crop"] = crop;
  if (Array.isArray(panels)) kept["panels"] = panels.filter(isPanel);
  return kept as unknown as Composition;
}

/**
 * A composition from the text of its file; what it does not say is as by default.
 *
 * @throws Error in the user's words
 */
export function parseComposition(text: string, name: string): Composition {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    throw new Error(`${name} is no composition: it is not JSON (${(error as Error).message}).`);
  }
  const isObject = given !== null && typeof given === "object" && !Array.isArray(given);
  const panels = isObject ? (given as Composition).panels : undefined;
  if (!isObject || !Array.isArray(panels) || !panels.every(isPanel))
    throw new Error(`${name} is no composition: it has no list "panels" of maps, rgb mixtures or patterns.`);
  return sane(given as Record<string, unknown>);
}

function isPanel(panel: unknown): boolean {
  if (panel === null || typeof panel !== "object") return false;
  const { kind, name, names, colourMap } = panel as Record<string, unknown>;
  if (kind === "rgb") return Array.isArray(names) && names.length > 0 && names.every((one) => typeof one === "string");
  if (colourMap !== undefined && !Object.hasOwn(COLOUR_MAPS, String(colourMap))) return false;
  return (kind === "map" || kind === "pattern") && typeof name === "string";
}
