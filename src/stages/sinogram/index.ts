/** Patterns as measured to a clean, ordered, centred stack of sinograms. */
export { analyseSinogram } from "./analyse.ts";
export { type AppliedBlock, type ApplyOptions, applySinogram } from "./apply.ts";
export { SinogramConfig } from "./config.ts";
export { type FrameGrid, gridFrames, onGrid, patternsOnGrid } from "./frame-grid.ts";
export type { ScanRecord } from "./normalise.ts";
export type { LineOrder } from "./order.ts";
export { CELL, FILLED, type Jump, type RotationAxisReport, type SinogramReport } from "./report.ts";
export type { AxisEstimate } from "./rotation-axis.ts";
export {
  createPatternSummary,
  mergeSummaries,
  type PatternBlock,
  type PatternSummary,
  summarisePatterns,
} from "./summary.ts";
export { firstFramesOfTurns, type Run, type Turning, unwrapTurns } from "./turns.ts";
