import { describe, expect, it } from "vitest";
import { backgroundRows, chebyshevBasis, powerBasis } from "./background.ts";

const x = Float64Array.from({ length: 33 }, (_, i) => 5 + 0.25 * i); // 5 to 13
const mapped = [...x].map((value) => (value - 9) / 4);

it("chebyshevBasis is cos(k arccos t) on the range mapped to [-1, 1]", () => {
  const basis = chebyshevBasis(x, [5, 13], 5);
  for (let k = 0; k <= 5; k++) {
    mapped.forEach((t, i) => {
      expect(basis[k * x.length + i]).toBeCloseTo(Math.cos(k * Math.acos(t)), 12);
    });
  }
});

it("powerBasis is t^k, and only the first term is left at the middle", () => {
  const basis = powerBasis(x, [5, 13], 3);
  for (let k = 0; k <= 3; k++) {
    mapped.forEach((t, i) => {
      expect(basis[k * x.length + i]).toBeCloseTo(t ** k, 12);
    });
  }
  expect([0, 1, 2, 3].map((k) => basis[k * x.length + 16])).toEqual([1, 0, 0, 0]);
});

describe("backgroundRows", () => {
  it("points: straight lines between them, level beyond", () => {
    const { names, rows } = backgroundRows({ chebyshev: 0, points: [6, 8, 12] }, x);
    expect(names).toEqual(["background/at 6", "background/at 8", "background/at 12"]);
    const heights = [10, 20, 60];
    const at = (value: number): number => {
      const i = x.indexOf(value);
      return heights.reduce((sum, height, k) => sum + height * rows[k * x.length + i]!, 0);
    };
    expect([5, 6, 7, 8, 9, 12, 13].map(at)).toEqual([10, 10, 15, 20, 30, 60, 60]);
  });

  it("a measured pattern: between its points", () => {
    const measured = { twoThetaDeg: [5, 8, 13], intensity: [1, 4, 9] };
    const { rows } = backgroundRows({ chebyshev: 1, measured }, x);
    expect([5, 6, 10.5, 13].map((value) => rows[x.length + x.indexOf(value)])).toEqual([1, 2, 6.5, 9]);
  });

  it.each([
    [
      "NaN among the intensities",
      { twoThetaDeg: [5, 8, 13], intensity: [1, Number.NaN, 9] },
      /intensity NaN at 2θ = 8°/,
    ],
    ["2θ that fall", { twoThetaDeg: [5, 13, 8], intensity: [1, 2, 3] }, /point 3 of 3/],
    ["lengths that differ", { twoThetaDeg: [5, 13], intensity: [1, 2, 3] }, /2 2θ and 3 intensities/],
    ["a range that ends early", { twoThetaDeg: [5, 6, 7], intensity: [1, 2, 3] }, /covers 2θ = 5 to 7°/],
  ])("a measured pattern is refused for %s", (_, measured, message) => {
    expect(() => backgroundRows({ chebyshev: 0, measured }, x)).toThrow(
      expect.objectContaining({ code: "bad-background", message: expect.stringMatching(message) }),
    );
  });

  it("points that do not rise are refused", () => {
    expect(() => backgroundRows({ chebyshev: 0, points: [6, 8, 8] }, x)).toThrow(
      expect.objectContaining({
        code: "bad-background",
        message: expect.stringContaining("point 3 of 3 is at 2θ = 8°"),
      }),
    );
  });
});
