/** What the server and the process of a run say to each other. */
import type { ProgressEvent } from "../../pipeline/progress.ts";
import type { RunSummary } from "../../pipeline/run-scan.ts";
import type { ScanCheck } from "../wire.ts";

/** Paths are absolute. */
export interface RunOrder {
  readonly kind: "run";
  readonly root: string;
  readonly scan: string;
  readonly output: string;
  readonly from?: string;
  readonly until?: string;
  readonly workers: number;
  readonly memoryBytes: number;
}

export interface CheckOrder {
  readonly kind: "check";
  readonly root: string;
  readonly scan: string;
  readonly text: string;
  readonly output: string;
  readonly workers: number;
  readonly memoryBytes: number;
}

export type RunEvent =
  | ProgressEvent
  | { readonly type: "stages"; readonly names: readonly string[] }
  | { readonly type: "end"; readonly maps: RunSummary["maps"] }
  | { readonly type: "error"; readonly code: string; readonly message: string }
  | { readonly type: "interrupted" }
  | { readonly type: "checked"; readonly check: ScanCheck };
