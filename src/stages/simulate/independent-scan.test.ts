import * as h5wasm from "h5wasm/node";
import { beforeAll, describe, expect, it } from "vitest";
import { referenceStructures } from "../../../tests/reference-structures.ts";
import { hasShared, shared } from "../../../tests/shared.ts";
import { KEV_ANGSTROM } from "../../data/index.ts";
import { createExperiment } from "./experiment.ts";
import { SimulateConfig } from "./index.ts";
import type { Phantom } from "./phantom.ts";

/**
 * The scan of ../shared/data/simulated was made by a program that shares no code with this one. Given the same phases
 * and the same truth maps, ours has to give the same pattern: areas, positions and widths of all peaks by one scale.
 */
const STRUCTURES: Record<string, string> = {
  Fe: "Fe_alpha",
  NMC532: "NMC532_charged_paper",
  Cu: "Cu",
  Al: "Al",
  graphite: "graphite_2H",
  LiC12: "LiC12",
};
const WIDTHS: Record<string, number> = { NMC532: 1.1, Cu: 1.05, graphite: 1.25, LiC12: 1.25 };
const SIZE = 81;
const BINS = 1000;

const open = (file: string): h5wasm.File => new h5wasm.File(shared(`data/simulated/aaa_dev/${file}`), "r");
const read = (file: h5wasm.File, path: string): Float64Array =>
  Float64Array.from((file.get(path) as h5wasm.Dataset).value as Float32Array);

function loadTruth() {
  const truth = open("truth.h5");
  const phases = Object.entries(STRUCTURES).map(([name, structure]) => {
    const isField = name === "NMC532";
    const [a, c] = isField ? [] : read(truth, `${name}/cell`);
    const config = {
      structure,
      widthFactor: WIDTHS[name] ?? 1,
      ...(a === undefined ? {} : { a }),
      ...(c === undefined ? {} : { c }),
    };
    const fraction = Float32Array.from(read(truth, `${name}/volume_fraction`));
    const maps = isField ? { a: read(truth, `${name}/a`), c: read(truth, `${name}/c`) } : {};
    return {
      name,
      config,
      phantom: { fraction: isField ? sameStrength(fraction, maps.a!, maps.c!) : fraction, ...maps },
    };
  });
  return { phases, twoThetaDeg: read(truth, "two_theta") };
}

/** That program lets a field move peaks only; here a larger cell scatters less per volume, by (V0/V)^2. */
function sameStrength(fraction: Float32Array, a: Float64Array, c: Float64Array): Float32Array {
  const { cell } = referenceStructures().find(({ name }) => name === STRUCTURES["NMC532"])!;
  return fraction.map((value, i) => (value > 0 ? value * ((a[i]! / cell.a) ** 2 * (c[i]! / cell.c)) ** 2 : 0));
}

/** [translation, bin] of a projection, corrected for monitor and transmission. */
function measuredRays(line: number): Float64Array {
  const counts = open(`cell_cnt_${String(line).padStart(5, "0")}.nxs`);
  const monitor = read(counts, "entry/data/value1");
  const diode = read(counts, "entry/data/value2");
  const data = read(open(`xrd_cell_data_${String(line + 1).padStart(6, "0")}.h5`), "data");
  const mean = monitor.reduce((total, value) => total + value, 0) / SIZE;
  const empty = diode[0]! / monitor[0]!;
  return data.map((value, i) => ((mean * empty) / diode[Math.floor(i / BINS)]!) * value);
}

/** Sums over rays (by bin) or over bins (by ray). */
function sumBy(rays: ArrayLike<number>, size: number, key: (i: number) => number): Float64Array {
  const out = new Float64Array(size);
  for (let i = 0; i < rays.length; i++) out[key(i)]! += rays[i]!;
  return out;
}

function correlation(p: Float64Array, q: Float64Array, shift: number): number {
  const pairs = [...p].flatMap((value, i) => (i + shift >= 0 && i + shift < q.length ? [[value, q[i + shift]!]] : []));
  const mean = (k: number): number => pairs.reduce((sum, pair) => sum + pair[k]!, 0) / pairs.length;
  const [mp, mq] = [mean(0), mean(1)];
  const moment = (f: (x: number, y: number) => number): number =>
    pairs.reduce((sum, [x, y]) => sum + f(x! - mp, y! - mq), 0);
  return moment((x, y) => x * y) / Math.sqrt(moment((x) => x * x) * moment((_, y) => y * y));
}

