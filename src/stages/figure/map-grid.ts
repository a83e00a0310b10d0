/** Maps in a grid: a row for each quantity, a column for each sample, one colour scale and one colour bar for a row. */
import { scaleLinear } from "d3-scale";
import { type ColourScale, colourBar, colourBarWidth, type HeatMapData, heatMapImage } from "./heat-map.ts";
import { drawLines, type OverlayLine } from "./overlay.ts";
import { type Block, type Drawing, letterAt, textWidth } from "./print-figure.ts";
import { scaleBar } from "./scale-bar.ts";
import { cut, element, text, translate } from "./svg.ts";

/** A part of a map, in voxels: voxel (0, 0) reaches from 0 to 1, y up. */
export interface MapFrame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface MapGridRow {
  /** beside the letter: "NMC532, lattice parameter c" */
  readonly title: string;
  /** at the colour bar: "c (Å)" */
  readonly label: string;
  readonly scale: ColourScale;
  /** one for each column, all of one size; undefined: the sample has none */
  readonly maps: readonly (HeatMapData | undefined)[];
  /** drawn on each map, and enlarged with a scale bar of its own */
  readonly frame?: MapFrame;
  /** below each map: how often values occur, on the axis of the colours */
  readonly hasHistograms?: boolean;
}

export interface MapGrid {
  /** the samples */
  readonly columns: readonly string[];
  readonly rows: readonly MapGridRow[];
  readonly voxelMm: number;
  /** over each map, in voxels */
  readonly lines?: readonly OverlayLine[];
  /** left out: "a" is the first row */
  readonly firstLetter?: number;
}

const GAP = 8;
const HEADING = 18;
const TITLE = 20;
const FOOT = 20;
/** More columns than this have their enlarged parts below, not beside. */
const MOST_BESIDE = 2;
const LARGEST = 330;
const FRAME_COLOUR = "#d00000";

interface Layout {
  readonly grid: MapGrid;
  /** of an image */
  readonly width: number;
  /** from one column to the next */
  readonly step: number;
}

export const mapGridBlock =
  (grid: MapGrid): Block =>
  (width) => {
    const { columns, rows, firstLetter = 0 } = grid;
    const barRoom = Math.max(...rows.map(({ scale }) => colourBarWidth(scale))) + GAP;
    const isBeside = columns.length <= MOST_BESIDE && rows.some(({ frame }) => frame);
    const images = isBeside ? 2 * columns.length : columns.length;
    // one map alone would be drawn far larger than it says anything
    const image = Math.min(LARGEST, (width - barRoom + GAP) / images - GAP);
    const step = (image + GAP) * (isBeside ? 2 : 1);
    const layout: Layout = { grid, width: image, step };
    const headings = columns.map((label, i) =>
      text(cut(label, step - GAP, 12), { x: i * step, y: 12, "font-weight": 700 }),
    );
    let height = HEADING;
    const drawn = rows.map((row, i) => {
      const top = height;
      const part = drawRow(row, letterAt(firstLetter + i), layout, isBeside);
      height += part.height + 6;
      return element("g", { transform: translate(0, top) }, part.svg);
    });
    return { svg: [...headings, ...drawn].join(""), height };
  };

function drawRow(row: MapGridRow, letter: string, layout: Layout, isBeside: boolean): Drawing {
  const { grid, width, step } = layout;
  const first = row.maps.find((map) => map !== undefined);
  const height = first ? (width * first.rows) / first.cols : width;
  const parts: string[] = [
    text(letter, { y: 13, "font-size": 14, "font-weight": 700 }),
    text(cut(row.title, grid.columns.length * step - 18, 12), { x: 18, y: 13 }),
  ];
  row.maps.forEach((map, i) => {
    parts.push(at(i * step, TITLE, drawMap(map, row, layout, height)));
  });
  if (first) parts.push(scaleBar(grid.voxelMm * first.cols, width, 0, TITLE + height + 7));
  parts.push(colourBar(row.scale, cut(row.label, height, 12), grid.columns.length * step, TITLE, height));
  let bottom = TITLE + height + FOOT;
  if (row.frame && first) {
    const { svg, height: more } = enlarged(row, layout, isBeside ? height : undefined);
    parts.push(at(isBeside ? width + GAP : 0, isBeside ? TITLE : bottom, svg));
    if (!isBeside) bottom += more;
  }
  if (row.hasHistograms) {
    const { svg, height: more } = histograms(row, layout);
    parts.push(at(0, bottom, svg));
    bottom += more;
  }
  return { svg: parts.join(""), height: bottom };
}

const at = (x: number, y: number, svg: string): string => element("g", { transform: translate(x, y) }, svg);

function drawMap(map: HeatMapData | undefined, row: MapGridRow, { grid, width }: Layout, height: number): string {
  const border = element("rect", { width, height, fill: "none", stroke: "black", "stroke-width": 0.8 });
  if (!map) {
    const words = text("not in its model", { x: width / 2, y: height / 2, "text-anchor": "middle", fill: "#666" });
    return border + words;
  }
  const px = (x: number): number => (x / map.cols) * width;
  const py = (y: number): number => height * (1 - y / map.rows);
  const lines = drawLines(grid.lines ?? [], px, py);
  const { frame } = row;
  const framed = frame
    ? element("rect", {
        x: px(frame.x),
        y: py(frame.y + frame.height),
        width: px(frame.width),
        height: height - py(frame.height),
        fill: "none",
        stroke: FRAME_COLOUR,
        "stroke-width": 1.5,
      })
    : "";
  return heatMapImage(map, row.scale, width, height, true) + lines.join("") + framed + border;
}

