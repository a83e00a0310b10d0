/** What is tried: every stage of a run, from where the one before ended, and what else takes long enough to be hit. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { openHdf5 } from "../../src/files/hdf5.ts";
import { formatXye } from "../../src/files/pattern-text.ts";
import { simulateScan } from "../../src/pipeline/simulate-scan.ts";
import { SimulateConfig, type SimulateInput } from "../../src/stages/simulate/index.ts";
import { simulatePattern, WAVELENGTH_A } from "../simulated-pattern.ts";
import { turningSample } from "../turning-sample.ts";
import { FRAMES, hashes, journalEntries, MAIN, MAP, PATTERNS, type Ran, xrdct } from "../virtual-scan.ts";

export interface Workload {
  /** the stage or the command */
  readonly name: string;
  /** in place of the program: what asks it */
  readonly program?: string;
  /** what the program is asked to do; paths are relative to the folder of the try */
  readonly args: readonly string[];
  /** of the folder with all that was made once; copied for each try */
  readonly from: string;
  /** where the work is kept while it is not finished: a pattern for the paths of files */
  readonly work: string;
  /** of what the stage reads besides: files of the user */
  readonly input?: { readonly pattern: string; readonly file: string };
  /** what the whole road writes at the end */
  readonly output: string;
  /** the threads do the work */
  readonly hasWorkers: boolean;
  /** everything that was made, by its name: sha256 */
  readonly hash: (folder: string) => Promise<Record<string, string>>;
  /** how much is finished and kept, by stage */
  readonly kept?: (folder: string) => Record<string, number>;
  /** one scan, which is locked while it is run, and which says how many blocks it did */
  readonly isRun: boolean;
}

/** Where every try takes place, one after the other. */
export const tryFolder = (scratch: string): string => join(scratch, "try");

const RUN = ["run", "scan/run.yaml", "-o", "out.nxs", "--json", "--quiet", "--workers", "2"];
const MODEL = `
profile: {shape: tchz, U: 0.0504, W: 4.01e-4, X: 0.0042, Y: 0.02}
background: 3
anomalous: false
phases: [{name: Al, structure: Al}, {name: Cu, structure: Cu}]
`;

/** Small scans, each with what it is for. */
const SCANS: Readonly<
  Record<
    string,
    {
      sample: SimulateInput;
      output: "patterns" | "frames";
      changes: object;
      stages: readonly string[];
      /** other commands that take it */
      also?: readonly string[];
    }
  >
> = {
  lines: {
    sample: PATTERNS,
    output: "patterns",
    changes: { map: MAP, reconstruct: { size: 49 } },
    stages: ["read", "sinogram", "reconstruct", "map", "result"],
    also: ["series", "serve"],
  },
  frames: { sample: FRAMES, output: "frames", changes: {}, stages: ["integrate"] },
  turning: {
    sample: {
      ...turningSample({}),
      scan: {
        translations: 12,
        angles: 25,
        arcDeg: 360,
        stepMm: 0.32,
        rotationAxis: 5.8,
        turning: { creeps: true, stride: 2, offsets: [0, 1] },
      },
      axis: { unit: "q", from: 2.6, to: 3.8, bins: 96 },
    },
    output: "patterns",
    changes: {},
    stages: ["arrange"],
  },
  whole: {
    sample: {
      ...PATTERNS,
      scan: { translations: 15, angles: 16, stepMm: 0.26, rotationAxis: 7.2 },
      instrument: { distanceMm: 1000, absorption: false },
      axis: { unit: "two-theta", from: 3.6, to: 5.8, bins: 220 },
    },
    output: "patterns",
    changes: {
      map: { rietveld: { model: "model.yaml" } },
      absorb: { from: "phases", passes: 1 },
      dlsr: { phases: { Cu: { cell: "spatial" } }, terms: 8, steps: 2, probes: 2 },
      sampleThreshold: 0.02,
    },
    stages: ["absorb", "map-rietveld", "dlsr"],
    also: ["study"],
  },
};

/** Makes all that is read: `name` -> a folder that a try starts from. */
export async function makeWorkloads(folder: string, wanted: (name: string) => boolean): Promise<Workload[]> {
  const all: Workload[] = [];
  for (const [name, { sample, output, changes, stages, also = [] }] of Object.entries(SCANS)) {
    if (![...stages, ...also].some(wanted)) continue;
    const scan = join(folder, name, "scan");
    if (!existsSync(join(scan, "run.yaml"))) {
      await simulateInto(scan, sample, output);
      writeFileSync(join(scan, "model.yaml"), MODEL);
      const plain = parse(readFileSync(join(scan, "scan.yaml"), "utf8")) as object;
      writeFileSync(join(scan, "run.yaml"), stringify({ ...plain, ...changes }));
    }
    for (const stage of stages.filter(wanted)) all.push(stageOf(folder, name, stage));
  }
  if (wanted("refine")) all.push(refineOf(folder));
  if (wanted("simulate")) all.push(simulateOf(folder));
  if (wanted("series")) all.push(seriesOf(folder));
  if (wanted("study")) all.push(studyOf(folder));
  if (wanted("serve")) all.push(serveOf(folder));
  return all;
}

