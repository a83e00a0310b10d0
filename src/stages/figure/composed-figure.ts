/**
 * A figure for print: maps, colour mixtures and curves in rows and columns, of a width in mm, with text of a size in
 * points. Drawn in units of which 12 are the size of the text, so that the parts are those of the other figures.
 */
import { type CurvesFigure, curvesCell, curvesRoom } from "./curves-figure.ts";
import {
  COLOUR_BAR_HEIGHT,
  type ColourScale,
  colourBar,
  colourBarBelow,
  colourBarWidth,
  type HeatMapData,
  heatMapImage,
} from "./heat-map.ts";
import { type RgbChannel, rgbImage, rgbLegend } from "./rgb-figure.ts";
import { scaleBar } from "./scale-bar.ts";
import { cut, element, printDocument, text, translate, UNITS, unitsOfMm } from "./svg.ts";

interface Placed {
  /** columns that the panel takes; left out: 1 */
  readonly span?: number;
}

export interface ComposedMap extends HeatMapData, Placed {
  readonly kind: "map";
  readonly title: string;
  /** name and unit of the quantity */
  readonly label: string;
  readonly scale: ColourScale;
  /** maps of one group have one scale, and one bar where bars are shared */
  readonly group: string;
  readonly voxelMm?: number;
}

export interface ComposedRgb extends Placed {
  readonly kind: "rgb";
  readonly title: string;
  readonly rows: number;
  readonly cols: number;
  /** [row, col, 3], row 0 the lowest */
  readonly rgb: Uint8Array;
  readonly channels: readonly RgbChannel[];
  readonly voxelMm?: number;
}

export interface ComposedCurves extends Placed {
  readonly kind: "curves";
  readonly title: string;
  readonly figure: CurvesFigure;
}

export type ComposedPanel = ComposedMap | ComposedRgb | ComposedCurves;

export interface ComposedFigure {
  readonly panels: readonly ComposedPanel[];
  readonly columns: number;
  /** of the figure as printed */
  readonly widthMm: number;
  /** size of the text as printed, points */
  readonly fontPt: number;
  readonly title?: string;
  readonly note?: string;
  readonly letters: "none" | "lower" | "upper";
  /** one: below the first panel of the last row, where all maps have one scale; else each has its own */
  readonly scaleBars: "none" | "one" | "each";
  /** shared: one for each group, below all panels */
  readonly colourBars: "right" | "below" | "shared" | "none";
  /** no white sheet below the figure */
  readonly isTransparent?: boolean;
}

const GAP = 14;
const HEAD = 22;
const FOOT = 22;

interface Layout {
  readonly cell: number;
  readonly barRoom: number;
  /** has a scale bar */
  readonly isMarked: boolean;
  readonly figure: ComposedFigure;
}

interface Cell {
  readonly svg: string;
  readonly height: number;
}

/**
 * An SVG document of `widthMm`, as high as its panels need.
 *
 * @throws RangeError where the panels would be narrower than their colour bars: fewer columns, smaller text
 */
export function composedFigure(figure: ComposedFigure): string {
  const { panels, columns, widthMm, fontPt, title, note } = figure;
  const width = unitsOfMm(widthMm, fontPt);
  const cell = (width - GAP * (columns + 1)) / columns;
  const maps = panels.filter((panel) => panel.kind === "map");
  const barRoom =
    figure.colourBars === "right" ? Math.max(0, ...maps.map(({ scale }) => 8 + colourBarWidth(scale))) : 0;
  if (cell - barRoom < 30) throw new RangeError("too narrow: use fewer columns, a wider figure or smaller text");
  const places = placesOf(panels, columns);
  const rooms = places.map(({ span }) => cell * span + GAP * (span - 1));
  const marked = scaleBarsOf(
    figure,
    places,
    rooms.map((room) => room - barRoom),
  );
  const cells = panels.map((panel, i) =>
    drawPanel(panel, i, { cell: rooms[i]!, barRoom, isMarked: marked[i]!, figure }),
  );
  const heading = title ? 26 : 6;
  const tops = rowTops(cells, places, heading);
  const placed = cells.map(({ svg }, i) => {
    const { row, column } = places[i]!;
    return element("g", { transform: translate(GAP + column * (cell + GAP), tops[row]!), "data-cell": i }, svg);
  });
  const bars = figure.colourBars === "shared" ? sharedBars(figure, width, tops.at(-1)!) : { svg: "", height: 0 };
  const bottom = tops.at(-1)! + bars.height;
  const noted = (note ?? "").split("\n").filter((line) => line !== "");
  const height = bottom + noted.length * 15 + 6;
  return printDocument(
    { width, height, fontPt },
    figure.isTransparent ? "" : element("rect", { width, height, fill: "white" }),
    title ? text(cut(title, width - 2 * GAP, 14), { x: GAP, y: 19, "font-size": 14 }) : "",
    ...placed,
    bars.svg,
    ...noted.map((line, i) =>
      text(cut(line, width - 2 * GAP, 11), { x: GAP, y: bottom + 10 + 15 * i, "font-size": 11 }),
    ),
  );
}

interface Place {
  readonly row: number;
  readonly column: number;
  readonly span: number;
}

/** Row by row; a panel that does not fit into what is left of a row begins the next one. */
function placesOf(panels: readonly ComposedPanel[], columns: number): Place[] {
  let [row, column] = [0, 0];
  return panels.map(({ span: wanted = 1 }) => {
    const span = Math.max(1, Math.min(columns, Math.round(wanted)));
    if (column + span > columns) [row, column] = [row + 1, 0];
    const place = { row, column, span };
    column += span;
    return place;
  });
}

