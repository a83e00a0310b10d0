/**
 * The usual area detectors: shape, pixel size, and how the modules lie, so that a .poni which only names the detector
 * is complete and the gaps between modules can be masked.
 *
 * Source: the makers' data sheets (DECTRIS Pilatus3, Eiger X and Eiger2; X-Spectrum Lambda; Rayonix; Varex; Dexela),
 * with pyFAI's names and, where a detector can be binned, pyFAI's binning by default, so that .poni files of either program name the same detector.
 */
import type { Mask } from "../data/index.ts";
import type { Poni, Shape } from "./poni.ts";

export interface Modules {
  /** pixels of one module, [rows, cols] */
  readonly size: readonly [number, number];
  /** pixels without a sensor between two modules, [rows, cols] */
  readonly gap: readonly [number, number];
  /** columns between the two crystals of one CdTe module, [first, behind the last], which count wrongly */
  readonly seam?: readonly [number, number];
}

export interface DetectorModel {
  /** pyFAI's name */
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  /** metres, slow axis and fast axis */
  readonly pixel1: number;
  readonly pixel2: number;
  readonly modules?: Modules;
}

const PILATUS: Modules = { size: [195, 487], gap: [17, 7] };
const PILATUS_CDTE: Modules = { ...PILATUS, seam: [242, 245] };
const EIGER: Modules = { size: [514, 1030], gap: [37, 10] };
const EIGER2: Modules = { size: [512, 1028], gap: [38, 12] };
const EIGER2_CDTE: Modules = { ...EIGER2, seam: [513, 515] };
const MAXIPIX: Modules = { size: [256, 256], gap: [4, 4] };

type Row = readonly [name: string, rows: number, cols: number, pixelUm: number, modules?: Modules];

const ROWS: readonly Row[] = [
  ["Pilatus100k", 195, 487, 172, PILATUS],
  ["Pilatus200k", 407, 487, 172, PILATUS],
  ["Pilatus300k", 619, 487, 172, PILATUS],
  ["Pilatus300kw", 195, 1475, 172, PILATUS],
  ["Pilatus1M", 1043, 981, 172, PILATUS],
  ["Pilatus2M", 1679, 1475, 172, PILATUS],
  ["Pilatus6M", 2527, 2463, 172, PILATUS],
  ["PilatusCdTe300k", 619, 487, 172, PILATUS_CDTE],
  ["PilatusCdTe300kw", 195, 1475, 172, PILATUS_CDTE],
  ["PilatusCdTe900kw", 195, 4439, 172, PILATUS_CDTE],
  ["PilatusCdTe1M", 1043, 981, 172, PILATUS_CDTE],
  ["PilatusCdTe2M", 1679, 1475, 172, PILATUS_CDTE],
  ["Eiger500k", 514, 1030, 75, EIGER],
  ["Eiger1M", 1065, 1030, 75, EIGER],
  ["Eiger4M", 2167, 2070, 75, EIGER],
  ["Eiger9M", 3269, 3110, 75, EIGER],
  ["Eiger16M", 4371, 4150, 75, EIGER],
  ...[
    { family: "Eiger2", modules: EIGER2 },
    { family: "Eiger2CdTe", modules: EIGER2_CDTE },
  ].flatMap(({ family, modules }): Row[] => [
    [`${family}_500k`, 512, 1028, 75, modules],
    [`${family}_1M`, 1062, 1028, 75, modules],
    [`${family}_1MW`, 512, 2068, 75, modules],
    [`${family}_2MW`, 512, 4148, 75, modules],
    [`${family}_4M`, 2162, 2068, 75, modules],
    [`${family}_9M`, 3262, 3108, 75, modules],
    [`${family}_16M`, 4362, 4148, 75, modules],
  ]),
  ["Lambda60k", 256, 256, 55],
  ["Lambda250k", 516, 516, 55],
  ["Lambda750k", 516, 1554, 55],
  ["Lambda2M", 1554, 1554, 55],
  ["Maxipix", 256, 256, 55],
  ["Maxipix2x2", 516, 516, 55, MAXIPIX],
  ["Maxipix5x1", 256, 1296, 55, MAXIPIX],
  ["Dexela2923", 3888, 3072, 75],
  ["Perkin", 2048, 2048, 200],
  ["Pixium", 1910, 2480, 308],
  ["FReLoN", 2048, 2048, 50],
  ["Mar345", 3450, 3450, 100],
  ["Rayonix133", 2048, 2048, 64],
  ["RayonixSx165", 4096, 4096, 39.5],
  ["RayonixMx225", 3072, 3072, 73.242],
  ["RayonixMx300", 4096, 4096, 73.242],
  ["Apex2", 1024, 1024, 120],
  ["Titan", 2048, 2048, 60],
  ["ADSC_Q315", 6144, 6144, 51],
  ["Jungfrau", 512, 1024, 75],
];

/** "Pilatus CdTe 2M", "PILATUS3 X CdTe 2M" and "PilatusCdTe2M" are one detector. */
const key = (name: string): string =>
  name
    .toLowerCase()
    .replace(/pilatus3/g, "pilatus")
    .replace(/dectris|\bx\b|[^a-z0-9]/g, "")
    .replace(/^(pilatus|eiger2)([0-9]+[km]w?)cdte$/, "$1cdte$2");

const MODELS = new Map<string, DetectorModel>(
  ROWS.map(([name, rows, cols, pixelUm, modules]) => {
    const pixel = Number((pixelUm * 1e-6).toPrecision(12));
    return [key(name), { name, rows, cols, pixel1: pixel, pixel2: pixel, ...(modules && { modules }) }];
  }),
);

/** What is known of a detector by its name, as a .poni or a frame's header writes it. */
export const findDetector = (name: string): DetectorModel | undefined => MODELS.get(key(name));

/** Detectors of this shape; several where a family has the same size with another sensor. */
export const detectorsOfShape = (rows: number, cols: number): DetectorModel[] =>
  [...MODELS.values()].filter((model) => model.rows === rows && model.cols === cols);

/**
 * [row, col] mask of the gaps between the modules (and of the seams in CdTe modules), 1 = excluded; undefined where
 * the detector is unknown or has none.
 */
export function detectorGapMask(name: string): Mask | undefined {
  const model = findDetector(name);
  if (!model?.modules) return undefined;
  const { rows, cols, modules } = model;
  const [moduleRows, moduleCols] = modules.size;
  const [gapRows, gapCols] = modules.gap;
  const [seamStart, seamEnd] = modules.seam ?? [0, 0];
  const data = new Uint8Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    const inGapRow = row % (moduleRows + gapRows) >= moduleRows;
    for (let col = 0; col < cols; col++) {
      const inModule = col % (moduleCols + gapCols);
      if (inGapRow || inModule >= moduleCols || (inModule >= seamStart && inModule < seamEnd))
        data[row * cols + col] = 1;
    }
  }
  return { rows, cols, data };
}

/** The gaps of the detector that a .poni names, where it is of the frames' shape. */
export function gapMask({ detector }: Poni, { rows, cols }: Shape): Mask | undefined {
  const mask = detector === undefined ? undefined : detectorGapMask(detector);
  return mask && mask.rows === rows && mask.cols === cols ? mask : undefined;
}
