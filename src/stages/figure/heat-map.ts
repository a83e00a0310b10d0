/** A 2D array as a coloured image inside an SVG, and its colour bar. */
import { scaleLinear, scaleLog } from "d3-scale";
import { encode } from "fast-png";
import { type ColourMapName, colourTable } from "./colour-map.ts";
import { element, text, translate } from "./svg.ts";

export interface HeatMapData {
  readonly rows: number;
  readonly cols: number;
  /** [row, col]; NaN is drawn grey */
  readonly values: ArrayLike<number>;
}

export interface ColourScale {
  readonly colourMap: ColourMapName;
  readonly limits: readonly [number, number];
  /** values are coloured by their logarithm or square root */
  readonly transform: "linear" | "sqrt" | "log";
  /** how elements without a value are drawn; left out: grey */
  readonly noValue?: "grey" | "white" | "transparent";
}

/** A logarithmic scale reaches down to this share of its upper limit at most. */
const LOG_RANGE = 1e-3;
const NO_VALUE = { grey: [222, 222, 222], white: [255, 255, 255], transparent: [255, 255, 255] } as const;

/**
 * The range between two percentiles of the finite values, so that a few hot voxels do not hide the rest.
 * Where all are the same, a range around that value; where there are none, 0 to 1.
 */
export function percentileLimits(values: ArrayLike<number>, low = 1, high = 99): [number, number] {
  const finite = Float64Array.from(values).filter(Number.isFinite).sort();
  if (finite.length === 0) return [0, 1];
  const lo = finite[Math.round((low / 100) * (finite.length - 1))]!;
  const hi = finite[Math.round((high / 100) * (finite.length - 1))]!;
  if (hi > lo) return [lo, hi];
  // all but a few are the same: then the few are what there is to see
  return finite.at(-1)! > finite[0]! ? [finite[0]!, finite.at(-1)!] : around(lo);
}

/** The range that holds all but `tail` of the weight at either end; undefined where nothing has weight. */
export function weightedLimits(
  values: ArrayLike<number>,
  weights: ArrayLike<number>,
  tail = 0.01,
): [number, number] | undefined {
  const order = [...Array(values.length).keys()]
    .filter((i) => Number.isFinite(values[i]!) && weights[i]! > 0)
    .sort((a, b) => values[a]! - values[b]!);
  const total = order.reduce((sum, i) => sum + weights[i]!, 0);
  if (!(total > 0)) return undefined;
  const reach = (share: number): number => {
    let sum = 0;
    for (const i of order) {
      sum += weights[i]!;
      if (sum >= share * total) return values[i]!;
    }
    return values[order.at(-1)!]!;
  };
  const [lo, hi] = [reach(tail), reach(1 - tail)];
  return hi > lo ? [lo, hi] : around(lo);
}

/** As far below 0 as above, so that the middle colour means no difference. */
export function symmetricLimits(values: ArrayLike<number>): [number, number] {
  const [lo, hi] = percentileLimits(values);
  const most = Math.max(Math.abs(lo), Math.abs(hi));
  return [-most, most];
}

function around(lo: number): [number, number] {
  const margin = Math.abs(lo) * 1e-3 || 0.5;
  return [lo - margin, lo + margin];
}

function transformOf(scale: ColourScale): (value: number) => number {
  const [lo, hi] = scale.limits;
  if (scale.transform === "linear") return (v) => (v - lo) / (hi - lo);
  const f =
    scale.transform === "sqrt" ? (v: number) => Math.sqrt(Math.max(v, 0)) : (v: number) => Math.log(Math.max(v, 1e-30));
  const [a, b] = scale.transform === "log" ? [f(Math.max(lo, hi * LOG_RANGE)), f(hi)] : [f(lo), f(hi)];
  return (v) => (f(v) - a) / (b - a);
}

/**
 * @param upsideDown draw row 0 at the bottom, as for maps, whose y points up
 * @returns RGB bytes [row, col, 3]
 */
export function colourPixels({ rows, cols, values }: HeatMapData, scale: ColourScale, upsideDown: boolean): Uint8Array {
  const table = colourTable(scale.colourMap);
  const share = transformOf(scale);
  const out = new Uint8Array(rows * cols * 3);
  for (let row = 0; row < rows; row++) {
    const target = upsideDown ? rows - 1 - row : row;
    for (let col = 0; col < cols; col++) {
      const value = values[row * cols + col]!;
      const at = (target * cols + col) * 3;
      if (!Number.isFinite(value)) {
        out.set(NO_VALUE[scale.noValue ?? "grey"], at);
        continue;
      }
      const index = Math.max(0, Math.min(255, Math.round(share(value) * 255))) * 3;
      out[at] = table[index]!;
      out[at + 1] = table[index + 1]!;
      out[at + 2] = table[index + 2]!;
    }
  }
  return out;
}

export function heatMapImage(
  data: HeatMapData,
  scale: ColourScale,
  width: number,
  height: number,
  upsideDown: boolean,
): string {
  const { rows, cols } = data;
  const pixels = colourPixels(data, scale, upsideDown);
  const png =
    scale.noValue === "transparent"
      ? encode({ width: cols, height: rows, data: withAlpha(data, pixels, upsideDown), channels: 4, depth: 8 })
      : encode({ width: cols, height: rows, data: pixels, channels: 3, depth: 8 });
  const rendering = cols < width * 2 ? "optimizeSpeed" : "auto";
  return element("image", {
    width,
    height,
    preserveAspectRatio: "none",
    "image-rendering": rendering,
    href: `data:image/png;base64,${base64(png)}`,
  });
}

