/** Every voxel fitted, by peaks or by Rietveld: each parameter with esd and status. */
export { type BulkPhase, type BulkPhaseInput, bulkWeightFractions } from "./bulk.ts";
export {
  LatticeConfig,
  type LatticeConfigInput,
  MapConfig,
  type MapConfigInput,
  PeakConfig,
  PeakRegion,
} from "./config.ts";
export { type FindPeaksOptions, type FoundPeak, findPeaks, type KnownReflection, regionsOf } from "./find-peaks.ts";
export { type BlockValues, fitPeaksBlock, type PeakBlockResult, type VoxelBlock } from "./fit-peaks.ts";
export {
  areaRatio,
  type CrystalSystem,
  type LatticeResult,
  latticeFromPeaks,
  latticeOfPhase,
  type SpacingMap,
} from "./lattice-from-peaks.ts";
export {
  createPeakPlan,
  type PeakPlan,
  type PlannedParameter,
  type PlannedPeak,
  type PlannedRegion,
  type PlanOptions,
} from "./peak-plan.ts";
export { createVoxelRefiner, type OnVoxel, type RietveldBlockResult, type VoxelRefiner } from "./refine-voxels.ts";
export {
  createVoxelResiduals,
  type ResidualBlock,
  shapeParameters,
  type VoxelResiduals,
  type VoxelShapes,
} from "./residual-voxels.ts";
export { RietveldMapConfig } from "./rietveld-config.ts";
export {
  createRietveldPlan,
  type RietveldParameter,
  type RietveldPlan,
  type RietveldPlanInput,
} from "./rietveld-plan.ts";
export { type VoxelStarts, voxelStarts } from "./voxel-starts.ts";
