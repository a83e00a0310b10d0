import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { FakeSlurm } from "../../../tests/fake-slurm.ts";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { describeEnd, describeJobs, describeWait } from "./job-states.ts";
import { secondsOf } from "./raise-demands.ts";
import { jobsOf, parseAccounting, parseJobId, parseMostInArray, parseQueue, submit } from "./slurm-commands.ts";

const slurm = new FakeSlurm(join(tempFolder(), "bin"));
afterAll(() => slurm.stop());

describe("what Slurm's programs print", () => {
  it("the number of a job, with or without the cluster's name", () => {
    expect(parseJobId("4711\n")).toBe("4711");
    expect(parseJobId("4711;maxwell\n")).toBe("4711");
    expect(parseJobId("sbatch: warning: a site's greeting\n4711\n")).toBe("4711");
    expect(() => parseJobId("Submitted!\n")).toThrow(/did not give the number of a job, but "Submitted!"/);
  });

  it("rows of jobs and of arrays that wait together", () => {
    const text = [
      "12|N/A|xrdct-a|RUNNING|n1|None",
      "13|0-3,7%2|xrdct-a.parts|PENDING||Resources",
      "13|8|xrdct-a.parts|OUT_OF_MEMORY|n2|OutOfMemory",
      "14|N/A|xrdct-a|PENDING||(launch failed requeued held)",
      "squeue: something else",
      "",
    ].join("\n");
    expect(parseQueue(text)).toEqual([
      { id: "12", count: 1, name: "xrdct-a", state: "RUNNING", node: "n1", reason: "None" },
      { id: "13", count: 5, name: "xrdct-a.parts", state: "PENDING", node: "", reason: "Resources" },
      {
        id: "13",
        index: 8,
        count: 1,
        name: "xrdct-a.parts",
        state: "OUT_OF_MEMORY",
        node: "n2",
        reason: "OutOfMemory",
      },
      { id: "14", count: 1, name: "xrdct-a", state: "PENDING", node: "", reason: "(launch failed requeued held)" },
    ]);
  });

  it("jobs of an array that the accounting database knows", () => {
    const text =
      "13_0|COMPLETED|n1\n13_1|CANCELLED by 1000|None assigned\n13_[2-4]|PENDING|\n13.batch|FAILED|n1\nsacct: error\n";
    const row = { id: "13", count: 1, name: "x", reason: "" };
    expect(parseAccounting(text, "x")).toEqual([
      { ...row, index: 0, state: "COMPLETED", node: "n1" },
      { ...row, index: 1, state: "CANCELLED", node: "" },
    ]);
  });

  it("jobs that an array may have", () => {
    expect(parseMostInArray("MaxArraySize            = 1001\nMaxJobCount = 10000\n")).toBe(1001);
    expect(parseMostInArray("MaxArraySize = 1001\nSchedulerParameters = a,max_array_tasks=64,b\n")).toBe(64);
    expect(parseMostInArray("SchedulerParameters = (null)\n")).toBeUndefined();
  });

  // sbatch(1), --time
  it.each([
    ["30", 1800],
    ["30:20", 1820],
    ["4:00:00", 14_400],
    ["1-12", 129_600],
    ["2-00:30", 174_600],
    ["1-01:01:01", 90_061],
    ["infinite", Number.POSITIVE_INFINITY],
  ])("a time of %s", (time, seconds) => expect(secondsOf(time)).toBe(seconds));

  it("anything else gives no job and no exception", () => {
    const words = fc.constantFrom("|", "12", "PENDING", "0-3", "%2", "[", "-", ",", "\n", "9999999999", "N/A", "\0");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((parts) => parts.join("")),
        ),
        (text) => {
          for (const { id, count, index } of parseQueue(text)) {
            expect(id).toMatch(/^\d+$/);
            expect(Number.isInteger(count) && count >= 1).toBe(true);
            expect(index === undefined || Number.isInteger(index)).toBe(true);
          }
          for (const { index } of parseAccounting(text, "x")) expect(Number.isInteger(index)).toBe(true);
        },
      ),
    );
  });
});

