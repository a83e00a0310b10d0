/** Bars in groups with error bars: what was counted in two ways, side by side. */
import { scaleLinear } from "d3-scale";
import { type Block, legendBlock, textWidth } from "./print-figure.ts";
import { cut, element, text, translate } from "./svg.ts";

export interface BarGroup {
  readonly label: string;
  /** one for each series; NaN: none */
  readonly values: readonly number[];
  /** standard uncertainties; NaN or left out: none is drawn */
  readonly esds?: readonly number[];
}

export interface BarChart {
  readonly yLabel: string;
  readonly series: readonly { readonly label: string; readonly colour: string }[];
  readonly groups: readonly BarGroup[];
  /** of the frame, in units of the text of 12 */
  readonly height: number;
}

const LEFT = 76;

/** Bars stand on 0; an error bar reaches one standard uncertainty up and down. */
export const barChartBlock =
  ({ yLabel, series, groups, height }: BarChart): Block =>
  (width) => {
    const plot = width - LEFT;
    const reach = groups.flatMap(({ values, esds }) =>
      values.flatMap((value, s) => {
        const esd = esds?.[s] ?? 0;
        return Number.isFinite(value) ? [value + (esd || 0), value - (esd || 0)] : [];
      }),
    );
    const [lo, hi] = [Math.min(0, ...reach), Math.max(0, ...reach)];
    const margin = 0.06 * (hi - lo || 1);
    const y = scaleLinear([lo < 0 ? lo - margin : 0, hi > 0 ? hi + margin : 0.1], [height, 0]);
    const step = plot / Math.max(1, groups.length);
    const bar = Math.min(34, (0.76 * step) / series.length);
    const drawn = groups.map(({ label, values, esds }, g) => {
      const middle = (g + 0.5) * step;
      const left = middle - (bar * series.length) / 2;
      const bars = values.map((value, s) => drawBar(value, esds?.[s], left + s * bar, bar, series[s]!.colour, y));
      return bars.join("") + groupLabel(label, middle, height + 15, step);
    });
    const ticks = y.ticks(Math.max(3, height / 45)).map((value) => {
      const format = y.tickFormat(Math.max(3, height / 45));
      return (
        element("line", { x1: -5, x2: 0, y1: y(value), y2: y(value), stroke: "black" }) +
        text(format(value), { x: -8, y: y(value) + 4, "text-anchor": "end", "font-size": 11 })
      );
    });
    const legend = legendBlock(series, "patch")(plot);
    return {
      svg: element(
        "g",
        { transform: translate(LEFT, 4) },
        ...drawn,
        element("line", { x2: plot, y1: y(0), y2: y(0), stroke: "black" }),
        element("rect", { width: plot, height, fill: "none", stroke: "black" }),
        ...ticks,
        text(yLabel, { transform: `translate(-54,${height / 2}) rotate(-90)`, "text-anchor": "middle" }),
        element("g", { transform: translate(0, height + 42) }, legend.svg),
      ),
      height: height + 46 + legend.height,
    };
  };

function drawBar(
  value: number,
  esd: number | undefined,
  left: number,
  width: number,
  colour: string,
  y: (value: number) => number,
): string {
  if (!Number.isFinite(value)) return "";
  const [top, bottom] = [Math.min(y(value), y(0)), Math.max(y(value), y(0))];
  const body = {
    x: left + 1,
    y: top,
    width: width - 2,
    height: bottom - top,
    fill: colour,
    stroke: "#333",
    "stroke-width": 0.6,
  };
  const x = left + width / 2;
  const whisker =
    esd !== undefined && esd > 0
      ? `M${x},${y(value - esd).toFixed(1)}V${y(value + esd).toFixed(1)}M${x - 4},${y(value - esd).toFixed(1)}h8M${x - 4},${y(value + esd).toFixed(1)}h8`
      : "";
  return element("rect", body) + (whisker && element("path", { d: whisker, stroke: "black", fill: "none" }));
}

/** In two lines where one is too long for its group. */
function groupLabel(label: string, x: number, y: number, room: number): string {
  const at = { x, "text-anchor": "middle", "font-size": 11 };
  if (textWidth(label, 11) <= room) return text(label, { ...at, y });
  const words = label.split(" ");
  const half = Math.ceil(words.length / 2);
  const lines = words.length > 1 ? [words.slice(0, half).join(" "), words.slice(half).join(" ")] : [label];
  return lines.map((line, i) => text(cut(line, room, 11), { ...at, y: y + 13 * i })).join("");
}
