import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { decodeByteOffset } from "./reference/index.ts";

/** The block that gives these differences, each in the shortest form, or in the longest one where `wide`. */
function block(deltas: readonly number[], wide = false): Uint8Array {
  const bytes: number[] = [];
  for (const delta of deltas) {
    const [b0, b1, b2, b3] = [0, 8, 16, 24].map((shift) => (delta >> shift) & 255) as [number, number, number, number];
    const sign = delta < 0 ? 255 : 0;
    if (wide || delta === -0x80000000) bytes.push(0x80, 0, 0x80, 0, 0, 0, 0x80, b0, b1, b2, b3, sign, sign, sign, sign);
    else if (Math.abs(delta) < 128) bytes.push(b0);
    else if (Math.abs(delta) < 32768) bytes.push(0x80, b0, b1);
    else bytes.push(0x80, 0, 0x80, b0, b1, b2, b3);
  }
  return Uint8Array.from(bytes);
}
const runningSum = (deltas: readonly number[]): number[] => {
  let value = 0;
  return deltas.map((delta) => {
    value = (value + delta) | 0;
    return value;
  });
};

describe.each(kernelBuilds)("decodeByteOffset, $name", ({ create }) => {
  const { arena, run } = create();
  const decode = (source: Uint8Array, n: number): number[] => {
    const mark = arena.mark();
    const given = arena.u8(source.length);
    const out = arena.i32(n);
    given.set(source);
    const done = run.decodeByteOffset(given, source.length, out, n);
    const pixels = [...out.subarray(0, done)];
    arena.release(mark);
    return pixels;
  };
  const small = fc.integer({ min: -127, max: 127 });
  const delta = fc.oneof(
    { weight: 12, arbitrary: small },
    { weight: 2, arbitrary: fc.integer({ min: -32767, max: 32767 }) },
    { weight: 1, arbitrary: fc.integer({ min: -0x80000000, max: 0x7fffffff }) },
  );

  it.each([0, 1, 15, 16, 17, 31, 32, 33, 1000])("gives the running sum of %i one-byte differences", (n) => {
    const deltas = Array.from({ length: n }, (_, i) => ((i * 73) % 255) - 127);
    expect(decode(block(deltas), n)).toEqual(runningSum(deltas));
  });
  it("gives the running sum of any differences, in any form", () => {
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 300 }), fc.boolean(), (deltas, wide) => {
        expect(decode(block(deltas, wide), deltas.length)).toEqual(runningSum(deltas));
      }),
      { numRuns: 200 },
    );
  });
  it("stops where a truncated block stops, as its twin does, and for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 250 }), (source, n) => {
        const want = new Int32Array(n);
        const count = decodeByteOffset(source, source.length, want, n);
        expect(decode(source, n)).toEqual([...want.subarray(0, count)]);
      }),
      { numRuns: 300 },
    );
  });
});
