import { describe, expect, it } from "vitest";
import { normal as normalBy, seededRandom } from "../../../tests/seeded-random.ts";
import {
  anchorCalibration,
  CALIBRATIONS,
  interpolate,
  type LithiumCalibration,
  widenCalibration,
} from "./calibration.ts";
import { createLithiumCurve } from "./lithium-posterior.ts";

const table = CALIBRATIONS.NMC811;
/** the curve as a straight line: the posterior of least squares is known in closed form */
const straight: LithiumCalibration = {
  ...table,
  x: Float64Array.of(0, 1),
  a: Float64Array.of(2.79, 2.87),
  c: Float64Array.of(14.9, 14.2),
  esdA: Float64Array.of(0.001, 0.001),
  esdC: Float64Array.of(0.008, 0.008),
};

describe("posterior of x", () => {
  it("on a straight curve is weighted least squares, scale error included", () => {
    const [a, c, ea, ec, s] = [2.832, 14.53, 0.002, 0.01, 3e-4];
    const found = { ...createLithiumCurve(straight, { scaleEsd: s }).evaluate(a, c, ea, ec) };
    const S = [
      [ea ** 2 + 1e-6 + (s * a) ** 2, s * s * a * c],
      [s * s * a * c, ec ** 2 + 64e-6 + (s * c) ** 2],
    ] as const;
    const det = S[0][0] * S[1][1] - S[0][1] ** 2;
    const inverse = [
      [S[1][1] / det, -S[0][1] / det],
      [-S[0][1] / det, S[0][0] / det],
    ] as const;
    const t = [0.08, -0.7] as const;
    const gain = (j: 0 | 1): number => t[0] * inverse[0][j] + t[1] * inverse[1][j];
    const information = gain(0) * t[0] + gain(1) * t[1];
    expect(found.x).toBeCloseTo((gain(0) * (a - 2.79) + gain(1) * (c - 14.9)) / information, 5);
    expect(found.sd).toBeCloseTo(1 / Math.sqrt(information), 5);
    expect(found.high - found.low).toBeCloseTo((2 * 1.959964) / Math.sqrt(information), 3);
    expect(found.byA).toBeCloseTo(gain(0) / information, 3);
    expect(found.byC).toBeCloseTo(gain(1) / information, 3);
  });

  it("changes with a and c as it says it does (finite differences)", () => {
    const curve = createLithiumCurve(table, { scaleEsd: 2e-4 });
    const at = (a: number, c: number) => ({ ...curve.evaluate(a, c, 0.0015, 0.006) });
    for (const x of [0.2, 0.55, 0.7, 0.9]) {
      const [a, c] = [interpolate(table.x, table.a, x), interpolate(table.x, table.c, x) + 0.002];
      const { byA, byC } = at(a, c);
      // the rows of the table are rounded: its tangent is one over several of them
      expect(Math.abs((at(a + 6e-4, c).x - at(a - 6e-4, c).x) / 12e-4 / byA - 1)).toBeLessThan(0.2);
      expect(Math.abs((at(a, c + 4e-3).x - at(a, c - 4e-3).x) / 8e-3 / byC - 1)).toBeLessThan(0.2);
    }
  });

  it.each([
    ["noise of fits alone", widenCalibration(table, 1e-4, 1e-3), 0, 0.0008, 0.003],
    ["samples off the curve", widenCalibration(table, 0.002, 0.01), 0, 0.0005, 0.002],
    ["a common scale", widenCalibration(table, 0.001, 0.005), 1e-3, 0.0008, 0.003],
  ] as const)("$0: 95 % bands hold the truth 95 times in 100, and sigma is the spread", (_, off, scaleEsd, ea, ec) => {
    const random = seededRandom(7);
    const normal = (): number => normalBy(random);
    const curve = createLithiumCurve(off, { scaleEsd });
    const trials = 4000;
    let [inside, unique, pulls] = [0, 0, 0];
    for (let i = 0; i < trials; i++) {
      const x = off.x[0]! + random() * (off.x.at(-1)! - off.x[0]!);
      const scale = 1 + scaleEsd * normal();
      const a = scale * (interpolate(off.x, off.a, x) + off.esdA[0]! * normal()) + ea * normal();
      const c = scale * (interpolate(off.x, off.c, x) + off.esdC[0]! * normal()) + ec * normal();
      const found = curve.evaluate(a, c, ea, ec);
      if (x >= found.low && x <= found.high) inside++;
      if (Number.isFinite(found.other) || found.isOutside) continue;
      unique++;
      pulls += ((x - found.x) / found.sd) ** 2;
    }
    expect(inside / trials).toBeGreaterThan(0.93);
    expect(inside / trials).toBeLessThan(0.97);
    expect(Math.sqrt(pulls / unique)).toBeGreaterThan(0.93);
    expect(Math.sqrt(pulls / unique)).toBeLessThan(1.07);
  });

  it("reads what lies on the curve without bias, however far samples may lie off it", () => {
    const off = widenCalibration(table, 0.003, 0.06);
    const curve = createLithiumCurve(off, { scaleEsd: 2e-4 });
    for (const x of [0.2, 0.3, 0.42, 0.6, 0.85]) {
      const found = curve.evaluate(interpolate(off.x, off.a, x), interpolate(off.x, off.c, x), 1e-4, 1e-3);
      expect(Math.abs(found.x - x)).toBeLessThan(0.003);
    }
  });

  it.each([0.25, 0.45, 0.6, 0.75, 0.93])("at x = %d the esd by counting is the spread by noise", (x) => {
    const random = seededRandom(9);
    const curve = createLithiumCurve(table, { scaleEsd: 2e-4 });
    const [a, c, ea, ec] = [interpolate(table.x, table.a, x), interpolate(table.x, table.c, x), 6e-4, 3e-3];
    const draws = Array.from({ length: 1500 }, () => {
      const found = curve.evaluate(a + ea * normalBy(random), c + ec * normalBy(random), ea, ec);
      return [found.x, Math.hypot(found.byA * ea, found.byC * ec)] as const;
    });
    const mean = draws.reduce((s, [value]) => s + value, 0) / draws.length;
    const spread = Math.sqrt(draws.reduce((s, [value]) => s + (value - mean) ** 2, 0) / draws.length);
    const told = Math.sqrt(draws.reduce((s, [, esd]) => s + esd ** 2, 0) / draws.length);
    expect(spread / told).toBeGreaterThan(0.85);
    expect(spread / told).toBeLessThan(1.15);
    expect(Math.abs(mean - x)).toBeLessThan(0.005);
  });

  it("c/a alone has two branches near c's maximum, with weights; a tells them apart", () => {
    const [a, c] = [interpolate(table.x, table.a, 0.26), interpolate(table.x, table.c, 0.26)];
    const ratio = { ...createLithiumCurve(table, { scaleEsd: 0.02 }).evaluate(a, c, 5e-4, 0.002) };
    const same = Array.from(table.x, (x, i) => [x, table.c[i]! / table.a[i]!] as const).filter(([x]) => x > 0.36);
    const twin = same.reduce((p, q) => (Math.abs(p[1] - c / a) < Math.abs(q[1] - c / a) ? p : q))[0];
    const branches = [ratio.x, ratio.other].sort();
    expect(branches[0]).toBeCloseTo(0.26, 1);
    expect(Math.abs(branches[1]! - twin)).toBeLessThan(0.03);
    expect(ratio.weight).toBeLessThan(0.9);
    const both = createLithiumCurve(table, { scaleEsd: 2e-4 }).evaluate(a, c, 5e-4, 0.002);
    expect(both.other).toBeNaN();
    expect(both.x).toBeCloseTo(0.26, 1);
  });

  it("a cell off the curve, or beyond its ends, is outside", () => {
    const curve = createLithiumCurve(table, { scaleEsd: 2e-4 });
    expect(curve.evaluate(2.84, 14.2, 1e-4, 1e-3).isOutside).toBe(true);
    expect(curve.evaluate(2.8117, 13.9, 1e-4, 1e-3).isOutside).toBe(true);
    expect(curve.evaluate(2.8704, 14.1918, 1e-4, 1e-3).isOutside).toBe(false);
  });

  it("known states move the curve through them", () => {
    const moved = anchorCalibration(table, [
      { x: 1, a: 2.868, c: 14.24 },
      { x: 0.4, a: 2.8205, c: 14.5, xEsd: 0.01 },
    ]);
    expect(interpolate(moved.x, moved.a, 0.4)).toBeCloseTo(2.8205, 4);
    expect(interpolate(moved.x, moved.c, 1)).toBeCloseTo(14.24, 6);
    expect(moved.xEsd).toBe(0.01);
    expect(() => anchorCalibration(table, [{ x: 1, a: 2.868, c: 14.9 }])).toThrow(
      expect.objectContaining({ code: "lithium-reference" }),
    );
  });
});
