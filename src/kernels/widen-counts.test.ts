import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";

describe.each(kernelBuilds)("widenCounts, $name", ({ create }) => {
  const { arena, run } = create();
  it.each([
    [Uint8Array, 255],
    [Int8Array, undefined],
    [Uint16Array, 65535],
    [Int16Array, undefined],
  ] as const)("keeps every value of %o, and makes -1 of %s", (Type, bad) => {
    const size = Type.BYTES_PER_ELEMENT;
    // odd, so that the last few are beside the vectors
    const counts = new Type(2 ** (8 * size) + 5).map((_, i) => i);
    const source = arena.u8(counts.byteLength);
    source.set(new Uint8Array(counts.buffer));
    const out = arena.i32(counts.length + 1).fill(7);
    run.widenCounts(source, out, counts.length, size, bad === undefined ? 1 : 0);
    expect([...out]).toEqual([...Array.from(counts, (count) => (count === bad ? -1 : count)), 7]);
  });
});
