/** Runs that are killed, interrupted, repeated, changed: always the same bits in the end, and nothing done twice. */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { tempFolder } from "./temp-folder.ts";
import {
  blocksDone,
  FRAMES,
  hashes,
  journalEntries,
  MAIN,
  MAP,
  PATTERNS,
  run,
  runHere,
  runProcess,
  simulate,
  type VirtualScan,
} from "./virtual-scan.ts";

const folder = tempFolder();
const STAGES_OF = { patterns: ["read", "sinogram", "reconstruct", "map"], frames: ["integrate"] } as const;
let patterns: { scan: string; expected: Record<string, string>; blocks: Record<string, number>; files: VirtualScan };
let frames: typeof patterns;

async function uninterrupted(files: VirtualScan, scan: string, name: string, args: string[] = []) {
  const output = join(folder, `${name}.nxs`);
  const ran = await run(scan, output, ["--workers", "2", ...args]);
  expect(ran.stderr).toBe("");
  return { scan, files, expected: await hashes(output), blocks: blocksDone(ran) };
}

beforeAll(async () => {
  const files = await simulate(join(folder, "patterns"), PATTERNS, "patterns");
  // a grid larger than the scan, so that the map has more than one block
  patterns = await uninterrupted(files, files.variant("run.yaml", { map: MAP, reconstruct: { size: 49 } }), "patterns");
  const detector = await simulate(join(folder, "frames"), FRAMES, "frames");
  frames = await uninterrupted(detector, detector.scanPath, "frames", ["--until", "integrate"]);
});

describe("kill -9", () => {
  it("has something to interrupt in every stage", () => {
    for (const stage of STAGES_OF.patterns) expect(patterns.blocks[stage]).toBeGreaterThan(1);
    expect(frames.blocks["integrate"]).toBeGreaterThan(1);
  });

  const cases = [
    ...STAGES_OF.patterns.map((stage) => ["patterns", stage, "line", stage === "map" ? 2 : 3] as const),
    ["frames", "integrate", "line", 3] as const,
    ["patterns", "reconstruct", "done", 0] as const,
  ];
  it.each(cases)("in %s: %s, at %s %d, then run again", async (kind, stage, what, line) => {
    const { scan, expected, blocks } = kind === "patterns" ? patterns : frames;
    const args = kind === "frames" ? ["--until", "integrate"] : [];
    const stages = kind === "frames" ? ({ until: "integrate" } as const) : {};
    const output = join(folder, `killed-${stage}-${what}.nxs`);
    const killed = runProcess(scan, output, ["--workers", "2", ...args], `${what}:${stage}${line ? `:${line}` : ""}`);
    expect(killed.signal).toBe("SIGKILL");
    expect(existsSync(output)).toBe(false);
    const kept = Object.fromEntries(Object.keys(blocks).map((name) => [name, journalEntries(output, name)]));
    expect(kept[stage]).toBe(what === "line" ? line - 1 : blocks[stage]);
    const again = await runHere(scan, output, stages);
    const done = blocksDone(again);
    for (const name of Object.keys(blocks)) expect([name, done[name]! + kept[name]!]).toEqual([name, blocks[name]]);
    expect(await hashes(output)).toEqual(expected);
  });

  it.each(["partial", "named"])("while the result is assembled (%s), then run again", async (at) => {
    const { scan, expected, blocks } = patterns;
    const output = join(folder, `killed-${at}.nxs`);
    expect(runProcess(scan, output, [], at).signal).toBe("SIGKILL");
    expect(existsSync(output)).toBe(at === "named");
    const again = await runHere(scan, output);
    expect(blocksDone(again)).toEqual(Object.fromEntries(Object.keys(blocks).map((name) => [name, 0])));
    expect(await hashes(output)).toEqual(expected);
    expect(existsSync(`${output}.partial`)).toBe(false);
  });

  it("from outside, at no particular moment", async () => {
    const { scan, expected } = patterns;
    const output = join(folder, "killed-outside.nxs");
    const child = spawn(process.execPath, [MAIN, "run", scan, "-o", output, "--quiet"], { stdio: "ignore" });
    const ended = new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    while (journalEntries(output, "read") < 2) await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    await runHere(scan, output);
    expect(await hashes(output)).toEqual(expected);
  });

  it("with a block that never reached the disk: it is done again", async () => {
    const { scan, expected, blocks } = patterns;
    const output = join(folder, "power-cut.nxs");
    runProcess(scan, output, [], "line:reconstruct:5");
    const volume = join(`${output}.work`, "reconstruct", "volume.f32");
    const journal = readFileSync(join(`${output}.work`, "reconstruct", "journal.jsonl"), "utf8")
      .split("\n")
      .slice(1, -1);
    const kept = journal.length;
    const { block } = JSON.parse(journal[0]!) as { block: number };
    const bytes = readFileSync(volume);
    // in a block that the journal calls done: blocks of 32 of the 240 bins lie one after the other
    const start = Math.floor((bytes.length * block * 32) / 240);
    bytes.fill(0, start, start + 4096);
    writeFileSync(volume, bytes);
    const again = await runHere(scan, output);
    expect(blocksDone(again)["reconstruct"]).toBe(blocks["reconstruct"]! - kept + 1);
    expect(await hashes(output)).toEqual(expected);
  });
});

