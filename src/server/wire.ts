/**
 * What server and browser say to each other: types only, so that the page carries nothing of the server.
 *
 * Paths are relative to the served folder, with "/" between the parts; "" is the folder itself. An error is always
 * ErrorReply with a status of 400 (the user's to mend), another 4xx (refused: docs/security.md) or 500 (a bug of ours).
 *
 * Arrays travel as bytes (application/octet-stream): all of a reply one after the other, each at a multiple of 8, and
 * the header "x-xrdct-arrays" (JSON, ArraysHeader) says what they are.
 */
import type { AxisUnit } from "../data/index.ts";

export interface ErrorReply {
  readonly error: { readonly code: string; readonly message: string };
}

export const ARRAYS_HEADER = "x-xrdct-arrays";

export type WireType = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "float32" | "float64";

export interface ArraysHeader {
  readonly arrays: readonly { readonly name: string; readonly type: WireType; readonly shape: readonly number[] }[];
  /** whatever goes with them, as named by the route */
  readonly meta: Readonly<Record<string, unknown>>;
}

/** GET /api/session */
export interface Session {
  readonly version: string;
  /** the served folder, as the user knows it */
  readonly folder: string;
  /** a file that `xrdct serve FILE` named, to be opened at once */
  readonly open?: string;
  readonly openKind?: FileKind;
  readonly workers: number;
}

export type FileKind = "folder" | "result" | "scan" | "model" | "frame" | "geometry" | "pattern" | "hdf5" | "other";

export interface FileEntry {
  readonly name: string;
  readonly path: string;
  readonly kind: FileKind;
  readonly bytes: number;
  /** ISO 8601 */
  readonly modified: string;
}

/** GET /api/files?path= */
export interface Listing {
  readonly path: string;
  readonly entries: readonly FileEntry[];
  /** entries that are not listed because there are too many */
  readonly left: number;
}

/** GET /api/found: results and scans anywhere below the served folder, the newest first */
export interface Found {
  readonly results: readonly FileEntry[];
  readonly scans: readonly FileEntry[];
  /** the search stopped at its limit */
  readonly isCut: boolean;
}

/** GET /api/text?path= : TextFile; PUT /api/text TextSave: FileEntry. For .yaml, .yml, .poni, .txt, .figure.json up to 1 MB. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}
export interface TextSave extends TextFile {
  /** left out: an existing file is kept, and the answer is "file-exists" */
  readonly overwrite?: boolean;
}

export interface AxisInfo {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

/** map [y, x]; pattern [bin]; stack [y, x, bin] or [angle, translation, bin]; image: other 2D */
export type ArrayKind = "map" | "pattern" | "stack" | "image" | "other";

export interface ArrayInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: string;
  readonly unit: string;
  /** what a reader would call it, without the unit */
  readonly title: string;
  readonly kind: ArrayKind;
  readonly hasEsd: boolean;
  readonly hasStatus: boolean;
}

/** GET /api/result?file= */
export interface ResultInfo {
  readonly file: string;
  readonly title: string;
  readonly bytes: number;
  /** esd and status arrays are not listed by themselves: see hasEsd, hasStatus */
  readonly arrays: readonly ArrayInfo[];
  /** [y, x, bin], where the file keeps one */
  readonly volume?: string;
  /** [angle, translation, bin], where the file keeps one */
  readonly sinogram?: string;
  /** of the sinogram, in the order of the data; translations in steps (of voxelMm) from the rotation axis */
  readonly rays?: { readonly omegaDeg: readonly number[]; readonly translations: readonly number[] };
  /** the map to show first, or the volume where there is no map */
  readonly first: string;
  /** mm; absent where the step is not known */
  readonly voxelMm?: number;
  /** of the bins of volume and sinogram */
  readonly axis?: { readonly unit: AxisUnit; readonly values: readonly number[] };
  readonly wavelengthA?: number;
  readonly distanceM?: number;
  /** in the order of the map */
  readonly phases: readonly string[];
  /** weight fraction of each phase in the mean pattern, where a Rietveld map says it */
  readonly bulk?: Readonly<Record<string, number>>;
  /** a Rietveld map with its model in the file: a voxel can be refined */
  readonly hasModel: boolean;
  readonly processes: readonly {
    readonly stage: string;
    readonly version: string;
    readonly endedAt: string;
    readonly notes: readonly string[];
    readonly config: unknown;
  }[];
}

/**
 * GET /api/array?file=&name=[&offset=0,0,0&shape=1,2,3]
 * arrays: values, and with &with=esd,status those that the map has. At most 64 MB.
 */

