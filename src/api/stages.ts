/**
 * "xrdct/stages": every stage on blocks of arrays, for scans larger than memory and loops of your own. A block's bits
 * do not depend on how the whole is cut.
 */

export { Arena, createKernelMemory, type KernelBuild, type Kernels } from "../kernels/index.ts";
export { loadKernels } from "../pipeline/load-kernels.ts";
export * from "../stages/absorb/index.ts";
export * from "../stages/calibrate/index.ts";
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
} from "../stages/dlsr/index.ts";
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
} from "../stages/figure/index.ts";
export * from "../stages/integrate/index.ts";
export * from "../stages/map/index.ts";
export * from "../stages/reconstruct/index.ts";
export * from "../stages/refine/index.ts";
export * from "../stages/simulate/index.ts";
export * from "../stages/sinogram/index.ts";
