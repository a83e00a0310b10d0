/** Long and thin images above each other, with axes: electrodes that were unwound. */
import { scaleLinear } from "d3-scale";
import { axes } from "./axes.ts";
import { type ColourScale, colourBar, colourBarWidth, type HeatMapData, heatMapImage } from "./heat-map.ts";
import { type Block, letterAt } from "./print-figure.ts";
import { cut, element, text, translate } from "./svg.ts";

export interface Strip {
  readonly title: string;
  /** [row, col], row 0 the lowest */
  readonly image: HeatMapData;
  /** from the first to the last column's outer edge */
  readonly xDomain: readonly [number, number];
  readonly yDomain: readonly [number, number];
}

export interface Strips {
  readonly strips: readonly Strip[];
  /** of all strips, "c (Å)" */
  readonly label: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly scale: ColourScale;
  /** of each image, in units of the text of 12; left out: 70 */
  readonly stripHeight?: number;
  readonly firstLetter?: number;
}

const LEFT = 70;

/** All strips have one scale of colours and one length of axis, so that a shorter electrode is drawn shorter. */
export const stripsBlock =
  ({ strips, label, xLabel, yLabel, scale, stripHeight = 70, firstLetter = 0 }: Strips): Block =>
  (width) => {
    const plot = width - LEFT - colourBarWidth(scale) - 10;
    const domain: [number, number] = [
      Math.min(...strips.map(({ xDomain }) => xDomain[0])),
      Math.max(...strips.map(({ xDomain }) => xDomain[1])),
    ];
    const x = scaleLinear(domain, [0, plot]);
    let height = 0;
    const drawn = strips.map(({ title, image, xDomain, yDomain }, i) => {
      const isLast = i === strips.length - 1;
      const top = height;
      height += 20 + stripHeight + (isLast ? 44 : 10);
      const [left, right] = [x(xDomain[0]), x(xDomain[1])];
      const frame = axes(
        { domain, label: isLast ? xLabel : "", ...(isLast ? {} : { ticks: [] }) },
        { domain: yDomain, label: "", ticks: ends(yDomain, stripHeight) },
        { width: plot, height: stripHeight },
      );
      return element(
        "g",
        { transform: translate(0, top) },
        text(letterAt(firstLetter + i), { y: 13, "font-size": 14, "font-weight": 700 }),
        text(cut(title, width - 20, 12), { x: 18, y: 13 }),
        element(
          "g",
          { transform: translate(LEFT, 20) },
          element("g", { transform: translate(left, 0) }, heatMapImage(image, scale, right - left, stripHeight, true)),
          frame,
          text(yLabel, {
            transform: `translate(-40,${stripHeight / 2}) rotate(-90)`,
            "text-anchor": "middle",
            "font-size": 11,
          }),
        ),
      );
    });
    const bar = colourBar(scale, label, LEFT + plot + 10, 20, Math.max(stripHeight, Math.min(220, height - 64)));
    return { svg: drawn.join("") + bar, height };
  };

const ends = ([lo, hi]: readonly [number, number], height: number): { at: number; label: string }[] =>
  [lo, (lo + hi) / 2, hi].map((value) => ({
    at: height * (1 - (value - lo) / (hi - lo)),
    label: String(Number(value.toPrecision(3))),
  }));
