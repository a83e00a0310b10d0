/** Named curves over one axis: patterns of regions, profiles, distributions as steps, points against points. */
import { scaleLinear, scaleLog, scaleSqrt } from "d3-scale";
import { axes } from "./axes.ts";
import type { Block } from "./print-figure.ts";
import { cut, document, element, text, translate } from "./svg.ts";

export interface FigureCurve {
  readonly name: string;
  /** NaN: a gap */
  readonly values: ArrayLike<number>;
  readonly colour: string;
  /** steps: `x` holds the edges, one more than there are values */
  readonly style?: "line" | "points" | "steps";
  /** standard uncertainties */
  readonly errors?: ArrayLike<number>;
  /** left out: bars */
  readonly errorStyle?: "bars" | "band";
  /** of a line; left out: 1.2 */
  readonly width?: number;
  /** left out: the figure's */
  readonly x?: ArrayLike<number>;
}

export interface CurvesFigure {
  readonly title: string;
  readonly x: ArrayLike<number>;
  /** name and unit */
  readonly xLabel: string;
  readonly yLabel: string;
  readonly curves: readonly FigureCurve[];
  readonly ordinate?: "linear" | "sqrt" | "log";
  /** a row for each phase; positions in units of x */
  readonly ticks?: readonly { readonly name: string; readonly positions: readonly number[]; readonly colour: string }[];
  /** shaded */
  readonly range?: readonly [number, number];
  /** left out: all */
  readonly xLimits?: readonly [number, number];
  readonly yLimits?: readonly [number, number];
  /** left out: curves are named at the right where there are several */
  readonly hasNames?: boolean;
}

const [WIDTH, HEIGHT, LEFT, TOP, LEGEND] = [700, 320, 86, 34, 150] as const;
type Scale = (value: number) => number;

/** An SVG document; curves are named at the right where there are several. */
export function curvesFigure(figure: CurvesFigure): string {
  const cell = curvesCell(figure, { width: WIDTH, height: HEIGHT });
  const heading = text(cut(figure.title, cell.width - LEFT, 13), { x: LEFT, y: 22, "font-size": 13 });
  return document(cell.width, TOP + cell.height, heading, element("g", { transform: translate(0, TOP) }, cell.svg));
}

/** What `curvesCell` needs besides the width of its frame: the ordinate's labels, and names at the right. */
export function curvesRoom(figure: CurvesFigure): number {
  const names = [...namedCurves(figure), ...(figure.ticks ?? [])].map(({ name }) => name.length);
  // a line of 30 and letters of 7, up to what `cut` leaves
  return LEFT + (names.length > 0 ? Math.min(LEGEND, 36 + 7 * Math.max(...names)) : 24);
}

const namedCurves = ({ curves, hasNames = curves.length > 1 }: CurvesFigure): readonly FigureCurve[] =>
  hasNames ? curves : [];

/** The plot with its axes, ticks and names, to be placed in a larger figure; `plot` is the size of its frame. */
export function curvesCell(
  figure: CurvesFigure,
  plot: { readonly width: number; readonly height: number },
): { svg: string; width: number; height: number } {
  const { xLabel, yLabel, curves, ticks = [], range } = figure;
  const { width, height } = plot;
  const domain = figure.xLimits ?? ends([figure.x]);
  const x = scaleLinear(domain, [0, width]);
  const { y, yTicks } = ordinateOf(figure, domain, height);
  const rows = ticks.map((row, i) => tickRow(row, i, x, domain, width));
  const names = namedCurves(figure).map(({ name, colour }, i) => legendEntry(name, colour, i, width));
  const below = height + rows.length * 16;
  const svg = element(
    "g",
    { transform: translate(LEFT, 0) },
    element(
      "svg",
      { width, height, overflow: "hidden" },
      range ? shade(x(range[0]), x(range[1]), height) : "",
      ...curves.map((curve) => draw(curve, curve.x ?? figure.x, x, y, height)),
    ),
    axes({ domain, label: "", ticks: [] }, { domain, label: yLabel, ticks: yTicks }, plot),
    ...names,
    element("g", { transform: translate(0, height + 2) }, ...rows),
    element(
      "g",
      { transform: translate(0, below) },
      axes({ domain, label: xLabel }, { domain, label: "", ticks: [] }, { width, height: 0 }),
    ),
  );
  return { svg, width: width + curvesRoom(figure), height: below + 54 };
}

