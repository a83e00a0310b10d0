export { type AngleWeights, angleWeights } from "./angle-weights.ts";
export { ReconstructConfig, type ReconstructConfigInput } from "./config.ts";
export { createReconstructionPlan, planMemory, type ReconstructionPlan, type Scan } from "./plan.ts";
export {
  type ReconstructionBlock,
  type ReconstructionSummary,
  reconstructBlock,
  type StopReason,
} from "./reconstruct-block.ts";
