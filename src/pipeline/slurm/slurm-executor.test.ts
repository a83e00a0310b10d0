/** What the executor gives out, and again, by what Slurm says of the jobs; Slurm's programs are the test's. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { FakeSlurm } from "../../../tests/fake-slurm.ts";
import { tempFolder } from "../../../tests/temp-folder.ts";
import { type BlockOptions, Suspended } from "../block-executor.ts";
import { createSlurmExecutor } from "./slurm-executor.ts";
import { readWork, recordPart, type SlurmOrder, slurmFolder } from "./slurm-folder.ts";
import { SlurmSettings } from "./slurm-settings.ts";

const folder = tempFolder();
const slurm = new FakeSlurm(join(folder, "bin"));
afterAll(() => slurm.stop());
beforeEach(() => slurm.reset());

const BLOCKS = Array.from({ length: 32 }, (_, block) => block);
let count = 0;

/** A stage of 32 blocks in 4 jobs of one thread, whose step is called again and again. */
function stage(settings: object = {}) {
  const output = join(folder, `cell-${count++}.nxs`);
  const order: SlurmOrder = {
    ...{ kind: "run", path: "scan.yaml", output, memoryBytes: 2e9 },
    settings: SlurmSettings.parse({ cpusPerTask: 1, tasks: 4, time: "1:00:00", ...settings }),
  };
  const local = (): never => {
    throw new Error("not for the cluster");
  };
  const executor = createSlurmExecutor({ order, local, needAll: async () => {} });
  const at = join(slurmFolder(output), "map-0123abcd");
  const done: number[] = [];
  const notes: string[] = [];
  const options: BlockOptions = {
    ...{ stage: "map", key: "0123abcd", signal: new AbortController().signal, threads: 1 },
    isWhole: () => true,
    onWork: () => {},
    onNote: (text) => notes.push(text),
  };
  let array = 0;
  return {
    ...{ done, notes },
    try: (number: number) => join(at, `try-${number}`),
    /** calls a step. @returns what it suspended with, or undefined where the stage is finished */
    async step(): Promise<string | undefined> {
      done.length = 0;
      array = slurm.calls().filter((call) => call.startsWith("sbatch")).length + 101;
      try {
        await executor.run({ task: "map", payload: {} }, BLOCKS, (block) => done.push(block), options);
        return undefined;
      } catch (error) {
        if (error instanceof Suspended) return error.message;
        throw error;
      }
    },
    /** @param ends of each job: state, node, how many of its blocks it has done */
    jobsEnd(number: number, ends: readonly (readonly [string, string, number])[], told = "squeue") {
      const { parts } = readWork(join(at, `try-${number}`));
      const rows = ends.map(([state, node], i) =>
        told === "squeue" ? `${array}|${i}|xrdct.parts|${state}|${node}|None` : `${array}_${i}|${state} by 0|${node}`,
      );
      slurm.say(`${told}.txt`, `${rows.join("\n")}\n`);
      ends.forEach(([, , blocks], i) => {
        for (const block of parts[i]!.slice(0, blocks))
          recordPart(join(at, `try-${number}`), i, { block, result: {}, seconds: 1 });
      });
    },
    /** the script of the last array */
    script: () => slurm.script(array),
  };
}

/** Of four jobs, three that did their eight blocks and one that ended so. */
const oneOf = (state: string, blocks = 0) =>
  [
    ["COMPLETED", "n1", 8],
    ["COMPLETED", "n1", 8],
    ["COMPLETED", "n2", 8],
    [state, "n3", blocks],
  ] as const;

