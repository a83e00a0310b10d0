import { expect, it } from "vitest";
import { fillCells, fillMaskedValues } from "./fill.ts";
import { CELL, type SinogramReport } from "./report.ts";

/** One translation, two bins, values that rise linearly with the angle, whose steps are uneven. */
const omegaDeg = Float64Array.of(0, 1, 5, 6, 20);
const straight = (): Float32Array => Float32Array.from({ length: 10 }, (_, i) => 2 * omegaDeg[i >> 1]! + (i % 2));
const reportOf = (cells: ArrayLike<number>): SinogramReport =>
  ({ angles: 5, translations: 1, omegaDeg, cells: Uint8Array.from(cells) }) as unknown as SinogramReport;

it("missing patterns are interpolated in the angle, not in the number of the projection", () => {
  const out = straight();
  out.fill(Number.NaN, 2, 6);
  const sigma = new Float32Array(10);
  fillCells(reportOf([0, CELL.missing, CELL.missing, 0, 0]), out, sigma, 2);
  straight().forEach((value, i) => expect(out[i]).toBeCloseTo(value, 5));
  expect([...sigma]).toEqual([0, 0, ...new Array(4).fill(Number.POSITIVE_INFINITY), 0, 0, 0, 0]);
});

it("so are single bins that are masked; at the ends the nearest value is repeated", () => {
  const out = straight();
  for (const at of [0, 5, 7]) out[at] = Number.NaN;
  const sigma = new Float32Array(10);
  expect(fillMaskedValues(reportOf([0, 0, 0, 0, 0]), out, sigma, 2)).toBe(3);
  expect(out[0]).toBe(out[2]);
  expect(out[5]).toBeCloseTo(11, 5);
  expect(out[7]).toBeCloseTo(13, 5);
  expect([0, 5, 7].map((at) => sigma[at])).toEqual(new Array(3).fill(Number.POSITIVE_INFINITY));
});
