/** Who was at work on a stage: processes of this machine, or jobs of a cluster; kept for the result's provenance. */

export interface StageWork {
  /** name of the machine */
  readonly host: string;
  /** number of the job, as Slurm counts: "12" or, of an array, "12_3" */
  readonly job?: string;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly seconds: number;
  readonly threads: number;
  /** that it finished */
  readonly blocks: number;
}

/** Seconds in which at least one was at work: neither the waiting between jobs nor a night between two runs. */
export function busySeconds(work: readonly StageWork[]): number {
  const spans = work
    .map(({ startedAt, seconds }) => ({ from: Date.parse(startedAt) / 1000, seconds }))
    .sort((a, b) => a.from - b.from);
  let sum = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const { from, seconds } of spans) {
    sum += Math.max(0, from + seconds - Math.max(from, end));
    end = Math.max(end, from + seconds);
  }
  return sum;
}

/** Of all that were at work, added up. */
export const nodeSeconds = (work: readonly StageWork[]): number => work.reduce((sum, { seconds }) => sum + seconds, 0);

/** Work of jobs in one sentence; undefined where no job had a part in it. */
export function describeWork(work: readonly StageWork[]): string | undefined {
  const jobs = work.filter(({ job }) => job !== undefined);
  if (jobs.length === 0) return undefined;
  const numbers = [...new Set(jobs.map(({ job }) => job!.split("_")[0]!))];
  const hosts = [...new Set(jobs.map(({ host }) => host))].sort();
  const list = (names: readonly string[]): string =>
    names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} more` : names.join(", ");
  const were = `${jobs.length} ${jobs.length === 1 ? "job" : "jobs"} of Slurm (${list(numbers)}) on ${list(hosts)}`;
  return `${were}: ${nodeSeconds(jobs).toFixed(1)} s in all, at work for ${busySeconds(jobs).toFixed(1)} s`;
}
