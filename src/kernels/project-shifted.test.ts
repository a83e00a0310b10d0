import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import * as reference from "./reference/index.ts";

/** A region that starts off the squares, lines of unequal length, rows that end off the vectors. */
const N = 19;
const ROW = 32;
const IMAGE_BINS = 56;
const ROW_STRIDE = 32;
const PHASES = 8;
const omega = [0, 90, 180, 270, 45, 13.7, -121.3, 359.99, 60];
const directions = Float64Array.from(
  omega.flatMap((deg) => {
    const [c, s] = [Math.cos((deg * Math.PI) / 180), Math.sin((deg * Math.PI) / 180)];
    return [c, s, Math.max(Math.abs(c), Math.abs(s))];
  }),
);
const spans = Int32Array.from(Array.from({ length: N }, (_, y) => [y % 5, N - (y % 7)]).flat());
const taps = Float32Array.from({ length: 6 * PHASES }, (_, i) => Math.sin(3 * i) / 2);
const noise = (n: number, seed: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898 + seed));

describe.each(kernelBuilds)("shifted pair, $name", ({ exact, create }) => {
  const { arena, run } = create();
  const f32 = (values: Float32Array) => {
    const array = arena.f32(values.length);
    array.set(values);
    return array;
  };
  const lines = arena.i32(spans.length);
  lines.set(spans);
  const turns = arena.f64(directions.length);
  turns.set(directions);
  const filters = f32(taps);
  const scratch = arena.f32(PHASES * IMAGE_BINS + 4 * omega.length);
  const same = (got: Float32Array, want: Float32Array) => {
    if (exact) expect(got).toEqual(want);
    else {
      // a fused product is not rounded: up to 12 additions of values up to 10
      got.forEach((value, i) => expect(Math.abs(value - want[i]!)).toBeLessThan(2e-5));
    }
  };
  // shifts of up to 0.01 x 13 steps x 60 bins = 8 bins either way: rows lie inside image bins 8 to 45
  const [y0, y1] = [3, 18];
  const place = [9.25, 8.5, 15.4, 0.01, 60] as const;

  it.each([16, 15, 21])("projectShifted equals its twin, %i bins", (rowBins) => {
    const image = noise((y1 - y0) * N * IMAGE_BINS, 3);
    const want = noise(omega.length * ROW * ROW_STRIDE, 4);
    const got = f32(want);
    const shape = [ROW, ROW_STRIDE, rowBins] as const;
    const plain = [N, IMAGE_BINS, 16, y0, y1, spans, directions, omega.length, ...place, taps, PHASES] as const;
    reference.projectShifted(want, ...shape, image, ...plain, new Float32Array(PHASES * IMAGE_BINS));
    const ours = [N, IMAGE_BINS, 16, y0, y1, lines, turns, omega.length, ...place, filters, PHASES] as const;
    run.projectShifted(got, ...shape, f32(image), ...ours, scratch);
    same(got, want);
    expect(want[ROW_STRIDE * 16]).not.toBe(noise(omega.length * ROW * ROW_STRIDE, 4)[ROW_STRIDE * 16]);
  });

  it.each([16, 15, 21])("backprojectShifted equals its twin, %i bins", (rowBins) => {
    const rows = noise(omega.length * ROW * ROW_STRIDE, 1);
    const want = noise((y1 - y0) * N * IMAGE_BINS, 2);
    const got = f32(want);
    const shape = [ROW, ROW_STRIDE, rowBins] as const;
    const head = [N, IMAGE_BINS, 16, y0, y1] as const;
    const tail = [omega.length, ...place] as const;
    const own = new Float32Array(PHASES * IMAGE_BINS);
    reference.backprojectShifted(want, ...head, spans, rows, ...shape, directions, ...tail, taps, PHASES, own);
    run.backprojectShifted(got, ...head, lines, f32(rows), ...shape, turns, ...tail, filters, PHASES, scratch);
    same(got, want);
  });
});
