/** States and reasons of jobs, as Slurm names them, in the words of who has to do something about them. */
import type { SlurmJob } from "./slurm-commands.ts";

/** What ended otherwise than well, and what to do. */
const ENDS: Readonly<Record<string, string>> = {
  TIMEOUT: "ran into its time limit; raise time in the file of --slurm, or tasks",
  DEADLINE: "ran into a deadline that was set for it",
  OUT_OF_MEMORY: "needed more memory than it had asked for; raise --memory-gb, or lower cpusPerTask",
  NODE_FAIL: "was on a node that failed or stopped answering",
  BOOT_FAIL: "was on a node that did not start",
  LAUNCH_FAILED: "could not be started on its node",
  PREEMPTED: "had to make room for a job of higher priority",
  REVOKED: "was taken back by Slurm",
  CANCELLED: "was cancelled by a person or the cluster",
  FAILED: "failed",
};

/** Reasons of waiting that are no mere queueing. */
const WAITS: Readonly<Record<string, string>> = {
  JobHeldUser: "held by its user: scontrol release ID",
  JobHeldAdmin: "held by an administrator: ask them",
  PartitionTimeLimit: "will not start: time in the file of --slurm is more than the partition allows",
  PartitionNodeLimit: "will not start: it asks for more than the partition allows",
  PartitionDown: "the partition is down",
  PartitionInactive: "the partition is inactive",
  PartitionConfig: "will not start: it asks for what the partition does not have (cpusPerTask, --memory-gb)",
  BadConstraints: "will not start: no node has what options in the file of --slurm ask for",
  ReqNodeNotAvail: "the nodes that it could run on are down or reserved",
  DependencyNeverSatisfied: "will not start: what it waits for did not end as it should",
  InvalidAccount: "will not start: the account is not valid",
  InvalidQOS: "will not start: the quality of service (qos) is not valid",
  AccountNotAllowed: "will not start: the account may not use this partition",
  QOSNotAllowed: "will not start: the quality of service (qos) may not be used here",
  MaxMemPerLimit: "will not start: it asks for more memory than is allowed (--memory-gb)",
  launch: "could not be started on its node and is held: scontrol release ID, or ask an administrator",
};

/** How a job that is over went wrong; undefined for one that did not. */
export function describeEnd({ state, reason }: Pick<SlurmJob, "state" | "reason">): string | undefined {
  if (!Object.hasOwn(ENDS, state)) return undefined;
  if (reason === "JobLaunchFailure")
    return `was ended or not started by its node: its log says why; where there is none, its node does not see the folder, or may not write there (${state}, ${reason})`;
  const isKnown = reason === "" || reason === "None" || reason.toUpperCase() === state.replaceAll("_", "");
  return `${ENDS[state]} (${isKnown ? state : `${state}, ${reason}`})`;
}

/** What a job waits for, where somebody may have to do something about it; undefined for mere queueing. */
export function describeWait({ reason, id }: Pick<SlurmJob, "reason" | "id">): string | undefined {
  const name = /^\(?([A-Za-z]+)/.exec(reason)?.[1] ?? "";
  const words = Object.hasOwn(WAITS, name) ? WAITS[name] : undefined;
  if (words) return `${words.replace("ID", id)} (${reason})`;
  return /^(Assoc|QOS)[A-Za-z]*(Limit|Minutes)/.test(name)
    ? `waits for a limit of its account or quality of service (${reason})`
    : undefined;
}

export const isWaiting = ({ state }: Pick<SlurmJob, "state">): boolean =>
  ["PENDING", "CONFIGURING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD"].includes(
    state,
  );
export const isAtWork = ({ state }: Pick<SlurmJob, "state">): boolean =>
  ["RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"].includes(state);

/** "12 queued (Priority), 40 running, 12 done", and what a person has to know beyond. */
export function describeJobs(jobs: readonly SlurmJob[]): string {
  const count = (list: readonly SlurmJob[]): number => list.reduce((sum, { count }) => sum + count, 0);
  const waiting = jobs.filter(isWaiting);
  const running = jobs.filter(isAtWork);
  const done = jobs.filter(({ state }) => state === "COMPLETED");
  const lost = jobs.filter((job) => !isWaiting(job) && !isAtWork(job) && job.state !== "COMPLETED");
  // a step behind its array waits for nothing but our own jobs
  const reasons = [...new Set(waiting.map(({ reason }) => reason))].filter(
    (reason) => !["None", "Dependency", "Singleton", ""].includes(reason),
  );
  return [
    ...(waiting.length ? [`${count(waiting)} queued${reasons.length ? ` (${reasons.join(", ")})` : ""}`] : []),
    ...(running.length ? [`${count(running)} running`] : []),
    ...(done.length ? [`${count(done)} done`] : []),
    ...(lost.length ? [`${count(lost)} lost`] : []),
  ].join(", ");
}
