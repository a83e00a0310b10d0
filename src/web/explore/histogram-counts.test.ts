import { describe, expect, it } from "vitest";
import { countValues, spanOf, voxelsInRange } from "./histogram-counts.ts";

const values = [0, 0.5, 1, 1.5, 2, -1, 7, Number.NaN];
const status = [0, 0, 0, 2, 0, 0, 0, 0];

describe("counting values", () => {
  it("puts each into its bin, the upper end into the last, and knows what lies outside", () => {
    const { counts, below, above, total } = countValues(values, undefined, [0, 2], 4);
    expect([...counts]).toEqual([1, 1, 1, 2]);
    expect([below, above, total]).toEqual([1, 1, 7]);
  });
  it("leaves out what did not converge", () => {
    const { counts, total } = countValues(values, status, [0, 2], 4);
    expect([...counts]).toEqual([1, 1, 1, 1]);
    expect(total).toBe(6);
  });
});

it("a range is the voxels whose value lies in it, both ends included, with or without the fits that failed", () => {
  expect([...voxelsInRange(values, undefined, [0.5, 1.5])]).toEqual([0, 1, 1, 1, 0, 0, 0, 0]);
  expect([...voxelsInRange(values, status, [0.5, 1.5])]).toEqual([0, 1, 1, 0, 0, 0, 0, 0]);
});

it("the span is usable for one value and for none", () => {
  expect(spanOf(values)).toEqual([-1, 7]);
  const [lo, hi] = spanOf([5, 5]);
  expect(lo).toBeLessThan(5);
  expect(hi).toBeGreaterThan(5);
  expect(spanOf([Number.NaN])).toEqual([0, 1]);
});
