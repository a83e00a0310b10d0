/** What the mean pattern of a slice hides: residuals of voxels to components, peaks and candidate structures. */
export { type AmountsOf, createAmounts } from "./amounts.ts";
export { type CellShift, cellShift, isOwnCell } from "./cell-shift.ts";
export { type Cluster, clusterRows } from "./cluster.ts";
export { commonMisfit, subtractMisfit } from "./common-misfit.ts";
export { UnexplainedConfig, type UnexplainedConfigInput } from "./config.ts";
export { type FactoriseOptions, type Factors, factorise, gainOfNoise } from "./factorise.ts";
export { type FitSize, type Gain, testGain, upperTailOfF } from "./gain-test.ts";
export { type ModelState, modelColumns, phaseAtCells } from "./model-columns.ts";
export { type PooledRows, type Pooling, planPooling, poolRows } from "./pooling.ts";
export { createProjection, dot, type Projection } from "./projection.ts";
export {
  allowedCandidates,
  type Candidate,
  type CandidateLine,
  type RankedCandidate,
  rankCandidates,
} from "./rank-candidates.ts";
export { type NormalisedRows, normaliseRows, spreadOfColumns, spreadOfRows } from "./spread.ts";
export { medianOfSurroundings, withoutOutliers } from "./surroundings.ts";
export {
  type MisfitWindow,
  misfitOfWindow,
  pointsOfWindow,
  type WindowMisfit,
  type WindowPeak,
  windowsOfPeaks,
} from "./windows.ts";
