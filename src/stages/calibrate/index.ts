/** The image of a powder standard to the geometry of the detector, without clicks. */
export {
  CALIBRANTS,
  type Calibrant,
  type CalibrantName,
  type CalibrantRing,
  calibrantRings,
  structureRings,
} from "./calibrants.ts";
export { type CalibrateOptions, calibrate } from "./calibrate.ts";
export { type CalibrationFigureData, calibrationFigureData, type RingOverlay } from "./calibration-figure.ts";
export type { CalibrationPoint, CalibrationResult, RingResult } from "./calibration-result.ts";
export { CalibrateConfig } from "./config.ts";
export { checkOrientation, type Orientation, type OrientationReport } from "./orientation.ts";
export type { GeometryParameter } from "./ring-geometry.ts";
