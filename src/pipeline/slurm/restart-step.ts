/**
 * A run whose step was ended by the machine, and which nobody goes on with: Slurm has no time, memory or node any more
 * for that job, and requeues only what its node has lost.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../data/index.ts";
import { endInLog } from "./end-in-log.ts";
import { describeEnd } from "./job-states.ts";
import { type Demands, describeDemands, NO_DEMANDS, raiseStep } from "./raise-demands.ts";
import { mostSeconds, type SlurmJob } from "./slurm-commands.ts";
import { jobName, readJson, type SlurmOrder, slurmFolder, writeJson } from "./slurm-folder.ts";

/** In RESULT.work/slurm: how often a step was begun again, and what steps ask for since. */
interface Restarts {
  readonly count: number;
  readonly demands: Demands;
}
const pathOf = (order: SlurmOrder): string => join(slurmFolder(order.output), "restarts.json");

export const stepDemands = (order: SlurmOrder): Demands => readJson<Restarts>(pathOf(order))?.demands ?? NO_DEMANDS;

/** How machines end jobs; what fails by itself, or was cancelled, is left to who sees it. */
const OF_MACHINES: ReadonlySet<string> = new Set([
  "OUT_OF_MEMORY",
  "TIMEOUT",
  "NODE_FAIL",
  "BOOT_FAIL",
  "PREEMPTED",
  "REVOKED",
]);

const logOf = (order: SlurmOrder): string => join(slurmFolder(order.output), "step.log");

/** The last step of the run among jobs that have ended, with what its log says of its end. */
export function lastStep(order: SlurmOrder, jobs: readonly SlurmJob[]): SlurmJob | undefined {
  const steps = jobs.filter(({ name }) => name === jobName(order.output));
  const [last] = steps.sort((a, b) => Number(b.id) - Number(a.id));
  const said = last && last.state !== "COMPLETED" ? endInLog(logOf(order)) : undefined;
  return last && said ? { ...last, state: said, reason: "" } : last;
}

export const wasEndedByMachine = (job: SlurmJob | undefined): boolean => OF_MACHINES.has(job?.state ?? "");

/**
 * Counts one more beginning of the step, with more memory or time where that is what was short.
 *
 * @param job that was lost; undefined where Slurm has forgotten it
 * @returns what is done, in words
 * @throws InputError "slurm-jobs-gone" where beginning it again helps no more
 */
export async function allowRestart(order: SlurmOrder, job: SlurmJob | undefined): Promise<string> {
  const { count, demands } = readJson<Restarts>(pathOf(order)) ?? { count: 0, demands: NO_DEMANDS };
  const { time, partition, tries } = order.settings;
  const state = job?.state ?? "";
  const most = state === "TIMEOUT" ? await mostSeconds(partition) : undefined;
  const raised = raiseStep(demands, state, { time, mostSeconds: most });
  const end = job && describeEnd(job);
  const what = `${job ? `job ${job.id}` : "a job"}${job?.node ? ` on ${job.node}` : ""} ${end ?? "left the queue"}`;
  if (!raised || count + 1 >= tries) {
    const often = raised ? `Steps of the run were lost ${count + 1} times before it was finished` : "Its step was lost";
    const asked = describeDemands(demands);
    throw new InputError(
      "slurm-jobs-gone",
      `${often}: ${what}${asked && `, with ${asked}`}. Its log is ${logOf(order)}. Run the same command again to go on; what is finished is kept.`,
    );
  }
  writeJson(pathOf(order), { count: count + 1, demands: raised } satisfies Restarts);
  const asked = describeDemands(raised);
  const text = `${what}: begun again${asked && ` (${asked})`}`;
  appendFileSync(logOf(order), `${text}\n`);
  return text;
}