const simulateInto = (folder: string, sample: SimulateInput, output: "patterns" | "frames") =>
  simulateScan(SimulateConfig.parse(sample), {
    folder,
    output,
    workers: 2,
    onProgress: () => {},
    signal: new AbortController().signal,
  });

/** stage -> the one whose end a try of it starts from */
const BEFORE: Readonly<Record<string, string | undefined>> = {
  sinogram: "read",
  reconstruct: "sinogram",
  map: "reconstruct",
  result: "killed",
  arrange: "read",
  absorb: "sinogram",
  "map-rietveld": "reconstruct",
  dlsr: "map",
};
const UNTIL: Readonly<Record<string, string>> = { "map-rietveld": "map", result: "map" };

function stageOf(folder: string, scan: string, stage: string): Workload {
  const from = join(folder, `${scan}-${stage}`);
  const until = UNTIL[stage] ?? stage;
  const args = [...RUN, "--until", until];
  if (!existsSync(from)) {
    // stages know their files by their whole paths: what they leave holds where the tries take place
    const at = tryFolder(join(folder, ".."));
    rmSync(at, { recursive: true, force: true });
    cpSync(join(folder, scan), at, { recursive: true });
    const before = BEFORE[stage];
    // all is done but for the result itself, which a kill has kept from its name
    if (before === "killed") {
      const ran = xrdct(args, { cwd: at, killAt: "partial" });
      expectEnd(ran.signal, "SIGKILL", ran);
    } else if (before) {
      const ran = xrdct([...RUN, "--until", before], { cwd: at });
      expectEnd(ran.code, 0, ran);
    }
    rmSync(join(at, "out.nxs.partial"), { force: true });
    cpSync(at, from, { recursive: true });
    rmSync(at, { recursive: true });
  }
  const folderOf = stage === "result" ? "out\\.nxs\\.partial" : `out\\.nxs\\.work/${UNTIL[stage] ?? stage}/`;
  const isRead = stage === "read" || stage === "integrate";
  return {
    name: stage,
    args,
    from,
    work: folderOf,
    ...(isRead && {
      input:
        stage === "read"
          ? { pattern: "xrd_cell_data_0000(0[5-9]|1)", file: "scan/xrd_cell_data_000014.h5" }
          : { pattern: "frame_00001", file: "scan/frames/frame_0000150.cbf" },
    }),
    output: "out.nxs",
    hasWorkers: stage !== "result",
    hash: (at) => hashes(join(at, "out.nxs")),
    kept: (at) => keptOf(join(at, "out.nxs")),
    isRun: true,
  };
}

function expectEnd(found: unknown, needed: unknown, { stderr }: Ran): void {
  if (found !== needed)
    throw new Error(`a run that makes what is tried ended with ${found}, and not ${needed}: ${stderr}`);
}

/** Blocks that journals hold. */
function keptOf(output: string): Record<string, number> {
  const work = `${output}.work`;
  if (!existsSync(work)) return {};
  return Object.fromEntries(readdirSync(work).map((stage) => [stage, journalEntries(output, stage)]));
}

const sha256 = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

function filesIn(folder: string, only: RegExp): Record<string, string> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => only.test(name)).sort();
  return Object.fromEntries(names.map((name) => [name, sha256(readFileSync(join(folder, name)))]));
}

function refineOf(folder: string): Workload {
  const from = join(folder, "refine");
  if (!existsSync(from)) {
    mkdirSync(join(from, "scans"), { recursive: true });
    writeFileSync(join(from, "model.yaml"), `wavelength: ${WAVELENGTH_A}\nphases: [Ni]\nbackground: 3\n`);
    for (let i = 0; i < 5; i++) {
      const pattern = simulatePattern([{ name: "Ni", scale: 2e-4, values: { a: 3.52 + 4e-4 * i } }], { seed: i + 1 });
      writeFileSync(join(from, "scans", `scan-${i}.xye`), formatXye(pattern));
    }
  }
  return {
    name: "refine --each",
    args: [
      ...["refine", "scans", "--model", "model.yaml", "--quiet", "--json", "-o", "series.json"],
      ...["--each", "each", "--table", "table.csv"],
    ],
    from,
    work: "series\\.json|/each/|table\\.csv",
    input: { pattern: "scans/scan-3", file: "scans/scan-3.xye" },
    output: "series.json",
    ...{ hasWorkers: false, isRun: false },
    hash: async (at) => filesIn(at, /^(series\.json|table\.csv|each\/.*)$/),
  };
}

/** Of the HDF5 files of a scan: when they were written is in them too. */
async function scanArrays(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(folder).filter((file) => /\.h5$|_cnt_/.test(file))) {
    const file = await openHdf5(join(folder, name));
    try {
      for (const { path, shape, type } of file.contents().datasets)
        if (type !== "string" && type !== "other") {
          const { buffer, byteOffset, byteLength } = file.read(path);
          const bytes = new Uint8Array(buffer, byteOffset, byteLength);
          found[`${name}/${path}`] = `${type} ${shape?.join("x")} ${sha256(bytes)}`;
        }
    } finally {
      file.close();
    }
  }
  return found;
}