/** Over the whole width, with a frame of `height`. */
export const curvesBlock =
  (figure: CurvesFigure, height: number): Block =>
  (width) =>
    curvesCell(figure, { width: width - curvesRoom(figure), height });

function ordinateOf(
  { x, curves, ordinate, yLimits }: CurvesFigure,
  [from, to]: readonly [number, number],
  height: number,
): { y: Scale; yTicks: { at: number; label: string }[] } {
  const shown = curves.map((curve) => {
    const at = curve.x ?? x;
    return Float64Array.from(curve.values, (value, i) => {
      const isInside = at[i]! <= to && at[curve.style === "steps" ? i + 1 : i]! >= from;
      return isInside && (ordinate !== "log" || value > 0) ? value : Number.NaN;
    });
  });
  const [lo, hi] = yLimits ?? ends(shown);
  const margin = 0.04 * (hi - lo);
  const isSteps = curves.some(({ style }) => style === "steps");
  const floor = isSteps || (lo >= 0 && ordinate === "sqrt") ? Math.min(0, lo) : lo - margin;
  if (ordinate === "log") {
    const y = scaleLog([lo / 1.3, hi * 1.3], [height, 0]);
    const ticks = y.ticks(6).filter((value) => hi / lo < 20 || Math.abs(Math.log10(value) % 1) < 1e-9);
    return { y, yTicks: ticks.map((value) => ({ at: y(value), label: y.tickFormat(Infinity, "~g")(value) })) };
  }
  const y = (ordinate === "sqrt" ? scaleSqrt : scaleLinear)(yLimits ?? [floor, hi + margin], [height, 0]);
  const count = Math.max(2, Math.min(6, Math.round(height / 40)));
  const format = y.tickFormat(count);
  return { y, yTicks: apart(y.ticks(count).map((value) => ({ at: y(value), label: format(value) }))) };
}

/** Square roots crowd at the top: labels that would touch the one below are left out. */
function apart<T extends { at: number }>(ticks: readonly T[]): T[] {
  const kept: T[] = [];
  for (const tick of ticks) if (kept.length === 0 || kept.at(-1)!.at - tick.at >= 14) kept.push(tick);
  return kept;
}

function ends(curves: readonly ArrayLike<number>[]): [number, number] {
  let [lo, hi] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const curve of curves) {
    for (let i = 0; i < curve.length; i++) {
      if (curve[i]! < lo) lo = curve[i]!;
      if (curve[i]! > hi) hi = curve[i]!;
    }
  }
  if (hi > lo) return [lo, hi];
  return Number.isFinite(lo) ? [lo - Math.abs(lo) * 1e-3 - 1e-9, lo + Math.abs(lo) * 1e-3 + 1e-9] : [1, 2];
}

