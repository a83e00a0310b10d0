export { type RefineOptions, refinePattern } from "./refine-pattern.ts";
export { refinementReport, withEsd } from "./report.ts";
export type { PhaseResult, RefinedParameter, RefinementResult, ReflectionResult, StageReport } from "./result.ts";
