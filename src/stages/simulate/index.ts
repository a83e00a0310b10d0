/** The stage `simulate`: an honest virtual experiment with a known truth. */
export { SimulateConfig, type SimulateInput } from "./config.ts";
export { createExperiment, type Experiment, type LineCounters, type ScanLine } from "./experiment.ts";
export type { FramePainter } from "./frames.ts";
export { drawPhantom, type Phantom } from "./phantom.ts";
export { PRESET_NAMES, type PresetName, presetConfig } from "./presets.ts";
export { createRandom, type Random } from "./random.ts";
export { sampleAt } from "./sample-at.ts";
export { type ScanGeometry, turnsOfPass } from "./scan.ts";
export { structureNames } from "./scattering.ts";
export { AS_RECEIVED_X, STUDY_CELLS, type StudyCellPlan } from "./study-cells.ts";
export { type CurvePoint, calibrationCurve, cellAtContent } from "./study-curve.ts";
export {
  type CyclingStep,
  capacityPerContentAh,
  ELECTRODE_HEIGHT_MM,
  finalContent,
  simulateCycling,
} from "./study-cycling.ts";
export { type CtSlice, drawCtSlice } from "./study-density.ts";
export { designStudyCell, type StudyCellDesign } from "./study-design.ts";
export { type CellTruth, studyTruthMaps } from "./study-truth.ts";
