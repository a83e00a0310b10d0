/**
 * What goes wrong at beamlines and on disks, done to a small scan, and what the program says. Each case asserts the
 * exit code, the error code and the words that the user needs; docs/reliability.md is this table, written out:
 * `npx vitest run tests/faults.test.ts -u` after a message has changed.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openHdf5 } from "../src/files/hdf5.ts";
import { createHdf5 } from "../src/files/hdf5-writer.ts";
import { formatXye } from "../src/files/pattern-text.ts";
import { openResult } from "../src/files/result-reader.ts";
import { matrixTable } from "./faults/table.ts";
import { simulatePattern, WAVELENGTH_A } from "./simulated-pattern.ts";
import { tempFolder } from "./temp-folder.ts";
import {
  FRAMES,
  hashes,
  MAP,
  PATTERNS,
  type Ran,
  run,
  runProcess,
  simulate,
  type VirtualScan,
  xrdct,
  xrdctHere,
} from "./virtual-scan.ts";

const folder = tempFolder();
let patterns: VirtualScan;
let frames: VirtualScan;
const rows: string[][] = [];

beforeAll(async () => {
  patterns = await simulate(join(folder, "patterns"), PATTERNS, "patterns");
  frames = await simulate(join(folder, "frames"), FRAMES, "frames");
});

/** A scan of its own to be damaged, in a folder called `name`. */
function copyOf({ folder: from }: VirtualScan, name: string): { at: (...path: string[]) => string; scan: string } {
  const to = join(folder, name);
  cpSync(from, to, { recursive: true });
  return { at: (...path) => join(to, ...path), scan: join(to, "scan.yaml") };
}

const frame = (index: number): string => join("frames", `frame_${String(index).padStart(7, "0")}.cbf`);
const lineFile = (line: number): string => `xrd_cell_data_${String(line + 1).padStart(6, "0")}.h5`;
const edit = (path: string, from: string | RegExp, to: string): void => {
  const text = readFileSync(path, "utf8");
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`${path} has no ${from}`);
  writeFileSync(path, changed);
};

/** A message without what differs from machine to machine. */
const plain = (text: string): string =>
  text
    .replaceAll(`${folder}/`, "")
    .replace(/^xrdct: /, "")
    .replace(/its \d+ bytes/, "its bytes") // scan.yaml names its schema by the path of the program
    .trim()
    .replace(/\s*\n\s*/g, " ");

function expectRefusal(ran: Ran, code: string, words: readonly string[]): string {
  const message = plain(ran.stderr);
  expect(message).toContain(`[${code}]`);
  expect(ran.code).toBe(2);
  expect(ran.json.error.code).toBe(code);
  for (const word of words) expect(message).toContain(word);
  return message;
}

interface Refused {
  readonly did: string;
  readonly of: "patterns" | "frames";
  readonly damage: (at: (...path: string[]) => string) => void;
  readonly code: string;
  /** what the message has to name */
  readonly words: readonly string[];
  readonly args?: readonly string[];
  readonly left?: string;
}

