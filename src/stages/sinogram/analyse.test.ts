import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../tests/seeded-random.ts";
import { measure, peak, type VirtualScan } from "../../../tests/virtual-sinogram.ts";
import type { SinogramConfig } from "./config.ts";
import {
  analyseSinogram,
  CELL,
  createPatternSummary,
  mergeSummaries,
  type ScanRecord,
  summarisePatterns,
} from "./index.ts";

const BINS = 32;
const ramp = (n: number, from: number, to: number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));

/** A wall of no symmetry, most of it off the axis, and two grains, one small and far out. */
const base: VirtualScan = {
  omegaDeg: ramp(61, 0, 180),
  points: 71,
  bins: BINS,
  rotationAxis: 36.37,
  discs: [
    { x: 3, y: -2, radius: 24, pattern: peak(BINS, 8, 4, 40) },
    { x: 12, y: 9, radius: 6, pattern: peak(BINS, 18, 2, 200) },
    { x: -20, y: 7, radius: 2.5, pattern: peak(BINS, 26, 2, 400) },
  ],
  air: Float64Array.from({ length: BINS }, (_, b) => 60 - b),
  seed: 1,
};

function analyse(scan: VirtualScan, options: Partial<SinogramConfig> = {}, extra: Partial<ScanRecord> = {}) {
  const intensity = measure(scan);
  const lines = scan.omegaDeg.length;
  const summary = createPatternSummary(lines, scan.points, scan.bins);
  summarisePatterns(summary, { lines, points: scan.points, bins: scan.bins, intensity });
  return analyseSinogram(summary, { omegaDeg: scan.omegaDeg, ...extra }, options);
}

describe("order of the lines", () => {
  it("leaves a unidirectional scan as it is", () => {
    const { order, turned, shiftSteps } = analyse(base);
    expect(order).toMatchObject({ kind: "unidirectional", shiftSteps: 0, confidence: 1 });
    expect([...turned, ...shiftSteps].every((value) => value === 0)).toBe(true);
  });

  it.each([-2, -1, 0, 1, 2])("finds zig-zag with a shift of %i steps, exactly", (zigZagShift) => {
    const { order, rotationAxis } = analyse({ ...base, zigZagShift });
    expect(order).toMatchObject({ kind: "zig-zag", shiftSteps: zigZagShift, confidence: 1 });
    expect(Math.abs(rotationAxis.value - base.rotationAxis)).toBeLessThan(0.05);
  });

  it.each([-0.5, 0.35, 1.4])("finds a shift of %d steps to 0.03", (zigZagShift) => {
    const { order } = analyse({ ...base, zigZagShift });
    expect(order.kind).toBe("zig-zag");
    expect(Math.abs(order.shiftSteps - zigZagShift)).toBeLessThan(0.03);
  });

  it("says that it does not know where the sample is the same both ways", () => {
    const disc = { x: 0, y: 0, radius: 20, pattern: peak(BINS, 8, 4, 40) };
    const { order, warnings } = analyse({ ...base, rotationAxis: 35, discs: [disc] });
    expect(order.confidence).toBeLessThan(0.8);
    expect(warnings.join()).toContain("set order if you know it");
  });

  it("takes what the configuration says", () => {
    const { order } = analyse(base, { order: "zig-zag", lineShiftSteps: 1 });
    expect(order).toMatchObject({ kind: "zig-zag", given: true, shiftSteps: 1 });
  });
});

