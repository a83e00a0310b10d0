import { describe, expect, it } from "vitest";
import { binEdges, binsBetween, radialUnits, toRadialUnit, withRadialUnit } from "./radial-unit.ts";

describe("the axis that is read", () => {
  const wavelengthA = 0.2;
  it("is offered in what can be had", () => {
    expect(radialUnits("q", { wavelengthA })).toEqual(["q", "two-theta", "d"]);
    expect(radialUnits("two-theta", {})).toEqual(["two-theta"]);
    expect(radialUnits("q", {})).toEqual(["q"]);
    expect(radialUnits("radius", { wavelengthA, distanceM: 0.5 })).toEqual(["radius", "two-theta", "q", "d"]);
    expect(radialUnits("channel", { wavelengthA, distanceM: 0.5 })).toEqual(["channel"]);
  });
  it("goes to d by Bragg's law", () => {
    const [d] = toRadialUnit([8], "two-theta", "d", { wavelengthA });
    expect(d).toBeCloseTo(wavelengthA / (2 * Math.sin((4 * Math.PI) / 180)), 12);
    expect(withRadialUnit(d!, "d")).toBe("1.4336 Å");
  });
});

describe("bins of a range", () => {
  const axis = [1, 2, 3, 4, 5];
  it("are those whose middles lie inside, or the nearest one", () => {
    expect(binsBetween(axis, 1.6, 4.1)).toEqual([1, 4]);
    expect(binsBetween(axis, 2.6, 2.9)).toEqual([2, 3]);
    expect(binsBetween(axis, -5, -4)).toEqual([0, 1]);
    // d falls along the bins
    expect(binsBetween([9, 7, 5, 3], 4, 8)).toEqual([1, 3]);
  });
  it("reach half a step beyond the middles of the outer two", () => {
    expect(binEdges(axis, 1, 3)).toEqual([1.5, 3.5]);
    expect(binEdges(axis, 0, 5)).toEqual([0.5, 5.5]);
    expect(binEdges([1, 2, 4, 8], 2, 3)).toEqual([3, 6]);
  });
});
