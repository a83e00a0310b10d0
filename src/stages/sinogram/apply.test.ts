import { describe, expect, it } from "vitest";
import { poisson, seededRandom } from "../../../tests/seeded-random.ts";
import { measure, peak, truth, type VirtualScan } from "../../../tests/virtual-sinogram.ts";
import { createReferenceKernels, type Kernels } from "../../kernels/index.ts";
import { loadKernels } from "../../pipeline/load-kernels.ts";
import type { SinogramConfig } from "./config.ts";
import {
  analyseSinogram,
  applySinogram,
  CELL,
  createPatternSummary,
  FILLED,
  type ScanRecord,
  summarisePatterns,
} from "./index.ts";

const BINS = 24;
const omegaDeg = Float64Array.from({ length: 61 }, (_, i) => 3 * i);
const scan: VirtualScan = {
  omegaDeg,
  points: 71,
  bins: BINS,
  rotationAxis: 36.37,
  zigZagShift: 1,
  discs: [
    { x: 3, y: -2, radius: 23, pattern: peak(BINS, 6, 3, 40) },
    { x: 12, y: 9, radius: 6, pattern: peak(BINS, 13, 2, 200) },
    // sharp and far out: half a step wide, it moves up to 1.3 steps between projections
    { x: -20, y: 7, radius: 0.5, pattern: peak(BINS, 20, 1, 4000) },
  ],
};
const LINE = scan.points * BINS;

interface Run {
  readonly intensity: Float32Array;
  readonly options?: Partial<SinogramConfig>;
  readonly record?: Partial<ScanRecord>;
  readonly sigma?: Float32Array;
  readonly kernels?: Kernels;
}

/** Both phases on all bins at once. */
function run({ intensity, options = {}, record = {}, sigma, kernels = loadKernels() }: Run) {
  const shape = { lines: omegaDeg.length, points: scan.points, bins: BINS };
  const summary = createPatternSummary(shape.lines, shape.points, BINS);
  summarisePatterns(summary, { ...shape, intensity });
  const report = analyseSinogram(summary, { omegaDeg, ...record }, { air: "none", ...options }, sigma !== undefined);
  const out = new Float32Array(report.angles * LINE);
  const outSigma = new Float32Array(out.length);
  const hot = new Uint8Array(out.length);
  const block = { ...shape, intensity, ...(sigma && { sigma }) };
  const applied = applySinogram(kernels, report, block, out, { sigma: outSigma, hot });
  return { report, out, outSigma, hot, applied, block };
}

const perfect = truth(scan, omegaDeg.subarray(0, 60));

