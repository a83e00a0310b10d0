/**
 * Figures for print out of blocks: each is drawn to a width, and says how high it came out. Drawn in units of which 12
 * are the size of the text, so that what is legible in one figure is so in all.
 */
import { cut, element, printDocument, text, translate, UNITS, unitsOfMm } from "./svg.ts";

export interface Drawing {
  readonly svg: string;
  readonly height: number;
}
/** @param width in units of which 12 are the size of the text */
export type Block = (width: number) => Drawing;

export interface PrintFigure {
  /** of the figure as printed; journals have 90 for one column and 180 for two */
  readonly widthMm: number;
  /** size of the text as printed, points */
  readonly fontPt: number;
  readonly title?: string;
  /** below everything, wrapped */
  readonly note?: string;
}

/** Okabe and Ito's colours, which colour-blind readers tell apart (Color Universal Design, 2008). */
export const CELL_COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"] as const;

/** For phases, of which there are more than cells: darker ones follow. */
export const PHASE_COLOURS = [...CELL_COLOURS, "#8c2d04", "#6a51a3", "#006d5b", "#8a7a00", "#525252"] as const;

const MARGIN = 10;
const NOTE_SIZE = 10;

/** An SVG document of `widthMm`, as high as its block comes out. */
export function printFigure({ widthMm, fontPt, title, note }: PrintFigure, block: Block): string {
  const width = unitsOfMm(widthMm, fontPt);
  const top = title ? 28 : 8;
  const drawn = block(width - 2 * MARGIN);
  const bottom = top + drawn.height;
  const lines = note ? wrap(note, width - 2 * MARGIN, NOTE_SIZE) : [];
  const height = bottom + lines.length * 13 + 8;
  return printDocument(
    { width, height, fontPt },
    element("rect", { width, height, fill: "white" }),
    title ? text(cut(title, width - 2 * MARGIN, 14), { x: MARGIN, y: 19, "font-size": 14 }) : "",
    element("g", { transform: translate(MARGIN, top) }, drawn.svg),
    ...lines.map((line, i) => text(line, { x: MARGIN, y: bottom + 10 + 13 * i, "font-size": NOTE_SIZE })),
  );
}

/** Blocks below each other. */
export const stack =
  (blocks: readonly Block[], gap = 8): Block =>
  (width) => {
    let height = 0;
    const parts = blocks.map((block, i) => {
      const drawn = block(width);
      const top = height + (i > 0 ? gap : 0);
      height = top + drawn.height;
      return element("g", { transform: translate(0, top) }, drawn.svg);
    });
    return { svg: parts.join(""), height };
  };

/** @param shares of the width; left out: alike */
export const beside =
  (blocks: readonly Block[], shares: readonly number[] = blocks.map(() => 1), gap = 14): Block =>
  (width) => {
    const unit = (width - gap * (blocks.length - 1)) / shares.reduce((sum, share) => sum + share, 0);
    let x = 0;
    const drawn = blocks.map((block, i) => {
      const { svg, height } = block(unit * shares[i]!);
      const at = x;
      x += unit * shares[i]! + gap;
      return { svg: element("g", { transform: translate(at, 0) }, svg), height };
    });
    return { svg: drawn.map(({ svg }) => svg).join(""), height: Math.max(0, ...drawn.map(({ height }) => height)) };
  };

/** In rows of `columns`, filled from the left. */
export const inRows = (blocks: readonly Block[], columns: number): Block => {
  const rows = Array.from({ length: Math.ceil(blocks.length / columns) }, (_, row) =>
    beside(
      Array.from({ length: columns }, (_, column) => blocks[row * columns + column] ?? nothing),
      undefined,
    ),
  );
  return stack(rows);
};

const nothing: Block = () => ({ svg: "", height: 0 });

export const letterAt = (i: number): string => (i < 26 ? String.fromCharCode(97 + i) : `${i + 1}`);

/** A block under its letter and heading. */
export const lettered =
  (letter: string, heading: string, block: Block): Block =>
  (width) => {
    const { svg, height } = block(width);
    const indent = letter ? 18 : 0;
    const head =
      (letter && text(letter, { y: 13, "font-size": 14, "font-weight": 700 })) +
      text(cut(heading, width - indent, UNITS), { x: indent, y: 13 });
    return { svg: head + element("g", { transform: translate(0, 20) }, svg), height: height + 20 };
  };

export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
}

/** What colours stand for, in as many lines as they take. */
export const legendBlock =
  (entries: readonly LegendEntry[], mark: "line" | "patch" = "line"): Block =>
  (width) => {
    let [x, row] = [0, 0];
    const parts = entries.map(({ label, colour }) => {
      const room = 30 + textWidth(label, 11) + 14;
      if (x > 0 && x + room > width) [x, row] = [0, row + 1];
      const [left, y] = [x, 16 * row];
      x += room;
      const drawn =
        mark === "line"
          ? element("line", { x1: left, x2: left + 20, y1: y + 8, y2: y + 8, stroke: colour, "stroke-width": 2.5 })
          : element("rect", { x: left + 6, y: y + 2, width: 14, height: 12, fill: colour, stroke: "#444" });
      return drawn + text(label, { x: left + 26, y: y + 12, "font-size": 11 });
    });
    return { svg: parts.join(""), height: entries.length ? 16 * (row + 1) + 4 : 0 };
  };

/** About as wide as DejaVu Sans is drawn. */
export const textWidth = (content: string, fontSize: number): number => 0.6 * fontSize * content.length;

function wrap(content: string, width: number, fontSize: number): string[] {
  const lines: string[] = [];
  for (const paragraph of content.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line && textWidth(`${line} ${word}`, fontSize) > width) {
        lines.push(line);
        line = word;
      } else line = line ? `${line} ${word}` : word;
    }
    if (line) lines.push(line);
  }
  return lines;
}
