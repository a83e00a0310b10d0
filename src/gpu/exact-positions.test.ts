import { expect, it } from "vitest";
import { DIRECTION_FLOATS, exactPositions } from "./exact-positions.ts";
import { partsOf } from "./parts.ts";
import { placeGrid } from "./place-grid.ts";

const f = Math.fround;

/** As POSITIONS has it in WGSL, rounded to float32 after every operation, or with its products fused into the sums. */
function positionOf(
  { directions, axis }: ReturnType<typeof exactPositions>,
  angle: number,
  [x, y]: readonly [number, number],
  isFused: boolean,
): number {
  const [cHigh, cLow, sHigh, sLow] = directions.subarray(DIRECTION_FLOATS * angle);
  const dot = (start: number, c: number, s: number): number =>
    isFused ? f(y * s + f(start + x * c)) : f(f(start + f(x * c)) + f(y * s));
  const high = dot(axis[0], cHigh!, sHigh!);
  const base = Math.floor(high);
  const part = f(f(high - base) + dot(axis[1], cLow!, sLow!));
  const carry = Math.floor(part);
  return base + carry + f(part - carry);
}

it.each([
  [25, 1e-7],
  [549, 1e-7],
  [2000, 2e-7],
  [6000, 2e-6],
])("a grid of %d voxels knows its places on the detector to %f of a step, fused or not", (size, bound) => {
  const centre = (size - 1) / 2;
  const rotationAxis = 0.47 * size + 1 / 3;
  const angles = 90;
  const directions = new Float64Array(2 * angles);
  for (let a = 0; a < angles; a++) {
    directions.set([Math.cos(0.1 + (a * Math.PI) / angles), Math.sin(0.1 + (a * Math.PI) / angles)], 2 * a);
  }
  const positions = exactPositions(directions, rotationAxis, centre);
  let worst = 0;
  for (let a = 0; a < angles; a++) {
    for (const [i, j] of [
      [0, 0],
      [size - 1, 0],
      [0, size - 1],
      [size - 1, size - 1],
      [Math.floor(size / 3), Math.floor(size / 7)],
      [Math.floor(centre), Math.floor(centre)],
    ] as const) {
      const [x, y] = [i - centre, j - centre];
      const exact = rotationAxis + x * directions[2 * a]! + y * directions[2 * a + 1]!;
      for (const isFused of [false, true]) {
        worst = Math.max(worst, Math.abs(positionOf(positions, a, [x, y], isFused) - exact));
      }
    }
  }
  expect(worst).toBeLessThan(bound);
});

it("parts follow each other, and none is too long", () => {
  expect(partsOf(10, 4)).toEqual([
    { first: 0, end: 3 },
    { first: 3, end: 6 },
    { first: 6, end: 10 },
  ]);
  expect(partsOf(3, 0.2)).toHaveLength(3);
  expect(partsOf(0, 5)).toEqual([{ first: 0, end: 0 }]);
});

it("a list of voxels becomes a grid, and one that is none is told", () => {
  const grid = placeGrid(Float32Array.of(-0.5, 1.5, 1.5, -0.5, 0.5, 0.5), 3)!;
  expect(grid).toMatchObject({ left: -0.5, low: -0.5, columns: 3 });
  expect([...grid.index]).toEqual([-1, -1, 1, -1, 2, -1, 0, -1, -1]);
  expect(grid.linesOf(0, 1)).toEqual({ line: 2, lineEnd: 3 });
  expect(placeGrid(Float32Array.of(0, 0, 0.7, 0), 2)).toBeNull();
  expect(placeGrid(Float32Array.of(0.3, 0, 1.3, 0), 2)).toBeNull();
  expect(placeGrid(Float32Array.of(1, 1, 1, 1), 2)).toBeNull();
});
