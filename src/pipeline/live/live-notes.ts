import type { StagePlan } from "../stage.ts";
import type { Step } from "../steps.ts";
import { readRecord } from "./live-ending.ts";
import { liveFolder } from "./live-store.ts";

/** What was noticed while the scan was followed goes with the notes of its first stage, and so into the result. */
export function withLiveNotes(steps: readonly Step[], workFolder: string): Step[] {
  const [first, ...rest] = steps;
  if (!first) return [];
  const plan = async () => {
    const made = (await first.stage.plan()) as StagePlan<unknown>;
    const finish: StagePlan<unknown>["finish"] = (problems) => {
      const { meta, notes } = made.finish(problems);
      return { meta, notes: [...notes, ...(readRecord(liveFolder(workFolder))?.notes ?? [])] };
    };
    return { ...made, finish };
  };
  return [{ ...first, stage: { ...first.stage, plan } }, ...rest];
}
