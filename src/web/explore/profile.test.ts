import { describe, expect, it } from "vitest";
import { profile } from "./profile.ts";

const rows = 9;
const cols = 12;
const ramp = Float64Array.from({ length: rows * cols }, (_, i) => 3 * (i % cols) - 2 * Math.floor(i / cols) + 1);
const esd = Float64Array.from({ length: rows * cols }, () => 0.4);
/** the ramp at a place in elements, whose middles lie at 0.5 */
const at = (x: number, y: number): number => 3 * (x - 0.5) - 2 * (y - 0.5) + 1;

describe("a profile along a line", () => {
  it("of a plane is the plane, whatever the line's direction and width", () => {
    const from = [2.3, 2.9] as const;
    const to = [9.1, 6.2] as const;
    for (const width of [1, 3]) {
      const { distance, values, count } = profile({ rows, cols, values: ramp }, { from, to, width });
      const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
      expect(distance.at(-1)).toBeCloseTo(length, 12);
      distance.forEach((d, i) => {
        const share = d / length;
        expect(values[i]).toBeCloseTo(at(from[0] + share * 6.8, from[1] + share * 3.3), 9);
        expect(count[i]).toBeGreaterThanOrEqual(width);
      });
    }
  });

  it("through the middles of voxels is their values, and across them their mean", () => {
    const line = { from: [1.5, 4.5], to: [5.5, 4.5], width: 1 } as const;
    const one = profile({ rows, cols, values: ramp, esd }, line);
    expect([...one.values]).toEqual([1, 2, 3, 4, 5].map((x) => ramp[4 * cols + x]));
    expect([...one.esd!]).toEqual([0.4, 0.4, 0.4, 0.4, 0.4]);
    const three = profile({ rows, cols, values: ramp, esd }, { ...line, width: 3 });
    const mean = (x: number): number => [3, 4, 5].reduce((sum, y) => sum + ramp[y * cols + x]!, 0) / 3;
    three.values.forEach((value, i) => expect(value).toBeCloseTo(mean(i + 1), 12));
    expect(three.esd![0]).toBeCloseTo(0.4 / Math.sqrt(3), 12);
    expect([...three.count]).toEqual([3, 3, 3, 3, 3]);
  });

  it("leaves out voxels without a value, and says where none is left", () => {
    const values = ramp.slice();
    values[5 * cols + 2] = Number.NaN;
    const line = { from: [1.5, 4.5], to: [5.5, 4.5], width: 3 } as const;
    const holed = profile({ rows, cols, values, esd }, line);
    expect(holed.values[1]).toBeCloseTo((ramp[3 * cols + 2]! + ramp[4 * cols + 2]!) / 2, 12);
    expect(holed.esd![1]).toBeCloseTo(0.4 / Math.sqrt(2), 12);
    expect(holed.count[1]).toBe(2);
    const beyond = profile({ rows, cols, values: ramp }, { from: [-6, 2], to: [-2, 2], width: 1 });
    expect([...beyond.values].every(Number.isNaN)).toBe(true);
  });
});
