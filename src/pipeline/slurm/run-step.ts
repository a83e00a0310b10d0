/** The step of a run on a cluster, as a job: everything that is finished is skipped, so it goes on where the last one ended. */
import { appendFileSync, existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { stderr } from "node:process";
import { InputError } from "../../data/index.ts";
import { Suspended } from "../block-executor.ts";
import type { ProgressEvent, ProgressListener } from "../progress.ts";
import { steadyNow } from "../steady-clock.ts";
import { describeFailure } from "./failure.ts";
import { type StepSize, submitStep } from "./jobs.ts";
import { assertSameProgram, type ProgramIdentity, programIdentity } from "./program-identity.ts";
import { jobId, peakGb } from "./run-part.ts";
import { type Outcome, readJson, type SlurmOrder, slurmFolder, writeJson } from "./slurm-folder.ts";

/** The job that this process is. */
export interface StepJob {
  readonly order: SlurmOrder;
  readonly size: StepSize;
  /** of the run: what --from says is done again */
  readonly isFirst: boolean;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
  /** Goes on in a job of this size, behind these. @throws Suspended always */
  readonly goOn: (size: StepSize, why: string, after?: { ids: readonly string[]; isAny: boolean }) => Promise<never>;
}

/**
 * @param work gives the report for who gave the run
 * @returns whether it went well, or goes on elsewhere
 */
export async function runStep(
  folder: string,
  { size, isFirst }: Pick<StepJob, "size" | "isFirst">,
  signal: AbortSignal,
  work: (job: StepJob) => Promise<unknown>,
): Promise<boolean> {
  const order = readJson<SlurmOrder>(join(folder, "order.json"));
  if (!order || slurmFolder(order.output) !== folder) {
    throw new InputError(
      "slurm-order",
      `${hostname()} does not see ${join(folder, "order.json")}. Results of a run on a cluster have to lie on storage that all nodes share: give another place with -o.`,
    );
  }
  if (existsSync(join(folder, "cancelled"))) return true;
  const outcome = join(folder, "outcome.json");
  const started = steadyNow();
  const threads = size === "one" ? 1 : order.settings.cpusPerTask;
  const say = (text: string): boolean =>
    stderr.write(
      `job ${jobId()} on ${hostname()}, ${threads === 1 ? "1 thread" : `${threads} threads`}: ${text} (${((steadyNow() - started) / 1000).toFixed(1)} s, ${peakGb()} GB at most)\n`,
    );
  try {
    checkProgram(folder);
    const report = await work({
      ...{ order, size, isFirst, signal, onProgress: keepEvents(join(folder, "events.jsonl")) },
      async goOn(next, why, after) {
        await submitStep(order, { size: next, ...(after && { after: after.ids, isAfterAny: after.isAny }) });
        throw new Suspended(why);
      },
    });
    writeJson(outcome, { report } satisfies Outcome);
    say("finished");
    return true;
  } catch (error) {
    if (error instanceof Suspended) {
      say(error.message);
      return true;
    }
    stderr.write(`${(error as Error).stack}\n`);
    if (!signal.aborted) writeJson(outcome, { failure: describeFailure(error) } satisfies Outcome);
    return false;
  }
}

/** The first job says what the others have to be, even after the run was interrupted. @throws InputError "slurm-program-differs" */
function checkProgram(folder: string): void {
  const path = join(folder, "program.json");
  const first = readJson<ProgramIdentity>(path);
  if (first) assertSameProgram(first);
  else writeJson(path, programIdentity());
}

/** Not every thousandth of a stage: files on shared storage are slow. */
const EVERY_MS = 500;

function keepEvents(path: string): ProgressListener {
  let last = 0;
  return (event: ProgressEvent) => {
    const now = steadyNow();
    if (event.type === "stage-progress" && event.done < event.blocks && now - last < EVERY_MS) return;
    last = now;
    appendFileSync(path, `${JSON.stringify({ ...event, at: new Date(now).toISOString() })}\n`);
  };
}
