/** What server and page say to each other about scans that are followed while they are measured: types only. */
import type { LiveState } from "../pipeline/live/snapshot.ts";

export type { LiveState } from "../pipeline/live/snapshot.ts";

/** GET /api/live/state?output= */
export interface LiveRun {
  /** path of the result to be */
  readonly output: string;
  /** a process is at work on it */
  readonly isAtWork: boolean;
  /** the server's clock, ISO 8601: what came when is told by the same */
  readonly now: string;
  readonly state: LiveState;
}

/** GET /api/live: the one that was looked at last is the first */
export interface LiveRuns {
  readonly runs: readonly LiveRun[];
}

/**
 * GET /api/live/view?output=&band=: arrays "sinogram" [line, point], NaN where nothing came yet, "image" [y, x] where
 * there is one, "axis" and "pattern" [bin]
 */
export interface LiveViewMeta {
  readonly band: string;
  readonly updatedAt: string;
}