function draw(
  { values, colour, style, errors, errorStyle, width = 1.2 }: FigureCurve,
  at: ArrayLike<number>,
  x: Scale,
  y: Scale,
  height: number,
): string {
  if (style === "steps") return steps(values, colour, at, x, y, height);
  let path = "";
  let bars = "";
  let pen = "M";
  const band = errors && errorStyle === "band" ? drawBand(values, errors, colour, at, x, y) : "";
  for (let i = 0; i < values.length; i++) {
    const [px, py] = [x(at[i]!), y(values[i]!)];
    if (!Number.isFinite(px) || !Number.isFinite(py)) {
      pen = "M"; // a gap in the data is a gap in the line
      continue;
    }
    path += style === "points" ? `M${px.toFixed(1)},${py.toFixed(1)}h0` : `${pen}${px.toFixed(1)},${py.toFixed(1)}`;
    pen = "L";
    const [low, high] = [y(values[i]! - (errors?.[i] ?? Number.NaN)), y(values[i]! + (errors?.[i] ?? Number.NaN))];
    if (!band && Number.isFinite(low) && Number.isFinite(high))
      bars += `M${px.toFixed(1)},${low.toFixed(1)}V${high.toFixed(1)}`;
  }
  const dots = style === "points" && { "stroke-width": 3, "stroke-linecap": "round", opacity: 0.7 };
  return (
    band +
    element("path", { d: path || "M0,0", fill: "none", stroke: colour, "stroke-width": width, ...dots }) +
    (bars && element("path", { d: bars, fill: "none", stroke: colour, "stroke-width": 0.8, opacity: 0.7 }))
  );
}

/** One standard uncertainty up and down; a gap in the data is a gap in the band. */
function drawBand(
  values: ArrayLike<number>,
  errors: ArrayLike<number>,
  colour: string,
  at: ArrayLike<number>,
  x: Scale,
  y: Scale,
): string {
  const pieces: string[] = [];
  let [upper, lower] = [[] as string[], [] as string[]];
  const close = (): void => {
    if (upper.length > 1) pieces.push(`M${[...upper, ...lower.reverse()].join("L")}Z`);
    [upper, lower] = [[], []];
  };
  for (let i = 0; i < values.length; i++) {
    const [px, high, low] = [x(at[i]!), y(values[i]! + errors[i]!), y(values[i]! - errors[i]!)];
    if (!(Number.isFinite(px) && Number.isFinite(high) && Number.isFinite(low))) {
      close();
      continue;
    }
    upper.push(`${px.toFixed(1)},${high.toFixed(1)}`);
    lower.push(`${px.toFixed(1)},${low.toFixed(1)}`);
  }
  close();
  return pieces.length ? element("path", { d: pieces.join(""), fill: colour, "fill-opacity": 0.2 }) : "";
}

function steps(
  values: ArrayLike<number>,
  colour: string,
  edges: ArrayLike<number>,
  x: Scale,
  y: Scale,
  bottom: number,
): string {
  const top = (value: number): string => {
    const at = y(value);
    return (Number.isFinite(at) ? Math.min(at, bottom) : bottom).toFixed(1);
  };
  let path = `M${x(edges[0]!).toFixed(1)},${bottom}`;
  for (let i = 0; i < values.length; i++) path += `V${top(values[i]!)}H${x(edges[i + 1]!).toFixed(1)}`;
  return element("path", { d: `${path}V${bottom}`, fill: colour, "fill-opacity": 0.25, stroke: colour });
}

const shade = (from: number, to: number, height: number): string =>
  element("rect", { x: from, width: Math.max(1, to - from), height, fill: "#d1495b", "fill-opacity": 0.18 });

const legendEntry = (name: string, colour: string, i: number, left: number): string =>
  element("line", { x1: left + 8, x2: left + 24, y1: 16 * i + 8, y2: 16 * i + 8, stroke: colour, "stroke-width": 2 }) +
  text(cut(name, 114, 11), { x: left + 30, y: 16 * i + 12, "font-size": 11 });

function tickRow(
  { name, positions, colour }: NonNullable<CurvesFigure["ticks"]>[number],
  i: number,
  x: Scale,
  [lo, hi]: readonly [number, number],
  width: number,
): string {
  const inside = positions.filter((position) => position >= lo && position <= hi);
  const d = inside.map((position) => `M${x(position).toFixed(1)},${i * 16 + 2}v10`).join("");
  return (
    element("path", { d: d || "M0,0", stroke: colour }) +
    text(cut(name, 130, 11), { x: width + 8, y: i * 16 + 11, "font-size": 11, fill: colour })
  );
}
