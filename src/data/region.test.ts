import { describe, expect, it } from "vitest";
import { InputError } from "./errors.ts";
import { type ShapeRegion, voxelsOf } from "./region.ts";

const [ny, nx] = [40, 50];
type Inside = (x: number, y: number) => boolean;

/** The documented rule, voxel by voxel: the middle lies inside. */
function byMiddles(isInside: Inside): Uint8Array {
  return Uint8Array.from({ length: ny * nx }, (_, i) => (isInside((i % nx) + 0.5, Math.floor(i / nx) + 0.5) ? 1 : 0));
}

const triangle = [
  [3.2, 2.1],
  [44.7, 9.3],
  [17.4, 37.9],
] as const;

/** To the left of all three sides, which run anticlockwise. */
const inTriangle: Inside = (x, y) =>
  triangle.every(([x1, y1], i) => {
    const [x2, y2] = triangle[(i + 1) % 3]!;
    return (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1) > 0;
  });

describe("voxelsOf takes the voxels whose middle lies inside", () => {
  it.each<[string, ShapeRegion, Inside]>([
    [
      "rectangle",
      { kind: "rectangle", from: [30.2, 35.7], to: [4.6, 3.4] },
      (x, y) => x > 4.6 && x < 30.2 && y > 3.4 && y < 35.7,
    ],
    [
      "ellipse",
      { kind: "ellipse", from: [5.3, 4.1], to: [41.9, 33.3] },
      (x, y) => ((x - 23.6) / 18.3) ** 2 + ((y - 18.7) / 14.6) ** 2 < 1,
    ],
    ["polygon", { kind: "polygon", points: triangle }, inTriangle],
    ["ellipse beyond the image", { kind: "ellipse", from: [-20, -20], to: [20, 20] }, (x, y) => x * x + y * y < 400],
    ["whole image", { kind: "rectangle", from: [0, 0], to: [nx, ny] }, () => true],
    ["nothing", { kind: "rectangle", from: [60, 0], to: [70, 9] }, () => false],
    ["voxel", { kind: "voxel", y: 7, x: 9 }, (x, y) => x === 9.5 && y === 7.5],
    ["voxel outside", { kind: "voxel", y: 7, x: nx }, () => false],
    ["runs", { kind: "voxels", runs: [2, 3, nx, 1] }, (x, y) => (y === 0.5 && x > 2 && x < 5) || (y === 1.5 && x < 1)],
  ])("%s", (_, region, isInside) => {
    expect(voxelsOf(region, ny, nx)).toEqual(byMiddles(isInside));
  });

  it("leaves the inner part of a polygon that crosses itself outside (even-odd)", () => {
    const twice = [
      [0, 0],
      [20, 0],
      [20, 20],
      [0, 20],
      [0, 0],
      [5, 5],
      [15, 5],
      [15, 15],
      [5, 15],
      [5, 5],
    ] as const;
    const inside = voxelsOf({ kind: "polygon", points: twice }, ny, nx);
    expect(inside.reduce((sum, value) => sum + value, 0)).toBe(400 - 100);
  });

  it("shares no voxel between regions that share an edge, and leaves none out", () => {
    const left = voxelsOf({ kind: "rectangle", from: [0, 0], to: [10.5, 40] }, ny, nx);
    const right = voxelsOf({ kind: "rectangle", from: [10.5, 0], to: [50, 40] }, ny, nx);
    expect(left.map((value, i) => value + right[i]!)).toEqual(new Uint8Array(ny * nx).fill(1));
  });
});

describe("what is no region", () => {
  it.each([
    [{ kind: "rectangle", from: [0, 0] }],
    [{ kind: "ellipse", from: [0, Number.NaN], to: [1, 1] }],
    [{ kind: "polygon", points: [[0, 0], [1]] }],
    [{ kind: "voxel", y: 1.5, x: 0 }],
    [{ kind: "voxels", runs: [1] }],
    [{ kind: "star" }],
  ])("%j", (region) => {
    expect(() => voxelsOf(region as never, ny, nx)).toThrow(
      expect.objectContaining({ code: "region-wrong", constructor: InputError }),
    );
  });
});
