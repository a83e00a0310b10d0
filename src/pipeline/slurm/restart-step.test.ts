/** Steps that a machine ended are begun again, with what they lacked; Slurm's programs are the test's. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { FakeSlurm } from "../../../tests/fake-slurm.ts";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { submitStep } from "./jobs.ts";
import { allowRestart, stepDemands } from "./restart-step.ts";
import { runOnSlurm } from "./run-on-slurm.ts";
import type { SlurmJob } from "./slurm-commands.ts";
import { jobName, type SlurmOrder, slurmFolder, writeJson } from "./slurm-folder.ts";
import { SlurmSettings } from "./slurm-settings.ts";

const folder = tempFolder();
const slurm = new FakeSlurm(join(folder, "bin"));
afterAll(() => slurm.stop());
beforeEach(() => slurm.reset());

function orderOf(name: string, settings: object = {}): SlurmOrder {
  const output = join(folder, `${name}.nxs`);
  mkdirSync(slurmFolder(output), { recursive: true });
  return {
    ...{ kind: "run", path: "scan.yaml", output, memoryBytes: 2e9 },
    settings: SlurmSettings.parse({ cpusPerTask: 4, time: "1:00:00", askEverySeconds: 0.5, ...settings }),
  };
}
const ended = (order: SlurmOrder, state: string): SlurmJob => ({
  ...{ id: "101", count: 1, name: jobName(order.output), state, node: "n1", reason: "None" },
});
const script = async (order: SlurmOrder) => slurm.script((await submitStep(order, { size: "all" }))!);

describe("a step that was lost", () => {
  it("for want of memory gets twice as much, once", async () => {
    const order = orderOf("memory");
    // 2 GB of data, 0.8 and 4 times 0.15 of Node.js
    expect(await script(order)).toContain("#SBATCH --mem=3400M\n");
    expect(await allowRestart(order, ended(order, "OUT_OF_MEMORY"))).toMatch(
      /^job 101 on n1 needed more memory.*: begun again \(twice the memory\)$/,
    );
    expect(await script(order)).toContain("#SBATCH --mem=6800M\n");
    await expect(allowRestart(order, ended(order, "OUT_OF_MEMORY"))).rejects.toThrow(
      /Its step was lost: job 101 on n1 needed more memory.*with twice the memory\. Its log is .*step\.log/,
    );
  });

  it("for want of time gets twice as much each time, as far as the partition goes, and goes on where it was", async () => {
    const order = orderOf("time");
    slurm.say("sinfo.txt", "day* 3:00:00\n");
    const times: (string | undefined)[] = [];
    for (let i = 0; i < 3; i++) {
      await allowRestart(order, ended(order, "TIMEOUT"));
      times.push(stepDemands(order).time);
    }
    expect(times).toEqual(["2:00:00", "3:00:00", "3:00:00"]);
    await expect(allowRestart(order, ended(order, "TIMEOUT"))).rejects.toThrow(/lost 4 times.*\(TIMEOUT\)/);
  });

  it.each(["NODE_FAIL", "PREEMPTED", "BOOT_FAIL"])("by %s is begun again as it was, `tries` times", async (state) => {
    const order = orderOf(state, { tries: 2 });
    expect(await allowRestart(order, ended(order, state))).toMatch(/: begun again$/);
    expect(stepDemands(order)).toEqual({ memoryTimes: 1 });
    await expect(allowRestart(order, undefined)).rejects.toThrow(/lost 2 times .*: a job left the queue/);
  });
});

describe("who watches", () => {
  const watch = (order: SlurmOrder) => {
    const said: string[] = [];
    const ran = runOnSlurm({
      ...{ order, onProgress: () => {}, signal: new AbortController().signal, isDetached: false },
      onJobs: (text) => said.push(text),
    });
    return { said, ran };
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await sleep(20);
  };
  const row = (order: SlurmOrder, id: number, state: string): void =>
    slurm.say("squeue.txt", `${id}|N/A|${jobName(order.output)}|${state}|n1|None\n`);

  it("begins it again, says so, and takes its report", async () => {
    const order = orderOf("watched");
    const { said, ran } = watch(order);
    await until(() => slurm.script(101) !== "");
    // as Slurm 22.05 without cgroups ends a job over its memory
    row(order, 101, "FAILED");
    writeFileSync(
      join(slurmFolder(order.output), "step.log"),
      "slurmstepd-n1: error: StepId=101.batch exceeded memory limit (1131360256 > 1101004800), being killed\nslurmstepd-n1: error: *** JOB 101 ON n1 CANCELLED AT 2026-11-23T09:35:28 ***\nslurmstepd-n1: error: Exceeded job memory limit\n",
    );
    await until(() => slurm.script(102) !== "");
    row(order, 102, "RUNNING");
    writeJson(join(slurmFolder(order.output), "outcome.json"), { report: 42 });
    expect(await ran).toBe(42);
    expect(slurm.script(102)).toContain("#SBATCH --mem=5900M\n");
    expect(said.join("\n")).toContain("begun again (twice the memory)");
  });

  it.each(["CANCELLED", "FAILED"])("does not where it was %s: that is a person's or the program's", async (state) => {
    const order = orderOf(state);
    const { ran } = watch(order);
    await until(() => slurm.script(101) !== "");
    row(order, 101, state);
    await expect(ran).rejects.toThrow(/no longer in the queue.*job 101 on n1/s);
    expect(existsSync(join(slurm.folder, "102.sh"))).toBe(false);
  });

  it("goes on while Slurm does not answer, told once, as the jobs do", async () => {
    const order = orderOf("silent");
    const { said, ran } = watch(order);
    await until(() => slurm.script(101) !== "");
    row(order, 101, "RUNNING");
    slurm.say("squeue.refuses", "slurm_load_jobs error: Protocol authentication error\n");
    const asked = slurm.calls().length;
    await until(() => slurm.calls().length >= asked + 2);
    rmSync(join(slurm.folder, "squeue.refuses"));
    await until(() => said.includes("Slurm answers again"));
    writeJson(join(slurmFolder(order.output), "outcome.json"), { report: 42 });
    expect(await ran).toBe(42);
    expect(said.filter((text) => /is asked again: .*authentication error/s.test(text))).toHaveLength(1);
  });

  it("what was given otherwise is refused, and names what is other", async () => {
    const order = { ...orderOf("other"), until: "sinogram" };
    const { ran } = watch(order);
    await until(() => slurm.script(101) !== "");
    row(order, 101, "RUNNING");
    const { until: _, ...all } = order;
    await expect(watch({ ...all, memoryBytes: 1e9 }).ran).rejects.toMatchObject({
      code: "slurm-other-order",
      message: expect.stringContaining('memoryBytes 2000000000, and now 1000000000; until "sinogram", and now nothing'),
    });
    const patient = { ...order, settings: { ...order.settings, askEverySeconds: 2 } };
    const { said, ran: second } = watch(patient);
    await until(() => said.length > 0);
    expect(said[0]).toBe("found at work: job 101");
    writeJson(join(slurmFolder(order.output), "outcome.json"), { report: 42 });
    expect(await Promise.all([ran, second])).toEqual([42, 42]);
  });
});
