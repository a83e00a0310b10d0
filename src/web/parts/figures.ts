/**
 * What a view shows as an SVG document, by the figure code that `xrdct figure` draws with: the same limits, colours,
 * titles and units on the screen and on paper. The arguments are those of MapPlot and PatternPlot with a title.
 */
import {
  curvesFigure,
  type FigureCurve,
  imageFigure,
  mapFigure,
  type OverlayLine,
  outlinePoints,
  type RgbChannel,
  rgbFigure,
} from "../../stages/figure/index.ts";
import { colourOf } from "./colours.ts";
import type { MapPlotProps, Point } from "./map-plot.tsx";
import type { PatternPlotProps } from "./pattern-plot.tsx";
import type { DrawnShape } from "./shapes.ts";

const SHAPE_COLOUR = "#ff4d6d";

const linesOf = (shapes: readonly DrawnShape[] = []): OverlayLine[] =>
  shapes.map(({ shape, colour = SHAPE_COLOUR, label }) => ({
    points: outlinePoints(shape),
    colour,
    width: 1.8,
    ...(label !== undefined && { label }),
  }));

/** The middle of the element that a point is in. */
const middleOf = ({ x, y }: Point): [number, number] => [Math.floor(x) + 0.5, Math.floor(y) + 0.5];

export interface MapView extends Pick<MapPlotProps, "rows" | "cols" | "limits" | "transform" | "colourMap"> {
  readonly title: string;
  readonly values: ArrayLike<number>;
  /** name and unit on the colour bar, "c (Å)" */
  readonly label: string;
  /** for the scale bar */
  readonly voxelMm?: number;
  readonly shapes?: readonly DrawnShape[];
  readonly cursor?: Point;
}

/** A map or an image of the slice, y up, with scale bar and colour bar. */
export function mapSvg({ shapes, cursor, ...map }: MapView): string {
  return mapFigure({ ...defined(map), lines: linesOf(shapes), ...(cursor && { cross: middleOf(cursor) }) });
}

export interface ImageView extends MapView, Pick<MapPlotProps, "step" | "start" | "isUpsideDown" | "isSquare"> {
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** more lines, in the units of the axes: the trace of a voxel, rings */
  readonly lines?: readonly OverlayLine[];
}

/** An image with axes: a sinogram, a detector frame, a cake. */
export function imageSvg(view: ImageView): string {
  const { rows, cols, step = { x: 1, y: 1 }, start, isUpsideDown, isSquare, xLabel, yLabel } = view;
  const left = start ? start.x - step.x / 2 : 0;
  const bottom = start ? start.y - step.y / 2 : 0;
  const toAxes = ([x, y]: readonly [number, number]): [number, number] => [left + x * step.x, bottom + y * step.y];
  const { title, values, label, limits, transform, colourMap = "viridis", shapes, cursor, lines = [] } = view;
  return imageFigure({
    ...defined({ title, rows, cols, values, label, limits, transform, colourMap }),
    x: { domain: [left, left + cols * step.x], label: xLabel ?? "voxels" },
    y: { domain: [bottom, bottom + rows * step.y], label: yLabel ?? "voxels" },
    rowsUp: !isUpsideDown,
    isSquare: isSquare !== false,
    lines: [...linesOf(shapes).map((line) => ({ ...line, points: line.points.map(toAxes) })), ...lines],
    ...(cursor && { cross: toAxes(middleOf(cursor)) }),
  });
}

/** Angle upwards over translation. `lines` in degrees and mm (or in the units of the axes). */
export const sinogramSvg = (view: Omit<ImageView, "isSquare" | "voxelMm">): string =>
  imageSvg({ xLabel: "translation (steps)", yLabel: "angle (projections)", ...view, isSquare: false });

export interface CurvesView
  extends Pick<PatternPlotProps, "x" | "xLabel" | "yLabel" | "curves" | "ordinate" | "ticks" | "range" | "xLimits"> {
  readonly title: string;
}

/** Curves with their names, the phases' ticks and the range that is chosen. */
export function patternSvg({ curves, ticks = [], ...view }: CurvesView): string {
  return curvesFigure({
    ...defined(view),
    curves: curves.map((curve, i) => ({ ...defined(curve), colour: curve.colour ?? colourOf(i) })),
    ticks: ticks.map((row, i) => ({ ...row, colour: row.colour ?? colourOf(i + 1) })),
  });
}

/** Along a line across the image; the curves' errors are drawn as bars. */
export const profileSvg = patternSvg;

export interface HistogramView {
  readonly title: string;
  /** name and unit of the quantity */
  readonly xLabel: string;
  /** left out: "voxels" */
  readonly yLabel?: string;
  /** [n + 1] ascending */
  readonly edges: ArrayLike<number>;
  readonly series: readonly { readonly name: string; readonly counts: ArrayLike<number>; readonly colour?: string }[];
  readonly isLog?: boolean;
  /** the part that is brushed */
  readonly range?: readonly [number, number];
}

export function histogramSvg({ edges, series, isLog, yLabel = "voxels", ...view }: HistogramView): string {
  return curvesFigure({
    ...defined(view),
    x: edges,
    yLabel,
    ordinate: isLog ? "log" : "linear",
    curves: series.map(({ name, counts, colour }, i) => ({
      name,
      values: counts,
      colour: colour ?? colourOf(i),
      style: "steps",
    })),
  });
}

export interface RgbView extends Pick<MapView, "title" | "rows" | "cols" | "voxelMm" | "shapes" | "cursor"> {
  /** [row, col, 3], row 0 the lowest */
  readonly rgb: Uint8Array;
  readonly channels: readonly RgbChannel[];
}

/** Maps as red, green and blue, with what each colour stands for. */
export const rgbSvg = ({ shapes, cursor, ...view }: RgbView): string =>
  rgbFigure({ ...defined(view), lines: linesOf(shapes), ...(cursor && { cross: middleOf(cursor) }) });

export interface ScatterView {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** [point] NaN: left out */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** draw the line on which both are equal */
  readonly hasIdentity?: boolean;
}

/** A point for each voxel that has both. */
export function scatterSvg({ title, xLabel, yLabel, x, y, hasIdentity }: ScatterView): string {
  const both = Array.from(x, (_, i) => i).filter((i) => Number.isFinite(x[i]!) && Number.isFinite(y[i]!));
  const across = Float64Array.from(both, (i) => x[i]!);
  const lo = across.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const hi = across.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const identity: FigureCurve = { name: "equal", x: [lo, hi], values: [lo, hi], colour: "#888888" };
  return curvesFigure({
    title,
    xLabel,
    yLabel,
    x: across,
    curves: [
      { name: "voxels", values: both.map((i) => y[i]!), colour: colourOf(0), style: "points" },
      ...(hasIdentity ? [identity] : []),
    ],
  });
}

/** Without the members that are undefined: the figures tell "left out" from "undefined". */
const defined = <T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
