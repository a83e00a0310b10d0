import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { seededRandom } from "../../tests/seeded-random.ts";
import * as reference from "./reference/index.ts";
import { patternNormalScratch } from "./reference/normal-equations.ts";

/** Sums of n products in another order; relative to the sum of their absolute values. */
const REORDERED = 1e-13;

interface System {
  n: number;
  m: number;
  stride: number;
  columns: Float64Array;
  supports: Int32Array;
  observed: Float64Array;
  calculated: Float64Array;
  weight: Float64Array;
}

/** Columns with whole, partial and empty supports, weights of which some are 0. */
function system(n: number, m: number, seed = 1): System {
  const random = seededRandom(seed);
  const stride = n + 5;
  const columns = new Float64Array(m * stride);
  const supports = new Int32Array(2 * m);
  for (let j = 0; j < m; j++) {
    const from = j % 3 === 1 ? Math.floor(random() * n) : 0;
    const to = j % 3 === 0 ? n : from + Math.floor(random() * (n - from + 1));
    supports.set(j % 7 === 5 ? [from, from] : [from, to], 2 * j);
    for (let i = supports[2 * j]!; i < supports[2 * j + 1]!; i++) columns[j * stride + i] = random() - 0.3;
  }
  const fill = (of: () => number): Float64Array => Float64Array.from({ length: n }, of);
  const weight = fill(() => (random() < 0.1 ? 0 : random()));
  return { n, m, stride, columns, supports, observed: fill(random), calculated: fill(random), weight };
}

function naive({ n, m, stride, columns, observed, calculated, weight }: System) {
  const sum = (a: (i: number) => number, b: (i: number) => number): [number, number] => {
    let [total, size] = [0, 0];
    for (let i = 0; i < n; i++) {
      total += weight[i]! * a(i) * b(i);
      size += Math.abs(weight[i]! * a(i) * b(i));
    }
    return [total, size];
  };
  const column = (j: number) => (i: number) => columns[j * stride + i]!;
  const residual = (i: number): number => observed[i]! - calculated[i]!;
  return {
    matrix: Array.from({ length: m * m }, (_, at) => sum(column(Math.floor(at / m)), column(at % m))),
    downhill: Array.from({ length: m }, (_, j) => sum(column(j), residual)),
    chiSquared: sum(residual, residual),
  };
}

describe.each(kernelBuilds)("normalEquations and chiSquared, $name", ({ exact, create }) => {
  const kernels = create();
  const { arena } = kernels;
  const given = <T extends Float64Array | Int32Array>(values: T): T => {
    const array = values instanceof Int32Array ? arena.i32(values.length) : arena.f64(values.length);
    array.set(values);
    return array as T;
  };

  function run(s: System) {
    const mark = arena.mark();
    // rubbish in whatever is to be written
    const matrix = given(new Float64Array(s.m * s.m).fill(7));
    const downhill = given(new Float64Array(s.m).fill(7));
    const scratch = given(new Float64Array(patternNormalScratch(s.n) + 1).fill(Number.NaN));
    scratch[patternNormalScratch(s.n)] = 42;
    const [columns, observed, calculated, weight] = [s.columns, s.observed, s.calculated, s.weight].map(given) as Four;
    const chi = kernels.run.normalEquations(
      ...([matrix, downhill, columns, s.stride, given(s.supports), observed, calculated, weight] as const),
      ...([s.n, s.m, scratch] as const),
    );
    expect(kernels.run.chiSquared(observed, calculated, weight, s.n)).toBe(chi);
    expect(scratch[patternNormalScratch(s.n)]).toBe(42);
    const result = { chi, matrix: [...matrix], downhill: [...downhill] };
    arena.release(mark);
    return result;
  }

  const sizes: [number, number][] = [];
  for (const n of [0, 1, 2, 127, 128, 129, 300, 385]) for (const m of [1, 2, 3, 4, 5, 8]) sizes.push([n, m]);
  it.each([...sizes, [1500, 16], [257, 31]])("%i points, %i columns: the naive sums, and its twin", (n, m) => {
    const s = system(n, m, 1 + n + m);
    const got = run(s);
    const want = naive(s);
    const near = (value: number, [sum, size]: [number, number]): void =>
      expect(Math.abs(value - sum)).toBeLessThanOrEqual(REORDERED * size);
    near(got.chi, want.chiSquared);
    got.downhill.forEach((value, j) => near(value, want.downhill[j]!));
    got.matrix.forEach((value, at) => near(value, want.matrix[at]!));
    if (!exact) return;
    const [matrix, downhill] = [new Float64Array(m * m), new Float64Array(m)];
    const chi = reference.normalEquations(
      ...([matrix, downhill, s.columns, s.stride, s.supports, s.observed, s.calculated, s.weight] as const),
      ...([n, m, new Float64Array(patternNormalScratch(n))] as const),
    );
    expect(got).toEqual({ chi, matrix: [...matrix], downhill: [...downhill] });
  });

  it("the matrix is symmetric to the bit", () => {
    const { matrix } = run(system(300, 9));
    for (let j = 0; j < 9; j++) for (let k = 0; k < j; k++) expect(matrix[9 * j + k]).toBe(matrix[9 * k + j]);
  });

  it("a block of 128 points that a support does not touch is not read", () => {
    const s = system(640, 4);
    const want = run(s);
    for (let j = 0; j < 4; j++) s.supports.set([256, 384], 2 * j);
    const middle = run(s);
    s.columns.forEach((_, at) => {
      const i = at % s.stride;
      if (i < 256 || i >= 384) s.columns[at] = Number.NaN;
    });
    expect(run(s)).toEqual(middle);
    expect(middle.matrix).not.toEqual(want.matrix);
    expect(middle.chi).toBe(want.chi);
  });

  it("what lies beyond the last of an odd number of points does not count", () => {
    const s = system(131, 3);
    const want = run(s);
    for (let j = 0; j < 3; j++) s.columns.fill(Number.NaN, j * s.stride + 131, (j + 1) * s.stride);
    expect(run(s)).toEqual(want);
  });

  it("a column's sums do not depend on the columns beside it", () => {
    const s = system(300, 7, 3);
    const all = run(s);
    for (let j = 0; j < 7; j++) {
      const columns = s.columns.subarray(j * s.stride, (j + 1) * s.stride);
      const one = run({ ...s, m: 1, columns, supports: s.supports.subarray(2 * j, 2 * j + 2) });
      expect(one.matrix[0]).toBe(all.matrix[8 * j]);
      expect(one.downhill[0]).toBe(all.downhill[j]);
    }
  });

  it("no columns: chi-squared alone", () => {
    const s = system(77, 0);
    expect(run(s)).toEqual({ chi: run(s).chi, matrix: [], downhill: [] });
    expect(run(s).chi).toBeGreaterThan(0);
  });
});

type Four = [Float64Array, Float64Array, Float64Array, Float64Array];
