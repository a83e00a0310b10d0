/** A pattern with its calculated curve, difference and reflection ticks. */
import { scaleLinear, scaleSqrt } from "d3-scale";
import { AXIS_LABELS, type Axis } from "../../data/index.ts";
import { axes } from "./axes.ts";
import { cut, document, element, text, translate } from "./svg.ts";

export interface PatternFigure {
  readonly title: string;
  readonly axis: Axis;
  /** [bin] */
  readonly observed: ArrayLike<number>;
  readonly calculated?: ArrayLike<number>;
  readonly background?: ArrayLike<number>;
  /** standard uncertainties: the difference is then drawn in units of them */
  readonly sigma?: ArrayLike<number>;
  /** part of the axis that is drawn; left out: all */
  readonly range?: readonly [number, number];
  /** lines of text beside the curves: what the fit came to */
  readonly notes?: readonly string[];
  /** rows of ticks below the curve, one for each phase; positions on the axis */
  readonly ticks?: readonly { readonly name: string; readonly positions: readonly number[] }[];
  readonly ordinate?: "linear" | "sqrt";
  readonly intensityLabel?: string;
}

const COLOURS = ["#b2182b", "#2166ac", "#1b7837", "#762a83", "#b35806", "#01665e"] as const;
const WIDTH = 760;
const HEIGHT = 320;
const LEFT = 78;
const TOP = 34;

/** A pattern as SVG: observed, calculated, difference and ticks of reflections over its axis, in the axis' unit. */
export function patternFigure(whole: PatternFigure): string {
  const figure = whole.range ? part(whole, whole.range) : whole;
  const { values, unit } = figure.axis;
  const domain: [number, number] = [values[0]!, values[values.length - 1]!];
  const x = scaleLinear(domain, [0, WIDTH]);
  const [lo, hi] = range([figure.observed, ...(figure.calculated ? [figure.calculated] : [])]);
  const yScale =
    figure.ordinate === "sqrt"
      ? scaleSqrt([Math.max(0, lo), hi], [HEIGHT, 4])
      : scaleLinear([Math.min(0, lo), hi], [HEIGHT, 4]);
  const format = yScale.tickFormat(6);
  const yTicks = yScale.ticks(6).map((value) => ({ at: yScale(value), label: format(value) }));
  const ticks = (figure.ticks ?? []).map((row, i) => tickRow(row, i, x, domain));
  const tickHeight = ticks.length * 16;
  const differenceHeight = figure.calculated ? 70 : 0;
  const parts = [
    text(cut(figure.title, WIDTH, 13), { x: LEFT, y: 22, "font-size": 13 }),
    element(
      "g",
      { transform: translate(LEFT, TOP) },
      curve(values, figure.observed, x, yScale, "black", figure.calculated ? "points" : "line"),
      figure.background ? curve(values, figure.background, x, yScale, "#b35806", "line") : "",
      figure.calculated ? curve(values, figure.calculated, x, yScale, COLOURS[0], "line") : "",
      legend(figure),
      axes(
        { domain, label: "", ticks: [] },
        { domain: [lo, hi], label: figure.intensityLabel ?? "intensity (counts)", ticks: yTicks },
        { width: WIDTH, height: HEIGHT },
      ),
      element("g", { transform: translate(0, HEIGHT + 4) }, ...ticks),
      figure.calculated ? differenceCurve(figure, x, HEIGHT + 8 + tickHeight, differenceHeight) : "",
      abscissa(domain, unit, HEIGHT + tickHeight + differenceHeight + 10),
    ),
  ];
  return document(
    LEFT + WIDTH + (ticks.length || figure.calculated ? 110 : 20),
    TOP + HEIGHT + tickHeight + differenceHeight + 62,
    ...parts,
  );
}

/** The points inside a range of the axis. */
function part(figure: PatternFigure, [low, high]: readonly [number, number]): PatternFigure {
  const { values, unit } = figure.axis;
  const inside = [...values.keys()].filter((i) => values[i]! >= low && values[i]! <= high);
  if (inside.length < 2) return figure;
  const of = (curve: ArrayLike<number>): Float64Array => Float64Array.from(inside, (i) => curve[i]!);
  return {
    ...figure,
    axis: { unit, values: of(values) },
    observed: of(figure.observed),
    ...(figure.calculated && { calculated: of(figure.calculated) }),
    ...(figure.background && { background: of(figure.background) }),
    ...(figure.sigma && { sigma: of(figure.sigma) }),
  };
}

