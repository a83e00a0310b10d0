import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import type { Kernels } from "./index.ts";
import * as reference from "./reference/index.ts";

const PIXELS = 4000;
const FRAMES = 4;

/** Bins of the lengths where SIMD code goes wrong, and two long ones. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 39, 40, 41, 63, 64, 65, 200, 1501, 2600];

interface Input {
  frames: (Int32Array | Float32Array)[];
  isFloat: number;
  hasDark: number;
}

/** A seeded sequence in [0, 1) (mulberry32). */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function counts(kind: string, next: () => number): number {
  if (kind === "ties") return Math.floor(next() * 3);
  if (kind === "gaps" && next() < 0.2) return -1;
  if (kind === "hot" && next() < 0.02) return 1e6 * next();
  return Math.floor(400 + 80 * (next() + next() + next() - 1.5));
}

function makeInput(kind: string, isFloat: number, hasDark: number, seed = 7): Input {
  const next = sequence(seed);
  const frames = Array.from({ length: FRAMES }, () => {
    const frame = isFloat ? new Float32Array(PIXELS) : new Int32Array(PIXELS);
    for (let p = 0; p < PIXELS; p++) {
      const v = counts(kind, next);
      frame[p] = isFloat ? (v < 0 ? Number.NaN : v * 1.1 - 30) : v;
    }
    return frame;
  });
  return { frames, isFloat, hasDark };
}

/** The tables of the bins, and a set of outputs, from plain memory or from an arena. */
function makeTables(flat: boolean) {
  const next = sequence(11);
  const start = new Uint32Array(LENGTHS.length + 1);
  LENGTHS.forEach((length, i) => {
    start[i + 1] = start[i]! + length;
  });
  const entries = start[LENGTHS.length]!;
  const f32 = (value: () => number) => Float32Array.from({ length: entries + 4 }, value);
  const pixel = Uint32Array.from({ length: entries + 4 }, () => Math.floor(next() * PIXELS));
  const norm = Float32Array.from({ length: PIXELS }, () => (flat ? 1 : 0.8 + 0.2 * next()));
  const coef = f32(next);
  const scale = Float32Array.from(pixel, (p) => 1 / norm[p]!);
  const weight = Float32Array.from(pixel, (p, e) => norm[p]! * coef[e]!);
  const dark = Float32Array.from({ length: PIXELS }, () => 5 * next());
  const entryDark = Float32Array.from(pixel, (p) => dark[p]!);
  const pixels = Float32Array.from(LENGTHS, (n) => n * 0.5);
  return { start, pixel, norm, coef, scale, weight, dark, entryDark, pixels };
}

type Tables = ReturnType<typeof makeTables>;
const bins = LENGTHS.length;

/** All integrate kernels on one input; `place` puts an array where the build can read it. */
function runAll(
  run: Kernels["run"],
  place: <T extends Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array>(array: T) => T,
  { frames, isFloat, hasDark }: Input,
  tables: Tables,
  trim: number,
): Record<string, Float64Array | Uint8Array> {
  const t = Object.fromEntries(Object.entries(tables).map(([k, v]) => [k, place(v)])) as unknown as Tables;
  const [f0, f1, f2, f3] = frames.map((frame) => place(frame)) as [Int32Array, Int32Array, Int32Array, Int32Array];
  const f64 = () => place(new Float64Array(FRAMES * bins));
  const out = {
    sums: f64(),
    sumGaps: place(new Uint8Array(FRAMES * bins)),
    shares: f64(),
    shareVariance: f64(),
    shareGaps: place(new Uint8Array(FRAMES * bins)),
    gapSignal: f64(),
    gapVariance: f64(),
    gapNorm: f64(),
    trimmed: f64(),
    trimmedKept: f64(),
    clipped: f64(),
    clippedVariance: f64(),
    clippedNorm: f64(),
    clippedKept: f64(),
  };
  const scratch = place(new Float32Array(3 * 2600 + 256));
  run.integrateSums(f0, f1, f2, f3, isFloat, t.pixel, t.start, 0, bins, bins, out.sums, out.sumGaps);
  run.integrateShares(
    ...([
      f0,
      f1,
      f2,
      f3,
      isFloat,
      t.pixel,
      t.coef,
      t.start,
      0,
      bins,
      bins,
      out.shares,
      out.shareVariance,
      out.shareGaps,
    ] as const),
  );
  run.integrateGaps(
    ...([f0, isFloat, t.pixel, t.coef, hasDark, t.norm, t.dark, hasDark, t.start, 0, bins] as const),
    ...([out.gapSignal, out.gapVariance, out.gapNorm, out.shareGaps] as const),
  );
  run.integrateTrimmed(
    ...([f0, f1, f2, f3, FRAMES, isFloat, t.pixel, t.scale, t.entryDark, hasDark, t.start, 0, bins, bins] as const),
    ...([trim, scratch, out.trimmed, out.trimmedKept] as const),
  );
  for (const isAzimuthal of [0, 1]) {
    run.integrateClipped(
      ...([
        f0,
        f1,
        f2,
        f3,
        FRAMES,
        isFloat,
        t.pixel,
        t.scale,
        t.entryDark,
        hasDark,
        t.weight,
        t.pixels,
        t.start,
      ] as const),
      ...([0, bins, bins, 3, 5, isAzimuthal, scratch] as const),
      ...([out.clipped, out.clippedVariance, out.clippedNorm, out.clippedKept] as const),
    );
  }
  return out;
}

