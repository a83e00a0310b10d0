/** Lithium content of both electrodes, counted, and held against the charge that passed. */
export { electrodeVoxels, type PhaseAmount, phaseAmount, whereEnough } from "./amounts.ts";
export {
  anchorCalibration,
  CALIBRATIONS,
  type CalibrationInput,
  calibrationFor,
  createCalibration,
  interpolate,
  type LineOfA,
  type LithiumCalibration,
  lithiumOnLine,
  NMC532_LINE,
  type ReferenceState,
  widenCalibration,
} from "./calibration.ts";
export { LithiumConfig } from "./config.ts";
export { capacityPerLithium, MAH_PER_MOL, molarMass, parseFormula } from "./formula.ts";
export {
  type GraphiteLithium,
  graphiteLithium,
  lithiumOfWeights,
  type StagedPhase,
  stageAmountsEsd,
  stagedPhase,
} from "./graphite.ts";
export { GRAPHITE_STAGES, lithiumOfSpacing } from "./graphite-stages.ts";
export { electrodeGroups, graphiteRow, type LithiumRow, oxideRow, type VoxelGroup } from "./groups.ts";
export { type HiddenMass, type HiddenOxide, hiddenOxides, type SeenOxide, unseenShareEsd } from "./hidden-oxide.ts";
export { type TwoHumps, twoHumps } from "./inactive.ts";
export {
  type Closing,
  close,
  closeDifference,
  closeInventory,
  countLithium,
  type ElectrodeSums,
  inMah,
  type LithiumInventory,
  movedBetween,
  unitsByCharge,
} from "./inventory.ts";
export { LITHIUM_FLAG, type OxideLithium, oxideLithium } from "./layered-oxide.ts";
export { createLithiumCurve, type LithiumCurve, type LithiumPosterior } from "./lithium-posterior.ts";
export { combine, divide, esdOf, multiply, significance, subtract, type Uncertain, uncertain } from "./uncertain.ts";
export { type CathodeUnits, cathodeUnits } from "./units.ts";
