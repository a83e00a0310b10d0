/**
 * xrdct as a library: everything that the commands do, for a script of your own. Runnable examples: examples/.
 *
 * A stage is a pure function over typed arrays; what reads and writes files has `open`, `read`, `write` or `create...
 * Writer` in its name. Arrays have the bins last; errors that the user can mend are InputError, with a stable code.
 */

export {
  anomalousFactors,
  bondWarnings,
  builtInStructure,
  type Cell,
  cellFreedom,
  cellVolume,
  createStructureFactors,
  density,
  dSpacing,
  elementWeightFractions,
  linearAttenuationPerMm,
  massAttenuation,
  PHASE_NAMES,
  type PhaseName,
  phaseSource,
  type Reflection,
  reflections,
  type Site,
  type Structure,
  type StructureFactors,
  siteFreedom,
} from "./crystal/index.ts";
export * from "./data/index.ts";
export { version } from "./data/version.ts";
export { decodeCbf, encodeCbf } from "./files/cbf.ts";
export { readCif } from "./files/cif.ts";
export { formatMapCsv, formatMapEsdCsv, parseNumberList } from "./files/csv.ts";
export { readCyclerFile } from "./files/cycler-file.ts";
export { decodeEdf, encodeEdf } from "./files/edf.ts";
export type { FrameSource, MissingFrames } from "./files/frame-source.ts";
export { type OpenFramesOptions, openFrames } from "./files/frames.ts";
export {
  openSinogramArray,
  type SinogramArray,
  type SinogramArrayOptions,
  type SinogramDimension,
} from "./files/hdf5-sinograms.ts";
export { type ReadMaskOptions, readMask } from "./files/mask.ts";
export { openNdtomoVolume, readNdtomoVolume, writeNdtomoVolume } from "./files/ndtomo.ts";
export { readScanMetadata, type ScanMetadata } from "./files/nexus.ts";
export { encodeNpy, type NpyArray } from "./files/npy.ts";
export { openP07Scan, type P07Options, type PatternScan } from "./files/p07.ts";
export { readPattern } from "./files/pattern-file.ts";
export { formatXye } from "./files/pattern-text.ts";
export { formatPoni, readPoni } from "./files/poni.ts";
export { openResult, type ProcessSummary, type Result, type ResultEntry } from "./files/result-reader.ts";
export {
  createResultWriter,
  type MapOptions,
  type ProcessRecord,
  type ResultArray,
  type ResultArrayOptions,
  type ResultAxis,
  type ResultOptions,
  type ResultWriter,
} from "./files/result-writer.ts";
export { svgToPng } from "./files/svg-to-png.ts";
export { decodeTiff, encodeTiff } from "./files/tiff.ts";
export {
  type Covariance,
  cauchyLoss,
  correlations,
  createLeastSquares,
  createLinearConstraints,
  createNormalLeastSquares,
  type Evaluate,
  huberLoss,
  type LeastSquares,
  type LinearConstraints,
  type LinearEquation,
  type Loss,
  type NormalLeastSquares,
  type NormalOptions,
  type NormalProblem,
  type NormalSummary,
  parseLinearEquation,
  type SolveOptions,
  type SolveSummary,
  squaredLoss,
  withNumericJacobian,
} from "./fit/index.ts";
export * from "./geometry/index.ts";
export { Arena, createKernelMemory, type KernelBuild, type Kernels } from "./kernels/index.ts";
export * from "./pattern/background.ts";
export { type CalculatedReflections, createPatternCalculator, type PatternCalculator } from "./pattern/calculator.ts";
export { checkModel } from "./pattern/check-model.ts";
export type * from "./pattern/model.ts";
export type { ModelParameter } from "./pattern/parameters.ts";
export * from "./pattern/pseudo-voigt.ts";
export { loadKernels } from "./pipeline/load-kernels.ts";
export type { ProgressEvent, ProgressListener } from "./pipeline/progress.ts";
export { type LoadedModel, loadModel } from "./pipeline/refine/load-model.ts";
export { type RunOptions, type RunSummary, runScan } from "./pipeline/run-scan.ts";
export { readScan, ScanConfig } from "./pipeline/scan-config.ts";
export { type Simulated, type SimulateOptions, simulateScan } from "./pipeline/simulate-scan.ts";
export { type CompareCellsOptions, compareCells } from "./pipeline/study/compare-cells.ts";
export { type FoundPlaces, findPlaces, PlacesConfig } from "./pipeline/study/find-places.ts";
export {
  type CellLithium,
  type LithiumInput,
  lithiumOfCell,
  readStructures,
} from "./pipeline/study/lithium-of-cell.ts";
export { type EchemCell, readEchem } from "./pipeline/study/read-echem.ts";
export { readSliceMaps } from "./pipeline/study/read-slice-maps.ts";
export type { StudyOptions } from "./pipeline/study/run-cells.ts";
export { runStudy, type StudyFindings } from "./pipeline/study/run-study.ts";
export { readStudy, type Study, StudyConfig } from "./pipeline/study/study-config.ts";
export {
  readSummedPattern,
  type StudyFigure,
  studyFigures,
  writeStudyFigures,
} from "./pipeline/study/study-figures.ts";
export type { StudyCell, StudyOutcome } from "./pipeline/study/study-outcome.ts";
export { writeStudy } from "./pipeline/study/write-study.ts";
export {
  backproject,
  circle,
  createProjectorGeometry,
  type ProjectorGeometry,
  type ProjectorOptions,
  project,
} from "./projector/index.ts";
export * from "./refinement/index.ts";
export * from "./stages/absorb/index.ts";
export * from "./stages/calibrate/index.ts";
export {
  type ConventionalPhase,
  type DirectInput,
  type DirectResult,
  DlsrConfig,
  type DlsrGeometry,
  type DlsrReport,
  type ProductRunner,
  reconstructDirect,
  serialRunner,
} from "./stages/dlsr/index.ts";
export {
  COLOUR_MAPS,
  type ColourMapName,
  type ImageFigure,
  imageFigure,
  type MapFigure,
  mapFigure,
  mapPanel,
  type PatternFigure,
  patternFigure,
} from "./stages/figure/index.ts";
export * from "./stages/integrate/index.ts";
export * from "./stages/map/index.ts";
export * from "./stages/reconstruct/index.ts";
export * from "./stages/refine/index.ts";
export * from "./stages/simulate/index.ts";
export * from "./stages/sinogram/index.ts";
