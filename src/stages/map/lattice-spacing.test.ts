import { describe, expect, it } from "vitest";
import { AXIS_UNITS, convertAxis } from "../../data/index.ts";
import { latticeSpacing, positionOfD } from "./lattice-spacing.ts";

const context = { wavelengthA: 0.2, distanceM: 0.9 };

describe.each(AXIS_UNITS)("lattice spacing on the %s axis", (unit) => {
  const spacing = latticeSpacing(unit, context)!;
  const position = positionOfD(2.035, unit, context)!;

  it("is Bragg's law, there and back", () => {
    expect(spacing(position).dA).toBeCloseTo(2.035, 10);
    const twoThetaDeg = convertAxis([position], unit, "two-theta", context)[0]!;
    expect(0.2 / (2 * Math.sin((twoThetaDeg * Math.PI) / 360))).toBeCloseTo(2.035, 10);
  });

  it("has the slope of a finite difference", () => {
    const h = 1e-5 * Math.abs(position);
    const difference = (spacing(position + h).dA - spacing(position - h).dA) / (2 * h);
    expect(spacing(position).slope / difference).toBeCloseTo(1, 7);
  });
});

it("is not known without what the axis needs", () => {
  expect(latticeSpacing("two-theta", {})).toBeUndefined();
  expect(latticeSpacing("radius", { wavelengthA: 0.2 })).toBeUndefined();
  expect(latticeSpacing("q", {})).toBeDefined();
  expect(positionOfD(2, "log-tan", {})).toBeUndefined();
});
