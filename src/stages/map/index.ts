export { MapConfig, type MapConfigInput, PeakConfig, PeakRegion } from "./config.ts";
export { type BlockValues, fitPeaksBlock, type PatternBlock, type PeakBlockResult } from "./fit-peaks.ts";
export {
  createPeakPlan,
  type PeakPlan,
  type PlannedParameter,
  type PlannedPeak,
  type PlannedRegion,
  type PlanOptions,
} from "./peak-plan.ts";
