/** Sinograms to a volume, by filtered back-projection, SIRT, CGLS or MLEM. */
export { type AngleWeights, angleWeights } from "./angle-weights.ts";
export { ReconstructConfig, type ReconstructConfigInput } from "./config.ts";
export { type FirstMoment, firstMomentShift } from "./first-moment.ts";
export type { ParallaxPlan, ParallaxWindow } from "./parallax-plan.ts";
export {
  checkParallax,
  createReconstructionPlan,
  planMemory,
  planWindowMemory,
  type ReconstructionPlan,
  type SinogramGeometry,
} from "./plan.ts";
export {
  type ReconstructionBlock,
  type ReconstructionSummary,
  reconstructBlock,
  reconstructBlockAway,
  reconstructionFootprint,
} from "./reconstruct-block.ts";
export { reconstructWindow, type WindowData } from "./reconstruct-window.ts";
export { STOP_REASONS, type StopReason } from "./stopping.ts";
export type { AwayPair } from "./work.ts";
export type { WayOut } from "./workspace.ts";
