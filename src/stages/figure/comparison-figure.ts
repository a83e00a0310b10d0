/** Two maps of one quantity side by side, their difference, the uncertainty, and how the values are distributed. */
import { type Histogram, histogram } from "./histogram.ts";
import { type MapFigure, mapCell } from "./map-figure.ts";
import { cut, document, element, text, translate } from "./svg.ts";

export interface ComparisonFigure {
  readonly title: string;
  /** drawn with one range of colours: give both the same limits */
  readonly maps: readonly MapFigure[];
  readonly histogram: Histogram;
  /** what is said in numbers, a line each */
  readonly lines: readonly string[];
}

/** An SVG document: maps in rows of two, and under them the histogram and the numbers. */
export function comparisonFigure({ title, maps, histogram: distribution, lines }: ComparisonFigure): string {
  const cells = maps.map((map, i) => mapCell(map, String.fromCharCode(97 + i)));
  const width = Math.max(...cells.map((cell) => cell.width));
  const height = Math.max(...cells.map((cell) => cell.height));
  const placed = cells.map(({ svg }, i) =>
    element("g", { transform: translate((i % 2) * width, 34 + Math.floor(i / 2) * height) }, svg),
  );
  const rows = Math.ceil(cells.length / 2);
  const total = Math.min(2, cells.length) * width;
  const top = 34 + rows * height;
  const plotHeight = 300;
  const letter = String.fromCharCode(97 + cells.length);
  return document(
    total,
    top + plotHeight + 16 * lines.length + 16,
    text(cut(title, total - 32, 15), { x: 16, y: 24, "font-size": 15 }),
    ...placed,
    text(letter, { x: 16, y: top + 22, "font-size": 15, "font-weight": 700 }),
    element("g", { transform: translate(0, top) }, histogram(distribution, Math.min(total, 760), plotHeight)),
    ...lines.map((line, i) =>
      text(cut(line, total - 32, 12), { x: 16, y: top + plotHeight + 14 + 16 * i, "font-size": 12 }),
    ),
  );
}
