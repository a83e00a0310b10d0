import { beforeAll, describe, expect, it } from "vitest";
import { builtInStructure, linearAttenuationPerMm, PHASE_NAMES, type Structure } from "../../crystal/index.ts";
import type { ParameterMap } from "../../data/index.ts";
import { polarizationMap, solidAngleMap, twoThetaMap } from "../../geometry/index.ts";
import { SimulateConfig, type SimulateInput } from "./config.ts";
import { createExperiment, type Experiment } from "./experiment.ts";
import { PRESET_NAMES, presetConfig } from "./presets.ts";
import { structureNames } from "./scattering.ts";

const structures: Record<string, Structure> = Object.fromEntries(
  PHASE_NAMES.map((name) => [name, builtInStructure(name)]),
);
const simulate = (input: SimulateInput): Experiment => createExperiment(SimulateConfig.parse(input), structures);

const QUIET = { airShare: 0, monitorDrift: 0, monitorNoise: 0, poisson: false };
/** One small grain on a wide field; 2theta from 2 to 8 degrees. */
const grain = (x: number, y: number, changes: Partial<SimulateInput> = {}): SimulateInput => ({
  scan: { translations: 41, angles: 12, arcDeg: 360, stepMm: 0.25 },
  axis: { unit: "two-theta", from: 2, to: 8, bins: 1500 },
  instrument: { absorption: false },
  noise: QUIET,
  phases: { CeO2: {} },
  shapes: [{ kind: "disc", material: "CeO2", centreMm: [x, y], radiusMm: 0.15 }],
  ...changes,
});
const rowSums = (e: Experiment, rows: Float32Array): number[] => {
  const bins = e.axis.values.length;
  return Array.from({ length: e.scan.translations }, (_, j) =>
    rows.subarray(j * bins, (j + 1) * bins).reduce((sum, value) => sum + value, 0),
  );
};
const centroid = (values: readonly number[]): number =>
  values.reduce((sum, value, j) => sum + j * value, 0) / values.reduce((sum, value) => sum + value, 0);
const sumOverRays = (e: Experiment, rows: Float32Array): Float64Array => {
  const out = new Float64Array(e.axis.values.length);
  rows.forEach((value, i) => (out[i % out.length]! += value));
  return out;
};
/** Degrees: centroid of the pattern within +-0.12 degrees of an angle. */
const peakNear = (e: Experiment, pattern: Float64Array, angle: number): { position: number; area: number } => {
  let [area, moment] = [0, 0];
  e.axis.values.forEach((at, b) => {
    if (Math.abs(at - angle) > 0.12) return;
    area += pattern[b]!;
    moment += pattern[b]! * at;
  });
  return { position: moment / area, area };
};

describe("parallax", () => {
  const [x, y] = [3.5, 1];
  // Gaussian, so that the whole peak is in the window
  const instrument = { absorption: false, eta: 0 };
  const shifted = simulate(grain(x, y, { instrument }));
  const flat = simulate(grain(x, y, { instrument: { ...instrument, parallax: false } }));
  // CeO2 111 at 103.5 keV
  const angle = 2.1972;
  it.each([0, 1, 3, 5, 8, 11])("moves and brightens the peaks of a lone grain by the formula, line %i", (line) => {
    const omega = (shifted.scan.omegaDeg[line]! * Math.PI) / 180;
    const near = 1 - (y * Math.cos(omega) - x * Math.sin(omega)) / 1000;
    const [a, b] = [shifted, flat].map((e) => peakNear(e, sumOverRays(e, e.expectedLine(line)), angle));
    const tan = (degrees: number): number => Math.tan((degrees * Math.PI) / 180);
    expect(Math.abs(tan(a!.position) / tan(b!.position) - near)).toBeLessThan(2e-6);
    expect(Math.abs((a!.area / b!.area) * near ** 2 - 1)).toBeLessThan(2e-5);
  });
});

