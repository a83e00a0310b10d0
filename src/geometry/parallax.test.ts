import { describe, expect, it } from "vitest";
import { describeParallax, parallaxCures, parallaxEffects, parallaxSize } from "./parallax.ts";

const arc = (deg: number, n: number, from = 0) => Array.from({ length: n }, (_, i) => from + (i * deg) / n);
const cell = { radiusMm: 5, distanceMm: 1000, twoThetaDeg: 7 };

describe("parallaxSize", () => {
  it.each([0, 33, -120])("shifts a lone object by 2 r / (pi L) over half a turn from %d degrees", (from) => {
    const size = parallaxSize({ ...cell, omegaDeg: arc(180, 400, from) });
    expect(size.relative).toBeCloseTo(0.005, 12);
    expect(size.bias).toBeCloseTo((2 * 0.005) / Math.PI, 6);
    // of t = r cos over half a turn from its greatest: rms r / sqrt 2, about a mean of 0
    expect(size.spread).toBeCloseTo(0.005 / Math.SQRT2, 5);
  });
  it("shifts nothing over a whole turn, and spreads by r / (sqrt 2 L)", () => {
    const size = parallaxSize({ ...cell, omegaDeg: arc(360, 360) });
    expect(size.bias).toBeCloseTo(0, 12);
    expect(size.spread).toBeCloseTo(0.005 / Math.SQRT2, 12);
  });
  it("is the same in steps, pixels and bins", () => {
    const size = parallaxSize({
      ...{ ...cell, omegaDeg: arc(180, 10) },
      ...{ stepMm: 0.02, pixelMm: 0.172, binDeg: 0.0068 },
    });
    const ring = 5 * Math.tan((7 * Math.PI) / 180);
    expect(size.ringMm).toBeCloseTo(ring, 12);
    expect(size.steps).toBeCloseTo(ring / 0.02, 9);
    expect(size.pixels).toBeCloseTo(ring / 0.172, 9);
    // atan(0.995 tan 7 degrees) is 0.03466 degrees below 7
    const seen = (Math.atan(0.995 * Math.tan((7 * Math.PI) / 180)) * 180) / Math.PI;
    expect(size.bins).toBeCloseTo((7 - seen) / 0.0068, 1);
    expect(describeParallax(size)).toMatch(/±5000 ppm.*steps.*pixels.*bins/);
  });
});

describe("what is said", () => {
  const size = (deg: number, radiusMm = 5) => parallaxSize({ ...cell, radiusMm, omegaDeg: arc(deg, 360) });
  it("tells half a turn from a whole one", () => {
    expect(parallaxEffects(size(180))[0]).toMatch(/up to 3183 ppm/);
    expect(parallaxEffects(size(360))[0]).toMatch(/not shifted on the whole/);
  });
  it("is nothing where parallax is too small to matter", () => {
    expect(parallaxEffects(size(180, 0.05))).toEqual([]);
    expect(parallaxCures(size(180, 0.05))).toEqual([]);
    expect(parallaxCures(size(180))[0]).toMatch(/firstMoment.*cgls.*dlsr/);
  });
});
