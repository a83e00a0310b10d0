/** The figure code's colour maps by the names that @h5web/lib has for them, so that screen and file look alike. */
import { type ColorMap, ScaleType } from "@h5web/lib";
import type { ColourMapName, ColourScale } from "../../stages/figure/index.ts";

export type ColourTransform = ColourScale["transform"];

export const H5WEB_COLOURS: Record<ColourMapName, { readonly colorMap: ColorMap; readonly invert: boolean }> = {
  viridis: { colorMap: "Viridis", invert: false },
  inferno: { colorMap: "Inferno", invert: false },
  magma: { colorMap: "Magma", invert: false },
  cividis: { colorMap: "Cividis", invert: false },
  greys: { colorMap: "Greys", invert: false },
  difference: { colorMap: "RdBu", invert: true },
};

export const H5WEB_SCALES = {
  linear: ScaleType.Linear,
  sqrt: ScaleType.Sqrt,
  log: ScaleType.Log,
} as const satisfies Record<ColourTransform, ScaleType>;

/** Curves, phases and regions, in their order; told apart by colour-blind readers too, on dark and on light. */
export const SERIES_COLOURS = ["#3b82c4", "#d1495b", "#2f9e6e", "#c9822b", "#8a63c9", "#2aa1a8", "#b0579b", "#7a8a2e"];
export const colourOf = (i: number): string => SERIES_COLOURS[i % SERIES_COLOURS.length]!;