describe("where the rays go", () => {
  it("a grain on the axis stays at the axis position", () => {
    const scan = { translations: 41, angles: 12, stepMm: 0.25, rotationAxis: 18.3 };
    const e = simulate(grain(0, 0, { scan }));
    for (const line of [0, 4, 9]) expect(centroid(rowSums(e, e.expectedLine(line)))).toBeCloseTo(18.3, 5);
  });
  it("a grain off the axis goes through x cos + y sin", () => {
    const e = simulate(grain(2, 1));
    for (const line of [0, 1, 2, 7]) {
      const omega = (e.scan.omegaDeg[line]! * Math.PI) / 180;
      // the middle of the supersampled disc is within a hundredth of a step
      expect(centroid(rowSums(e, e.expectedLine(line)))).toBeCloseTo(
        20 + (2 * Math.cos(omega) + Math.sin(omega)) / 0.25,
        1.7,
      );
    }
  });
  it("zig-zag stores every second line backwards, and shifted by the steps asked for", () => {
    const scan = { translations: 41, angles: 12, arcDeg: 360, stepMm: 0.25 };
    const plain = simulate(grain(2, 1, { scan }));
    const zigZag = simulate(grain(2, 1, { scan: { ...scan, zigZag: true, lineShiftSteps: 1 } }));
    expect(zigZag.expectedLine(2)).toEqual(plain.expectedLine(2));
    const straight = rowSums(plain, plain.expectedLine(3));
    const turned = rowSums(zigZag, zigZag.expectedLine(3)).reverse();
    // the shift moves the sample by one translation to lower indices
    for (let j = 0; j < 40; j++) expect(turned[j]).toBeCloseTo(straight[j + 1]!, 8);
  });
  it("the last line of an arc of 180 degrees is the first, mirrored", () => {
    const scan = { translations: 41, angles: 6, includesEnd: true, stepMm: 0.25 };
    const e = simulate(grain(2, 1, { scan, instrument: { absorption: false, parallax: false } }));
    expect(e.scan.lines).toBe(7);
    const [first, last] = [0, 6].map((line) => rowSums(e, e.expectedLine(line)));
    last!.reverse().forEach((value, j) => expect(value).toBeCloseTo(first![j]!, 3));
  });
});

describe("how much is counted", () => {
  const disc = (changes: Partial<SimulateInput> = {}): SimulateInput => ({
    scan: { translations: 31, angles: 10, stepMm: 0.2 },
    axis: { unit: "q", from: 1, to: 6, bins: 400 },
    noise: QUIET,
    phases: { Fe: {}, NMC532: { a: { kind: "radial", centre: 2.82, edge: 2.83, radiusMm: 2 } }, Al: {} },
    materials: { mix: { NMC532: 0.5, Al: 0.2 } },
    shapes: [{ kind: "disc", material: "mix", centreMm: [0.4, 0], radiusMm: 2 }],
    ...changes,
  });
  it("the same in every projection, and countsPerRay on average", () => {
    const e = simulate(disc({ instrument: { absorption: false, parallax: false } }));
    const totals = [0, 3, 7].map((line) =>
      sumOverRays(e, e.expectedLine(line)).reduce((sum, value, b) => sum + value * e.pixels[b]!, 0),
    );
    for (const total of totals) expect(total / totals[0]!).toBeCloseTo(1, 5);
    const hit = rowSums(e, e.expectedLine(0)).filter((value) => value > 0).length;
    // the level is set for the reference cell; the field moves peaks to larger rings by 0.1 %
    expect(totals[0]! / hit / 1e6).toBeCloseTo(1, 2);
  });
  it("follows Beer and Lambert through a disc", () => {
    const shapes: SimulateInput["shapes"] = [{ kind: "disc", material: "Fe", radiusMm: 2 }];
    const e = simulate(disc({ shapes }));
    const bare = simulate(disc({ shapes, instrument: { absorption: false } }));
    const mu = linearAttenuationPerMm(structures["Fe"]!, e.config.instrument.energyKeV);
    const t = e.transmission(4);
    for (let j = 8; j <= 22; j++) {
      const s = (j - 15) * 0.2;
      // the chord's mean over the beam's triangle of two steps falls short by (step^2 / 12) |chord''|
      const chord = 2 * Math.sqrt(4 - s * s) - (0.04 / 6) * (4 / (4 - s * s) ** 1.5);
      expect(Math.abs(-Math.log(t[j]!) / (mu * chord) - 1)).toBeLessThan(0.01);
    }
    const [with_, without] = [rowSums(e, e.expectedLine(4)), rowSums(bare, bare.expectedLine(4))];
    for (let j = 6; j <= 24; j++) expect(with_[j]! / without[j]!).toBeCloseTo(t[j]!, 4);
  });
  it("Poisson: the mean is the expected line and the variance y / pixels", () => {
    const e = simulate(disc({ noise: { ...QUIET, poisson: true, countsPerRay: 2e4 } }));
    const { patterns } = e.line(5);
    const expected = e.expectedLine(5);
    let [chi2, cells, sum] = [0, 0, 0];
    expected.forEach((mean, i) => {
      const counts = mean * e.pixels[i % 400]!;
      if (counts < 1) return;
      const deviation = (patterns[i]! - mean) * e.pixels[i % 400]!;
      chi2 += deviation ** 2 / counts;
      sum += deviation / Math.sqrt(counts);
      cells++;
    });
    expect(Math.abs(sum / cells)).toBeLessThan(5 / Math.sqrt(cells));
    expect(Math.abs(chi2 / cells - 1)).toBeLessThan(5 * Math.sqrt(3 / cells));
  });
  it("a line is the same whichever lines were made before, and by another experiment", () => {
    const input = disc({ noise: { missingFrames: 0.1, spotsPerPattern: 1 } });
    const e = simulate(input);
    e.line(7);
    const line = e.line(2);
    expect(line).toEqual(simulate(input).line(2));
    expect(e.counters(2)).toEqual({ monitor: line.monitor, transmitted: line.transmitted });
    expect(e.line(2)).not.toEqual(simulate({ ...input, seed: 2 }).line(2));
  });
  it("missing lines and points hold no numbers", () => {
    const scan = { translations: 31, angles: 10, stepMm: 0.2, missingLines: [4] };
    const e = simulate(disc({ scan, noise: { missingFrames: 0.2 } }));
    expect(e.line(4).patterns.every(Number.isNaN)).toBe(true);
    expect(e.missingLines.has(4)).toBe(true);
    const points = rowSums(e, e.line(3).patterns).filter(Number.isNaN).length;
    expect(points).toBeGreaterThan(0);
    expect(points).toBeLessThan(20);
  });
});

