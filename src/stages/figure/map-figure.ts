/** Maps: one, or a panel of several with letters. */
import type { ColourMapName } from "./colour-map.ts";
import {
  COLOUR_BAR_WIDTH,
  type ColourScale,
  colourBar,
  type HeatMapData,
  heatMapImage,
  percentileLimits,
  symmetricLimits,
} from "./heat-map.ts";
import { drawCross, drawLines, type OverlayLine } from "./overlay.ts";
import { scaleBar } from "./scale-bar.ts";
import { cut, document, element, text, translate } from "./svg.ts";

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
  /** outlines of regions and lines, in voxels: voxel (0, 0) reaches from 0 to 1, y up */
  readonly lines?: readonly OverlayLine[];
  /** a marked voxel, in the same coordinates */
  readonly cross?: readonly [number, number];
}

const IMAGE = 380;
const TOP = 34;
const BOTTOM = 34;

/** One map as an SVG document. Row 0 is drawn at the bottom: y points up. */
export function mapFigure(map: MapFigure): string {
  const cell = mapCell(map);
  return document(cell.width, cell.height, cell.svg);
}

/** Several maps in rows of `columns`, lettered a, b, c ..., under a common title and over a note. */
export function mapPanel(maps: readonly MapFigure[], columns = 2, title = "", note = ""): string {
  const cells = maps.map((map, i) => mapCell(map, maps.length > 1 ? letter(i) : undefined));
  const width = Math.max(...cells.map((cell) => cell.width));
  const rows: number[] = [];
  cells.forEach((cell, i) => {
    const row = Math.floor(i / columns);
    rows[row] = Math.max(rows[row] ?? 0, cell.height);
  });
  const heading = title ? 30 : 0;
  const top = (row: number): number => heading + rows.slice(0, row).reduce((sum, height) => sum + height, 0);
  const placed = cells.map((cell, i) =>
    element("g", { transform: translate((i % columns) * width, top(Math.floor(i / columns))) }, cell.svg),
  );
  const total = width * Math.min(columns, maps.length);
  const shown = title ? text(cut(title, total - 32, 15), { x: 16, y: 24, "font-size": 15 }) : "";
  const bottom = top(rows.length) + (note ? 16 : 0);
  const noted = note ? text(cut(note, total - 32, 11), { x: 16, y: bottom - 8, "font-size": 11 }) : "";
  return document(total, bottom, shown, ...placed, noted);
}

const letter = (i: number): string => (i < 26 ? String.fromCharCode(97 + i) : `${i + 1}`);

/** One map with its colour bar, to be placed in a larger figure. */
export function mapCell(map: MapFigure, panelLetter?: string): { svg: string; width: number; height: number } {
  const scale: ColourScale = {
    colourMap: map.colourMap ?? "viridis",
    transform: map.transform ?? "linear",
    limits: map.limits ?? (map.colourMap === "difference" ? symmetricLimits : percentileLimits)(map.values),
  };
  const zoom = IMAGE / Math.max(map.rows, map.cols);
  const width = map.cols * zoom;
  const height = map.rows * zoom;
  const left = 16;
  const room = left + Math.max(width, 120) + COLOUR_BAR_WIDTH - (panelLetter ? 22 : 0);
  const svg = [
    text(cut(map.title, room, 13), { x: left + (panelLetter ? 22 : 0), y: 22, "font-size": 13 }),
    panelLetter ? text(panelLetter, { x: left, y: 22, "font-size": 15, "font-weight": 700 }) : "",
    element(
      "g",
      { transform: translate(left, TOP) },
      heatMapImage(map, scale, width, height, true),
      mapOverlay(map, width, height),
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

/** A drawing of its own, so that nothing reaches over the image's edge. */
function mapOverlay({ lines = [], cross, rows, cols }: MapFigure, width: number, height: number): string {
  if (lines.length === 0 && !cross) return "";
  const px = (x: number): number => (x / cols) * width;
  const py = (y: number): number => (1 - y / rows) * height;
  return element(
    "svg",
    { width, height, overflow: "hidden" },
    ...drawLines(lines, px, py, 11),
    cross ? drawCross(px(cross[0]), py(cross[1])) : "",
  );
}
