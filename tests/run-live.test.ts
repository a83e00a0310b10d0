/** Scans that are followed while they are written: whole, damaged, out of order, interrupted; the same bits as afterwards. */
import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeCbf, encodeCbf } from "../src/files/cbf.ts";
import type { LiveOptions } from "../src/pipeline/live/follow-scan.ts";
import { type LiveState, readSnapshot, writeSnapshot } from "../src/pipeline/live/snapshot.ts";
import { type RunSummary, runScan } from "../src/pipeline/run-scan.ts";
import { readScan } from "../src/pipeline/scan-config.ts";
import { startServer } from "../src/server/server.ts";
import type { ErrorReply } from "../src/server/wire.ts";
import type { LiveRuns } from "../src/server/wire-live.ts";
import { hasH5py } from "./h5py.ts";
import { tempFolder } from "./temp-folder.ts";
import { FRAMES, hashes, PATTERNS, run, runHere, simulate, type VirtualScan, xrdctHere } from "./virtual-scan.ts";

const folder = tempFolder();
let scan: VirtualScan;
let frames: string[];
let offline: Record<string, string>;

beforeAll(async () => {
  scan = await simulate(join(folder, "frames"), FRAMES, "frames");
  frames = readdirSync(join(scan.folder, "frames")).sort();
  await runHere(scan.scanPath, join(folder, "offline.nxs"));
  offline = await hashes(join(folder, "offline.nxs"));
});

/** A scan.yaml beside the whole one, whose frames are still to be written into a folder of their own. */
function toCome(name: string): { scanPath: string; into: string } {
  const into = join(scan.folder, name);
  mkdirSync(into);
  const text = readFileSync(scan.scanPath, "utf8");
  const scanPath = join(scan.folder, `${name}.yaml`);
  writeFileSync(scanPath, text.replace(/files: .*/, `files: ${name}`));
  return { scanPath, into };
}

const whole = (name: string): string => join(scan.folder, "frames", name);

interface Live {
  readonly summary: Promise<RunSummary>;
  readonly states: LiveState[];
  readonly enough: AbortController;
  readonly stop: AbortController;
}

function live(scanPath: string, output: string, options: Partial<LiveOptions> = {}, workers = 2): Live {
  const [enough, stop] = [new AbortController(), new AbortController()];
  const states: LiveState[] = [];
  const summary = runScan(readScan(scanPath), {
    ...{ output, workers, memoryBytes: 3e9, onProgress: () => {}, signal: stop.signal },
    live: { lines: 16, timeoutS: 20, enough: enough.signal, onState: (state) => states.push(state), ...options },
  });
  summary.catch(() => {});
  return { summary, states, enough, stop };
}

const copyAll = (names: readonly string[], into: string): void => {
  for (const name of names) copyFileSync(whole(name), join(into, name));
};
const reduced = async ({ states }: Live, frames: number): Promise<void> => {
  while ((states.at(-1)?.frames ?? 0) < frames) await setTimeout(20);
};

