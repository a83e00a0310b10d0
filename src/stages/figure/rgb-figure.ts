/** Two or three maps as red, green and blue of one image, with what each colour stands for. */
import { encode } from "fast-png";
import { base64 } from "./heat-map.ts";
import { drawCross, drawLines, type OverlayLine } from "./overlay.ts";
import { scaleBar } from "./scale-bar.ts";
import { cut, document, element, text, translate } from "./svg.ts";

export interface RgbChannel {
  /** name and unit */
  readonly label: string;
  readonly colour: "red" | "green" | "blue";
  /** the values of no and of full colour */
  readonly limits: readonly [number, number];
  /** left out: 1 */
  readonly weight?: number;
}

export interface RgbFigure {
  readonly title: string;
  readonly rows: number;
  readonly cols: number;
  /** [row, col, 3], row 0 the lowest */
  readonly rgb: Uint8Array;
  readonly channels: readonly RgbChannel[];
  readonly voxelMm?: number;
  readonly lines?: readonly OverlayLine[];
  readonly cross?: readonly [number, number];
}

const [IMAGE, LEFT, TOP, LEGEND] = [380, 16, 34, 190] as const;
const PURE = { red: "#ff0000", green: "#00ff00", blue: "#0000ff" } as const;

/** An SVG document. */
export function rgbFigure(figure: RgbFigure): string {
  const { rows, cols, title, channels, voxelMm, cross, lines = [] } = figure;
  const zoom = IMAGE / Math.max(rows, cols);
  const [width, height] = [cols * zoom, rows * zoom];
  const px = (x: number): number => x * zoom;
  const py = (y: number): number => height - y * zoom;
  const total = LEFT + Math.max(width, 120) + LEGEND + 24;
  return document(
    total,
    TOP + Math.max(height, channels.length * 54) + 34,
    text(cut(title, total - 32, 13), { x: LEFT, y: 22, "font-size": 13 }),
    element(
      "g",
      { transform: translate(LEFT, TOP) },
      rgbImage(figure, width, height),
      element(
        "svg",
        { width, height, overflow: "hidden" },
        ...drawLines(lines, px, py, 11),
        cross ? drawCross(px(cross[0]), py(cross[1])) : "",
      ),
      element("rect", { width, height, fill: "none", stroke: "black", "stroke-width": 0.8 }),
    ),
    ...channels.map((channel, i) =>
      element(
        "g",
        { transform: translate(LEFT + width + 18, TOP + i * 54) },
        rgbLegend(channel, String(i), LEGEND - 30, 11),
      ),
    ),
    voxelMm
      ? scaleBar(voxelMm * cols, width, LEFT, TOP + height + 12)
      : text(`${cols} × ${rows} points; step not known`, { x: LEFT, y: TOP + height + 20, "font-size": 11 }),
  );
}

/** The image alone, `width` x `height`, row 0 at the bottom. */
export function rgbImage(
  { rows, cols, rgb }: Pick<RgbFigure, "rows" | "cols" | "rgb">,
  width: number,
  height: number,
): string {
  const data = new Uint8Array(rgb.length);
  for (let row = 0; row < rows; row++)
    data.set(rgb.subarray(3 * row * cols, 3 * (row + 1) * cols), 3 * (rows - 1 - row) * cols);
  return element("image", {
    width,
    height,
    preserveAspectRatio: "none",
    "image-rendering": cols < width * 2 ? "optimizeSpeed" : "auto",
    href: `data:image/png;base64,${base64(encode({ width: cols, height: rows, data, channels: 3, depth: 8 }))}`,
  });
}

/**
 * What one colour means: its bar from no to full colour, the values at its ends, its name above.
 *
 * @param key its own in the document
 */
export function rgbLegend(
  { label, colour, limits: [lo, hi], weight = 1 }: RgbChannel,
  key: string,
  width: number,
  fontSize: number,
): string {
  const id = `rgb-${key}`;
  const bar = 0.7 * fontSize;
  const ends = (value: number): string => String(Number(value.toPrecision(4)));
  const said = weight === 1 ? label : `${label}, × ${Number(weight.toPrecision(3))}`;
  return (
    element(
      "linearGradient",
      { id },
      element("stop", { offset: 0, "stop-color": "black" }),
      element("stop", { offset: 1, "stop-color": PURE[colour] }),
    ) +
    text(cut(said, width, fontSize), { y: fontSize, "font-size": fontSize }) +
    element("rect", { y: 1.4 * fontSize, width, height: bar, fill: `url(#${id})` }) +
    text(ends(lo), { y: 2.4 * fontSize + bar, "font-size": 0.9 * fontSize }) +
    text(ends(hi), { x: width, y: 2.4 * fontSize + bar, "text-anchor": "end", "font-size": 0.9 * fontSize })
  );
}
