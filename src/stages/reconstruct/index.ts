/** Sinograms to a volume, by filtered back-projection, SIRT, CGLS or MLEM. */
export { type AngleWeights, angleWeights } from "./angle-weights.ts";
export { ReconstructConfig, type ReconstructConfigInput } from "./config.ts";
export { createReconstructionPlan, planMemory, type ReconstructionPlan, type SinogramGeometry } from "./plan.ts";
export {
  type ReconstructionBlock,
  type ReconstructionSummary,
  reconstructBlock,
} from "./reconstruct-block.ts";
export { STOP_REASONS, type StopReason } from "./stopping.ts";