const REFUSED: readonly Refused[] = [
  {
    did: "every CBF is damaged",
    of: "frames",
    damage: (at) => {
      for (const name of readdirSync(at("frames"))) writeFileSync(at("frames", name), "not a frame at all");
    },
    code: "frame-format-unknown",
    words: ["frame_0000000.cbf"],
  },
  {
    did: "the folder of frames is empty",
    of: "frames",
    damage: (at) => {
      rmSync(at("frames"), { recursive: true });
      mkdirSync(at("frames"));
    },
    code: "frames-none",
    words: ["frames", ".cbf"],
  },
  {
    did: "the folder of the scan's lines is empty",
    of: "patterns",
    damage: (at) => {
      for (const name of readdirSync(at()).filter((file) => /\.(h5|nxs)$/.test(file))) rmSync(at(name));
    },
    code: "p07-no-files",
    words: ["holds no numbered HDF5 files"],
  },
  {
    did: "every line file is damaged",
    of: "patterns",
    damage: (at) => {
      for (const name of readdirSync(at()).filter((file) => file.endsWith(".h5"))) truncateSync(at(name), 600);
    },
    code: "p07-nothing-readable",
    words: ["None of the 25 files"],
  },
  {
    did: "the mask is of another detector",
    of: "frames",
    damage: (at) => {
      cpSync(at(frame(0)), at("mask.cbf"));
      edit(at("scan.yaml"), "mask.edf", "mask.npy");
      writeFileSync(at("mask.npy"), smallNpy());
    },
    code: "mask-shape",
    words: ["mask.npy", "120 x 110"],
  },
  {
    did: "the .poni has no distance",
    of: "frames",
    damage: (at) => edit(at("geometry.poni"), /^Distance:.*\n/m, ""),
    code: "poni-missing",
    words: ["geometry.poni", "Distance"],
  },
  {
    did: "the .poni is missing",
    of: "frames",
    damage: (at) => rmSync(at("geometry.poni")),
    code: "file-not-readable",
    words: ["geometry.poni"],
  },
  {
    did: "monitor.txt has a reading too few",
    of: "frames",
    damage: (at) => edit(at("monitor.txt"), /^.*\n/, ""),
    code: "counter-length",
    words: ["239 readings", "240 frames"],
  },
  {
    did: "a key of scan.yaml is misspelt",
    of: "patterns",
    damage: (at) => edit(at("scan.yaml"), "stepMm", "stepmm"),
    code: "config-invalid",
    words: ["scan.yaml", "line 6", "stepmm"],
  },
  {
    did: "a value in scan.yaml has the wrong type",
    of: "patterns",
    damage: (at) => edit(at("scan.yaml"), /stepMm: .*/, "stepMm: thin"),
    code: "config-invalid",
    words: ["line 6", "stepMm", "thin"],
  },
  {
    did: "the YAML of scan.yaml is broken",
    of: "patterns",
    damage: (at) => edit(at("scan.yaml"), "kind: p07", 'kind: "p07'),
    code: "yaml-syntax",
    words: ["scan.yaml, line"],
  },
  {
    did: "scan.yaml names a stage that there is not",
    of: "patterns",
    damage: (at) =>
      writeFileSync(at("scan.yaml"), `${readFileSync(at("scan.yaml"), "utf8")}recontruct: {method: sirt}\n`),
    code: "config-invalid",
    words: ["recontruct", "line 13"],
  },
  {
    did: "scan.yaml says no energy",
    of: "patterns",
    damage: (at) => edit(at("scan.yaml"), /^energyKeV:.*\n/m, ""),
    code: "energy-missing",
    words: ["energyKeV: 71"],
  },
  {
    did: "the energy is not that of the .poni",
    of: "frames",
    damage: (at) => writeFileSync(at("scan.yaml"), `${readFileSync(at("scan.yaml"), "utf8")}energyKeV: 20\n`),
    code: "energy-conflict",
    words: ["20"],
  },
  {
    did: "the list of angles is too short",
    of: "patterns",
    damage: (at) => edit(at("scan.yaml"), /angles:\n(?: .*\n)+/, "angles: {list: [0, 90]}\n"),
    code: "angles-count",
    words: ["2 angles", "25 lines"],
  },
  {
    did: "a peak to map lies outside the patterns",
    of: "patterns",
    damage: (at) =>
      writeFileSync(
        at("scan.yaml"),
        `${readFileSync(at("scan.yaml"), "utf8")}map: {regions: [{name: far, range: [9, 9.5], peaks: [{name: p, d: 0.68}]}]}\n`,
      ),
    code: "map-region-outside",
    words: ["far"],
    left: "read, sinogram and reconstruct, finished",
  },
  {
    did: "the memory setting is too small",
    of: "patterns",
    damage: () => {},
    args: ["--memory-gb", "0.01"],
    code: "memory-too-small",
    words: ["--memory-gb"],
  },
  {
    did: "the output is a file that is not ours",
    of: "patterns",
    damage: (at) => writeFileSync(at("out.nxs"), "the only copy of something dear"),
    code: "output-not-a-result",
    words: ["out.nxs", "not written over"],
    left: "the file, as it was",
  },
  {
    did: "the output is an HDF5 file of somebody else",
    of: "patterns",
    damage: (at) => cpSync(at(lineFile(0)), at("out.nxs")),
    code: "output-not-a-result",
    words: ["out.nxs", "not written over"],
    left: "the file, as it was",
  },
  {
    did: "the output folder is a file",
    of: "patterns",
    damage: (at) => writeFileSync(at("folder"), ""),
    args: ["-o", "folder/out.nxs"],
    code: "not-writable",
    words: ["folder/out.nxs"],
  },
];

