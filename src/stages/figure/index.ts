export { axes } from "./axes.ts";
export { COLOUR_MAPS, type ColourMapName } from "./colour-map.ts";
export { type ComparisonFigure, comparisonFigure } from "./comparison-figure.ts";
export {
  type ComposedCurves,
  type ComposedFigure,
  type ComposedMap,
  type ComposedPanel,
  type ComposedRgb,
  composedFigure,
} from "./composed-figure.ts";
export { type CurvesFigure, curvesFigure, type FigureCurve } from "./curves-figure.ts";
export { type ColourScale, colourPixels, type HeatMapData, percentileLimits, weightedLimits } from "./heat-map.ts";
export { type Histogram, histogram } from "./histogram.ts";
export { type ImageFigure, imageFigure } from "./image-figure.ts";
export { type MapFigure, mapFigure, mapPanel } from "./map-figure.ts";
export { type Outline, type OverlayLine, outlinePoints } from "./overlay.ts";
export { type PatternFigure, patternFigure } from "./pattern-figure.ts";
export { type RgbChannel, type RgbFigure, rgbFigure } from "./rgb-figure.ts";
export { formatLength, niceLengthMm } from "./scale-bar.ts";
export { type SeriesFigure, type SeriesPanel, seriesFigure } from "./series-figure.ts";