describe("what a job had too little of is asked for twice as much, once", () => {
  it("memory", async () => {
    const { step, jobsEnd, script, notes, done } = stage();
    expect(await step()).toBe("map was given to the cluster");
    // 2 GB of data, 0.8 and 0.15 of Node.js
    expect(script()).toContain("#SBATCH --mem=2950M\n");
    jobsEnd(1, oneOf("OUT_OF_MEMORY"));
    expect(await step()).toBe("map was given to the cluster (twice the memory)");
    expect(script()).toContain("#SBATCH --mem=5900M\n");
    expect(script()).toContain("#SBATCH --time=1:00:00\n");
    jobsEnd(2, [
      ["COMPLETED", "n3", 4],
      ["COMPLETED", "n1", 4],
    ]);
    expect(await step()).toBeUndefined();
    expect(done.sort((a, b) => a - b)).toEqual(BLOCKS);
    expect(notes).toEqual([
      expect.stringMatching(/^1 job on n3 needed more memory.*part-3\.log; done again \(twice the memory\)$/),
    ]);
  });

  it("time, up to the partition's, where not a block was done in it", async () => {
    const { step, jobsEnd, script } = stage();
    await step();
    jobsEnd(1, oneOf("TIMEOUT", 3));
    expect(await step()).toBe("map was given to the cluster"); // the five that are left need no more
    jobsEnd(2, [
      ["TIMEOUT", "n3", 0],
      ["TIMEOUT", "n3", 0],
    ]);
    slurm.say("sinfo.txt", "long 7-00:00:00\nday* 1:30:00\n");
    expect(await step()).toBe("map was given to the cluster (a time of 1:30:00)");
    expect(script()).toContain("#SBATCH --time=1:30:00\n");
    jobsEnd(3, [
      ["TIMEOUT", "n3", 0],
      ["TIMEOUT", "n3", 0],
    ]);
    await expect(step()).rejects.toThrow(
      /5 blocks did not come back from the cluster in 3 tries \(the last: a time of 1:30:00\)/,
    );
  });

  it("and no more, where the first was all that the partition gives", async () => {
    const { step, jobsEnd } = stage({ partition: "day" });
    await step();
    jobsEnd(1, oneOf("TIMEOUT"));
    slurm.say("sinfo.txt", "day 1:00:00\n");
    await expect(step()).rejects.toThrow(/in 1 try.*ran into its time limit; raise time.*part-3\.log/s);
    expect(slurm.calls().filter((call) => call.startsWith("sinfo"))).toEqual([
      "sinfo --noheader --format=%P %l --partition=day",
    ]);
  });

  it("short of memory again it ends with the jobs' logs, and no fifth and sixth try", async () => {
    const lost = stage();
    await lost.step();
    lost.jobsEnd(1, oneOf("OUT_OF_MEMORY"));
    await lost.step();
    lost.jobsEnd(2, [
      ["OUT_OF_MEMORY", "n1", 0],
      ["OUT_OF_MEMORY", "n2", 0],
    ]);
    const said = await lost.step().then(String, ({ message }: Error) => message);
    expect(said).toMatch(/8 blocks .* in 2 tries \(the last: twice the memory\)/);
    expect(said).toMatch(/2 jobs on n1, n2 needed more memory.*raise --memory-gb.*: part-0\.log, part-1\.log/);
    expect(said).toContain(`Their logs are in ${lost.try(2)}.`);
  });

  it("where Slurm refuses the more it says so, with how the jobs ended", async () => {
    const { step, jobsEnd } = stage();
    await step();
    jobsEnd(1, oneOf("OUT_OF_MEMORY"));
    slurm.say("sbatch.refuses", "sbatch: error: Memory specification can not be satisfied\n");
    const said = await step().then(String, ({ message }: Error) => message);
    expect(said).toMatch(
      /More was asked for, and refused:.*Memory specification.*Lower --memory-gb.*on n3 needed more/s,
    );
  });
});

