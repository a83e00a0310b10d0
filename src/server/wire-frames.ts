/** What server and browser say to each other about detector frames: types only, as in wire.ts. */
import type { Poni } from "../geometry/index.ts";
import type { CalibrationResult } from "../stages/calibrate/index.ts";
import type { Region, WireType } from "./wire.ts";

/** A frame of a file, of a folder's files, or of those that a pattern such as scan/*.cbf names. */
export interface FrameChoice {
  readonly file: string;
  /** path inside an HDF5 file; left out: found */
  readonly dataset?: string;
  /** the first is 0 */
  readonly frame: number;
}

/** GET /api/frames?file=[&dataset=&frame=] */
export interface FrameSeries {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly count: number;
  readonly type: WireType;
  /** pyFAI's name of the detector that has this shape */
  readonly detector?: string;
  /** metres, slow and fast axis, of that detector */
  readonly pixelM?: readonly [number, number];
  /** the file marks bad pixels itself */
  readonly hasOwnMask: boolean;
  /** of the frame asked for, as written in the file */
  readonly header: Readonly<Record<string, string>>;
  /** numbers for which there is no frame */
  readonly missing: number;
}

/**
 * GET /api/frames/image?file=&frame=[&dataset=][&step=n][&top=&left=&height=&width=]: a frame or a part of it.
 * arrays: values [row, col], as in the file; with a step above 1 float32, the mean over step x step pixels that hold
 * a count, NaN where none does.
 */
export interface FramePart {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Pixels that are left out: all that any of these names. */
export interface FrameMask {
  /** image whose pixels are left out where they are not 0, as `--mask` takes it */
  readonly file?: string;
  /** that file says which pixels to use instead */
  readonly isInverted?: boolean;
  /** negative counts, NaN, and the numbers that say "no count" in the frame's type */
  readonly invalid?: boolean;
  /** between the modules of the detector of this name */
  readonly gapsOf?: string;
  /** counts below and above */
  readonly below?: number;
  readonly above?: number;
  /** in pixels, x along columns and y along rows; in this order, a hole puts pixels back */
  readonly shapes?: readonly { readonly region: Region; readonly isHole?: boolean }[];
  /** after all that: the others */
  readonly isSwapped?: boolean;
}

/**
 * POST /api/frames/mask FrameMaskRequest. arrays: excluded uint8 [row, col], 1 = left out (with a step: at least half
 * of the pixels); meta: FrameMaskMeta
 */
export interface FrameMaskRequest extends FrameChoice {
  readonly mask: FrameMask;
  readonly step?: number;
}
export interface FrameMaskMeta {
  readonly excluded: number;
  readonly pixels: number;
}

/** PUT /api/frames/mask FrameMaskSave: { path, excluded }. The ending says how: .edf, .tif or .npy. */
export interface FrameMaskSave extends FrameChoice {
  readonly mask: FrameMask;
  readonly path: string;
  /** left out: an existing file is kept, and the answer is "file-exists" */
  readonly overwrite?: boolean;
}

/** GET /api/frames/geometry?path= : a .poni */
export interface Geometry {
  readonly path: string;
  readonly poni: Poni;
}

/** GET /api/frames/beside?file= : what is in the folder of the frames and above it in the served folder */
export interface Beside {
  readonly geometries: readonly string[];
  readonly masks: readonly string[];
  readonly cifs: readonly string[];
}

/** As `xrdct integrate` has them; left out: its defaults. */
export interface IntegrateOptions {
  readonly axis?: "two-theta" | "q" | "radius" | "log-tan";
  readonly bins?: number;
  readonly statistic?: "mean" | "trimmed-mean" | "median" | "sigma-clip";
  readonly trim?: number;
  readonly split?: "none" | "bbox" | "full";
  /** null: no correction */
  readonly polarization?: number | null;
  readonly solidAngle?: boolean;
  readonly chiBins?: number;
}

/**
 * POST /api/frames/integrate IntegrateRequest. arrays: axis [bin], intensity and sigma [bin] or [chi, bin], chi [chi];
 * with a format instead: the text that `xrdct integrate` writes
 */
export interface IntegrateRequest extends FrameChoice {
  readonly poni: Poni;
  readonly mask?: FrameMask;
  readonly options?: IntegrateOptions;
  readonly format?: "xye" | "csv";
}

/** POST /api/frames/rings { calibrant, poni, rows, cols }: those that reach the detector, from the inside out */
export interface Ring {
  readonly dA: number;
  readonly twoThetaDeg: number;
  /** 0 to 1, of the strongest */
  readonly intensity: number;
  /** "111", "333 / 511"; empty where only spacings are known */
  readonly hkl: string;
}

/** POST /api/frames/calibrate CalibrateRequest: Calibration */
export interface CalibrateRequest extends FrameChoice {
  readonly mask?: FrameMask;
  /** name of a standard, or path of a CIF or of a text file with d-spacings */
  readonly calibrant: string;
  readonly energyKeV: number;
  readonly distanceMm: number;
  readonly pixelUm?: number;
  readonly detector?: string;
  /** row, column */
  readonly centrePx?: readonly [number, number];
  readonly refineEnergy?: boolean;
  readonly refineTilt?: boolean;
  /** path of a .poni made before */
  readonly check?: string;
}
export interface Calibration {
  /** what `xrdct calibrate --json` gives; NaN is null here */
  readonly result: CalibrationResult;
  /** what `xrdct calibrate -o` writes */
  readonly poniText: string;
}

/** GET /api/frames/export?file=&frame=&format=tif|edf|npy[&dataset=]: the frame as a file */
