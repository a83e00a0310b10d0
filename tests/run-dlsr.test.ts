/** Direct reconstruction as a user runs it: against the truth, in any number of threads, killed, interrupted, refused. */
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { directSlice } from "../examples/direct-slice.ts";
import { STATUS } from "../src/data/index.ts";
import { openResult, type Result } from "../src/files/result-reader.ts";
import { directPages } from "../src/pipeline/direct-figures.ts";
import type { DlsrReport } from "../src/stages/dlsr/index.ts";
import { AAA_DATA, aaaMap } from "./aaa-cell.ts";
import { hasShared } from "./shared.ts";
import { tempFolder } from "./temp-folder.ts";
import {
  blocksDone,
  hashes,
  PATTERNS,
  type Ran,
  run,
  runHere,
  runProcess,
  simulate,
  type VirtualScan,
} from "./virtual-scan.ts";

const folder = tempFolder();
const distanceMm = 400;
const MODEL = `
profile: {shape: tchz, U: 0.0504, W: 4.01e-4, X: 0.0042, Y: 0.02}
background: 3
anomalous: false
phases:
  - {name: Al, structure: Al, gaussianStrain: {value: 0.002, refine: true}}
  - {name: Cu, structure: Cu, gaussianStrain: {value: 0.002, refine: true}}
`;
const map = { rietveld: { model: "model.yaml" } };
const dlsr = { phases: { Cu: { cell: "spatial" }, Al: { cell: "global", scaleMap: "refined" } } } as const;
let files: VirtualScan;
let scan: string;
let ran: Ran;
let result: Result;
let expected: Record<string, string>;
const output = join(folder, "cell.nxs");

/** A run that is done up to its map, under a name of its own: what comes is direct reconstruction alone. */
function begun(name: string): string {
  const copy = join(folder, name);
  for (const end of [".nxs", ".nxs.work"]) cpSync(join(folder, `begun${end}`), `${copy}${end}`, { recursive: true });
  return `${copy}.nxs`;
}

const reportOf = (of: Result): DlsrReport => JSON.parse(of.readNote("dlsr/report")!) as DlsrReport;

/** Root mean square and mean of the errors of a map over what its phase fills. */
async function errors(of: Result, name: string, phase: string): Promise<{ rms: number; bias: number }> {
  const truth = await openResult(files.truthPath);
  const fraction = truth.readMap(`truth/${phase}/volume_fraction`).values;
  const true_ = truth.readMap(`truth/${phase}/a`).values;
  truth.close();
  const { values, status } = of.readMap(name);
  const good = [...values.keys()].filter((v) => status![v] === STATUS.converged && fraction[v]! > 0.9);
  expect(good.length).toBeGreaterThan(30);
  const all = good.map((v) => values[v]! - true_[v]!);
  const bias = all.reduce((sum, value) => sum + value, 0) / all.length;
  return { bias, rms: Math.sqrt(all.reduce((sum, value) => sum + value * value, 0) / all.length) };
}

beforeAll(async () => {
  files = await simulate(
    join(folder, "cell"),
    {
      ...PATTERNS,
      // a rod whose cell grows across it, 1 mm off the axis: parallax of 0.25 %
      phases: { Al: {}, Cu: { a: { kind: "linear", from: 3.612, to: 3.62, lengthMm: 2 } } },
      shapes: [
        { kind: "disc", material: "Al", radiusMm: 1.7 },
        { kind: "disc", material: "Cu", centreMm: [0.9, 0.3], radiusMm: 0.6 },
      ],
      instrument: { distanceMm, absorption: false },
      axis: { unit: "two-theta", from: 2.8, to: 6, bins: 600 },
    },
    "patterns",
  );
  writeFileSync(join(folder, "cell", "model.yaml"), MODEL);
  scan = files.variant("run.yaml", { map, dlsr, sampleThreshold: 0.02 });
  await runHere(scan, join(folder, "begun.nxs"), { until: "map" });
  ran = await run(scan, begun("cell"), ["--workers", "2"]);
  expect(ran.stderr).toBe("");
  result = await openResult(output);
  expected = await hashes(output);
}, 120_000);

describe("the library", () => {
  it("gives the same bits from arrays in memory (examples/direct-slice.ts)", async () => {
    const model = join(folder, "cell", "model.yaml");
    const { conventional, direct } = await directSlice(output, model, dlsr, { sampleThreshold: 0.02 });
    const same = (name: string, values: ArrayLike<number>): void => {
      expect(Float32Array.from(values)).toEqual(Float32Array.from(result.readArray(name)));
    };
    for (const { name, values } of conventional.maps) same(`map/${name}`, values);
    expect(direct.maps.map(({ name }) => name)).toContain("Cu/a");
    for (const { name, values, esd } of direct.maps) {
      same(`dlsr/${name}`, values);
      if (esd) same(`dlsr/${name}_esd`, esd);
    }
    expect(direct.report.chi2).toBe(reportOf(result).chi2);
  });
});

