/**
 * A Rietveld map of the size and model of Vamvakeros et al. 2021: 520 x 520 voxels of 1500 bins; two layered NMC
 * phases, Cu, Al, Fe, Ni, graphite, LiC12, a free peak of the separator; scales, cells, six background terms, area and
 * position of the peak refined in every voxel, the profile fixed. `npm run bench -- rietveld-map [ROWS]`.
 *
 * The volume is seeded: a wound cell whose layers overlap voxel by voxel, cells that vary by a few tenths of a per cent,
 * counts. It takes several minutes to make and 1.6 GB of disk; the run takes as much again while it lasts. `xrdct run`
 * on two workers is timed as a whole: wall time, CPU time, peak resident memory; then the maps are held against what
 * was put in.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { STATUS, wavelengthAToEnergyKeV } from "../src/data/index.ts";
import { createHdf5 } from "../src/files/hdf5-writer.ts";
import { openResult } from "../src/files/result-reader.ts";
import { createPatternCalculator } from "../src/pattern/calculator.ts";
import { loadKernels } from "../src/pipeline/load-kernels.ts";
import { ModelConfig, resolveModel } from "../src/refinement/index.ts";
import { createRandom } from "../src/stages/simulate/random.ts";
import { benchFolder, report } from "./common.ts";

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const ROWS = Number(process.argv[3] ?? 520);
const COLUMNS = 520;
const BINS = 1500;
const WAVELENGTH = 0.11979;
const folder = join(benchFolder, `rietveld-map-${ROWS}`);
const volumePath = join(folder, "volume.h5");
const scanPath = join(folder, "scan.yaml");
const output = join(folder, "result.nxs");

/** Where in a winding (0 to 1) a phase lies, half width, and the height of its strongest line in counts. */
const LAYERS = [
  { name: "NMC_P", structure: "NMC532", at: 0.2, half: 0.17, height: 2500 },
  { name: "NMC_S", structure: "NMC532-lithiated", at: 0.2, half: 0.14, height: 900 },
  { name: "Al", structure: "Al", at: 0.2, half: 0.03, height: 2200 },
  { name: "Cu", structure: "Cu", at: 0.7, half: 0.03, height: 2800 },
  { name: "graphite", structure: "graphite", at: 0.7, half: 0.17, height: 1200 },
  { name: "LiC12", structure: "LiC12", at: 0.7, half: 0.15, height: 700 },
  { name: "Fe", structure: "Fe", at: 0, half: 0, height: 4000 },
  { name: "Ni", structure: "Ni", at: 0, half: 0, height: 2500 },
] as const;
const SEPARATOR = { at: 0.45, half: 0.06, height: 500, position: 1.674, fwhm: 0.06, eta: 0.5 };
const MODEL = {
  wavelength: WAVELENGTH,
  profile: { W: 8.87e-4, X: 5e-3 },
  background: 6,
  zero: 0,
  findCells: false,
  peaks: [
    {
      name: "separator",
      position: { value: SEPARATOR.position, refine: true, min: 1.62, max: 1.72 },
      fwhm: SEPARATOR.fwhm,
      eta: SEPARATOR.eta,
      area: true,
    },
  ],
  phases: LAYERS.map(({ name, structure }) => ({ name, structure })),
};

/** 1 inside of a layer, 0 outside, with edges as wide as half a voxel's winding. */
const inLayer = (u: number, at: number, half: number): number => {
  const distance = Math.abs(u - at);
  return Math.min(1, Math.max(0, (half + 0.02 - distance) / 0.04));
};

interface VoxelTruth {
  /** [layer] 0 to 1 */
  readonly share: number[];
  readonly separator: number;
  /** [layer] relative change of a and of c */
  readonly a: number[];
  readonly c: number[];
}

/** A wound cell: layers repeat every 36 voxels, a steel ring outside, a nickel tab in the middle. */
function truthAt(row: number, column: number): VoxelTruth {
  const y = row - ROWS / 2;
  const x = column - COLUMNS / 2;
  const radius = Math.hypot(x, y);
  const angle = Math.atan2(y, x);
  const turn = radius / 36 - angle / (2 * Math.PI);
  const u = turn - Math.floor(turn);
  const isTab = radius < 12;
  const isCasing = radius > 232 && radius < 246;
  const isRolled = !isTab && !isCasing;
  const share = LAYERS.map(({ name, at, half }) => {
    if (name === "Fe") return isCasing ? 1 : 0;
    if (name === "Ni") return isTab ? 1 : 0;
    return isRolled ? inLayer(u, at, half) * (0.8 + 0.2 * Math.sin(3 * angle + at * 9)) : 0;
  });
  return {
    share,
    separator: isRolled ? inLayer(u, SEPARATOR.at, SEPARATOR.half) : 0,
    a: LAYERS.map((_, p) => 0.0015 * Math.sin(x / 90 + p) + 0.001 * Math.cos(angle + p)),
    c: LAYERS.map((_, p) => 0.002 * Math.sin(y / 80 - p) + 0.001 * Math.cos(angle - p)),
  };
}

