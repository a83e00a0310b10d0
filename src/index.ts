/**
 * xrdct as a library: every stage on arrays in memory, files in and out, whole scans. How to use it: docs/api.md;
 * every name: docs/api/; runnable examples: examples/.
 *
 * Arrays have the bins last. What reads or writes a file has open, read, write or create...Writer in its name.
 * A mistake that the user can mend is an InputError with a stable code.
 *
 * More beside it: "xrdct/stages" (the same stages block by block, for scans larger than memory), "xrdct/files" (every
 * format), "xrdct/physics" (crystals, profiles, geometry, projector, least squares), "xrdct/study" (several cells).
 */
export { arrangeSinograms, type SinogramOptions } from "./api/arrange-sinograms.ts";
export type { PatternGrid, ScanGeometry, Sinograms, SliceVolume } from "./api/arrays.ts";
export { type CorrectedSinograms, correctAbsorption } from "./api/correct-absorption.ts";
export { type FrameIntegration, type FramePatterns, integrateFrames } from "./api/integrate-frames.ts";
export { type DirectMaps, type MapDirectOptions, mapDirect } from "./api/map-direct.ts";
export { type MapVolumeOptions, mapPeaks, mapRietveld, type RietveldMaps } from "./api/map-volume.ts";
export { reconstructVolume } from "./api/reconstruct-volume.ts";
export { runOnWorkers, type WorkerOptions } from "./api/run-on-workers.ts";
export { sharedKernels } from "./api/shared-kernels.ts";
export { energyKeVToWavelengthA } from "./data/axis.ts";
export {
  AXIS_UNITS,
  type Axis,
  type AxisContext,
  type AxisUnit,
  convertAxis,
  type Frame,
  InputError,
  type Mask,
  type ParameterMap,
  type Pattern,
  type SinogramStack,
  STATUS,
  type StatusName,
  type Volume,
  wavelengthAToEnergyKeV,
} from "./data/index.ts";
export { version } from "./data/version.ts";
export type { FrameSource } from "./files/frame-source.ts";
export { type OpenFramesOptions, openFrames } from "./files/frames.ts";
export { openPatternArray, type PatternArray, type PatternArrayOptions } from "./files/hdf5-patterns.ts";
export { readMask } from "./files/mask.ts";
export { readNdtomoVolume, writeNdtomoVolume } from "./files/ndtomo.ts";
export { readPattern } from "./files/pattern-file.ts";
export { formatXye } from "./files/pattern-text.ts";
export { formatPoni, readPoni } from "./files/poni.ts";
export { type DiffmapMotor, type DiffmapOptions, writeDiffmap } from "./files/pyfai-diffmap.ts";
export { openResult, type Result } from "./files/result-reader.ts";
export { createResultWriter, type ResultOptions, type ResultWriter } from "./files/result-writer.ts";
export { svgToPng } from "./files/svg-to-png.ts";
export type { Poni } from "./geometry/index.ts";
export type { ProgressEvent, ProgressListener } from "./pipeline/progress.ts";
export { type LoadedModel, loadModel, parseModel } from "./pipeline/refine/load-model.ts";
export { type RunOptions, type RunSummary, runScan } from "./pipeline/run-scan.ts";
export { parseScan, readScan, type Scan, ScanConfig } from "./pipeline/scan-config.ts";
export { type SimulateOptions, simulateScan } from "./pipeline/simulate-scan.ts";
export type { StudyOptions } from "./pipeline/study/run-cells.ts";
export { runStudy } from "./pipeline/study/run-study.ts";
export { readStudy } from "./pipeline/study/study-config.ts";
export { attenuationOfComposition } from "./stages/absorb/index.ts";
export { CalibrateConfig, type CalibrationResult, calibrate } from "./stages/calibrate/index.ts";
export { DlsrConfig, type DlsrReport } from "./stages/dlsr/index.ts";
export { imageFigure, mapFigure, patternFigure } from "./stages/figure/index.ts";
export { IntegrateConfig } from "./stages/integrate/index.ts";
export { findPeaks, MapConfig, RietveldMapConfig } from "./stages/map/index.ts";
export { ReconstructConfig } from "./stages/reconstruct/index.ts";
export { type RefinementResult, type RefineOptions, refinementReport, refinePattern } from "./stages/refine/index.ts";
export { SimulateConfig } from "./stages/simulate/index.ts";
export { SinogramConfig } from "./stages/sinogram/index.ts";