describe("rotation axis", () => {
  const irregular = [...ramp(90, 0, 358)].map((w, i) => (w + 1.3 * Math.sin(5 * i)) % 360);
  const shuffled = irregular.map((_, i) => irregular[(i * 37) % irregular.length]!);
  it.each([
    ["180 degrees, both ends", ramp(61, 0, 180), "half-turn"],
    ["180 degrees, last left out", ramp(61, 0, 177.05), "half-turn"],
    ["360 degrees", ramp(121, 0, 357), "full-turn"],
    ["backwards from 20 to -160", ramp(61, 20, -160), "half-turn"],
    ["270 degrees", ramp(91, -30, 240), "other"],
    ["irregular and in no order over a turn", Float64Array.from(shuffled), "full-turn"],
  ])("%s: every method within 0.1 step, the value within 0.05", (_, omegaDeg, kind) => {
    const report = analyse({ ...base, omegaDeg });
    const usable = report.rotationAxis.estimates.filter((estimate) => estimate.usable);
    expect(usable.length).toBeGreaterThanOrEqual(2);
    for (const { value } of usable) expect(Math.abs(value - base.rotationAxis)).toBeLessThan(0.1);
    expect(Math.abs(report.rotationAxis.value - base.rotationAxis)).toBeLessThan(0.05);
    expect(report.rotationAxis.agree).toBe(true);
    expect(report.scan.kind).toBe(kind);
    expect([...report.omegaDeg]).toEqual([...report.omegaDeg].sort((a, b) => a - b));
  });

  it("is found wherever it lies", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 31, max: 40, noNaN: true }),
        fc.integer({ min: 1, max: 99 }),
        (rotationAxis, seed) => {
          const { rotationAxis: found } = analyse({ ...base, rotationAxis, seed });
          expect(Math.abs(found.value - rotationAxis)).toBeLessThan(0.05);
        },
      ),
      { numRuns: 8, seed: 5 },
    );
  });

  it("does without the centroid where the sample leaves the field of view, and says so", () => {
    const { rotationAxis, warnings } = analyse({ ...base, points: 48, rotationAxis: 24.2 });
    expect(rotationAxis.truncated).toBe(true);
    expect(rotationAxis.estimates.find(({ method }) => method === "centroid")?.usable).toBe(false);
    expect(Math.abs(rotationAxis.value - 24.2)).toBeLessThan(0.1);
    expect(warnings.join()).toContain("leaves the field of view");
  });

  it("doubts angles that are wrong by a factor of two", () => {
    const whole = { ...base, omegaDeg: ramp(91, 0, 356) };
    expect(analyse(whole).warnings.join()).not.toContain("check the list of angles");
    const halved = whole.omegaDeg.map((w) => w / 2);
    expect(analyse(whole, {}, { omegaDeg: halved }).warnings.join()).toContain("as after 360 degrees");
    expect(analyse(base).warnings.join()).not.toContain("check the list of angles");
    const doubled = base.omegaDeg as Float64Array;
    expect(analyse(base, {}, { omegaDeg: doubled.map((w) => 2 * w) }).warnings.join()).toContain(
      "as after 180 degrees",
    );
  });

  it("drops, averages or keeps the closing projection, and says which", () => {
    expect(analyse(base).scan).toMatchObject({ closing: "dropped", closingLine: 60 });
    expect(analyse(base).angles).toBe(60);
    expect(analyse(base, { closing: "average" }).scan.closing).toBe("averaged");
    expect(analyse(base, { closing: "keep" }).angles).toBe(61);
  });

  it("flags, or on request fails, when the methods disagree", () => {
    expect(analyse({ ...base, omegaDeg: ramp(61, 0, 60) }, { rotationAxis: 36 }).rotationAxis.value).toBe(36);
    // a wobble with two periods a turn, which no place of the axis explains
    const jumps = Float64Array.from(base.omegaDeg, (w) => 3 * Math.cos((w * Math.PI) / 90));
    const report = analyse({ ...base, jumps });
    expect(report.rotationAxis.agree).toBe(false);
    expect(report.warnings.join()).toMatch(/methods that find the rotation axis differ by .* steps/);
    expect(() => analyse({ ...base, jumps }, { axisDisagreement: "fail" })).toThrow(
      expect.objectContaining({ code: "sinogram-axis-disagreement" }),
    );
  });
});

describe("jumps", () => {
  const jumps = new Float64Array(61);
  jumps[7] = 3;
  jumps[20] = -1.45;
  jumps[41] = 0.8;
  jumps[42] = 0.8;

  it("are found to 0.1 step, and nothing else is", () => {
    const report = analyse({ ...base, jumps });
    expect(report.jumps.map(({ line }) => line)).toEqual([7, 20, 41, 42]);
    for (const { line, steps } of report.jumps) expect(Math.abs(steps - jumps[line]!)).toBeLessThan(0.13);
    expect(Math.abs(report.rotationAxis.value - base.rotationAxis)).toBeLessThan(0.05);
  });

  it("are not seen in the motion of a heavy grain at the rim", () => {
    const grain = { x: 31, y: 3, radius: 2, pattern: peak(BINS, 12, 2, 5000) };
    for (const omegaDeg of [ramp(61, 0, 180), ramp(31, 0, 180)])
      expect(analyse({ ...base, omegaDeg, discs: [...base.discs, grain] }).jumps).toEqual([]);
  });

  it("are left alone when they are not to be looked for", () => {
    expect(analyse({ ...base, jumps }, { jumps: "off" }).jumps).toEqual([]);
  });
});

