import { existsSync } from "node:fs";
import { tail } from "./last-lines.ts";

/** What a node's slurmstepd writes into the log of a job that it ends, and the state that goes with it. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/exceeded (job |step )?memory limit|oom.?kill/i, "OUT_OF_MEMORY"],
  [/DUE TO TIME LIMIT/, "TIMEOUT"],
  [/DUE TO PREEMPTION/, "PREEMPTED"],
  [/DUE TO NODE FAILURE/, "NODE_FAIL"],
];

/**
 * How a job ended, as its node wrote it at the end of its log: there it stays when Slurm's controller has forgotten
 * the job, and where that knows less (a job over its memory is "FAILED, JobLaunchFailure" without cgroups).
 *
 * @param path of the log; lines before the last that a step wrote itself, "job 12 ...", are of another job
 */
export function endInLog(path: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const lines = tail(path).split("\n");
  const said = lines
    .slice(lines.findLastIndex((line) => line.startsWith("job ")) + 1)
    .filter((line) => /^slurmstepd[^:]*: error: /.test(line));
  return WORDS.find(([pattern]) => said.some((line) => pattern.test(line)))?.[1];
}
