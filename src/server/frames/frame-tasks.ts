/** What the threads for frames are asked, and what they answer: types only. Paths are absolute here. */
import type { FrameArray } from "../../data/index.ts";
import type { Poni, Shape } from "../../geometry/index.ts";
import type {
  CalibrateRequest,
  Calibration,
  FrameMask,
  FrameMaskMeta,
  FramePart,
  FrameSeries,
  IntegrateOptions,
  Ring,
} from "../wire-frames.ts";

/** The frames to open, and the one that is meant. */
export interface FrameAt {
  readonly path: string;
  /** what the page calls it */
  readonly name: string;
  readonly dataset?: string | undefined;
  readonly frame: number;
}

export interface ImageReply {
  readonly rows: number;
  readonly cols: number;
  readonly data: FrameArray;
}

export interface PatternReply {
  readonly axis: Float64Array;
  readonly intensity: Float32Array;
  readonly sigma: Float32Array;
  readonly chiDeg?: Float64Array;
}

export interface FrameTasks {
  series: { ask: FrameAt; reply: FrameSeries };
  image: { ask: FrameAt & { readonly step: number; readonly part?: FramePart | undefined }; reply: ImageReply };
  mask: {
    ask: FrameAt & { readonly mask: FrameMask; readonly step: number };
    reply: ImageReply & FrameMaskMeta;
  };
  saveMask: { ask: FrameAt & { readonly mask: FrameMask; readonly target: string }; reply: FrameMaskMeta };
  integrate: {
    ask: FrameAt & { readonly poni: Poni; readonly mask: FrameMask; readonly options: IntegrateOptions };
    reply: PatternReply;
  };
  patternText: {
    ask: FrameTasks["integrate"]["ask"] & { readonly format: "xye" | "csv" };
    reply: string;
  };
  rings: { ask: { readonly calibrant: string; readonly poni: Poni; readonly shape: Shape }; reply: readonly Ring[] };
  calibrate: {
    ask: FrameAt & { readonly mask: FrameMask } & Omit<CalibrateRequest, "file" | "dataset" | "frame" | "mask">;
    reply: Calibration;
  };
  export: { ask: FrameAt & { readonly format: "tif" | "edf" | "npy" }; reply: Uint8Array };
}
export type FrameTask = keyof FrameTasks;

export interface TaskRequest<T extends FrameTask = FrameTask> {
  readonly task: T;
  readonly ask: FrameTasks[T]["ask"];
}