describe("normalisation", () => {
  const cells = 61 * 71;
  const random = seededRandom(3);
  const beam = Float64Array.from({ length: cells }, (_, i) => 1e5 * (1 + 0.2 * Math.sin(i / 500) + 0.02 * random()));

  it("divides by monitor and exposure, relative to their medians", () => {
    const exposureS = Float64Array.from({ length: cells }, (_, i) => (i % 2 ? 0.1 : 0.2));
    const { factor } = analyse({ ...base, seed: 1 }, {}, { monitor: beam, exposureS });
    const rate = Array.from(factor, (value, i) => value * beam[i]! * exposureS[i]!);
    expect(Math.max(...rate) / Math.min(...rate)).toBeCloseTo(1, 10);
    expect(Math.abs(factor[2]! * 2 - factor[3]!) / factor[3]!).toBeLessThan(0.05);
  });

  it("takes the transmission as 1 in air, keeps it above the least, and flags what is opaque", () => {
    const passed = Float64Array.from(beam, (value, i) => {
      const s = (i % 71) - 36;
      return 0.37 * value * (Math.abs(s) < 3 ? 0.001 : Math.abs(s) < 25 ? 0.6 : 1);
    });
    const {
      transmission,
      cells: flags,
      opaqueCells,
    } = analyse(base, { closing: "keep" }, { monitor: beam, transmitted: passed });
    expect(transmission![0]).toBeCloseTo(1, 6);
    expect(transmission![71 + 20]).toBeCloseTo(0.6, 6);
    expect(transmission![71 + 36]).toBe(0.02);
    expect(opaqueCells).toBe(61 * 5);
    expect(flags[71 + 36]! & CELL.opaque).toBe(CELL.opaque);
  });

  it("finds the air pattern in the outermost translations", () => {
    const { air } = analyse({ ...base, points: 91, rotationAxis: 45.2 });
    expect(air.source).toBe("outermost");
    // 61 lines x at least 10 points of 60 counts: 0.3 counts of noise
    air.pattern!.forEach((value, b) => expect(Math.abs(value - base.air![b]!)).toBeLessThan(1.5));
  });

  it("finds the gain of the counts in the air", () => {
    const smooth = { x: 0, y: 2, radius: 25, pattern: new Float64Array(400).fill(9) };
    const report = analyse({ ...base, bins: 400, discs: [smooth], air: new Float64Array(400).fill(200) });
    expect(report.sigma.source).toBe("counting");
    expect(Math.abs(report.sigma.gainMeasured - 1)).toBeLessThan(0.1);
  });
});

describe("bad input", () => {
  it.each([
    ["sinogram-record-shape", () => analyse(base, {}, { monitor: [1, 2, 3] })],
    ["sinogram-record-shape", () => analyse(base, {}, { omegaDeg: [0, 1] })],
    ["sinogram-angle-not-finite", () => analyse(base, {}, { omegaDeg: new Float64Array(61).fill(Number.NaN) })],
    ["sinogram-too-small", () => analyse({ ...base, points: 3 })],
    ["sinogram-empty", () => analyse({ ...base, discs: [], air: new Float64Array(BINS) })],
    ["sinogram-axis-not-found", () => analyse({ ...base, omegaDeg: ramp(61, 0, 60) })],
    ["sinogram-air-missing", () => analyse(base, { air: "given" })],
    ["sinogram-air-shape", () => analyse(base, {}, { air: { intensity: [1, 2] } })],
    ["sinogram-sigma-missing", () => analyse(base, { sigma: "given" })],
  ])("%s", (code, work) => {
    expect(work).toThrow(expect.objectContaining({ name: "InputError", code }));
  });
});

it("a summary is the same, added up by lines, by bins, or merged", () => {
  const intensity = measure(base);
  const [lines, points, half] = [61, 71, BINS / 2];
  const whole = createPatternSummary(lines, points, BINS);
  summarisePatterns(whole, { lines, points, bins: BINS, intensity });
  const parts = [0, 30].map((line) => {
    const part = createPatternSummary(lines, points, BINS);
    const count = line === 0 ? 30 : 31;
    const at = line * points * BINS;
    const block = intensity.subarray(at, at + count * points * BINS);
    summarisePatterns(part, { lines: count, points, bins: BINS, intensity: block }, { line });
    return part;
  });
  expect(mergeSummaries(parts).sum).toEqual(whole.sum);
  const byBins = createPatternSummary(lines, points, BINS);
  for (const bin of [0, half]) {
    const block = Float32Array.from({ length: lines * points * half }, (_, i) => {
      return intensity[Math.floor(i / half) * BINS + bin + (i % half)]!;
    });
    summarisePatterns(byBins, { lines, points, bins: half, intensity: block }, { bin });
  }
  expect(byBins.sum).toEqual(whole.sum);
  expect(byBins.edgeSum).toEqual(whole.edgeSum);
});
