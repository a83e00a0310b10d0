/** Runs on a cluster: a real Slurm of two nodes on this machine; the same bits as on one, whatever is lost on the way. */
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { version } from "../src/data/version.ts";
import { openResult } from "../src/files/result-reader.ts";
import { blocksDone, parsePart } from "../src/pipeline/slurm/slurm-folder.ts";
import type { StageWork } from "../src/pipeline/work-log.ts";
import type { SimulateInput } from "../src/stages/simulate/index.ts";
import { hasSlurm, SlurmCluster, until } from "./slurm-cluster.ts";
import { tempFolder } from "./temp-folder.ts";
import {
  hashes,
  MAIN,
  MAP,
  PATTERNS,
  type Ran,
  run,
  runHere,
  simulate,
  type VirtualScan,
  xrdct,
  xrdctHere,
} from "./virtual-scan.ts";

const bare = tempFolder();
const SETTINGS = { cpusPerTask: 1, tasks: 3, time: "10", askEverySeconds: 0.5 };
/** The smallest that direct reconstruction takes something from. */
const DIRECT: SimulateInput = {
  ...PATTERNS,
  scan: { translations: 11, angles: 10, stepMm: 0.36, rotationAxis: 5.2 },
  instrument: { distanceMm: 400, absorption: false },
  axis: { unit: "two-theta", from: 2.8, to: 6, bins: 160 },
};
const RIETVELD = { rietveld: { model: "model.yaml" } };

