/** What is asked of the refinement thread, and what it answers. */
import type { ModelText, RefineTarget } from "../wire-refine.ts";
import type { FitReply } from "./refine-task.ts";

export interface RefineTask {
  readonly kind: "fit" | "model";
  /** of the result, absolute */
  readonly path: string;
  /** changes when the file does */
  readonly identity: string;
  /** the served folder */
  readonly root: string;
  readonly target: RefineTarget;
  readonly model?: ModelText;
  readonly isQuick?: boolean;
}

export interface RefineAsk {
  readonly task: RefineTask;
  /** [1] shared; not 0: it is no longer wanted */
  readonly cancel: Int32Array;
}

export type RefineAnswer = { readonly fit: FitReply | undefined } | { readonly model: ModelText | undefined };
