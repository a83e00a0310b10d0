/** Runs over HTTP: checked, started, watched, interrupted, killed, gone on with; always the bits of the command line. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parse, stringify } from "yaml";
import { type RunningServer, startServer } from "../src/server/server.ts";
import type { ErrorReply, JobInfo, JobList, ScanCheck, ScanSchemas, ScanTemplate } from "../src/server/wire.ts";
import { tempFolder } from "./temp-folder.ts";
import { FRAMES, hashes, MAP, PATTERNS, runHere, simulate, type VirtualScan } from "./virtual-scan.ts";

// several whole runs in one test
vi.setConfig({ testTimeout: 180_000 });

const root = tempFolder();
const served = join(root, "served");
const KILL_AT = fileURLToPath(new URL("./kill-at.mjs", import.meta.url));
let scan: VirtualScan;
let server: RunningServer;
let expected: Record<string, string>;

const start = (): Promise<RunningServer> => {
  const webFolder = join(root, "web");
  mkdirSync(webFolder, { recursive: true });
  writeFileSync(join(webFolder, "index.html"), "");
  return startServer({ folder: served, workers: 2, memoryBytes: 2e9, webFolder });
};

beforeAll(async () => {
  mkdirSync(served);
  scan = await simulate(join(served, "cell"), PATTERNS, "patterns");
  // iterations make reconstruct long enough to be caught at it
  const slow = { method: "sirt", size: 49, iterations: 150, tolerance: 0 };
  scan.variant("run.yaml", { map: MAP, reconstruct: slow });
  await runHere(join(served, "cell/run.yaml"), join(root, "expected.nxs"));
  expected = await hashes(join(root, "expected.nxs"));
  server = await start();
});
afterAll(() => server.close());

async function ask<T>(path: string, body?: unknown): Promise<T & Partial<ErrorReply>> {
  const reply = await fetch(`${server.origin}/api/${path}`, {
    headers: {
      authorization: `token ${server.token}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
  return (await reply.json()) as T & Partial<ErrorReply>;
}

const isOver = ({ state }: JobInfo): boolean => ["done", "failed", "interrupted"].includes(state);

async function until(id: string, isEnough: (job: JobInfo) => boolean): Promise<JobInfo> {
  for (;;) {
    const job = await ask<JobInfo>(`jobs/${id}`);
    if (isEnough(job)) return job;
    if (isOver(job)) throw new Error(`ended before: ${JSON.stringify(job)}`);
    await setTimeout(20);
  }
}
const doneBlocks = (job: JobInfo, stage: string): number => job.stages.find(({ name }) => name === stage)?.done ?? 0;

/** Its process is interrupted or killed at that place (tests/kill-at.mjs). */
async function startKilled(request: object, killAt: string): Promise<JobInfo> {
  process.env["NODE_OPTIONS"] = `--import ${KILL_AT}`;
  process.env["KILL_AT"] = killAt;
  try {
    return await ask<JobInfo>("jobs", request);
  } finally {
    delete process.env["NODE_OPTIONS"];
    delete process.env["KILL_AT"];
  }
}

