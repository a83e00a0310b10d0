export { axes } from "./axes.ts";
export { type BarChart, type BarGroup, barChartBlock } from "./bar-chart.ts";
export { COLOUR_MAPS, type ColourMapName } from "./colour-map.ts";
export { type ComparisonFigure, comparisonFigure } from "./comparison-figure.ts";
export { type Component, type ComponentImage, componentBlock, componentPixels } from "./component-image.ts";
export {
  type ComposedCurves,
  type ComposedFigure,
  type ComposedMap,
  type ComposedPanel,
  type ComposedRgb,
  composedFigure,
} from "./composed-figure.ts";
export { type CurvesFigure, curvesBlock, curvesFigure, type FigureCurve } from "./curves-figure.ts";
export {
  type ColourScale,
  colourPixels,
  type HeatMapData,
  percentileLimits,
  symmetricLimits,
  weightedLimits,
} from "./heat-map.ts";
export { type Histogram, histogram } from "./histogram.ts";
export { type ImageFigure, imageFigure } from "./image-figure.ts";
export {
  type FittedPattern,
  type IndexedPatterns,
  type IndexedPhase,
  type IndexedReflection,
  indexedPatternBlock,
} from "./indexed-pattern.ts";
export { type ImagePart, type LabelledImage, labelledBlock, labelledPixels } from "./labelled-image.ts";
export { type MapFigure, mapFigure, mapPanel } from "./map-figure.ts";
export {
  type MapFrame,
  type MapGrid,
  type MapGridRow,
  mapGridBlock,
  meanAndDeviation,
  partOf,
  plusMinus,
} from "./map-grid.ts";
export { type Outline, type OverlayLine, outlinePoints } from "./overlay.ts";
export { type PatternFigure, patternFigure } from "./pattern-figure.ts";
export {
  type Block,
  beside,
  CELL_COLOURS,
  inRows,
  type LegendEntry,
  legendBlock,
  letterAt,
  lettered,
  PHASE_COLOURS,
  type PrintFigure,
  printFigure,
  stack,
} from "./print-figure.ts";
export { type Profile, profileOf, sectorsOf } from "./profile.ts";
export { type RgbChannel, type RgbFigure, rgbFigure } from "./rgb-figure.ts";
export { formatLength, niceLengthMm } from "./scale-bar.ts";
export { type SeriesFigure, type SeriesPanel, seriesFigure } from "./series-figure.ts";
export { type Strip, type Strips, stripsBlock } from "./strips.ts";
export { type FigureTable, tableBlock } from "./table-figure.ts";
export { type CoatingPlaces, type UnwoundSize, unwoundMap, unwoundSize } from "./unwound-map.ts";
