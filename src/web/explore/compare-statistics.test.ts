import { describe, expect, it } from "vitest";
import { correlationOf, differenceOf, jointCounts, statisticsOf } from "./compare-statistics.ts";

const first = { values: [1, 2, 3, Number.NaN, 5], esd: [3, 0, 3, 1, 1], status: [0, 0, 4, 0, 0] };
const second = { values: [2, 2, 5, 1, 4], esd: [4, 0, 4, 1, 1] };

describe("the difference of two maps", () => {
  const { difference, esd, overEsd, isUsed } = differenceOf(first, second);
  it("is second less first, with the root of the summed squares of their esds", () => {
    expect([...difference]).toEqual([1, 0, 2, Number.NaN, -1]);
    expect([...esd].slice(0, 3)).toEqual([5, 0, 5]);
    expect([...overEsd.slice(0, 4)]).toEqual([0.2, Number.NaN, 0.4, Number.NaN]);
    expect(overEsd[4]).toBeCloseTo(-Math.SQRT1_2, 12);
  });
  it("uses what has a value in both and converged in those that say so", () => {
    expect([...isUsed]).toEqual([1, 1, 0, 0, 1]);
  });
  it("has the esd of the one map that has one", () => {
    expect(differenceOf(first, { values: second.values }).esd[0]).toBe(3);
    expect(differenceOf({ values: [1] }, { values: [2] }).esd[0]).toBeNaN();
  });
});

describe("statistics", () => {
  it("are those of the finite values that are used", () => {
    const { count, mean, sd, rms, median, min, max } = statisticsOf([3, 1, Number.NaN, 8, 100], [1, 1, 1, 1, 0]);
    expect([count, mean, median, min, max]).toEqual([3, 4, 3, 1, 8]);
    expect(sd).toBeCloseTo(Math.sqrt((1 + 9 + 16) / 2), 12);
    expect(rms).toBeCloseTo(Math.sqrt((9 + 1 + 64) / 3), 12);
    expect(statisticsOf([4, 1, 2, 3]).median).toBe(2.5);
  });
  it("of nothing are no values", () => {
    const { count, ...rest } = statisticsOf([Number.NaN]);
    expect(count).toBe(0);
    expect(Object.values(rest).every(Number.isNaN)).toBe(true);
  });
});

it("correlation is 1 along a line, -1 against it, and minds only what is used", () => {
  expect(correlationOf([1, 2, 3, 9], [3, 5, 7, 0], [1, 1, 1, 0])).toBeCloseTo(1, 12);
  expect(correlationOf([1, 2, 3], [3, 2, 1], [1, 1, 1])).toBeCloseTo(-1, 12);
});

it("joint counts have the first map along columns and the second along rows", () => {
  const counts = jointCounts([0, 0.9, 2, 5], [0, 1.1, 0, 0], [1, 1, 1, 1], [0, 2], 2);
  // pairs (0, 0), (0, 1), (1, 0); the last lies outside
  expect([...counts]).toEqual([1, 1, 1, 0]);
});
