/** Long work of this thread in steps, so that it shows how far it is and can be interrupted. */
import { setImmediate } from "node:timers/promises";
import { createEstimator, type ProgressListener } from "../progress.ts";

export interface StepOptions {
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

/** To be awaited after each step. @throws the signal's reason where the work is to end */
export type Step = () => Promise<void>;

export async function inSteps<T>(
  stage: string,
  steps: number,
  { onProgress, signal }: StepOptions,
  work: (step: Step) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const secondsLeft = createEstimator(steps, 0);
  let done = 0;
  onProgress({ type: "stage-start", stage, blocks: steps, resumed: 0 });
  const value = await work(async () => {
    // signals of the system are seen only between turns of the event loop
    await setImmediate();
    signal.throwIfAborted();
    done = Math.min(steps, done + 1);
    const left = secondsLeft(done);
    onProgress({
      ...{ type: "stage-progress", stage, done, blocks: steps },
      ...(left !== undefined && { secondsLeft: left }),
    });
  });
  onProgress({ type: "stage-end", stage, seconds: (performance.now() - started) / 1000, notes: [] });
  return value;
}
