import { describe, expect, it } from "vitest";
import { catalogueModel } from "../../../tests/catalogue-model.ts";
import { norm, projectOff } from "./orthonormal.ts";
import { createPhaseLines } from "./phase-lines.ts";
import { channelSigma, createReduction, type ReductionOptions, rayVariance } from "./reduction.ts";

const NAMES = ["NMC532", "LiC6", "LiC12", "Cu", "Al", "Fe"] as const;
const SCALES = [1e-3, 3e-3, 2e-3, 4e-3, 6e-3, 8e-3];
const DEPTH = 5e-3;
const calculator = catalogueModel(NAMES);
const lines = NAMES.map((_, p) => createPhaseLines(calculator, p));
const copper = lines[3]!;
const iron = lines[5]!;
const { twoTheta } = calculator;
const n = twoTheta.length;

const mean = Float64Array.from(twoTheta, (x) => 200 + 400 * Math.exp(-((x - 2.2) ** 2)) + 100 * Math.exp(-x));
lines.forEach((phase, p) => {
  const own = new Float64Array(n);
  for (const tau of [-3e-3, 0, 3e-3]) phase.addPattern(phase.cell, tau, 1, own);
  const top = own.reduce((most, value) => Math.max(most, value), 0);
  own.forEach((value, j) => {
    mean[j]! += (value / top) * SCALES[p]! * 1e6;
  });
});
const sigma = channelSigma(mean);
const band = (value: number, half: number): readonly [number, number] => [value * (1 - half), value * (1 + half)];
const options = (more: Partial<ReductionOptions> = {}): ReductionOptions => ({
  sigma,
  kept: lines.map((phase, p) => ({
    lines: phase,
    cell: p === 0 ? "spatial" : "global",
    ...(p === 0 && { range: Array.from(phase.cell, (value) => band(value, 3e-3)) }),
  })),
  terms: 32,
  depth: DEPTH,
  ...more,
});
const reduction = createReduction(options());
/** two phases are enough where nothing depends on their number */
const two = (more: Partial<ReductionOptions> = {}): ReductionOptions =>
  options({ kept: options().kept.slice(0, 2), ...more });

/** z of a pattern of unit length in weighted channels */
function reducedLength(pattern: Float64Array, of = reduction): number {
  const weighted = pattern.map((value, j) => value * of.weight[j]!);
  let sum = 0;
  for (let k = 0; k < of.terms; k++) {
    let z = 0;
    for (let j = 0; j < n; j++) z += pattern[j]! * of.exact[j * of.terms + k]!;
    sum += z * z;
  }
  return Math.sqrt(sum) / norm(weighted);
}

