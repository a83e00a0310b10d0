import { describe, expect, it } from "vitest";
import { encodeNpy as encodeAsFiles } from "../../src/files/npy.ts";
import { encodeNpy } from "../../src/web/core/npy.ts";

describe("encodeNpy", () => {
  it.each([
    [[2, 3], Float64Array.of(1, -2.5, Number.NaN, 4, 5, 1e300)],
    [[4], Float32Array.of(0, 1, 2, 3)],
    [[2, 1, 2], Uint8Array.of(1, 2, 3, 255)],
    [[1], Int16Array.of(-7)],
  ] as const)("writes the bytes that the program writes, for %j", (shape, data) => {
    expect([...encodeNpy(shape, data)]).toEqual([...encodeAsFiles({ shape, data })]);
  });
  it("writes a part of a larger buffer alone", () => {
    const part = new Float32Array(Float32Array.of(9, 8, 7, 6).buffer, 4, 2);
    expect([...encodeNpy([2], part)]).toEqual([...encodeNpy([2], Float32Array.of(8, 7))]);
  });
  it("refuses a shape of another size", () => {
    expect(() => encodeNpy([3], Float64Array.of(1))).toThrow(RangeError);
  });
});
