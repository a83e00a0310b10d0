import { expect, it } from "vitest";
import { linearFit } from "./linear-fit.ts";

it("a weighted line is that of the regression formulas, columns of any scale", () => {
  const x = [1, 2, 4, 7, 11];
  const y = [2.1, 3.9, 8.3, 13.8, 22.2];
  const w = [1, 4, 2, 0.5, 3];
  const sum = (f: (i: number) => number): number => x.reduce((total, _, i) => total + w[i]! * f(i), 0);
  const [s, sx, sy] = [sum(() => 1), sum((i) => x[i]!), sum((i) => y[i]!)];
  const [sxx, sxy] = [sum((i) => x[i]! ** 2), sum((i) => x[i]! * y[i]!)];
  const determinant = s * sxx - sx * sx;
  const rows = x.map((value) => [1, 1e6 * value]);
  const { values, variances } = linearFit(rows, y, w)!;
  expect(values[0]).toBeCloseTo((sxx * sy - sx * sxy) / determinant, 10);
  expect(1e6 * values[1]!).toBeCloseTo((s * sxy - sx * sy) / determinant, 10);
  expect(variances[0]).toBeCloseTo(sxx / determinant, 10);
  expect(1e12 * variances[1]!).toBeCloseTo(s / determinant, 10);
});

it("an observation of weight 0 does not count, not even if it is not a number", () => {
  const fit = linearFit([[1], [1], [1]], [3, Number.NaN, 5], [1, 0, 1]);
  expect(fit!.values[0]).toBeCloseTo(4, 12);
  expect(fit!.variances[0]).toBeCloseTo(0.5, 12);
});

it("says where an unknown is not determined", () => {
  expect(
    linearFit(
      [
        [1, 2],
        [2, 4],
        [3, 6],
      ],
      [1, 2, 3],
      [1, 1, 1],
    ),
  ).toBeUndefined(); // columns in proportion
  expect(
    linearFit(
      [
        [1, 0],
        [2, 0],
      ],
      [1, 2],
      [1, 1],
    ),
  ).toBeUndefined(); // a column without effect
  expect(linearFit([[1, 2]], [1], [1])).toBeUndefined(); // too few
  expect(linearFit([], [], [])).toBeUndefined();
});
