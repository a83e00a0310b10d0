import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { seededRandom } from "../../tests/seeded-random.ts";
import type { Kernels } from "./index.ts";
import * as reference from "./reference/index.ts";

// Prime to 427, so that the walk of makeTables meets every pixel once; more than the cells hold; not a multiple of 4.
const PIXELS = 4801;
const FRAMES = 4;

/** Bins of the lengths where SIMD code goes wrong, and two long ones. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 39, 40, 41, 63, 64, 65, 200, 1501, 2600];

interface Input {
  frames: (Int32Array | Float32Array)[];
  isFloat: number;
  hasDark: number;
}

function counts(kind: string, next: () => number): number {
  if (kind === "ties") return Math.floor(next() * 3);
  if (kind === "gaps" && next() < 0.2) return -1;
  if (kind === "hot" && next() < 0.02) return 1e6 * next();
  return Math.floor(400 + 80 * (next() + next() + next() - 1.5));
}

function makeInput(kind: string, isFloat: number, hasDark: number, seed = 7): Input {
  const next = seededRandom(seed);
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

/** Tables of pixels in cells of the lengths above, whole (a few pixels in none) and shared, and the corrections. */
function makeTables(isFlat: boolean) {
  const next = seededRandom(11);
  const start = new Uint32Array(LENGTHS.length + 1);
  LENGTHS.forEach((length, i) => {
    start[i + 1] = start[i]! + length;
  });
  const entries = start[bins]!;
  const f32 = (length: number, value: (i: number) => number) => Float32Array.from({ length }, (_, i) => value(i));
  const cell = new Uint32Array(PIXELS + 8).fill(bins);
  const position = new Uint32Array(PIXELS + 8).fill(entries);
  const norm = f32(PIXELS + 8, () => (isFlat ? 1 : 0.8 + 0.2 * next()));
  // Pixels as they come, so that every cell's are spread over the frame.
  for (let c = 0, p = 3; c < bins; c++) {
    for (let e = start[c]!; e < start[c + 1]!; e++) {
      cell[p] = c;
      position[p] = e;
      p = (p + 7 * 61) % PIXELS;
    }
  }
  const first = Uint32Array.from({ length: PIXELS + 9 }, (_, p) => Math.min(p, PIXELS) * 2 - (p % 3 === 0 ? 1 : 0));
  first[0] = 0;
  first.fill(2 * PIXELS, PIXELS);
  return {
    start,
    cell,
    position,
    first,
    norm,
    inverseNorm: norm.map((n) => 1 / n),
    dark: f32(PIXELS + 8, () => 5 * next()),
    shareCell: Uint32Array.from({ length: 2 * PIXELS }, () => Math.floor(next() * bins)),
    sharePosition: Uint32Array.from({ length: 2 * PIXELS }, (_, e) => e % entries),
    coef: f32(2 * PIXELS, next),
    scale: f32(entries + 8, () => 1 + 0.2 * next()),
    weight: f32(entries + 8, next),
    pixels: Float32Array.from(LENGTHS, (n) => n * 0.5),
  };
}

type Tables = ReturnType<typeof makeTables>;
const bins = LENGTHS.length;
const ENTRIES = LENGTHS.reduce((a, b) => a + b, 0);

/** All integrate kernels on one input; `place` puts an array where the build can read it. */
function runAll(
  run: Kernels["run"],
  place: <T extends Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array>(array: T) => T,
  { frames, isFloat, hasDark }: Input,
  tables: Tables,
  trim: number,
): Record<string, Float64Array | Float32Array> {
  const t = Object.fromEntries(Object.entries(tables).map(([k, v]) => [k, place(v)])) as unknown as Tables;
  const four = frames.map((frame) => place(frame)) as [Int32Array, Int32Array, Int32Array, Int32Array];
  const f64 = (length = FRAMES * bins) => place(new Float64Array(length));
  const padded = 4 * (bins + 1);
  const out = {
    whole: f64(padded),
    wholeMissing: f64(2 * padded),
    shares: f64(padded),
    shareVariance: f64(padded),
    shareMissing: f64(2 * padded),
    values: place(new Float32Array(4 * (ENTRIES + 1))),
    sharedValues: place(new Float32Array(4 * (ENTRIES + 1))),
    trimmed: f64(),
    trimmedValid: f64(),
    clipped: f64(),
    clippedVariance: f64(),
    clippedNorm: f64(),
    clippedKept: f64(),
  };
  const scratch = place(new Float32Array(6 * 2600 + 1200));
  const corrections = [t.norm, t.dark, hasDark] as const;
  // In two calls, as the stage does it.
  for (const [from, to] of [
    [0, 1200],
    [1200, PIXELS],
  ] as const) {
    run.integrateWhole(...four, isFloat, t.cell, ...corrections, from, to, bins, out.whole, out.wholeMissing);
    run.integrateShares(
      ...([...four, isFloat, t.first, t.shareCell, t.coef, ...corrections, from, to] as const),
      ...([out.shares, out.shareVariance, out.shareMissing] as const),
    );
    const regroup = [t.inverseNorm, t.dark, hasDark, from, to] as const;
    run.integrateRegroup(...four, isFloat, t.first, 0, t.position, ...regroup, out.values);
    run.integrateRegroup(...four, isFloat, t.first, 1, t.sharePosition, ...regroup, out.sharedValues);
  }
  // The scratch row holds the pixels of no bin, and those past the frame.
  for (const sums of [out.whole, out.shares, out.shareVariance]) sums.fill(0, 4 * bins);
  out.values.fill(0, 4 * ENTRIES);
  out.sharedValues.fill(0, 4 * ENTRIES);
  run.integrateTrimmed(out.values, FRAMES, t.start, 0, bins, bins, trim, scratch, out.trimmed, out.trimmedValid);
  for (const isAzimuthal of [0, 1]) {
    run.integrateClipped(
      ...([
        out.values,
        FRAMES,
        t.scale,
        t.weight,
        t.pixels,
        t.start,
        0,
        bins,
        bins,
        3,
        5,
        isAzimuthal,
        scratch,
      ] as const),
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
          const four = arena.f32(4 * n);
          // the second frame has the values in lumps, the third two values only, the fourth them turned about
          values.forEach((value, i) => {
            four.set([value, Math.floor(value % 7) + (value % 11) * 1e-4, value % 2, values[n - 1 - i]!], 4 * i);
          });
          const start = arena.u32(2);
          start.set([0, n]);
          const scratch = arena.f32(6 * n + 1200);
          const [mean, valid] = [arena.f64(4), arena.f64(4)];
          run.integrateTrimmed(four, 4, start, 0, 1, 1, trim, scratch, mean, valid);
          const k = Math.min(Math.floor(trim * n), (n - 1) >> 1);
          for (let f = 0; f < 4; f++) {
            const rest = Float32Array.from(values, (_, i) => four[4 * i + f]!)
              .sort()
              .subarray(k, n - k);
            const expected = rest.reduce((a, b) => a + b, 0) / rest.length;
            expect(valid[f]).toBe(n);
            expect(Math.abs(mean[f]! - expected)).toBeLessThanOrEqual(1e-12 * (1 + expected));
          }
          arena.release(mark);
        },
      ),
      { numRuns: 150, seed: 3 },
    );
  });
});