describe("truth", () => {
  const maps = new Map<string, ParameterMap>();
  beforeAll(() => {
    for (const map of simulate(presetConfig("demo", 31)).truth()) maps.set(map.name, map);
  });
  const map = (name: string): ParameterMap => maps.get(`truth/${name}`)!;
  it("weight fractions of crystalline phases add up to 1 wherever there are any", () => {
    const parts = [...maps.values()].filter(({ name }) => name.endsWith("weight_fraction"));
    expect(parts.map(({ name }) => name)).toHaveLength(6);
    let voxels = 0;
    for (let i = 0; i < 31 * 31; i++) {
      const sum = parts.reduce((total, { values }) => total + values[i]!, 0);
      if (Number.isNaN(sum)) continue;
      expect(sum).toBeCloseTo(1, 5);
      voxels++;
    }
    expect(voxels).toBeGreaterThan(400);
  });
  it("lattice parameters are there where the phase is", () => {
    const { values } = map("NMC532/c");
    map("NMC532/volume_fraction").values.forEach((v, i) => expect(Number.isNaN(values[i])).toBe(!(v > 0)));
    const given = [...values].filter((c) => !Number.isNaN(c));
    expect(Math.max(...given) - Math.min(...given)).toBeGreaterThan(0.03);
  });
  it("the attenuation map gives the transmission", () => {
    const e = simulate({ ...presetConfig("demo", 31), subVoxels: 1, supersampling: 8 });
    const { values } = map("mu");
    const column = (x: number): number => {
      let sum = 0;
      for (let y = 0; y < 31; y++) sum += values[y * 31 + x]! * e.scan.stepMm;
      return sum;
    };
    // line 0 looks along y; the axis of the demo lies 0.35 steps from the middle
    const integral = e.transmission(0).map((t) => -Math.log(t));
    for (let j = 2; j < 29; j++) {
      expect(integral[j]!).toBeCloseTo(0.65 * column(j) + 0.35 * column(j - 1), 5);
    }
  });
});