function smallNpy(): Uint8Array {
  const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 4), }".padEnd(117);
  return Buffer.concat([
    Buffer.from("\x93NUMPY\x01\x00\x76\x00", "latin1"),
    Buffer.from(`${header}\n`),
    Buffer.alloc(12),
  ]);
}

describe("refused with one message", () => {
  it.each(REFUSED.map((refused, i) => [refused.did, i, refused] as const))("%s", async (did, i, refused) => {
    const { of, damage, code, words, args, left } = refused;
    const { at, scan } = copyOf(of === "frames" ? frames : patterns, `scan-${i}`);
    damage(at);
    const output = at("out.nxs");
    const before = existsSync(output) ? readFileSync(output) : undefined;
    const asked = args?.[0] === "-o" ? ["-o", at(args[1]!)] : ["-o", output, ...(args ?? [])];
    const ran = await xrdctHere(["run", scan, "--json", "--quiet", "--workers", "1", ...asked]);
    const message = expectRefusal(ran, code, words).replaceAll(`scan-${i}/`, "");
    expect(existsSync(output) ? readFileSync(output) : undefined).toEqual(before);
    expect(existsSync(`${output}.partial`)).toBe(false);
    rows.push([did, message, "2", left ?? "nothing under the result's name"]);
  });
});

describe("flagged in the result", () => {
  const notesOf = (ran: Ran, stage: string): string =>
    plain(ran.json.stages.find(({ name }: { name: string }) => name === stage).notes.join("; "));

  /** How many points are flagged as missing; none of them may be left without a value. */
  async function missingCells(output: string): Promise<number> {
    const result = await openResult(output);
    try {
      // a bin that no pixel reaches is NaN at every point; no other value may be
      const data = result.readArray("sinogram/data");
      const bins = result.list().find(({ name }) => name === "sinogram/data")!.shape[2]!;
      const odd = data.filter((value, i) => Number.isNaN(value) !== Number.isNaN(data[i % bins]));
      expect(odd.length).toBe(0);
      return (result.readArray("sinogram/cells") as Uint8Array).reduce((sum, cell) => sum + (cell & 1), 0);
    } finally {
      result.close();
    }
  }

  it("a CBF cut in the middle of the scan, another missing", async () => {
    const { at, scan } = copyOf(frames, "cut");
    truncateSync(at(frame(100)), 700);
    rmSync(at(frame(131)));
    const output = at("out.nxs");
    const ran = await run(scan, output, ["--until", "sinogram"]);
    expect(ran.stderr).toBe("");
    const notes = notesOf(ran, "integrate");
    expect(notes).toContain("frame_0000100.cbf");
    expect(notes).toContain("frames 131 to 131 are missing");
    expect(await missingCells(output)).toBe(2);
    rows.push([
      "a CBF is cut, another missing",
      `notes of integrate: ${notes}`,
      "0",
      "result; both points filled and flagged in sinogram/cells",
    ]);
  });

  it("a line file damaged, a line missing", async () => {
    const { at, scan } = copyOf(patterns, "lines");
    truncateSync(at(lineFile(6)), 2000);
    rmSync(at(lineFile(12)));
    const output = at("out.nxs");
    const ran = await run(scan, output, ["--until", "sinogram"]);
    expect(ran.code).toBe(0);
    const notes = notesOf(ran, "read");
    expect(notes).toContain("line 6 is missing");
    expect(notes).toContain("line 12 is missing");
    expect(await missingCells(output)).toBe(50);
    rows.push([
      "a line file is damaged, another missing",
      `notes of read: ${notes}`,
      "0",
      "result; both lines filled and flagged in sinogram/cells",
    ]);
  });

  it("patterns with NaN in them", async () => {
    const { at, scan } = copyOf(patterns, "nan");
    const { data, q } = await readLine(at(lineFile(10)));
    data.fill(Number.NaN, 7 * 240, 9 * 240);
    const file = await createHdf5(at(lineFile(10)));
    file.dataset("data", [25, 240], data);
    file.dataset("q", [240], q);
    file.finish();
    const output = at("out.nxs");
    const ran = await run(scan, output, ["--until", "sinogram"]);
    expect(ran.code).toBe(0);
    expect(notesOf(ran, "sinogram")).toMatch(/2 missing patterns were filled and flagged/);
    expect(await missingCells(output)).toBe(2);
    rows.push([
      "patterns are NaN",
      `notes of sinogram: … 2 missing patterns were filled and flagged`,
      "0",
      "result; the points filled and flagged in sinogram/cells",
    ]);
  });

  async function readLine(path: string): Promise<{ data: Float32Array; q: Float64Array }> {
    const file = await openHdf5(path);
    try {
      return { data: Float32Array.from(file.read("data")), q: file.numbers("q")! };
    } finally {
      file.close();
    }
  }
});

