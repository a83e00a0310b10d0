/** Images with axes: a sinogram (angle over translation), a cake (chi over two-theta), a detector frame with rings. */
import { type AxisSpec, axes } from "./axes.ts";
import type { ColourMapName } from "./colour-map.ts";
import {
  COLOUR_BAR_WIDTH,
  type ColourScale,
  colourBar,
  type HeatMapData,
  heatMapImage,
  percentileLimits,
} from "./heat-map.ts";
import { drawCross, drawLines, type OverlayLine } from "./overlay.ts";
import { cut, document, element, text, translate } from "./svg.ts";

export interface ImageFigure extends HeatMapData {
  readonly title: string;
  /** name and unit on the colour bar */
  readonly label: string;
  readonly x: AxisSpec;
  readonly y: AxisSpec;
  readonly colourMap?: ColourMapName;
  readonly transform?: ColourScale["transform"];
  readonly limits?: readonly [number, number];
  /** row 0 at the bottom */
  readonly rowsUp?: boolean;
  /** keep the pixels square, as for a detector image */
  readonly isSquare?: boolean;
  /** lines over the image, in units of the axes */
  readonly lines?: readonly OverlayLine[];
  /** a marked point, in units of the axes */
  readonly cross?: readonly [number, number];
}

const LEFT = 74;
const TOP = 34;
const SIZE = 460;

/** A detector image, a sinogram or any array [row, col] as SVG, with labelled axes and a colour bar in its unit. */
export function imageFigure(figure: ImageFigure): string {
  const scale: ColourScale = {
    colourMap: figure.colourMap ?? "inferno",
    transform: figure.transform ?? "linear",
    limits: figure.limits ?? percentileLimits(figure.values, 0.5, 99.5),
  };
  const width = figure.isSquare && figure.cols < figure.rows ? (SIZE * figure.cols) / figure.rows : SIZE;
  const height = figure.isSquare ? (width * figure.rows) / figure.cols : 360;
  return document(
    LEFT + width + COLOUR_BAR_WIDTH + 26,
    TOP + height + 54,
    text(cut(figure.title, width + COLOUR_BAR_WIDTH, 13), { x: LEFT, y: 22, "font-size": 13 }),
    element(
      "g",
      { transform: translate(LEFT, TOP) },
      element("clipPath", { id: "image" }, element("rect", { width, height })),
      heatMapImage(figure, scale, width, height, figure.rowsUp ?? false),
      element("g", { "clip-path": "url(#image)" }, ...overlay(figure, width, height)),
      axes(
        figure.x,
        figure.rowsUp ? figure.y : { ...figure.y, ticks: figure.y.ticks ?? downwardTicks(figure.y, height) },
        { width, height },
      ),
    ),
    colourBar(scale, figure.label, LEFT + width + 12, TOP, height),
  );
}

function downwardTicks({ domain: [from, to] }: AxisSpec, height: number): { at: number; label: string }[] {
  const step = niceStep((to - from) / 6);
  const ticks = [];
  for (let value = Math.ceil(from / step) * step; value <= to + 1e-9 * step; value += step) {
    ticks.push({ at: ((value - from) / (to - from)) * height, label: String(Number(value.toPrecision(8))) });
  }
  return ticks;
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const mantissa = rough / power;
  return power * (mantissa > 5 ? 10 : mantissa > 2 ? 5 : mantissa > 1 ? 2 : 1);
}

function overlay({ lines = [], cross, x, y, rowsUp }: ImageFigure, width: number, height: number): string[] {
  const px = (value: number): number => ((value - x.domain[0]) / (x.domain[1] - x.domain[0])) * width;
  const share = (value: number): number => (value - y.domain[0]) / (y.domain[1] - y.domain[0]);
  const py = (value: number): number => (rowsUp ? 1 - share(value) : share(value)) * height;
  return [...drawLines(lines, px, py), cross ? drawCross(px(cross[0]), py(cross[1])) : ""];
}