describe("frames that appear", () => {
  it("in any order, half-written, renamed: all are taken, and the result has the bits of an offline run", async () => {
    const { scanPath, into } = toCome("wild");
    const output = join(folder, "wild.nxs");
    const { summary, states } = live(scanPath, output);
    const order = frames.map((name, i) => ({ name, at: i + ((i * 7) % 5) })).sort((a, b) => a.at - b.at);
    for (const [i, { name }] of order.entries()) {
      const bytes = readFileSync(whole(name));
      if (i % 10 === 3) {
        writeFileSync(join(into, name), bytes.subarray(0, bytes.length >> 1));
        await setTimeout(5);
      } else if (i % 10 === 7) {
        writeFileSync(join(into, `${name}.tmp`), bytes);
        renameSync(join(into, `${name}.tmp`), join(into, name));
        continue;
      }
      writeFileSync(join(into, name), bytes);
    }
    const done = await summary;
    expect(await hashes(output)).toEqual(offline);
    expect(done.stages[0]!.blocksDone).toBe(0);
    expect(done.stages[0]!.notes.join("\n")).toContain("until all of it was there");
    expect(states.at(-1)).toMatchObject({ phase: "complete", frames: 240, notices: [] });
    const { state, arrays } = readSnapshot(`${output}.work/live`, ["sinogram/all", "image/all", "pattern"])!;
    expect(state.frames).toBe(240);
    expect(arrays.map(({ name, shape }) => [name, shape])).toEqual([
      ["sinogram/all", [16, 15]],
      ["image/all", [15, 15]],
      ["pattern", [1500]],
    ]);
  });

  it("a run that ends before goes on, live or not, without reducing anything twice", async () => {
    const { scanPath, into } = toCome("interrupted");
    const output = join(folder, "interrupted.nxs");
    copyAll(frames.slice(0, 100), into);
    const first = live(scanPath, output);
    await reduced(first, 100);
    first.stop.abort();
    await expect(first.summary).rejects.toThrow();
    // one that was reduced is written anew, with the same content: it is not taken for the same
    writeFileSync(join(into, frames[0]!), readFileSync(whole(frames[0]!)));
    const second = live(scanPath, output);
    await reduced(second, 100);
    copyAll(frames.slice(100, 200), into);
    await reduced(second, 200);
    second.stop.abort();
    await expect(second.summary).rejects.toThrow();
    const journal = readFileSync(join(`${output}.work`, "live", "frames.jsonl"), "utf8");
    const taken = journal
      .split("\n")
      .slice(1, -1)
      .flatMap((line) => (JSON.parse(line) as [string][]).map(([path]) => path));
    expect([taken.length, new Set(taken).size]).toEqual([201, 200]);
    copyAll(frames.slice(200), into);
    const { json } = await runHere(scanPath, output);
    expect(await hashes(output)).toEqual(offline);
    // 240 frames in blocks of 32: those whose frames were all there are taken over
    expect(json.stages[0]!.blocksDone).toBe(2);
  });

  it("what stays damaged or absent is told and filled as offline; a lost beam is in the notes", async () => {
    const { scanPath, into } = toCome("damaged");
    const output = join(folder, "damaged.nxs");
    const dark = encodeCbf({ rows: 120, cols: 110, data: new Int32Array(120 * 110), header: {} });
    frames.forEach((name, i) => {
      if (i === 77) return;
      const bytes = readFileSync(whole(name));
      if (i === 50) bytes[bytes.length >> 1]! ^= 255;
      writeFileSync(join(into, name), i >= 120 && i < 135 ? dark : bytes);
    });
    const { summary } = live(scanPath, output, { timeoutS: 2 });
    const { notes } = (await summary).stages[0]!;
    expect(notes).toContainEqual(expect.stringContaining("does not match its checksum"));
    expect(notes).toContainEqual(expect.stringMatching(/^frames 77 to 77 are missing/));
    expect(notes).toContainEqual(
      expect.stringMatching(
        /^while measuring: The beam was lost: .* although the monitor .* from frame 120 \(line 8, point 0\)/,
      ),
    );
    expect(notes).toContainEqual(
      expect.stringMatching(/^while measuring: Frame 77 \(line 5, point 2\) is missing or cannot be read/),
    );
    await runHere(scanPath, join(folder, "damaged-offline.nxs"));
    expect(await hashes(output)).toEqual(await hashes(join(folder, "damaged-offline.nxs")));
  });

  it("a scan that is stopped half-way: its angles are asked for, and then it is what offline makes of these files", async () => {
    const { scanPath, into } = toCome("short");
    const output = join(folder, "short.nxs");
    copyAll(frames.slice(0, 8 * 15), into);
    const { summary, enough, ...more } = live(scanPath, output);
    await reduced({ summary, enough, ...more }, 120);
    enough.abort();
    await expect(summary).rejects.toMatchObject({
      code: "live-scan-short",
      message: expect.stringMatching(
        /stopped with 8 of 16 lines.* set angles: \{start: 0, end: 78\.75, inclusive: true\}/,
      ),
    });
    const text = readFileSync(scanPath, "utf8");
    // a list of readings for the whole scan would be refused, as offline
    const counters = /^\s*(monitor|exposure|transmitted):.*\n/gm;
    writeFileSync(
      scanPath,
      `${text.replace(/end: 168.75/, "end: 78.75").replace(counters, "")}sinogram: {rotationAxis: 7.2}\n`,
    );
    const { json } = await runHere(scanPath, output);
    expect(json.stages[0]!.blocksDone).toBe(0);
    await runHere(scanPath, join(folder, "short-offline.nxs"));
    expect(await hashes(output)).toEqual(await hashes(join(folder, "short-offline.nxs")));
  });

  it("what there is to see cannot be written: one message, and the next run goes on", async () => {
    const { scanPath, into } = toCome("unseen");
    const output = join(folder, "unseen.nxs");
    copyAll(frames, into);
    const inTheWay = join(`${output}.work`, "live", "snapshot.bin.unfinished");
    mkdirSync(dirname(inTheWay), { recursive: true });
    symlinkSync(join(folder, "nowhere", "snapshot.bin"), inTheWay);
    await expect(live(scanPath, output, {}, 1).summary).rejects.toMatchObject({ code: "not-writable" });
    await live(scanPath, output, {}, 1).summary;
    expect(await hashes(output)).toEqual(offline);
  });

  it("nothing comes: one message", async () => {
    const { scanPath } = toCome("nothing");
    await expect(live(scanPath, join(folder, "nothing.nxs"), { timeoutS: 0.3 }).summary).rejects.toMatchObject({
      code: "live-nothing",
    });
  });
});