describe("export and figure", () => {
  let result: string;
  beforeAll(async () => {
    result = join(folder, "good.nxs");
    const scan = patterns.variant("good.yaml", { map: MAP });
    expect((await run(scan, result)).code).toBe(0);
  });

  const CASES: readonly [string, (result: string) => string[], string, string[]][] = [
    [
      "export of a name that there is not",
      (r) => ["export", r, "--map", "map/Cu/111/dd", "-o", "x.npy"],
      "result-name-unknown",
      ["map/Cu/111/dd"],
    ],
    [
      "export to an unknown format",
      (r) => ["export", r, "--map", "map/Cu/111/d", "-o", "x.doc"],
      "export-format",
      ["doc", "npy"],
    ],
    [
      "export of bins that there are not",
      (r) => ["export", r, "--map", "sinogram/data", "--bins", "900:910", "-o", "x.npy"],
      "bad-option",
      ["0:240"],
    ],
    [
      "export into a folder that there is not",
      (r) => ["export", r, "--map", "map/Cu/111/d", "-o", join(folder, "nowhere", "x.npy")],
      "not-writable",
      ["nowhere"],
    ],
    ["figures in an unknown format", (r) => ["figure", r, "--format", "gif"], "export-format", ["gif"]],
    [
      "figure of a file that is no result",
      () => ["figure", join(folder, "patterns", "scan.yaml")],
      "hdf5-not-hdf5",
      ["scan.yaml"],
    ],
    [
      "export from an HDF5 file that is not ours",
      () => ["export", join(folder, "patterns", lineFile(0)), "--list"],
      "result-not-a-result",
      ["not a result of xrdct"],
    ],
  ];
  it.each(CASES)("%s", async (did, args, code, words) => {
    const ran = await xrdctHere([...args(result), "--json"], { cwd: folder });
    rows.push([did, expectRefusal(ran, code, words), "2", "nothing"]);
    expect(readdirSync(folder).filter((name) => name.startsWith("x."))).toEqual([]);
  });
});

/** Patterns of nickel and a model, in a folder of their own. */
function series(name: string, patterns = 4): (...path: string[]) => string {
  const at = (...path: string[]): string => join(folder, name, ...path);
  mkdirSync(at("scans"), { recursive: true });
  writeFileSync(at("model.yaml"), `wavelength: ${WAVELENGTH_A}\nphases: [Ni]\nbackground: 3\n`);
  for (let i = 0; i < patterns; i++) {
    const pattern = simulatePattern([{ name: "Ni", scale: 2e-4, values: { a: 3.52 + 4e-4 * i } }], { seed: i + 1 });
    writeFileSync(at("scans", `scan-${i}.xye`), formatXye(pattern));
  }
  return at;
}

