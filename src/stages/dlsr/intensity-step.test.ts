import { describe, expect, it } from "vitest";
import { catalogueChannels, catalogueModel } from "../../../tests/catalogue-model.ts";
import { intensityStep } from "./intensity-step.ts";
import { hashUnit } from "./low-discrepancy.ts";
import type { SlicePhase } from "./mean-profile.ts";
import { createPhaseLines, type PhaseLines } from "./phase-lines.ts";
import type { DlsrGeometry } from "./types.ts";

const NAMES = ["NMC532", "Cu", "LiC6"];
const SCALES = [1, 30, 60];
const twoTheta = catalogueChannels(800);
const calculator = catalogueModel(NAMES, {}, {}, twoTheta);
const models = NAMES.map((_, p) => createPhaseLines(calculator, p));
const SIZE = 31;
const geometry: DlsrGeometry = {
  omegaDeg: Float64Array.from({ length: 60 }, (_, a) => 3 * a),
  translations: 47,
  rotationAxis: 23.2,
  size: SIZE,
  stepMm: 0.3,
  distanceMm: 700,
  depthSign: -1,
};
const places = Float64Array.from({ length: 2 * SIZE * SIZE }, (_, i) =>
  i % 2 === 0 ? ((i >> 1) % SIZE) - 15 : Math.floor((i >> 1) / SIZE) - 15,
);
const placeOf = (v: number): [number, number] => [places[2 * v]!, places[2 * v + 1]!];
/** [voxel] not symmetric about the axis, so that no two phases smear their lines alike */
const maps = [
  Float64Array.from({ length: SIZE * SIZE }, (_, v) => (Math.hypot(...placeOf(v)) < 13 && placeOf(v)[0] > -6 ? 1 : 0)),
  Float64Array.from({ length: SIZE * SIZE }, (_, v) => (Math.hypot(placeOf(v)[0] - 8, placeOf(v)[1]) < 3 ? 1 : 0)),
  Float64Array.from({ length: SIZE * SIZE }, (_, v) => (Math.hypot(placeOf(v)[0], placeOf(v)[1] + 6) < 7 ? 0.6 : 0)),
];
const cellsOf = (lines: PhaseLines, p: number): Float64Array =>
  p > 0
    ? lines.cell
    : Float64Array.from(
        { length: SIZE * SIZE * 2 },
        (_, i) => lines.cell[i % 2]! * (1 + 1e-3 * Math.sin((i >> 1) / 40)),
      );
const truth = models.map(({ ringCount }, p) =>
  Float64Array.from({ length: ringCount }, (_, ring) => 1 + 0.15 * Math.sqrt(3) * (2 * hashUnit(50 * p + ring) - 1)),
);
const phases = models.map(
  (lines, p): SlicePhase => ({
    lines,
    width: 1,
    places,
    scale: maps[p]!.map((value) => value * SCALES[p]!),
    cells: cellsOf(lines, p),
  }),
);

/** The mean over all rays, voxel by voxel and angle by angle: no shares, bins or rings. */
function meanRay(factors: readonly ArrayLike<number>[]): Float64Array {
  const out = twoTheta.map((x) => 20 + 40 * Math.exp(-((x - 2.5) ** 2)));
  const pattern = new Float64Array(twoTheta.length);
  phases.forEach(({ lines, scale, cells }, p) => {
    const own = lines.withFactors(factors[p]!);
    const n = lines.cell.length;
    for (let v = 0; v < SIZE * SIZE; v++) {
      if (scale[v] === 0) continue;
      const cell = cells.length === n ? cells : cells.subarray(v * n, (v + 1) * n);
      for (let a = 1; a < 60; a += 4) {
        const omega = (geometry.omegaDeg[a]! * Math.PI) / 180;
        const [x, y] = placeOf(v);
        const depth = -(-x * Math.sin(omega) + y * Math.cos(omega)) * geometry.stepMm;
        pattern.fill(0);
        own.addPattern(cell, depth / geometry.distanceMm, 1, pattern);
        for (let j = 0; j < out.length; j++) out[j]! += (scale[v]! * pattern[j]!) / 15 / geometry.translations;
      }
    }
  });
  return out;
}

