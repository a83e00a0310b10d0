import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import * as reference from "./reference/index.ts";

const N = 37;
const noise = (n: number, seed: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898 + seed));

describe.each(kernelBuilds)("kernels on packed stacks, $name", ({ exact, create }) => {
  const { arena, run } = create();
  const f32 = (values: Float32Array) => {
    const array = arena.f32(values.length);
    array.set(values);
    return array;
  };
  const f64 = (values: Float64Array) => {
    const array = arena.f64(values.length);
    array.set(values);
    return array;
  };
  const a = noise(16 * N, 1);
  const b = noise(16 * N, 2);
  const weights = noise(N, 3).map((value) => Math.max(0, value));
  const factors = noise(16, 4);
  factors[5] = 0;
  const same = (got: Float32Array | Float64Array, want: Float32Array | Float64Array) => {
    if (exact) expect(got).toEqual(want);
    // one fused product: an ulp of values up to 4
    else got.forEach((value, i) => expect(Math.abs(value - want[i]!)).toBeLessThan(1e-6));
  };

  it.each([1, 3, 4, 15, 16])("packLanes and unpackLanes move %i bins", (bins) => {
    const stride = bins + 2;
    const source = noise(N * stride, 5);
    const want = new Float32Array(16 * N).fill(7);
    const got = f32(want);
    reference.packLanes(want, source, N, stride, bins);
    run.packLanes(got, f32(source), N, stride, bins);
    expect(got).toEqual(want);
    const wantBack = new Float32Array(N * stride).fill(7);
    const gotBack = f32(wantBack);
    reference.unpackLanes(wantBack, want, N, stride, bins, 0.3);
    run.unpackLanes(gotBack, got, N, stride, bins, 0.3);
    expect(gotBack).toEqual(wantBack);
    expect(want[16 * 3 + bins - 1]).toBe(source[3 * stride + bins - 1]);
  });

  it("arithmetic equals its twins", () => {
    const sums = Float64Array.from({ length: 16 }, (_, lane) => lane);
    const onTwins: [
      (array: Float32Array, total: Float64Array) => void,
      (array: Float32Array, total: Float64Array) => void,
    ][] = [
      [(x, s) => reference.projectDot(s, x, b, N), (x, s) => run.projectDot(s, x, f32(b), N)],
      [(x) => reference.projectAdd(x, b, factors, N), (x) => run.projectAdd(x, f32(b), f32(factors), N)],
      [(x) => reference.projectTurn(x, b, factors, N), (x) => run.projectTurn(x, f32(b), f32(factors), N)],
      [(x) => reference.projectWeigh(x, weights, N), (x) => run.projectWeigh(x, f32(weights), N)],
      [
        (x, s) => reference.projectResidual(x, b, weights, s, N),
        (x, s) => run.projectResidual(x, f32(b), f32(weights), s, N),
      ],
      [
        (x, s) => reference.projectRatio(x, b, weights, s, N),
        (x, s) => run.projectRatio(x, f32(b), f32(weights), s, N),
      ],
      [
        (x) => reference.projectScale(x, b, weights, factors, N),
        (x) => run.projectScale(x, f32(b), f32(weights), f32(factors), N),
      ],
      [(x) => reference.projectOntoFree(x, b, N), (x) => run.projectOntoFree(x, f32(b), N)],
      [
        (x) => reference.projectStep(x, b, weights, factors, -0.2, N),
        (x) => run.projectStep(x, f32(b), f32(weights), f32(factors), -0.2, N),
      ],
      [
        (x) => reference.projectStep(x, b, weights, factors, -Infinity, N),
        (x) => run.projectStep(x, f32(b), f32(weights), f32(factors), -Infinity, N),
      ],
    ];
    for (const [twin, ours] of onTwins) {
      const want = a.slice();
      const wantSums = sums.slice();
      const got = f32(a);
      const gotSums = f64(sums);
      twin(want, wantSums);
      ours(got, gotSums);
      same(got, want);
      same(gotSums, wantSums);
    }
  });
});