it("jobs that were preempted or whose node was lost are given out as they were", async () => {
  const { step, jobsEnd, script, notes } = stage();
  await step();
  const first = script();
  jobsEnd(1, oneOf("PREEMPTED", 2));
  await step();
  expect(
    script()
      .replace(/try-2/g, "try-1")
      .replace(/\n# \d+ blocks.*/, ""),
  ).toBe(first.replace("--array=0-3", "--array=0-1").replace(/\n# \d+ blocks.*/, ""));
  jobsEnd(2, [
    ["COMPLETED", "n3", 3],
    ["COMPLETED", "n3", 3],
  ]);
  expect(await step()).toBeUndefined();
  expect(notes).toEqual([expect.stringMatching(/^1 job on n3 had to make room .* done again$/)]);
});

it("a node on which all goes wrong, while others do well, is left out", async () => {
  const { step, jobsEnd, script } = stage();
  await step();
  jobsEnd(1, oneOf("FAILED"));
  expect(await step()).toBe("map was given to the cluster (without n3)");
  expect(script()).toContain("#SBATCH --exclude=n3\n");
  // nobody did well: it may be all of them, or none
  jobsEnd(2, [
    ["FAILED", "n1", 0],
    ["FAILED", "n2", 0],
  ]);
  await step();
  expect(script()).toContain("#SBATCH --exclude=n3\n");
});

it("jobs that squeue has forgotten are known from the accounting database, where there is one", async () => {
  const { step, jobsEnd } = stage();
  await step();
  jobsEnd(1, oneOf("OUT_OF_MEMORY"), "sacct");
  expect(await step()).toBe("map was given to the cluster (twice the memory)");
  const none = stage();
  slurm.reset();
  slurm.say("sacct.refuses", "Slurm accounting storage is disabled\n");
  await none.step();
  none.jobsEnd(1, oneOf("OUT_OF_MEMORY"), "sacct");
  expect(await none.step()).toBe("map was given to the cluster");
});

describe("no more jobs than the cluster takes", () => {
  const arrays = () => slurm.calls().filter((call) => call.startsWith("sbatch") && call.endsWith("part.sh")).length;

  it.each([
    ["MaxArraySize = 3", 3],
    ["MaxArraySize = 1001\nSchedulerParameters = bf_continue,max_array_tasks=2,defer", 2],
    ["", 4],
  ])("%s", async (config, parts) => {
    const { step, script } = stage();
    slurm.say("scontrol.txt", config);
    await step();
    expect(script()).toContain(`#SBATCH --array=0-${parts - 1}\n`);
    expect(arrays()).toBe(1);
  });

  it("a limit of the account, which nobody can ask for: half as many, until it takes them", async () => {
    const { step, script, try: at } = stage({ tasks: 8 });
    slurm.say("most", "2");
    expect(await step()).toBe("map was given to the cluster");
    expect(arrays()).toBe(3);
    expect(script()).toContain("#SBATCH --array=0-1\n");
    expect(readWork(at(1)).parts.map((part) => part.length)).toEqual([16, 16]);
  });

  it("not even one: refused with what to change, nothing in the queue, nothing half-written", async () => {
    const { step, try: at } = stage();
    slurm.say("most", "0");
    await expect(step()).rejects.toThrow(/AssocMaxSubmitJobLimit.*Lower tasks/s);
    expect(existsSync(at(1))).toBe(false);
    slurm.say("scontrol.txt", "MaxArraySize = 0");
    await expect(step()).rejects.toThrow(/takes no job arrays/);
  });

  it("the array is taken and the step behind it is not: the array is cancelled", async () => {
    const { step } = stage();
    slurm.say("sbatch.refuses", "sbatch: error: Invalid qos specification\n");
    await expect(step()).rejects.toThrow(/Set qos in the file/);
    expect(slurm.calls().filter((call) => call.startsWith("scancel"))).toEqual([]);
  });
});

it("leaves nothing of a stage that is done", async () => {
  const { step, jobsEnd, try: at } = stage();
  await step();
  jobsEnd(1, [
    ["COMPLETED", "n1", 8],
    ["COMPLETED", "n1", 8],
    ["COMPLETED", "n2", 8],
    ["COMPLETED", "n2", 8],
  ]);
  expect(await step()).toBeUndefined();
  expect(readdirSync(join(at(1), "../.."))).not.toContain(basename(join(at(1), "..")));
});

describe("what a job could not do", () => {
  it.each([
    ["a mistake of the user's ends the run at once", { name: "InputError", code: "poni-mask", message: "wrong mask" }],
    [
      "a disk's or a network's, as Node.js words it, is tried again",
      { name: "Error", code: "ESTALE", message: "stale" },
    ],
  ])("%s", async (_, failure) => {
    const { step, jobsEnd, try: attempt } = stage();
    await step();
    jobsEnd(1, oneOf("FAILED"));
    recordPart(attempt(1), 3, { block: 24, failure });
    const next = await step().catch((error: Error) => error.message);
    expect(next).toBe(failure.name === "Error" ? "map was given to the cluster (without n3)" : "wrong mask");
  });
});

it("a try that a killed step had only begun to write is written anew", async () => {
  const { step, jobsEnd, try: attempt, done } = stage();
  mkdirSync(attempt(1), { recursive: true });
  expect(await step()).toBe("map was given to the cluster");
  expect(readdirSync(join(attempt(1), ".."))).toEqual(["try-1"]);
  jobsEnd(1, oneOf("COMPLETED", 8));
  expect(await step()).toBeUndefined();
  expect(done).toHaveLength(32);
});