describe.skipIf(!hasSlurm)("--executor slurm (needs slurm-wlm and munge)", () => {
  const folder = tempFolder();
  let cluster: SlurmCluster;
  let files: VirtualScan;
  let scan: string;
  let expected: Record<string, string>;

  beforeAll(async () => {
    cluster = await SlurmCluster.start(join(folder, "cluster"));
    files = await simulate(join(folder, "patterns"), PATTERNS, "patterns");
    scan = files.variant("run.yaml", { map: MAP, reconstruct: { size: 49 } });
    const local = join(folder, "local.nxs");
    await runHere(scan, local);
    expected = await hashes(local);
  });
  afterAll(() => cluster?.stop());

  let count = 0;
  /** The options of a run on the cluster. @param more lines of slurm.yaml, the last of a setting holds */
  const onSlurm = (more = ""): string[] => {
    const path = join(folder, `slurm-${count++}.yaml`);
    writeFileSync(path, stringify({ ...SETTINGS, ...(parse(more) as object | null) }));
    return ["--memory-gb", "1", "--executor", "slurm", "--slurm", path];
  };
  const runThere = (output: string, more: readonly string[] = [], settings = ""): Ran =>
    xrdct(["run", scan, "-o", output, "--json", "--quiet", ...onSlurm(settings), ...more]);
  const start = (output: string, more: readonly string[] = [], settings = "") => {
    const child = spawn(process.execPath, [MAIN, "run", scan, "-o", output, ...onSlurm(settings), ...more], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let text = "";
    child.stderr.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    return { child, ended, said: () => text };
  };
  const slurmOf = (output: string): string => join(`${output}.work`, "slurm");
  const partsAtWork = (): string[] =>
    cluster
      .ask("squeue", "-h", "-t", "R", "-o", "%j %i %N")
      .split("\n")
      .filter((line) => line.includes(".parts"));

  /** A block that the first part of the first try of a stage has done. */
  const donePart = (output: string, stage: string) => {
    if (!existsSync(slurmOf(output))) return undefined;
    return readdirSync(slurmOf(output), { recursive: true, encoding: "utf8" })
      .filter((name) => name.startsWith(`${stage}-`) && name.endsWith("try-1/part-0.jsonl"))
      .flatMap((name) => blocksDone(parsePart(readFileSync(join(slurmOf(output), name), "utf8"))))[0];
  };
  const sinograms = (all: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith("sinogram/")));

  it("gives the bits of a local run, from jobs of every stage, in a folder of any name", async () => {
    const output = join(folder, "it's 100%a, β", "cell 1.nxs");
    // more parts than an array may have here
    const ran = runThere(output, [], "tasks: 50\n");
    expect(ran.stderr).toBe("");
    expect(ran.code).toBe(0);
    expect(await hashes(output)).toEqual(expected);
    const log = readFileSync(join(slurmOf(output), "step.log"), "utf8");
    for (const stage of ["read", "sinogram", "reconstruct", "map"]) expect(log).toContain(`${stage} was given`);
    expect(existsSync(join(`${output}.work`, "lock"))).toBe(false);
    // the result says who made it: a job gave each stage out, two did it, one took it back
    const result = await openResult(output);
    for (const { stage, startedAt, endedAt, notes } of result.processes()) {
      const work = JSON.parse(result.readNote(`${stage}/work`)!) as StageWork[];
      expect(work.map(({ job }) => job!.split("_").length).sort()).toEqual([1, 1, 2, 2]);
      const blocks = { read: 25, sinogram: 8, reconstruct: 8, map: 5 }[stage];
      expect(work.reduce((sum, one) => sum + one.blocks, 0)).toBe(blocks);
      expect(work.map((one) => one.startedAt).sort()[0]).toBe(startedAt);
      const wall = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
      const stages = ran.json.stages.find(({ name }: { name: string }) => name === stage);
      expect(stages.seconds).toBeLessThanOrEqual(wall + 0.01);
      expect(stages.nodeSeconds).toBeGreaterThanOrEqual(stages.seconds - 1e-6);
      expect(notes.at(-1)).toMatch(/^4 jobs of Slurm/);
    }
    result.close();
  });

  it("goes on after jobs were killed, a node was lost and bytes did not reach the disk", async () => {
    const output = join(folder, "lost.nxs");
    const { ended, said } = start(output, ["--until", "sinogram"]);
    const partOn = (node: string) => partsAtWork().find((line) => line.endsWith(node));
    await until(() => partOn("n1") !== undefined && partOn("n2") !== undefined);
    cluster.ask("scancel", "--signal=KILL", partOn("n2")!.split(" ")[1]!);
    cluster.killNode("n1");
    // as a node that answers before its data are on shared storage: the first part of a try says done
    await until(() => donePart(output, "sinogram") !== undefined);
    cluster.startNode("n1");
    const fd = openSync(join(`${output}.work`, "sinogram", "sinogram.f32"), "r+");
    const { block } = donePart(output, "sinogram")!;
    writeSync(fd, new Uint8Array(4096), 0, 4096, block * 24 * 25 * 32 * 4);
    closeSync(fd);
    expect(await ended).toBe(0);
    expect(await hashes(output)).toEqual(sinograms(expected));
    expect(said()).toMatch(/job \d+_\d on n\d was cancelled by a person or the cluster/);
    expect(readFileSync(join(slurmOf(output), "step.log"), "utf8").match(/sinogram was given/g)).toHaveLength(2);
  });

  it("ends all its jobs at Ctrl-C, and is gone on with", async () => {
    const output = join(folder, "cancelled.nxs");
    const { child, ended } = start(output);
    await until(() => partsAtWork().length > 0);
    const meanwhile = await run(scan, output);
    expect([meanwhile.code, meanwhile.json.error.code]).toEqual([2, "run-in-progress"]);
    child.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(cluster.ask("squeue", "-h").trim()).toBe("");
    // the lock of jobs that are gone holds nobody up, and what they did is gone on with on this machine
    await runHere(scan, output);
    expect(await hashes(output)).toEqual(expected);
  });

  it("--detach gives the run away; the same command finds it again", async () => {
    const output = join(folder, "detached.nxs");
    const given = runThere(output, ["--detach", "--until", "read"]);
    expect([given.code, given.json]).toEqual([0, { output, isSubmitted: true }]);
    const watched = runThere(output, ["--until", "read"]);
    expect(watched.json.stages.map(({ name }: { name: string }) => name)).toEqual(["read"]);
    expect(readFileSync(join(slurmOf(output), "step.log"), "utf8").match(/was given/g)).toHaveLength(1);
  });

  it("does a series: what does not depend on the step before at once, the same bits", async () => {
    const path = join(folder, "series.yaml");
    const steps = [0, 1].map((time) => ({
      scan: files.variant("step.yaml", { map: RIETVELD, reconstruct: { size: 15 } }),
      time,
    }));
    writeFileSync(join(files.folder, "model.yaml"), "phases: [Al, Cu]\nbackground: 3\n");
    writeFileSync(path, stringify({ steps, films: [] }));
    const [here, there] = [join(folder, "series-here"), join(folder, "series-there")];
    await xrdctHere(["series", path, "-o", here, "--quiet", "--memory-gb", "1"]);
    const ran = xrdct(["series", path, "-o", there, "--json", "--quiet", ...onSlurm("split: scans\n")]);
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    for (const name of ["step-000.nxs", "step-001.nxs", "series.nxs"])
      expect(await hashes(join(there, name))).toEqual(await hashes(join(here, name)));
    // the second was given out with the first, up to its map, and again behind it
    const log = readFileSync(join(slurmOf(there), "step.log"), "utf8");
    expect(log.match(/waits for . of 2/g)?.slice(0, 2)).toEqual(["waits for 2 of 2", "waits for 1 of 2"]);
    expect(existsSync(join(there, "series.lock"))).toBe(false);
  }, 300_000);

  it("does a direct reconstruction, the same bits", async () => {
    const cell = await simulate(join(folder, "direct"), DIRECT, "patterns");
    writeFileSync(join(cell.folder, "model.yaml"), "phases: [Al, Cu]\nbackground: 3\n");
    const direct = cell.variant("direct.yaml", { map: RIETVELD, dlsr: { phases: { Cu: { cell: "spatial" } } } });
    const [here, there] = [join(folder, "direct-here.nxs"), join(folder, "direct-there.nxs")];
    await runHere(direct, here);
    const ran = xrdct(["run", direct, "-o", there, "--json", "--quiet", ...onSlurm()]);
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    expect(Object.keys(await hashes(there)).filter((name) => name.startsWith("dlsr/")).length).toBeGreaterThan(3);
    expect(await hashes(there)).toEqual(await hashes(here));
  });

  it("tells the mistake of a user as a local run does", async () => {
    const wrong = files.variant("wrong.yaml", { angles: { list: [0, 1] } });
    const local = await run(wrong, join(folder, "wrong-local.nxs"));
    const there = xrdct(["run", wrong, "-o", join(folder, "wrong-there.nxs"), "--json", "--quiet", ...onSlurm()]);
    expect([there.code, there.json.error]).toEqual([2, local.json.error]);
  });

  it("says what the cluster refuses, and leaves nothing in the queue", () => {
    const ran = runThere(join(folder, "r.nxs"), [], "partition: nowhere\n");
    expect([ran.code, ran.json.error.code]).toEqual([2, "slurm-refused"]);
    expect(ran.json.error.message).toMatch(/nowhere.*sinfo/s);
    expect(existsSync(join(folder, "r.nxs.work", "lock"))).toBe(false);
  });

  it("refuses a node with another program, whose bits may be others", () => {
    const output = join(folder, "other.nxs");
    mkdirSync(slurmOf(output), { recursive: true });
    const first = { xrdct: version, node: "v18.0.0", arithmetic: "simd x64 0" };
    writeFileSync(join(slurmOf(output), "program.json"), JSON.stringify(first));
    const ran = runThere(output);
    expect([ran.code, ran.json.error.code]).toEqual([2, "slurm-program-differs"]);
    expect(ran.json.error.message).toContain(`Node.js ${process.version} and not v18.0.0`);
  });

  it("tells of a job that is held, and of a node that does not see the folder", async () => {
    const output = join(folder, "unseen.nxs");
    const { ended, said } = start(output, [], 'options: ["--hold"]\n');
    await until(() => said().includes("held by its user"));
    const [, job] = /scontrol release (\d+)/.exec(said())!;
    renameSync(`${output}.work`, `${output}.away`);
    cluster.ask("scontrol", "release", job!);
    expect(await ended).toBe(2);
    expect(said()).toMatch(/its node does not see the folder.*\[slurm-jobs-gone\]/s);
  });

  it("gives up on blocks that never come back, with what their jobs said", () => {
    const before = `before: ['[ -z "$SLURM_ARRAY_TASK_ID" ] || { echo no such module; exit 3; }']\ntries: 2\n`;
    const ran = runThere(join(folder, "never.nxs"), [], before);
    expect([ran.code, ran.json.error.code]).toEqual([2, "slurm-parts-lost"]);
    expect(ran.json.error.message).toMatch(/in 2 tries.*2 jobs on n[^ ]+( n2)? failed \(FAILED.*no such module/s);
  });
});

it("without Slurm says so in one message", () => {
  const scan = join(bare, "scan.yaml");
  writeFileSync(scan, "input: {kind: p07, folder: .}\nenergyKeV: 71\n");
  const ran = spawnSync(process.execPath, [MAIN, "run", scan, "-o", join(bare, "x.nxs"), "--executor", "slurm"], {
    encoding: "utf8",
    env: { PATH: "/nonexistent" },
  });
  expect([ran.status, ran.stderr]).toEqual([
    2,
    expect.stringMatching(/^xrdct: There is no program "squeue".*\[slurm-missing\]\n$/),
  ]);
  expect(existsSync(join(bare, "x.nxs.work"))).toBe(false);
});