describe("reduction of rays to a few numbers", () => {
  it("has orthonormal columns off orthonormal nuisances", () => {
    const { columns, count } = reduction.nuisance;
    const basis = Array.from({ length: 32 }, (_, k) =>
      Float64Array.from({ length: n }, (__, j) => reduction.exact[j * 32 + k]! / reduction.weight[j]!),
    );
    const all = [...Array.from({ length: count }, (_, c) => columns.slice(c * n, (c + 1) * n)), ...basis];
    let worst = 0;
    all.forEach((p, i) => {
      all.forEach((q, k) => {
        const dot = p.reduce((sum, value, j) => sum + value * q[j]!, 0);
        worst = Math.max(worst, Math.abs(dot - (i === k ? 1 : 0)));
      });
    });
    expect(worst).toBeLessThan(1e-10);
  });

  it("keeps 0.96 and more of the precision in 32 numbers, and more in more", () => {
    const cell = (terms: number) =>
      (terms === 32 ? reduction : createReduction(options({ terms }))).retained.filter(
        ({ parameter }) => parameter !== "scale",
      );
    const [few, usual, many] = [16, 32, 48].map((terms) => cell(terms).map(({ share }) => share));
    expect(cell(32).map(({ phase, parameter }) => `${phase} ${parameter}`)).toEqual(["NMC532 a", "NMC532 c"]);
    usual!.forEach((share, q) => {
      expect(share).toBeGreaterThan(0.96);
      expect(share).toBeLessThan(1);
      expect(few![q]!).toBeLessThan(share);
      expect(many![q]!).toBeGreaterThan(share);
    });
  });

  it("leaves nothing of a smooth background", () => {
    const smooth = twoTheta.map((x) => 300 + 40 * x - 5 * x * x + 900 * Math.exp(-(((x - 3.1) / 1.2) ** 2)));
    expect(reducedLength(smooth)).toBeLessThan(2e-3);
    const row = smooth.map((value, j) => value * reduction.weight[j]!);
    const before = norm(row);
    projectOff(row, reduction.nuisance.columns, reduction.nuisance.count);
    expect(norm(row) / before).toBeLessThan(5e-3);
  });

  it("leaves next to nothing of an eliminated phase whose cell, depth and width are a little different", () => {
    const kept = options().kept.filter(({ lines: own }) => own !== copper && own !== iron);
    const without = createReduction(options({ kept, eliminated: [{ lines: copper }, { lines: iron }] }));
    for (const [phase, strain, tau, width] of [
      [copper, 6e-4, 4e-3, 1.02],
      [iron, -8e-4, -4.5e-3, 0.98],
      [iron, 3e-4, 1e-3, 1],
      [copper, 0, 1.2 * DEPTH, 1],
    ] as const) {
      const pattern = new Float64Array(n);
      phase.addPattern(
        phase.cell.map((value) => value * (1 + strain)),
        tau,
        width,
        pattern,
      );
      expect(reducedLength(pattern, without)).toBeLessThan(2e-3);
      expect(reducedLength(pattern, reduction)).toBeGreaterThan(0.2);
    }
    without.retained.forEach(({ share }) => expect(share).toBeGreaterThan(0.96));
    // copper's 111 lies under NMC's 104
    without.retained.forEach(({ eliminationShare }) => expect(eliminationShare).toBeGreaterThan(0.6));
    expect(without.retained[0]!.eliminationShare).toBeLessThan(0.99);
    reduction.retained.forEach(({ eliminationShare }) => expect(eliminationShare).toBe(1));
  });

  it("takes lines of any relative intensity out where asked to", () => {
    const textured = iron.withFactors(
      Float64Array.from({ length: iron.ringCount }, (_, ring) => [1.5, 0.4, 0.7, 1.2][ring % 4]!),
    );
    const pattern = new Float64Array(n);
    textured.addPattern(textured.cell, 2e-3, 1, pattern);
    const [plain, spread] = [0, 0.5].map((intensitySpread) =>
      reducedLength(pattern, createReduction(two({ eliminated: [{ lines: iron, intensitySpread, mostModes: 32 }] }))),
    );
    expect(spread!).toBeLessThan(plain! / 3);
  });

  it("gives no weight to masked channels", () => {
    const masked = sigma.slice();
    masked.fill(Number.NaN, 300, 340);
    masked[700] = Infinity;
    const some = createReduction(two({ sigma: masked }));
    for (const j of [300, 320, 339, 700]) {
      expect(some.matrix.subarray(j * 32, (j + 1) * 32).every((value) => value === 0)).toBe(true);
    }
    expect(some.matrix.every(Number.isFinite)).toBe(true);
  });

  it("is the same each time", () => {
    expect(createReduction(two()).matrix).toEqual(createReduction(two()).matrix);
  });

  it("says what is wrong", () => {
    const code =
      (more: Partial<ReductionOptions>): (() => unknown) =>
      () =>
        createReduction(options(more));
    expect(code({ terms: 12 })).toThrow(expect.objectContaining({ code: "dlsr-terms" }));
    expect(code({ kept: [] })).toThrow(expect.objectContaining({ code: "dlsr-phases" }));
    expect(code({ sigma: sigma.slice(1) })).toThrow(expect.objectContaining({ code: "dlsr-channels" }));
    const most = new Float64Array(n).fill(Number.NaN);
    most.set(sigma.subarray(0, 20));
    expect(code({ sigma: most })).toThrow(expect.objectContaining({ code: "dlsr-terms" }));
  });
});

describe("sigma of channels and rays", () => {
  it("is that of the mean ray with a floor of 2 % of the mean variance, and has no number where masked", () => {
    expect(Array.from(channelSigma([100, 0, 200, Number.NaN]))).toEqual([10, Math.sqrt(2), Math.sqrt(200), Number.NaN]);
  });
  it("grows with what the ray holds", () => {
    const weight = sigma.map((value) => 1 / value);
    const floored = mean.map((value, j) => Math.max(value, sigma[j]! ** 2));
    expect(rayVariance(floored, 0, weight)).toBeCloseTo(1, 9);
    expect(rayVariance([0, ...floored.map((value) => 3 * value)], 1, weight)).toBeCloseTo(3, 9);
    expect(rayVariance(new Float64Array(n), 0, weight)).toBe(0.05);
    expect(rayVariance(new Float64Array(n).fill(Number.NaN), 0, weight)).toBe(Infinity);
  });
});
