import { describe, expect, it } from "vitest";
import { goodnessOfFit, scaleCovariance, strongCorrelations } from "./index.ts";
import { createNormalWorkspace, factoriseDamped, invertNormalMatrix, solveFactorised } from "./normal-matrix.ts";

describe("strongCorrelations", () => {
  //          sd 1, 2, 3, fixed, undetermined
  const rho = [0.5, 0.99, -0.995];
  const matrix = Float64Array.of(
    ...[1, 2 * rho[0]!, 3 * rho[1]!, 0, Number.NaN],
    ...[2 * rho[0]!, 4, 6 * rho[2]!, 0, Number.NaN],
    ...[3 * rho[1]!, 6 * rho[2]!, 9, 0, Number.NaN],
    ...[0, 0, 0, 0, 0],
    ...[Number.NaN, Number.NaN, Number.NaN, 0, Number.NaN],
  );
  it("lists pairs over the threshold, the strongest first, none fixed or undetermined", () => {
    const found = strongCorrelations(matrix, 0.9);
    expect(found.map(({ first, second }) => [first, second])).toEqual([
      [1, 2],
      [0, 2],
    ]);
    expect(found[0]!.correlation).toBeCloseTo(-0.995, 12);
    expect(strongCorrelations(matrix, 0)).toHaveLength(3);
    expect(strongCorrelations(new Float64Array(0), 0.5)).toEqual([]);
  });
});

describe("wider esd", () => {
  it("are times the factor, variances times its square", () => {
    const scaled = scaleCovariance({ matrix: Float64Array.of(4), esd: Float64Array.of(2), undetermined: [] }, 1.5);
    expect([scaled.matrix[0], scaled.esd[0]]).toEqual([9, 3]);
  });
  it("goodness of fit is sqrt(chi^2 / degrees of freedom), NaN without any", () => {
    expect(goodnessOfFit(40, 13, 3)).toBe(2);
    expect(goodnessOfFit(40, 3, 3)).toBeNaN();
  });
});

describe("normal matrix", () => {
  it("the inverse of a Hilbert matrix is made of integers", () => {
    const n = 5;
    const hilbert = Float64Array.from({ length: n * n }, (_, i) => 1 / (Math.floor(i / n) + (i % n) + 1));
    const { matrix, undetermined } = invertNormalMatrix(hilbert, new Uint8Array(n).fill(1), 1e-11);
    expect(undetermined).toEqual([]);
    // first row: 25, -300, 1050, -1400, 630
    [25, -300, 1050, -1400, 630].forEach((value, k) => expect(matrix[k]! / value).toBeCloseTo(1, 8));
    expect(matrix[4 * n + 4]! / 44100).toBeCloseTo(1, 8);
  });
  it("what is not active is never read", () => {
    const n = 3;
    const a = Float64Array.of(4, NaN, 2, NaN, NaN, NaN, 2, NaN, 9); // biome-ignore format: a matrix
    const active = Uint8Array.of(1, 0, 1);
    const work = createNormalWorkspace(n);
    expect(factoriseDamped(a, active, 0, work)).toBe(true);
    const x = new Float64Array(n).fill(NaN);
    solveFactorised(Float64Array.of(10, NaN, 13), active, work, x);
    // 4 x + 2 z = 10, 2 x + 9 z = 13
    expect(x[0]).toBeCloseTo(2, 14);
    expect(x[1]).toBe(0);
    expect(x[2]).toBeCloseTo(1, 14);
    const { matrix } = invertNormalMatrix(a, active, 1e-11);
    expect(matrix[0]).toBeCloseTo(9 / 32, 14);
    expect(matrix[2]).toBeCloseTo(-2 / 32, 14);
  });
  it("is not positive definite where it holds NaN or is singular", () => {
    const work = createNormalWorkspace(2);
    const active = Uint8Array.of(1, 1);
    expect(factoriseDamped(Float64Array.of(1, NaN, NaN, 1), active, 0, work)).toBe(false);
    expect(factoriseDamped(Float64Array.of(1, 1, 1, 1), active, 0, work)).toBe(false);
    expect(factoriseDamped(Float64Array.of(1, 1, 1, 1), active, 1e-10, work)).toBe(true);
  });
});