/** RGBA bytes: elements without a value let the paper through. */
function withAlpha({ rows, cols, values }: HeatMapData, rgb: Uint8Array, upsideDown: boolean): Uint8Array {
  const out = new Uint8Array(rows * cols * 4);
  for (let target = 0; target < rows; target++) {
    const row = upsideDown ? rows - 1 - target : target;
    for (let col = 0; col < cols; col++) {
      const at = target * cols + col;
      out.set(rgb.subarray(3 * at, 3 * at + 3), 4 * at);
      out[4 * at + 3] = Number.isFinite(values[row * cols + col]!) ? 255 : 0;
    }
  }
  return out;
}

export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}

/** A vertical colour bar with ticks and the quantity's name with its unit beside it. */
export function colourBar(scale: ColourScale, label: string, x: number, y: number, height: number): string {
  const width = 14;
  const steps = Float64Array.from({ length: 256 }, (_, i) => i);
  const image = heatMapImage(
    { rows: 256, cols: 1, values: steps },
    { ...scale, transform: "linear", limits: [0, 255] },
    width,
    height,
    true,
  );
  const share = transformOf(scale);
  const { values, format } = ticksOf(scale);
  const ticks = values
    .filter((value) => share(value) >= 0 && share(value) <= 1)
    .map((value) => {
      const at = height * (1 - share(value));
      return (
        element("line", { x1: width, x2: width + 4, y1: at, y2: at, stroke: "black", "stroke-width": 0.8 }) +
        text(format(value), { x: width + 7, y: at + 4, "font-size": 11 })
      );
    });
  const labelX = colourBarWidth(scale) - LABEL_BELOW_BASELINE;
  return element(
    "g",
    { transform: translate(x, y) },
    image,
    element("rect", { width, height, fill: "none", stroke: "black", "stroke-width": 0.8 }),
    ...ticks,
    text(label, { transform: `translate(${labelX},${height / 2}) rotate(-90)`, "text-anchor": "middle" }),
  );
}

const LABEL_BELOW_BASELINE = 4;

/** Room that a vertical colour bar takes with its ticks and label. */
export function colourBarWidth(scale: ColourScale): number {
  const { values, format } = ticksOf(scale);
  const widest = Math.max(...values.map((value) => format(value).length));
  return 14 + 14 + widest * 7 + 10 + LABEL_BELOW_BASELINE;
}

/** Room that a horizontal colour bar takes below an image. */
export const COLOUR_BAR_HEIGHT = 48;

/** A horizontal colour bar with ticks and the quantity's name with its unit below. */
export function colourBarBelow(scale: ColourScale, label: string, x: number, y: number, width: number): string {
  const height = 10;
  const steps = Float64Array.from({ length: 256 }, (_, i) => i);
  const plain = { ...scale, transform: "linear", limits: [0, 255] } as const;
  const share = transformOf(scale);
  const { values, format } = ticksOf(scale, Math.max(2, Math.min(6, Math.floor(width / 60))));
  const shown = values.filter((value) => share(value) >= 0 && share(value) <= 1);
  const ticks = shown.map((value) => {
    const at = width * share(value);
    // the outermost labels stay within the bar's room
    const anchor = at < 18 ? "start" : at > width - 18 ? "end" : "middle";
    return (
      element("line", { x1: at, x2: at, y1: height, y2: height + 4, stroke: "black", "stroke-width": 0.8 }) +
      text(format(value), { x: at, y: height + 15, "text-anchor": anchor, "font-size": 11 })
    );
  });
  return element(
    "g",
    { transform: translate(x, y) },
    heatMapImage({ rows: 1, cols: 256, values: steps }, plain, width, height, false),
    element("rect", { width, height, fill: "none", stroke: "black", "stroke-width": 0.8 }),
    ...ticks,
    text(label, { x: width / 2, y: height + 31, "text-anchor": "middle" }),
  );
}

/** Round numbers; 1, 2 and 5 times powers of ten, or powers alone where there are many, on a logarithmic scale. */
function ticksOf(
  { limits: [lo, hi], transform }: ColourScale,
  count = 6,
): { values: number[]; format: (value: number) => string } {
  if (transform !== "log") {
    const axis = scaleLinear([lo, hi], [0, 1]);
    return { values: axis.ticks(count), format: axis.tickFormat(count) };
  }
  const low = Math.max(lo, hi * LOG_RANGE);
  const steps = hi / low < 300 ? [1, 2, 5] : [1];
  const values: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(hi); power++) {
    values.push(...steps.map((step) => step * 10 ** power).filter((value) => value >= low && value <= hi));
  }
  const format = scaleLog([low, hi], [0, 1]).tickFormat(Number.POSITIVE_INFINITY, ",~g");
  return { values, format };
}

/** Room that a colour bar needs to the right of its image. */
export const COLOUR_BAR_WIDTH = 112;
