/** Lines, outlines and crosses over an image, as a page draws them and as a figure keeps them. */
import { element, text } from "./svg.ts";

export interface OverlayLine {
  readonly points: readonly (readonly [number, number])[];
  readonly colour: string;
  readonly label?: string;
  /** in pixels of the figure; left out: 1 */
  readonly width?: number;
}

/** In elements of the image: element (0, 0) reaches from 0 to 1. */
export type Outline =
  | { readonly kind: "voxel"; readonly x: number; readonly y: number }
  | {
      readonly kind: "rectangle" | "ellipse" | "line";
      readonly from: readonly [number, number];
      readonly to: readonly [number, number];
    }
  | { readonly kind: "polygon"; readonly points: readonly (readonly [number, number])[] };

const ELLIPSE_STEPS = 72;

/** The points of an outline, closed but for a line. */
export function outlinePoints(shape: Outline): (readonly [number, number])[] {
  if (shape.kind === "polygon") return shape.points.length ? [...shape.points, shape.points[0]!] : [];
  if (shape.kind === "line") return [shape.from, shape.to];
  const [[x0, y0], [x1, y1]] =
    shape.kind === "voxel"
      ? ([
          [shape.x, shape.y],
          [shape.x + 1, shape.y + 1],
        ] as const)
      : [shape.from, shape.to];
  if (shape.kind === "ellipse") {
    return Array.from({ length: ELLIPSE_STEPS + 1 }, (_, i) => {
      const turn = (2 * Math.PI * i) / ELLIPSE_STEPS;
      return [(x0 + x1) / 2 + ((x1 - x0) / 2) * Math.cos(turn), (y0 + y1) / 2 + ((y1 - y0) / 2) * Math.sin(turn)];
    });
  }
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
    [x0, y0],
  ];
}

/** @param px from the line's coordinates to pixels of the figure */
export function drawLines(
  lines: readonly OverlayLine[],
  px: (x: number) => number,
  py: (y: number) => number,
  fontSize = 9,
): string[] {
  return lines.flatMap(({ points, colour, label, width = 1 }) => {
    const d = points.map(([u, v], i) => `${i ? "L" : "M"}${px(u).toFixed(1)},${py(v).toFixed(1)}`).join("");
    const last = points[points.length - 1];
    return [
      element("path", { d: d || "M0,0", fill: "none", stroke: colour, "stroke-width": width }),
      label && last ? text(label, { x: px(last[0]) + 3, y: py(last[1]) - 3, "font-size": fontSize, fill: colour }) : "",
    ];
  });
}

/** A cross that is seen on dark and on light. */
export function drawCross(x: number, y: number): string {
  const d = `M${x - 9},${y}h6M${x + 3},${y}h6M${x},${y - 9}v6M${x},${y + 3}v6`;
  return (
    element("path", { d, stroke: "white", "stroke-width": 3, opacity: 0.9 }) +
    element("path", { d, stroke: "#d00000", "stroke-width": 1.4 })
  );
}