describe("order and shift", () => {
  it("gives back the ordered scan to the last bit, and flags and fills what was not measured", () => {
    const { report, out, outSigma } = run({ intensity: measure(scan), options: { countingGain: 1 } });
    let vacated = 0;
    for (let cell = 0; cell < report.cells.length; cell++) {
      const isVacated = report.cells[cell] === CELL.vacated;
      vacated += isVacated ? 1 : 0;
      for (let b = 0; b < BINS; b++) {
        const at = cell * BINS + b;
        if (!isVacated && out[at] !== perfect[at]) throw new Error(`${out[at]} instead of ${perfect[at]} at ${at}`);
        if (Number.isFinite(outSigma[at]!) === isVacated) throw new Error(`sigma ${outSigma[at]} at ${at}`);
      }
    }
    expect(vacated).toBe(30);
  });

  it("does not depend on how the bins are cut into blocks, nor on the build of the kernels", () => {
    const intensity = measure({ ...scan, seed: 2 });
    intensity[20 * LINE + 30 * BINS + 9] = 1e6;
    const { report, out, outSigma } = run({ intensity });
    for (const kernels of [createReferenceKernels(), loadKernels({ build: "simd" })]) {
      for (const [first, bins] of [
        [0, 5],
        [5, 19],
      ] as const) {
        const part = Float32Array.from({ length: (intensity.length / BINS) * bins }, (_, i) => {
          return intensity[Math.floor(i / bins) * BINS + first + (i % bins)]!;
        });
        const block = { lines: 61, points: scan.points, bins, intensity: part };
        const partOut = new Float32Array((out.length / BINS) * bins);
        const partSigma = new Float32Array(partOut.length);
        applySinogram(kernels, report, block, partOut, { firstBin: first, sigma: partSigma });
        partOut.forEach((value, i) => {
          const at = Math.floor(i / bins) * BINS + first + (i % bins);
          if (value !== out[at] || partSigma[i] !== outSigma[at]) throw new Error(`bin ${at} differs`);
        });
      }
      expect(kernels.arena.mark()).toBe(kernels.arena.start);
    }
  });

  it("shifts by part of a step better than rounding would", () => {
    const smooth = { ...scan, discs: scan.discs.slice(0, 2), zigZagShift: 0.5 };
    const want = truth(smooth, omegaDeg.subarray(0, 60));
    const rmsOf = (options: Partial<SinogramConfig>): number => {
      const { out, report } = run({ intensity: measure(smooth), options });
      let sum = 0;
      for (let i = 0; i < out.length; i++)
        if (!(report.cells[Math.floor(i / BINS)]! & FILLED)) sum += (out[i]! - want[i]!) ** 2;
      return Math.sqrt(sum / out.length);
    };
    const interpolated = rmsOf({});
    expect(interpolated).toBeLessThan(0.25 * rmsOf({ lineShiftSteps: 0 }));
    expect(interpolated).toBeLessThan(0.25 * rmsOf({ subStep: "never" }));
  });
});

describe("normalisation", () => {
  it("takes out monitor, exposure and transmission, and subtracts air, without cutting off what is negative", () => {
    const air = Float64Array.from({ length: BINS }, (_, b) => 30 + b);
    const random = seededRandom(4);
    const intensity = measure({ ...scan, air });
    const cells = intensity.length / BINS;
    const monitor = Float64Array.from({ length: cells }, () => 1e5 * (1 + 0.3 * random()));
    const transmitted = monitor.map((beam, i) => {
      const line = Math.floor(i / scan.points);
      const t = line % 2 ? scan.points - 1 - (i % scan.points) + 1 : i % scan.points;
      return beam * Math.exp(-0.02 * Math.sqrt(Math.max(0, 23 ** 2 - (t - scan.rotationAxis) ** 2)));
    });
    const typical = Float64Array.from(monitor).sort()[cells >> 1]!;
    for (let i = 0; i < intensity.length; i++) {
      const cell = Math.floor(i / BINS);
      intensity[i] = (intensity[i]! * transmitted[cell]!) / typical;
    }
    const { report, out } = run({ intensity, record: { monitor, transmitted }, options: { air: "auto" } });
    expect(report.air.source).toBe("outermost");
    let worst = 0;
    for (let i = 0; i < out.length; i++) {
      if (report.cells[Math.floor(i / BINS)]! & FILLED) continue;
      worst = Math.max(worst, Math.abs(out[i]! - perfect[i]!));
    }
    expect(worst).toBeLessThan(2e-4 * 4000);
    expect(out.some((value) => value < 0)).toBe(true);
  });
});

