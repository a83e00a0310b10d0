import fc from "fast-check";
import { expect, it } from "vitest";
import { withEsd } from "./report.ts";

it.each([
  [2.822051, 0.00004, "2.82205(4)"],
  [2.822051, 0.00013, "2.82205(13)"],
  [1234.5, 12, "1235(12)"],
  [4.142e-5, 1e-7, "4.142(10)e-5"],
  [0, 0.02, "0.00(2)"],
  [1e-6, 0.5, "0.0(5)"],
  [300, 1e-13, "300"],
  [-0.0015, 0.0004, "-0.0015(4)"],
  [4.15682, null, "4.15682"],
] as const)("%f with esd %f is %s", (value, esd, text) => {
  expect(withEsd(value, esd)).toBe(text);
});

it.each([NaN, Infinity])("%f has a text, too", (value) => {
  expect(withEsd(value, 1)).toBe(String(value));
  expect(withEsd(1, value)).toBe("1");
});

it("any numbers: an end, and the value is in it to within the esd", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.integer({ min: -200, max: 200 }),
      fc.integer({ min: -200, max: 200 }),
      (x, power, esdPower) => {
        const [value, esd] = [x * 10 ** power, 1.7 * 10 ** esdPower];
        const text = withEsd(value, esd);
        const shown = Number(text.replace(/\(\d+\)/, ""));
        expect(Math.abs(shown - value)).toBeLessThanOrEqual(esd + 1e-11 * Math.abs(value) + Number.MIN_VALUE);
      },
    ),
    { numRuns: 2000 },
  );
});
