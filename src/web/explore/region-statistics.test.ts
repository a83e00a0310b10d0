import { expect, it } from "vitest";
import { regionStatistics } from "./region-statistics.ts";

it("mean, deviation and median are of the voxels inside that converged", () => {
  const values = [1, 2, 4, 9, Number.NaN, 100, 50];
  const inside = [1, 1, 1, 1, 1, 0, 1];
  const status = [0, 0, 0, 0, 0, 0, 3];
  const { voxels, used, mean, sd, median } = regionStatistics(values, inside, status);
  expect([voxels, used, mean, median]).toEqual([6, 4, 4, 3]);
  expect(sd).toBeCloseTo(Math.sqrt((9 + 4 + 0 + 25) / 3), 12);
  expect(regionStatistics(values, inside).used).toBe(5);
  expect(regionStatistics(values, inside).median).toBe(4);
});

it("nothing to stand on gives no number", () => {
  const none = regionStatistics([1, 2], [0, 0]);
  expect(none).toEqual({ voxels: 0, used: 0, mean: Number.NaN, sd: Number.NaN, median: Number.NaN });
  expect(regionStatistics([7], [1])).toMatchObject({ used: 1, mean: 7, sd: Number.NaN, median: 7 });
});
