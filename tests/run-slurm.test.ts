/** Runs on a cluster: a real Slurm of two nodes on this machine; the same bits as on one, whatever is lost on the way. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
} from "./virtual-scan.ts";

const bare = tempFolder();

describe.skipIf(!hasSlurm)("--executor slurm (needs slurm-wlm and munge)", () => {
  const folder = tempFolder();
  const settings = join(folder, "slurm.yaml");
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
    writeFileSync(settings, "cpusPerTask: 1\ntasks: 3\ntime: '10'\n");
  });
  afterAll(() => cluster?.stop());

  const args = (output: string, more: readonly string[] = []): string[] => [
    ...["run", scan, "-o", output, "--json", "--quiet", "--memory-gb", "1"],
    ...["--executor", "slurm", "--slurm", settings, ...more],
  ];
  const runThere = (output: string, more: readonly string[] = []): Ran => xrdct(args(output, more));
  const start = (output: string): { child: ChildProcess; ended: Promise<number | null> } => {
    const child = spawn(process.execPath, [MAIN, ...args(output)], { stdio: "ignore" });
    return { child, ended: new Promise((resolve) => child.on("exit", resolve)) };
  };
  const slurmOf = (output: string): string => join(`${output}.work`, "slurm");
  const partsAtWork = (): string[] =>
    cluster
      .ask("squeue", "-h", "-t", "R", "-o", "%j %i %N")
      .split("\n")
      .filter((line) => line.includes(".parts"));

  it("gives the bits of a local run, from jobs of every stage", async () => {
    const output = join(folder, "there.nxs");
    const ran = runThere(output);
    expect(ran.stderr).toBe("");
    expect(ran.code).toBe(0);
    expect(await hashes(output)).toEqual(expected);
    const log = readFileSync(join(slurmOf(output), "step.log"), "utf8");
    for (const stage of ["read", "sinogram", "reconstruct", "map"]) expect(log).toContain(`${stage} was given`);
    expect(existsSync(join(`${output}.work`, "lock"))).toBe(false);
  });

  it("goes on after jobs were killed and a node was lost", async () => {
    const output = join(folder, "lost.nxs");
    const { ended } = start(output);
    await until(() => partsAtWork().length > 0);
    cluster.ask("scancel", "--signal=KILL", partsAtWork()[0]!.split(" ")[1]!);
    await until(() => partsAtWork().some((line) => line.endsWith("n1")));
    cluster.killNode("n1");
    expect(await ended).toBe(0);
    cluster.startNode("n1");
    expect(await hashes(output)).toEqual(expected);
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
    const given = runThere(output, ["--detach", "--until", "sinogram"]);
    expect([given.code, given.json]).toEqual([0, { output, isSubmitted: true }]);
    const watched = runThere(output, ["--until", "sinogram"]);
    expect(watched.json.stages.map(({ name }: { name: string }) => name)).toEqual(["read", "sinogram"]);
    const steps = readFileSync(join(slurmOf(output), "step.log"), "utf8").match(/was given/g);
    expect(steps).toHaveLength(2);
  });

  it("does a block again whose bytes did not reach the disk", async () => {
    const output = join(folder, "bytes.nxs");
    const { ended } = start(output);
    const volume = join(`${output}.work`, "sinogram", "sinogram.f32");
    // as a node that answers before its data are on shared storage: the first part of the first try says done
    const done = () =>
      existsSync(slurmOf(output))
        ? readdirSync(slurmOf(output), { recursive: true, encoding: "utf8" }).filter((name) =>
            /^sinogram-.*part-0\.jsonl$/.test(name),
          )
        : [];
    await until(() => done().length > 0);
    const file = join(slurmOf(output), done()[0]!);
    await until(() => !existsSync(file) || readFileSync(file, "utf8").includes("result"));
    const fd = existsSync(volume) ? openSync(volume, "r+") : undefined;
    if (fd !== undefined) {
      writeSync(fd, new Uint8Array(4096), 0, 4096, 0);
      closeSync(fd);
    }
    expect(fd).toBeDefined();
    expect(await ended).toBe(0);
    expect(await hashes(output)).toEqual(expected);
  });

  it("tells the mistake of a user as a local run does", async () => {
    const wrong = files.variant("wrong.yaml", { map: { ...MAP, regions: [{ ...MAP.regions[0]!, range: [9, 9.5] }] } });
    const local = await run(wrong, join(folder, "wrong-local.nxs"));
    const there = xrdct(
      ["run", wrong, "-o", join(folder, "wrong-there.nxs"), "--json", "--quiet", "--executor", "slurm"].concat([
        ...["--slurm", settings, "--memory-gb", "1"],
      ]),
    );
    expect([there.code, there.json.error.code]).toEqual([2, local.json.error.code]);
    expect(there.json.error.message).toBe(local.json.error.message);
  });

  it("says what the cluster refuses, and leaves nothing in the queue", () => {
    const unknown = join(folder, "unknown.yaml");
    writeFileSync(unknown, "partition: nowhere\n");
    const ran = xrdct(["run", scan, "-o", join(folder, "r.nxs"), "--json", "--executor", "slurm", "--slurm", unknown]);
    expect([ran.code, ran.json.error.code]).toEqual([2, "slurm-refused"]);
    expect(ran.json.error.message).toContain("nowhere");
    expect(existsSync(join(folder, "r.nxs.work", "lock"))).toBe(false);
  });

  it("gives up on blocks that never come back, with what their jobs said", () => {
    const failing = join(folder, "failing.yaml");
    writeFileSync(
      failing,
      `cpusPerTask: 1\ntasks: 2\ntries: 2\nbefore: ['[ -z "$SLURM_ARRAY_TASK_ID" ] || { echo no such module; exit 3; }']\n`,
    );
    const output = join(folder, "never.nxs");
    const ran = xrdct(
      ["run", scan, "-o", output, "--json", "--quiet", "--executor", "slurm", "--slurm", failing].concat([
        ...["--memory-gb", "1"],
      ]),
    );
    expect([ran.code, ran.json.error.code]).toEqual([2, "slurm-parts-lost"]);
    expect(ran.json.error.message).toMatch(/in 2 tries.*no such module/s);
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
