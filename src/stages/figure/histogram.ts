/** How often values occur: several distributions on one axis, as steps. */
import { axes } from "./axes.ts";
import { element, text, translate } from "./svg.ts";

export interface HistogramSeries {
  readonly name: string;
  /** NaN: no value */
  readonly values: ArrayLike<number>;
}

export interface Histogram {
  /** name and unit */
  readonly label: string;
  readonly series: readonly HistogramSeries[];
  /** left out: from the 0.5th to the 99.5th percentile of all */
  readonly limits?: readonly [number, number];
  /** a bar of this length, in the unit of the axis, shows a typical standard uncertainty */
  readonly esd?: number;
}

const COLOURS = ["#b2182b", "#2166ac", "#4d9221", "#762a83"];
const LEFT = 76;
const TOP = 34;
const BOTTOM = 52;

/** @returns the drawing with its margins, `width` x `height` */
export function histogram({ label, series, limits, esd }: Histogram, width: number, height: number): string {
  const finite = series.map(({ values }) => Float64Array.from(values).filter(Number.isFinite).sort());
  const [lo, hi] = limits ?? limitsOf(finite);
  const plot = { width: width - LEFT - 20, height: height - TOP - BOTTOM };
  const bins = Math.max(10, Math.min(80, Math.round(Math.sqrt(Math.max(...finite.map(({ length }) => length), 1)))));
  const counts = finite.map((values) => {
    const out = new Float64Array(bins);
    for (const value of values) {
      const bin = Math.floor(((value - lo) / (hi - lo)) * bins);
      if (bin >= 0 && bin < bins) out[bin]! += 1;
    }
    return out.map((count) => (100 * count) / Math.max(1, values.length));
  });
  const most = Math.max(1e-9, ...counts.flatMap((count) => [...count])) * 1.08;
  const drawn = counts.map((count, s) => {
    let path = `M0,${plot.height}`;
    count.forEach((share, bin) => {
      const y = plot.height * (1 - share / most);
      path += `V${y.toFixed(1)}H${((plot.width * (bin + 1)) / bins).toFixed(1)}`;
    });
    return element("path", { d: `${path}V${plot.height}`, fill: "none", stroke: colour(s), "stroke-width": 1.6 });
  });
  const legend = series.map(({ name }, s) =>
    text(name, { x: 10, y: 18 + 16 * s, "font-size": 12, fill: colour(s), "font-weight": 700 }),
  );
  const bar = esd && esd > 0 ? esdBar((plot.width * esd) / (hi - lo), plot.width) : "";
  const frame = axes({ domain: [lo, hi], label }, { domain: [0, most], label: "share of the voxels (%)" }, plot);
  return element("g", { transform: translate(LEFT, TOP) }, frame, ...drawn, ...legend, bar);
}

const colour = (s: number): string => COLOURS[s % COLOURS.length]!;

/** Twice the standard uncertainty long. */
function esdBar(half: number, width: number): string {
  const shown = Math.min(half, width / 4);
  const x = width - 14 - 2 * shown;
  return (
    element("path", { d: `M${x},18h${2 * shown}M${x},14v8M${x + 2 * shown},14v8`, stroke: "black", fill: "none" }) +
    text("± esd (median)", { x: width - 14, y: 36, "font-size": 11, "text-anchor": "end" })
  );
}

function limitsOf(sorted: readonly Float64Array[]): [number, number] {
  const at = (values: Float64Array, share: number): number => values[Math.round(share * (values.length - 1))]!;
  const filled = sorted.filter(({ length }) => length > 0);
  const lo = Math.min(...filled.map((values) => at(values, 0.005)));
  const hi = Math.max(...filled.map((values) => at(values, 0.995)));
  if (hi > lo) return [lo, hi];
  return Number.isFinite(lo) ? [lo - 0.5, lo + 0.5] : [0, 1];
}