describe("refine", () => {
  let at: (...path: string[]) => string;
  beforeAll(() => {
    at = series("refine");
    mkdirSync(at("other"));
    cpSync(at("scans", "scan-0.xye"), at("other", "scan-0.xye"));
    cpSync(at("scans", "scan-0.xye"), at("own.json"));
    // a process that lives: the one that runs the tests
    writeFileSync(at("series.json.lock"), JSON.stringify({ pid: process.ppid, host: hostname(), since: "noon" }));
  });

  const CASES: readonly [string, string[], string, string[]][] = [
    ["refine without a model", ["scans/scan-0.xye"], "bad-option", ["--model"]],
    [
      "refine with its result on the pattern",
      ["own.json", "--axis", "two-theta", "--model", "model.yaml", "-o", "own.json"],
      "output-is-input",
      ["own.json"],
    ],
    [
      "refine with --save-model on its model",
      ["scans/scan-0.xye", "--model", "model.yaml", "--save-model", "model.yaml"],
      "output-is-input",
      ["model.yaml"],
    ],
    [
      "refine into a folder that there is not",
      ["scans", "--model", "model.yaml", "--table", "nowhere/t.csv"],
      "not-writable",
      ["nowhere"],
    ],
    [
      "refine with a figure as .pdf",
      ["scans/scan-0.xye", "--model", "model.yaml", "--figure", "f.pdf"],
      "export-format",
      [".svg or .png"],
    ],
    [
      "a series with two patterns of one name",
      ["scans/scan-0.xye", "other/scan-0.xye", "--model", "model.yaml", "--each", "each"],
      "output-twice",
      ["scans/scan-0.xye", "other/scan-0.xye"],
    ],
    [
      "a series while another one is at work on the same output",
      ["scans", "--model", "model.yaml", "-o", "series.json"],
      "run-in-progress",
      ["series.json"],
    ],
  ];
  it.each(CASES)("%s", async (did, args, code, words) => {
    const before = readdirSync(at());
    const kept = ["own.json", "model.yaml"].map((name) => readFileSync(at(name), "utf8"));
    const ran = await xrdctHere(["refine", ...args, "--json", "--quiet"], { cwd: at() });
    const message = expectRefusal(ran, code, words)
      .replace(/process \d+ on \S+, since/, "process ... on ..., since")
      .replaceAll("refine/", "");
    rows.push([did, message, "2", "all as it was"]);
    expect(readdirSync(at())).toEqual(before);
    expect(["own.json", "model.yaml"].map((name) => readFileSync(at(name), "utf8"))).toEqual(kept);
  });
});

