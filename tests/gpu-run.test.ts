/** Runs with --device: what a GPU gives, what holds of it on a processor, what happens without one, or when it fails. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { InputError } from "../src/data/index.ts";
import { openResult } from "../src/files/result-reader.ts";
import type { BlockExecutor } from "../src/pipeline/block-executor.ts";
import { createRunDevice, type Device } from "../src/pipeline/gpu/device.ts";
import { sharesOfGpu } from "../src/pipeline/gpu/shares-of-gpu.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import type { StepJob } from "../src/pipeline/slurm/run-step.ts";
import { giveScans } from "../src/pipeline/slurm/scan-on-slurm.ts";
import { readJson, type SlurmOrder, slurmFolder } from "../src/pipeline/slurm/slurm-folder.ts";
import { runStage, type Stage, type StageContext } from "../src/pipeline/stage.ts";
import { digest, StageStore } from "../src/pipeline/stage-store.ts";
import { findSoftwareGpu, hasSoftwareGpu } from "./software-gpu.ts";
import { tempFolder } from "./temp-folder.ts";
import { hashes, PATTERNS, run, simulate, type VirtualScan, xrdctHere } from "./virtual-scan.ts";

const folder = tempFolder();

// first, for Dawn stays once it is loaded
describe("a run where there is no GPU", () => {
  const before = process.env["XRDCT_WEBGPU"];
  beforeAll(() => {
    process.env["XRDCT_WEBGPU"] = join(folder, "nowhere");
  });
  afterAll(() => {
    if (before === undefined) delete process.env["XRDCT_WEBGPU"];
    else process.env["XRDCT_WEBGPU"] = before;
  });

  it("is refused before anything is done", async () => {
    const { scanPath } = await simulate(
      join(folder, "none"),
      { ...PATTERNS, axis: { ...PATTERNS.axis, bins: 8 } },
      "patterns",
    );
    const ran = await run(scanPath, join(folder, "none.nxs"), ["--device", "gpu", "--until", "reconstruct"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/there is no GPU: the package webgpu does not load here.*\[gpu-missing\]/);
    expect(existsSync(join(folder, "none.nxs.work", "sinogram"))).toBe(false);
  });

  it("is refused where one was asked for, and goes on where not", async () => {
    await expect(createRunDevice("gpu", 1).choose()).rejects.toMatchObject({ code: "gpu-missing" });
    expect(await createRunDevice("auto", 1).choose()).toMatchObject({ kind: "cpu" });
    expect(await createRunDevice("cpu", 1).choose()).toEqual({ kind: "cpu", why: "--device cpu" });
  });
});

describe("what a GPU that was asked for does not take", () => {
  let files: VirtualScan;
  beforeAll(async () => {
    const small = { axis: { unit: "q" as const, from: 2.9, to: 3.2, bins: 8 } };
    files = await simulate(join(folder, "shares"), { ...PATTERNS, ...small }, "patterns");
  });

  it("is said once before the run, and in the notes of the stage", async () => {
    const scan = files.variant("deep.yaml", { reconstruct: { method: "cgls", iterations: 2, parallax: true } });
    const output = join(folder, "deep.nxs");
    const ran = await xrdctHere([
      "run",
      scan,
      "-o",
      output,
      "--workers",
      "1",
      "--device",
      "gpu",
      "--until",
      "reconstruct",
    ]);
    expect(ran.code).toBe(0);
    const line =
      "--device gpu, but nothing of this run is a GPU's; on the processor: reconstruct (GPUs have no projector for reconstruct.parallax); on the processor, as always: read, sinogram\n";
    expect(ran.stderr.split(line)).toHaveLength(2);
    const result = await openResult(output);
    const { notes } = result.processes().at(-1)!;
    result.close();
    expect(notes).toContain("on the processor: GPUs have no projector for reconstruct.parallax");
  });

  it("names every stage, each once, and why", () => {
    const exact = "GPUs have no projector for absorb.order exact";
    const stages = [
      { name: "integrate" },
      { name: "reconstruct", notOnGpu: exact },
      { name: "map" },
      { name: "dlsr", usesGpu: true },
    ];
    expect(sharesOfGpu(stages)).toBe(
      `on the GPU: the long products of dlsr; on the processor: reconstruct (${exact}); on the processor, as always: integrate, map`,
    );
  });
});

describe("a GPU of a cluster's nodes", () => {
  const before = process.env["PATH"];
  afterAll(() => {
    process.env["PATH"] = before;
  });

  it("is asked for by the order of a study, and by those of its scans", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    const programs = { sbatch: "echo 7", squeue: "exit 0", scontrol: "exit 0" };
    for (const [name, does] of Object.entries(programs))
      writeFileSync(join(bin, name), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
    process.env["PATH"] = `${bin}:${before}`;
    const few = { ...PATTERNS.axis, bins: 8 };
    const { scanPath } = await simulate(join(folder, "of-study"), { ...PATTERNS, axis: few }, "patterns");
    const study = join(folder, "study.yaml");
    const cells = ["a", "b"].map((name) => ({ name, scan: scanPath }));
    writeFileSync(study, stringify({ title: "two", cells }));
    const output = join(folder, "study");
    for (const [device, wanted] of [
      ["gpu", "gpu"],
      ["auto", undefined],
    ] as const) {
      const args = ["study", study, "-o", output, "--executor", "slurm", "--detach", "--device", device];
      expect((await xrdctHere(args)).code).toBe(0);
      const order = readJson<SlurmOrder>(join(slurmFolder(output), "order.json"))!;
      expect(order.device).toBe(wanted);
      const job = { order, size: "one", isFirst: true, signal: new AbortController().signal } as StepJob;
      const scan = readScan(scanPath);
      const options = { output: join(output, `${device}.nxs`), workers: 1, memoryBytes: 1e9, onProgress: () => {} };
      await expect(giveScans(job, 1, () => "a").run(scan, { ...options, signal: job.signal })).rejects.toThrow("a is");
      const child = readJson<SlurmOrder>(join(slurmFolder(options.output), "order.json"))!;
      expect(child.device).toBe(wanted);
      rmSync(`${output}.work`, { recursive: true });
    }
  });
});

describe.skipIf(!hasSoftwareGpu)("a run on a GPU (needs a software adapter)", () => {
  let files: VirtualScan;
  const at = (name: string): string => join(folder, name);
  const until = ["--until", "reconstruct"];
  beforeAll(async () => {
    findSoftwareGpu();
    const small = { axis: { unit: "q" as const, from: 2.9, to: 3.2, bins: 24 } };
    files = await simulate(at("cell"), { ...PATTERNS, ...small }, "patterns");
    const { code } = await run(files.scanPath, at("cpu.nxs"), [...until, "--device", "cpu"]);
    expect(code).toBe(0);
  });

  it("gives the volume and its uncertainties up to rounding, and says what it was on", async () => {
    const ran = await run(files.scanPath, at("gpu.nxs"), [...until, "--device", "gpu", "--workers", "2"]);
    expect(ran.code).toBe(0);
    for (const name of ["reconstruct/data", "reconstruct/data_esd"]) {
      expect(await distance(at("gpu.nxs"), at("cpu.nxs"), name)).toBeLessThan(2e-6);
    }
    const result = await openResult(at("gpu.nxs"));
    const notes = result.processes().at(-1)!.notes;
    result.close();
    expect(notes.at(-1)).toMatch(/^on the GPU .*: products within \d\.\de-7 of the kernels'/);
    // what one device finished holds for every other
    const again = await run(files.scanPath, at("gpu.nxs"), [...until, "--device", "cpu"]);
    expect(again.json.isUpToDate).toBe(true);
  });

  it("iterates there too", async () => {
    const scan = files.variant("cgls.yaml", { reconstruct: { method: "cgls", iterations: 3 } });
    await run(scan, at("cgls-cpu.nxs"), [...until, "--device", "cpu"]);
    expect((await run(scan, at("cgls-gpu.nxs"), [...until, "--device", "gpu"])).code).toBe(0);
    expect(await distance(at("cgls-gpu.nxs"), at("cgls-cpu.nxs"), "reconstruct/data")).toBeLessThan(1e-5);
  });

  it("left to itself takes no program for a GPU, and says so", async () => {
    const ran = await run(files.scanPath, at("auto.nxs"), until);
    const { notes } = ran.json.stages.find(({ name }: { name: string }) => name === "reconstruct");
    expect(notes.at(-1)).toMatch(/^on the processor: .* is no GPU but a program in its place/);
    expect((await hashes(at("auto.nxs")))["reconstruct/data"]).toBe((await hashes(at("cpu.nxs")))["reconstruct/data"]);
  });

  async function distance(path: string, other: string, name: string): Promise<number> {
    const [a, b] = await Promise.all([path, other].map((one) => openResult(one)));
    const [got, wanted] = [a!, b!].map((one) => one.readArray(name));
    a!.close();
    b!.close();
    let [difference, norm] = [0, 0];
    wanted!.forEach((value, i) => {
      difference += (got![i]! - value) ** 2;
      norm += value ** 2;
    });
    expect(norm).toBeGreaterThan(0);
    return Math.sqrt(difference / norm);
  }
});

describe("a stage whose GPU fails", () => {
  const GPU: Device = { kind: "gpu", name: "a GPU", note: "on the GPU a GPU" };
  const failure = new InputError("gpu-failed", "The GPU a GPU was lost (unplugged).");

  /** A stage of four blocks that says which device did each; the GPU fails at block 2. */
  function stageOf(log: string[]): Stage<string[]> {
    return {
      name: "made",
      identity: { made: 1 },
      usesGpu: true,
      plan: async (device) => ({
        ...{ task: "read", payload: device!.kind, blocks: 4, bytesPerThread: 1, checksums: (block: number) => [block] },
        finish: () => ({ meta: log, notes: ["done"] }),
      }),
    };
  }

  function contextOf(work: string, log: string[], device: Device, failsAt: number): StageContext {
    const executor: BlockExecutor = {
      size: 1,
      async run({ payload }, blocks, onDone) {
        for (const block of blocks) {
          if (payload === "gpu" && block === failsAt) throw failure;
          log.push(`${payload} ${block}`);
          onDone(block, { crc: [block] });
        }
      },
    };
    const chosen = createRunDevice("cpu", 1);
    return {
      ...{ store: new StageStore(join(folder, work), "made"), executor: () => executor, onProgress: () => {} },
      ...{
        ownPool: () => Promise.reject(new Error()),
        signal: new AbortController().signal,
        memoryBytes: 1e9,
        threads: 1,
      },
      device: { ...chosen, choose: async () => device },
    };
  }

  it("is given no more threads than serve it", async () => {
    const threads: number[] = [];
    const executor: BlockExecutor = {
      size: 6,
      async run(_, blocks, onDone, options) {
        threads.push(options.threads);
        for (const block of blocks) onDone(block, { crc: [block] });
      },
    };
    const stage = stageOf([]);
    const plan = async (device?: Device) => ({ ...(await stage.plan(device)), mostThreads: 4 });
    await runStage({ ...stage, plan }, { ...contextOf("many", [], GPU, 9), executor: () => executor });
    expect(threads).toEqual([4]);
  });

  it("is done again on the processor from its first block, with a note", async () => {
    const log: string[] = [];
    const { notes, blocksDone } = await runStage(stageOf(log), contextOf("lost", log, GPU, 2));
    expect(log).toEqual(["gpu 0", "gpu 1", "cpu 0", "cpu 1", "cpu 2", "cpu 3"]);
    expect(blocksDone).toBe(4);
    expect(notes).toEqual([
      "done",
      "The GPU a GPU was lost (unplugged). All of this stage was done again on the processor, so that its rounding is of one kind.",
    ]);
  });

  it("that has none says why, where one was asked for", async () => {
    const stage: Stage<string[]> = { ...stageOf([]), usesGpu: false, notOnGpu: "it is too long" };
    const plan = async () => stageOf([]).plan({ kind: "cpu", why: "" });
    const context = contextOf("none", [], GPU, 9);
    const asked = await runStage({ ...stage, plan }, { ...context, device: createRunDevice("gpu", 1) });
    expect(asked.notes).toEqual(["done", "on the processor: it is too long"]);
    const other = contextOf("none-auto", [], GPU, 9);
    const left = await runStage({ ...stage, plan }, { ...other, device: createRunDevice("auto", 1) });
    expect(left.notes).toEqual(["done"]);
  });

  it("is not gone on with on another device, and holds on any once it is finished", async () => {
    const log: string[] = [];
    const interrupted = contextOf("begun", log, GPU, 9);
    const executor = interrupted.executor();
    const stop: BlockExecutor = {
      size: 1,
      run: (request, blocks, onDone, options) => executor.run(request, blocks.slice(0, 2), onDone, options).then(halt),
    };
    const halt = (): never => {
      throw new Error("killed");
    };
    await expect(runStage(stageOf(log), { ...interrupted, executor: () => stop })).rejects.toThrow("killed");
    await runStage(stageOf(log), contextOf("begun", log, GPU, 9));
    expect(log).toEqual(["gpu 0", "gpu 1", "gpu 2", "gpu 3"]);
    const cpu: Device = { kind: "cpu", why: "--device cpu" };
    expect((await runStage(stageOf(log), contextOf("begun", log, cpu, 9))).blocksDone).toBe(0);
    expect(new StageStore(join(folder, "begun"), "made").done(digest({ made: 1 }))).toBeDefined();

    await expect(runStage(stageOf([]), { ...contextOf("other", [], GPU, 9), executor: () => stop })).rejects.toThrow();
    const after: string[] = [];
    await runStage(stageOf(after), contextOf("other", after, cpu, 9));
    expect(after).toEqual(["cpu 0", "cpu 1", "cpu 2", "cpu 3"]);
  });
});