describe.skipIf(!hasH5py)("HDF5 that grows (needs Debian's python3-h5py)", () => {
  /** A writer as beamlines have them, at work on `name`, and the run that follows it. */
  function written(how: string, name: string): Live & { readonly output: string; readonly ended: Promise<unknown> } {
    const scanPath = join(scan.folder, `${how}.yaml`);
    writeFileSync(scanPath, readFileSync(scan.scanPath, "utf8").replace(/files: .*/, `files: ${name}`));
    const raw = join(scan.folder, "frames.raw");
    if (!existsSync(raw)) {
      const all = frames.map((one) => decodeCbf(readFileSync(whole(one)), one).data as Int32Array);
      writeFileSync(raw, Buffer.concat(all.map(({ buffer }) => Buffer.from(buffer))));
    }
    const path = join(scan.folder, name);
    const writer = spawn("/usr/bin/python3", ["-c", WRITE, raw, path, how], { stdio: "inherit" });
    const ended = new Promise((resolve) => writer.on("close", resolve));
    const output = join(folder, `${how}.nxs`);
    return { ...live(scanPath, output), output, ended };
  }

  it.each(["swmr", "flushed"])(
    "frames appended by h5py, %s: seen while they come, the bits of an offline run",
    async (how) => {
      const { summary, states, output, ended } = written(how, `${how}.h5`);
      await summary;
      expect(await ended).toBe(0);
      expect(states.some((state) => state.phase === "following" && state.frames > 0 && state.frames < 240)).toBe(true);
      expect(await hashes(output)).toEqual(offline);
    },
  );

  it("an EIGER's data files before and after their master: the bits of an offline run, no block integrated again", async () => {
    mkdirSync(join(scan.folder, "eiger"));
    const { summary, states, output, ended } = written("eiger", "eiger");
    const { stages } = await summary;
    expect(await ended).toBe(0);
    // in the order of the scan, each once
    expect(states.at(-1)).toMatchObject({ phase: "complete", frames: 240, lines: 16, notices: [] });
    expect(states.some((state) => state.phase === "following" && state.frames > 0 && state.frames < 240)).toBe(true);
    expect(stages[0]!.blocksDone).toBe(0);
    expect(await hashes(output)).toEqual(offline);
  });

  it("a file that lets nobody in while it is written: told what to do, and followed once it is closed", async () => {
    const { summary, states, output, ended } = written("latest", "latest.h5");
    await summary;
    expect(await ended).toBe(0);
    const told = states.flatMap(({ notices }) => notices).filter(({ kind }) => kind === "file-shut");
    expect(told[0]!.text).toMatch(/latest\.h5 is an HDF5 file that another program is writing.*swmr_mode = True/);
    expect(states.at(-1)).toMatchObject({ phase: "complete", notices: [] });
    expect(await hashes(output)).toEqual(offline);
  });
});