describe("states in words", () => {
  const row = (state: string, count = 1, reason = "None") => ({ id: "9", count, name: "x", state, node: "n1", reason });

  it.each([
    ["TIMEOUT", /time limit; raise time/],
    ["OUT_OF_MEMORY", /memory.*--memory-gb/],
    ["NODE_FAIL", /node that failed/],
    ["PREEMPTED", /higher priority/],
    ["CANCELLED", /cancelled by a person/],
    ["FAILED", /^failed/],
  ])("%s", (state, words) => {
    expect(describeEnd(row(state))).toMatch(words);
    expect(describeEnd(row(state))).toContain(`(${state})`);
  });

  it("with Slurm's reason, where that says more", () => {
    expect(describeEnd(row("FAILED", 1, "NonZeroExitCode"))).toBe("failed (FAILED, NonZeroExitCode)");
    expect(describeEnd(row("FAILED", 1, "JobLaunchFailure"))).toMatch(/node does not see the folder/);
    expect(describeEnd(row("OUT_OF_MEMORY", 1, "OutOfMemory"))).not.toContain("OutOfMemory");
  });

  it("what ends well or has not ended is no mishap", () => {
    for (const state of ["COMPLETED", "RUNNING", "PENDING", "COMPLETING"])
      expect(describeEnd(row(state))).toBeUndefined();
  });

  it.each([
    ["JobHeldAdmin", /held by an administrator/],
    ["JobHeldUser", /scontrol release 9/],
    ["PartitionTimeLimit", /will not start: time/],
    ["(launch failed requeued held)", /could not be started/],
    ["QOSMaxJobsPerUserLimit", /limit of its account/],
    ["AssocGrpCPUMinutesLimit", /limit of its account/],
  ])("waits for %s", (reason, words) => expect(describeWait(row("PENDING", 1, reason))).toMatch(words));

  it("waiting for a free node is nothing to tell; nor is constructor", () => {
    for (const reason of ["Priority", "Resources", "Dependency", "None", "BeginTime", "constructor", ""])
      expect(describeWait(row("PENDING", 1, reason))).toBeUndefined();
  });

  it("counts them", () => {
    const jobs = [
      row("PENDING", 12, "Priority"),
      row("PENDING", 1, "Dependency"),
      ...Array.from({ length: 3 }, () => row("RUNNING")),
      row("COMPLETED"),
      row("TIMEOUT"),
    ];
    expect(describeJobs(jobs)).toBe("13 queued (Priority), 3 running, 1 done, 1 lost");
    expect(describeJobs([])).toBe("");
  });
});

describe("what Slurm is asked", () => {
  it("of thousands of jobs in several questions, as no system takes so long an argument", async () => {
    const names = Array.from({ length: 2500 }, (_, i) => `xrdct-${"a-long-name-of-a-scan".padEnd(40, "_")}-${i}.parts`);
    await jobsOf(names);
    const asked = slurm.calls().map((call) => /--name=(\S+)/.exec(call)![1]!.split(","));
    expect(asked.flat()).toEqual(names);
    // Linux: MAX_ARG_STRLEN
    for (const some of asked) expect(some.join(",").length).toBeLessThan(131_000);
  });
});

describe("what Slurm refuses, with what to change", () => {
  // as Slurm 22.05 words them
  it.each([
    ["invalid partition specified: nowhere", /Set partition .* `sinfo`/],
    ["Invalid account or account/partition combination specified", /Set account and partition/],
    ["User's group not permitted to use this partition", /Set partition .* you may use/],
    ["Invalid qos specification", /Set qos/],
    ["Requested reservation is invalid", /Correct --reservation in options/],
    ["Access denied to requested reservation", /Correct --reservation in options/],
    ["Requested time limit is invalid (missing or exceeds some limit)", /Lower time/],
    ["Memory specification can not be satisfied", /Lower --memory-gb/],
    ["CPU count per node can not be satisfied", /Lower cpusPerTask/],
    ["Requested node configuration is not available", /Lower cpusPerTask/],
    ["Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)", /Lower tasks/],
    ["Invalid feature specification", /Correct options/],
    ["Invalid generic resource (gres) specification", /Correct options/],
    ["sbatch: unrecognized option '--constrain=rome'", /Correct options/],
    ["Something that nobody has seen", /Account, partition, time and size of jobs are set in/],
  ])("%s", async (said, remedy) => {
    slurm.say("sbatch.refuses", `sbatch: error: Batch job submission failed: ${said}\n`);
    const message = await submit("/data/step.sh").then(String, ({ message }: Error) => message);
    expect(message).toContain(said);
    expect(message.split("\n").at(-1)).toMatch(remedy);
  });
});