describe("sigma", () => {
  it("is that of the counts: chi^2 of the noise is 1", () => {
    const { out, outSigma, report } = run({
      intensity: measure({ ...scan, seed: 8, air: new Float64Array(BINS).fill(50) }),
      options: { countingGain: 1, hotSpots: "off" },
    });
    let chi2 = 0;
    let n = 0;
    for (let i = 0; i < out.length; i++) {
      if (report.cells[Math.floor(i / BINS)]) continue;
      chi2 += ((out[i]! - perfect[i]! - 50) / outSigma[i]!) ** 2;
      n++;
    }
    // n = 1e5: the mean of chi^2 has an esd of 0.005; sigma from the counts themselves adds 1/50
    expect(Math.abs(chi2 / n - 1)).toBeLessThan(0.06);
  });

  it("that is given is carried: scaled by the factors, added in squares where points are mixed", () => {
    const intensity = measure({ ...scan, zigZagShift: 0.5 });
    const sigma = new Float32Array(intensity.length).fill(2);
    const monitor = Float64Array.from({ length: 61 * 71 }, (_, i) => (Math.floor(i / 71) === 10 ? 50 : 100));
    const { outSigma, report } = run({
      intensity,
      sigma,
      record: { monitor },
      options: { lineShiftSteps: 0.5, hotSpots: "off" },
    });
    expect(report.sigma.source).toBe("given");
    expect(outSigma[10 * LINE + 20 * BINS]).toBeCloseTo(4, 5);
    // Catmull-Rom at one half: weights -1/16, 9/16, 9/16, -1/16
    expect(outSigma[11 * LINE + 20 * BINS]).toBeCloseTo((2 * Math.sqrt(2 * 81 + 2)) / 16, 5);
  });
});

describe("missing", () => {
  it("frames, lines and single bins are filled along the angle, flagged, and have infinite sigma", () => {
    const intensity = measure(scan);
    intensity.fill(Number.NaN, 8 * LINE, 9 * LINE);
    intensity.fill(0, 31 * LINE + 40 * BINS, 31 * LINE + 41 * BINS);
    intensity[50 * LINE + 30 * BINS + 4] = Number.NaN;
    for (let i = 3; i < intensity.length; i += BINS) intensity[i] = Number.NaN;
    const listed = new Uint8Array(61 * 71);
    listed[20 * 71 + 35] = 1;
    intensity.fill(1e9, 20 * LINE + 35 * BINS, 20 * LINE + 36 * BINS);
    const { report, out, outSigma, applied } = run({ intensity, record: { missing: listed } });
    expect(report.missingPatterns).toBe(71 + 1 + 1);
    expect(report.darkCells).toBe(1);
    expect(applied.maskedValues).toBe(1);
    // line 31 runs backwards from point 70 and is shifted by one: point 40 is translation 70 - 40 + 1
    for (const [angle, translation] of [
      [8, 30],
      [20, 35],
      [31, 31],
    ] as const) {
      const at = angle * LINE + translation * BINS + 6;
      expect(report.cells[angle * 71 + translation]! & FILLED).not.toBe(0);
      expect(outSigma[at]).toBe(Number.POSITIVE_INFINITY);
      expect(out[at]).toBeCloseTo((out[at - LINE]! + out[at + LINE]!) / 2, 3);
      expect(Math.abs(out[at]! - perfect[at]!) / perfect[at]!).toBeLessThan(0.02);
    }
    expect(outSigma[50 * LINE + 30 * BINS + 4]).toBe(Number.POSITIVE_INFINITY);
    // a bin without any pixel stays without value
    expect(out.filter((_, i) => i % BINS === 3).every(Number.isNaN)).toBe(true);
    expect(out.filter((_, i) => i % BINS !== 3).some(Number.isNaN)).toBe(false);
  });

  it("a line that is far too weak is replaced, and named", () => {
    const intensity = measure(scan);
    for (let i = 15 * LINE; i < 16 * LINE; i++) intensity[i] = intensity[i]! * 0.01;
    const { report, out } = run({ intensity });
    expect(report.weakLines).toEqual([15]);
    expect(report.warnings.join()).toContain("Lines 16 ");
    const at = 15 * LINE + 30 * BINS + 6;
    expect(Math.abs(out[at]! - perfect[at]!) / perfect[at]!).toBeLessThan(0.02);
  });
});

