export { axes } from "./axes.ts";
export { COLOUR_MAPS, type ColourMapName } from "./colour-map.ts";
export { type ColourScale, colourPixels, type HeatMapData, percentileLimits, weightedLimits } from "./heat-map.ts";
export { type ImageFigure, imageFigure } from "./image-figure.ts";
export { type MapFigure, mapFigure, mapPanel } from "./map-figure.ts";
export { type PatternFigure, patternFigure } from "./pattern-figure.ts";
export { formatLength, niceLengthMm } from "./scale-bar.ts";
export { type SeriesFigure, type SeriesPanel, seriesFigure } from "./series-figure.ts";