function legend({ calculated, background, notes = [] }: PatternFigure): string {
  if (!calculated) return "";
  const x = WIDTH + 8;
  const entries = [
    { label: "observed", mark: element("circle", { cx: x + 8, cy: 8, r: 2 }) },
    { label: "calculated", mark: line(x, 24, COLOURS[0]) },
    ...(background ? [{ label: "background", mark: line(x, 40, "#b35806") }] : []),
  ];
  const labels = entries.map(
    ({ label, mark }, i) => mark + text(label, { x: x + 22, y: 16 * i + 12, "font-size": 11 }),
  );
  const said = notes.map((note, i) => text(note, { x, y: 16 * (entries.length + i) + 20, "font-size": 11 }));
  return [...labels, ...said].join("");
}

const line = (x: number, y: number, colour: string): string =>
  element("line", { x1: x, x2: x + 16, y1: y, y2: y, stroke: colour, "stroke-width": 1.5 });

function range(curves: readonly ArrayLike<number>[]): [number, number] {
  let [lo, hi] = [Infinity, -Infinity];
  for (const curve of curves) {
    for (let i = 0; i < curve.length; i++) {
      const value = curve[i]!;
      if (!Number.isFinite(value)) continue;
      lo = Math.min(lo, value);
      hi = Math.max(hi, value);
    }
  }
  return hi > lo ? [lo, hi] : [lo === Infinity ? 0 : lo - 1, lo === Infinity ? 1 : lo + 1];
}

function curve(
  values: ArrayLike<number>,
  y: ArrayLike<number>,
  x: (v: number) => number,
  scale: (v: number) => number,
  colour: string,
  kind: "line" | "points",
): string {
  let path = "";
  let pen = "M";
  const dots: string[] = [];
  for (let i = 0; i < y.length; i++) {
    if (!Number.isFinite(y[i]!)) {
      pen = "M"; // a gap in the data is a gap in the line
      continue;
    }
    const [px, py] = [x(values[i]!).toFixed(1), scale(y[i]!).toFixed(1)];
    if (kind === "line") path += `${pen}${px},${py}`;
    else dots.push(`M${px},${py}h0`);
    pen = "L";
  }
  if (kind === "line") return element("path", { d: path || "M0,0", fill: "none", stroke: colour, "stroke-width": 1 });
  return element("path", {
    d: dots.join("") || "M0,0",
    stroke: colour,
    "stroke-width": 2.2,
    "stroke-linecap": "round",
    opacity: 0.7,
  });
}

function tickRow(
  row: { name: string; positions: readonly number[] },
  i: number,
  x: (v: number) => number,
  [lo, hi]: [number, number],
): string {
  const colour = COLOURS[(i + 1) % COLOURS.length]!;
  const path = row.positions
    .filter((position) => position >= lo && position <= hi)
    .map((position) => `M${x(position).toFixed(1)},${i * 16 + 2}v10`)
    .join("");
  return (
    element("path", { d: path || "M0,0", stroke: colour, "stroke-width": 1 }) +
    text(cut(row.name, 100, 11), { x: WIDTH + 8, y: i * 16 + 11, "font-size": 11, fill: colour })
  );
}

function differenceCurve(
  { axis, observed, calculated, sigma }: PatternFigure,
  x: (v: number) => number,
  top: number,
  height: number,
): string {
  const difference = Float64Array.from(observed, (value, i) =>
    sigma && !(sigma[i]! > 0) ? Number.NaN : (value - calculated![i]!) / (sigma?.[i] ?? 1),
  );
  const [lo, hi] = range([difference]);
  const y = scaleLinear([lo, hi], [height - 4, 4]);
  return element(
    "g",
    { transform: translate(0, top) },
    element("line", { x2: WIDTH, y1: y(0), y2: y(0), stroke: "#999", "stroke-dasharray": "3 3" }),
    curve(axis.values, difference, x, y, "#555", "line"),
    ...y
      .ticks(3)
      .map((value) =>
        text(y.tickFormat(3)(value), { x: -8, y: y(value) + 4, "text-anchor": "end", "font-size": 10, fill: "#555" }),
      ),
    text(sigma ? "difference / σ" : "difference", { x: WIDTH + 8, y: y(0) + 4, "font-size": 11, fill: "#555" }),
  );
}

function abscissa(domain: [number, number], unit: keyof typeof AXIS_LABELS, top: number): string {
  const { label, unit: symbol } = AXIS_LABELS[unit];
  const scale = scaleLinear(domain, [0, WIDTH]);
  const format = scale.tickFormat(9);
  const ticks = scale
    .ticks(9)
    .map((value) =>
      element(
        "g",
        { transform: translate(scale(value), top) },
        element("line", { y2: 5, stroke: "black" }),
        text(format(value), { y: 18, "text-anchor": "middle", "font-size": 11 }),
      ),
    );
  return (
    element("line", { x2: WIDTH, y1: top, y2: top, stroke: "black" }) +
    ticks.join("") +
    text(symbol ? `${label} (${symbol})` : label, { x: WIDTH / 2, y: top + 38, "text-anchor": "middle" })
  );
}
