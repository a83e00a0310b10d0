/** A table as a drawing: rules above and below the heads and at the end, numbers at the right of their columns. */
import { type Block, textWidth } from "./print-figure.ts";
import { element, text, translate } from "./svg.ts";

export interface FigureTable {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const ROW = 16;
const GAP = 14;

/** Where the columns do not fit, the text is made smaller, so that nothing is cut off. */
export const tableBlock =
  ({ heads, rows }: FigureTable): Block =>
  (width) => {
    const widths = heads.map((head, i) =>
      Math.max(textWidth(head, 11), ...rows.map((row) => textWidth(row[i] ?? "", 11))),
    );
    const total = widths.reduce((sum, w) => sum + w + GAP, -GAP);
    const shrink = Math.min(1, width / total);
    const isNumber = heads.map((_, i) => rows.every((row) => /^[\d.±−+\-– ()e]*$/.test(row[i] ?? "")));
    const lefts = widths.map((_, i) => widths.slice(0, i).reduce((sum, w) => sum + w + GAP, 0));
    const cell = (content: string, i: number, y: number, weight?: number): string =>
      text(content, {
        x: isNumber[i] ? lefts[i]! + widths[i]! : lefts[i],
        y,
        "text-anchor": isNumber[i] ? "end" : "start",
        "font-size": 11,
        ...(weight && { "font-weight": weight }),
      });
    const rule = (y: number, thick: number): string =>
      element("line", { x2: total, y1: y, y2: y, stroke: "black", "stroke-width": thick });
    const height = (rows.length + 1) * ROW + 8;
    const svg = [
      rule(0, 1.2),
      ...heads.map((head, i) => cell(head, i, 13, 700)),
      rule(ROW + 2, 0.7),
      ...rows.flatMap((row, r) => row.map((content, i) => cell(content, i, ROW * (r + 1) + 15))),
      rule(height - 2, 1.2),
    ];
    return {
      svg: element("g", { transform: `${translate(0, 4)} scale(${shrink.toFixed(4)})` }, ...svg),
      height: height * shrink + 8,
    };
  };