/** Where each row begins, and where the last one ends. */
function rowTops(cells: readonly Cell[], places: readonly Place[], heading: number): number[] {
  const tops = [heading];
  for (let row = 0; row <= (places.at(-1)?.row ?? -1); row++) {
    const heights = cells.filter((_, i) => places[i]!.row === row).map(({ height }) => height);
    tops.push(tops.at(-1)! + Math.max(...heights));
  }
  return tops;
}

const letterOf = (i: number, kind: ComposedFigure["letters"]): string => {
  const letter = i < 26 ? String.fromCharCode(97 + i) : `${i + 1}`;
  return kind === "none" ? "" : kind === "upper" ? letter.toUpperCase() : letter;
};

function drawPanel(panel: ComposedPanel, i: number, layout: Layout): Cell {
  const letter = letterOf(i, layout.figure.letters);
  const indent = letter ? 18 : 0;
  const hasHead = letter !== "" || panel.title !== "";
  const head =
    (letter && text(letter, { y: 14, "font-size": 14, "font-weight": 700 })) +
    text(cut(panel.title, layout.cell - indent, UNITS), { x: indent, y: 14 });
  const top = hasHead ? HEAD : 4;
  const { svg, height } = panel.kind === "curves" ? curves(panel, layout) : image(panel, i, layout);
  return {
    svg: (hasHead ? head : "") + element("g", { transform: translate(0, top) }, svg),
    height: top + height + 8,
  };
}

/** About as high as the maps beside it. */
function curves({ figure, span = 1 }: ComposedCurves, { cell, barRoom }: Layout): Cell {
  const height = Math.max(90, cell / span - barRoom);
  const plot = { width: Math.max(60, cell - curvesRoom(figure)), height };
  return curvesCell(figure, plot);
}

function image(panel: ComposedMap | ComposedRgb, i: number, layout: Layout): Cell {
  const { cell, barRoom, isMarked, figure } = layout;
  const width = cell - barRoom;
  const height = (width * panel.rows) / panel.cols;
  const drawn =
    panel.kind === "map"
      ? heatMapImage(panel, panel.scale, width, height, true)
      : rgbImage({ rows: panel.rows, cols: panel.cols, rgb: panel.rgb }, width, height);
  const foot = isMarked ? FOOT : 0;
  const { svg, height: more } =
    panel.kind === "map"
      ? ownBar(panel, figure, width, height, foot)
      : legend(panel.channels, i, cell, height + foot + 6);
  const bar = !isMarked
    ? ""
    : panel.voxelMm
      ? scaleBar(panel.voxelMm * panel.cols, width, 0, height + 9)
      : text("step not known", { y: height + 16, "font-size": 11 });
  const frame = element("rect", { width, height, fill: "none", stroke: "black", "stroke-width": 0.8, "data-image": i });
  return { svg: drawn + frame + svg + bar, height: height + foot + more };
}

/** @param widths of the panels' images */
function scaleBarsOf({ panels, scaleBars }: ComposedFigure, places: readonly Place[], widths: readonly number[]) {
  const scales = panels.map((panel, i) =>
    panel.kind === "curves" ? undefined : ((panel.voxelMm ?? 0) * panel.cols) / widths[i]!,
  );
  const known = scales.filter((scale) => scale !== undefined);
  const isCommon = known.every((scale) => Math.abs(scale - known[0]!) <= 1e-6 * scale);
  const last = Math.max(...places.filter((_, i) => scales[i] !== undefined).map(({ row }) => row));
  const first = places.findIndex(({ row }, i) => row === last && scales[i] !== undefined);
  return scales.map(
    (scale, i) => scale !== undefined && scaleBars !== "none" && (scaleBars === "each" || !isCommon || i === first),
  );
}

function ownBar(
  { scale, label }: ComposedMap,
  { colourBars }: ComposedFigure,
  width: number,
  height: number,
  foot: number,
): Cell {
  if (colourBars === "right") return { svg: colourBar(scale, label, width + 8, 0, height), height: 0 };
  if (colourBars !== "below") return { svg: "", height: 0 };
  return { svg: colourBarBelow(scale, label, 0, height + foot + 8, width), height: COLOUR_BAR_HEIGHT };
}

function legend(channels: readonly RgbChannel[], i: number, width: number, top: number): Cell {
  const parts = channels.map((channel, row) =>
    element("g", { transform: translate(0, top + 44 * row) }, rgbLegend(channel, `${i}-${row}`, width, 11)),
  );
  return { svg: parts.join(""), height: 44 * channels.length + 8 };
}

/** A bar for each group, named by the letters of its panels. */
function sharedBars({ panels, letters, columns }: ComposedFigure, width: number, top: number): Cell {
  const groups = new Map<string, { map: ComposedMap; names: string[] }>();
  panels.forEach((panel, i) => {
    if (panel.kind !== "map") return;
    const group = groups.get(panel.group) ?? { map: panel, names: [] };
    groups.set(panel.group, { ...group, names: [...group.names, letterOf(i, letters)] });
  });
  const across = Math.max(1, Math.min(groups.size, columns));
  const room = (width - GAP * (across + 1)) / across;
  const bar = Math.min(room, 320);
  const drawn = [...groups.values()].map(({ map, names }, i) => {
    const whose = letters !== "none" && groups.size > 1 ? `${names.join(", ")}: ` : "";
    const x = GAP + (i % across) * (room + GAP) + (room - bar) / 2;
    return colourBarBelow(map.scale, whose + map.label, x, top + 4 + Math.floor(i / across) * COLOUR_BAR_HEIGHT, bar);
  });
  return { svg: drawn.join(""), height: Math.ceil(groups.size / across) * COLOUR_BAR_HEIGHT + 4 };
}
