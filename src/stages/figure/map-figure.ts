/** Maps: one, or a panel of several with letters. */
import type { ColourMapName } from "./colour-map.ts";
import {
  COLOUR_BAR_WIDTH,
  type ColourScale,
  colourBar,
  type HeatMapData,
  heatMapImage,
  percentileLimits,
} from "./heat-map.ts";
import { scaleBar } from "./scale-bar.ts";
import { document, element, text, translate } from "./svg.ts";

export interface MapFigure extends HeatMapData {
  readonly title: string;
  /** name and unit on the colour bar, "c (Å)" */
  readonly label: string;
  /** width of one map element; without it the figure says that the size is unknown */
  readonly voxelMm?: number;
  readonly colourMap?: ColourMapName;
  readonly transform?: ColourScale["transform"];
  /** left out: the 1st to the 99th percentile */
  readonly limits?: readonly [number, number];
}

const IMAGE = 380;
const TOP = 34;
const BOTTOM = 34;

/** One map as an SVG document. Row 0 is drawn at the bottom: y points up. */
export function mapFigure(map: MapFigure): string {
  const cell = mapCell(map);
  return document(cell.width, cell.height, cell.svg);
}

/** Several maps in rows of `columns`, lettered a, b, c ... */
export function mapPanel(maps: readonly MapFigure[], columns = 2): string {
  const cells = maps.map((map, i) => mapCell(map, maps.length > 1 ? letter(i) : undefined));
  const width = Math.max(...cells.map((cell) => cell.width));
  const rows: number[] = [];
  cells.forEach((cell, i) => {
    const row = Math.floor(i / columns);
    rows[row] = Math.max(rows[row] ?? 0, cell.height);
  });
  const top = (row: number): number => rows.slice(0, row).reduce((sum, height) => sum + height, 0);
  const placed = cells.map((cell, i) =>
    element("g", { transform: translate((i % columns) * width, top(Math.floor(i / columns))) }, cell.svg),
  );
  return document(width * Math.min(columns, maps.length), top(rows.length), ...placed);
}

const letter = (i: number): string => (i < 26 ? String.fromCharCode(97 + i) : `${i + 1}`);

function mapCell(map: MapFigure, panelLetter?: string): { svg: string; width: number; height: number } {
  const scale: ColourScale = {
    colourMap: map.colourMap ?? "viridis",
    transform: map.transform ?? "linear",
    limits: map.limits ?? percentileLimits(map.values),
  };
  const zoom = IMAGE / Math.max(map.rows, map.cols);
  const width = map.cols * zoom;
  const height = map.rows * zoom;
  const left = 16;
  const svg = [
    text(map.title, { x: left + (panelLetter ? 22 : 0), y: 22, "font-size": 13 }),
    panelLetter ? text(panelLetter, { x: left, y: 22, "font-size": 15, "font-weight": 700 }) : "",
    element(
      "g",
      { transform: translate(left, TOP) },
      heatMapImage(map, scale, width, height, true),
      element("rect", { width, height, fill: "none", stroke: "black", "stroke-width": 0.8 }),
    ),
    colourBar(scale, map.label, left + width + 10, TOP, height),
    map.voxelMm
      ? scaleBar(map.voxelMm * map.cols, width, left, TOP + height + 12)
      : text(`${map.cols} × ${map.rows} points; step not known`, { x: left, y: TOP + height + 20, "font-size": 11 }),
  ];
  return {
    svg: svg.join(""),
    width: left + Math.max(width, 120) + COLOUR_BAR_WIDTH + 12,
    height: TOP + height + BOTTOM,
  };
}