/** As beamlines' programs write: room for a frame, the frame, flushed; or files of sixty frames. */
const WRITE = `
import sys, os, time, h5py, numpy as np
raw, path, how = sys.argv[1:]
frames = np.fromfile(raw, "<i4").reshape(-1, 120, 110)
def store(group, count):
    kind = dict(maxshape=(None, 120, 110), chunks=(1, 120, 110), compression="gzip", compression_opts=1)
    return group.create_dataset("entry/data/data", (count, 120, 110), "<i4", **kind)
if how == "eiger":
    for k in range(1, 5):
        name = os.path.join(path, "run_data_%06d.h5" % k)
        with h5py.File(name + ".tmp", "w") as f:
            store(f, 60)[:] = frames[60 * (k - 1) : 60 * k]
        os.utime(name + ".tmp", (1e9, 1e9 + k))
        os.rename(name + ".tmp", name)
        if k == 1:
            with h5py.File(os.path.join(path, "run_master.h5"), "w") as f:
                for i in range(1, 5):
                    f["entry/data/data_%06d" % i] = h5py.ExternalLink("run_data_%06d.h5" % i, "entry/data/data")
        time.sleep(1)
else:
    with h5py.File(path, "w", libver="earliest" if how == "flushed" else "latest") as f:
        d = store(f, 0)
        if how == "swmr":
            f.swmr_mode = True
        for i, frame in enumerate(frames):
            d.resize(i + 1, axis=0)
            d[i] = frame
            d.flush() if how == "swmr" else f.flush()
            if how != "latest":
                time.sleep(0.012)
        if how == "latest":
            time.sleep(5)
`;

describe("the app", () => {
  it("shows what the snapshot holds, and refuses what is not followed or lies outside", async () => {
    const served = join(folder, "served");
    const state: Partial<LiveState> = {
      title: "cell",
      phase: "following",
      updatedAt: new Date().toISOString(),
      bands: ["all", "Cu"],
    };
    const data = Float32Array.from([1, 2, Number.NaN, 4, 5, 6]);
    mkdirSync(join(served, "cell.nxs.work", "live"), { recursive: true });
    mkdirSync(join(served, "plain.nxs.work"));
    writeSnapshot(join(served, "cell.nxs.work", "live"), state as LiveState, [
      { name: "sinogram/all", shape: [2, 3], data },
      { name: "sinogram/Cu", shape: [2, 3], data: data.map((value) => 10 * value) },
    ]);
    const webFolder = join(folder, "web");
    mkdirSync(webFolder);
    writeFileSync(join(webFolder, "index.html"), "");
    const server = await startServer({ folder: served, workers: 1, memoryBytes: 1e9, webFolder });
    try {
      const ask = (path: string) =>
        fetch(`${server.origin}/api/live${path}`, { headers: { authorization: `token ${server.token}` } });
      const { runs } = (await (await ask("")).json()) as LiveRuns;
      expect(runs).toMatchObject([{ output: "cell.nxs", isAtWork: false, state }]);
      expect(await (await ask("/state?output=cell.nxs")).json()).toMatchObject({ state });
      const view = await ask("/view?output=cell.nxs&band=Cu");
      expect(JSON.parse(view.headers.get("x-xrdct-arrays")!)).toMatchObject({
        arrays: [{ name: "sinogram", type: "float32", shape: [2, 3] }],
        meta: { band: "Cu" },
      });
      expect(new Float32Array(await view.arrayBuffer())).toEqual(data.map((value) => 10 * value));
      const codeOf = async (path: string) => ((await (await ask(path)).json()) as ErrorReply).error.code;
      expect(await codeOf("/state?output=plain.nxs")).toBe("live-none");
      expect(await codeOf("/view?output=none.nxs")).toBe("path-not-found");
      expect(await codeOf("/state?output=../served")).toBe("path-outside");
      writeFileSync(join(served, "cell.nxs.work", "live", "snapshot.bin"), Buffer.alloc(9, 255));
      expect(await codeOf("/state?output=cell.nxs")).toBe("live-none");
    } finally {
      await server.close();
    }
  });
});

