import { describe, expect, it } from "vitest";
import { angleWeights } from "./angle-weights.ts";

const range = (n: number, step: number, from = 0) => Array.from({ length: n }, (_, i) => from + i * step);
const total = (weights: Float64Array) => weights.reduce((sum, weight) => sum + weight, 0);

describe("angleWeights", () => {
  it.each([
    ["0 to 180, end left out", range(10, 18), 10],
    ["0 to 180 inclusive", range(11, 18), 10],
    ["0 to 360", range(20, 18), 10],
    ["an odd number over 360, whose mirrors lie between", range(9, 40), 9],
    ["a repeated projection", [...range(10, 18), 36], 10],
    ["negative, any order", [90, -42, 63, -140, 217.0005, 3], 6],
    ["one angle", [77], 1],
  ])("sum to pi: %s", (_, omegaDeg, distinct) => {
    const weights = angleWeights(omegaDeg);
    expect(total(weights.weights)).toBeCloseTo(Math.PI, 10);
    expect(weights.distinct).toBe(distinct);
    expect(weights.missingDeg).toBe(0);
  });

  it("share one angle's weight between its repeats", () => {
    const { weights } = angleWeights(range(11, 18));
    expect(weights[0]).toBeCloseTo(Math.PI / 20, 12);
    expect(weights[10]).toBeCloseTo(Math.PI / 20, 12);
    expect(weights[5]).toBeCloseTo(Math.PI / 10, 12);
  });

  it("do not depend on the order of the data", () => {
    const omegaDeg = [0, 10, 15, 40, 70, 130, 170];
    const shuffled = [40, 0, 170, 15, 130, 10, 70];
    const { weights } = angleWeights(omegaDeg);
    const other = angleWeights(shuffled).weights;
    shuffled.forEach((omega, i) => expect(other[i]).toBeCloseTo(weights[omegaDeg.indexOf(omega)]!, 12));
  });

  it("name a missing wedge and give it to nobody", () => {
    const { weights, missingDeg } = angleWeights(range(61, 2)); // 0 to 120
    expect(missingDeg).toBeCloseTo(58, 10);
    for (const weight of weights) expect(weight).toBeCloseTo((2 * Math.PI) / 180, 10);
  });
});
