/** The judge is judged: gradient, normal matrix, recovery of what is known, posterior deviations. */
import { describe, expect, it } from "vitest";
import { normal, seededRandom } from "../seeded-random.ts";
import { choleskyInPlace, inverseDiagonal, solveCholesky } from "./dense-cholesky.ts";
import { type DenseProblem, denseGradient, denseMisfit, denseModel, solveDense } from "./dense-solver.ts";

const SIZE = 9;
const CHANNELS = 160;

/** A square of 5 x 5 voxels off the axis, 0.9 mm a step, a hexagonal phase with six lines and a known cubic one. */
function problem(changes: Partial<DenseProblem> = {}, seed = 1): DenseProblem {
  const random = seededRandom(seed);
  const places = Array.from({ length: 25 }, (_, i) => [(i % 5) - 1, Math.floor(i / 5) - 2] as const);
  const twoThetaDeg = Float64Array.from({ length: CHANNELS }, (_, j) => 2.2 + 0.02 * j);
  const line = (h: number, k: number, l: number, intensity: number) => ({
    intensity,
    planar: (4 / 3) * (h * h + h * k + k * k),
    axial: l * l,
  });
  const common = { fwhmDeg: (t: number) => 0.05 + 0.004 * t, eta: 0.25 };
  return {
    omegaDeg: Float64Array.from({ length: 12 }, (_, i) => 15 * i),
    translations: SIZE,
    rotationAxis: 4.1,
    stepMm: 0.9,
    distanceMm: 1000,
    depthSign: 1,
    wavelengthA: 0.12,
    twoThetaDeg,
    sigma: twoThetaDeg.map((t) => 0.02 + 0.004 * (t - 3) ** 2),
    data: new Float64Array(0),
    rayVariance: Float64Array.from({ length: 12 * SIZE }, () => 0.5 + random()),
    nuisance: [twoThetaDeg.map(() => 1), twoThetaDeg, twoThetaDeg.map((t) => t * t)],
    blurSide: 1 / 24,
    spatial: {
      ...common,
      lines: [line(1, 0, 1, 1), line(0, 0, 6, 0.3), line(1, 0, 4, 0.9), line(1, 0, 7, 0.3), line(1, 1, 0, 0.6)],
      x: places.map(([x]) => 0.9 * x),
      y: places.map(([, y]) => 0.9 * y),
      scale: places.map(() => 0.6 + 0.8 * random()),
      a: places.map(([x, y]) => 2.83 + 0.002 * x - 0.001 * y),
      c: places.map(([x, y]) => 14.4 - 0.01 * x + 0.02 * y),
    },
    known: [
      { ...common, lines: [{ intensity: 1, planar: 3, axial: 0 }], x: [0.45], y: [1.8], scale: [2], a: [4.05], c: [1] },
    ],
    refinesScale: true,
    hasRayScale: false,
    lambda: [0, 0, 0],
    ...changes,
  };
}
const withData = (p: DenseProblem, noise = 0, seed = 1): DenseProblem => {
  const random = seededRandom(seed);
  const data = denseModel(p).map((value, i) => {
    const g = p.rayVariance[Math.floor(i / CHANNELS)]!;
    return (
      value + 0.7 * Number(p.twoThetaDeg[i % CHANNELS]) + noise * Math.sqrt(g) * p.sigma[i % CHANNELS]! * normal(random)
    );
  });
  return { ...p, data };
};
const from = (p: DenseProblem, a: number[], c: number[], scale: number[]): DenseProblem => ({
  ...p,
  spatial: { ...p.spatial, a, c, scale },
});
const changed = (p: DenseProblem, unknown: number, by: number): DenseProblem => {
  const { units } = denseGradient(p);
  const maps = [p.spatial.a, p.spatial.c, p.spatial.scale].map((map) => Array.from(map));
  maps[unknown % 3]![Math.floor(unknown / 3)]! += by * units[unknown % 3]!;
  return from(p, maps[0]!, maps[1]!, maps[2]!);
};