describe("lines that somebody else integrates", () => {
  it("appear one after the other, one of them cut at first: the bits of an offline run", async () => {
    const lines = await simulate(join(folder, "lines"), PATTERNS, "patterns");
    const { summary: whole } = { summary: await runHere(lines.scanPath, join(folder, "lines.nxs")) };
    expect(whole.json.stages[0]!.name).toBe("read");
    const into = join(folder, "lines-live");
    mkdirSync(into);
    const scanPath = lines.variant("live.yaml", {
      input: { kind: "p07", folder: into },
      sinogram: { order: "unidirectional" },
    });
    const output = join(folder, "lines-live.nxs");
    const { summary, states } = live(scanPath, output, { lines: 25 });
    for (const name of readdirSync(lines.folder).filter((one) => /\.(h5|nxs)$/.test(one) && !one.startsWith("truth"))) {
      const bytes = readFileSync(join(lines.folder, name));
      if (name.endsWith("data_000004.h5")) writeFileSync(join(into, name), bytes.subarray(0, 3000));
      writeFileSync(join(into, name), bytes);
      await setTimeout(5);
    }
    const { stages } = await summary;
    expect(states.at(-1)).toMatchObject({ phase: "complete", frames: 625 });
    expect(stages[0]!.notes.join("\n")).toMatch(
      /while measuring: sinogram.order is unidirectional, and every second line runs backwards/,
    );
    const other = lines.variant("other.yaml", { sinogram: { order: "unidirectional" } });
    await runHere(other, join(folder, "lines-other.nxs"));
    expect(await hashes(output)).toEqual(await hashes(join(folder, "lines-other.nxs")));
  });
});

describe("what --live refuses", () => {
  it.each([
    ["live-and-slurm", ["--live", "--executor", "slurm"]],
    ["bad-option", ["--live-lines", "16"]],
  ])("%s, before anything is written", async (code, args) => {
    const ran = await xrdctHere(["run", scan.scanPath, "-o", join(folder, "refused.nxs"), "--json", ...args]);
    expect([ran.code, ran.json.error.code]).toEqual([2, code]);
  });
  it("a raster, a folder that is not there, a mask that is not there", async () => {
    const refused = async (changes: object): Promise<string> => {
      const ran = await run(scan.variant("refused.yaml", { ...changes }), join(folder, "refused.nxs"), ["--live"]);
      return ran.json.error.code;
    };
    const input = { kind: "frames", files: "frames", poni: "geometry.poni", translations: 15 };
    expect(await refused({ input: { kind: "raster", files: "frames", rows: 2, cols: 2 }, energyKeV: 71 })).toBe(
      "live-input",
    );
    expect(await refused({ input: { ...input, files: "nowhere/*.cbf" } })).toBe("live-no-folder");
    expect(await refused({ input: { ...input, mask: "no-mask.npy" } })).toBe("file-not-readable");
  });
});
