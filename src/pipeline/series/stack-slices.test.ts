import { expect, it } from "vitest";
import { type ParameterMap, STATUS } from "../../data/index.ts";
import { roundsOf } from "../../stages/series/index.ts";
import type { SliceSeries } from "./gather-maps.ts";
import { cutThrough, stackSlices } from "./stack-slices.ts";

it("makes a round of slices until a height comes again, whatever was left out", () => {
  expect(
    roundsOf([
      [0, 1, 2],
      [0.1, 2.1],
    ]),
  ).toEqual([
    { steps: [0, 0], timeH: 0.05 },
    { steps: [1, undefined], timeH: 1 },
    { steps: [2, 1], timeH: 2.05 },
  ]);
  // up and down again
  expect(
    roundsOf([
      [0, 3],
      [1, 2],
    ]).map(({ steps }) => steps),
  ).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

/** 3 x 2 voxels of 0.5 mm; the value says where and when */
const slice = (heightMm: number, timeH: number[]): SliceSeries => {
  const steps = timeH.map(
    (hours): ParameterMap => ({
      name: "Cu/a",
      ny: 2,
      nx: 3,
      unit: "Å",
      values: Float32Array.from({ length: 6 }, (_, i) => 100 * hours + 10 * heightMm + i),
      status: Uint8Array.from({ length: 6 }, (_, i) => (i === 5 ? STATUS.notConverged : STATUS.converged)),
    }),
  );
  const parameter = { name: "Cu/a", unit: "Å", ny: 2, nx: 3, timeH: Float64Array.from(timeH), steps };
  return { heightMm, voxelMm: 0.5, steps: [], timeH: Float64Array.from(timeH), parameters: [parameter as never] };
};

it("cuts through all heights, slices as thick as the closest lie apart", () => {
  const volume = stackSlices([slice(0, [0, 1]), slice(1, [0.5, 1.5]), slice(3, [0.6, 1.6])])!;
  const { rows, cols, pixelMm, values } = cutThrough(volume, "Cu/a", 1, { y: 0.25 });
  expect({ rows, cols, pixelMm }).toEqual({ rows: 8, cols: 3, pixelMm: 0.5 });
  const gap = [Number.NaN, Number.NaN, Number.NaN];
  // the upper row of voxels, of which the last is not known
  const row = (first: number) => [first + 3, first + 4, Number.NaN];
  expect([...values]).toEqual([100, 100, 160, 160].flatMap((first) => row(first)).concat(gap, gap, row(190), row(190)));
  const across = cutThrough(volume, "Cu/a", 0, { x: 0 });
  expect(across.cols).toBe(2);
  expect([...across.values.subarray(0, 2)]).toEqual([1, 4]);
  expect(cutThrough(volume, "Cu/a", 0, { x: 9 }).values.every(Number.isNaN)).toBe(true);
});

it("keeps heights of other grids apart", () => {
  const other = { ...slice(1, [0]), voxelMm: 0.6 };
  expect(stackSlices([slice(0, [0]), other])).toBeUndefined();
  expect(stackSlices([slice(0, [0])])).toBeUndefined();
});

it("draws a few thin slices tall enough to be seen, and says so", () => {
  const volume = stackSlices([slice(0, [0]), slice(0.05, [0])])!;
  const { rows, cols, pixelMm, stretch, values } = cutThrough(volume, "Cu/a", 0, { y: 0.25 });
  expect({ rows, cols, stretch }).toEqual({ rows: 12, cols: 30, stretch: 6 });
  expect(pixelMm).toBeCloseTo(0.05, 12);
  expect([values[0], values[5 * cols], values[6 * cols]]).toEqual([3, 3, 3.5]);
});