/** Area above the line through the mean of four bins at either end, and the centroid of it in bins. */
function peakOf(y: Float64Array, first: number, last: number): { area: number; centroid: number } {
  const mean = (at: number): number => (y[at]! + y[at + 1]! + y[at + 2]! + y[at + 3]!) / 4;
  const [left, right] = [mean(first), mean(last - 3)];
  let area = 0;
  let moment = 0;
  for (let b = first; b <= last; b++) {
    const above = y[b]! - left - ((right - left) * (b - first - 1.5)) / (last - first - 3);
    area += above;
    moment += above * b;
  }
  return { area, centroid: moment / area };
}

/** Our experiment with their truth, and [first, last] bin of each group of peaks that is compared. */
function setUp() {
  const { phases, twoThetaDeg } = loadTruth();
  const config = SimulateConfig.parse({
    scan: {
      translations: SIZE,
      angles: 100,
      includesEnd: true,
      stepMm: 0.13555555555555557,
      rotationAxis: 41.3,
      zigZag: true,
      lineShiftSteps: 1,
    },
    instrument: { energyKeV: KEV_ANGSTROM / 0.11979, distanceMm: 1000, absorption: false },
    axis: { unit: "two-theta", from: twoThetaDeg[0], to: twoThetaDeg[BINS - 1], bins: BINS },
    noise: { airShare: 0 },
    phases: Object.fromEntries(phases.map((phase) => [phase.name, phase.config])),
  });
  const phantom: Phantom = {
    size: SIZE,
    voxelMm: config.scan.stepMm,
    subVoxels: 1,
    phases: Object.fromEntries(phases.map((phase) => [phase.name, phase.phantom])),
  };
  const structures = Object.fromEntries(referenceStructures().map((structure) => [structure.name, structure]));
  const experiment = createExperiment(config, structures, phantom);
  // NMC 003; then Cu, Al, Fe, NMC peaks and groups of them, away from the amorphous humps
  const windows = [
    [1.31, 1.54],
    [2.68, 2.88],
    [3.2, 3.5],
    [3.7, 3.88],
    [4.68, 4.95],
    [5.26, 5.5],
    [5.72, 6.0],
    [6.2, 6.42],
  ].map((window) => window.map((angle) => twoThetaDeg.findIndex((value) => value >= angle)) as [number, number]);
  return { experiment, windows };
}

describe.skipIf(!hasShared)("a scan simulated by an independent program (needs ../shared)", () => {
  let experiment: ReturnType<typeof setUp>["experiment"];
  let windows: ReturnType<typeof setUp>["windows"];
  beforeAll(async () => {
    await h5wasm.ready;
    ({ experiment, windows } = setUp());
  });

  it.each([0, 1, 30, 51])("line %i: areas and positions of all peaks by one scale", (line) => {
    const byBin = (i: number): number => i % BINS;
    const sum = sumBy(measuredRays(line), BINS, byBin);
    const ours = sumBy(experiment.expectedLine(line), BINS, byBin);
    const pairs = windows.map(([first, last]) => ({
      theirs: peakOf(sum, first, last),
      ours: peakOf(ours, first, last),
    }));
    const scale = pairs.reduce((s, p) => s + p.theirs.area, 0) / pairs.reduce((s, p) => s + p.ours.area, 0);
    pairs.forEach(({ theirs, ours: own }, i) => {
      // the second window ends on the shoulder of their electrolyte's hump, which is not simulated here
      expect(Math.abs(theirs.area / (scale * own.area) - 1)).toBeLessThan(i === 1 ? 0.02 : 0.005);
      // a bin is 0.0068 degree wide: 1e-4 of the angle
      expect(Math.abs(theirs.centroid - own.centroid)).toBeLessThan(0.06);
    });
  });

  it.each([0, 1, 30, 51])("line %i: zig-zag, shift and axis mean the same", (line) => {
    const byRay = (i: number): number => Math.floor(i / BINS);
    const theirs = sumBy(measuredRays(line), SIZE, byRay);
    const ours = sumBy(experiment.expectedLine(line), SIZE, byRay);
    const here = correlation(theirs, ours, 0);
    expect(here).toBeGreaterThan(0.9);
    for (const shift of [-2, -1, 1, 2]) expect(correlation(theirs, ours, shift)).toBeLessThan(here);
    expect(correlation(theirs, ours.slice().reverse(), 0)).toBeLessThan(here);
  });
});