describe("hot spots", () => {
  it("sharp features of the sample are left alone: no value replaced, with and without noise", () => {
    expect(run({ intensity: measure(scan) }).applied.hotValues).toBe(0);
    expect(run({ intensity: measure({ ...scan, seed: 5 }) }).applied.hotValues).toBeLessThan(5);
  });

  it("spots and two-projection streaks are found and replaced by what belongs there", () => {
    const intensity = measure({ ...scan, seed: 6, air: new Float64Array(BINS).fill(20) });
    const random = seededRandom(9);
    const spots = new Set<number>();
    for (let i = 0; i < 300; i++) {
      const line = 1 + Math.floor(random() * 57);
      const point = 2 + Math.floor(random() * 67);
      const bin = Math.floor(random() * BINS);
      const strength = 1000 + 20000 * random();
      const lines = i % 3 === 0 ? 2 : 1;
      for (let l = 0; l < lines; l++) {
        const p = (line + l) % 2 ? 70 - point + 1 : point;
        const at = (line + l) * LINE + p * BINS + bin;
        intensity[at] = intensity[at]! + poisson(strength, random);
        spots.add((line + l) * LINE + point * BINS + bin);
      }
    }
    const { out, hot, outSigma } = run({ intensity });
    let found = 0;
    let wrong = 0;
    const errors: number[] = [];
    for (let i = 0; i < out.length; i++) {
      if (hot[i] && spots.has(i)) {
        found++;
        expect(outSigma[i]).toBe(Number.POSITIVE_INFINITY);
        errors.push(Math.abs(out[i]! - perfect[i]! - 20) / Math.sqrt(perfect[i]! + 20));
      } else if (hot[i]) wrong++;
    }
    expect(found / spots.size).toBeGreaterThan(0.95);
    expect(wrong).toBeLessThan(10);
    // half of them to within the noise of a count; at edges the sample moves between projections
    expect(errors.sort((x, y) => x - y)[errors.length >> 1]).toBeLessThan(1.5);
  });
});

describe("rings", () => {
  it("an offset of one translation is found, taken off and flagged; the wall of a centred tube is not", () => {
    const tube = [
      { x: 0, y: 0, radius: 24, pattern: peak(BINS, 6, 3, 60) },
      { x: 0, y: 0, radius: 22, pattern: peak(BINS, 6, 3, -50) },
      ...scan.discs.slice(1, 2),
    ];
    const { zigZagShift: _, ...still } = { ...scan, discs: tube, seed: 3, air: new Float64Array(BINS).fill(30) };
    const clean = measure(still);
    expect(run({ intensity: clean }).report.rings).toEqual([]);
    const striped = clean.slice();
    for (let line = 0; line < 61; line++)
      for (let b = 0; b < BINS; b++) {
        const at = line * LINE + 45 * BINS + b;
        striped[at] = striped[at]! + 60;
      }
    const { report, out } = run({ intensity: striped });
    expect(report.rings.map(({ translation }) => translation)).toEqual([45]);
    let before = 0;
    let after = 0;
    for (let line = 0; line < 60; line++) {
      for (let b = 0; b < BINS; b++) {
        const at = line * LINE + 45 * BINS + b;
        before += striped[at]! - clean[at]!;
        after += out[at]! - clean[at]!;
      }
    }
    expect(Math.abs(after / before)).toBeLessThan(0.15);
    expect(report.cells.length).toBe(60 * 71);
  });
});

it("averages the closing projection, mirrored, into the first", () => {
  const intensity = measure({ ...scan, rotationAxis: 36, seed: 3 });
  const { report, out } = run({ intensity, options: { closing: "average", rotationAxis: 36, hotSpots: "off" } });
  expect(report.scan.closing).toBe("averaged");
  // line 60 is even: it runs forwards; the axis at 36 mirrors translation t to 72 - t
  for (const t of [20, 36, 50]) {
    const want = (intensity[t * BINS + 6]! + intensity[60 * LINE + (72 - t) * BINS + 6]!) / 2;
    expect(out[t * BINS + 6]).toBeCloseTo(want, 3);
  }
});

it("a block of another shape is refused", () => {
  const { report, block, out } = run({ intensity: measure(scan) });
  expect(() => applySinogram(loadKernels(), report, { ...block, points: 70 }, out)).toThrow(
    expect.objectContaining({ code: "sinogram-block-shape" }),
  );
});