describe("a run over HTTP", () => {
  it("is interrupted, goes on where it was, and has the bits of a run of the command line", async () => {
    const request = { scan: "cell/run.yaml", output: "cell/interrupted.nxs" };
    const { id } = await ask<JobInfo>("jobs", request);
    await until(id, (job) => doneBlocks(job, "reconstruct") >= 2);
    const again = await ask<JobInfo>("jobs", request);
    expect(again.error?.code).toBe("run-in-progress");
    await ask(`jobs/${id}/cancel`, {});
    const stopped = await until(id, isOver);
    expect(stopped.state).toBe("interrupted");
    expect(stopped.stages.find(({ name }) => name === "reconstruct")?.state).toBe("stopped");
    expect(existsSync(join(served, "cell/interrupted.nxs"))).toBe(false);

    const next = await ask<JobInfo>("jobs", request);
    const done = await until(next.id, isOver);
    expect(done.state).toBe("done");
    const resumed = done.stages.find(({ name }) => name === "reconstruct")!;
    expect(resumed.resumed).toBeGreaterThanOrEqual(2);
    expect(done.stages.map(({ name, state }) => [name, state])).toEqual([
      ["read", "kept"],
      ["sinogram", "kept"],
      ["reconstruct", "done"],
      ["map", "done"],
    ]);
    expect(await hashes(join(served, "cell/interrupted.nxs"))).toEqual(expected);
    expect(done.maps?.find(({ name }) => name === "map/Al/a")?.median).toBeCloseTo(4.0495, 3);
    const { jobs } = await ask<JobList>("jobs");
    expect(jobs.filter(({ output }) => output === "cell/interrupted.nxs").map((job) => job.state)).toEqual(["done"]);
  });

  it("whose process is killed says so, and goes on", async () => {
    const request = { scan: "cell/run.yaml", output: "cell/killed.nxs" };
    const { id } = await startKilled(request, "line:sinogram:2");
    const lost = await until(id, isOver);
    expect(lost).toMatchObject({ state: "failed", error: { code: "run-lost" } });
    const { id: next } = await ask<JobInfo>("jobs", request);
    expect((await until(next, isOver)).state).toBe("done");
    expect(await hashes(join(served, "cell/killed.nxs"))).toEqual(expected);
  });

  it("tells what happens as events, and ends them with the run", async () => {
    const { id } = await ask<JobInfo>("jobs", { scan: "cell/run.yaml", output: "cell/told.nxs", until: "sinogram" });
    const reply = await fetch(`${server.origin}/api/jobs/${id}/events`, {
      headers: { authorization: `token ${server.token}` },
    });
    expect(reply.headers.get("content-type")).toContain("text/event-stream");
    const events = (await reply.text()).split("\n\n").filter(Boolean);
    const last = JSON.parse(events.at(-1)!.replace(/^data: /, "")) as JobInfo;
    expect(last.state).toBe("done");
    expect(last.stages.map(({ name }) => name)).toEqual(["read", "sinogram"]);
    expect(last.stages[1]!.notes.join()).toMatch(/rotation axis at 12\.3/);
    // and a check of the whole way knows what is finished
    const text = readFileSync(join(served, "cell/run.yaml"), "utf8");
    const { stages } = await ask<ScanCheck>("scan-check", { path: "cell/run.yaml", text, output: "cell/told.nxs" });
    expect(stages.map(({ isDone }) => isDone)).toEqual([true, true, false, false]);
  });

  it("shows what is finished: the mean of the bins of the volume", async () => {
    // the arrays go when a run ends well: this one stops at the first block of its maps
    const { id } = await startKilled({ scan: "cell/run.yaml", output: "cell/seen.nxs" }, "line:map:1");
    await until(id, isOver);
    const reply = await fetch(`${server.origin}/api/jobs/${id}/preview?stage=reconstruct`, {
      headers: { authorization: `token ${server.token}` },
    });
    const { arrays, meta } = JSON.parse(reply.headers.get("x-xrdct-arrays")!);
    const values = new Float32Array(await reply.arrayBuffer());
    expect(arrays[0].shape).toEqual([49, 49]);
    expect(meta).toMatchObject({ stage: "reconstruct", share: 1, image: "y-x" });
    const { openResult } = await import("../src/files/result-reader.ts");
    const result = await openResult(join(root, "expected.nxs"));
    const volume = result.readArray("reconstruct/data");
    result.close();
    for (const voxel of [49 * 24 + 24, 49 * 30 + 20]) {
      const bins = volume.subarray(voxel * 240, (voxel + 1) * 240) as Float32Array;
      expect(values[voxel]).toBeCloseTo(bins.reduce((sum, one) => sum + one, 0) / 240, 3);
    }
  });

  it("that fails says why in the words of the command line", async () => {
    scan.variant("wrong.yaml", { map: { rietveld: { model: "no-model.yaml" } } });
    const { id } = await ask<JobInfo>("jobs", { scan: "cell/wrong.yaml" });
    const failed = await until(id, isOver);
    expect(failed.output).toBe("cell/wrong.nxs");
    expect(failed.error?.code).toBe("file-not-readable");
    expect(failed.error?.message).toContain("no-model.yaml");
  });

  it("is refused where it would read or write outside of the served folder", async () => {
    copyFileSync(join(served, "cell/run.yaml"), join(root, "outside.yaml"));
    symlinkSync(root, join(served, "out"));
    scan.variant("reaching.yaml", { input: { kind: "p07", folder: "../.." } });
    scan.variant("linked.yaml", { air: "../out/expected.nxs" });
    for (const request of [
      { scan: "../outside.yaml" },
      { scan: "out/outside.yaml" },
      { scan: "cell/reaching.yaml" },
      { scan: "cell/linked.yaml" },
      { scan: "cell/run.yaml", output: "../elsewhere.nxs" },
      { scan: "cell/run.yaml", output: "out/elsewhere.nxs" },
    ])
      expect([request, (await ask<JobInfo>("jobs", request)).error?.code]).toEqual([request, "path-outside"]);
    const bad = await ask<JobInfo>("jobs", { scan: "cell/run.yaml", output: "cell/run.yaml" });
    expect(bad.error?.code).toBe("bad-output");
    expect(existsSync(join(root, "elsewhere.nxs"))).toBe(false);
  });
});