function inArena(arena: Kernels["arena"]) {
  return <T extends Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array>(array: T): T => {
    const { length } = array;
    const to =
      array instanceof Float32Array
        ? arena.f32(length)
        : array instanceof Float64Array
          ? arena.f64(length)
          : array instanceof Int32Array
            ? arena.i32(length)
            : array instanceof Uint32Array
              ? arena.u32(length)
              : arena.u8(length);
    (to as unknown as Float32Array).set(array as unknown as Float32Array);
    return to as T;
  };
}

describe.each(kernelBuilds.filter(({ name }) => name !== "reference"))("integrate kernels, $name", ({ create }) => {
  const { arena, run } = create();
  const inputs = ["plain", "ties", "gaps", "hot"].flatMap((kind) =>
    [0, 1].flatMap((isFloat) => [0, 1].map((hasDark) => ({ kind, isFloat, hasDark }))),
  );
  // Relaxed SIMD too: these kernels use no fused multiply-add, so every build gives the same bits.
  it.each(inputs)("equal their twins: $kind, float $isFloat, dark $hasDark", ({ kind, isFloat, hasDark }) => {
    const input = makeInput(kind, isFloat, hasDark);
    for (const trim of [0, 0.1, 0.5]) {
      const tables = makeTables(kind === "ties");
      const mark = arena.mark();
      const want = runAll(reference, (array) => array, input, tables, trim);
      const got = runAll(run, inArena(arena), input, tables, trim);
      for (const [name, values] of Object.entries(want)) expect([name, ...got[name]!]).toEqual([name, ...values]);
      arena.release(mark);
    }
  });

  it("the selection is exact on any values and any trim (fuzzed against sorting)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 2 ** 30 })), {
          minLength: 1,
          maxLength: 1200,
          size: "max",
        }),
        fc.double({ min: 0, max: 0.5, noNaN: true }),
        (values, trim) => {
          const mark = arena.mark();
          const n = values.length;
          const frame = arena.i32(n);
          frame.set(values);
          const pixel = arena.u32(n + 4);
          pixel.set(values.map((_, i) => i));
          const scale = arena.f32(n + 4).fill(1);
          const start = arena.u32(2);
          start.set([0, n]);
          const scratch = arena.f32(3 * n + 256);
          const [mean, kept] = [arena.f64(4), arena.f64(4)];
          run.integrateTrimmed(
            ...([
              frame,
              frame,
              frame,
              frame,
              1,
              0,
              pixel,
              scale,
              scale,
              0,
              start,
              0,
              1,
              1,
              trim,
              scratch,
              mean,
              kept,
            ] as const),
          );
          arena.release(mark);
          const k = Math.min(Math.floor(trim * n), (n - 1) >> 1);
          const rest = Float32Array.from(values)
            .sort()
            .subarray(k, n - k);
          const expected = rest.reduce((a, b) => a + b, 0) / rest.length;
          expect(kept[0]).toBe(n - 2 * k);
          expect(Math.abs(mean[0]! - expected)).toBeLessThanOrEqual(1e-12 * expected);
        },
      ),
      { numRuns: 150, seed: 3 },
    );
  });
});
