import { expect, it } from "vitest";
import { chebyshevBasis, powerBasis } from "./background.ts";

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
