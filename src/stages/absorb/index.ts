/** What the sample absorbs: attenuation maps, transmissions, and intensities put right for them. */
export { compareTransmission, type TransmissionComparison } from "./compare-transmission.ts";
export { AbsorbConfig, type AbsorbConfigInput } from "./config.ts";
export { correctRays, limitTransmission, type RayCorrection } from "./correct-rays.ts";
export { type FixedPoint, findFixedPoint } from "./fixed-point.ts";
export { attenuationOfComposition } from "./material.ts";
export {
  type AbsorbingPhase,
  attenuationOfPhases,
  type PhaseVolumes,
  phaseVolumes,
  type Rest,
  withVolumes,
} from "./phase-volumes.ts";
export {
  type AttenuationImage,
  type ImagePlace,
  placeImage,
  type Registration,
  type RegistrationRange,
  registerImage,
} from "./place-image.ts";
export { withHoles } from "./sample-mask.ts";
export {
  attenuationMap,
  filledShare,
  findScaleFactor,
  type MeasuredTransmission,
  type ScaleFactor,
  type ScaleFactorInput,
} from "./scale-factor.ts";
export { type BulkFractions, expectedChange, largestChange, logDifference } from "./settle.ts";
export { lineIntegrals, meanOverRays, transmissionOf } from "./transmission.ts";