/** Voxels of an image [y, x], row 0 the lowest. Corners and points are in voxels, voxel (0, 0) reaching from 0 to 1. */
export type Region =
  | { readonly kind: "voxel"; readonly y: number; readonly x: number }
  | {
      readonly kind: "rectangle";
      readonly from: readonly [x: number, y: number];
      readonly to: readonly [x: number, y: number];
    }
  | {
      readonly kind: "ellipse";
      readonly from: readonly [x: number, y: number];
      readonly to: readonly [x: number, y: number];
    }
  | { readonly kind: "polygon"; readonly points: readonly (readonly [x: number, y: number])[] }
  | { readonly kind: "mask"; readonly name: string }
  /** voxels one by one, a threshold for instance: start, length, start, length ... of y * width + x, ascending */
  | { readonly kind: "voxels"; readonly runs: readonly number[] };

/**
 * POST /api/pattern PatternRequest: the mean pattern of a region of a stack (GET with y and x for one voxel).
 * arrays: intensity [bin] float64 (float32 of one voxel), sigma [bin] where the stack has one; meta: PatternMeta
 */
export interface PatternRequest {
  readonly file: string;
  readonly stack: string;
  readonly region: Region;
}
export interface PatternMeta {
  /** voxels of the region that lie in the slice and have a value */
  readonly voxels: number;
}

/**
 * GET /api/image?file=&stack=&from=&to=[&side=n]: mean over the bins [from, to) of a stack; side: less the mean of the n
 * bins on either side. arrays: values [row, col] float32; meta: ImageMeta
 */
export interface ImageMeta {
  readonly from: number;
  readonly to: number;
  /**
   * Of a large stack, 0 to 1: how much of its index is made, in the background; wide ranges come at once when it is 1.
   * The values are exact all the same. Absent: the stack needs none, or its making has not begun.
   */
  readonly prepared?: number;
}

/** GET /api/ticks?file= : where the phases have their reflections, on the axis of the bins */
export interface Ticks {
  readonly phases: readonly {
    readonly name: string;
    readonly reflections: readonly {
      readonly hkl: readonly [number, number, number];
      readonly position: number;
      /** 0 to 1, of the phase's strongest */
      readonly intensity: number;
    }[];
  }[];
}

/**
 * GET /api/masks?file= : MaskInfo[]; PUT /api/masks MaskSave: MaskInfo; DELETE /api/masks?file=&name=
 * GET /api/mask?file=&name= : arrays: values uint8 [y, x]; meta: { shapes: MaskSave["shapes"] }
 */
export interface MaskInfo {
  readonly name: string;
  /** the .npy beside the result: uint8 [y, x], 1 inside */
  readonly path: string;
  readonly voxels: number;
}
export interface MaskSave {
  readonly file: string;
  readonly name: string;
  /** joined, in this order */
  readonly shapes: readonly { readonly region: Region; readonly isHole?: boolean }[];
  readonly overwrite?: boolean;
}

/** POST /api/png { svg, scale }: the SVG as a PNG, drawn as `xrdct figure` draws it */
/** GET /api/export?file=&name=&format=npy|csv|tif|edf|png|svg|xye[&from=&to=][&limits=low,high][&colourMap=]: as `xrdct export` writes it */

/**
 * A run: POST /api/jobs JobRequest, GET /api/jobs (JobList), GET /api/jobs/:id, POST /api/jobs/:id/cancel. To go on
 * with a run that was interrupted, start it again with the same scan and output.
 * GET /api/jobs/:id/events: server-sent events, each of them the whole JobInfo as it is now.
 */
export interface JobRequest {
  readonly scan: string;
  /** left out: the scan's name with .nxs, beside it */
  readonly output?: string;
  /** do this stage and those after it again */
  readonly from?: string;
  readonly until?: string;
  readonly workers?: number;
  readonly memoryGb?: number;
}

/** interrupted: what is finished is kept, and the run can go on */
export type JobState = "waiting" | "running" | "stopping" | "done" | "failed" | "interrupted";

export interface JobStage {
  readonly name: string;
  /** kept: finished before with the same settings and input */
  readonly state: "waiting" | "running" | "done" | "kept" | "stopped";
  readonly done: number;
  /** 0 until it is known */
  readonly blocks: number;
  /** blocks that an earlier run had done */
  readonly resumed: number;
  readonly secondsLeft?: number;
  readonly seconds?: number;
  readonly notes: readonly string[];
  readonly preview?: { readonly title: string; readonly columns: readonly string[] };
}

