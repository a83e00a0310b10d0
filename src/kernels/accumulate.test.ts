import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { accumulate } from "./reference/index.ts";

describe.each(kernelBuilds)("accumulate, $name", ({ exact, create }) => {
  const { arena, run } = create();
  it.each([0, 1, 3, 4, 5, 8, 1023])("equals its twin for n = %i", (n) => {
    const row = Float32Array.from({ length: n }, (_, i) => Math.sin(i) * 3.7);
    const want = Float32Array.from({ length: n }, (_, i) => Math.cos(i));
    const out = arena.f32(n);
    const given = arena.f32(n);
    out.set(want);
    given.set(row);
    accumulate(want, row, 0.3, n);
    run.accumulate(out, given, 0.3, n);
    if (exact) expect([...out]).toEqual([...want]);
    else out.forEach((value, i) => expect(value).toBeCloseTo(want[i]!, 6));
  });
});