/** A disk of 2 MB of its own, where the tests may make one. */
const disk = join(folder, "disk");
const hasDisk = ((): boolean => {
  try {
    mkdirSync(disk);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=700k", "tmpfs", disk], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
afterAll(() => {
  if (hasDisk) execFileSync("umount", [disk]);
});

describe.skipIf(!hasDisk)("a disk that fills up (needs the right to mount a tmpfs)", () => {
  it("is said in one message, and once there is room the run goes on to the same bits", async () => {
    const output = join(disk, "out.nxs");
    const sizes = ["1100k", "3m", "5m", "30m"];
    const full = runProcess(patterns.scanPath, output);
    expect(expectRefusal(full, "disk-full", ["The disk is full", "free some space"])).not.toContain("bug");
    let last = full;
    for (const size of sizes) {
      if (last.code === 0) break;
      expect(last.json.error.code).toBe("disk-full");
      expect(existsSync(output)).toBe(false);
      execFileSync("mount", ["-o", `remount,size=${size}`, disk]);
      last = runProcess(patterns.scanPath, output);
    }
    expect(last.code).toBe(0);
    const elsewhere = join(folder, "roomy.nxs");
    expect((await run(patterns.scanPath, elsewhere)).code).toBe(0);
    expect(await hashes(output)).toEqual(await hashes(elsewhere));
  });
});

describe.skipIf(!hasDisk)("a series on a disk that fills up (needs the right to mount a tmpfs)", () => {
  it("keeps what is done and the result before, and goes on to the same bits", () => {
    const at = series("series");
    const args = ["refine", "scans", "--model", "model.yaml", "--quiet", "--json"];
    expect(xrdct([...args, "-o", "roomy.json"], { cwd: at() }).code).toBe(0);
    const output = join(disk, "series.json");
    writeFileSync(output, "of last week");
    for (const name of readdirSync(disk)) if (name !== "series.json") rmSync(join(disk, name), { recursive: true });
    execFileSync("mount", ["-o", "remount,size=32k", disk]);
    writeFileSync(join(disk, "ballast"), Buffer.alloc(16 << 10));
    const full = xrdct([...args, "-o", output], { cwd: at() });
    expectRefusal(full, "disk-full", ["The disk is full"]);
    expect(readFileSync(output, "utf8")).toBe("of last week");
    expect(existsSync(`${output}.lock`)).toBe(false);
    execFileSync("mount", ["-o", "remount,size=4m", disk]);
    expect(xrdct([...args, "-o", output], { cwd: at() }).code).toBe(0);
    expect(readFileSync(output, "utf8")).toBe(readFileSync(at("roomy.json"), "utf8"));
    expect(existsSync(`${output}.partial`)).toBe(false);
  });
});

describe("docs/reliability.md", () => {
  it("is what happened above", async () => {
    const table = rows.map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
    const page = [
      "# When something goes wrong",
      "",
      "Each line was done to a small simulated scan by `tests/faults.test.ts`, which writes this page and fails where the",
      "program says something else. The rules behind it: what the user can mend is one message with a stable code and",
      "exit code 2, before anything is written where that is possible; a part of a scan that cannot be read is filled,",
      "flagged in the result and named in its notes; a result has its name only when it is whole.",
      "",
      "| what was done | what the program says | exit | what is left |",
      "|---|---|---|---|",
      ...table,
      "",
      ...INTERRUPTION,
      ...matrixTable(),
    ].join("\n");
    await expect(page).toMatchFileSnapshot("../docs/reliability.md");
  });
});

const INTERRUPTION = [
  "## A full disk",
  "",
  "`[disk-full]`, exit code 2, in whichever stage it happens or while the result is assembled. With room made on the",
  "disk the same command goes on and ends in the same bits (tests/faults.test.ts, where it may mount a small disk).",
  "",
  "## Interruption",
  "",
  "Held by tests/run-interrupted.test.ts; *the same bits* is the sha256 of every array in the result.",
  "",
  "| what was done | what happens |",
  "|---|---|",
  "| kill -9 in read, integrate, sinogram, reconstruct, map, in the middle of a journal line | run again: the same bits; blocks done before + blocks done now = all blocks |",
  "| kill -9 before a stage's record is named, before the result is named, right after | run again: the same bits, no block done twice |",
  "| power cut: a block that the journal calls done is not on the disk | its checksum tells; that block is done again |",
  "| Ctrl-C | exit 130, one message, no lock left; run again: goes on |",
  "| run again, nothing changed | nothing is done, the file is not touched |",
  "| run again, another map section | only map is done, from the volume in the result |",
  "| the result is deleted | what cannot be restored is made again, the same bits |",
  "| the result is of other settings or of another scan | nothing is taken from it |",
  "| two runs on one result | the second ends with `[run-in-progress]`, exit 2 |",
  "| a lock of a process that died | taken over |",
  "| a stage's record on the disk is damaged | that stage is done again |",
  "| an array that a stage left is damaged or half there | its checksum tells before it is read; it is brought back from the result, or made again |",
  "| a line of a stage's journal is damaged | that block and those recorded after it are done again (src/pipeline/journal.test.ts) |",
  "| an input file grows, is cut, written over, replaced, removed, or another comes, while a stage reads | `[input-changed]`, exit 2, and nothing is kept of that stage; run again: the files as they are then |",
  "| counters of a scan of lines come after its patterns | the lines are read again |",
  "| the disk gives an error (EIO, a file server that is gone) | `[disk-error]`, exit 2: no frame or line is flagged as missing for it; run again: goes on |",
  "| a worker thread ends, or memory runs out | `[worker-lost]`, `[memory-exhausted]`, exit 2; run again: goes on |",
  "| the clock is set, forwards or backwards | nothing: times left and locks do not depend on it |",
  "| the terminal is closed (SIGHUP) | as Ctrl-C; without a terminal, as under nohup, the run goes on |",
  "| a step of a series, or a pattern of `refine`, meets a full disk | the series ends with `[disk-full]`; no step is flagged as failed for it; run again: goes on |",
  "| the model, one of its CIFs, its measured background or a phase mask is changed | the map is made again, nothing before it |",
  "| a series of `refine` is killed, between two patterns or while it writes | run again: goes on after the last whole line of OUTPUT.partial, the same bits (tests/refine-interrupted.test.ts) |",
  "| a line of OUTPUT.partial is damaged | that pattern and those after it are refined again |",
  "| another model, other patterns, another folder of `--each` | a series begins anew |",
  "| Ctrl-C while one pattern is refined | ends at once, nothing is written |",
  "",
];
