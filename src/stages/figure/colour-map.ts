/** Colour maps that print and that colour-blind readers can follow; from d3-scale-chromatic. */
import { rgb } from "d3-color";
import {
  interpolateCividis,
  interpolateGreys,
  interpolateInferno,
  interpolateMagma,
  interpolateRdBu,
  interpolateViridis,
} from "d3-scale-chromatic";

/** Colour maps of figures: from 0 to 1 to a CSS colour. */
export const COLOUR_MAPS = {
  viridis: interpolateViridis,
  inferno: interpolateInferno,
  magma: interpolateMagma,
  cividis: interpolateCividis,
  greys: interpolateGreys,
  /** for differences: blue below, red above */
  difference: (t: number) => interpolateRdBu(1 - t),
} as const;
export type ColourMapName = keyof typeof COLOUR_MAPS;

/** [256 x 3] red, green, blue, 0 to 255 */
export function colourTable(name: ColourMapName): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const { r, g, b } = rgb(COLOUR_MAPS[name](i / 255));
    table.set([r, g, b], i * 3);
  }
  return table;
}