describe("a server that stops", () => {
  it("interrupts its run, and the next one says so and goes on", async () => {
    const request = { scan: "cell/run.yaml", output: "cell/stopped.nxs" };
    const { id } = await ask<JobInfo>("jobs", request);
    const { id: waiting } = await ask<JobInfo>("jobs", { ...request, output: "cell/waiting.nxs" });
    await until(id, (job) => doneBlocks(job, "reconstruct") >= 1);
    expect((await ask<JobInfo>(`jobs/${waiting}`)).state).toBe("waiting");
    await server.close();
    expect(existsSync(join(served, "cell/stopped.nxs.work/lock"))).toBe(false);
    expect(existsSync(join(served, "cell/waiting.nxs.work"))).toBe(false);

    server = await start();
    const { jobs } = await ask<JobList>("jobs");
    const before = jobs.find(({ output }) => output === "cell/stopped.nxs")!;
    expect(before).toMatchObject({ id, state: "interrupted", scan: "cell/run.yaml" });
    expect(before.stages.find(({ state }) => state === "stopped")?.name).toBe("reconstruct");
    const { id: next } = await ask<JobInfo>("jobs", request);
    expect((await until(next, isOver)).state).toBe("done");
    expect(await hashes(join(served, "cell/stopped.nxs"))).toEqual(expected);
  });

  it("knows an interrupted run of the command line too", async () => {
    const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
    const args = ["run", join(served, "cell/run.yaml"), "-o", join(served, "cell/by-hand.nxs"), "--quiet"];
    expect(() =>
      execFileSync(process.execPath, ["--import", KILL_AT, main, ...args], {
        env: { ...process.env, KILL_AT: "line:sinogram:2" },
        stdio: "ignore",
      }),
    ).toThrow();
    const { others } = await ask<JobList>("jobs");
    expect(others).toContainEqual({ output: "cell/by-hand.nxs", stage: "sinogram", isAtWork: false });
  });
});