describe("an array on the disk that is not what its stage left", () => {
  const damaged = (output: string, change: (bytes: Buffer) => void): void => {
    const volume = join(`${output}.work`, "reconstruct", "volume.f32");
    const bytes = readFileSync(volume);
    change(bytes);
    writeFileSync(volume, bytes);
  };

  it("is made again before the next stage is gone on with", async () => {
    const { scan, expected, blocks } = patterns;
    const output = join(folder, "damaged-volume.nxs");
    expect(runProcess(scan, output, [], "line:map:2").signal).toBe("SIGKILL");
    damaged(output, (bytes) => {
      bytes[12_345]! ^= 1;
    });
    const again = await runHere(scan, output);
    expect(blocksDone(again)["reconstruct"]).toBe(blocks["reconstruct"]);
    expect(await hashes(output)).toEqual(expected);
  });

  it("and half brought back from the result, as a kill once left it, is brought back again", async () => {
    const { scan, expected, blocks } = patterns;
    const copy = join(folder, "half-restored.nxs");
    cpSync(join(folder, "patterns.nxs.work"), `${copy}.work`, { recursive: true });
    cpSync(join(folder, "patterns.nxs"), copy);
    writeFileSync(join(`${copy}.work`, "reconstruct", "volume.f32"), Buffer.alloc(4 * 49 * 49 * 240));
    const again = await runHere(scan, copy, { from: "map" });
    expect(blocksDone(again)).toMatchObject({ reconstruct: 0, map: blocks["map"] });
    expect(await hashes(copy)).toEqual(expected);
  });
});

describe("Ctrl-C", () => {
  it("ends with 130 and one message, and is gone on with", async () => {
    const { scan, expected, blocks } = patterns;
    const output = join(folder, "interrupted.nxs");
    const stopped = runProcess(scan, output, [], "interrupt:reconstruct:2");
    expect(stopped.code).toBe(130);
    expect(stopped.stderr.trim()).toBe(
      "Interrupted. Nothing that was finished is lost: run the same command again to go on.",
    );
    expect(stopped.json).toEqual({ error: { code: "interrupted" } });
    expect(existsSync(join(`${output}.work`, "lock"))).toBe(false);
    const kept = journalEntries(output, "reconstruct");
    expect(kept).toBeGreaterThanOrEqual(2);
    const again = await runHere(scan, output);
    expect(blocksDone(again)["reconstruct"]! + kept).toBe(blocks["reconstruct"]);
    expect(await hashes(output)).toEqual(expected);
  });
});

