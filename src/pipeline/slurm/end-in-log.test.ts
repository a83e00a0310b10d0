import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { endInLog } from "./end-in-log.ts";

const path = join(tempFolder(), "part-0.log");
const inLog = (text: string): string | undefined => {
  writeFileSync(path, text);
  return endInLog(path);
};

// the first three as Slurm 22.05 wrote them
describe("what a node writes into a job's log", () => {
  it.each([
    ["slurmstepd-n1: error: Exceeded job memory limit", "OUT_OF_MEMORY"],
    [
      "slurmstepd-n1: error: StepId=4.batch exceeded memory limit (1131360256 > 1101004800), being killed",
      "OUT_OF_MEMORY",
    ],
    ["slurmstepd-n1: error: *** JOB 4 ON n1 CANCELLED AT 2026-11-23T09:35:28 ***", undefined],
    [
      "slurmstepd: error: Detected 1 oom_kill event in StepId=4.batch. Some of the step tasks have been OOM Killed.",
      "OUT_OF_MEMORY",
    ],
    ["slurmstepd: error: *** JOB 4 ON n1 CANCELLED AT 2026-11-23T09:35:28 DUE TO TIME LIMIT ***", "TIMEOUT"],
    ["slurmstepd: error: *** JOB 4 ON n1 CANCELLED AT 2026-11-23T09:35:28 DUE TO PREEMPTION ***", "PREEMPTED"],
    [
      "slurmstepd: error: *** JOB 4 ON n1 CANCELLED AT 2026-11-23T09:35:28 DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS ***",
      "NODE_FAIL",
    ],
    ["part 0: DUE TO TIME LIMIT and oom-kill are words of a scan's title", undefined],
  ])("%s", (line, state) => expect(inLog(`part 0, job 4_0 on n1: 8 blocks of map\n${line}\n`)).toBe(state));

  it("of an earlier job, before what a step has written since, counts no more", () => {
    const killed = "slurmstepd: error: Exceeded job memory limit\n";
    expect(inLog(`${killed}job 12 on n1: begun again\n`)).toBeUndefined();
    expect(inLog(`job 12 on n1: map was given to the cluster\n${killed}`)).toBe("OUT_OF_MEMORY");
  });

  it("no log says nothing", () => expect(endInLog(`${path}.none`)).toBeUndefined());
});
