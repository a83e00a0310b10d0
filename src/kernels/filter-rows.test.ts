import { describe, expect, it } from "vitest";
import { kernelBuilds } from "../../tests/kernel-builds.ts";
import { inTransformOrder, planFourier } from "../stages/reconstruct/filter.ts";
import * as reference from "./reference/index.ts";

describe.each(kernelBuilds)("filterRows, $name", ({ exact, create }) => {
  const { arena, run } = create();
  const f32 = (values: ArrayLike<number>) => {
    const array = arena.f32(values.length);
    array.set(values);
    return array;
  };
  // Lengths 4, 9, 16, 27, 48, 96 and 144: every radix, first and last; odd numbers of angles.
  it.each([2, 5, 8, 14, 24, 47, 70])("equals its twin, and the convolution written out (%i translations)", (n) => {
    const angles = 3;
    const pad = 2;
    const rowLength = n + 5;
    const plan = planFourier(n);
    const kernel = Float64Array.from({ length: n }, (_, i) => Math.cos(i) / (1 + i));
    const spectrum = Float64Array.from({ length: Math.floor(plan.length / 2) + 1 }, (_, k) =>
      kernel.reduce((sum, h, i) => sum + (i === 0 ? 1 : 2) * h * Math.cos((2 * Math.PI * i * k) / plan.length), 0),
    );
    const ordered = inTransformOrder(spectrum, plan);
    const rows = Float32Array.from({ length: angles * rowLength * 16 }, (_, i) => Math.sin(i * 12.9898));
    const weights = Float32Array.of(1, -0.5, 2);
    const want = rows.slice();
    const stages = plan.radices.length;
    reference.filterRows(
      ...([want, rowLength, pad, n, 0, angles, weights, plan.length, plan.radices] as const),
      ...([stages, plan.twiddles, ordered, new Float32Array(plan.length * 16)] as const),
    );
    const radices = arena.i32(stages);
    radices.set(plan.radices);
    const got = f32(rows);
    run.filterRows(
      ...([got, rowLength, pad, n, 0, angles, f32(weights), plan.length, radices] as const),
      ...([stages, f32(plan.twiddles), f32(ordered), arena.f32(plan.length * 16)] as const),
    );
    if (exact) expect(got).toEqual(want);
    for (let angle = 0; angle < angles; angle++)
      for (let lane = 0; lane < 16; lane += 5)
        for (let t = 0; t < n; t++) {
          let sum = 0;
          for (let i = 0; i < n; i++)
            sum += kernel[Math.abs(t - i)]! * rows[(angle * rowLength + pad + i) * 16 + lane]!;
          expect(got[(angle * rowLength + pad + t) * 16 + lane]).toBeCloseTo(sum * weights[angle]!, 5);
        }
    expect(got.subarray(0, pad * 16)).toEqual(rows.subarray(0, pad * 16));
  });
});