describe("run again", () => {
  let output: string;
  let none: Record<string, number>;
  beforeAll(() => {
    output = join(folder, "patterns.nxs");
    none = Object.fromEntries(Object.keys(patterns.blocks).map((name) => [name, 0]));
  });

  it("with nothing changed does nothing", async () => {
    const before = readFileSync(output);
    const ran = await run(patterns.scan, output);
    expect(ran.json.isUpToDate).toBe(true);
    expect(blocksDone(ran)).toEqual(none);
    expect(readFileSync(output).equals(before)).toBe(true);
  });

  it("with another map section maps again, from the volume in the result, and back", async () => {
    const other = patterns.files.variant("other-map.yaml", {
      map: { ...MAP, weights: "uniform" },
      reconstruct: { size: 49 },
    });
    const changed = await runHere(other, output);
    expect(blocksDone(changed)).toEqual({ ...none, map: patterns.blocks["map"] });
    const after = await hashes(output);
    expect(after["reconstruct/data"]).toBe(patterns.expected["reconstruct/data"]);
    expect(after["map/Cu/111/area"]).not.toBe(patterns.expected["map/Cu/111/area"]);
    expect(blocksDone(await runHere(patterns.scan, output))).toEqual({ ...none, map: patterns.blocks["map"] });
    expect(await hashes(output)).toEqual(patterns.expected);
  });

  it("--from, --until and --only do what they say, and lose nothing of the result", async () => {
    const only = await run(patterns.scan, output, ["--only", "reconstruct"]);
    expect(blocksDone(only)).toEqual({ ...none, reconstruct: patterns.blocks["reconstruct"] });
    const from = await runHere(patterns.scan, output, { from: "map" });
    expect(blocksDone(from)).toEqual({ ...none, map: patterns.blocks["map"] });
    expect((await runHere(patterns.scan, output, { until: "sinogram" })).json.isUpToDate).toBe(true);
    expect(await hashes(output)).toEqual(patterns.expected);
  });

  it("--until stops there, and a later run goes on from there", async () => {
    const part = join(folder, "until.nxs");
    expect(blocksDone(await runHere(patterns.scan, part, { until: "sinogram" }))).toEqual({
      read: patterns.blocks["read"],
      sinogram: patterns.blocks["sinogram"],
    });
    expect(Object.keys(await hashes(part)).some((name) => name.startsWith("reconstruct"))).toBe(false);
    expect(blocksDone(await runHere(patterns.scan, part))).toEqual({ ...patterns.blocks, read: 0, sinogram: 0 });
    expect(await hashes(part)).toEqual(patterns.expected);
  });

  it.each([
    ["--from", "integrate"],
    ["--from", "map", "--until", "read"],
    ["--only", "nonsense"],
  ])("%s %s of a scan without it is refused", async (...args) => {
    const ran = await run(patterns.scan, output, args);
    expect(ran.code).toBe(2);
    expect(ran.json.error.code).toMatch(/^stage-/);
  });

  it.each(["a byte is changed", "it is cut"])(
    "with the record of a stage damaged does that stage again: %s",
    async (how) => {
      const copy = join(folder, `damaged-${how.length}.nxs`);
      cpSync(`${output}.work`, `${copy}.work`, { recursive: true });
      cpSync(output, copy);
      const path = join(`${copy}.work`, "map", "done.bin");
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1]! ^= 1;
      writeFileSync(path, how === "it is cut" ? bytes.subarray(0, bytes.length >> 1) : bytes);
      const ran = await runHere(patterns.scan, copy);
      expect(ran.json.isUpToDate).toBe(false);
      expect(blocksDone(ran)["reconstruct"]).toBe(0);
      expect(await hashes(copy)).toEqual(patterns.expected);
    },
  );

  it("with the result deleted makes what is missing", async () => {
    const copy = join(folder, "deleted.nxs");
    cpSync(`${output}.work`, `${copy}.work`, { recursive: true });
    const ran = await runHere(patterns.scan, copy);
    expect(ran.json.isUpToDate).toBe(false);
    expect(blocksDone(ran)).toEqual({ ...patterns.blocks, map: 0 }); // the maps themselves are kept with the journal
    expect(await hashes(copy)).toEqual(patterns.expected);
  });

  it("takes no volume from a result of other settings that lies in its place", async () => {
    const own = join(folder, "own.nxs");
    cpSync(`${output}.work`, `${own}.work`, { recursive: true });
    const other = patterns.files.variant("other-scan.yaml", {
      map: MAP,
      reconstruct: { size: 49, filter: "hann" },
    });
    const foreign = join(folder, "foreign.nxs");
    await runHere(other, foreign, { until: "reconstruct" });
    cpSync(foreign, own);
    expect((await runHere(patterns.scan, own)).json.isUpToDate).toBe(false);
    expect(await hashes(own)).toEqual(patterns.expected);
  });
});

describe("two runs on one result", () => {
  const locked = (name: string, holder: object): string => {
    const output = join(folder, name);
    mkdirSync(`${output}.work`);
    writeFileSync(join(`${output}.work`, "lock"), JSON.stringify({ host: hostname(), since: "now", ...holder }));
    return output;
  };

  it("the second one is refused in one sentence", () => {
    const output = locked("second.nxs", { pid: process.pid }); // this test is the other run
    const ran = runProcess(patterns.scan, output);
    expect(ran.code).toBe(2);
    expect(ran.json.error.code).toBe("run-in-progress");
    expect(ran.stderr).toContain(`process ${process.pid} on ${hostname()}`);
    expect(ran.stderr.trim().split("\n")).toHaveLength(1);
    expect(existsSync(join(`${output}.work`, "lock"))).toBe(true);
  });

  it("the lock of a dead process is taken over", async () => {
    const output = locked("stale.nxs", { pid: 4_000_000 }); // above any process number
    expect((await run(patterns.scan, output, ["--until", "read"])).code).toBe(0);
    expect(existsSync(join(`${output}.work`, "lock"))).toBe(false);
    rmSync(output);
  });
});
