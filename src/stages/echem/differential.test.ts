import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../tests/seeded-random.ts";
import type { CyclerRecord } from "../../data/index.ts";
import { differentialCapacity, differentialVoltage } from "./differential.ts";

/** V = 3 + 0.5 s + 0.3 s^3 with s = Q / Ah, 1 A for an hour. */
function cubicCell(noiseV = 0): CyclerRecord {
  const random = seededRandom(3);
  const timeS = Float64Array.from({ length: 7201 }, (_, i) => i / 2);
  return {
    source: "cubic",
    format: "made up",
    timeS,
    voltageV: timeS.map((t) => 3 + 0.5 * (t / 3600) + 0.3 * (t / 3600) ** 3 + noiseV * (2 * random() - 1)),
    currentA: new Float64Array(7201).fill(1),
    notes: [],
  };
}
const slope = (s: number): number => 0.5 + 0.9 * s * s;

describe.each([0, 0.002])("of a cell with a known slope, noise %s V", (noise) => {
  const record = cubicCell(noise);

  it("dQ/dV is its inverse slope, and its area the charge", () => {
    const { voltageV, ahPerV } = differentialCapacity(record, [0, 7200], 0.02)!;
    const step = voltageV[1]! - voltageV[0]!;
    expect(ahPerV.reduce((sum, value) => sum + value * step, 0)).toBeCloseTo(1, 9);
    for (const s of [0.2, 0.5, 0.8]) {
      const at = voltageV.findIndex((value) => value >= 3 + 0.5 * s + 0.3 * s ** 3);
      expect(Math.abs(ahPerV[at]! * slope(s) - 1)).toBeLessThan(noise > 0 ? 0.05 : 0.01);
    }
  });

  it("dV/dQ is its slope", () => {
    const { chargeAh, vPerAh } = differentialVoltage(record, [0, 7200], 0.02)!;
    for (const s of [0.1, 0.5, 0.9]) {
      const at = chargeAh.findIndex((value) => value >= s);
      expect(Math.abs(vPerAh[at]! / slope(chargeAh[at]!) - 1)).toBeLessThan(noise > 0 ? 0.02 : 0.002);
    }
  });
});

it("a discharge gives negative dQ/dV, a voltage alone nothing", () => {
  const record = cubicCell();
  const back = { ...record, currentA: record.currentA!.map((value) => -value), voltageV: record.voltageV.toReversed() };
  const { ahPerV } = differentialCapacity(back, [0, 7200], 0.02)!;
  expect(Math.max(...ahPerV)).toBeLessThanOrEqual(0);
  const { currentA: _, ...alone } = record;
  expect(differentialCapacity(alone, [0, 7200], 0.02)).toBeUndefined();
});
