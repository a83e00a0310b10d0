import { expect, it } from "vitest";
import type { Cell } from "../../crystal/index.ts";
import { cellShift, isOwnCell } from "./cell-shift.ts";

const hexagonal = (a: number, c: number): Cell => ({ a, b: a, c, alpha: 90, beta: 90, gamma: 120 });

it("splits a change of cell into what all edges have and what they have not", () => {
  const { uniform, distortion } = cellShift(hexagonal(2.828, 14.2), hexagonal(2.8, 14.2));
  expect(uniform).toBeCloseTo(0.02 / 3, 12);
  expect(distortion).toBeCloseTo(0.02 / 3, 12);
});

it("takes what parallax can make for the phase itself, and not an oxide with more lithium", () => {
  const charged = hexagonal(2.822, 14.507);
  const aside = hexagonal(2.822 * 1.006, 14.507 * 1.006);
  const discharged = hexagonal(2.856, 14.329); // +1.2 %, -1.2 %: alike on average
  expect(isOwnCell(cellShift(aside, charged), 0.007, 0.003)).toBe(true);
  expect(isOwnCell(cellShift(aside, charged), 0, 0.003)).toBe(false);
  expect(isOwnCell(cellShift(discharged, charged), 0.007, 0.003)).toBe(false);
});
