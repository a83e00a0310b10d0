import { expect, it } from "vitest";
import { seededRandom } from "../../../tests/seeded-random.ts";
import { distanceToEdge } from "./edge-distance.ts";

it.each([0.02, 0.3, 0.9])("is the distance to the nearest edge of all, share %f", (share) => {
  const random = seededRandom(7);
  const [ny, nx] = [23, 31];
  const region = Uint8Array.from({ length: ny * nx }, () => (random() < share ? 4 : 1));
  const edges: [number, number][] = [];
  for (let row = 0; row < ny; row++) {
    for (let col = 0; col < nx; col++) {
      const label = region[row * nx + col];
      if (col + 1 < nx && (label === 4) !== (region[row * nx + col + 1] === 4)) edges.push([col + 0.5, row]);
      if (row + 1 < ny && (label === 4) !== (region[(row + 1) * nx + col] === 4)) edges.push([col, row + 0.5]);
    }
  }
  const found = distanceToEdge(region, 4, ny, nx);
  for (let i = 0; i < found.length; i++) {
    const nearest = Math.min(...edges.map(([x, y]) => Math.hypot(x - (i % nx), y - Math.floor(i / nx))));
    expect(found[i]).toBeCloseTo(nearest, 5);
  }
});

it("is infinite where there is no edge", () => {
  expect([...distanceToEdge(new Uint8Array(12).fill(3), 3, 3, 4)].every((d) => d === Number.POSITIVE_INFINITY)).toBe(
    true,
  );
  expect([...distanceToEdge(new Uint8Array(12).fill(3), 4, 3, 4)].every((d) => d === Number.POSITIVE_INFINITY)).toBe(
    true,
  );
});
