/**
 * "xrdct/physics": the nouns and units, crystals, peak profiles, detector geometry, projector, least squares. Pure
 * functions that touch no file.
 */
export {
  anomalousFactors,
  bondWarnings,
  builtInStructure,
  type Cell,
  cellFreedom,
  cellVolume,
  createStructureFactors,
  density,
  dSpacing,
  elementWeightFractions,
  linearAttenuationPerMm,
  massAttenuation,
  PHASE_NAMES,
  type PhaseName,
  phaseSource,
  type Reflection,
  reflections,
  type Site,
  type Structure,
  type StructureFactors,
  siteFreedom,
} from "../crystal/index.ts";
export * from "../data/index.ts";
export {
  type Covariance,
  cauchyLoss,
  correlations,
  createLeastSquares,
  createLinearConstraints,
  createNormalLeastSquares,
  type Evaluate,
  huberLoss,
  type LeastSquares,
  type LinearConstraints,
  type LinearEquation,
  type Loss,
  type NormalLeastSquares,
  type NormalOptions,
  type NormalProblem,
  type NormalSummary,
  parseLinearEquation,
  type SolveOptions,
  type SolveSummary,
  squaredLoss,
  withNumericJacobian,
} from "../fit/index.ts";
export * from "../geometry/index.ts";
export * from "../pattern/background.ts";
export { type CalculatedReflections, createPatternCalculator, type PatternCalculator } from "../pattern/calculator.ts";
export { checkModel } from "../pattern/check-model.ts";
export type * from "../pattern/model.ts";
export type { ModelParameter } from "../pattern/parameters.ts";
export * from "../pattern/pseudo-voigt.ts";
export {
  backproject,
  circle,
  createProjectorGeometry,
  type ProjectorGeometry,
  type ProjectorOptions,
  project,
} from "../projector/index.ts";
export * from "../refinement/index.ts";