const kernels = loadKernels({});
const resolved = resolveModel(ModelConfig.parse(MODEL), { structures: new Map() });
const twoThetaDeg = Float64Array.from({ length: BINS }, (_, i) => 1 + 0.005 * i);
const calculator = createPatternCalculator(kernels, resolved.model, WAVELENGTH, twoThetaDeg);
for (const [name, { value }] of resolved.settings) {
  const i = calculator.parameters.findIndex((parameter) => parameter.name === name);
  if (value !== undefined && i >= 0) calculator.values[i] = value;
}
const cells = LAYERS.map(({ name }) => ({
  a: calculator.indexOf(`${name}/a`),
  c: calculator.parameters.findIndex((parameter) => parameter.name === `${name}/c`),
}));
const nominal = calculator.values.slice();
/** [layer] scale that makes the strongest line as high as LAYERS says */
const unit = LAYERS.map(({ name, height }, p) => {
  LAYERS.forEach((_, other) => {
    calculator.isOff[other] = other === p ? 0 : 1;
  });
  calculator.values.set(nominal);
  calculator.values[calculator.indexOf(`${name}/scale`)] = 1;
  calculator.prepare([]);
  calculator.evaluate(false);
  return height / calculator.calculated.reduce((most, y) => Math.max(most, y), 0);
});

function setVoxel({ share, separator, a, c }: VoxelTruth): void {
  const { values, indexOf, isOff } = calculator;
  values.set(nominal);
  LAYERS.forEach(({ name }, p) => {
    isOff[p] = share[p]! > 0 ? 0 : 1;
    values[indexOf(`${name}/scale`)] = unit[p]! * share[p]!;
    const { a: aAt, c: cAt } = cells[p]!;
    values[aAt] = nominal[aAt]! * (1 + a[p]!);
    if (cAt >= 0) values[cAt] = nominal[cAt]! * (1 + c[p]!);
  });
  values[indexOf("peaks/separator/area")] = separator * SEPARATOR.height * SEPARATOR.fwhm * 1.26;
  [140, -60, 30, -12, 5, -2].forEach((value, k) => {
    values[indexOf(`background/${k}`)] = value;
  });
}

async function makeVolume(): Promise<void> {
  const file = await createHdf5(volumePath);
  const slabs = file.slabs("data", [ROWS, COLUMNS, BINS], "float32", { chunks: [1, COLUMNS, BINS] });
  const line = new Float32Array(COLUMNS * BINS);
  for (let row = 0; row < ROWS; row++) {
    const random = createRandom(5320, row);
    for (let column = 0; column < COLUMNS; column++) {
      setVoxel(truthAt(row, column));
      calculator.evaluate(false);
      for (let k = 0; k < BINS; k++) line[column * BINS + k] = random.poisson(calculator.calculated[k]!);
    }
    slabs.writeSlab([row, 0, 0], [1, COLUMNS, BINS], line);
  }
  file.dataset("tth", [BINS], twoThetaDeg);
  file.attribute("tth", "units", "degree");
  file.finish();
}

interface Usage {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly json: { stages: { name: string; seconds: number; notes: string[] }[] };
}

