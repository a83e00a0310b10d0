export { type BadPattern, findBadPatterns, meanIntensity } from "./bad-patterns.ts";
export { type Next, type NextOptions, refineNext } from "./refine-next.ts";
export { type RefineOptions, refinePattern } from "./refine-pattern.ts";
export { refineSurface, type SurfacePolynomial, type SurfaceResult } from "./refine-surface.ts";
export { refinementReport, withEsd } from "./report.ts";
export type { PhaseResult, RefinedParameter, RefinementResult, ReflectionResult, StageReport } from "./result.ts";
export { entryOf, flaggedEntry, type SeriesEntry, type SeriesFlag } from "./series-entry.ts";
export { type SeriesColumn, seriesColumns, seriesCsv, seriesReport } from "./series-table.ts";
export { settleConfig } from "./settle-config.ts";
