import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import * as reference from "./reference/index.ts";

/** A tile region that starts off the tile grid, lines of unequal length, an angle list of no order. */
const N = 37;
const ROW = 60;
const ANGLES = 11;
const omega = [0, 90, 180, 270, 45, 13.7, -121.3, 359.99, 60, 30.1, 99];
const directions = omega.flatMap((deg) => [
  Math.cos((deg * Math.PI) / 180),
  Math.sin((deg * Math.PI) / 180),
  deg > 90 ? 1 : 0.7 + deg / 400,
]);
const spans = Array.from({ length: N }, (_, y) => [y % 5, N - (y % 7)]).flat();
const region = [3, 37, 2, 36] as const;
const noise = (n: number, seed: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898 + seed));

describe.each(kernelBuilds)("tile kernels, $name", ({ exact, create }) => {
  const { arena, run } = create();
  const f32 = (values: Float32Array) => {
    const array = arena.f32(values.length);
    array.set(values);
    return array;
  };
  const lines = arena.i32(2 * N);
  const turns = arena.f64(3 * ANGLES);
  lines.set(spans);
  turns.set(directions);
  const scratch = arena.f32(4544);
  const same = (got: Float32Array, want: Float32Array) => {
    if (exact) expect(got).toEqual(want);
    else {
      // Fused multiply-add keeps the product unrounded: each of up to 22 steps may differ by half an ulp of the sum.
      const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - want[i]!)), 0);
      expect(worst).toBeLessThan(2e-5);
    }
  };

  it("backprojectTiles equals its twin", () => {
    const [, , y0, y1] = region;
    const rows = noise(ANGLES * ROW * 16, 1);
    const want = noise((y1 - y0) * N * 16, 2);
    const got = f32(want);
    const ours = [Int32Array.from(spans), rows, ROW, Float64Array.from(directions)] as const;
    reference.backprojectTiles(want, N, ...region, ...ours, 1, ANGLES, 18, 17.5, 30.25, new Float32Array(4544));
    run.backprojectTiles(got, N, ...region, lines, f32(rows), ROW, turns, 1, ANGLES, 18, 17.5, 30.25, scratch);
    same(got, want);
  });

  it("projectTiles equals its twin", () => {
    const [, , y0, y1] = region;
    const image = noise((y1 - y0) * N * 16, 3);
    const want = noise(ANGLES * ROW * 16, 4);
    const got = f32(want);
    const ours = [Int32Array.from(spans), Float64Array.from(directions)] as const;
    reference.projectTiles(want, ROW, image, N, ...region, ...ours, 1, ANGLES, 18, 17.5, 30.25, new Float32Array(4544));
    run.projectTiles(got, ROW, f32(image), N, ...region, lines, turns, 1, ANGLES, 18, 17.5, 30.25, scratch);
    same(got, want);
  });
});