describe("a direct reconstruction", () => {
  it("is several times nearer to the truth than the conventional map of an object off the axis", async () => {
    const conventional = await errors(result, "map/Cu/a", "Cu");
    const direct = await errors(result, "dlsr/Cu/a", "Cu");
    // parallax alone makes -2 x / (pi L) of it
    expect(conventional.bias).toBeLessThan(-0.003);
    expect(Math.abs(direct.bias)).toBeLessThan(0.1 * Math.abs(conventional.bias));
    expect(direct.rms).toBeLessThan(conventional.rms / 4);
  });

  it("finds rotation axis, distance, widths and the sense of depth, with esds", () => {
    const report = reportOf(result);
    const found = new Map(report.globals.map((entry) => [entry.name, entry]));
    expect(Math.abs(found.get("rotation axis")!.value - 12.35)).toBeLessThan(0.05);
    expect(Math.abs(found.get("distance")!.value / distanceMm - 1)).toBeLessThan(0.08);
    for (const name of ["Al/a", "rotation axis", "distance", "Cu/width"])
      expect(found.get(name)!.esd).toBeGreaterThan(0);
    expect(report.depthSign.value).toBe(1);
    expect(report.depthSign.chi2Otherwise!).toBeGreaterThan(1.5 * report.depthSign.chi2);
    for (const { retained } of report.parameters) expect(retained).toBeGreaterThan(0.96);
  });

  it("keeps maps with esd and status, the rest over the rays of both maps, and the settings", () => {
    const names = result.list().map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "dlsr/Cu/a",
        "dlsr/Cu/a_esd",
        "dlsr/Cu/a_status",
        "dlsr/Cu/scale",
        "dlsr/rwp_conventional",
      ]),
    );
    const mean = (name: string): number => {
      const values = [...result.readMap(name).values].filter(Number.isFinite);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    expect(mean("dlsr/rwp")).toBeLessThan(0.7 * mean("dlsr/rwp_conventional"));
    const { config } = result.processes().find(({ stage }) => stage === "dlsr")!;
    expect(JSON.stringify(config)).toContain('"terms":32');
    const { values, status } = result.readMap("dlsr/Cu/a");
    values.forEach((value, v) => {
      if (status![v] === STATUS.notFitted) expect(value).toBeNaN();
    });
  });

  it("says in sentences what it found and what the data cannot say", () => {
    const notes = ran.json.stages.find(({ name }: { name: string }) => name === "dlsr").notes.join("\n");
    expect(notes).toMatch(/the basis keeps \d/);
    expect(notes).toMatch(/depth as in the conventions: χ² /);
    expect(notes).toMatch(/rotation axis 12\.3\d+ ± /);
    expect(notes).toMatch(/note: Absolute lengths are as good as the rotation axis lies where the calibrant was/);
  });

  it("draws conventional, direct, difference and esd on a page", () => {
    const pages = directPages(result);
    expect(pages.map(({ name }) => name)).toEqual(["dlsr-Cu-a"]);
    expect(pages[0]!.svg).toContain("direct minus conventional");
    expect(pages[0]!.svg.replace(/base64,[^"]*/g, "")).not.toMatch(/NaN|undefined/);
  });
});

it("says that maps are not to be used where depth was told the wrong way round", async () => {
  const wrong = files.variant("sign.yaml", {
    ...{ map, sampleThreshold: 0.02 },
    dlsr: { ...dlsr, geometry: { depthSign: -1 } },
  });
  const { json, stderr } = await run(wrong, begun("sign"), ["--workers", "2"]);
  expect(stderr).toBe("");
  const notes: string[] = json.stages.find(({ name }: { name: string }) => name === "dlsr").notes;
  expect(notes.join("\n")).toMatch(/fitted worse \(χ² .*depthSign/);
  expect(notes.join("\n")).not.toMatch(/made about a rotation axis/);
}, 60_000);

describe("the same bits", () => {
  it("with one thread", async () => {
    const other = begun("one");
    expect((await run(scan, other, ["--workers", "1"])).stderr).toBe("");
    expect(await hashes(other)).toEqual(expected);
  }, 60_000);

  it.each(["checkpoint:dlsr:2", "pause:dlsr:4"])(
    "stopped at %s and run again",
    async (at) => {
      const other = begun(at.replaceAll(":", "-"));
      const before = await hashes(other);
      const stopped = runProcess(scan, other, ["--workers", "2"], at);
      if (at.startsWith("pause")) expect(stopped.code).toBe(130);
      else expect(stopped.signal).toBe("SIGKILL");
      expect(await hashes(other)).toEqual(before);
      expect((await run(scan, other, ["--workers", "2"])).stderr).toBe("");
      expect(await hashes(other)).toEqual(expected);
    },
    60_000,
  );
});

describe("what cannot be", () => {
  const refused = async (changes: Record<string, unknown>): Promise<string> => {
    const wrong = files.variant("wrong.yaml", { map, sampleThreshold: 0.02, ...changes });
    const { code, stderr } = await run(wrong, begun("wrong"));
    expect(code).toBe(2);
    expect(stderr.trim().split("\n").length).toBeLessThan(4);
    return stderr;
  };
  it.each([
    ["without a Rietveld map", { map: undefined, dlsr }, /starts from a Rietveld map.*Add map:/],
    ["without phases", { dlsr: {} }, /no phase with \{cell: spatial\}/],
    ["a phase that is not in the model", { dlsr: { phases: { Ni: { cell: "spatial" } } } }, /"Ni".*Al, Cu/],
    ["without a step", { dlsr, stepMm: undefined }, /needs the translation step/],
    ["without a distance", { dlsr, distanceMm: undefined }, /needs the distance/],
    ["a sample that reaches the detector", { dlsr, distanceMm: 3 }, /less than half of the distance/],
    [
      "a standard without a cell of its own",
      { dlsr: { phases: { Cu: { cell: "spatial" } }, standard: { phase: "Cu", cell: { a: 3.615 } } } },
      /a standard has one cell that is refined/,
    ],
    [
      "a standard of another cell",
      { dlsr: { phases: { Cu: { cell: "spatial" } }, standard: { phase: "Al", cell: { a: 40.495 } } } },
      /gives a: 40\.495 Å for Al, where the mean pattern has 4\.05/,
    ],
    [
      "channels without lines",
      { dlsr: { ...dlsr, twoThetaRange: [4.2, 4.5] } },
      /No reflection of Al lies in .*4\.\d+°/,
    ],
    ["a setting that is not there", { dlsr: { ...dlsr, term: 32 } }, /term/],
    ["an axis outside of the scan", { dlsr, sinogram: { rotationAxis: 60 } }, /rotation/i],
  ])(
    "%s",
    async (_, changes, message) => {
      expect(await refused(changes)).toMatch(message);
    },
    60_000,
  );
});

it("says what memory it needs before it begins", async () => {
  const { code, stderr } = await run(scan, begun("small"), ["--memory-gb", "0.12"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/dlsr needs 0\.\d GB .*Raise --memory-gb/);
}, 60_000);

describe.skipIf(!hasShared)("the AAA cell from its raw files alone (needs ../shared)", () => {
  it("meets what is asked of it", async () => {
    const [made, other] = [await aaaMap(), join(folder, "aaa.nxs")];
    for (const end of [".nxs", ".nxs.work"]) {
      if (existsSync(join(made, `cell${end}`)))
        cpSync(join(made, `cell${end}`), join(folder, `aaa${end}`), { recursive: true });
    }
    const ran = await runHere(join(made, "scan.yaml"), other);
    expect(blocksDone(ran)["map"]).toBe(0);
    const cell = await openResult(other);
    const truth = await aaaTruth();
    const [direct, conventional] = [cell.readMap("dlsr/NMC532/c"), cell.readMap("map/NMC532/c")];
    const held = truth.fraction.map((value) => value / truth.full);
    const used = [...held.keys()].filter(
      (v) =>
        held[v]! > 0.3 &&
        Number.isFinite(truth.c[v]!) &&
        direct.status![v] === STATUS.converged &&
        conventional.status![v] === STATUS.converged,
    );
    expect(used.length).toBeGreaterThan(1900);
    const error = (values: ArrayLike<number>): number[] => used.map((v) => values[v]! - truth.c[v]!);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const rms = (values: readonly number[]): number => Math.sqrt(mean(values.map((value) => value * value)));
    expect(rms(error(conventional.values)) / rms(error(direct.values))).toBeGreaterThan(2);
    expect(Math.abs(mean(error(direct.values)))).toBeLessThan(5e-4);
    const trueMean = mean(used.map((v) => truth.c[v]!));
    const foundMean = mean(used.map((v) => direct.values[v]!));
    const slope =
      used.reduce((sum, v) => sum + (direct.values[v]! - foundMean) * (truth.c[v]! - trueMean), 0) /
      used.reduce((sum, v) => sum + (truth.c[v]! - trueMean) ** 2, 0);
    expect(Math.abs(slope - 1)).toBeLessThan(0.02);
    const { globals, depthSign } = reportOf(cell);
    const found = new Map(globals.map(({ name, value }) => [name, value]));
    expect(Math.abs(found.get("rotation axis")! - 41.3)).toBeLessThan(0.05);
    expect(Math.abs(found.get("distance")! / 1000 - 1)).toBeLessThan(0.005);
    expect(depthSign.value).toBe(1);
    expect(depthSign.chi2Otherwise!).toBeGreaterThan(2 * depthSign.chi2);
    cell.close();
  }, 240_000);
});

/** truth.h5 is plain HDF5, not a result. */
async function aaaTruth(): Promise<{ fraction: Float64Array; c: Float64Array; full: number }> {
  const { openHdf5 } = await import("../src/files/hdf5.ts");
  const file = await openHdf5(join(AAA_DATA, "truth.h5"));
  try {
    const read = (name: string): Float64Array => Float64Array.from(file.read(name));
    const fraction = read("NMC532/volume_fraction");
    const sorted = fraction.filter((value) => value > 0).sort();
    return { fraction, c: read("NMC532/c"), full: sorted[Math.floor(0.9 * sorted.length)]! };
  } finally {
    file.close();
  }
}
