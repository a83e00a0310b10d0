/** Refinements, one after the other in a thread that is kept warm; those that nobody waits for any more are dropped. */
import { InputError } from "../../data/index.ts";
import { builtScript } from "../threads/built-script.ts";
import { createTaskThread } from "../threads/task-thread.ts";
import type { ModelText } from "../wire-refine.ts";
import type { RefineAnswer, RefineAsk, RefineTask } from "./protocol.ts";
import type { FitReply } from "./refine-task.ts";

const MOST_WAITING = 20;

export interface Refiner {
  /** @throws InputError "refine-cancelled" | "server-busy" and those of models and patterns */
  fit(task: Omit<RefineTask, "kind">, signal: AbortSignal): Promise<FitReply | undefined>;
  model(task: Omit<RefineTask, "kind">, signal: AbortSignal): Promise<ModelText | undefined>;
  close(): Promise<void>;
}

export function createRefiner(): Refiner {
  const thread = createTaskThread<RefineAsk, RefineAnswer>({
    script: builtScript("refine/refine-thread.js"),
    most: MOST_WAITING,
    busy: "refinements are waiting already",
  });
  async function ask(task: RefineTask, signal: AbortSignal): Promise<RefineAnswer> {
    const cancel = new Int32Array(new SharedArrayBuffer(4));
    const onAbort = (): void => {
      Atomics.store(cancel, 0, 1);
    };
    signal.addEventListener("abort", onAbort);
    try {
      const answer = await thread.ask({ task, cancel }, { signal });
      signal.throwIfAborted();
      return answer;
    } catch (error) {
      throw signal.aborted ? new InputError("refine-cancelled", "The refinement was cancelled.") : error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
  return {
    async fit(task, signal) {
      const answer = await ask({ ...task, kind: "fit" }, signal);
      return "fit" in answer ? answer.fit : undefined;
    },
    async model(task, signal) {
      const answer = await ask({ ...task, kind: "model" }, signal);
      return "model" in answer ? answer.model : undefined;
    },
    close: thread.close,
  };
}