/** Runs the command line as a user does, watching its memory and its processor time. */
function run(...args: string[]): Promise<Usage> {
  const started = process.hrtime.bigint();
  const child = spawn(process.execPath, [cli, ...args, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (piece: Buffer) => {
    text += piece.toString();
  });
  let [peakBytes, cpuSeconds] = [0, 0];
  const watch = setInterval(() => {
    const at = `/proc/${child.pid}`;
    if (!existsSync(`${at}/stat`)) return;
    const status = readFileSync(`${at}/status`, "utf8");
    peakBytes = Math.max(peakBytes, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    // fields 14 and 15, in hundredths of a second, counted after the name in brackets
    const fields = readFileSync(`${at}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    cpuSeconds = Math.max(cpuSeconds, (Number(fields[11]) + Number(fields[12])) / 100);
  }, 100);
  return new Promise((resolve, reject) => {
    child.on("exit", (code) => {
      clearInterval(watch);
      if (code !== 0) return reject(new Error(`xrdct ${args.join(" ")} ended with ${code}`));
      const seconds = Number(process.hrtime.bigint() - started) / 1e9;
      resolve({ seconds, cpuSeconds, peakBytes, json: JSON.parse(text) });
    });
  });
}

const rms = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / Math.max(1, values.length));
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

async function judge(): Promise<void> {
  const result = await openResult(output);
  const truth = Array.from({ length: ROWS * COLUMNS }, (_, i) => truthAt(Math.floor(i / COLUMNS), i % COLUMNS));
  for (const [p, { name }] of LAYERS.entries()) {
    const scale = result.readMap(`map/${name}/scale`);
    const here = truth.flatMap(({ share }, i) => (share[p]! > 0.05 ? [i] : []));
    const gone = truth.flatMap(({ share }, i) => (share[p]! === 0 ? [i] : []));
    const pulls = (list: readonly number[]): number[] =>
      list
        .map((i) => (scale.values[i]! - unit[p]! * truth[i]!.share[p]!) / scale.esd![i]!)
        .filter((pull) => Number.isFinite(pull));
    const fields: Record<string, string | number> = {
      phase: name,
      voxels: here.length,
      scale_pull_mean: Number(mean(pulls(here)).toFixed(3)),
      scale_pull_rms: Number(rms(pulls(here)).toFixed(3)),
      absent_pull_mean: Number(mean(pulls(gone)).toFixed(3)),
      absent_pull_rms: Number(rms(pulls(gone)).toFixed(3)),
      absent_taken_for_there: gone.filter((i) => scale.status![i] === STATUS.converged).length,
    };
    for (const key of ["a", "c"] as const) {
      const at = cells[p]![key];
      if (at < 0) continue;
      const map = result.readMap(`map/${name}/${key}`);
      const good = here.filter((i) => map.status![i] === STATUS.converged && Number.isFinite(map.values[i]!));
      const errors = good.map((i) => map.values[i]! / (nominal[at]! * (1 + truth[i]![key][p]!)) - 1);
      const cellPulls = errors.map((error, k) => (error * nominal[at]!) / map.esd![good[k]!]!);
      fields[`${key}_voxels`] = good.length;
      fields[`${key}_rms_ppm`] = Number((1e6 * rms(errors)).toFixed(0));
      fields[`${key}_median_esd_ppm`] = Number(
        (
          (1e6 * (good.map((i) => map.esd![i]!).sort((u, v) => u - v)[good.length >> 1] ?? Number.NaN)) /
          nominal[at]!
        ).toFixed(0),
      );
      fields[`${key}_pull_mean`] = Number(mean(cellPulls).toFixed(3));
      fields[`${key}_pull_rms`] = Number(rms(cellPulls).toFixed(3));
    }
    report({ bench: "rietveld-map", ...fields });
  }
  const gof = result.readMap("map/gof");
  const failed = gof.values.filter((value) => !Number.isFinite(value)).length;
  report({ bench: "rietveld-map", gof: mean([...gof.values].filter(Number.isFinite)), failed });
  result.close();
}

mkdirSync(folder, { recursive: true });
if (!existsSync(volumePath)) await makeVolume();
writeFileSync(join(folder, "model.yaml"), stringify(MODEL));
writeFileSync(
  scanPath,
  stringify({
    title: "rietveld-map",
    input: { kind: "volume", file: "volume.h5" },
    energyKeV: wavelengthAToEnergyKeV(WAVELENGTH),
    sampleThreshold: 0,
    map: {
      rietveld: {
        model: "model.yaml",
        weights: "poisson",
        refine: ["*/scale", "*/a", "*/c", "background/*", "peaks/*/area", "peaks/*/position"],
      },
    },
  }),
);
rmSync(output, { force: true });
rmSync(`${output}.work`, { recursive: true, force: true });
const { seconds, cpuSeconds, peakBytes, json } = await run("run", scanPath, "-o", output, "--workers", "2", "--quiet");
for (const { name, seconds: wall } of json.stages) report({ bench: "rietveld-map", stage: name, wall_seconds: wall });
const voxels = ROWS * COLUMNS;
report({
  bench: "rietveld-map",
  voxels,
  wall_seconds: seconds,
  cpu_seconds: cpuSeconds,
  cpu_ms_a_voxel: Number(((1e3 * cpuSeconds) / voxels).toFixed(3)),
  peak_GB: Number((peakBytes / 1e9).toFixed(2)),
});
await judge();
