import { describe, expect, it } from "vitest";
import { misfitOfWindow, pointsOfWindow, windowsOfPeaks } from "./windows.ts";

const peak = (position: number, significance: number, about = "one") => ({ position, fwhm: 0.05, significance, about });

describe("windowsOfPeaks", () => {
  it("takes the strongest of every group first, and one window for peaks that fall together", () => {
    const groups = [
      [peak(3, 20), peak(4, 90), peak(6, 50)],
      [peak(4.04, 30, "two"), peak(5, 7, "two")],
    ];
    const found = windowsOfPeaks(groups, 3);
    expect(found.map(({ name, about }) => [name, about])).toEqual([
      ["4.000", "one; two"],
      ["6.000", "one"],
      ["5.000", "two"],
    ]);
    expect(found[0]!.fromDeg).toBeCloseTo(3.95, 12);
    expect(found[0]!.toDeg).toBeCloseTo(4.05, 12);
    expect(windowsOfPeaks([], 3)).toEqual([]);
  });
});

it("finds the points of a window, both ends included", () => {
  const axis = [1, 2, 3, 4, 5];
  const window = (fromDeg: number, toDeg: number) => ({ name: "", about: "", fromDeg, toDeg });
  expect(pointsOfWindow(axis, window(2, 4))).toEqual([1, 4]);
  expect(pointsOfWindow(axis, window(2.1, 2.9))).toEqual([2, 2]);
  expect(pointsOfWindow(axis, window(-3, 99))).toEqual([0, 5]);
});

describe("misfitOfWindow", () => {
  it("is chi^2 and R of its points alone", () => {
    const { chi2, r } = misfitOfWindow([9, 2, -1, 9], [9, 10, 5, 9], [1, 2, 0.5, 1], [1, 3]);
    expect(chi2).toBeCloseTo((1 + 4) / 2, 12);
    expect(r).toBeCloseTo(3 / 15, 12);
  });

  it("leaves out what has no value or no sigma, and is NaN where nothing is left", () => {
    expect(misfitOfWindow([Number.NaN, 2], [1, 4], [1, 0], [0, 2])).toEqual({ chi2: Number.NaN, r: 0.5 });
    expect(misfitOfWindow([0], [0], [1], [0, 1])).toEqual({ chi2: 0, r: Number.NaN });
  });
});
