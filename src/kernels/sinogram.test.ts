import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import * as reference from "./reference/sinogram.ts";

const ROWS = 9;
const TAPS = 3;
const wave = (n: number, scale: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => scale * Math.sin(1.7 * i) + 0.4 * scale);

describe.each(kernelBuilds)("sinogram kernels, $name", ({ exact, create }) => {
  const kernels = create();
  const { arena, run } = kernels;
  const inArena = (values: Float32Array): Float32Array => {
    const array = arena.f32(values.length);
    array.set(values);
    return array;
  };
  const source = Int32Array.from({ length: ROWS * TAPS }, (_, i) => (i * 5) % ROWS);
  // one row without any tap, several zero taps
  const weight = Float32Array.from({ length: ROWS * TAPS }, (_, i) => (i < TAPS || i % 4 === 0 ? 0 : Math.cos(i)));
  const arenaSource = arena.i32(source.length);
  arenaSource.set(source);
  const arenaWeight = inArena(weight);
  const expectSame = (found: Float32Array, want: Float32Array): void => {
    if (exact) expect([...found]).toEqual([...want]);
    // relaxed SIMD may fuse multiply and add: one rounding of 2^-24 less for each tap
    else found.forEach((value, i) => expect(Math.abs(value - want[i]!)).toBeLessThan(1e-5 * (1 + Math.abs(want[i]!))));
  };

  it.each([1, 3, 4, 5, 8, 33])("gatherRows equals its twin for %i bins, and does not read taps of weight 0", (bins) => {
    const input = wave(ROWS * bins, 100);
    const want = new Float32Array(ROWS * bins);
    reference.gatherRows(want, input, source, weight, ROWS, TAPS, bins);
    const out = inArena(new Float32Array(ROWS * bins).fill(7));
    run.gatherRows(out, inArena(input), arenaSource, arenaWeight, ROWS, TAPS, bins);
    expectSame(out, want);
    expect([...out.subarray(0, bins)]).toEqual(Array(bins).fill(0));
    expect(Number.isNaN(out.reduce((a, b) => a + b))).toBe(false);
  });

  it.each([1, 4, 7, 16])("gatherVariances equals its twin for %i bins", (bins) => {
    const input = wave(ROWS * bins, 50);
    const gain = wave(bins, 1).map(Math.abs);
    for (const isSigma of [0, 1]) {
      const want = new Float32Array(ROWS * bins);
      reference.gatherVariances(want, input, gain, source, weight, ROWS, TAPS, bins, isSigma);
      const out = inArena(new Float32Array(ROWS * bins));
      run.gatherVariances(out, inArena(input), inArena(gain), arenaSource, arenaWeight, ROWS, TAPS, bins, isSigma);
      expectSame(out, want);
    }
  });

  it.each([1, 4, 6, 12])("slidingMaximum equals its twin for %i bins", (bins) => {
    const input = wave(ROWS * bins, 10);
    for (const reach of [0, 1, 3, 20]) {
      const want = new Float32Array(ROWS * bins);
      reference.slidingMaximum(want, input, ROWS, bins, reach);
      const out = inArena(new Float32Array(ROWS * bins));
      run.slidingMaximum(out, inArena(input), ROWS, bins, reach);
      expect([...out]).toEqual([...want]);
    }
  });

  it.each([0, 1, 4, 7, 103])("flagAbove equals its twin for %i values, NaN included", (n) => {
    const value = wave(n, 30).map((v, i) => (i % 11 === 5 ? Number.NaN : v));
    const variance = wave(n, 4).map(Math.abs);
    const before = wave(n, 5);
    const after = wave(n, 6).reverse();
    const want = new Uint8Array(n);
    const count = reference.flagAbove(want, value, variance, before, after, n, 2, 0.5);
    const flags = arena.u8(n).fill(9);
    const found = run.flagAbove(flags, inArena(value), inArena(variance), inArena(before), inArena(after), n, 2, 0.5);
    expect(found).toBe(count);
    expect([...flags]).toEqual([...want]);
    if (n > 50) expect(count).toBeGreaterThan(0);
  });
});
