/** Several components in one image, each in a colour of its own, with what each colour stands for. */
import { encode } from "fast-png";
import { base64 } from "./heat-map.ts";
import { type Block, legendBlock } from "./print-figure.ts";
import { scaleBar } from "./scale-bar.ts";
import { element, translate } from "./svg.ts";

export interface Component {
  readonly label: string;
  /** "#rrggbb" */
  readonly colour: string;
  /** [row, col] from 0, none, to 1, nothing else; NaN is 0 */
  readonly amounts: ArrayLike<number>;
}

export interface ComponentImage {
  readonly rows: number;
  readonly cols: number;
  readonly components: readonly Component[];
  readonly voxelMm: number;
}

/** A mixture looks like what there is most of: colours that are mixed as they are turn to mud in thin layers. */
const SHARPNESS = 3;

/**
 * Each element in the colour of what there is most of, shaded by the rest, on white: what is half empty is pale.
 *
 * @returns RGB bytes [row, col, 3], row 0 as in the amounts
 */
export function componentPixels({ rows, cols, components }: Omit<ComponentImage, "voxelMm">): Uint8Array {
  const colours = components.map(({ colour }) =>
    [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16)),
  );
  const out = new Uint8Array(rows * cols * 3);
  for (let i = 0; i < rows * cols; i++) {
    let [sum, weights, red, green, blue] = [0, 0, 0, 0, 0];
    components.forEach(({ amounts }, k) => {
      const amount = Math.max(0, Math.min(1, amounts[i]! || 0));
      const [r, g, b] = colours[k]!;
      const weight = amount ** SHARPNESS;
      sum += amount;
      weights += weight;
      red += weight * r!;
      green += weight * g!;
      blue += weight * b!;
    });
    const cover = Math.min(1, sum);
    const mixed = (part: number): number => (weights > 0 ? (cover * part) / weights : 0) + (1 - cover) * 255;
    out.set([mixed(red), mixed(green), mixed(blue)].map(Math.round), 3 * i);
  }
  return out;
}

/** The image with its scale bar and, unless shown elsewhere, its legend. */
export const componentBlock =
  (image: ComponentImage, hasLegend = true): Block =>
  (room) => {
    const { rows, cols, components, voxelMm } = image;
    const width = Math.min(room, 430);
    const height = (width * rows) / cols;
    const pixels = componentPixels(image);
    const data = new Uint8Array(pixels.length);
    for (let row = 0; row < rows; row++)
      data.set(pixels.subarray(3 * row * cols, 3 * (row + 1) * cols), 3 * (rows - 1 - row) * cols);
    const href = `data:image/png;base64,${base64(encode({ width: cols, height: rows, data, channels: 3, depth: 8 }))}`;
    const drawn =
      element("image", {
        width,
        height,
        preserveAspectRatio: "none",
        "image-rendering": cols < width * 2 ? "optimizeSpeed" : "auto",
        href,
      }) +
      element("rect", { width, height, fill: "none", stroke: "black", "stroke-width": 0.8 }) +
      scaleBar(voxelMm * cols, width, 0, height + 8);
    const legend = hasLegend ? legendBlock(components, "patch")(room) : { svg: "", height: 0 };
    return {
      svg: drawn + element("g", { transform: translate(0, height + 26) }, legend.svg),
      height: height + 26 + legend.height,
    };
  };
