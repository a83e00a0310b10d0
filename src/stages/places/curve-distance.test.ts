import { expect, it } from "vitest";
import { distanceToCurve } from "./curve-distance.ts";

it.each([
  ["a circle off the middle", 0, 0],
  ["an oval", 0.06, 0],
  ["an oval with a dent", 0.05, 0.02],
])("is the least distance of all points: %s", (_, oval, dent) => {
  const [n, size] = [1500, 61];
  const points = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    const angle = (2 * Math.PI * k) / n;
    const r = 25 * (1 + oval * Math.cos(2 * angle) + dent * Math.cos(4 * angle - 1));
    points.set([31.3 + r * Math.cos(angle), 29.2 + r * Math.sin(angle)], 2 * k);
  }
  const found = distanceToCurve(points, size, size, (i) => i !== 5);
  expect(found[5]).toBeNaN();
  for (let i = 6; i < size * size; i += 13) {
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < n; k++) {
      least = Math.min(least, Math.hypot(points[2 * k]! - (i % size), points[2 * k + 1]! - Math.floor(i / size)));
    }
    expect(Math.abs(found[i]! - least)).toBeLessThan(1e-3);
  }
});
