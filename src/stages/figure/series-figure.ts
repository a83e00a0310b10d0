/** Quantities against what a series runs over: one panel each, points with error bars. */
import { scaleLinear } from "d3-scale";
import { axes } from "./axes.ts";
import { cut, document, element, text, translate } from "./svg.ts";

export interface SeriesPanel {
  /** name and unit: "NMC/a (Å)" */
  readonly label: string;
  /** [point] NaN: no point */
  readonly values: ArrayLike<number>;
  readonly esds?: ArrayLike<number>;
}

export interface SeriesFigure {
  readonly title: string;
  readonly x: { readonly label: string; readonly values: ArrayLike<number> };
  readonly panels: readonly SeriesPanel[];
  /** [point] drawn hollow: fitted, but with a remark */
  readonly isDoubtful?: ArrayLike<boolean | number>;
  /** [point] marked at the bottom of each panel: not fitted */
  readonly isFlagged?: ArrayLike<boolean | number>;
}

const [WIDTH, HEIGHT, LEFT, TOP, GAP_X, GAP_Y] = [360, 180, 92, 44, 112, 66] as const;
const BLUE = "#2166ac";
const RED = "#b2182b";

export function seriesFigure(figure: SeriesFigure): string {
  const columns = figure.panels.length > 1 ? 2 : 1;
  const rows = Math.ceil(figure.panels.length / columns);
  const placed = figure.panels.map((panel, i) =>
    element(
      "g",
      {
        transform: translate(LEFT + (i % columns) * (WIDTH + GAP_X), TOP + Math.floor(i / columns) * (HEIGHT + GAP_Y)),
      },
      drawPanel(figure, panel),
    ),
  );
  const width = LEFT + columns * (WIDTH + GAP_X) - GAP_X + 30;
  return document(
    width,
    TOP + rows * (HEIGHT + GAP_Y),
    text(cut(figure.title, width - 40, 14), { x: 20, y: 24, "font-size": 14 }),
    ...placed,
  );
}

function drawPanel({ x, isDoubtful, isFlagged }: SeriesFigure, { label, values, esds }: SeriesPanel): string {
  const xDomain = widened(Array.from(x.values));
  const ends = Array.from(values).flatMap((value, i) => {
    const esd = esds && Number.isFinite(esds[i]!) ? esds[i]! : 0;
    return [value - esd, value + esd];
  });
  const yDomain = widened(ends);
  const at = scaleLinear(xDomain, [0, WIDTH]);
  const up = scaleLinear(yDomain, [HEIGHT, 0]);
  let bars = "";
  const dots: string[] = [];
  const crosses: string[] = [];
  for (let i = 0; i < values.length; i++) {
    const px = at(x.values[i]!);
    if (isFlagged?.[i]) crosses.push(`M${(px - 3).toFixed(1)},${HEIGHT - 9}l6,6m0,-6l-6,6`);
    if (!Number.isFinite(values[i]!)) continue;
    const esd = esds?.[i] ?? Number.NaN;
    if (esd > 0) bars += `M${px.toFixed(1)},${up(values[i]! - esd).toFixed(1)}V${up(values[i]! + esd).toFixed(1)}`;
    const fill = isDoubtful?.[i] ? "white" : BLUE;
    dots.push(element("circle", { cx: px, cy: up(values[i]!), r: 2.6, fill, stroke: BLUE }));
  }
  return (
    axes({ domain: xDomain, label: x.label }, { domain: yDomain, label: "" }, { width: WIDTH, height: HEIGHT }) +
    text(label, { x: 0, y: -6, "font-size": 12 }) +
    element("path", { d: bars || "M0,0", stroke: BLUE, "stroke-width": 1 }) +
    dots.join("") +
    element("path", { d: crosses.join("") || "M0,0", stroke: RED, "stroke-width": 1.4, fill: "none" })
  );
}

/** The range of the finite values with a margin. */
function widened(values: readonly number[]): [number, number] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const margin = high > low ? 0.06 * (high - low) : Math.abs(low) * 1e-3 || 1;
  return [low - margin, high + margin];
}