function simulateOf(folder: string): Workload {
  const from = join(folder, "simulate");
  if (!existsSync(from)) {
    mkdirSync(from, { recursive: true });
    writeFileSync(join(from, "sample.yaml"), stringify({ ...PATTERNS, scan: { ...PATTERNS.scan, angles: 9 } }));
  }
  return {
    name: "simulate",
    args: ["simulate", "sample.yaml", "-o", "made", "--json", "--quiet", "--workers", "2"],
    from,
    work: "/made/",
    output: "made/scan.yaml",
    ...{ hasWorkers: true, isRun: false },
    hash: async (at) => ({
      ...filesIn(join(at, "made"), /\.(yaml|key)$/),
      ...(await scanArrays(join(at, "made"))),
      ...(await hashes(join(at, "made/truth.nxs"))),
    }),
  };
}

function seriesOf(folder: string): Workload {
  const from = join(folder, "series");
  if (!existsSync(from)) {
    mkdirSync(from, { recursive: true });
    for (const k of [0, 1]) cpSync(join(folder, "lines", "scan"), join(from, `t${k}`), { recursive: true });
    const steps = [0, 1].map((k) => ({ scan: `t${k}/run.yaml`, time: k }));
    writeFileSync(join(from, "series.yaml"), stringify({ title: "two steps", steps, films: [] }));
  }
  return {
    name: "series",
    args: ["series", "series.yaml", "-o", "made", "--json", "--quiet", "--workers", "2"],
    from,
    work: "/made/",
    input: { pattern: "t1/xrd_cell_data_00001", file: "t1/xrd_cell_data_000014.h5" },
    output: "made/series.nxs",
    ...{ hasWorkers: true, isRun: false },
    hash: async (at) => ({
      ...(await hashes(join(at, "made/series.nxs"))),
      ...filesIn(join(at, "made"), /\.(svg|csv)$/),
    }),
    kept: (at) => keptOf(join(at, "made/step-000.nxs")),
  };
}

/** Two cells of one scan, the first of which is finished. */
function studyOf(folder: string): Workload {
  const from = join(folder, "study");
  const args = ["study", "study.yaml", "-o", "made", "--format", "svg", "--json", "--quiet", "--workers", "2"];
  if (!existsSync(from)) {
    const at = tryFolder(join(folder, ".."));
    rmSync(at, { recursive: true, force: true });
    cpSync(join(folder, "whole"), at, { recursive: true });
    const scan = parse(readFileSync(join(at, "scan/run.yaml"), "utf8")) as Record<string, unknown>;
    const { dlsr: _, absorb: __, ...plain } = scan;
    // places are not looked for in slices of fewer voxels
    for (const [name, filter] of Object.entries({ first: "ram-lak", second: "hann" }))
      writeFileSync(join(at, `scan/${name}.yaml`), stringify({ ...plain, reconstruct: { filter, size: 17 } }));
    const cells = ["first", "second"].map((name) => ({ name, scan: `scan/${name}.yaml` }));
    const phases = { cathode: ["Cu"], anode: ["Al"] };
    writeFileSync(join(at, "study.yaml"), stringify({ cells, phases, lithium: false, unexplained: false }));
    const ran = xrdct(args, { cwd: at, killAt: "named" });
    expectEnd(ran.signal, "SIGKILL", ran);
    cpSync(at, from, { recursive: true });
    rmSync(at, { recursive: true });
  }
  return {
    name: "study",
    args,
    from,
    work: "/made/",
    input: { pattern: "xrd_cell_data_0000(0[5-9]|1)", file: "scan/xrd_cell_data_000014.h5" },
    output: "made/study.nxs",
    ...{ hasWorkers: true, isRun: false },
    hash: async (at) => ({
      ...(await hashes(join(at, "made/study.nxs"))),
      ...(await hashes(join(at, "made/second.nxs"))),
      ...filesIn(join(at, "made"), /\.(svg|csv|md)$/),
    }),
    kept: (at) => keptOf(join(at, "made/second.nxs")),
  };
}

/** A run that the app was asked for: the server, and the process of the run. */
function serveOf(folder: string): Workload {
  return {
    name: "serve",
    program: fileURLToPath(new URL("./serve-job.mjs", import.meta.url)),
    args: [MAIN, "scan=scan/run.yaml", "output=out.nxs", "until=reconstruct"],
    from: join(folder, "lines"),
    work: "out\\.nxs\\.work/",
    input: { pattern: "xrd_cell_data_0000(0[5-9]|1)", file: "scan/xrd_cell_data_000014.h5" },
    output: "out.nxs",
    ...{ hasWorkers: true, isRun: true },
    hash: (at) => hashes(join(at, "out.nxs")),
    kept: (at) => keptOf(join(at, "out.nxs")),
  };
}
