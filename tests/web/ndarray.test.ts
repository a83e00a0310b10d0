import realNdarray, { type NdArray } from "ndarray";
import { describe, expect, it } from "vitest";
import ours from "../../src/web/core/ndarray.ts";

const data = Float32Array.from({ length: 24 }, (_, i) => i);
type Slice = (array: NdArray<Float32Array>) => NdArray<Float32Array>;

describe("arrays with a shape are as those of the package ndarray", () => {
  it.each<[string, Slice]>([
    ["whole", (a) => a],
    ["transposed", (a) => a.transpose(2, 0, 1)],
    ["one index picked", (a) => a.pick(null, 1, null)],
    ["cut below and above", (a) => a.lo(1, 1).hi(1, 2, 3)],
    ["every second, backwards", (a) => a.step(1, -1, 2)],
    ["all of it", (a) => a.transpose(2, 1, 0).step(-2, 1, 1).lo(1).pick(-1, 2)],
  ])("%s", (_, slice) => {
    const theirs = slice(realNdarray(data, [2, 3, 4]));
    const mine = slice(ours(data, [2, 3, 4]) as unknown as NdArray<Float32Array>);
    expect([mine.shape, mine.stride, mine.offset]).toEqual([theirs.shape, theirs.stride, theirs.offset]);
    expect([mine.size, mine.dimension, mine.dtype]).toEqual([theirs.size, theirs.dimension, theirs.dtype]);
    const last = theirs.shape.map((n) => n - 1);
    expect(mine.get(...last)).toBe(theirs.get(...last));
  });
  it("take values", () => {
    const array = ours(new Float64Array(6), [2, 3]);
    array.set(1, 2, 7);
    expect([array.get(1, 2), array.data[5], ours([1, 2]).shape[0], ours([1, 2]).dtype]).toEqual([7, 7, 2, "array"]);
  });
});
