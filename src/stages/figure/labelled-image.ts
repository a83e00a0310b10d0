/** A grey image with parts of it in colour: phases over a micro-CT slice, labels over what they were drawn on. */
import { encode } from "fast-png";
import { base64, percentileLimits } from "./heat-map.ts";
import { type Block, legendBlock } from "./print-figure.ts";
import { scaleBar } from "./scale-bar.ts";
import { element, text, translate } from "./svg.ts";

export interface ImagePart {
  readonly label: string;
  /** "#rrggbb" */
  readonly colour: string;
  /** [row, col] from 0, none, to 1, all; NaN is 0 */
  readonly amounts: ArrayLike<number>;
}

export interface LabelledImage {
  readonly rows: number;
  readonly cols: number;
  /** [row, col], row 0 the lowest; NaN is white */
  readonly values: ArrayLike<number>;
  /** black and white; left out: the 0.5th and the 99.5th percentile */
  readonly limits?: readonly [number, number];
  readonly parts: readonly ImagePart[];
  /** share of the colour where a part is all there is; left out: 0.6 */
  readonly opacity?: number;
  /** left out: not known, and said so */
  readonly voxelMm?: number | undefined;
  /** instead of a scale bar where the size of an element is not known */
  readonly sizeNote?: string;
}

/** @returns RGB bytes [row, col, 3], row 0 as in the image */
export function labelledPixels({ rows, cols, values, limits, parts, opacity = 0.6 }: LabelledImage): Uint8Array {
  const [low, high] = limits ?? percentileLimits(values, 0.5, 99.5);
  const colours = parts.map(({ colour }) => [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)));
  const out = new Uint8Array(3 * rows * cols);
  for (let i = 0; i < rows * cols; i++) {
    const value = values[i]!;
    const grey = Number.isFinite(value) ? 255 * Math.max(0, Math.min(1, (value - low) / (high - low))) : 255;
    let [sum, red, green, blue] = [0, 0, 0, 0];
    parts.forEach(({ amounts }, k) => {
      const amount = Math.max(0, Math.min(1, amounts[i]! || 0));
      sum += amount;
      red += amount * colours[k]![0]!;
      green += amount * colours[k]![1]!;
      blue += amount * colours[k]![2]!;
    });
    const share = opacity * Math.min(1, sum);
    const mixed = (part: number): number => Math.round((1 - share) * grey + (sum > 0 ? (share * part) / sum : 0));
    out[3 * i] = mixed(red);
    out[3 * i + 1] = mixed(green);
    out[3 * i + 2] = mixed(blue);
  }
  return out;
}

/** The image with its scale bar and its legend. */
export const labelledBlock =
  (image: LabelledImage): Block =>
  (room) => {
    const { rows, cols, parts, voxelMm, sizeNote } = image;
    const width = Math.min(room, 640);
    const height = (width * rows) / cols;
    const pixels = labelledPixels(image);
    const data = new Uint8Array(pixels.length);
    for (let row = 0; row < rows; row++)
      data.set(pixels.subarray(3 * row * cols, 3 * (row + 1) * cols), 3 * (rows - 1 - row) * cols);
    const href = `data:image/png;base64,${base64(encode({ width: cols, height: rows, data, channels: 3, depth: 8 }))}`;
    const drawn = element("image", {
      ...{ width, height, preserveAspectRatio: "none", href },
      "image-rendering": cols < width * 2 ? "optimizeSpeed" : "auto",
    });
    const frame = element("rect", { width, height, fill: "none", stroke: "black", "stroke-width": 0.8 });
    const bar = voxelMm
      ? scaleBar(voxelMm * cols, width, 0, height + 8)
      : text(sizeNote ?? `${cols} × ${rows} pixels; size of a pixel not known`, { y: height + 17, "font-size": 11 });
    const legend = legendBlock(parts, "patch")(room);
    return {
      svg: drawn + frame + bar + element("g", { transform: translate(0, height + 28) }, legend.svg),
      height: height + 28 + legend.height,
    };
  };