describe("frames", () => {
  const input = presetConfig("frames-demo", 9);
  const quiet = simulate({
    ...input,
    noise: { ...QUIET, countsPerRay: 1e9, airShare: 0.1 },
    detector: { ...input.detector, hotPixels: 0, deadPixels: 0, spotsPerFrame: 0, polarization: 0.99 },
  });
  it("hold the pattern of the ray: rings at its angles, by solid angle and polarisation", () => {
    const frame = quiet.frame(3, 4);
    const { poni, shape, mask } = quiet.frames;
    const twoTheta = twoThetaMap(poni, shape);
    const bins = quiet.axis.values.length;
    const pattern = quiet.expectedLine(3).subarray(4 * bins, 5 * bins);
    const step = quiet.axis.values[1]! - quiet.axis.values[0]!;
    const solid = solidAngleMap(poni, shape);
    const polarisation = polarizationMap(poni, shape, 0.99);
    const sum = new Float64Array(bins);
    const pixels = new Float64Array(bins);
    frame.forEach((counts, i) => {
      const bin = Math.round(((twoTheta[i]! * 180) / Math.PI - quiet.axis.values[0]!) / step);
      if (counts < 0 || bin < 0 || bin >= bins) return;
      sum[bin]! += counts / (solid[i]! * polarisation[i]!);
      pixels[bin]!++;
    });
    expect(frame.every((counts, i) => (counts === -1) === (mask.data[i] === 1))).toBe(true);
    // a pixel is two bins wide and smears sharp rings: what stays is the sum from one valley to another
    const valley = (near: number): number => {
      const span = Array.from({ length: 31 }, (_, i) => near - 15 + i);
      return span.reduce((least, b) => (pattern[b]! < pattern[least]! ? b : least));
    };
    const CUTS = [20, 60, 100, 150, 200, 250, 300].map(valley);
    for (let g = 0; g + 1 < CUTS.length; g++) {
      let [painted, wanted] = [0, 0];
      for (let b = CUTS[g]!; b < CUTS[g + 1]!; b++) {
        painted += sum[b]! / pixels[b]!;
        wanted += pattern[b]!;
      }
      expect(Math.abs(painted / wanted - 1)).toBeLessThan(0.01);
    }
  });
  it("are the same whichever frame was made before, and hold gaps, hot and dead pixels", () => {
    const e = simulate(input);
    e.frame(1, 1);
    const frame = e.frame(5, 2);
    const isSame = (other: Int32Array): boolean => frame.every((counts, i) => counts === other[i]);
    expect(isSame(simulate(input).frame(5, 2))).toBe(true);
    expect(isSame(e.frame(5, 3))).toBe(false);
    expect(frame[195 * 388]).toBe(-1);
    expect(frame.filter((counts) => counts > 9000).length).toBeGreaterThan(10);
  });
  it("refuse a detector that sees too far to the side", () => {
    const e = simulate({ ...input, instrument: { distanceMm: 7 } });
    expect(() => e.frame(0, 0)).toThrow(expect.objectContaining({ code: "bad-detector" }));
  });
});

describe("configuration", () => {
  it.each(PRESET_NAMES)("preset %s parses and makes a line", (name) => {
    const e = simulate(presetConfig(name, 15));
    expect(e.line(1).patterns.some((value) => value > 0)).toBe(true);
  });
  it.each([
    ["a phase without a structure", { phases: { Pb: {} }, shapes: [] }, "missing-structure"],
    ["an axis that falls", { axis: { unit: "q", from: 5, to: 1, bins: 100 } }, "bad-axis"],
    ["c of a cubic cell", { phases: { CeO2: { c: 5.5 } } }, "bad-field"],
    ["a detector inside the sample", { instrument: { distanceMm: 8 } }, "sample-reaches-detector"],
    ["widths that are not real", { instrument: { V: -1 } }, "peak-width-not-real"],
  ] as const)("refuses %s", (_, changes, code) => {
    expect(() => simulate(grain(0, 0, changes as never))).toThrow(expect.objectContaining({ code }));
  });
  it("names the structures it needs: none for an amorphous phase", () => {
    expect(structureNames(SimulateConfig.parse(presetConfig("capillary")))).toEqual(["Al2O3", "CeO2", "Ni"]);
  });
  it("refuses a preset that is not there, and a misspelt key", () => {
    expect(() => presetConfig("constructor")).toThrow(expect.objectContaining({ code: "unknown-preset" }));
    expect(SimulateConfig.safeParse({ ...grain(0, 0), phantom: {} }).success).toBe(false);
  });
});