export interface JobInfo extends Required<Pick<JobRequest, "scan" | "output">> {
  readonly id: string;
  readonly from?: string;
  readonly until?: string;
  readonly workers: number;
  readonly memoryGb: number;
  readonly state: JobState;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly stages: readonly JobStage[];
  readonly error?: { readonly code: string; readonly message: string };
  /** of a run that is done: the middle of each map */
  readonly maps?: readonly {
    readonly name: string;
    readonly unit: string;
    readonly median: number | null;
    readonly voxels: number;
  }[];
  /** there is a file to explore, of this run or of an earlier one */
  readonly hasResult: boolean;
}

export interface JobList {
  /** the newest first; those of earlier sessions of the server too, which are known by what they left on the disk */
  readonly jobs: readonly JobInfo[];
  /** interrupted runs that were not started here */
  readonly others: readonly { readonly output: string; readonly stage: string; readonly isAtWork: boolean }[];
}

/** GET /api/jobs/:id/preview[?stage=&column=]: arrays: values [rows, cols] float32, NaN where nothing is done yet */
export interface PreviewMeta {
  readonly stage: string;
  readonly title: string;
  readonly unit: string;
  readonly image: "line-point" | "angle-translation" | "y-x";
  /** of the blocks that are shown, 0 to 1; absent where the image is always whole, and only sharpens */
  readonly share?: number;
  readonly column?: string;
}

/** GET /api/scan-schema: JSON schemas of scan.yaml and model.yaml, with `unit` and `description` */
export interface ScanSchemas {
  readonly scan: unknown;
  readonly model: unknown;
}

/** GET /api/scan-template?path=: a scan.yaml to start from, for what lies in a folder */
export interface ScanTemplate {
  /** where it would be saved */
  readonly path: string;
  readonly text: string;
  readonly found: readonly string[];
}

/** POST /api/scan-check { path, text, output?, workers?, memoryGb? } -> ScanCheck: what can be known before the start */
export interface ScanCheck {
  /** error: the run would be refused */
  readonly findings: readonly {
    readonly level: "error" | "note";
    readonly code?: string;
    readonly message: string;
    /** from 1 */
    readonly line?: number;
    /** that the line is of, where it is not the text: the scan's model */
    readonly file?: string;
  }[];
  readonly facts: readonly {
    readonly name: string;
    readonly label: string;
    readonly text: string;
    readonly value?: number;
  }[];
  readonly stages: readonly { readonly name: string; readonly isDone: boolean }[];
}

export interface StudyCellInfo {
  readonly name: string;
  readonly label: string;
  /** charged, discharged, pristine */
  readonly state?: string;
  /** as it was set */
  readonly rate?: string;
  /** its own result, where that is in the served folder */
  readonly result?: string;
  /** where its result is otherwise; `serve`: the folder that holds it and the study, left out where it is gone */
  readonly elsewhere?: { readonly path: string; readonly serve?: string };
  readonly electrodes: readonly { readonly electrode: string; readonly lengthMm: number }[];
  /** coatings, in the order of the numbers in places/CELL/layer */
  readonly layers: readonly {
    readonly electrode: string;
    readonly side: "inner" | "outer";
    readonly thicknessMm: number | null;
  }[];
  /** of the whole slice: esd of the fit alone, and total with what is systematic */
  readonly lithium: readonly {
    readonly electrode: string;
    readonly x: number | null;
    readonly esd: number | null;
    readonly total: number | null;
  }[];
  readonly capacityMAh: number | null;
  readonly capacityEsdMAh: number | null;
  /** of the steps of constant current: current over measured capacity, 1/h */
  readonly rates: readonly number[];
}

/** GET /api/study/cycling?file= : what the cyclers recorded, as curves; null where a half cycle ends. */
export interface StudyCycling {
  readonly plots: readonly {
    /** "voltage-time", "voltage-capacity", "dq-dv", "dv-dq" */
    readonly name: string;
    readonly title: string;
    readonly xLabel: string;
    readonly yLabel: string;
    readonly yLimits?: readonly [number, number] | undefined;
    readonly curves: readonly {
      readonly label: string;
      readonly x: readonly (number | null)[];
      readonly y: readonly (number | null)[];
    }[];
  }[];
}

/** GET /api/study?file= : what lies beside a study.nxs. GET /api/study/part?file=&part=figures/rwp.png : one of its files. */
export interface StudyInfo {
  readonly file: string;
  readonly title: string;
  /** name of the cell that the others are compared with */
  readonly reference?: string;
  /** empty where there is no report.json: the maps of the file are all there is */
  readonly cells: readonly StudyCellInfo[];
  readonly closings: readonly { readonly what: string; readonly words: string }[];
  readonly notes: readonly string[];
  /** names in its folder figures/ */
  readonly figures: readonly string[];
  /** paths in its folder */
  readonly tables: readonly string[];
}