const mean = meanRay(truth);
const sigma = mean.map((value) => Math.sqrt(value));
const step = intensityStep({ mean, sigma, geometry, phases });

describe("intensities from the mean ray", () => {
  it("are found again where they are wrong by 15 %, up to the phase's scale", () => {
    const rms: number[] = [];
    models.forEach((lines, p) => {
      const wanted = truth[p]!;
      const tangents = new Float64Array(lines.lineCount);
      lines.tangentsOf(lines.cell, tangents);
      const total = lines.intensity.reduce((sum, value) => sum + value, 0);
      let [before, after, weights] = [0, 0, 0];
      const scale = step.scales[p]!;
      wanted.forEach((want, ring) => {
        if (lines.apparentDeg(tangents[ring]!, 0) > 8) return;
        const w = lines.intensity[ring]! / total;
        before += w * (1 - want) ** 2;
        after += w * (scale * step.factors[p]![ring]! - want) ** 2;
        weights += w;
      });
      rms.push(Math.sqrt(before / weights), Math.sqrt(after / weights));
    });
    for (let p = 0; p < 3; p++) {
      expect(rms[2 * p]!).toBeGreaterThan(0.05);
      // graphite's rings overlap by more than a width and share by the prior
      expect(rms[2 * p + 1]!).toBeLessThan(p === 2 ? 0.03 : 2e-3);
    }
  });

  it("leave little of the mean ray over", () => {
    expect(step.misfitBefore).toBeGreaterThan(0.03);
    expect(step.misfit).toBeLessThan(step.misfitBefore / 10);
    const top = mean.reduce((most, value) => Math.max(most, value), 0);
    step.calculated.forEach((value, j) => expect(Math.abs(value - mean[j]!)).toBeLessThan(0.02 * top));
  });

  it("stay as they are where they are right, with the scale that the maps lack", () => {
    const right = meanRay(models.map(({ ringCount }) => new Float64Array(ringCount).fill(1)));
    const halved = phases.map((phase, p) =>
      p === 1 ? { ...phase, scale: Float64Array.from(phase.scale, (s) => s / 2) } : phase,
    );
    const { factors, scales } = intensityStep({ mean: right, sigma, geometry, phases: halved });
    expect(scales.map((value) => Math.round(value * 100) / 100)).toEqual([1, 2, 1]);
    factors.forEach((own, p) => {
      const strongest = models[p]!.intensity.reduce((most, value) => Math.max(most, value), 0);
      own.forEach((value, ring) => {
        if (models[p]!.intensity[ring]! > 0.05 * strongest) expect(Math.abs(value - 1)).toBeLessThan(0.03);
      });
    });
  });

  it("are never negative, and 1 where nothing is seen of them", () => {
    const without = phases.map((phase, p) => (p === 2 ? { ...phase, scale: new Float64Array(SIZE * SIZE) } : phase));
    const { factors, scales } = intensityStep({ mean, sigma, geometry, phases: without });
    expect(scales[2]).toBeNaN();
    expect(factors[2]!.every((value) => value === 1)).toBe(true);
    for (const own of factors) expect(own.every((value) => value >= 0)).toBe(true);
  });

  it("do not look at masked channels", () => {
    const broken = mean.slice();
    broken.fill(1e9, 200, 220);
    const masked = sigma.slice();
    masked.fill(Number.NaN, 200, 220);
    const { factors } = intensityStep({ mean: broken, sigma: masked, geometry, phases });
    expect(factors[1]!.every((value, ring) => Math.abs(value - step.factors[1]![ring]!) < 0.05)).toBe(true);
  });
});
