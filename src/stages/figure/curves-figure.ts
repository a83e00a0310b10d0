/** Named curves over one axis: patterns of regions, profiles, distributions as steps, points against points. */
import { scaleLinear, scaleLog, scaleSqrt } from "d3-scale";
import { axes } from "./axes.ts";
import { cut, document, element, text, translate } from "./svg.ts";

export interface FigureCurve {
  readonly name: string;
  /** NaN: a gap */
  readonly values: ArrayLike<number>;
  readonly colour: string;
  /** steps: `x` holds the edges, one more than there are values */
  readonly style?: "line" | "points" | "steps";
  /** standard uncertainties, drawn as bars */
  readonly errors?: ArrayLike<number>;
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
}

const [WIDTH, HEIGHT, LEFT, TOP] = [700, 320, 86, 34] as const;
type Scale = (value: number) => number;

/** An SVG document; curves are named at the right where there are several. */
export function curvesFigure(figure: CurvesFigure): string {
  const { title, xLabel, yLabel, curves, ticks = [], range } = figure;
  const domain = figure.xLimits ?? ends([figure.x]);
  const x = scaleLinear(domain, [0, WIDTH]);
  const { y, yTicks } = ordinateOf(figure, domain);
  const rows = ticks.map((row, i) => tickRow(row, i, x, domain));
  const names = [...(curves.length > 1 ? curves : []).map(({ name, colour }) => ({ name, colour }))];
  const room = names.length || rows.length ? 150 : 24;
  const below = HEIGHT + rows.length * 16;
  return document(
    LEFT + WIDTH + room,
    TOP + below + 54,
    text(cut(title, WIDTH + room - 10, 13), { x: LEFT, y: 22, "font-size": 13 }),
    element(
      "g",
      { transform: translate(LEFT, TOP) },
      element(
        "svg",
        { width: WIDTH, height: HEIGHT, overflow: "hidden" },
        range ? shade(x(range[0]), x(range[1])) : "",
        ...curves.map((curve) => draw(curve, curve.x ?? figure.x, x, y)),
      ),
      axes(
        { domain, label: "", ticks: [] },
        { domain, label: yLabel, ticks: yTicks },
        { width: WIDTH, height: HEIGHT },
      ),
      ...names.map(({ name, colour }, i) => legendEntry(name, colour, i)),
      element("g", { transform: translate(0, HEIGHT + 2) }, ...rows),
      element(
        "g",
        { transform: translate(0, below) },
        axes({ domain, label: xLabel }, { domain, label: "", ticks: [] }, { width: WIDTH, height: 0 }),
      ),
    ),
  );
}

function ordinateOf(
  { x, curves, ordinate, yLimits }: CurvesFigure,
  [from, to]: readonly [number, number],
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
    const y = scaleLog([lo / 1.3, hi * 1.3], [HEIGHT, 0]);
    const ticks = y.ticks(6).filter((value) => hi / lo < 20 || Math.abs(Math.log10(value) % 1) < 1e-9);
    return { y, yTicks: ticks.map((value) => ({ at: y(value), label: y.tickFormat(Infinity, "~g")(value) })) };
  }
  const y = (ordinate === "sqrt" ? scaleSqrt : scaleLinear)(yLimits ?? [floor, hi + margin], [HEIGHT, 0]);
  const format = y.tickFormat(6);
  return { y, yTicks: y.ticks(6).map((value) => ({ at: y(value), label: format(value) })) };
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

function draw({ values, colour, style, errors }: FigureCurve, at: ArrayLike<number>, x: Scale, y: Scale): string {
  if (style === "steps") return steps(values, colour, at, x, y);
  let path = "";
  let bars = "";
  let pen = "M";
  for (let i = 0; i < values.length; i++) {
    const [px, py] = [x(at[i]!), y(values[i]!)];
    if (!Number.isFinite(px) || !Number.isFinite(py)) {
      pen = "M"; // a gap in the data is a gap in the line
      continue;
    }
    path += style === "points" ? `M${px.toFixed(1)},${py.toFixed(1)}h0` : `${pen}${px.toFixed(1)},${py.toFixed(1)}`;
    pen = "L";
    const [low, high] = [y(values[i]! - (errors?.[i] ?? Number.NaN)), y(values[i]! + (errors?.[i] ?? Number.NaN))];
    if (Number.isFinite(low) && Number.isFinite(high)) bars += `M${px.toFixed(1)},${low.toFixed(1)}V${high.toFixed(1)}`;
  }
  const dots = style === "points" && { "stroke-width": 3, "stroke-linecap": "round", opacity: 0.7 };
  return (
    element("path", { d: path || "M0,0", fill: "none", stroke: colour, "stroke-width": 1.2, ...dots }) +
    (bars && element("path", { d: bars, fill: "none", stroke: colour, "stroke-width": 0.8, opacity: 0.7 }))
  );
}

function steps(values: ArrayLike<number>, colour: string, edges: ArrayLike<number>, x: Scale, y: Scale): string {
  const height = (value: number): string => {
    const at = y(value);
    return (Number.isFinite(at) ? Math.min(at, HEIGHT) : HEIGHT).toFixed(1);
  };
  let path = `M${x(edges[0]!).toFixed(1)},${HEIGHT}`;
  for (let i = 0; i < values.length; i++) path += `V${height(values[i]!)}H${x(edges[i + 1]!).toFixed(1)}`;
  return element("path", { d: `${path}V${HEIGHT}`, fill: colour, "fill-opacity": 0.25, stroke: colour });
}

const shade = (from: number, to: number): string =>
  element("rect", { x: from, width: Math.max(1, to - from), height: HEIGHT, fill: "#d1495b", "fill-opacity": 0.18 });

const legendEntry = (name: string, colour: string, i: number): string =>
  element("line", {
    x1: WIDTH + 8,
    x2: WIDTH + 24,
    y1: 16 * i + 8,
    y2: 16 * i + 8,
    stroke: colour,
    "stroke-width": 2,
  }) + text(cut(name, 114, 11), { x: WIDTH + 30, y: 16 * i + 12, "font-size": 11 });

function tickRow(
  { name, positions, colour }: NonNullable<CurvesFigure["ticks"]>[number],
  i: number,
  x: Scale,
  [lo, hi]: readonly [number, number],
): string {
  const inside = positions.filter((position) => position >= lo && position <= hi);
  const d = inside.map((position) => `M${x(position).toFixed(1)},${i * 16 + 2}v10`).join("");
  return (
    element("path", { d: d || "M0,0", stroke: colour }) +
    text(cut(name, 130, 11), { x: WIDTH + 8, y: i * 16 + 11, "font-size": 11, fill: colour })
  );
}