/** The framed parts: beside their maps and as high, or in a row below them. */
function enlarged(row: MapGridRow, { grid, width, step }: Layout, beside: number | undefined): Drawing {
  const frame = row.frame!;
  const height = beside ?? (width * frame.height) / frame.width;
  const shown = beside === undefined ? width : Math.min(width, (beside * frame.width) / frame.height);
  const first = row.maps.findIndex((map) => map !== undefined);
  const parts = row.maps.map((map, i) => {
    if (!map) return "";
    const part = partOf(map, frame);
    const border = { width: shown, height, fill: "none", stroke: FRAME_COLOUR, "stroke-width": 1.5 };
    const bar = i === first ? scaleBar(grid.voxelMm * part.cols, shown, 0, height + 7) : "";
    return at(i * step, 0, heatMapImage(part, row.scale, shown, height, true) + element("rect", border) + bar);
  });
  return { svg: parts.join(""), height: height + FOOT };
}

/** The voxels inside a frame, whose numbers are whole. */
export function partOf({ values, cols }: HeatMapData, { x, y, width, height }: MapFrame): HeatMapData {
  const part = new Float64Array(width * height);
  for (let row = 0; row < height; row++)
    for (let col = 0; col < width; col++) part[row * width + col] = values[(y + row) * cols + x + col]!;
  return { rows: height, cols: width, values: part };
}

const HISTOGRAM = 64;

function histograms({ maps, scale, label }: MapGridRow, { width, step }: Layout): Drawing {
  const [lo, hi] = scale.limits;
  const bins = Math.max(12, Math.min(50, Math.round(width / 5)));
  const shares = maps.map((map) => (map ? sharesOf(map.values, lo, hi, bins) : undefined));
  const most = Math.max(1e-9, ...shares.flatMap((share) => (share ? [...share] : [])));
  const parts = shares.map((share, i) => {
    if (!share) return "";
    const path = [...share].map(
      (value, bin) =>
        `V${(HISTOGRAM * (1 - (0.95 * value) / most)).toFixed(1)}H${(((bin + 1) * width) / bins).toFixed(1)}`,
    );
    const said = `mean ${meanAndDeviation(maps[i]!.values)}`;
    return at(
      i * step,
      0,
      element("path", { d: `M0,${HISTOGRAM}${path.join("")}V${HISTOGRAM}Z`, fill: "#9db7cf", stroke: "#33597d" }) +
        element("line", { x2: width, y1: HISTOGRAM, y2: HISTOGRAM, stroke: "black" }) +
        ticksBelow(scale.limits, width) +
        text(cut(said, width, 10), { y: HISTOGRAM + 28, "font-size": 10 }),
    );
  });
  const words = text(`share of the voxels over ${label}, and mean ± standard deviation`, {
    y: HISTOGRAM + 42,
    "font-size": 10,
  });
  return { svg: at(0, 4, parts.join("") + words), height: HISTOGRAM + 54 };
}

/** Round numbers below an axis, as many as stand apart; the outermost stay within it. */
function ticksBelow([lo, hi]: readonly [number, number], width: number): string {
  const x = scaleLinear([lo, hi], [0, width]);
  const count = Math.max(2, Math.floor(width / 48));
  const format = x.tickFormat(count);
  let free = -8;
  const parts = x.ticks(count).map((value) => {
    const label = format(value);
    const half = textWidth(label, 10) / 2;
    const middle = Math.max(half, Math.min(width - half, x(value)));
    const mark = element("line", { x1: x(value), x2: x(value), y1: HISTOGRAM, y2: HISTOGRAM + 4, stroke: "black" });
    if (middle - half < free + 6) return mark;
    free = middle + half;
    return mark + text(label, { x: middle, y: HISTOGRAM + 15, "text-anchor": "middle", "font-size": 10 });
  });
  return parts.join("");
}

/** Of the values that there are, by bin; those beyond the limits are in no bin. */
function sharesOf(values: ArrayLike<number>, lo: number, hi: number, bins: number): Float64Array {
  const counts = new Float64Array(bins);
  let all = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    all++;
    const bin = value === hi ? bins - 1 : Math.floor(((value - lo) / (hi - lo)) * bins);
    if (bin >= 0 && bin < bins) counts[bin]! += 1;
  }
  return counts.map((count) => count / Math.max(1, all));
}

export function meanAndDeviation(values: ArrayLike<number>): string {
  const finite = Array.from(values).filter(Number.isFinite);
  if (finite.length === 0) return "none";
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const square = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return plusMinus(mean, Math.sqrt(square / Math.max(1, finite.length - 1)));
}

/** As "14.4721 ± 0.0083": two digits of the deviation, and the mean to the same place. */
export function plusMinus(mean: number, deviation: number): string {
  const digits = deviation > 0 ? Math.max(0, Math.min(8, 1 - Math.floor(Math.log10(deviation)))) : 4;
  return `${mean.toFixed(digits)} ± ${Number.isFinite(deviation) ? deviation.toFixed(digits) : "–"}`;
}
