import { expect, it } from "vitest";
import { fitOutline } from "./outline.ts";

/** A wall around something less bright, as area of each voxel. */
function cell(n: number, x0: number, y0: number, radius: number, isThere = (_x: number, _y: number) => true) {
  const fine = 5;
  return Float32Array.from({ length: n * n }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < fine * fine; k++) {
      const x = (i % n) + ((k % fine) + 0.5) / fine - 0.5 - (n - 1) / 2;
      const y = Math.floor(i / n) + (Math.floor(k / fine) + 0.5) / fine - 0.5 - (n - 1) / 2;
      const r = Math.hypot(x - x0, y - y0);
      if (r > radius || !isThere(x, y)) continue;
      sum += r > 0.9 * radius ? 1 : 0.3;
    }
    return sum / fine ** 2;
  });
}

it("finds middle and radius to a twentieth of a voxel", () => {
  const found = fitOutline(cell(120, 3.3, -2.7, 48.4), 120, 120, 0.02)!;
  expect(found.centreMm[0]).toBeCloseTo(3.3 * 0.02, 3);
  expect(found.centreMm[1]).toBeCloseTo(-2.7 * 0.02, 3);
  expect(found.radiusMm / 0.02).toBeCloseTo(48.4, 1);
  expect(found.coverage).toBeGreaterThan(0.95);
});

it("leaves out a part that is missing, and air that is not known", () => {
  const values = cell(120, 3.3, -2.7, 48.4, (x, y) => Math.abs(Math.atan2(y, x)) > 0.6);
  for (let i = 0; i < values.length; i++) if (values[i] === 0) values[i] = Number.NaN;
  const found = fitOutline(values, 120, 120, 1)!;
  expect(found.centreMm[0]).toBeCloseTo(3.3, 0);
  expect(Math.abs(found.radiusMm - 48.4)).toBeLessThan(0.6);
  expect(found.coverage).toBeLessThan(0.9);
});

it("is none of a square, of noise or of nothing", () => {
  const square = Float32Array.from({ length: 6400 }, (_, i) =>
    Math.max(Math.abs((i % 80) - 40), Math.abs(Math.floor(i / 80) - 40)) < 25 ? 1 : 0,
  );
  expect(fitOutline(square, 80, 80, 1)).toBeUndefined();
  expect(fitOutline(new Float32Array(6400), 80, 80, 1)).toBeUndefined();
  expect(fitOutline(new Float32Array(6400).fill(Number.NaN), 80, 80, 1)).toBeUndefined();
});
