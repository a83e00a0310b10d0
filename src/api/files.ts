/** "xrdct/files": every format that xrdct reads and writes. */
export { decodeCbf, encodeCbf } from "../files/cbf.ts";
export { readCif } from "../files/cif.ts";
export { formatMapCsv, formatMapEsdCsv, parseNumberList } from "../files/csv.ts";
export { readCyclerFile } from "../files/cycler-file.ts";
export { decodeEdf, encodeEdf } from "../files/edf.ts";
export type { FrameSource, MissingFrames } from "../files/frame-source.ts";
export { type OpenFramesOptions, openFrames } from "../files/frames.ts";
export { openPatternArray, type PatternArray, type PatternArrayOptions } from "../files/hdf5-patterns.ts";
export {
  openSinogramArray,
  type SinogramArray,
  type SinogramArrayOptions,
  type SinogramDimension,
} from "../files/hdf5-sinograms.ts";
export { type ReadMaskOptions, readMask } from "../files/mask.ts";
export { openNdtomoVolume, readNdtomoVolume, writeNdtomoVolume } from "../files/ndtomo.ts";
export { readScanMetadata, type ScanMetadata } from "../files/nexus.ts";
export { encodeNpy, type NpyArray } from "../files/npy.ts";
export { openP07Scan, type P07Options, type PatternScan } from "../files/p07.ts";
export { readPattern } from "../files/pattern-file.ts";
export { formatXye } from "../files/pattern-text.ts";
export { formatPoni, readPoni } from "../files/poni.ts";
export { type DiffmapMotor, type DiffmapOptions, writeDiffmap } from "../files/pyfai-diffmap.ts";
export { openResult, type ProcessSummary, type Result, type ResultEntry } from "../files/result-reader.ts";
export {
  createResultWriter,
  type MapOptions,
  type ProcessRecord,
  type ResultArray,
  type ResultArrayOptions,
  type ResultAxis,
  type ResultOptions,
  type ResultWriter,
} from "../files/result-writer.ts";
export { svgToPng } from "../files/svg-to-png.ts";
export { decodeTiff, encodeTiff } from "../files/tiff.ts";