describe("solveDense", () => {
  it("has the gradient that finite differences give", () => {
    for (const hasRayScale of [false, true]) {
      const truth = withData(problem({ hasRayScale }), 1);
      const p = changed(changed(truth, 7, 0.5), 30, -0.4);
      const { gradient } = denseGradient(p);
      const largest = Math.max(...gradient.map(Math.abs));
      for (const unknown of [0, 7, 20, 30, 31, 32, 74]) {
        const slope = (denseMisfit(changed(p, unknown, 1e-3)) - denseMisfit(changed(p, unknown, -1e-3))) / 2e-3;
        expect(Math.abs(-slope / 2 - gradient[unknown]!)).toBeLessThan(1e-5 * largest);
      }
    }
  });

  it.each([false, true])("finds cells and scales without noise, ray scale %s", (hasRayScale) => {
    const truth = withData(problem({ hasRayScale }));
    const mean = Array.from(truth.spatial.a, () => 2.831);
    const start = from(
      truth,
      mean,
      Array.from(mean, () => 14.41),
      Array.from(mean, () => 1),
    );
    const result = solveDense(start, 8);
    result.a.forEach((a, v) => {
      expect(Math.abs(a - truth.spatial.a[v]!)).toBeLessThan(1e-7);
      expect(Math.abs(result.c[v]! - truth.spatial.c[v]!)).toBeLessThan(1e-6);
      expect(Math.abs(result.scale[v]! - truth.spatial.scale[v]!)).toBeLessThan(1e-6);
    });
    expect(result.objective.at(-1)).toBeLessThan(1e-9 * result.objective[0]!);
  });

  it("does not see what lies in the nuisance space", () => {
    const p = withData(problem());
    const data = p.data as Float64Array;
    const moved = { ...p, data: data.map((y, i) => y + 5 - (i % CHANNELS) * Math.sin(Math.floor(i / CHANNELS))) };
    expect(denseMisfit(moved)).toBeLessThan((1e-16 * data.reduce((sum, y) => sum + y * y, 0)) / 0.02 ** 2);
  });

  it("gives posterior deviations that the spread over noise confirms, and chi2 of 1", () => {
    const clean = problem({ refinesScale: false });
    const pulls: number[] = [];
    for (let seed = 1; seed <= 12; seed++) {
      const noisy = withData(clean, 1, seed);
      const result = solveDense(noisy, 2);
      expect(Math.abs(result.chi2 - 1)).toBeLessThan(0.06); // 13,000 numbers: 5 standard errors
      result.c.forEach((c, v) => {
        pulls.push((c - clean.spatial.c[v]!) / result.sigmaC[v]!);
      });
    }
    const rms = Math.sqrt(pulls.reduce((sum, pull) => sum + pull * pull, 0) / pulls.length);
    // 300 pulls: 4 standard errors
    expect(Math.abs(rms - 1)).toBeLessThan(4 / Math.sqrt(2 * pulls.length));
  });

  it("smooths to one value where lambda is large", () => {
    const p = withData(problem({ lambda: [1e6, 1e6, 0] }), 1);
    const { c } = solveDense(p, 6);
    expect(Math.max(...c) - Math.min(...c)).toBeLessThan(1e-4);
  });
});

it("Cholesky: solution and diagonal of the inverse of a matrix whose inverse is known", () => {
  // second differences, n = 7: inverse min(i, j) (n + 1 - max(i, j)) / (n + 1), counted from 1
  const n = 7;
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    matrix[i * (n + 1)] = 2;
    if (i > 0) matrix[i * n + i - 1] = -1;
  }
  choleskyInPlace(matrix, n);
  inverseDiagonal(matrix, n).forEach((value, i) => {
    expect(value).toBeCloseTo(((i + 1) * (n - i)) / (n + 1), 12);
  });
  const solution = solveCholesky(
    matrix,
    n,
    Float64Array.from({ length: n }, (_, i) => (i === 2 ? 1 : 0)),
  );
  solution.forEach((value, i) => {
    expect(value).toBeCloseTo((Math.min(i + 1, 3) * (n + 1 - Math.max(i + 1, 3))) / (n + 1), 12);
  });
});