describe("before the start", () => {
  const check = (text: string, path = "cell/new.yaml") => ask<ScanCheck>("scan-check", { path, text });
  const text = (): string => readFileSync(join(served, "cell/run.yaml"), "utf8");

  it("counts what was measured and what is needed", async () => {
    const { findings, facts, stages } = await check(text());
    const fact = (name: string) => facts.find((one) => one.name === name)?.value;
    expect(findings.filter(({ level }) => level === "error")).toEqual([]);
    // 24 angles and the closing one
    expect([fact("angles"), fact("points"), fact("bins")]).toEqual([25, 25, 240]);
    expect(fact("distance")).toBeCloseTo(2000, 6);
    expect(stages.map(({ name }) => name)).toEqual(["read", "sinogram", "reconstruct", "map"]);
    // patterns, sinogram and its sigma, a volume of 49 x 49 without one, and the result of all but the patterns
    const [rays, voxels] = [25 * 25, 49 * 49];
    expect(fact("disk")).toBe(4 * 240 * (rays + 2 * (2 * rays + voxels)));
    expect(existsSync(join(served, "cell/new.nxs.work"))).toBe(false);
  });
  it("counts frames", async () => {
    await simulate(join(served, "frames"), FRAMES, "frames");
    const frames = readFileSync(join(served, "frames/scan.yaml"), "utf8");
    const { findings, facts } = await check(frames, "frames/scan.yaml");
    expect(findings).toEqual([]);
    const fact = (name: string) => facts.find((one) => one.name === name)?.value;
    expect([fact("frames"), fact("angles"), fact("points"), fact("distance")]).toEqual([16 * 15, 16, 15, 150]);
    // 240 frames in lines of 14 begin an 18th line
    const short = frames.replace("translations: 15", "translations: 14");
    expect((await check(short, "frames/scan.yaml")).facts.find(({ name }) => name === "angles")?.value).toBe(18);
  });
  it("names the lines that are wrong, all of them", async () => {
    const wrong = text()
      .replace(/^energyKeV: .*$/m, "energyKeV: much")
      .replace(/^stepMm: .*$/m, "stepMn: 0.16");
    const lines = wrong.split("\n");
    const { findings } = await check(wrong);
    expect(findings.map(({ level, code }) => [level, code])).toEqual(Array(2).fill(["error", "config-invalid"]));
    expect(findings.map(({ line }) => lines[line! - 1]).sort()).toEqual(["energyKeV: much", "stepMn: 0.16"]);
    expect(findings.map(({ message }) => message).join()).toContain("stepMm");
  });
  it("names the line of the model that is wrong", async () => {
    writeFileSync(join(served, "cell/al-cu.yaml"), "phases: [Al, Cu]\nbackground: many\n");
    const { map: _, ...rest } = parse(text()) as Record<string, unknown>;
    const { findings } = await check(stringify({ ...rest, map: { rietveld: { model: "al-cu.yaml" } } }));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ code: "config-invalid", file: "cell/al-cu.yaml", line: 2 });
  });
  it("names the files that are missing", async () => {
    const { findings } = await check(`${text()}air: empty.xye\n`);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ level: "error", code: "file-missing" });
    expect(findings[0]!.message).toContain("empty.xye");
  });
  it("says what memory allows", async () => {
    const { findings } = await ask<ScanCheck>("scan-check", { path: "cell/new.yaml", text: text(), memoryGb: 0.01 });
    expect(findings[0]).toMatchObject({ level: "error", code: "memory-too-small" });
  });
  it("says that a file lies outside", async () => {
    const { findings, error } = await check(text().replace("folder: .", "folder: ../../.."));
    expect(error).toBeUndefined();
    expect(findings.map(({ code }) => code)).toEqual(["path-outside"]);
  });
  it("has the schema with units and help, and a template that fits the folder", async () => {
    const { scan: schema } = await ask<ScanSchemas>("scan-schema");
    const { properties } = schema as { properties: Record<string, { unit?: string; description?: string }> };
    expect(properties["energyKeV"]).toMatchObject({ unit: "keV", description: expect.stringContaining("photon") });
    const made = await ask<ScanTemplate>("scan-template?path=cell");
    expect(made.path).toBe("cell/scan-2.yaml");
    const { findings } = await check(made.text, made.path);
    expect(findings.filter(({ level }) => level === "error")).toEqual([]);
  });
});
