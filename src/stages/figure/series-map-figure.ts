/** A series of patterns as an image over time, and beside it, along the same time, what was done to the sample. */
import { scaleLinear } from "d3-scale";
import { axes } from "./axes.ts";
import type { ColourMapName } from "./colour-map.ts";
import {
  type ColourScale,
  colourBar,
  colourBarWidth,
  heatMapImage,
  percentileLimits,
  symmetricLimits,
} from "./heat-map.ts";
import { cut, document, element, text, translate } from "./svg.ts";

export interface SeriesMapSide {
  /** name and unit */
  readonly label: string;
  readonly values: ArrayLike<number>;
  /** where they were taken, on the figure's time */
  readonly time: ArrayLike<number>;
  /** drawn over the line: its values at the patterns */
  readonly marks?: { readonly time: ArrayLike<number>; readonly values: ArrayLike<number> };
}

export interface SeriesMapFigure {
  readonly title: string;
  /** name and unit of the patterns' axis, and its values, ascending */
  readonly x: { readonly label: string; readonly values: ArrayLike<number> };
  /** [pattern] ascending */
  readonly time: { readonly label: string; readonly values: ArrayLike<number> };
  /** how long a pattern stands for, in units of the time; left out: until the next one */
  readonly duration?: number;
  /** [pattern][bin] */
  readonly patterns: readonly ArrayLike<number>[];
  /** name and unit at the colour bar */
  readonly label: string;
  readonly colourMap?: ColourMapName;
  /** colours that diverge from 0 */
  readonly isDifference?: boolean;
  readonly transform?: ColourScale["transform"];
  readonly limits?: readonly [number, number];
  /** left out: all of the axis */
  readonly xLimits?: readonly [number, number];
  readonly sides: readonly SeriesMapSide[];
}

const [LEFT, TOP, WIDTH, HEIGHT, SIDE, GAP] = [74, 34, 440, 420, 150, 26] as const;
const BLUE = "#0072b2";
const ORANGE = "#d55e00";

/** Time runs upwards; what no pattern stands for is grey. */
export function seriesMapFigure(figure: SeriesMapFigure): string {
  const { sides, time } = figure;
  const [from, to] = timeDomain(figure);
  const image = resample(figure, [from, to]);
  const scale: ColourScale = {
    colourMap: figure.colourMap ?? (figure.isDifference ? "difference" : "viridis"),
    transform: figure.transform ?? "linear",
    limits:
      figure.limits ?? (figure.isDifference ? symmetricLimits(image.values) : percentileLimits(image.values, 1, 99.5)),
  };
  const barX = LEFT + WIDTH + sides.length * (SIDE + GAP) + 16;
  const width = barX + colourBarWidth(scale) + 8;
  return document(
    width,
    TOP + HEIGHT + 54,
    text(cut(figure.title, width - LEFT, 13), { x: LEFT, y: 22, "font-size": 13 }),
    element(
      "g",
      { transform: translate(LEFT, TOP) },
      heatMapImage(image, scale, WIDTH, HEIGHT, true),
      axes(
        { domain: image.xDomain, label: figure.x.label },
        { domain: [from, to], label: time.label },
        { width: WIDTH, height: HEIGHT },
      ),
    ),
    ...sides.map((side, k) =>
      element("g", { transform: translate(LEFT + WIDTH + GAP + k * (SIDE + GAP), TOP) }, drawSide(side, [from, to])),
    ),
    colourBar(scale, figure.label, barX, TOP, HEIGHT),
  );
}

/** Patterns, and what happened beside them before the first and after the last one. */
function timeDomain({ time, sides }: SeriesMapFigure): [number, number] {
  const all = [time.values, ...sides.map((side) => side.time)].flatMap((values) => [
    values[0]!,
    values[values.length - 1]!,
  ]);
  return [Math.min(...all), Math.max(...all)];
}

interface Resampled {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float64Array;
  readonly xDomain: readonly [number, number];
}

/** On an even grid of time: a row for each pixel, of the pattern that stands for its moment. */
function resample(figure: SeriesMapFigure, [from, to]: readonly [number, number]): Resampled {
  const { x, xLimits } = figure;
  const inside = Array.from({ length: x.values.length }, (_, i) => i).filter(
    (i) => !xLimits || (x.values[i]! >= xLimits[0] && x.values[i]! <= xLimits[1]),
  );
  const cols = inside.length;
  const values = new Float64Array(HEIGHT * cols).fill(Number.NaN);
  for (let row = 0; row < HEIGHT; row++) {
    const pattern = patternAt(figure, from + ((row + 0.5) / HEIGHT) * (to - from));
    if (pattern) for (let k = 0; k < cols; k++) values[row * cols + k] = pattern[inside[k]!]!;
  }
  const ends = [x.values[inside[0] ?? 0]!, x.values[inside[cols - 1] ?? x.values.length - 1]!] as const;
  return { rows: HEIGHT, cols, values, xDomain: ends };
}

function patternAt({ time, duration, patterns }: SeriesMapFigure, moment: number): ArrayLike<number> | undefined {
  const starts = time.values;
  let k = -1;
  while (k + 1 < starts.length && starts[k + 1]! <= moment) k++;
  if (k < 0) return undefined;
  const usual =
    starts.length > 1 ? (starts[starts.length - 1]! - starts[0]!) / (starts.length - 1) : Number.POSITIVE_INFINITY;
  const until = starts[k]! + (duration ?? (k + 1 < starts.length ? starts[k + 1]! - starts[k]! : usual));
  return moment <= until ? patterns[k] : undefined;
}

function drawSide({ label, values, time, marks }: SeriesMapSide, domain: readonly [number, number]): string {
  const range = widened(values);
  const across = scaleLinear(range, [0, SIDE]);
  const up = scaleLinear(domain, [HEIGHT, 0]);
  let path = "";
  let pen = "M";
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) {
      pen = "M";
      continue;
    }
    path += `${pen}${across(values[i]!).toFixed(1)},${up(time[i]!).toFixed(1)}`;
    pen = "L";
  }
  const dots = Array.from(marks?.values ?? []).map((value, i) =>
    Number.isFinite(value)
      ? element("circle", { cx: across(value), cy: up(marks!.time[i]!), r: 2.2, fill: ORANGE })
      : "",
  );
  const ticks = across.ticks(3).map((value) => ({ at: across(value), label: across.tickFormat(3)(value) }));
  return (
    element("path", { d: path || "M0,0", fill: "none", stroke: BLUE, "stroke-width": 1.2 }) +
    dots.join("") +
    axes({ domain: range, label, ticks }, { domain, label: "", ticks: [] }, { width: SIDE, height: HEIGHT })
  );
}

function widened(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (values[i]! < low) low = values[i]!;
    if (values[i]! > high) high = values[i]!;
  }
  if (!Number.isFinite(low)) return [0, 1];
  const margin = high > low ? 0.06 * (high - low) : Math.abs(low) * 1e-3 || 1;
  return [low - margin, high + margin];
}
