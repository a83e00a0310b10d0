/** Progress of a run, as events; the terminal, a log and the app each show them in their own way. */
import type { StagePreview } from "./preview.ts";

/** What a run tells while it works. */
export type ProgressEvent =
  | {
      readonly type: "stage-start";
      readonly stage: string;
      readonly blocks: number;
      readonly resumed: number;
      readonly preview?: StagePreview;
    }
  | {
      readonly type: "stage-progress";
      readonly stage: string;
      readonly done: number;
      readonly blocks: number;
      readonly secondsLeft?: number;
      /** there is something new to see */
      readonly preview?: StagePreview;
    }
  | { readonly type: "stage-end"; readonly stage: string; readonly seconds: number; readonly notes: readonly string[] }
  | { readonly type: "stage-skipped"; readonly stage: string; readonly why: string };

/** Is told how a run goes. */
export type ProgressListener = (event: ProgressEvent) => void;

/**
 * Time left from the blocks done in this run; blocks that an earlier run did say nothing about the speed of this one.
 *
 * @param now milliseconds of a clock that nobody sets
 */
export function createEstimator(
  blocks: number,
  resumed: number,
  now: () => number = () => performance.now(),
): (done: number) => number | undefined {
  const start = now();
  return (done) => {
    const fresh = done - resumed;
    if (fresh < 1) return undefined;
    return ((now() - start) / 1000 / fresh) * (blocks - done);
  };
}

export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
